"""Text made fit for one screen: cleaned, cut into lines while it streams, folded and cropped at a width.

Builds on ``plain_text`` and adds what matters only where a person reads: signs that reorder a line or cannot be
written are taken out of text, and are spelled out in code, so that what is approved is what is seen.
"""

from __future__ import annotations

import re
import unicodedata

from offline_interpreter.plain_text import without_escapes

TAB_COLUMNS = 4
LONGEST_LINE = 4_096  # characters of a line that may be waited for; what is longer is broken

_ODD = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_REORDERING = re.compile(r"[\u2028-\u202e\u2066-\u2069]")  # separators, embeddings, overrides, isolates
_SURROGATES = re.compile(r"[\ud800-\udfff]")  # of file names that are no UTF-8; no stream can write them
_HIDDEN_CATEGORIES = {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}


def safe(text: str) -> str:
    """Return ``text`` without anything that a terminal obeys; newlines and tabs stay.

    Goes line by line, so that a sequence that is never ended hides the rest of its own line at most.
    """
    if not _ODD.search(text):
        return text
    plain = "\n".join(without_escapes(line) for line in text.split("\n"))
    return _SURROGATES.sub("\ufffd", _REORDERING.sub("", plain))


def spelled_out(code: str) -> str:
    """Return code with tabs as spaces and every character that cannot be seen written as an escape."""
    code = code.replace("\r\n", "\n")
    if code.isascii() and code.replace("\n", "").isprintable():
        return code
    return "".join(_visible(char) for char in code)


def _visible(char: str) -> str:
    if char == "\n":
        return char
    if char == "\t":
        return " " * TAB_COLUMNS
    if unicodedata.category(char) in _HIDDEN_CATEGORIES:
        return char.encode("unicode_escape").decode("ascii")
    return char


class LineFeed:
    """Cuts a stream that comes in chunks into finished lines; ``tail`` is the unfinished one as it looks now."""

    def __init__(self) -> None:
        self._held = ""

    def feed(self, chunk: str) -> list[str]:
        """Take a chunk; return the lines that it finishes, safe to print."""
        *whole, held = (self._held + chunk).split("\n")
        if len(held) > LONGEST_LINE:
            held = held[held.rfind("\r", 0, -1) + 1 :]  # a progress bar: only its last state counts
        if len(held) > LONGEST_LINE:
            whole, held = [*whole, held], ""
        self._held = held
        return safe("\n".join(whole)).split("\n") if whole else []

    @property
    def tail(self) -> str:
        """The unfinished line, safe to print."""
        return safe(self._held)

    def flush(self) -> list[str]:
        """Return what is left as a last line, if there is anything."""
        tail, self._held = self.tail, ""
        return [tail] if tail else []


def columns(text: str) -> int:
    """Return how many columns ``text`` takes on a terminal."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def fold(text: str, width: int) -> list[str]:
    """Break ``text`` after every ``width`` columns, as a terminal would; nothing is lost."""
    if text.isascii():
        return [text[start : start + width] for start in range(0, len(text), width)] or [""]
    pieces, piece, used = [], "", 0
    for char in text:
        wide = columns(char)
        if used + wide > width and piece:
            pieces.append(piece)
            piece, used = "", 0
        piece, used = piece + char, used + wide
    return [*pieces, piece]


def crop(text: str, width: int) -> str:
    """Return as much of ``text`` as ``width`` columns hold; a mark says that it goes on."""
    if columns(text) <= width:
        return text
    return fold(text, max(width - 1, 1))[0] + "…" if width > 0 else ""
