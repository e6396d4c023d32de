"""Folders of the workspace opened by their names, without following any link on the way.

A cell may swap a folder for a link at any moment. What is opened here lies below the root or is not opened at all.
Needs a system whose calls take directory descriptors; ``SUPPORTED`` says whether this one does.
"""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType

from offline_interpreter.workspace.scan import FileState

SUPPORTED = os.open in os.supports_dir_fd and hasattr(os, "O_NOFOLLOW") and hasattr(os, "O_DIRECTORY")

_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_CLOEXEC", 0)
_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)


class Folders:
    """The folders below ``root``; the one that was opened last is kept open for its next file."""

    def __init__(self, root: Path) -> None:
        self.root_fd = os.open(root, _FOLDER)
        self._name = ""
        self._fd = self.root_fd

    def __enter__(self) -> Folders:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._forget()
        os.close(self.root_fd)

    def _forget(self) -> None:
        if self._fd != self.root_fd:
            os.close(self._fd)
        self._name, self._fd = "", self.root_fd

    def fd(self, folder: str) -> int:
        """Return a descriptor of ``folder`` ("" is the root), which holds until the next call. Raises ``OSError``."""
        if folder == self._name:
            return self._fd
        self._forget()
        fd = self.root_fd
        for part in filter(None, folder.split("/")):
            try:
                inner = os.open(part, _FOLDER | _NOFOLLOW, dir_fd=fd)
            finally:
                if fd != self.root_fd:
                    os.close(fd)
            fd = inner
        self._name, self._fd = folder, fd
        return fd

    def place(self, path: str) -> tuple[int, str]:
        """Return the descriptor of the folder that ``path`` lies in, and its name there. Raises ``OSError``."""
        folder, _, name = path.rpartition("/")
        return self.fd(folder), name

    def state(self, path: str) -> FileState | None:
        """Return the state of what lies at ``path``, None if nothing does. Raises ``OSError`` if it cannot be known."""
        try:
            fd, name = self.place(path)
            return FileState.of(os.stat(name, dir_fd=fd, follow_symlinks=False))
        except (FileNotFoundError, NotADirectoryError):
            return None
