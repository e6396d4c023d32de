"""Charts of one table, saved to a file: by group, over time, against each other, distributions, one column alone.

Requests that go on with a chart are made in ``chart_follow_ups``, charts of given numbers in ``given_charts``.
"""

from __future__ import annotations

import re
from dataclasses import replace
from random import Random

from starter.chart_wishes import add_wishes, color_words
from starter.conditions import make_condition
from starter.dialogue import Situation, Task
from starter.drawings import CALLED, FAMILY, GENERAL, TableChart, and_list, file_part, with_kind
from starter.families import chart_follow_ups
from starter.numerals import SMALL_WORDS
from starter.phrasing import expand, load_phrases, say
from starter.queries import AGGREGATES
from starter.references import column_text, file_text, placed
from starter.tables import Table

__all__ = ["NAME", "file_part", "follow_up", "make"]
NAME = FAMILY
PHRASES = load_phrases("charts")
PERIOD_WORDS = {
    "month": ("month", "monthly"),
    "year": ("year", "yearly"),
    "quarter": ("quarter", "quarterly"),
    "week": ("week", "weekly"),
}
# The kinds that may be called just a chart, by section.
GENERAL_KINDS = {"by group": "bar", "count": "bar", "top groups": "bar", "over time": "line", "period": "line"}
GENERAL_KINDS |= {"alone": "line"}
ADJECTIVES = ("simple", "nice", "quick", "small", "big", "clear", "basic", "plain", "new", "good")


def make(situation: Situation) -> Task:
    """Return a task of this family."""
    rng = situation.rng
    while True:
        table = rng.choice(situation.tables)
        makers = {_by_group: 7.0, _count: 3.5, _share: 1.5, _spread: 2.2, _alone: 1.5}
        if table.times:
            makers[_over] = 6.0
        if len(table.numeric) > 1:
            makers[_against] = 2.0
        task = rng.choices(tuple(makers), tuple(makers.values()))[0](situation, table)
        if task:
            return task


def follow_up(situation: Situation) -> Task | None:
    """Return a request to change the chart drawn last, to draw another, or to draw the figures computed last."""
    if "chart" in situation.done and isinstance(situation.done["chart"], TableChart) and situation.rng.random() < 0.15:
        situation.done = {"table": situation.done["chart"].table}
        return make(situation)
    return chart_follow_ups.follow_up(situation)


def _by_group(situation: Situation, table: Table) -> Task | None:
    rng = situation.rng
    kind = _draw(rng, {"bar": 8, "barh": 1.5, "pie": 2, "line": 0.7, "area": 0.3})
    chart = TableChart(kind=kind, table=table, shape="by", columns=_columns(rng, table), by=_group(rng, table))
    section = "by group plain" if kind == "bar" and rng.random() < 0.3 else "by group"
    return _asked(situation, chart, section)


def _count(situation: Situation, table: Table) -> Task | None:
    rng = situation.rng
    kind = _draw(rng, {"bar": 6, "barh": 1, "pie": 2})
    chart = TableChart(kind=kind, table=table, shape="by", by=rng.choice(table.groups))
    section = _draw(rng, {"count": 5, "count plain": 6 if kind == "bar" else 0, "share count": 2})
    return _asked(situation, chart, section)


def _share(situation: Situation, table: Table) -> Task | None:
    rng = situation.rng
    counted = rng.random() < 0.35
    columns = () if counted else _columns(rng, table)
    chart = TableChart(kind="pie", table=table, shape="by", columns=columns, by=rng.choice(table.groups))
    return _asked(situation, chart, "share count" if counted else "share")


def _over(situation: Situation, table: Table) -> Task | None:
    rng = situation.rng
    kind = _draw(rng, {"line": 8, "area": 1, "bar": 0.7, "barh": 0.1})
    columns = _columns(rng, table, several=0.2)
    chart = TableChart(kind=kind, table=table, shape="over", columns=columns, by=rng.choice(table.times))
    return _asked(situation, chart, "over time plain" if kind == "line" and rng.random() < 0.4 else "over time")


def _against(situation: Situation, table: Table) -> Task | None:
    rng = situation.rng
    column, other = rng.sample(list(table.numeric), 2)
    chart = TableChart(kind="scatter", table=table, shape="against", columns=(column,), by=other)
    return _asked(situation, chart, "against plain" if rng.random() < 0.35 else "against")


def _spread(situation: Situation, table: Table) -> Task | None:
    rng = situation.rng
    kind = _draw(rng, {"hist": 3, "box": 2})
    grouped = kind == "box" and rng.random() < 0.5
    by = rng.choice(table.groups) if grouped else ""
    chart = TableChart(kind=kind, table=table, shape="spread", columns=_columns(rng, table), by=by)
    plain = kind == "hist" and rng.random() < 0.3
    return _asked(situation, chart, "by group" if grouped else "spread plain" if plain else "spread")


