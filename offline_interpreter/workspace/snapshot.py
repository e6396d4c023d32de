"""What the files of the workspace were before each cell, so that what cells changed can be undone.

Nobody can stand between a cell and a file, so copies are made before it runs: of everything that a scan sees before the
first cell, later of what is new. What a scan skips is not kept (hidden folders, environments), nor are special files
and what is over the limits, of which the person is told once. What a process of a cell writes after the cell has ended
counts as the person's own. ``close`` gives up the copies of all that no cell changed.
"""

from __future__ import annotations

import errno
import os
import stat
import time
from collections.abc import Generator, Sequence
from contextlib import suppress
from pathlib import Path

from offline_interpreter.cancel import Cancel
from offline_interpreter.plain_text import size_text
from offline_interpreter.records import Event, Limits, Notice, ProgressMade
from offline_interpreter.undone import FilesUndone
from offline_interpreter.workspace import journal
from offline_interpreter.workspace.folders import SUPPORTED, Folders
from offline_interpreter.workspace.journal import CellChanges, FileChange, FolderChange, Kept
from offline_interpreter.workspace.preimages import PACKED_BYTES, Preimages
from offline_interpreter.workspace.scan import FileState, Seen, Workspace
from offline_interpreter.workspace.undo import Undoing, joined

NAMED_FILES = 3  # in a notice
TICK_S = 0.25  # between two events of progress

LARGE = "too large to be kept"
FULL = "not kept, because all copies together have reached their limit"
DISK = "not kept, because the disk is almost full"
UNREADABLE = "not kept, because reading failed"
CHANGING = "not kept, because of changes while it was read"
LATE = "not kept, because making copies took too long"
SPECIAL = "no regular file"

