"""The views for pipes, files, simple terminals and programs: plain lines, and JSON lines.

The plain view puts the answer, as it was written, on one stream and everything else on the other; the JSON view puts
events and nothing else on its stream. Neither has colors, live lines or widths.
"""

from __future__ import annotations

import json
import time
from typing import Any, TextIO

from offline_interpreter.records import (
    Approved,
    ArtifactFound,
    CellEnd,
    CellStart,
    Event,
    InputRequested,
    Notice,
    Output,
    OutputMade,
    ProgressMade,
    StepTaken,
    TurnEnd,
    TurnStart,
    event_json,
)
from offline_interpreter.undone import Undone
from offline_interpreter.view.lines import LineFeed, safe, spelled_out
from offline_interpreter.view.words import artifact_line, cell_ending, counted, path_text, turn_ending, undo_lines

CODE_INDENT = "    "
TELL_AFTER_S = 0.5  # of a wait: what is over before is not worth a line
LONG_PROMPT_TOKENS = 500  # a wait on most machines

_WAITS = {
    "load": "Loading the model.",
    "check": "Checking the model's SHA-256, once.",
    "keep": "Keeping copies of files, so that cells can be undone.",
}


class PlainView:
    """Answers on ``out``; messages, code, output, files and status on ``err``."""

    def __init__(self, out: TextIO, err: TextIO) -> None:
        self._out = out
        self._err = err
        self._feeds: dict[str, LineFeed] = {}
        self._answer: str | None = None
        self._waiting_for = ""
        self._waiting_since = 0.0
        self._told_wait = False
        self._told_why = False

    def show(self, event: Event) -> None:
        """Write what the event says; messages and code are written once their step is complete."""
        if not isinstance(event, ProgressMade):
            self._waiting_for = ""
        match event:
            case ProgressMade():
                self._show_wait(event)
            case StepTaken():
                self._show_step(event)
            case Approved():
                self._show_decision(event)
            case OutputMade():
                self._show_output(event)
            case ArtifactFound():
                self._tell(artifact_line(event.artifact))
            case Notice():
                self._tell(safe(event.text))
                self._told_why = True
            case TurnStart():
                self._answer, self._told_why = None, False
            case CellStart() | InputRequested() | CellEnd():
                self._show_cell(event)
            case TurnEnd():
                self._end(event)
            case Undone():
                self._tell("\n".join(undo_lines(event)))

    def close(self) -> None:
        """Write the lines that a cell has not finished."""
        self._flush()

    def _tell(self, text: str) -> None:
        self._err.write(text + "\n")
        self._err.flush()

    def _show_wait(self, event: ProgressMade) -> None:
        now = time.monotonic()
        if event.stage != self._waiting_for:
            self._waiting_for, self._waiting_since, self._told_wait = event.stage, now, False
        is_long = event.stage == "prompt" and event.total >= LONG_PROMPT_TOKENS
        if self._told_wait or event.done >= event.total > 0:
            return
        if not is_long and now - self._waiting_since < TELL_AFTER_S:
            return
        self._told_wait = True
        self._tell(_WAITS.get(event.stage) or f"Reading {counted(event.total, 'token')}.")

    def _show_step(self, event: StepTaken) -> None:
        if event.action == "answer":
            self._write_answer(event.message)
            return
        if event.message.strip():
            self._tell(safe(event.message))
        self._tell_code(event.code)

    def _tell_code(self, code: str) -> None:
        lines = spelled_out(code).strip("\n").split("\n")
        self._tell("\n".join((CODE_INDENT + line).rstrip() for line in lines))

    def _write_answer(self, text: str) -> None:
        self._answer = text
        self._out.write(safe(text).rstrip("\n") + "\n")
        self._out.flush()

    def _show_decision(self, event: Approved) -> None:
        if event.decision == "edited":
            self._tell("Changed to:")
            self._tell_code(event.code)
        elif event.decision == "needed":
            self._tell(safe(event.reason))
            self._told_why = bool(event.reason)

    def _show_cell(self, event: CellStart | InputRequested | CellEnd) -> None:
        self._flush()
        if isinstance(event, CellEnd) and (ending := cell_ending(event)):
            self._tell(ending)

    def _show_output(self, event: OutputMade) -> None:
        output = event.output
        if output.kind == "stream":
            lines = self._feeds.setdefault(output.name, LineFeed()).feed(output.text)
            if lines:
                self._tell("\n".join(lines))
        else:
            self._flush()
            self._tell(_whole_text(output))
        if event.omitted:
            self._flush()
            self._tell("… more output is in the file of this cell only")

    def _flush(self) -> None:
        for feed in self._feeds.values():
            for line in feed.flush():
                self._tell(line)

    def _end(self, event: TurnEnd) -> None:
        self._flush()
        if event.status == "answered":
            if event.answer != self._answer:
                self._write_answer(event.answer)
        elif not (self._told_why and event.status in ("error", "approval_needed")):
            self._tell(turn_ending(event))


def _whole_text(output: Output) -> str:
    if output.path:
        return f"→ {path_text(output.path)}"
    return safe(output.text).strip("\n")


class JsonView:
    """One JSON object a line for each event, in ASCII; the bytes of pictures are left out where a path names them."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def show(self, event: Event) -> None:
        """Write the event."""
        self._out.write(json.dumps(_without_pictures(event_json(event))) + "\n")
        self._out.flush()

    def close(self) -> None:
        """Nothing is live."""


def _without_pictures(record: dict[str, Any]) -> dict[str, Any]:
    output = record.get("output")
    if output is not None and output["path"]:
        output["data"] = {kind: data for kind, data in output["data"].items() if not kind.startswith("image/")}
    return record
