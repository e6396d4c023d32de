"""What an undo did: the record that it leaves, which is an event like those of ``records``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class FileLeft:
    """A file that an undo did not put back, and why not."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class FilesUndone:
    """What an undo did to the files of the workspace, all named by paths relative to it.

    ``restored`` are as they were before; ``removed`` had been created; ``kept`` were left as they are, because that is
    the person's own work; ``lost`` could not be put back.
    """

    restored: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    kept: tuple[FileLeft, ...] = ()
    lost: tuple[FileLeft, ...] = ()


@dataclass(frozen=True, slots=True)
class Undone:
    """The last turn was undone: it asked ``request`` and ran ``cells``, whose variables stay as they are."""

    kind: ClassVar[str] = "undo"
    request: str
    cells: tuple[int, ...]
    files: FilesUndone
