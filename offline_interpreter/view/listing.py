"""Code on a terminal: highlighted, behind a bar, each line printed once it is complete.

Characters that cannot be seen are spelled out, and long lines are folded, not cut: what is approved is what is seen.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from offline_interpreter.view.lines import columns, fold, spelled_out
from offline_interpreter.view.page import Page

if TYPE_CHECKING:
    from rich.syntax import Syntax
    from rich.text import Text

BAR = "  ┃ "
CONTEXT_LINES = 30  # lines that are read again to color the next one, for strings of several lines


class Listing:
    """Prints code as it is written."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._taken = ""
        self._lines: list[str] = []
        self._tail = ""

    def feed(self, piece: str) -> None:
        """Take more code; print the lines that it completes, and show the one that it begins."""
        self._taken += piece
        *whole, self._tail = (self._tail + piece).split("\n")
        for line in whole:
            self._print(line)
        if self._tail.strip():
            self._page.status.show(self._live, delay_s=0, dim=False)

    def finish(self, code: str = "") -> None:
        """End the listing, which is of ``code`` if it is known; all, some or nothing of it was fed."""
        if code.startswith(self._taken) and len(code) > len(self._taken):
            self.feed(code[len(self._taken) :])
        if self._tail.strip():
            self._print(self._tail)
        self._taken, self._tail = "", ""
        self._lines.clear()

    def _live(self, _seconds: float) -> str:
        room = self._page.width - len(BAR) - 1
        return BAR + fold(spelled_out(self._tail), room)[-1]

    def _print(self, line: str) -> None:
        self._page.begin("code")
        line = spelled_out(line).rstrip()
        self._lines = [*self._lines[-CONTEXT_LINES:], line]
        text = _highlighted(self._lines)
        for piece in _folded(text, self._page.width - len(BAR)):
            self._page.print(_behind_bar(piece))


def _folded(text: Text, width: int) -> list[Text]:
    if columns(text.plain) <= width:
        return [text]
    cuts, position = [], 0
    for piece in fold(text.plain, width)[:-1]:
        position += len(piece)
        cuts.append(position)
    return list(text.divide(cuts))


def _behind_bar(text: Text) -> Text:
    from rich.text import Text

    return Text.assemble((BAR, "dim"), text) if text.plain else Text(BAR.rstrip(), "dim")


def _highlighted(lines: list[str]) -> Text:
    """Return the last of ``lines`` in colors that take the lines before it into account."""
    from rich.text import Text

    if not lines[-1]:
        return Text()
    return _syntax().highlight("\n".join(lines)).split("\n", allow_blank=False)[-1]


@cache
def _syntax() -> Syntax:
    """Return what colors Python in the terminal's own colors: no background, no underlines, no marks at errors."""
    from rich.style import Style
    from rich.syntax import ANSI_DARK, ANSISyntaxTheme, Syntax

    plain = Style(underline=False)
    styles = {token: style + plain for token, style in ANSI_DARK.items() if token[-1:] != ("Error",)}
    return Syntax("", "python", theme=ANSISyntaxTheme(styles))
