"""Locks between processes: a model that is loaded is not removed, and one is not pulled twice at once.

They are the operating system's own (``flock``) and end with the process that holds them, however it ends. Where a file
system has none, nothing is kept apart.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TextIO

from offline_interpreter.errors import StoreError


class Lease:
    """What a process holds on a file while it uses it. Closing it again does nothing."""

    def __init__(self, path: Path) -> None:
        try:
            self._handle = _open_locked(path, fcntl.LOCK_SH)
        except BlockingIOError:  # it is being removed: who has it open keeps it
            self._handle = None

    def close(self) -> None:
        """Let others remove the file."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


@contextmanager
def unused(paths: Iterable[Path], what: str) -> Iterator[None]:
    """Keep a model's files from being loaded; raises ``StoreError`` if one is, by whichever process."""
    with ExitStack() as held:
        for path in paths:
            try:
                handle = _open_locked(path, fcntl.LOCK_EX)
            except BlockingIOError as error:
                raise StoreError(f"{what} is loaded by a process.", "End that one first.") from error
            if handle is not None:
                held.callback(os.close, handle)
        yield


@contextmanager
def alone(path: Path, what: str) -> Iterator[None]:
    """Hold the lock file ``path``, which is there only meanwhile; raises ``StoreError`` if somebody holds it."""
    file = _lock_file(path, what)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        file.close()


def _lock_file(path: Path, what: str) -> TextIO:
    while True:
        file = path.open("a+", encoding="utf-8")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            by = f"process {holder}" if (holder := file.read(20)).isdecimal() else "another process"
            file.close()
            raise StoreError(f"{what} is being worked on by {by}.", "Wait until it has finished.") from error
        except OSError:
            return file  # no locks here
        if path.exists() and os.path.samestat(os.fstat(file.fileno()), path.stat()):
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
            return file
        file.close()  # who held it has removed it meanwhile


def _open_locked(path: Path, kind: int) -> int | None:
    """Return a handle that holds a lock, or None where there can be none. Raises ``BlockingIOError``."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        if isinstance(error, BlockingIOError):
            raise
        return None
    return handle
