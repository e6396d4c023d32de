"""What the model says, printed while it is written: append-only, a line at a time, as rendered Markdown.

A line is printed once nothing that may follow changes it; the line that is being written is the live one. Tables, and
paragraphs with open emphasis, wait until they are complete.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from offline_interpreter.view.lines import columns, fold, safe
from offline_interpreter.view.markdown import block_starts, render_block
from offline_interpreter.view.page import Page

if TYPE_CHECKING:
    from rich.text import Text

_BEGUN_LINE_CHARS = 3  # of a new line: enough to know what it begins
_LONGEST_GROWING = 4_000  # characters of a block that is rendered again for each line; a longer one waits for its end
_FENCES = ("```", "~~~")
# What opens and closes code and emphasis: runs of marks that touch a word, within words only where that counts.
_MARKS = [re.compile(marks) for marks in ("`+", "~+", r"(?<=[^\s*])\*+|\*+(?=[^\s*])", r"\b_+\B|\B_+\b")]
_ITEM_START = re.compile(r"\n\s*(?:[-*+]|\d+[.)])\s")  # emphasis does not reach from one item to the next
_OPEN_END = re.compile(r"[*_~`\\]$|&#?\w*$|\](\([^)\s]*)?$")
_ESCAPED = re.compile(r"\\[!-/:-@\[-`{-~]")


class Prose:
    """Prints one message of the model as it comes."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._taken = ""  # of the message, as it came
        self._block = ""  # what is not printed as a finished block, safe
        self._printed: list[str] = []  # lines of that block that are on the screen
        self._tail = self._live_text = ""  # the line that is being written, and what is shown of it
        self._line_begins = False

    def feed(self, piece: str) -> None:
        """Take more of the message."""
        self._taken += piece
        text = safe(piece)
        self._block += text
        self._tail += text
        if "\n" in text:
            self._tail = self._block.rpartition("\n")[2]
            self._line_begins = True
        begun = self._line_begins and len(self._tail.strip()) >= _BEGUN_LINE_CHARS
        if begun or columns(self._tail) >= self._page.width:
            self._print_finished_blocks()
            self._grow()
        if self._tail.strip():  # else the line before it stays in sight until the next one begins
            self._live_text = self._tail
            self._page.status.show(self._live, delay_s=0, dim=False)

    def settle(self) -> None:
        """Print what was taken so far, because something else follows."""
        if self._block:
            self._print_blocks(self._block)
            self._block = self._tail = ""
            self._line_begins = False

    def finish(self, message: str = "") -> None:
        """End the message, which is ``message`` if it is known; all, some or nothing of it was fed."""
        if message.startswith(self._taken) and len(message) > len(self._taken):
            self.feed(message[len(self._taken) :])
        self.settle()
        self._taken = ""

    def _live(self, _seconds: float) -> str:
        return fold(self._live_text, self._page.width - 1)[-1]

    def _print_finished_blocks(self) -> None:
        """Print every block but the last one, which may go on."""
        *finished, last = block_starts(self._block) or [0]
        if finished:
            lines = self._block.split("\n")
            self._print_blocks("\n".join(lines[:last]))
            self._block = "\n".join(lines[last:])

    def _print_blocks(self, text: str) -> None:
        lines, starts = text.split("\n"), block_starts(text)
        for start, end in zip(starts, [*starts[1:], len(lines)], strict=False):
            self._print_rest(render_block("\n".join(lines[start:end]), self._page.console))
            self._printed.clear()
            self._page.want_gap()

    def _grow(self) -> None:
        """Print the lines of the unfinished block that will not change any more."""
        if len(self._block) <= _LONGEST_GROWING and _may_grow(self._block):
            lines = render_block(self._block, self._page.console)
            self._print_rest(lines[:-1])
            self._tail = lines[-1].plain if lines else ""
            self._line_begins = False

    def _print_rest(self, lines: list[Text]) -> None:
        """Print what is not on the screen yet; a line that came out differently is rather repeated than lost."""
        self._page.begin("message")
        same = 0
        for line, printed in zip(lines, self._printed, strict=False):
            if line.plain.strip() != printed:
                break
            same += 1
        for line in lines[same:]:
            self._page.print(line, answer=True)
        self._printed[same:] = [line.plain.strip() for line in lines[same:]]


def _may_grow(block: str) -> bool:
    """Say whether the first lines of an unfinished block are final: no table, nothing opened and not closed."""
    if block.lstrip().startswith(_FENCES):
        return True
    item = _ESCAPED.sub("", _ITEM_START.split(block)[-1])
    if "|" in block or item.count("[") != item.count("]") or _OPEN_END.search(item):
        return False
    return all(len(marks.findall(item)) % 2 == 0 for marks in _MARKS)
