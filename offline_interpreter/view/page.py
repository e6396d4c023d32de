"""What a terminal view writes on: finished lines, blank lines between sections, and the live line.

Answers go to one stream, all else to another; on a terminal both are the same screen. What is printed is never
touched again. The page expects safe text and does not know what the sections mean.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

from offline_interpreter.view.status import StatusLine

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

DEFAULT_COLUMNS = 80
FEWEST_COLUMNS = 20


class Page:
    """The lines of one screen. ``width`` None: as wide as the terminal is at the moment."""

    def __init__(self, out: TextIO, err: TextIO, width: int | None) -> None:
        self._streams = out, err
        self._fixed_width = width
        self._consoles = _console(out), _console(err)
        self._section = ""
        self._at_gap = True
        self._wants_gap = False
        self.status = StatusLine(err, lambda: self.width)

    @property
    def width(self) -> int:
        """How many columns a line may take now."""
        if self._fixed_width is not None:
            return self._fixed_width
        try:
            found = os.get_terminal_size(self._streams[0].fileno()).columns
        except (OSError, ValueError):  # no terminal, or no file at all
            found = 0
        return max(found or DEFAULT_COLUMNS, FEWEST_COLUMNS)

    @property
    def console(self) -> Console:
        """What renders Markdown for this page, at its width."""
        console = self._consoles[0]
        console.width = self.width
        return console

    def begin(self, section: str) -> None:
        """Go on with ``section``; a blank line will set it off from another one."""
        if section != self._section:
            self._section, self._wants_gap = section, True

    def in_section(self, section: str) -> bool:
        """Say whether nothing else came after ``section``."""
        return self._section == section

    def want_gap(self) -> None:
        """Have a blank line before the next line, unless there is one."""
        self._wants_gap = True

    def gap(self) -> None:
        """Print a blank line now, unless the last line is one."""
        self.status.clear()
        if not self._at_gap:
            self._streams[1].write("\n")
            self._streams[1].flush()
        self._at_gap, self._wants_gap = True, False

    def touched(self) -> None:
        """Learn that someone else wrote a line."""
        self._at_gap = False

    def print(self, line: str | Text, style: str = "", *, answer: bool = False) -> None:
        """Print one line or several; no width is seen to here."""
        from rich.text import Text

        self._prepare()
        text = Text(line) if isinstance(line, str) else line
        self._consoles[0 if answer else 1].print(text, style=style or None, soft_wrap=True)
        self._at_gap = not text.plain.strip()

    def print_plain(self, lines: Sequence[str]) -> None:
        """Print many lines without styles, as fast as the stream takes them."""
        self._prepare()
        self._streams[1].write("\n".join(lines) + "\n")
        self._streams[1].flush()
        self._at_gap = not lines[-1].strip()

    def _prepare(self) -> None:
        self.status.clear()
        if self._wants_gap:
            self.gap()


def _console(stream: TextIO) -> Console:
    from rich.console import Console

    return Console(file=stream, markup=False, emoji=False, highlight=False, force_jupyter=False)
