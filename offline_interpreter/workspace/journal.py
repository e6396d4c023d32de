"""What is known of kept files and of what cells changed, as JSON lines, so that it outlives the process.

The lines say: a file was kept, a cell begins, a cell ended and had changed this, cells were undone. A last line that
was cut while it was written is left out. The journal does not hold what files contain.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from offline_interpreter.workspace.scan import FileState


@dataclass(frozen=True, slots=True)
class Kept:
    """A file as it was, and the hash of its copy; without a copy ``why`` is the reason."""

    state: FileState
    digest: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class FileChange:
    """A file before and after a cell; None where there was none."""

    path: str
    before: Kept | None
    after: FileState | None


@dataclass(frozen=True, slots=True)
class FolderChange:
    """The mode of a folder before and after a cell; None where there was none."""

    path: str
    before: int | None
    after: int | None


@dataclass(frozen=True, slots=True)
class CellChanges:
    """What a cell changed. ``certain`` False: this process ended while it ran, and others may have had a hand in it."""

    cell: int
    started_ns: int
    files: tuple[FileChange, ...] = ()
    folders: tuple[FolderChange, ...] = ()
    certain: bool = True


@dataclass(slots=True)
class Known:
    """All that a journal says.

    ``same`` maps a path and a state that an undo left to the state that it stands for. ``begun`` is the cell, and its
    start in ns, that has begun and not ended; ``folders`` are those that there were when it began.
    """

    kept: dict[str, Kept] = field(default_factory=dict)
    places: dict[str, tuple[int, int]] = field(default_factory=dict)
    cells: dict[int, CellChanges] = field(default_factory=dict)
    same: dict[tuple[str, FileState], FileState] = field(default_factory=dict)
    begun: tuple[int, int] | None = None
    folders: dict[str, int] = field(default_factory=dict)


def kept_line(path: str, kept: Kept, place: tuple[int, int] | None) -> str:
    """Say that a file was kept; ``place`` is where in the pack."""
    return json.dumps(["kept", path, *_kept_json(kept), place])


def gone_line(path: str) -> str:
    """Say that a file is there no more, and it was not a cell that took it."""
    return json.dumps(["gone", path])


def begin_line(cell: int, started_ns: int, folders: dict[str, int]) -> str:
    """Say that a cell begins."""
    return json.dumps(["begin", cell, started_ns, folders])


def cell_line(changes: CellChanges) -> str:
    """Say what a cell changed."""
    files = [[each.path, each.before and _kept_json(each.before), each.after] for each in changes.files]
    folders = [[each.path, each.before, each.after] for each in changes.folders]
    return json.dumps(["cell", changes.cell, changes.started_ns, changes.certain, files, folders])


def same_line(path: str, now: FileState, was: FileState) -> str:
    """Say that an undo left ``path`` in the state ``now``, which stands for ``was``."""
    return json.dumps(["same", path, now, was])


def undone_line(cells: Iterable[int]) -> str:
    """Say that cells were undone."""
    return json.dumps(["undone", list(cells)])


def append(path: Path, lines: Iterable[str]) -> None:
    """Write lines, whose order is kept. Raises ``OSError``."""
    with path.open("a", encoding="ascii") as file:
        file.write("".join(f"{line}\n" for line in lines))


def read(path: Path) -> Known:
    """Return what the journal says: nothing if there is none. Raises ``OSError``; ``ValueError`` if it is broken."""
    known = Known()
    if path.is_file():
        for line in path.read_text("ascii").splitlines(keepends=True):
            if line.endswith("\n"):
                _take(known, json.loads(line))
    return known


def _take(known: Known, entry: list[Any]) -> None:
    match entry:
        case ["kept", path, state, digest, why, place]:
            known.kept[path] = Kept(FileState(*state), digest, why)
            if place is not None:
                known.places[digest] = (place[0], place[1])
        case ["gone", path]:
            known.kept.pop(path, None)
        case ["begin", cell, started_ns, folders]:
            known.begun, known.folders = (cell, started_ns), folders
        case ["cell", cell, started_ns, certain, files, folders]:
            file_changes = tuple(FileChange(path, _kept(before), _state(after)) for path, before, after in files)
            folder_changes = tuple(FolderChange(*each) for each in folders)
            known.cells[cell] = CellChanges(cell, started_ns, file_changes, folder_changes, certain)
            known.begun = None
        case ["same", path, now, was]:
            known.same[path, FileState(*now)] = FileState(*was)
        case ["undone", cells]:
            for cell in cells:
                known.cells.pop(cell, None)
        case _:
            raise ValueError(f"{entry!r} is no line of a journal")


def _kept_json(kept: Kept) -> list[Any]:
    return [kept.state, kept.digest, kept.why]


def _kept(value: list[Any] | None) -> Kept | None:
    return None if value is None else Kept(FileState(*value[0]), value[1], value[2])


def _state(value: list[int] | None) -> FileState | None:
    return None if value is None else FileState(*value)
