"""Running cells again whose variables are gone, each shown and decided upon like any other.

Which cells these are is for ``transcript.RanCells`` to say, and whether to begin for whoever is asked: nothing here
runs by itself. What a cell did to files and to the world it does a second time.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Generator, Sequence

from offline_interpreter.approval import decide, may_run
from offline_interpreter.cancel import Cancel
from offline_interpreter.cells import Ran
from offline_interpreter.errors import KernelError
from offline_interpreter.records import Approve, Code, Event, Notice, ReplyStats, StepTaken
from offline_interpreter.transcript import RecordedCell

_NAMING = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)

RunCell = Callable[[str], Generator[Event, None, Ran]]


class Replay:
    """One run through ``cells``, in order; ``note`` says what came of it, for the model."""

    def __init__(self, cells: Sequence[RecordedCell], approve: Approve, run: RunCell, cancel: Cancel) -> None:
        self._cells = cells
        self._approve = approve
        self._run = run
        self._cancel = cancel
        self._ran = 0
        self._edited: list[str] = []

    def events(self) -> Generator[Event, None, None]:
        """Run the cells; yield what happens. It ends early with a cell that fails or at which the person stops."""
        try:
            for cell in self._cells:
                if not (yield from self._run_again(cell)):
                    break
        except KernelError as error:
            yield Notice(str(error))
        left = len(self._cells) - self._ran
        missing = f" {_cells(left)} did not, so their variables are missing." if left else " Their variables are back."
        yield Notice(f"{_cells(self._ran)} ran again.{missing}")

    def _run_again(self, cell: RecordedCell) -> Generator[Event, None, bool]:
        """Run one cell if it is allowed; return whether to go on."""
        step = Code(f"Cell {cell.number} again.", cell.code)
        yield StepTaken("code", step.message, step.code, False, "complete", ReplyStats())
        approved = decide(self._approve, step)
        if may_run(approved) and self._cancel.requested:  # while the person was asked
            return False
        yield approved
        if not may_run(approved):
            return approved.decision == "refused"
        ran = yield from self._run(approved.code)
        if ran.result.status != "ok":
            return False
        self._ran += 1
        if approved.decision == "edited":
            self._edited.append(approved.code)
        return not self._cancel.requested

    @property
    def note(self) -> str:
        """What the model is told; an empty text where nothing ran."""
        if not self._ran:
            return ""
        lines = [f"The lost variables of {_cells(self._ran)} exist again: the person had the code run once more."]
        if left := len(self._cells) - self._ran:
            lines.append(f"Those of {_cells(left)} do not.")
        lines += [f"The person changed a cell; this ran instead:\n{code}" for code in self._edited]
        return "\n".join(lines)


def makes_variables(code: str) -> bool:
    """Say whether a cell leaves names behind; of what is not plain Python it is assumed."""
    try:
        nodes = ast.walk(ast.parse(code))
        return any(isinstance(node, _NAMING) or isinstance(getattr(node, "ctx", None), ast.Store) for node in nodes)
    except (SyntaxError, ValueError, RecursionError):
        return True


def _cells(number: int) -> str:
    return f"{number} cell{'s' * (number != 1)}"
