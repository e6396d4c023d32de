"""Requests that go on with a figure of a table: another measure, column, group or value, and the order of groups."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from starter.conditions import VALUE_FORMS, make_condition, of_any_column, of_value
from starter.dialogue import Situation, Task
from starter.numerals import SMALL_WORDS
from starter.phrasing import load_phrases, say
from starter.queries import MEASURES, ROWS, Query, found
from starter.references import column_text

PHRASES = load_phrases("table_follow_ups")
FOLLOWED = {"sum": 3, "mean": 3, "maximum": 3, "minimum": 3, "median": 2, "variance": 0.3}  # as often; others once


def follow_up(situation: Situation) -> Task | None:
    """Return a request that changes one part of the query before, if there was one."""
    query = situation.done.get("query")
    if not isinstance(query, Query):
        return None
    changes: dict[Callable[[Situation, Query], Task], float] = {_only_where: 2, _by_group: 2}
    if query.measure == ROWS:
        changes[_figure_too] = 2
    else:
        named = query.conditions and query.conditions[-1].value  # "and for this" means another value then
        changes |= {_other_measure: 3, _other_column: 0 if named or len(query.table.numeric) < 2 else 3}
    if query.conditions:
        changes[_other_value] = 5 if query.conditions[-1].value else 0
    else:
        changes[_only_value] = 3
    if query.group:
        changes |= {_ordered: 3, _top: 3, _by_group: 1}
    changes = {change: weight for change, weight in changes.items() if weight}
    return situation.rng.choices(tuple(changes), tuple(changes.values()))[0](situation, query)


def _said(situation: Situation, section: str, **slots: str) -> str:
    return say(situation.rng, PHRASES[section].pick(situation.rng, situation.held_out), slots)


def _other_measure(situation: Situation, query: Query) -> Task:
    names = [name for name in MEASURES if name != query.measure]
    measure = situation.rng.choices(names, [FOLLOWED.get(name, 1) for name in names])[0]
    request = _said(situation, "measure", agg=situation.rng.choice(MEASURES[measure][0]))
    return replace(query, measure=measure).task(situation, request)


def _other_column(situation: Situation, query: Query) -> Task:
    column = situation.rng.choice([name for name in query.table.numeric if name != query.column])
    request = _said(situation, "column", c=column_text(situation, column))
    return replace(query, column=column).task(situation, request)


def _figure_too(situation: Situation, query: Query) -> Task:
    """Return a request for a figure of the rows that were counted."""
    rng = situation.rng
    measure = rng.choice(("sum", "mean", "maximum", "minimum"))
    column = rng.choice([name for name in query.table.numeric if name != query.group] or list(query.table.numeric))
    called = rng.choice(MEASURES[measure][0])
    request = _said(situation, "figure", agg=called, c=column_text(situation, column))
    return replace(query, measure=measure, column=column, order="", first=0).task(situation, request)


def _by_group(situation: Situation, query: Query) -> Task:
    groups = [name for name in query.table.groups if name != query.group] or list(query.table.groups)
    group = situation.rng.choice(groups)
    request = _said(situation, "group", g=column_text(situation, group))
    return replace(query, group=group, order="", first=0).task(situation, request)


def _only_value(situation: Situation, query: Query) -> Task:
    """Return the same for the rows of one value, which is named without its column."""
    rng, table = situation.rng, query.table
    value = rng.choice([str(value) for value in table.columns[rng.choice(table.groups)] if value is not None])
    request = _said(situation, "only", v=rng.choice(VALUE_FORMS).format(value))
    return replace(query, conditions=(of_any_column(value),)).task(situation, request)


def _only_where(situation: Situation, query: Query) -> Task:
    """Return the same for the rows that fulfil one condition more."""
    conditions = query.conditions
    taken = [query.group, *(name for condition in conditions for name in condition.columns)]
    for _ in range(8):
        condition = make_condition(situation, query.table, other_than=taken)
        conditions = (*query.conditions[:1], condition)
        if found(query.table, conditions, query.column):
            break
    request = _said(situation, "where", where=condition.clause)
    return replace(query, conditions=conditions).task(situation, request)


def _other_value(situation: Situation, query: Query) -> Task:
    """Return the same for another value of the last condition."""
    rng, last = situation.rng, query.conditions[-1]
    among = query.table.columns[last.columns[0] if last.columns else rng.choice(query.table.groups)]
    values = [str(value) for value in among if value is not None]
    value = rng.choice([value for value in values if value != last.value] or values)
    request = _said(situation, "other value", v=rng.choice(VALUE_FORMS).format(value))
    condition = of_value(last.columns[0], value) if last.columns else of_any_column(value)
    return replace(query, conditions=(*query.conditions[:-1], condition)).task(situation, request)


def _ordered(situation: Situation, query: Query) -> Task:
    pattern, _, order = PHRASES["order"].pick(situation.rng, situation.held_out).partition(" => ")
    request = say(situation.rng, pattern, {})
    return replace(query, order="ascending" if order == "up" else "descending", first=0).task(situation, request)


def _top(situation: Situation, query: Query) -> Task:
    rng = situation.rng
    pattern, _, order = PHRASES["top"].pick(rng, situation.held_out).partition(" => ")
    number = rng.choice((1, 2, 3, 3, 5, 10)) if "<n>" in pattern else 3
    request = say(rng, pattern, {"n": SMALL_WORDS[number] if rng.random() < 0.2 else str(number)})
    return replace(query, order="ascending" if order == "up" else "descending", first=number).task(situation, request)
