"""The terminal's view: finished text is printed once and never touched, one line is live.

Each kind of event has its place: what the model says (``prose``), its code (``listing``), what a cell puts out
(``cell_pane``). On a terminal messages go to ``out`` as they are written, all else to ``err``. It does not ask.
"""

from __future__ import annotations

import time
from typing import TextIO

from offline_interpreter.records import (
    Approved,
    ArtifactFound,
    CellEnd,
    CellRunning,
    CellStart,
    CodeDelta,
    Event,
    InputRequested,
    MessageDelta,
    Notice,
    OutputMade,
    ProgressMade,
    StepTaken,
    TurnEnd,
    TurnStart,
)
from offline_interpreter.undone import Undone
from offline_interpreter.view.cell_pane import CellPane
from offline_interpreter.view.lines import safe
from offline_interpreter.view.listing import Listing
from offline_interpreter.view.page import Page
from offline_interpreter.view.prose import Prose
from offline_interpreter.view.words import progress_line, thinking_line, turn_ending, turn_figures, undo_lines

ESTIMATE_AFTER_S = 1.0  # of a wait: before, its speed says little


class TerminalView:
    """Shows turns on a terminal. ``verbose``: whole tracebacks, and what each turn took."""

    def __init__(self, *, out: TextIO, err: TextIO, width: int | None = None, verbose: bool = False) -> None:
        self.verbose = verbose
        self._page = Page(out, err, width)
        self._prose = Prose(self._page)
        self._listing = Listing(self._page)
        self._cell = CellPane(self._page)
        self._answer: str | None = None
        self._in_turn = False
        self._stage = ""
        self._stage_began = 0.0
        self._stage_base = 0

    def show(self, event: Event) -> None:
        """Show one event."""
        if not isinstance(event, ProgressMade):
            self._stage = ""
        if isinstance(event, CellRunning | OutputMade | InputRequested | CellEnd | ArtifactFound):
            self._show_cell(event)
            return
        self._cell.finish()
        match event:
            case TurnStart():
                self._start_turn()
            case ProgressMade():
                self._show_progress(event)
            case MessageDelta():
                self._prose.feed(event.text)
            case CodeDelta():
                self._prose.settle()
                self._listing.feed(event.text)
            case StepTaken():
                self._show_step(event)
            case Approved():
                self._show_decision(event)
            case CellStart():
                self._cell.start()
            case Notice():
                self._show_notice(event.text)
            case TurnEnd():
                self._end_turn(event)
            case Undone():
                self._show_notice("\n".join(undo_lines(event)))

    def close(self) -> None:
        """Print what is unfinished, and take the live line off the screen."""
        self._prose.settle()
        self._listing.finish()
        self._cell.flush()
        self._page.status.close()

    def _start_turn(self) -> None:
        self._page.begin("request")
        self._page.touched()  # by the person, who typed it
        self._page.gap()
        self._answer, self._in_turn = None, True
        self._think()

    def _think(self) -> None:
        self._page.status.show(thinking_line)

    # -- the model's part -----------------------------------------------------------------------------------------

    def _show_progress(self, event: ProgressMade) -> None:
        now = time.monotonic()
        self._prose.finish()  # of a reply that was no step
        self._listing.finish()
        if event.stage != self._stage:
            self._stage, self._stage_began, self._stage_base = event.stage, now, event.done
        if event.done >= event.total > 0:
            self._think()
            return
        began, made = self._stage_began, event.done - self._stage_base
        known = made > 0 and now - began > ESTIMATE_AFTER_S
        end_s = (now - began) * (event.total - self._stage_base) / made if known else 0.0

        def line(seconds: float) -> str:
            return progress_line(event.stage, event.done, event.total, end_s - seconds if known else None)

        self._page.status.show(line, since=began)

    def _show_step(self, event: StepTaken) -> None:
        self._prose.finish(event.message)
        self._listing.finish(event.code)
        self._page.status.clear()
        if event.action == "answer":
            self._answer = event.message
            return
        if event.cut and event.finish != "cancelled":
            self._page.print("  The code was cut off, so it does not run.", "dim")
        self._page.gap()

    def _show_decision(self, event: Approved) -> None:
        if event.decision == "edited":
            self._page.touched()
            self._page.want_gap()
            self._listing.finish(event.code)
            self._page.gap()
        elif event.decision == "refused":
            self._page.touched()
            self._page.want_gap()
            self._think()
        elif event.decision == "stopped":
            self._page.touched()
        elif event.decision == "needed" and event.reason:
            self._show_notice(event.reason)

    # -- the cell's part ------------------------------------------------------------------------------------------

    def _show_cell(self, event: CellRunning | OutputMade | InputRequested | CellEnd | ArtifactFound) -> None:
        match event:
            case CellRunning():
                self._cell.at(event)
            case OutputMade():
                self._cell.show(event.output, verbose=self.verbose)
                if event.omitted:
                    self._cell.omit()
            case InputRequested():
                self._cell.flush()
                self._cell.run_on()  # once the person has answered
            case CellEnd():
                self._cell.end(event)
                self._think()
            case ArtifactFound():
                self._cell.show_artifact(event.artifact)
                self._think()

    # -- the turn's part ------------------------------------------------------------------------------------------

    def _show_notice(self, text: str) -> None:
        self._page.begin("notice")
        self._page.print(safe(text).rstrip("\n"))
        if self._in_turn:
            self._think()
        else:
            self._page.gap()

    def _end_turn(self, event: TurnEnd) -> None:
        self._prose.finish()
        self._listing.finish()
        if event.status == "answered":
            if event.answer != self._answer:
                self._prose.finish(event.answer)
        elif not (self._page.in_section("notice") and event.status in ("error", "approval_needed")):
            self._page.begin("end")
            self._page.print(turn_ending(event))
        if self.verbose:
            self._page.begin("figures")
            self._page.print(turn_figures(event), "dim")
        self._page.gap()
        self._page.status.close()
        self._in_turn = False
