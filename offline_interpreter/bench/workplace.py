"""The folder in which a run's tasks are put before a model, the same one for every run that has it to itself.

Models are told of paths in it, so it does not depend on where a run's records go. What a killed run left there is
removed by the next one.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from offline_interpreter.config import state_folder
from offline_interpreter.errors import UsageError


@contextmanager
def workplace() -> Iterator[Path]:
    """Hold the first folder that no other run holds, empty; remove it in the end. Raises ``UsageError``."""
    for number in count():
        folder = state_folder() / "bench" / str(number)
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = os.open(folder.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
        except OSError as error:
            raise UsageError(
                f"No folder for the tasks can be made: {str(folder)!r}: {error.strerror}.",
                "Set OFFLINE_INTERPRETER_STATE to a folder that can be written to.",
            ) from error
        try:
            if not _held(lock):
                continue
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(exist_ok=True, mode=0o700)
            yield folder
            shutil.rmtree(folder, ignore_errors=True)
            return
        finally:
            os.close(lock)


def _held(lock: int) -> bool:
    try:
        import fcntl
    except ImportError:  # Windows: no lock
        return True
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