_PASSING = frozenset({DISK, UNREADABLE, CHANGING, LATE})  # tried again before the next cell
_SILENT = frozenset({SPECIAL})
_READ = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
_DISK_ERRORS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class Snapshot:
    """The pre-images of one session's workspace, in ``folder``, which is made when there is something to keep."""

    def __init__(self, workspace: Workspace, folder: Path, limits: Limits | None = None) -> None:
        self._workspace = workspace
        self._folder = folder
        self._limits = limits or Limits()
        self._preimages = Preimages(folder)
        self._known = journal.Known()
        self._loaded = False
        self._begun: tuple[int, int, Seen] | None = None  # the running cell, its start in ns, what there was
        self._told: set[str] = set()
        with suppress(ValueError):
            self._own = folder.parent.relative_to(workspace.root).as_posix() + "/"
            return
        self._own = ""

    @property
    def _journal(self) -> Path:
        return self._folder / "journal.jsonl"

    # -- before and after a cell ----------------------------------------------------------------------------------

    def before_cell(self, cell: int, cancel: Cancel | None = None) -> Generator[Event, None, None]:
        """Keep what is new since the last look at the workspace; yield progress, and what the person is to know."""
        seen = self._workspace.seen
        if not SUPPORTED or not self._limits.kept_bytes:
            yield from self._tell("off", "No copies of files are kept: what cells change cannot be undone.")
            return
        if not self._workspace.complete:
            yield from self._tell("incomplete", _INCOMPLETE.format(len(seen.files)))
        try:
            self._load()
            self._preimages.open()
            yield from self._keep_new(seen, cancel or Cancel())
            started_ns = time.time_ns()
            journal.append(self._journal, [journal.begin_line(cell, started_ns, seen.folders)])
            self._begun = (cell, started_ns, seen)
        except (OSError, ValueError) as error:
            yield from self._tell("failed", _FAILED.format(getattr(error, "strerror", None) or error))

    def after_cell(self) -> None:
        """Note what the cell changed, as the last look at the workspace saw it."""
        if self._begun is not None:
            cell, started_ns, before = self._begun
            self._begun = None
            kept = {
                path: self._known.kept.get(path) or Kept(state, why=LATE)
                for path, state in before.files.items()
                if not self._is_own(path)
            }
            self._note(self._changes(cell, started_ns, kept, before.folders))

    def _note(self, changes: CellChanges) -> None:
        self._known.cells[changes.cell] = changes
        with suppress(OSError):  # then only this process can undo it
            journal.append(self._journal, [journal.cell_line(changes)])

    def _changes(
        self, cell: int, started_ns: int, before: dict[str, Kept], folders: dict[str, int], certain: bool = True
    ) -> CellChanges:
        now = self._workspace.seen
        after = {path: state for path, state in now.files.items() if not self._is_own(path)}
        paths = [path for path in before.keys() | after.keys() if _state(before.get(path)) != after.get(path)]
        modes = [path for path in folders.keys() | now.folders.keys() if folders.get(path) != now.folders.get(path)]
        return CellChanges(
            cell,
            started_ns,
            tuple(FileChange(path, before.get(path), after.get(path)) for path in sorted(paths)),
            tuple(FolderChange(path, folders.get(path), now.folders.get(path)) for path in sorted(modes)),
            certain,
        )

    def _is_own(self, path: str) -> bool:
        return bool(self._own) and path.startswith(self._own)

    def _load(self) -> None:
        """Take over what an earlier process of this session knew; a cell that it died in may have changed anything."""
        if self._loaded:
            return
        self._known = journal.read(self._journal)
        self._loaded = True
        for digest, place in self._known.places.items():
            self._preimages.remember(digest, place)
        if self._known.begun is not None:
            cell, started_ns = self._known.begun
            self._note(self._changes(cell, started_ns, self._known.kept, self._known.folders, certain=False))

    # -- keeping --------------------------------------------------------------------------------------------------

    def _keep_new(self, seen: Seen, cancel: Cancel) -> Generator[Event, None, None]:
        kept = self._known.kept
        lines = [journal.gone_line(path) for path in kept.keys() - seen.files.keys()]
        for path in kept.keys() - seen.files.keys():
            del kept[path]
        new = [path for path, state in seen.files.items() if self._is_new(path, state)]
        new.sort(key=lambda path: max(seen.files[path].size_bytes, PACKED_BYTES))  # stable: folders stay together
        try:
            with Folders(self._workspace.root) as folders:
                keeping = _Keeping(folders, self._preimages, self._limits, cancel)
                told = time.monotonic()
                for done, path in enumerate(new):
                    if (made := keeping.keep(path, seen.files[path])) is not None:
                        kept[path] = made
                        lines.append(journal.kept_line(path, made, self._preimages.place(made.digest)))
                    if time.monotonic() - told > TICK_S:
                        told = time.monotonic()
                        yield ProgressMade("keep", done + 1, len(new))
        finally:
            journal.append(self._journal, lines)
        if not cancel.requested:
            yield from self._tell_unkept([path for path in new if path in kept and kept[path].why])

    def _is_new(self, path: str, state: FileState) -> bool:
        known = self._known.kept.get(path)
        return (known is None or known.state != state or known.why in _PASSING) and not self._is_own(path)

    def _tell(self, key: str, text: str) -> Generator[Event, None, None]:
        if key not in self._told:
            self._told.add(key)
            yield Notice(text)

    def _tell_unkept(self, paths: Sequence[str]) -> Generator[Event, None, None]:
        """Tell of each file once that it is not kept, and why."""
        reasons: dict[str, list[str]] = {}
        for path in paths:
            if path not in self._told and self._known.kept[path].why not in _SILENT:
                self._told.add(path)
                reasons.setdefault(self._known.kept[path].why, []).append(path)
        for why, each in reasons.items():
            yield Notice(_unkept_text(why, {path: self._known.kept[path].state.size_bytes for path in each}))

    # -- undoing --------------------------------------------------------------------------------------------------

    def undo(self, cells: Sequence[int]) -> FilesUndone:
        """Put back what ``cells``, all of one turn and oldest first, changed; they are then forgotten.

        What the person has changed since stays as it is. Raises nothing: what cannot be done is in what is returned.
        """
        self._workspace.settle()
        with suppress(OSError, ValueError):
            self._load()
        changes = joined([self._known.cells[cell] for cell in cells if cell in self._known.cells])
        undoing = Undoing(self._workspace.root, changes, self._preimages, self._known.same)
        undone = undoing.run()
        self._workspace.changed()
        self._known.same |= undoing.left
        lines = [journal.same_line(path, now, was) for (path, now), was in undoing.left.items()]
        for cell in cells:
            self._known.cells.pop(cell, None)
        with suppress(OSError):
            if self._journal.exists():
                journal.append(self._journal, [*lines, journal.undone_line(cells)])
        return undone

    def close(self) -> None:
        """Give up all copies but those of what cells changed, which a later process of this session may undo."""
        if not self._loaded:
            return
        changes = list(self._known.cells.values())
        needed = {change.before.digest for cell in changes for change in cell.files if change.before}
        lines = [journal.cell_line(each) for each in changes]
        lines += [journal.same_line(path, now, was) for (path, now), was in self._known.same.items()]
        with suppress(OSError):
            self._preimages.keep_only(needed - {""})
            draft = self._journal.with_suffix(".draft")
            draft.unlink(missing_ok=True)
            journal.append(draft, lines)
            draft.replace(self._journal)
        self._known.kept.clear()


