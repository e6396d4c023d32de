"""Putting files into a bundle: in parts where they are large, each there under its name only when it is whole.

What is in the bundle already and right is left. It knows nothing of what the files are.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from offline_interpreter.bundle.installer.layout import CarriedFile
from offline_interpreter.bundle.installer.sums import PIECE_BYTES, sha256_of, write_whole
from offline_interpreter.errors import BundleError, UsageError

FAT_LIMIT_BYTES = (1 << 32) - 1
TOO_LARGE_FOR_FAT = ("This drive cannot hold files over 4 GiB: use --split.", "3900M will do: --split 3900M")
MOST_PARTS = 999

_FAT = {"vfat", "msdos"}
_MOUNTS = Path("/proc/self/mountinfo")
_ESCAPES = {"\\040": " ", "\\011": "\t", "\\012": "\n", "\\134": "\\"}


class Carrier:
    """Puts files into one bundle, and remembers the checksums of all that lies in it."""

    def __init__(self, bundle: Path, split_bytes: int | None) -> None:
        self.bundle = bundle
        self.sums: dict[str, str] = {}
        self.files: list[CarriedFile] = []
        self._split = split_bytes

    def carry(self, source: Path, path: str, taken: Callable[[int], None] = lambda _: None) -> CarriedFile:
        """Put a file that will be installed into the bundle at ``path``. Raises ``OSError``."""
        size = source.stat().st_size
        split = self._split if self._split and size > self._split else None
        starts = range(0, size, split) if split else range(1)
        if len(starts) > MOST_PARTS:
            raise UsageError(
                f"{source.name!r} would lie in {len(starts)} parts.", f"Use a larger --split: {size // 99}"
            )
        names = [f"{path}.{number:03d}" if split else path for number in range(1, len(starts) + 1)]
        for start, name in zip(starts, names, strict=True):
            self.sums[name] = _put_range(source, start, min(split or size, size - start), self.bundle / name, taken)
        file = CarriedFile(path, size, sha256_of(source) if split else self.sums[path], tuple(names))
        self.files.append(file)
        return file

    def write(self, path: str, text: str) -> None:
        """Put a small text of the bundle itself at ``path``. Raises ``OSError``."""
        target = self.bundle / path
        target.parent.mkdir(parents=True, exist_ok=True)
        write_whole(target, text)
        self.sums[path] = sha256_of(target)

    def note(self, path: str) -> CarriedFile:
        """Take up a file that lies in the bundle at ``path`` already, as a wheel does; split it if it is large."""
        source = self.bundle / path
        if self._split and source.stat().st_size > self._split:
            file = self.carry(source, path)
            source.unlink()
            return file
        digest = sha256_of(source)
        self.sums[path] = digest
        file = CarriedFile(path, source.stat().st_size, digest, (path,))
        self.files.append(file)
        return file


def _put_range(source: Path, start: int, length: int, target: Path, taken: Callable[[int], None]) -> str:
    """Copy a range of a file, unless the target holds just that; return its SHA-256."""
    if target.is_file() and target.stat().st_size == length:
        digest = hashlib.sha256()
        for piece in _pieces(source, start, length):
            digest.update(piece)
        if sha256_of(target, taken) == digest.hexdigest():
            return digest.hexdigest()
    target.parent.mkdir(parents=True, exist_ok=True)
    new, digest = target.with_name(target.name + ".part"), hashlib.sha256()
    with new.open("wb") as out:
        for piece in _pieces(source, start, length):
            digest.update(piece)
            out.write(piece)
            taken(len(piece))
        out.flush()
        os.fsync(out.fileno())
    new.replace(target)
    return digest.hexdigest()


def _pieces(path: Path, start: int, length: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(start)
        while length and (piece := file.read(min(length, PIECE_BYTES))):
            length -= len(piece)
            yield piece


# -- the drive ----------------------------------------------------------------------------------------------------


def check_drive(bundle: Path, needed_bytes: int, largest_bytes: int, mounts: Path = _MOUNTS) -> None:
    """Raise ``BundleError`` or ``UsageError`` if a drive cannot hold so much, or a file of that size."""
    if largest_bytes > FAT_LIMIT_BYTES and file_system(bundle, mounts) in _FAT:
        raise UsageError(*TOO_LARGE_FOR_FAT)
    free = shutil.disk_usage(bundle).free
    if free < needed_bytes:
        needed = f"needs {needed_bytes / 1e9:.2f} GB free and has {free / 1e9:.2f} GB"
        raise BundleError(f"{str(bundle)!r} {needed}.", "Make space, or carry fewer models.")


def file_system(path: Path, mounts: Path = _MOUNTS) -> str:
    """Return the kind of file system that a path lies on, as Linux calls it, or nothing where it is not told."""
    best, kind = "", ""
    with suppress(OSError):
        for line in mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines():
            place, _, rest = line.partition(" - ")
            fields = place.split(" ")
            if len(fields) > 4 and rest and _is_below(path.resolve(), point := _unescaped(fields[4]), best):
                best, kind = point, rest.split(" ")[0]
    return kind


def _unescaped(text: str) -> str:
    for escape, character in _ESCAPES.items():
        text = text.replace(escape, character)
    return text


def _is_below(path: Path, point: str, best: str) -> bool:
    return path.is_relative_to(point) and len(point) >= len(best)
