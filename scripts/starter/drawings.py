"""Charts as code: what they show, as what kind, how they look, and the file they are saved to.

One idiom for all of them: read, keep the rows, plot, save. Follow-up requests change one part of a chart. Whether the
rows can be drawn as a kind is asked by ``TableChart.fits``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import PurePath
from random import Random

from offline_interpreter.records import Code
from starter.conditions import Condition
from starter.dialogue import Situation, Task
from starter.queries import AGGREGATES, kept, kept_rows, loading, said_conditions
from starter.tables import Table

FAMILY = "charts"
GENERAL = ("chart", "graph", "plot", "diagram")
SHOWN = {
    "bar": "bar chart",
    "barh": "horizontal bar chart",
    "pie": "pie chart",
    "line": "line chart",
    "area": "area chart",
    "scatter": "scatter plot",
    "hist": "histogram",
    "box": "box plot",
}
CALLED = {
    "bar": (
        *("bar chart", "bar chart", "bar chart", "bar graph", "bar plot", "barchart", "column chart", "bar diagram"),
        *("column graph", "chart with bars"),
    ),
    "barh": (
        *("horizontal bar chart", "horizontal bar chart", "horizontal bar graph", "horizontal bar plot"),
        *("sideways bar chart", "bar chart with horizontal bars", "horizontal barchart", "horizontal bar diagram"),
    ),
    "pie": ("pie chart", "pie chart", "pie", "pie graph", "pie plot", "pie diagram", "piechart"),
    "line": ("line chart", "line chart", "line graph", "line plot", "linechart", "line diagram"),
    "area": ("area chart", "area chart", "area plot", "area graph", "area diagram", "filled line chart"),
    "scatter": (
        *("scatter plot", "scatter plot", "scatter chart", "scatterplot", "scatter graph", "scatter diagram"),
        *("xy plot", "dot plot", "point plot"),
    ),
    "hist": ("histogram", "histogram", "histogram plot", "frequency histogram", "histogram chart"),
    "box": ("box plot", "boxplot", "box plot", "box chart", "box and whisker plot", "whisker plot"),
}
PERIODS = {"month": "M", "year": "Y", "quarter": "Q", "week": "W"}
NATURAL = {"by": "bar", "over": "line", "against": "scatter", "spread": "hist", "alone": "line"}  # not in files' names
HIGHEST_BARS = 40  # more bars take too long to draw


@dataclass(frozen=True, slots=True)
class Look:
    """What a person may ask of a chart beside what it shows. Numbers stand as in the request."""

    title: str = ""
    color: str = ""
    bins: str = ""
    size: str = ""
    x_label: str = ""
    y_label: str = ""
    grid: bool = False
    dpi: str = ""

    def arguments(self, kind: str, title: str) -> str:
        """Return what stands between the brackets of a plot, under a title of its own unless one was asked for."""
        title = self.title or title
        parts = [f'title="{title}"' if title else ""]
        parts += ['autopct="%.1f%%"'] if kind == "pie" else []
        parts += [f"bins={self.bins}"] if self.bins and kind == "hist" else []
        parts += [f'color="{self.color}"'] if self.color and kind != "pie" else []
        parts += [f"figsize=({self.size})"] if self.size else []
        return ", ".join(part for part in parts if part)

    def lines(self, file: str) -> list[str]:
        """Return the lines after the plot."""
        lines = [f'plt.xlabel("{self.x_label}")'] if self.x_label else []
        lines += [f'plt.ylabel("{self.y_label}")'] if self.y_label else []
        lines += ["plt.grid()"] if self.grid else []
        dpi = f", dpi={self.dpi}" if self.dpi else ""
        return [*lines, "plt.tight_layout()", f'plt.savefig("{file}"{dpi})']


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart(ABC):
    """A chart of some kind, saved to a file."""

    kind: str
    file: str = ""
    look: Look = field(default_factory=Look)

    @property
    @abstractmethod
    def what(self) -> str:
        """What it shows, in words."""

    @property
    def names(self) -> tuple[str, ...]:
        """The identifiers that the code has to copy."""
        return ()

    @abstractmethod
    def fits(self, kind: str) -> bool:
        """Return whether it can be drawn as a kind."""

    @abstractmethod
    def plotting(self) -> str:
        """Return the lines up to the plot."""

    def as_kind(self, kind: str) -> Chart:
        """Return the chart as another kind, in a file that is called like the one before and the kind."""
        path = PurePath(self.file)
        stem = path.stem
        for known in SHOWN:
            stem = stem.removesuffix(f"_{known}")
        stem = f"{stem}_{kind}"
        if path.stem == file_part(SHOWN[self.kind]):  # the file of given numbers is called after the kind alone
            stem = file_part(SHOWN[kind])
        look = replace(self.look, color="") if kind == "pie" else self.look
        return replace(self, kind=kind, file=f"{stem}{path.suffix}", look=look)

    def task(self, situation: Situation, request: str) -> Task:
        """Return the task of a request for it."""
        situation.done = {"chart": self}
        code = "\n".join(["import matplotlib.pyplot as plt", self.plotting(), *self.look.lines(self.file)])
        drawn = f"{self.what} as {with_article(SHOWN[self.kind])}"
        return Task(
            FAMILY,
            request,
            [Code(f"I'll draw {drawn}.", code)],
            lambda _: f"I drew {drawn} and saved it as {self.file}.",
            created=self.file,
            exact=False,
            names=self.names,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TableChart(Chart):
    """A chart of a table. ``shape`` says what of it.

    "by": the ``measure`` of the column (without a column: the rows) by a group, or by the ``period`` of a date;
    "over": columns over a time; "against": a column against another; "spread": how the column's values are
    distributed, by group or not; "alone": columns row by row. ``by`` is the group, time or other column; ``top`` keeps
    so many groups.
    """

    table: Table
    shape: str
    columns: tuple[str, ...] = ()
    by: str = ""
    measure: str = "sum"
    period: str = ""
    top: str = ""
    ordered: bool = False
    conditions: tuple[Condition, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The identifiers that the code has to copy: the file and the columns."""
        columns = [name for condition in self.conditions for name in condition.columns]
        return (self.table.file, *dict.fromkeys(name for name in (*self.columns, self.by, *columns) if name))

    @property
    def what(self) -> str:
        """What it shows, in words."""
        column = and_list(self.columns)
        phrases = {
            "by": f"the {self.measure} of {column} by {self.period or self.by}",
            "over": f"{column} over {self.by}",
            "against": f"{column} against {self.by}",
            "spread": f"the distribution of {column}" + (f" by {self.by}" if self.by else ""),
            "alone": column,
        }
        what = phrases[self.shape] if self.columns else f"the number of rows by {self.by}"
        return what + (f" (top {self.top})" if self.top else "") + said_conditions(self.conditions)

    @property
    def title(self) -> str:
        """The title that it gets where none is asked for."""
        return self._name() + said_conditions(self.conditions)

    def _name(self) -> str:
        if self.shape != "by":
            return replace(self, conditions=()).what.removeprefix("the ")
        top = f"top {self.top} " if self.top else ""
        measure = "" if self.measure == "sum" else f"{self.measure} "
        what = measure + self.columns[0] if self.columns else "rows"
        return f"{top}{what} by {self.period or self.by}"

    def own_file(self, ending: str = ".png") -> str:
        """Return the file's name where none is asked for."""
        filtered = "_filtered" if self.conditions else ""
        natural = "line" if self.period else NATURAL[self.shape]
        kind = "" if self.kind == natural else f"_{self.kind}"
        return f"{file_part(self._name())}{filtered}{kind}{ending}"

    def saved(self, ending: str = "") -> TableChart:
        """Return the chart saved under a name of its own."""
        return replace(self, file=self.own_file(ending or PurePath(self.file).suffix or ".png"))

    def plotting(self) -> str:
        """Return the lines up to the plot."""
        series, first = self._series()
        arguments = first + self.look.arguments(self.kind, self.title)
        return f"{loading(self.table.file)}{kept(self.conditions)}{series}.plot.{self.kind}({arguments})"

    def _series(self) -> tuple[str, str]:
        """Return what is plotted, and the arguments that say what of it."""
        listed = _quoted(self.columns)
        if self.shape in ("over", "against"):
            return "df", f'x="{self.by}", y={listed}, '
        if self.shape == "spread" and self.by:
            return "df", f'column={listed}, by="{self.by}", '
        if self.shape != "by":
            return f"df[{listed}]", ""
        key = f'"{self.by}"'
        if self.period:
            key = f'pd.to_datetime(df["{self.by}"]).dt.to_period("{PERIODS[self.period]}")'
        value = f"[{listed}].{AGGREGATES[self.measure][1]}()" if self.columns else ".size()"
        order = f".nlargest({self.top})" if self.top else ".sort_values(ascending=False)" if self.ordered else ""
        return f"df.groupby({key}){value}{order}", ""

    def fits(self, kind: str) -> bool:
        """Return whether its rows can be drawn as a kind."""
        rows = kept_rows(self.table, self.conditions)
        if self.period and len({_period(str(row[self.by]), self.period) for row in rows}) < 2:
            return False
        if len(rows) < 2 or (self.columns and not all(self._values(rows, column) for column in self.columns)):
            return False
        if kind in ("pie", "area"):
            low = (
                1e-9 if kind == "pie" and self.measure in ("minimum", "median") else 0
            )  # a pie of zeros cannot be drawn
            positive = all(value >= low for column in self.columns for value in self._values(rows, column))
            whole = all(row[column] is not None for row in rows for column in (*self.columns, self.by) if column)
            return positive and whole and all(any(self._values(rows, column)) for column in self.columns)
        if kind in ("bar", "barh"):
            return (len({row[self.by] for row in rows}) if self.shape == "by" else len(rows)) <= HIGHEST_BARS
        return True

    def _values(self, rows: Sequence[dict[str, object]], column: str) -> list[float]:
        return [float(str(row[column])) for row in rows if row[column] is not None]


