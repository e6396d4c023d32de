"""Figures of a table: a measure of a column or the number of rows, by group or not, of all rows or of some.

One idiom for all of them: read the table, keep the rows, print. Follow-up requests change one part of a query.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Literal

from offline_interpreter.records import Code
from starter.answers import close, close_list, listed
from starter.conditions import Condition
from starter.dialogue import Outputs, Situation, Task
from starter.tables import Table

FAMILY = "tables"
READERS = {".csv": "read_csv", ".xlsx": "read_excel", ".json": "read_json"}

# Per aggregate: how people call it, what code calls it, and what computes the truth.
Measures = dict[str, tuple[Sequence[str], str, Callable[[list[float]], float]]]
AGGREGATES: Measures = {
    "sum": (("total", "sum", "total", "overall", "sum total", "total sum"), "sum", sum),
    "mean": (
        ("average", "mean", "average", "avg", "mean", "arithmetic mean"),
        "mean",
        statistics.fmean,
    ),
    "maximum": (("maximum", "highest", "largest", "max", "biggest", "greatest", "maximal"), "max", max),
    "minimum": (("minimum", "lowest", "smallest", "min", "least", "minimal"), "min", min),
    "median": (("median", "median", "median value"), "median", statistics.median),
}
SPREADS: Measures = {
    "standard deviation": (
        ("standard deviation", "standard deviation", "std", "stdev", "std dev", "standard dev", "std deviation"),
        "std",
        lambda values: statistics.stdev(values) if len(values) > 1 else math.nan,
    ),
    "variance": (
        ("variance", "variance", "var", "sample variance"),
        "var",
        lambda values: statistics.variance(values) if len(values) > 1 else math.nan,
    ),
}
MEASURES: Measures = AGGREGATES | SPREADS
ROWS = "rows"


@dataclass(frozen=True, slots=True)
class Query:
    """A figure of a table. ``measure`` is one of ``MEASURES``, of ``column``, or ``ROWS``."""

    table: Table
    measure: str = ROWS
    column: str = ""
    group: str = ""
    conditions: tuple[Condition, ...] = ()
    order: Literal["", "descending", "ascending"] = ""  # of the groups, by their figures
    first: int = 0  # how many groups are wanted, if not all

    @property
    def said(self) -> str:
        """What it is, in words."""
        what = "number of rows" if self.measure == ROWS else f"{self.measure} of {self.column}"
        by = f" by {self.group}" if self.group else ""
        if self.first == 1:
            extreme = "highest" if self.order == "descending" else "lowest"
            return f"{extreme} {what}{by}{said_conditions(self.conditions)}"
        order = f" in {self.order} order" if self.order else ""
        first = f" (first {self.first})" if self.first else ""
        return what + by + said_conditions(self.conditions) + order + first

    @property
    def names(self) -> tuple[str, ...]:
        """The identifiers that the code has to copy: the file and the columns."""
        columns = [name for condition in self.conditions for name in condition.columns]
        return (self.table.file, *dict.fromkeys(name for name in (self.column, self.group, *columns) if name))

    def task(self, situation: Situation, request: str) -> Task:
        """Return the task of a request for it."""
        situation.done = {"table": self.table, "query": self}
        if not self.group and self.measure in AGGREGATES:
            situation.done |= {"aggregate": self.measure, "column": self.column}
        counting = self.said.replace("number of rows", "count the rows", 1)
        verb = counting if counting.startswith("count") else f"compute the {self.said}"
        code = loading(self.table.file) + kept(self.conditions) + self._printing()
        message = f"I'll {verb} in {self.table.file}."
        return Task(FAMILY, request, [Code(message, code)], self._answer, self._agrees, names=self.names)

    def _printing(self) -> str:
        order = {"": "", "descending": ".sort_values(ascending=False)", "ascending": ".sort_values()"}[self.order]
        order += f".head({self.first})" if self.first else ""
        if self.measure == ROWS:
            return printed_items(f'df["{self.group}"].value_counts(){order}') if self.group else "print(len(df))"
        method = MEASURES[self.measure][1]
        exact = method in ("max", "min")
        if self.group:
            rounding = "" if exact else ".round(2)"
            return printed_items(f'df.groupby("{self.group}")["{self.column}"].{method}(){rounding}{order}')
        figure = f'df["{self.column}"].{method}()'
        return f"print({figure})" if exact else f"print(round({figure}, 2))"

    def _answer(self, outputs: Outputs) -> str:
        if self.first == 1:
            return f"The {self.said} in {self.table.file} is {outputs[0].strip()}."
        if self.group:
            return listed(f"The {self.said}", outputs[0])
        if self.measure == ROWS and not self.conditions:
            return f"{self.table.file} has {outputs[0].strip()} rows."
        return f"The {self.said} in {self.table.file} is {outputs[0].strip()}."

    def _agrees(self, outputs: Outputs) -> bool:
        groups = self._truth()
        if not self.group:
            return close(outputs[0], groups[""])
        if not self.order:
            return close_list(outputs[0], groups)
        numbers = sorted(
            (value for value in groups.values() if not math.isnan(value)), reverse=self.order == "descending"
        )
        numbers += [math.nan] * (len(groups) - len(numbers))
        printed = [line.rpartition(": ")[2] for line in outputs[0].splitlines()]
        wanted = numbers[: self.first or None]
        return len(printed) == len(wanted) and all(map(close, printed, wanted))

    def _truth(self) -> Mapping[str, float]:
        found: dict[str, list[float]] = {} if self.group else {"": []}
        for row in kept_rows(self.table, self.conditions):
            if not self.group or row[self.group] is not None:
                value = row[self.column] if self.column else 0
                values = found.setdefault(str(row[self.group]) if self.group else "", [])
                values += [float(str(value))] if value is not None else []
        return {name: self._measured(values) for name, values in found.items()}

    def _measured(self, values: list[float]) -> float:
        if self.measure == ROWS:
            return len(values)
        if not values and self.measure != "sum":
            return math.nan
        return MEASURES[self.measure][2](values)


def question(
    situation: Situation,
    table: Table,
    request: str,
    code: str,
    *,
    doing: str,
    answer: Callable[[str], str],
    agrees: Callable[[str], bool],
    columns: Sequence[str] = (),
) -> Task:
    """Return the task of one cell on a table. ``answer`` and ``agrees`` are given what it printed."""
    situation.done = {"table": table}
    cells = [Code(f"I'll {doing} in {table.file}.", loading(table.file) + code)]
    return Task(
        FAMILY,
        request,
        cells,
        lambda outputs: answer(outputs[0].strip()),
        lambda outputs: agrees(outputs[0].strip()),
        names=(table.file, *columns),
    )


def loading(file: str) -> str:
    """Return the lines that read a table of any kind."""
    reader = READERS.get(PurePath(file).suffix.lower(), "read_csv")
    exactly = ", precise_float=True" if reader == "read_json" else ""  # else 0.7 is read as 0.7000000000000001
    return f'import pandas as pd\ndf = pd.{reader}("{file}"{exactly})\n'


def printed_items(series: str) -> str:
    """Return the lines that print a series, as ``name: value`` each."""
    return f'for name, value in {series}.items():\n    print(f"{{name}}: {{value}}")'


def kept(conditions: Sequence[Condition]) -> str:
    """Return the lines that keep only the rows that fulfil conditions."""
    return "".join(condition.line for condition in conditions)


def kept_rows(table: Table, conditions: Sequence[Condition]) -> list[dict[str, object]]:
    """Return the rows of a table that fulfil conditions."""
    rows = [dict(zip(table.columns, record, strict=True)) for record in table.records()]
    return [row for row in rows if all(condition.keeps(row) for condition in conditions)]


def said_conditions(conditions: Sequence[Condition]) -> str:
    """Return the words for conditions that follow what is asked for."""
    return " for " + " and ".join(condition.said for condition in conditions) if conditions else ""


def found(table: Table, conditions: Sequence[Condition], column: str = "") -> int:
    """Return how many rows fulfil conditions, not counting those with an empty cell in the column, if one is given."""
    return sum(not column or row[column] is not None for row in kept_rows(table, conditions))
