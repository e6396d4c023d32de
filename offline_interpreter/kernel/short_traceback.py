"""In the child: an exception as short plain text, for a person and for a model.

Frames of cells and of the person's own files are all named, of a library only the last one, of IPython and of this
package none. Exceptions that led to it are a line each. Local variables are not shown.
"""

from __future__ import annotations

import linecache
import os
import re
import sysconfig
import traceback
from collections.abc import Iterator
from itertools import groupby
from types import FrameType
from typing import Literal, NamedTuple

MAX_FRAMES = 12  # of which a third are the outermost; deep recursion has thousands
MAX_MESSAGE_CHARS = 4_000
MAX_SOURCE_CHARS = 200  # of a line
MAX_EARLIER = 3  # exceptions that led to this one
MAX_GROUPED = 5  # exceptions inside of a group
CELL_NAME = re.compile(r"<(Cell \d+)>")  # how cells are named as files: see ``shell``

Kind = Literal["cell", "own", "library", "hidden"]

_HERE = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - compared with file names of code objects
_LIBRARIES = tuple({sysconfig.get_path(name) + os.sep for name in ("stdlib", "platstdlib", "purelib", "platlib")})
_PLACES = re.compile(r".*[/\\](?:site-packages|dist-packages|python3\.\d+)[/\\]")


class _Place(NamedTuple):
    kind: Kind
    file: str
    line: int
    function: str


def short_traceback(error: BaseException) -> str:
    """Return where and why ``error`` was raised; the last line names it."""
    try:
        return "\n".join([*_earlier(error), *_frame_lines(error), *_message_lines(error)])
    except Exception:  # an exception's own methods may raise whatever they like
        return type(error).__name__


# -- where --------------------------------------------------------------------------------------------------------


def _frame_lines(error: BaseException) -> list[str]:
    if _is_usage_error(error):  # the line that IPython made of a magic would only puzzle
        return []
    blocks = [_describe(place, sum(1 for _ in same)) for place, same in groupby(_shown_places(error))]
    if len(blocks) > MAX_FRAMES:
        head = MAX_FRAMES // 3
        blocks[head : head - MAX_FRAMES] = [[f"… {len(blocks) - MAX_FRAMES} more frames …"]]
    return [line for block in blocks for line in block]


def _shown_places(error: BaseException) -> list[_Place]:
    places = [place for place in _walk(error) if place.kind != "hidden"]
    ours = [index for index, place in enumerate(places) if place.kind != "library"]
    if ours:  # what stands before is the machinery that called the cell
        places = places[ours[0] :]
    return [
        place
        for index, place in enumerate(places)
        if place.kind != "library" or index + 1 == len(places) or places[index + 1].kind != "library"
    ]


def _walk(error: BaseException) -> Iterator[_Place]:
    for frame, line in traceback.walk_tb(error.__traceback__):
        file = frame.f_code.co_filename
        yield _Place(_kind(file, frame), file, line, frame.f_code.co_name)


def _kind(file: str, frame: FrameType) -> Kind:
    if CELL_NAME.fullmatch(file):
        return "cell"
    module = str(frame.f_globals.get("__name__", ""))
    if file.startswith((_HERE, "<frozen importlib")) or f"{module}.".startswith("IPython."):
        return "hidden"
    if file.startswith(("<", *_LIBRARIES)) or "site-packages" in file or "dist-packages" in file:
        return "library"
    return "own"


def _describe(place: _Place, times: int = 1) -> list[str]:
    lines = [_where(place)]
    if source := linecache.getline(place.file, place.line).strip():
        lines.append(f"    {source[:MAX_SOURCE_CHARS]}")
    if times > 1:
        lines.append(f"… the same {times - 1} more times …")
    return lines


def _where(place: _Place) -> str:
    cell = CELL_NAME.fullmatch(place.file)
    name = cell[1] if cell else _short_path(place)
    function = "" if place.function.startswith(("<module>", "<cell line")) else f", in {place.function}"
    return f"{name}, line {place.line}{function}"


def _short_path(place: _Place) -> str:
    if place.kind == "library":
        return _PLACES.sub("", place.file)
    try:
        relative = os.path.relpath(place.file)
    except OSError:  # the current folder is gone
        return place.file
    return place.file if relative.startswith("..") else relative


# -- why ----------------------------------------------------------------------------------------------------------


def _message_lines(error: BaseException) -> list[str]:
    if _is_usage_error(error):
        return [f"{type(error).__name__}: {_shorten(str(error))}"]
    lines = "".join(traceback.format_exception_only(type(error), error)).rstrip("\n").split("\n")
    if isinstance(error, SyntaxError):
        lines = [_name_file(line) for line in lines]
    lines += [
        f"  - {_first_line(inner)}" for inner in getattr(error, "exceptions", ())[:MAX_GROUPED] if _is_error(inner)
    ]
    return [_shorten("\n".join(lines))]


def _name_file(line: str) -> str:
    """Write ``File "<Cell 3>", line 2`` as all other frames are written."""
    found = re.fullmatch(r'\s*File "(.*)", line (\d+)', line)
    if not found:
        return line
    cell = CELL_NAME.fullmatch(found[1])
    return f"{cell[1] if cell else found[1]}, line {found[2]}"


def _is_usage_error(error: BaseException) -> bool:
    return type(error).__module__ == "IPython.core.error"


def _is_error(value: object) -> bool:
    return isinstance(value, BaseException)


def _shorten(text: str) -> str:
    if len(text) <= MAX_MESSAGE_CHARS:
        return text
    half = MAX_MESSAGE_CHARS // 2
    return f"{text[:half]}\n… {len(text) - 2 * half} characters left out …\n{text[-half:]}"


def _first_line(error: BaseException) -> str:
    lines = "".join(traceback.format_exception_only(type(error), error)).strip().split("\n")
    line = lines[-1] if isinstance(error, SyntaxError) else lines[0]
    return line if len(line) <= 300 else line[:300] + " …"


def _earlier(error: BaseException) -> list[str]:
    """Return a line for each exception that led to ``error``, oldest first."""
    lines: list[str] = []
    said = {_first_line(error)}
    for _ in range(MAX_EARLIER):
        cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        if cause is None:
            break
        word = "Caused by" if error.__cause__ else "While handling"
        text = _first_line(cause)
        if text not in said:  # libraries often raise the same error again
            said.add(text)
            lines.insert(0, f"{word}: {text}{_raised_at(cause)}")
        error = cause
    return lines


def _raised_at(error: BaseException) -> str:
    places = [place for place in _walk(error) if place.kind in {"cell", "own"}]
    return f" ({_where(places[-1])})" if places else ""
