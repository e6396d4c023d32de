"""Tables that fit the screen: columns that fit, a count of what was left out, never a wrapped mess.

Reads tables from the HTML that data frames give and finds those in plain text by the gaps that all lines share. It
knows neither styles nor spans that a data frame does not make.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from html.parser import HTMLParser
from itertools import groupby

from offline_interpreter.view.lines import columns, crop, fold, safe
from offline_interpreter.view.words import counted

INDENT = "  "
GAP = "  "
MAX_ROWS = 60
MAX_CELL_COLUMNS = 40
MAX_HTML_CHARS = 500_000

_NUMBER = re.compile(r"[-+−]?[\d.,\s]*\d[\d.,]*(e[-+]?\d+)?\s?%?|nan|inf|<na>|nat|none|\.\.\.|…|", re.IGNORECASE)
_SKIPPED_TAGS = ("style", "script")


@dataclass(frozen=True, slots=True)
class Table:
    """A table: cells are safe and of one line each; every row is as long as the header."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def make_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    """Build a table of any cells. Short rows miss cells at the left, where data frames join them."""
    body = [tuple(_cell(text) for text in row) for row in rows]
    top = tuple(_cell(text) for text in header)
    length = max([len(top), *(len(row) for row in body)])
    return Table(_padded(top, length), tuple(_padded(row, length) for row in body))


def _cell(text: str) -> str:
    return crop(" ".join(safe(text).split()), MAX_CELL_COLUMNS)


def _padded(row: tuple[str, ...], length: int) -> tuple[str, ...]:
    return ("",) * (length - len(row)) + row


def table_lines(table: Table, width: int) -> list[str]:
    """Return the header, the rows and what was left out, in at most ``width`` columns."""
    everything = [table.header, *table.rows[:MAX_ROWS]]
    widths = [max(columns(row[index]) for row in everything) for index in range(len(table.header))]
    shown = _columns_that_fit(widths, width)
    right = [all(_NUMBER.fullmatch(row[index]) for row in table.rows) for index in range(shown)]
    lines = [
        GAP.join(_aligned(row[index], widths[index], right=right[index]) for index in range(shown)).rstrip()
        for row in everything
    ]
    if len(table.rows) > MAX_ROWS:
        lines.append(f"… {counted(len(table.rows) - MAX_ROWS, 'more row')}")
    if left_out := table.header[shown:]:
        names = ", ".join(name for name in left_out if name)
        lines.append(f"… {counted(len(left_out), 'more column')}{': ' * bool(names)}{names}")
    return [crop(line, width) for line in lines]


def _columns_that_fit(widths: Sequence[int], width: int) -> int:
    used, shown = 0, 0
    for column in widths:
        used += column + (len(GAP) if shown else 0)
        if used > width and shown:
            break
        shown += 1
    return shown


def _aligned(text: str, width: int, *, right: bool) -> str:
    room = " " * (width - columns(text))
    return room + text if right else text + room


# -- HTML ---------------------------------------------------------------------------------------------------------


def read_html(html: str) -> tuple[list[Table], str]:
    """Return the tables of an HTML text, and the text that stands outside of them; of broken HTML, what was read."""
    reader = _Reader()
    with suppress(AssertionError):  # what the standard parser raises at declarations that it does not know
        reader.feed(html[:MAX_HTML_CHARS])
        reader.close()
    tables = [make_table(header or rows.pop(0), rows) for header, rows in reader.tables if header or rows]
    return tables, safe(" ".join("".join(reader.loose).split()))


class _Reader(HTMLParser):
    """Collects header and body rows of each table; several header rows become one."""

    def __init__(self) -> None:
        super().__init__()
        self.tables: list[tuple[list[str], list[list[str]]]] = []
        self.loose: list[str] = []
        self._row: list[str] | None = None
        self._in_head = self._in_cell = False
        self._span = 1
        self._skipped = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self.tables.append(([], []))
        elif tag in ("thead", "tbody"):
            self._in_head = tag == "thead"
        elif tag == "tr" and self.tables:
            self._row = []
        elif tag in ("td", "th") and self._row is not None:
            span = (dict(attrs).get("colspan") or "")[:3]
            self._span = int(span) if span.isdecimal() else 1
            self._row.append("")
            self._in_cell = True
        elif tag in _SKIPPED_TAGS:
            self._skipped += 1

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th") and self._row:
            self._row.extend([""] * (self._span - 1))
            self._in_cell = False
        elif tag == "tr" and self._row is not None:
            self._end_row(self._row)
            self._row = None
        elif tag == "thead":
            self._in_head = False
        elif tag in _SKIPPED_TAGS:
            self._skipped = max(self._skipped - 1, 0)

    def handle_data(self, data: str) -> None:
        if self._skipped:
            return
        if self._in_cell and self._row:
            self._row[-1] += data
        elif self._row is None:
            self.loose.append(data)

    def _end_row(self, row: list[str]) -> None:
        header, rows = self.tables[-1]
        if not self._in_head:
            rows.append(row)
        elif len(header) == len(row):
            header[:] = [" ".join(filter(None, pair)) for pair in zip(header, row, strict=True)]
        else:
            header[:] = row


# -- plain text ---------------------------------------------------------------------------------------------------


def fit_lines(lines: Sequence[str], width: int) -> list[str]:
    """Indent lines of output and make them fit: a table loses columns, a wide one its indent, other text is folded."""
    fitted = []
    for blank, group in groupby(lines, key=lambda line: not line.strip()):
        run = list(group)
        fitted += [""] * len(run) if blank else _fit_run(run, width)
    return fitted


def _fit_run(run: list[str], width: int) -> list[str]:
    run = [line.expandtabs() for line in run]
    widest = max(columns(line) for line in run)
    if widest <= width - len(INDENT):
        return [INDENT + line for line in run]
    if widest <= width:
        return run
    room = width - len(INDENT)
    table = _cropped_table(run, room)
    return [INDENT + line for line in table or [piece for line in run for piece in fold(line, room)]]


def _cropped_table(run: list[str], room: int) -> list[str]:
    """Cut a table of text between two columns; return nothing when it is none, or when not one column fits."""
    starts = _column_starts(run)
    kept = [start for start in starts if start - len(GAP) <= room]
    if len(run) < 2 or len(starts) < 2 or not kept:
        return []
    left_out = len(starts) - len(kept) + 1
    return [*(line[: kept[-1]].rstrip() for line in run), f"… {counted(left_out, 'more column')}"]


def _column_starts(run: list[str]) -> list[int]:
    """Return where columns begin: after gaps of two blanks or more that all lines of a table share."""
    length = min(len(line) for line in run)
    blank = [all(line[index] == " " for line in run) for index in range(length)]
    return [index for index in range(3, length) if blank[index - 1] and blank[index - 2] and not blank[index]]
