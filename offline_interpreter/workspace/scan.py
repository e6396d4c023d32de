"""What lies in the workspace, and what a cell changed there.

A scan reads names, sizes and times, never contents, and follows no link. Hidden folders, Python environments and
caches are skipped. It stops at a budget of entries: in a very large folder what lies deepest is not watched, and
``complete`` says so. Nothing that writes to a file can keep its change time, so that a change whose other times were
put back is seen too.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

from offline_interpreter.obeyed import ENVIRONMENT_MARKS, OBEYED
from offline_interpreter.records import Artifact

MAX_ENTRIES = 20_000

_SKIPPED = frozenset({"__pycache__", "node_modules", "site-packages", "conda-meta"})


class FileState(NamedTuple):
    """What tells one state of a file from another. ``mode`` holds its type, as in ``os.stat``."""

    size_bytes: int
    modified_ns: int
    inode: int
    mode: int
    changed_ns: int
    owner: int
    group: int

    @classmethod
    def of(cls, status: os.stat_result) -> FileState:
        """Take what matters of a status."""
        times = status.st_mtime_ns, status.st_ctime_ns
        return cls(status.st_size, times[0], status.st_ino, status.st_mode, times[1], status.st_uid, status.st_gid)


@dataclass(frozen=True, slots=True)
class Seen:
    """What one scan found, by path relative to the root: the files, and the mode of each folder below the root.

    ``obeyed``: what programs obey when a person works there (see ``obeyed``), and Python environments.
    """

    files: dict[str, FileState] = field(default_factory=dict)
    folders: dict[str, int] = field(default_factory=dict)
    obeyed: set[str] = field(default_factory=set)


class Workspace:
    """The folder that cells work in, and what was last seen there."""

    def __init__(self, root: Path, *, max_entries: int = MAX_ENTRIES) -> None:
        self.root = root
        self.complete = True
        self._max_entries = max_entries
        self.seen = self._scan()
        self._preexisting = frozenset(self.seen.files)

    def files(self) -> list[str]:
        """Return the files last seen, relative to the root, those of the top level first; hidden ones left out."""
        visible = (path for path in self.seen.files if not Path(path).name.startswith("."))
        return sorted(visible, key=lambda path: (path.count("/"), path))

    def settle(self) -> list[Artifact]:
        """Take what changed since the last look as the person's own doing, and return it."""
        changes = self.changed()
        self._preexisting |= {artifact.path for artifact in changes}
        return changes

    def changed(self) -> list[Artifact]:
        """Scan again; return what was created, modified or deleted since the last look, in this order."""
        before, self.seen = self.seen.files, self._scan()
        now = self.seen.files
        changed = (path for path in before.keys() & now.keys() if now[path] != before[path])
        return [
            *self._artifacts("created", now.keys() - before.keys(), now),
            *self._artifacts("modified", changed, now),
            *self._artifacts("deleted", before.keys() - now.keys(), before),
        ]

    def _artifacts(
        self, change: Literal["created", "modified", "deleted"], paths: Iterable[str], states: dict[str, FileState]
    ) -> list[Artifact]:
        return [Artifact(path, change, states[path].size_bytes, path in self._preexisting) for path in sorted(paths)]

    def _scan(self) -> Seen:
        found = Seen()
        folders = deque([""])
        self.complete = True
        seen = 0
        while folders:
            folder = folders.popleft()  # breadth first: what lies near the top is seen before the budget ends
            for entry in _entries(self.root / folder):
                seen += 1
                if seen > self._max_entries:
                    self.complete = False
                    return found
                path = f"{folder}/{entry.name}" if folder else entry.name
                is_folder = entry.is_dir(follow_symlinks=False)
                is_environment = is_folder and _is_environment(entry)
                if is_environment or entry.name in OBEYED:
                    found.obeyed.add(path)
                if is_folder:
                    if not is_environment and not _is_skipped(entry) and (state := _state(entry)) is not None:
                        folders.append(path)
                        found.folders[path] = state.mode
                elif (state := _state(entry)) is not None:
                    found.files[path] = state
        return found


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            yield from sorted(entries, key=lambda entry: entry.name)
    except OSError:  # gone meanwhile, or not ours to read: then it is not watched
        return


def _is_skipped(entry: os.DirEntry[str]) -> bool:
    return entry.name.startswith(".") or entry.name in _SKIPPED


def _is_environment(entry: os.DirEntry[str]) -> bool:
    return any(os.path.lexists(os.path.join(entry.path, mark)) for mark in ENVIRONMENT_MARKS)  # noqa: PTH118


def _state(entry: os.DirEntry[str]) -> FileState | None:
    try:
        return FileState.of(entry.stat(follow_symlinks=False))
    except OSError:
        return None