def _alone(situation: Situation, table: Table) -> Task | None:
    rng = situation.rng
    kind = _draw(rng, {"line": 6, "area": 1})
    chart = TableChart(kind=kind, table=table, shape="alone", columns=_columns(rng, table, several=0.2))
    return _asked(situation, chart, "alone plain" if kind == "line" and rng.random() < 0.45 else "alone")


def _draw(rng: Random, weights: dict[str, float]) -> str:
    return rng.choices(tuple(weights), tuple(weights.values()))[0]


def _columns(rng: Random, table: Table, several: float = 0.0) -> tuple[str, ...]:
    if len(table.numeric) > 1 and rng.random() < several:
        return tuple(rng.sample(list(table.numeric), 3 if len(table.numeric) > 2 and rng.random() < 0.25 else 2))
    return (rng.choice(table.numeric),)


def _group(rng: Random, table: Table) -> str:
    return rng.choice([*table.groups, *table.groups, *table.labels])


def _asked(situation: Situation, chart: TableChart, section: str) -> Task | None:
    """Return the task of a chart, asked for by a section's patterns and with wishes; None where it cannot be drawn."""
    rng = situation.rng
    pattern = PHRASES[section].pick(rng, situation.held_out)
    pattern = pattern[0] + expand(rng, pattern[1:])
    if chart.shape == "over" and chart.by.lower() in PERIOD_WORDS:
        pattern = pattern.replace("for each <t>", "by <t>")  # for each month means the months of dates
    slots = _slots(situation, chart, pattern, section)
    if chart.shape == "by" and chart.columns and section in ("by group", "by group plain", "period", "period plain"):
        chart, slots["c"] = _with_measure(rng, chart, slots["c"])
    if chart.period:
        pattern = _with_dates(situation, chart, pattern)
    clause = ""
    if rng.random() < 0.07:
        condition = make_condition(situation, chart.table, other_than=chart.by)
        chart, clause = replace(chart, conditions=(condition,)), f" {condition.clause}"
    if not chart.fits(chart.kind):
        return None
    if "<chart>" in pattern:
        called, color = _called(rng, chart.kind, section)
        chart = replace(chart, look=replace(chart.look, color=color))
        pattern = with_kind(rng, pattern, called)
    if clause:
        pattern += "<clause>"
    known = situation.done.get("table") is chart.table
    pattern = placed(situation, pattern, known)
    chart, pattern, wished = add_wishes(situation, chart.saved(), pattern)
    slots |= {"f": file_text(situation, chart.table, pattern), "clause": clause, **wished}
    return chart.task(situation, say(rng, pattern, slots))


def _slots(situation: Situation, chart: TableChart, pattern: str, section: str) -> dict[str, str]:
    """Return how the request names columns, groups and numbers."""
    rng = situation.rng
    slots = {slot: column_text(situation, chart.by, pattern) for slot in "gtd"} if chart.by else {}
    if re.search(r"(each|every) <", pattern):
        slots = {slot: text.removeprefix("the ") for slot, text in slots.items()}
    slots["c"] = and_list([column_text(situation, column, pattern) for column in chart.columns])
    if len(chart.columns) > 1 and rng.random() < 0.3:
        slots["c"] = f"both {slots['c']}" if len(chart.columns) == 2 else slots["c"].replace(" and ", ", ")
    if chart.period:
        slots["p"], slots["ply"] = PERIOD_WORDS[chart.period]
    if section == "top groups":
        slots["g"] = chart.by + ("s" if chart.by.islower() and chart.by[-1] not in "sy" and rng.random() < 0.3 else "")
        slots["n"] = SMALL_WORDS[int(chart.top)] if rng.random() < 0.12 else chart.top
    return slots


def _with_measure(rng: Random, chart: TableChart, column: str) -> tuple[TableChart, str]:
    """Return the chart of some measure, and how the request calls the measure of the column."""
    measure = _draw(rng, {"": 6, "mean": 3, "sum": 2, "maximum": 0.6, "minimum": 0.5, "median": 0.5})
    if not measure:
        return chart, column
    called = rng.choice(AGGREGATES[measure][0])
    column = column.removeprefix("the ") if rng.random() < 0.7 else f"of {column}"
    return replace(chart, measure=measure), f"{called} {column}"


def _with_dates(situation: Situation, chart: TableChart, pattern: str) -> str:
    """Return the pattern naming the column of dates, unless that is called date; "by month" may mean a column month."""
    rng = situation.rng
    if chart.by == "date" and "by <p>" not in pattern and rng.random() < 0.8:
        return pattern
    return f"{pattern}{PHRASES['dates'].pick(rng, situation.held_out)[1:]}"


def _called(rng: Random, kind: str, section: str) -> tuple[str, str]:
    """Return how the request calls the kind of chart, and the color that it names with it."""
    called = rng.choice(GENERAL if kind == GENERAL_KINDS.get(section) and rng.random() < 0.3 else CALLED[kind])
    if kind != "pie" and rng.random() < 0.06:
        word, color = color_words(rng)
        return f"{word} {called}", color
    return (f"{rng.choice(ADJECTIVES)} {called}" if rng.random() < 0.05 else called), ""
