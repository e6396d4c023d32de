"""The view for cells without a conversation: their output where a program's own would go.

What cells print to stdout, and results, stand on one stream; what they print to stderr, errors, files and status on the
other. A stream that is no terminal gets every character as it came. On a terminal nothing that a cell prints is obeyed
but newlines, tabs and returns.
"""

from __future__ import annotations

import re
from typing import TextIO

from offline_interpreter.records import ArtifactFound, CellEnd, Event, InputRequested, Notice, Output, OutputMade
from offline_interpreter.view.lines import LONGEST_LINE, safe
from offline_interpreter.view.words import artifact_line, cell_ending, path_text

_UNFINISHED = re.compile(  # an escape sequence that the next chunk may complete; see ``plain_text``
    r"(?:\x1b[PX^_\]]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c\n]*\x1b?\Z|(?:\x1b\[|\x9b)[0-?]*[ -/]*\Z|\x1b[ -/]*\Z"
)


class LiveFilter:
    """Takes out of a stream what a terminal would obey, chunk by chunk, also where a sequence is cut in two."""

    def __init__(self) -> None:
        self._held = ""

    def feed(self, chunk: str) -> str:
        """Return what can be shown of ``chunk`` now; returns stay, so that progress bars move."""
        text, self._held = self._held + chunk, ""
        found = _UNFINISHED.search(text)
        if found and len(found.group()) <= LONGEST_LINE:
            text, self._held = text[: found.start()], found.group()
        return "\r".join(map(safe, text.split("\r")))

    def flush(self) -> str:
        """Return what is shown of a sequence that was never completed."""
        held, self._held = self._held, ""
        return safe(held)


class _Outlet:
    """One of the two streams."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.is_terminal = stream.isatty()
        self._filter = LiveFilter()
        self.is_line_open = False

    def write(self, text: str) -> None:
        self._put(self._filter.feed(text) if self.is_terminal else text)

    def finish(self) -> None:
        if self.is_terminal:
            self._put(self._filter.flush())

    def _put(self, text: str) -> None:
        if text:
            self._stream.write(text)
            self._stream.flush()
            self.is_line_open = not text.endswith("\n")


class StreamsView:
    """Shows cells on ``out`` and ``err`` as they run; code is not shown."""

    def __init__(self, out: TextIO, err: TextIO) -> None:
        self._out = _Outlet(out)
        self._err = _Outlet(err)

    def show(self, event: Event) -> None:
        """Write what the event says."""
        match event:
            case OutputMade():
                self._show_output(event.output)
            case ArtifactFound():
                self._write_line(self._err, artifact_line(event.artifact))
            case Notice():
                self._write_line(self._err, safe(event.text))
            case InputRequested() | CellEnd():
                self.close()
                if isinstance(event, CellEnd) and (ending := cell_ending(event)):
                    self._write_line(self._err, ending)

    def close(self) -> None:
        """Write what was held back of an unfinished sequence."""
        self._out.finish()
        self._err.finish()

    def _show_output(self, output: Output) -> None:
        if output.kind == "stream":
            (self._err if output.name == "stderr" else self._out).write(output.text)
        elif output.path:
            self._write_line(self._err, f"→ {path_text(output.path)}")
        elif output.text:
            self._write_line(self._err if output.kind == "error" else self._out, output.text.rstrip("\n"))

    def _write_line(self, outlet: _Outlet, text: str) -> None:
        """Write a line of its own, which does not go on with what a cell left unfinished."""
        outlet.finish()
        sharing = (self._out, self._err) if self._out.is_terminal and self._err.is_terminal else (outlet,)
        if any(each.is_line_open for each in sharing):
            text = "\n" + text
        outlet.write(text + "\n")
        for each in sharing:
            each.is_line_open = False