class _Keeping:
    """One round of keeping, with its own limits of time and disk."""

    def __init__(self, folders: Folders, preimages: Preimages, limits: Limits, cancel: Cancel) -> None:
        self._folders = folders
        self._preimages = preimages
        self._limits = limits
        self._cancel = cancel
        self._until = time.monotonic() + limits.keeping_s
        self._most_bytes = min(limits.kept_bytes, preimages.used_bytes + max(preimages.free_bytes(), 0))

    def _go_on(self) -> bool:
        return time.monotonic() < self._until and not self._cancel.requested

    def keep(self, path: str, state: FileState) -> Kept | None:
        """Keep one file; None if it is not there any more."""
        if why := self._refused(state):
            return Kept(state, why=why)
        try:
            fd, name = self._folders.place(path)
            if stat.S_ISLNK(state.mode):
                return Kept(state, self._preimages.keep_bytes(os.readlink(os.fsencode(name), dir_fd=fd)))
            return self._keep_regular(fd, name, state)
        except FileNotFoundError:
            return None
        except OSError as error:
            return Kept(state, why=DISK if error.errno in _DISK_ERRORS else UNREADABLE)

    def _refused(self, state: FileState) -> str:
        after = self._preimages.used_bytes + state.size_bytes
        if not stat.S_ISREG(state.mode) and not stat.S_ISLNK(state.mode):
            return SPECIAL
        if state.size_bytes > self._limits.kept_file_bytes:
            return LARGE
        if after > self._limits.kept_bytes:
            return FULL
        if after > self._most_bytes:
            return DISK
        return "" if self._go_on() else LATE

    def _keep_regular(self, folder_fd: int, name: str, state: FileState) -> Kept:
        fd = os.open(name, _READ, dir_fd=folder_fd)
        try:
            for _ in range(2):
                before = FileState.of(os.fstat(fd))
                if refused := self._refused(before):
                    return Kept(state, why=refused)
                if before.size_bytes <= PACKED_BYTES:
                    digest = self._preimages.keep_bytes(os.pread(fd, PACKED_BYTES, 0))
                else:
                    digest = self._preimages.keep_file(fd, self._go_on)
                if not digest:
                    return Kept(state, why=LATE)
                if FileState.of(os.fstat(fd)) == before:
                    return Kept(before, digest)
        finally:
            os.close(fd)
        return Kept(state, why=CHANGING)


_INCOMPLETE = (
    "The folder holds more than the {} files that are watched. Changes to the others are neither shown nor kept."
)
_FAILED = "No copies of files can be made ({}): what cells change cannot be undone."


def _state(kept: Kept | None) -> FileState | None:
    return kept.state if kept else None


def _unkept_text(why: str, sizes: dict[str, int]) -> str:
    """Return: x.csv (3.2 GB) and 2 more files are too large to be kept: a cell that changes them cannot be undone."""
    largest = sorted(sizes, key=lambda path: -sizes[path])
    named = [f"{path} ({size_text(sizes[path])})" for path in largest[:NAMED_FILES]]
    if (more := len(largest) - len(named)) > 0:
        named.append(f"{more:,} more file{'s' if more > 1 else ''}")
    names = " and ".join(filter(None, [", ".join(named[:-1]), named[-1]]))
    is_are, it = ("is", "it") if len(sizes) == 1 else ("are", "them")
    return f"{names} {is_are} {why}: a cell that changes {it} cannot be undone."