def _period(day: str, period: str) -> tuple[int, ...]:
    """Return the period that a day is in."""
    value = date.fromisoformat(day)
    week = value.isocalendar()
    periods = {
        "month": (value.year, value.month),
        "year": (value.year,),
        "quarter": (value.year, (value.month + 2) // 3),
        "week": (week.year, week.week),
    }
    return periods[period]


def file_part(name: str) -> str:
    """Return words as they stand in a file's name."""
    return name.replace(", ", " ").replace(" ", "_")


def and_list(words: Sequence[str]) -> str:
    """Return words listed as in a sentence."""
    return " and ".join(part for part in (", ".join(words[:-1]), *words[-1:]) if part)


def with_article(noun: str) -> str:
    """Return a noun with a or an."""
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def with_kind(rng: Random, pattern: str, called: str) -> str:
    """Return a pattern with its kind of chart written in."""
    pattern = pattern.replace("a <chart>", with_article(called))
    for many in ("bars", "points", "pie"):
        if many.removesuffix("s") in called and rng.random() < 0.08:
            pattern = pattern.replace(f"as {with_article(called)}", f"as a {many}" if many == "pie" else f"as {many}")
    return pattern.replace("<chart>", called)


def _quoted(columns: Sequence[str]) -> str:
    listed = ", ".join(f'"{column}"' for column in columns)
    return listed if len(columns) == 1 else f"[{listed}]"
