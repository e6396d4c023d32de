"""Text of cells, files and models made fit for a terminal and for a model.

Escape sequences go, so that no output can move the cursor, set a title or write to a clipboard; a line that was
overwritten by carriage returns (a progress bar) becomes its last state. Nothing here shortens or wraps. Sizes are
worded here for all layers.
"""

from __future__ import annotations

import re

_UNITS = ("B", "kB", "MB", "GB", "TB")

_ESCAPES = re.compile(
    r"\x1b(?:[\]PX^_][^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)?"  # OSC, DCS, SOS, PM, APC up to their terminator
    r"|\[[0-?]*[ -/]*[@-~]?"  # CSI
    r"|[ -/]+[0-~]?|[0-~])?"  # charset and other two-character sequences
    r"|[\x9d\x90\x98\x9e\x9f][^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)?"  # the same as single C1 characters
    r"|\x9b[0-?]*[ -/]*[@-~]?"
)
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")  # all but tab and newline


def without_escapes(text: str) -> str:
    """Remove terminal escape sequences and control characters; tabs and newlines stay, returns are collapsed."""
    return _CONTROLS.sub("", collapse_returns(_ESCAPES.sub("", text)))


def collapse_returns(text: str) -> str:
    """Keep of each line what stands after its last carriage return, as a terminal would show it."""
    if "\r" not in text:
        return text
    lines = text.replace("\r\n", "\n").split("\n")
    return "\n".join(_last_state(line) for line in lines)


def _last_state(line: str) -> str:
    shown = ""
    for state in line.split("\r"):
        shown = state + shown[len(state) :]
    return shown


def size_text(size_bytes: int) -> str:
    """Return a size in decimal units: 21 kB, 1.2 MB."""
    size, unit = float(size_bytes), 0
    while size >= 999.5 and unit < len(_UNITS) - 1:
        size, unit = size / 1000, unit + 1
    return f"{size:.1f} {_UNITS[unit]}" if unit > 1 and size < 10 else f"{size:.0f} {_UNITS[unit]}"
