"""Copies of files, kept by the SHA-256 of what they hold: equal contents are stored once.

Small files lie one after the other in a pack, because making ten thousand files takes longer than writing their
contents; larger ones are files of their own, which share their blocks with the original where the file system can
(reflinks). A copy is checked against its hash before it is given out. Nothing is synchronised with the disk: a power
cut may take the latest copies. What a copy is for, and when it is needed, is known to ``snapshot`` alone.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

PACKED_BYTES = 256 << 10  # larger files are not packed
RESERVE_BYTES = 256 << 20  # of the disk, that copies never take

_CHUNK_BYTES = 1 << 20
_FICLONE = 0x40049409  # linux/fs.h
_PRIVATE = os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0)


class Damaged(Exception):
    """A copy is not what it was when it was made."""


class Preimages:
    """The copies of one session, in ``folder``, which is made for the first of them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._places: dict[str, tuple[int, int]] = {}  # digest -> where in the pack, size
        self._pack = -1
        self._end = 0
        self.used_bytes = sum(path.stat().st_size for path in self._blobs()) if folder.is_dir() else 0

    def _blobs(self) -> Iterator[Path]:
        return (self._folder / "blobs").glob("*")

    def open(self) -> None:
        """Make the folder and the pack. Raises ``OSError``."""
        if self._pack < 0:
            (self._folder / "blobs").mkdir(parents=True, exist_ok=True, mode=0o700)
            self._pack = os.open(self._folder / "pack", _PRIVATE, 0o600)
            self._end = os.fstat(self._pack).st_size
            self.used_bytes += self._end

    def free_bytes(self) -> int:
        """Return how much may still be written before the disk counts as full."""
        status = os.statvfs(self._folder)
        return status.f_bavail * status.f_frsize - RESERVE_BYTES

    def place(self, digest: str) -> tuple[int, int] | None:
        """Return where in the pack the copy lies, and its size; None for a file of its own."""
        return self._places.get(digest)

    def remember(self, digest: str, place: tuple[int, int]) -> None:
        """Take over what ``place`` returned in an earlier process."""
        if not (self._folder / "blobs" / digest).is_file():
            self._places[digest] = place

    def has(self, digest: str) -> bool:
        """Say whether there is a copy with this hash."""
        return digest in self._places or (self._folder / "blobs" / digest).is_file()

    def keep_bytes(self, data: bytes) -> str:
        """Keep a small content, and return its hash. Raises ``OSError``, for a full disk among others."""
        digest = hashlib.sha256(data).hexdigest()
        if not self.has(digest):
            try:
                _write_all(self._pack, data, self._end)
            except OSError:
                os.ftruncate(self._pack, self._end)
                raise
            self._places[digest] = (self._end, len(data))
            self._end += len(data)
            self.used_bytes += len(data)
        return digest

    def keep_file(self, source: int, go_on: Callable[[], bool]) -> str:
        """Keep the content of an open file, and return its hash; an empty one as soon as ``go_on()`` is false.

        Raises ``OSError``, for a full disk among others.
        """
        draft = self._folder / "blobs" / "draft"
        target = os.open(draft, _PRIVATE | os.O_TRUNC, 0o600)
        try:
            digest = _hashed(target, go_on) if _clone(source, target) else _copied(source, target, go_on)
            size = os.fstat(target).st_size
        except OSError:
            draft.unlink()
            raise
        finally:
            os.close(target)
        if not digest or self.has(digest):
            draft.unlink()
        else:
            draft.rename(draft.with_name(digest))
            self.used_bytes += size
        return digest

    def read(self, digest: str) -> Iterator[bytes]:
        """Yield a copy in pieces; the last is yielded only if all were right. Raises ``Damaged`` or ``OSError``."""
        check = hashlib.sha256()
        last = b""
        for piece in self._pieces(digest):
            check.update(piece)
            if last:
                yield last
            last = piece
        if check.hexdigest() != digest:
            raise Damaged(digest)
        yield last

    def _pieces(self, digest: str) -> Iterator[bytes]:
        place = self._places.get(digest)
        if place is not None:
            self.open()
            yield os.pread(self._pack, place[1], place[0])
            return
        with (self._folder / "blobs" / digest).open("rb") as file:
            while piece := file.read(_CHUNK_BYTES):
                yield piece

    def keep_only(self, digests: set[str]) -> None:
        """Forget all copies but these, which become files of their own. Raises ``OSError``."""
        for digest in digests & self._places.keys():
            path = self._folder / "blobs" / digest
            path.write_bytes(b"".join(self.read(digest)))
            path.chmod(0o600)
            del self._places[digest]
        for path in list(self._blobs()):
            if path.name not in digests:
                path.unlink()
        self.close()
        self._places = {}
        (self._folder / "pack").unlink(missing_ok=True)

    def close(self) -> None:
        """Close the pack; it is opened again when it is needed."""
        if self._pack >= 0:
            os.close(self._pack)
            self._pack = -1
            self.used_bytes -= self._end


def _write_all(fd: int, data: bytes, offset: int) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(fd, view, offset)
        view, offset = view[written:], offset + written


def _clone(source: int, target: int) -> bool:
    """Let ``target`` share the blocks of ``source``; return False where the file system cannot."""
    try:
        import fcntl
    except ImportError:
        return False
    with suppress(OSError):
        fcntl.ioctl(target, _FICLONE, source)
        return True
    return False


def _hashed(fd: int, go_on: Callable[[], bool]) -> str:
    digest, offset = hashlib.sha256(), 0
    while piece := os.pread(fd, _CHUNK_BYTES, offset):
        if not go_on():
            return ""
        digest.update(piece)
        offset += len(piece)
    return digest.hexdigest()


def _copied(source: int, target: int, go_on: Callable[[], bool]) -> str:
    digest, offset = hashlib.sha256(), 0
    while piece := os.pread(source, _CHUNK_BYTES, offset):
        if not go_on():
            return ""
        digest.update(piece)
        _write_all(target, piece, offset)
        offset += len(piece)
    return digest.hexdigest()
