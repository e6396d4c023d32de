"""Putting back the files that cells changed.

What somebody has changed since is theirs and stays. Nothing is removed that may be the only copy of something: a file
that was renamed is renamed back, and where a file cannot be restored, no file that appeared meanwhile is removed. What
is restored has its content, mode, modification time and, as far as allowed, owner again; a hard link to it becomes a
file of its own.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from offline_interpreter.undone import FileLeft, FilesUndone
from offline_interpreter.workspace.folders import Folders
from offline_interpreter.workspace.journal import CellChanges, FileChange, FolderChange, Kept
from offline_interpreter.workspace.preimages import Damaged, Preimages
from offline_interpreter.workspace.scan import FileState

CLOCK_SLACK_NS = 20_000_000  # by which the time of a file may lag behind the clock

CHANGED_SINCE = "it was changed since"

_DRAFT = ".offline-interpreter-undo"
_REFERENCE = getattr(os, "O_PATH", os.O_RDONLY) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_DIRECTORY", 0)
_NEW_DRAFT = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)

Same = dict[tuple[str, FileState], FileState]


def joined(cells: Sequence[CellChanges]) -> CellChanges:
    """Return the changes of several cells, oldest first, as if one had made them.

    Where somebody else changed a file between two cells, only what came after that counts.
    """
    files: dict[str, FileChange] = {}
    folders: dict[str, FolderChange] = {}
    for change in (change for cell in cells for change in cell.files):
        first = files.get(change.path)
        follows = first is not None and first.after == (change.before and change.before.state)
        before = first.before if first is not None and follows else change.before
        files[change.path] = FileChange(change.path, before, change.after)
    for folder in (folder for cell in cells for folder in cell.folders):
        known = folders.get(folder.path)
        folders[folder.path] = FolderChange(folder.path, known.before if known else folder.before, folder.after)
    started_ns = min((cell.started_ns for cell in cells), default=0)
    certain = all(cell.certain for cell in cells)
    return CellChanges(0, started_ns, tuple(files.values()), tuple(folders.values()), certain)


class Undoing:
    """One undo of ``changes`` below ``root``. ``same`` are the states that earlier undos left; this one's are added."""

    def __init__(self, root: Path, changes: CellChanges, preimages: Preimages, same: Same) -> None:
        self._root = root
        self._changes = changes
        self._preimages = preimages
        self._same = same
        self.left: Same = {}
        self._restored: list[str] = []
        self._removed: list[str] = []
        self._kept: dict[str, str] = {}
        self._lost: dict[str, str] = {}
        self._staged: dict[str, str] = {}  # path to restore -> where the file lies meanwhile

    def run(self) -> FilesUndone:
        """Do what can be done, and return it; ``left`` then says what the states stand for that this undo left."""
        try:
            with Folders(self._root) as folders:
                self._run_in(folders)
        except OSError as error:  # the workspace itself is gone, or closed to us
            dealt_with = {*self._restored, *self._removed, *self._kept, *self._lost}
            self._lost |= {each.path: _words(error) for each in self._changes.files if each.path not in dealt_with}
        return FilesUndone(
            tuple(sorted(self._restored)), tuple(sorted(self._removed)), _left(self._kept), _left(self._lost)
        )

    def _run_in(self, folders: Folders) -> None:
        for folder in self._changes.folders:
            if folder.before is not None and folder.after is not None:
                _set_mode(folders, folder.path, folder.before)
        there = [change for change in self._changes.files if change.before is not None]
        created = [change for change in self._changes.files if change.before is None and change.after is not None]
        created = self._stage_renamed(folders, created, there)
        lost = self._cannot_be_restored(folders, there)
        for change in created:
            self._guarded(change.path, partial(self._remove, folders, change, lost))
        self._remove_folders(folders)
        self._make_folders(folders)
        for change in there:
            self._guarded(change.path, partial(self._restore, folders, change))
        for folder in self._changes.folders:  # a read-only folder is so again once its files are in it
            if folder.before is not None and folder.after is None:
                _set_mode(folders, folder.path, folder.before)

    def _guarded(self, path: str, act: Callable[[], None]) -> None:
        try:
            act()
        except Damaged:
            self._lost[path] = "its copy was damaged"
        except OSError as error:
            self._lost[path] = _words(error)
        if path in self._lost and path in self._staged:
            self._lost[path] += f"; it lies in {self._staged[path]!r} now"

    def _is(self, path: str, state: FileState | None, expected: FileState | None) -> bool:
        """Say whether ``state`` is the expected one, or stands for it since an earlier undo."""
        while state != expected:
            if state is None or (path, state) not in self._same:
                return False
            state = self._same[path, state]
        return True

    def _settled(self, folders: Folders, path: str, stands_for: FileState) -> None:
        self._restored.append(path)
        state = folders.state(path)
        if state is not None and state != stands_for:
            self.left[path, state] = stands_for

    # -- what the cells made --------------------------------------------------------------------------------------

    def _stage_renamed(
        self, folders: Folders, created: Iterable[FileChange], there: Iterable[FileChange]
    ) -> list[FileChange]:
        """Take renamed files out of the way, to be put back where they were; return what was really created."""
        gone = {_identity(change.before.state): change.path for change in there if change.before and not change.after}
        really = []
        for change in created:
            path = gone.get(_identity(change.after)) if change.after else None
            if path is None or path in self._staged or not self._stage(folders, path, change):
                really.append(change)
        return really

    def _stage(self, folders: Folders, path: str, change: FileChange) -> bool:
        with suppress(OSError):
            if self._is(change.path, folders.state(change.path), change.after):
                draft = f"{_DRAFT}{len(self._staged)}"
                if folders.state(draft) is None:
                    fd, name = folders.place(change.path)
                    os.rename(name, draft, src_dir_fd=fd, dst_dir_fd=folders.root_fd)
                    self._staged[path] = draft
                    return True
        return False

    def _cannot_be_restored(self, folders: Folders, there: Iterable[FileChange]) -> str:
        """Return a file that cannot be restored, an empty name if there is none."""
        for change in there:
            assert change.before is not None
            if change.path in self._staged or self._preimages.has(change.before.digest):
                continue
            with suppress(OSError):
                if self._is(change.path, folders.state(change.path), change.before.state):
                    continue
            return change.path
        return ""

    def _remove(self, folders: Folders, change: FileChange, lost: str) -> None:
        now = folders.state(change.path)
        if now is None:
            return
        if not self._is(change.path, now, change.after):
            self._kept[change.path] = CHANGED_SINCE
        elif lost:
            self._kept[change.path] = f"it may hold what {lost!r} held, which cannot be restored"
        elif not self._changes.certain or now.changed_ns < self._changes.started_ns - CLOCK_SLACK_NS:
            self._kept[change.path] = "it may have been made by others than the cells"
        else:
            fd, name = folders.place(change.path)
            os.unlink(name, dir_fd=fd)
            self._removed.append(change.path)

    def _remove_folders(self, folders: Folders) -> None:
        made = [folder.path for folder in self._changes.folders if folder.before is None]
        for path in sorted(made, key=lambda path: -path.count("/")):
            with suppress(OSError):  # what is not empty stays
                fd, name = folders.place(path)
                os.rmdir(name, dir_fd=fd)

    # -- what was there before ------------------------------------------------------------------------------------

    def _make_folders(self, folders: Folders) -> None:
        gone = [folder.path for folder in self._changes.folders if folder.after is None]
        for path in sorted(gone, key=lambda path: path.count("/")):
            with suppress(OSError):  # there again, or the files in it will say what is wrong
                fd, name = folders.place(path)
                os.mkdir(name, 0o700, dir_fd=fd)

    def _restore(self, folders: Folders, change: FileChange) -> None:
        before, path = change.before, change.path
        assert before is not None
        now = folders.state(path)
        if self._is(path, now, before.state):
            return
        if not self._is(path, now, change.after):
            self._kept[path] = CHANGED_SINCE
        elif path in self._staged:
            fd, name = folders.place(path)
            os.rename(self._staged[path], name, src_dir_fd=folders.root_fd, dst_dir_fd=fd)
            self._settled(folders, path, before.state)
        elif not self._preimages.has(before.digest):
            self._lost[path] = before.why or "its copy is gone"
        elif now is None or self._changes.certain:
            self._write(folders, path, before)
            self._settled(folders, path, before.state)
        else:
            self._write(folders, f"{path}.before", before)
            self._kept[path] = f"it may be your own work since; what it was before is in {f'{path}.before'!r}"

    def _write(self, folders: Folders, path: str, before: Kept) -> None:
        """Put a copy at ``path``, in one move that leaves either the old or the new."""
        fd, name = folders.place(path)
        with suppress(FileNotFoundError):
            os.unlink(_DRAFT, dir_fd=fd)
        try:
            if stat.S_ISLNK(before.state.mode):
                os.symlink(b"".join(self._preimages.read(before.digest)), os.fsencode(_DRAFT), dir_fd=fd)
            else:
                self._write_draft(fd, before)
            times = (before.state.modified_ns, before.state.modified_ns)
            os.utime(_DRAFT, ns=times, dir_fd=fd, follow_symlinks=False)
            os.rename(_DRAFT, name, src_dir_fd=fd, dst_dir_fd=fd)
        except BaseException:
            with suppress(OSError):
                os.unlink(_DRAFT, dir_fd=fd)
            raise

    def _write_draft(self, folder_fd: int, before: Kept) -> None:
        draft = os.open(_DRAFT, _NEW_DRAFT, 0o600, dir_fd=folder_fd)
        with os.fdopen(draft, "wb") as file:
            for piece in self._preimages.read(before.digest):
                file.write(piece)
            with suppress(OSError):  # only root may give a file away
                os.fchown(draft, before.state.owner, before.state.group)
            os.fchmod(draft, stat.S_IMODE(before.state.mode))


def _identity(state: FileState) -> tuple[int, int, int]:
    """Return what a renamed file keeps."""
    return state.inode, state.size_bytes, state.modified_ns


def _set_mode(folders: Folders, path: str, mode: int) -> None:
    """Change the mode of a folder, if that is allowed; also of one that may not be read."""
    with suppress(OSError):
        outer, name = folders.place(path)
        fd = os.open(name, _REFERENCE, dir_fd=outer)
        try:
            Path(f"/proc/self/fd/{fd}").chmod(stat.S_IMODE(mode))
        finally:
            os.close(fd)


def _left(reasons: Mapping[str, str]) -> tuple[FileLeft, ...]:
    return tuple(FileLeft(path, reasons[path]) for path in sorted(reasons))


def _words(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()
