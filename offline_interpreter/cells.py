"""Running one cell, with everything that surrounds it: its log, the person's input, the files that it changed.

``Cells`` counts and runs; it does not decide whether code may run, and does not word what the model is told of it.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass, replace

from offline_interpreter.cancel import Cancel
from offline_interpreter.cell_log import CellLog, SessionFolder
from offline_interpreter.kernel.manager import Kernel
from offline_interpreter.limit_notes import LimitNotes
from offline_interpreter.prompt import Observed
from offline_interpreter.records import (
    ArtifactFound,
    AskInput,
    CellEnd,
    CellResult,
    CellRunning,
    CellStart,
    Event,
    InputRequested,
    Limits,
    Notice,
    RunningLine,
)
from offline_interpreter.workspace.scan import Workspace
from offline_interpreter.workspace.snapshot import Snapshot

_OBEYED = "This cell made {}. Programs do what it says when you work in this folder: look at it first."


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of a cell."""

    result: CellResult
    observed: Observed


class Cells:
    """The cells of one session: one kernel, one workspace, one folder for what they put out."""

    def __init__(
        self,
        kernel: Kernel,
        workspace: Workspace,
        folder: SessionFolder,
        *,
        limits: Limits,
        ran_before: int = 0,
        undoable: bool = True,
    ) -> None:
        """``ran_before`` counts the cells of a session that is resumed. ``undoable`` False: no file is copied."""
        self.kernel = kernel
        self.workspace = workspace
        self.folder = folder
        self.snapshot = Snapshot(workspace, folder.preimages, limits)
        self._limits = limits
        self._number = ran_before
        self._undoable = undoable

    def run(
        self, code: str, timeout_s: float, ask_input: AskInput | None, cancel: Cancel | None = None
    ) -> Generator[Event, None, Ran]:
        """Run ``code``; yield what happens, and return how it ended and what the model is to learn of it.

        Files are kept first, so that the cell can be undone; a ``cancel`` that comes meanwhile keeps it from running.
        """
        self.workspace.settle()  # what the person did since the last look is not the cell's doing
        if self._undoable:
            yield from self.snapshot.before_cell(self._number + 1, cancel)
        if cancel is not None and cancel.requested:
            return Ran(CellResult("interrupted", 0.0), Observed())
        self._number += 1
        yield CellStart(self._number, code)
        obeyed = self.workspace.seen.obeyed
        log = CellLog(self.folder, self._number, self._limits)
        met = LimitNotes(self._limits, is_confined=self.kernel.confinement.plan is not None)
        try:
            result = yield from self._relay(code, timeout_s, ask_input, log, met)
        finally:
            path = log.close()
            artifacts = self.workspace.changed()
            self.snapshot.after_cell()
        yield CellEnd(self._number, result.status, result.seconds, result.state_lost, path)
        notes = met.lines(path if log.was_cut else "")
        for note in notes:
            yield Notice(note)
        for artifact in artifacts:
            yield ArtifactFound(self._number, artifact)
        if made := sorted(self.workspace.seen.obeyed - obeyed):
            yield Notice(_OBEYED.format(", ".join(map(repr, made))))
        return Ran(result, replace(log.observed(artifacts), limits_met=tuple(notes)))

    def close(self) -> None:
        """End the kernel, and drop the copies that nobody will need."""
        self.kernel.close()
        self.snapshot.close()

    def _relay(
        self, code: str, timeout_s: float, ask_input: AskInput | None, log: CellLog, met: LimitNotes
    ) -> Generator[Event, None, CellResult]:
        asked: list[InputRequested] = []
        running = self.kernel.execute(code, timeout_s=timeout_s, ask_input=self._noting(asked, ask_input))
        with closing(running):
            while True:
                try:
                    output = next(running)
                except StopIteration as end:
                    result: CellResult = end.value
                    break
                yield from asked
                asked.clear()
                if isinstance(output, RunningLine):
                    yield CellRunning(self._number, output.line, output.text)
                    continue
                met.see(output)
                if (shown := log.add(output)) is not None:
                    yield shown
        yield from asked
        return result

    def _noting(self, asked: list[InputRequested], ask_input: AskInput | None) -> AskInput | None:
        if ask_input is None:
            return None
        number = self._number

        def ask(text: str, secret: bool) -> str:
            asked.append(InputRequested(number, text, secret))
            return ask_input(text, secret)

        return ask
