"""Requests that go on with a chart: as another kind, of another column or group, of some rows, in another look or file.

A follow-up's cell is the whole chart again with the change. Figures by group that were computed can be drawn as well.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import PurePath
from random import Random

from starter.chart_wishes import FORMATS, color_words, file_wish, label_wish, spelled, title_wish
from starter.conditions import Condition, make_condition
from starter.dialogue import Situation, Task
from starter.drawings import CALLED, SHOWN, Chart, TableChart, with_kind
from starter.phrasing import load_phrases, say
from starter.queries import AGGREGATES, ROWS, Query
from starter.references import column_text

PHRASES = load_phrases("charts")
CHANGEABLE = {  # kinds that a chart of a shape can be made into
    "by": ("bar", "barh", "pie", "line", "area"),
    "over": ("line", "area", "bar"),
    "against": ("scatter", "line"),
    "spread": ("hist", "box"),
    "alone": ("line", "area", "bar"),
}
OVER = {
    ">": ("above", "over", "greater than", "more than", "higher than", ">", "larger than"),
    "<": ("below", "under", "less than", "smaller than", "lower than", "<"),
}
RIGHT_BEFORE = re.compile(r"(of )?(for )?(to )?(the )?rows <where>")
Change = Callable[[Situation, Chart], Task | None]


def follow_up(situation: Situation) -> Task | None:
    """Return a request to change the chart drawn last, or to draw the figures computed last."""
    rng, done = situation.rng, situation.done
    if "query" in done:
        return _show(situation, done["query"])
    chart = done.get("chart")
    if not isinstance(chart, Chart):
        return None
    changes: dict[Change, float] = {_kind: 6, _save: 1.2, _format: 1.6, _title: 2}
    if chart.kind in ("bar", "barh"):
        changes[_turned] = 1.5
    if chart.kind != "pie":
        changes |= {_color: 2, _labels: 1}
    if isinstance(chart, TableChart):
        changes |= _table_changes(chart)
    while True:
        task = rng.choices(tuple(changes), tuple(changes.values()))[0](situation, chart)
        if task:
            return task


def _table_changes(chart: TableChart) -> dict[Change, float]:
    changes: dict[Change, float] = {_where: 2.5}
    if len(chart.columns) == 1:
        changes[_column] = 2.5
    if chart.shape == "by":
        changes |= {} if chart.period else {_group: 2.5}
        changes |= {_measure: 2.5} if chart.columns else {}
    return changes


def _say(situation: Situation, section: str, **slots: str) -> str:
    """Return the request of a section; "a <chart>" and such stand written in already where the slot is called chart."""
    rng = situation.rng
    pattern = PHRASES[section].pick(rng, situation.held_out)
    if "chart" in slots:
        pattern = with_kind(rng, pattern, slots["chart"])
    return say(rng, _loose(pattern), slots)


def _loose(pattern: str) -> str:
    """Return the pattern without a polite frame where its last words have no quotes around them."""
    return "." + pattern[1:] if pattern.endswith((" <title>", " <x>", " <y>", " <value>")) else pattern


# -- another kind -----------------------------------------------------------------------------------------------------


def _kind(situation: Situation, chart: Chart) -> Task | None:
    rng = situation.rng
    kinds = CHANGEABLE[chart.shape] if isinstance(chart, TableChart) else tuple(SHOWN)
    others = [kind for kind in kinds if kind != chart.kind and chart.fits(kind)]
    if not others:
        return None
    kind = rng.choice(others)
    request = _say(situation, "follow up kind", chart=rng.choice(CALLED[kind]))
    return chart.as_kind(kind).task(situation, request)


def _turned(situation: Situation, chart: Chart) -> Task | None:
    kind, section = ("barh", "follow up horizontal") if chart.kind == "bar" else ("bar", "follow up vertical")
    return chart.as_kind(kind).task(situation, _say(situation, section))


# -- what it shows ----------------------------------------------------------------------------------------------------


def _changed(situation: Situation, chart: TableChart, request: str) -> Task | None:
    return chart.saved().task(situation, request) if chart.fits(chart.kind) else None


def _column(situation: Situation, chart: Chart) -> Task | None:
    assert isinstance(chart, TableChart)
    others = [column for column in chart.table.numeric if column not in (*chart.columns, chart.by)]
    if not others:
        return None
    column = situation.rng.choice(others)
    slots = {"c": column_text(situation, column), "old": chart.columns[0]}
    changed = _untitled(replace(chart, columns=(column,)))
    return _changed(situation, changed, _say(situation, "follow up column", **slots)) if changed else None


def _group(situation: Situation, chart: Chart) -> Task | None:
    assert isinstance(chart, TableChart)
    others = [group for group in (*chart.table.groups, *chart.table.labels) if group != chart.by]
    if not others:
        return None
    group = situation.rng.choice(others)
    request = _say(situation, "follow up group", g=column_text(situation, group), old=chart.by)
    return _changed(situation, _untitled(replace(chart, by=group)), request)


def _measure(situation: Situation, chart: Chart) -> Task | None:
    assert isinstance(chart, TableChart)
    rng = situation.rng
    measure = rng.choice([name for name in AGGREGATES if name != chart.measure])
    called = rng.choice(AGGREGATES[measure][0])
    request = _say(situation, "follow up aggregate", agg=called, old=AGGREGATES[chart.measure][0][0])
    return _changed(situation, _untitled(replace(chart, measure=measure)), request)


def _untitled(chart: TableChart) -> TableChart:
    """Return the chart of something else: a title that was asked for before does not fit it any more."""
    return replace(chart, look=replace(chart.look, title="", x_label="", y_label=""))


def _where(situation: Situation, chart: Chart) -> Task | None:
    assert isinstance(chart, TableChart)
    kind = situation.rng.choices((_of_value, _of_group, _of_number, _of_any), (3, 3, 1.5, 2.5))[0]
    condition, request = kind(situation, chart)
    return _changed(situation, replace(chart, conditions=(condition,)), request)


def _of_value(situation: Situation, chart: TableChart) -> tuple[Condition, str]:
    _, value = _group_value(situation.rng, chart)
    condition = Condition(value, f'(df == "{value}").any(axis=1)', value, lambda row: value in row.values(), (), value)
    return condition, _say(situation, "follow up where", v=value)


def _of_group(situation: Situation, chart: TableChart) -> tuple[Condition, str]:
    column, value = _group_value(situation.rng, chart)
    code, said = f'df["{column}"] == "{value}"', f"{column} {value}"
    condition = Condition(value, code, said, lambda row: row[column] == value, (column,), value)
    return condition, _say(situation, "follow up where column", k=column_text(situation, column, "column"), v=value)


def _of_number(situation: Situation, chart: TableChart) -> tuple[Condition, str]:
    rng = situation.rng
    column, sign = rng.choice(chart.table.numeric), rng.choice("<>")
    number = rng.choice([value for value in chart.table.columns[column] if value is not None])
    limit = float(str(number))

    def keeps(row: object) -> bool:
        value = row[column] if isinstance(row, dict) else None
        return value is not None and (float(str(value)) > limit if sign == ">" else float(str(value)) < limit)

    condition = Condition("", f'df["{column}"] {sign} {number}', f"{column} {sign} {number}", keeps, (column,))
    slots = {"k": column_text(situation, column, "column"), "over": rng.choice(OVER[sign]), "v": str(number)}
    return condition, _say(situation, "follow up where number", **slots)


def _of_any(situation: Situation, chart: TableChart) -> tuple[Condition, str]:
    rng = situation.rng
    condition = make_condition(situation, chart.table, other_than=chart.by)
    pattern = PHRASES["follow up rows"].pick(rng, situation.held_out)
    if condition.clause.startswith(("for ", ",", "if ", "when ", "(")):  # these do not follow the word rows
        pattern = RIGHT_BEFORE.sub("<where>", pattern)
    return condition, say(rng, pattern, {"where": condition.clause})


def _group_value(rng: Random, chart: TableChart) -> tuple[str, str]:
    groups = [group for group in chart.table.groups if group != chart.by] or list(chart.table.groups)
    column = rng.choice(groups)
    return column, str(rng.choice([value for value in chart.table.columns[column] if value is not None]))


# -- how it looks -----------------------------------------------------------------------------------------------------


def _looking(situation: Situation, chart: Chart, request: str, **changes: str | bool) -> Task:
    return replace(chart, look=replace(chart.look, **changes)).task(situation, request)  # type: ignore[arg-type]


def _title(situation: Situation, chart: Chart) -> Task | None:
    title = title_wish(situation.rng)
    return _looking(situation, chart, _say(situation, "follow up title", title=title), title=title)


def _color(situation: Situation, chart: Chart) -> Task | None:
    text, color = color_words(situation.rng)
    return _looking(situation, chart, _say(situation, "follow up color", color=text), color=color)


def _labels(situation: Situation, chart: Chart) -> Task | None:
    rng = situation.rng
    pattern = PHRASES["follow up labels"].pick(rng, situation.held_out)
    labels = {slot: label_wish(rng) for slot in "xy" if f"<{slot}>" in pattern}
    request = say(rng, _loose(pattern), labels)
    return _looking(situation, chart, request, **{f"{slot}_label": label for slot, label in labels.items()})


# -- its file ---------------------------------------------------------------------------------------------------------


def _save(situation: Situation, chart: Chart) -> Task | None:
    file = file_wish(situation.rng, chart.kind)
    return replace(chart, file=file).task(situation, _say(situation, "follow up save", png=file))


def _format(situation: Situation, chart: Chart) -> Task | None:
    rng, path = situation.rng, PurePath(chart.file)
    ending = rng.choice([ending for ending in FORMATS if f".{ending}" != path.suffix])
    request = _say(situation, "follow up format", ending=spelled(rng, ending))
    if re.search("(not|of) png", request, re.IGNORECASE) and path.suffix != ".png":
        return None
    return replace(chart, file=f"{path.stem}.{ending}").task(situation, request)


# -- figures computed before ------------------------------------------------------------------------------------------


def _show(situation: Situation, query: object) -> Task | None:
    """Return a request to draw figures by group that were computed: as bars, or as the kind that it names."""
    if not isinstance(query, Query) or not query.group or (query.measure != ROWS and query.measure not in AGGREGATES):
        return None
    kind = situation.rng.choice(("bar", "bar", "bar", "barh", "pie", "line"))
    columns = (query.column,) if query.measure != ROWS else ()
    measure = query.measure if columns else "sum"
    chart = TableChart(
        kind=kind,
        table=query.table,
        shape="by",
        columns=columns,
        by=query.group,
        measure=measure,
        conditions=query.conditions,
    )
    if not chart.fits(kind):
        return None
    if kind == "bar" and situation.rng.random() < 0.6:
        return chart.saved().task(situation, _say(situation, "follow up show"))
    request = _say(situation, "follow up kind", chart=situation.rng.choice(CALLED[kind]))
    return chart.saved().task(situation, request)
