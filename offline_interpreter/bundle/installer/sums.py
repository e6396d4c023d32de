"""Checking and joining the files of a bundle by their SHA-256.

A checksum tells what was damaged on the way. It cannot tell whether somebody replaced a file together with its line in
``SHA256SUMS``: for that compare the checksum of that file itself, which ``identity`` gives, on both sides.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from .layout import SUMS, CarriedFile, Refused, Show, read_manifest, read_sums

PIECE_BYTES = 1 << 22

# What systems leave on a drive where somebody only looked.
_LEFT_BY_SYSTEMS = {".DS_Store", ".fseventsd", "System Volume Information", "Thumbs.db", "desktop.ini", "lost+found"}
_THEIR_BEGINNINGS = ("._", ".Trash", ".Spotlight-")


def identity(bundle: Path) -> str:
    """Return the SHA-256 of ``SHA256SUMS``, which stands for the whole bundle."""
    return hashlib.sha256((bundle / SUMS).read_bytes()).hexdigest()


def pieces(path: Path, taken: Callable[[int], None] = lambda _: None) -> Iterator[memoryview]:
    """Yield a file's bytes; each piece is only good until the next. ``taken`` is told how many there were."""
    buffer = memoryview(bytearray(PIECE_BYTES))
    with path.open("rb", buffering=0) as file:
        while size := file.readinto(buffer):
            yield buffer[:size]
            taken(size)


def sha256_of(path: Path, taken: Callable[[int], None] = lambda _: None) -> str:
    """Return the SHA-256 of a file. Raises ``OSError``."""
    digest = hashlib.sha256()
    for piece in pieces(path, taken):
        digest.update(piece)
    return digest.hexdigest()


def find_faults(bundle: Path, show: Show) -> list[str]:
    """Read every file of a bundle; return a line for each that is damaged or missing.

    Raises ``Refused`` where it is no whole bundle at all.
    """
    manifest, sums = read_manifest(bundle), read_sums(bundle)
    counter = Counter("Checking the bundle", sum(_size(bundle / path) for path in sums), show)
    faults = [fault for path, wanted in sums.items() if (fault := _fault(bundle / path, path, wanted, counter))]
    listed = {part for file in manifest.files for part in file.parts}
    return faults + [f"{part} is missing in {SUMS}." for part in sorted(listed - set(sums))]


def find_extra(bundle: Path) -> list[str]:
    """Return a line for each file that does not belong to a bundle; none of them is ever installed.

    Raises ``Refused`` where it is no whole bundle at all.
    """
    sums = read_sums(bundle)
    extra = [path for path in _paths(bundle) if path not in sums and path != SUMS]
    return [f"{path} does not belong to the bundle." for path in sorted(extra)]


class Counter:
    """Adds up bytes, and shows how far a stage is."""

    def __init__(self, stage: str, total: int, show: Show) -> None:
        self._stage, self._total, self._show = stage, total, show
        self._done = 0
        show(stage, 0, total)

    def add(self, size: int) -> None:
        """Count bytes that are done."""
        self._done += size
        self._show(self._stage, self._done, self._total)


def _fault(path: Path, name: str, wanted: str, counter: Counter) -> str:
    if not path.is_file():
        return f"{name} is missing."
    try:
        found = sha256_of(path, counter.add)
    except OSError as error:
        return f"{name} cannot be read: {error.strerror}."
    return "" if found == wanted else f"{name} is damaged: its content is not what it was when the bundle was made."


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _paths(bundle: Path) -> Iterator[str]:
    for folder, folders, names in os.walk(bundle):
        folders[:] = filter(_is_ours, folders)
        for name in filter(_is_ours, names):
            yield (Path(folder) / name).relative_to(bundle).as_posix()


def _is_ours(name: str) -> bool:
    return name not in _LEFT_BY_SYSTEMS and not name.startswith(_THEIR_BEGINNINGS)


def holds(path: Path, file: CarriedFile, taken: Callable[[int], None] = lambda _: None) -> bool:
    """Return whether ``path`` is a carried file with the very same content."""
    try:
        return path.stat().st_size == file.size_bytes and sha256_of(path, taken) == file.sha256
    except OSError:
        return False


def place(bundle: Path, file: CarriedFile, target: Path, taken: Callable[[int], None]) -> None:
    """Copy a carried file to ``target``, joining its parts; it has its name only when all of it is there and right.

    What is there already and right is left. Raises ``Refused``, ``OSError``.
    """
    if holds(target, file):
        taken(file.size_bytes)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    new = target.with_name(target.name + ".part")
    digest = hashlib.sha256()
    with new.open("wb") as out:
        for part in file.parts:
            for piece in pieces(bundle / part, taken):
                digest.update(piece)
                out.write(piece)
        out.flush()
        os.fsync(out.fileno())
    if digest.hexdigest() != file.sha256:
        new.unlink()
        raise Refused(f"{file.path} is damaged: its content is not what it was when the bundle was made.")
    new.replace(target)


def write_whole(path: Path, text: str) -> None:
    """Write a small file so that nobody ever sees a part of it. Raises ``OSError``."""
    new = path.with_name(path.name + ".part")
    with new.open("w", encoding="utf-8", newline="\n") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    new.replace(path)
