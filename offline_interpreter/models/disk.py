"""The disk below the store: its room, what its errors mean, and having a file on it for good."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from offline_interpreter.errors import StoreError
from offline_interpreter.models.store import size_of
from offline_interpreter.plain_text import size_text

_OTHER_DRIVE = "set OFFLINE_INTERPRETER_MODELS to a folder on another drive."


def check_room(folder: Path, needed_bytes: int) -> None:
    """Raise ``StoreError`` unless the disk of a folder has so much room."""
    free = shutil.disk_usage(folder).free
    if needed_bytes > free:
        cause = f"This needs {size_text(needed_bytes)}, and the disk of {str(folder)!r} has {size_text(free)}."
        raise StoreError(cause, f"Free some, or {_OTHER_DRIVE}")


@contextmanager
def explained(part: Path, size_bytes: int) -> Iterator[None]:
    """Make of a disk that is full, or that holds no large files, a ``StoreError`` while ``part`` is written."""
    try:
        yield
    except OSError as error:
        got = size_of(part) or 0
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            cause = f"The disk is full: stopped at {size_text(got)} of {size_text(size_bytes)}."
            remedy = f"Free {size_text(size_bytes - got)} and run the same command again, or {_OTHER_DRIVE}"
            raise StoreError(cause, remedy) from error
        if error.errno == errno.EFBIG:
            cause = f"This drive cannot hold files of {size_text(size_bytes)}: FAT32 has none over 4 GiB."
            raise StoreError(cause, f"{_OTHER_DRIVE[0].upper()}{_OTHER_DRIVE[1:]}") from error
        raise


def write_all(file: BinaryIO, chunk: bytes) -> None:
    """Write a chunk to a file without a buffer, which may take less at once, as before a disk is full."""
    rest = memoryview(chunk)
    while rest:
        rest = rest[file.write(rest) :]


def sync(path: Path) -> None:
    """Have a file on the disk before its name says that it is whole."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
