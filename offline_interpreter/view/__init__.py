"""What a person sees of a turn, from its events, and how they are asked.

A view shows one event after the other and never looks back. ``make_view`` chooses one: JSON lines, plain text for
pipes and simple terminals, or the terminal's. No view knows a session or decides anything.
"""

from __future__ import annotations

import io
from typing import Protocol, TextIO

from offline_interpreter.records import Event
from offline_interpreter.view.asking import TerminalApproval, ask_line, confirm
from offline_interpreter.view.plain import JsonView, PlainView
from offline_interpreter.view.status import is_screen
from offline_interpreter.view.streams import StreamsView
from offline_interpreter.view.terminal import TerminalView

__all__ = [
    "JsonView",
    "PlainView",
    "StreamsView",
    "TerminalApproval",
    "TerminalView",
    "View",
    "ask_line",
    "confirm",
    "make_cells_view",
    "make_view",
]


class View(Protocol):
    """Shows events as they happen."""

    def show(self, event: Event) -> None:
        """Show one event."""
        ...

    def close(self) -> None:
        """End what is live on the screen; a later ``show`` goes on."""
        ...


def make_view(*, plain: bool, json_lines: bool, out: TextIO, err: TextIO) -> View:
    """Return the view that was asked for, or that ``out`` can take.

    Signs that a stream cannot encode are from now on replaced instead of raising.
    """
    _replace_on_errors(out, err)
    if json_lines:
        return JsonView(out)
    if plain or not is_screen(out):
        return PlainView(out, err)
    return TerminalView(out=out, err=err)


def make_cells_view(*, json_lines: bool, out: TextIO, err: TextIO) -> View:
    """Return the view for cells that no model wrote: JSON lines, or their output as a program's own."""
    _replace_on_errors(out, err)
    return JsonView(out) if json_lines else StreamsView(out, err)


def _replace_on_errors(*streams: TextIO) -> None:
    for stream in streams:
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
