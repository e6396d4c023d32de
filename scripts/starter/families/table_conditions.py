"""Questions about some rows of a table: how many fulfil a condition, which they are, their figures and their share."""

from __future__ import annotations

from pathlib import PurePath

from offline_interpreter.records import Code
from starter.answers import joined
from starter.conditions import Condition, either, make_condition, of_any_column, of_value
from starter.dialogue import Situation, Task
from starter.families import table_follow_ups, tables
from starter.families.tables import request_text
from starter.phrasing import load_phrases
from starter.queries import FAMILY, MEASURES, ROWS, Query, found, kept, kept_rows, loading, said_conditions
from starter.references import column_text
from starter.tables import Table

NAME = FAMILY
PHRASES = load_phrases("table_conditions")
ROW_NOUNS = ("rows",) * 8 + (
    *("entries", "records", "lines", "items", "orders", "customers", "people", "students", "products", "cases"),
    *("sales", "employees", "data points", "rows of data", "ones", "persons", "players", "observations", "places"),
)
MOST_CELLS = 30  # that a request to show rows finds
MOST_NAMES = 8
MEASURE_WEIGHTS = (6, 5, 2, 2, 1, 0.3, 0.1)

follow_up = table_follow_ups.follow_up


def make(situation: Situation) -> Task:
    """Return a task of this family."""
    kinds = (_count, _figure, _by_group, _rows, _names, _lookup)
    kind = situation.rng.choices(kinds, (6, 5, 1.5, 3, 2, 2))[0]
    return kind(situation, situation.rng.choice(situation.tables))


def _conditions(
    situation: Situation, table: Table, form: str, without: str = "", figure: str = ""
) -> tuple[tuple[Condition, ...], str]:
    """Return one condition, or two that must both hold or of which one must, and their words in the request.

    None is on the column ``without``; rows with a figure are left, where there is a column of figures.
    """
    for _ in range(8):
        conditions, clause = _any_conditions(situation, table, form, [without])
        if found(table, conditions, figure):
            break
    return conditions, clause


def _any_conditions(
    situation: Situation, table: Table, form: str, without: list[str]
) -> tuple[tuple[Condition, ...], str]:
    rng = situation.rng
    first = make_condition(situation, table, other_than=without, form=form)
    if rng.random() < 0.75 or not first.columns:
        return (first,), first.clause
    start = first.clause.split(maxsplit=1)[0]
    for _ in range(12):
        second = make_condition(situation, table, other_than=[*without, *first.columns], form=form)
        if second.columns and second.clause.split(maxsplit=1)[0] == start:
            break
    else:
        return (first,), first.clause
    more = second.clause.split(maxsplit=1)[1] if rng.random() < 0.6 else second.clause
    if (
        first.columns
        and " or " not in first.clause + more
        and " and " not in first.clause + more
        and rng.random() < 0.3
    ):
        clause = f"{first.clause} or {more}"
        return (either(first, second, clause),), clause
    joint = rng.choice(("and", "and", "and", "and also", "and" if form == "have" else "but only"))
    return (first, second), f"{first.clause} {joint} {more}"


def _nouns(situation: Situation, table: Table) -> str:
    """Return what a person calls the rows."""
    stem = PurePath(table.file).stem
    if stem.isalpha() and stem.islower() and situation.rng.random() < 0.2:
        return stem
    return situation.rng.choice(ROW_NOUNS)


def _asked(situation: Situation, table: Table, section: str) -> tuple[tuple[Condition, ...], str]:
    """Return conditions, and a request of a section for the rows that fulfil them."""
    rng = situation.rng
    pattern = PHRASES[section].pick(rng, situation.held_out)
    if "<have>" in pattern:
        conditions, clause = _conditions(situation, table, "have")
    else:
        conditions, clause = _conditions(situation, table, "where")
    slots = {"r": _nouns(situation, table), "where": clause, "have": clause}
    return conditions, request_text(situation, table, pattern, **slots)


# -- figures ----------------------------------------------------------------------------------------------------------


def _count(situation: Situation, table: Table) -> Task:
    rng = situation.rng
    if rng.random() < 0.25:
        return _count_value(situation, table)
    conditions, request = _asked(situation, table, rng.choice(("count where", "count have")))
    return Query(table, conditions=conditions).task(situation, request)


def _count_value(situation: Situation, table: Table) -> Task:
    """Return the request how often a value stands in a column."""
    rng = situation.rng
    condition = make_condition(situation, table)
    while not (condition.value and condition.columns):
        condition = make_condition(situation, table)
    pattern = PHRASES["count value"].pick(rng, situation.held_out)
    quoted = rng.choice(("{}",) * 6 + ("'{}'", '"{}"')).format(condition.value)
    column = column_text(situation, condition.columns[0], pattern)
    request = request_text(situation, table, pattern, v=quoted, c=column, r=_nouns(situation, table))
    return Query(table, conditions=(condition,)).task(situation, request)


def _figure(situation: Situation, table: Table) -> Task:
    rng = situation.rng
    measure = rng.choices(tuple(MEASURES), MEASURE_WEIGHTS)[0]
    column = rng.choice(table.numeric)
    conditions, clause = _conditions(situation, table, "where", figure=column)
    pattern = _with_clause(situation, measure, "aggregate")
    called = rng.choice(MEASURES[measure][0])
    slots = {"c": column_text(situation, column, pattern), "agg": called, "where": clause}
    request = request_text(situation, table, pattern, **slots)
    return Query(table, measure, column, conditions=conditions).task(situation, request)


def _by_group(situation: Situation, table: Table) -> Task:
    rng = situation.rng
    group = rng.choice(table.groups)
    counted = rng.random() < 0.2
    measure = ROWS if counted else rng.choices(tuple(MEASURES), MEASURE_WEIGHTS)[0]
    column = "" if counted else rng.choice(table.numeric)
    condition = make_condition(situation, table, other_than=[group])
    section = "group count" if counted else "group"
    pattern = tables.PHRASES[section].pick(rng, situation.held_out) + " <where>"
    slots = {"g": column_text(situation, group, pattern), "where": condition.clause}
    if not counted:
        slots |= {"c": column_text(situation, column, pattern), "agg": rng.choice(MEASURES[measure][0])}
    request = request_text(situation, table, pattern, **slots)
    return Query(table, measure, column, group, (condition,)).task(situation, request)


def _with_clause(situation: Situation, measure: str, section: str) -> str:
    """Return a pattern that asks for a figure under a condition: of its own section, or a plain one and the clause."""
    rng = situation.rng
    if rng.random() < 0.5:
        return PHRASES[f"{section} where"].pick(rng, situation.held_out)
    section = measure if measure in tables.PHRASES and rng.random() < 0.4 else section
    pattern = tables.PHRASES[section].pick(rng, situation.held_out)
    return f"{pattern.replace(' <f>', '')} <where>"


# -- the rows themselves ----------------------------------------------------------------------------------------------


def _rows(situation: Situation, table: Table) -> Task:
    for _ in range(10):
        conditions, request = _asked(situation, table, "show")
        count = found(table, conditions)
        if count * len(table.columns) <= MOST_CELLS:
            break
    else:
        return _count(situation, table)
    query = Query(table, conditions=conditions)
    situation.done = {"table": table, "query": query}
    what = f"the rows{said_conditions(conditions)}"
    return Task(
        NAME,
        request,
        [
            Code(
                f"I'll show {what} in {table.file}.",
                loading(table.file) + kept(conditions) + "print(df.to_string(index=False))",
            )
        ],
        lambda _: f"{what.capitalize()[:3]}{what[3:]} in {table.file} are shown above.",
        lambda outputs: count == 0 or len(outputs[0].rstrip("\n").split("\n")) == count + 1,
        names=query.names,
    )


def _names(situation: Situation, table: Table) -> Task:
    """Return the request for the names, or the groups, of the rows that fulfil conditions."""
    rng = situation.rng
    column = rng.choice([*table.labels, *table.labels, *table.groups])
    pattern = PHRASES["names"].pick(rng, situation.held_out)
    form = "have" if "<has>" in pattern else "where"
    for _ in range(10):
        conditions, clause = _conditions(situation, table, form, column)
        values = list(
            dict.fromkeys(str(row[column]) for row in kept_rows(table, conditions) if row[column] is not None)
        )
        if 1 <= len(values) <= MOST_NAMES:
            break
    if len(values) > 2 * MOST_NAMES:
        return _count(situation, table)
    slots = {"l": column_text(situation, column, pattern), "where": clause, "has": _singular(clause)}
    request = request_text(situation, table, pattern, **slots)
    return _values(situation, Query(table, conditions=conditions), column, request, values)


def _lookup(situation: Situation, table: Table) -> Task:
    """Return the request for what stands in a column beside a name."""
    rng = situation.rng
    among = rng.choice(table.labels or table.groups)
    others = [name for name in table.columns if name != among and name not in table.dates]
    column = rng.choice(others)
    value = rng.choice([str(value) for value in table.columns[among] if value is not None])
    pattern = PHRASES["lookup"].pick(rng, situation.held_out)
    named = rng.random() < 0.5 and "<of>" in pattern
    condition = of_value(among, value) if named else of_any_column(value)
    text = rng.choice(("{}",) * 6 + ("'{}'", '"{}"')).format(value)
    label = column_text(situation, among, pattern)
    forms = ("of {0} {1}", "of the {0} {1}", "for {0} {1}", "where {0} is {1}", "for the {0} {1}", "with {0} {1}")
    of = rng.choice(forms if named else ("of {1}", "of {1}", "for {1}")).format(label, text)
    request = request_text(situation, table, pattern, l=column_text(situation, column, pattern), v=text, of=of)
    query = Query(table, conditions=(condition,))
    rows = kept_rows(table, query.conditions)
    values = list(dict.fromkeys(str(row[column]) for row in rows if row[column] is not None))
    if len(values) > MOST_NAMES or (column in table.missing and column in table.numeric):
        return _names(situation, table)
    return _values(situation, query, column, request, values)


def _values(situation: Situation, query: Query, column: str, request: str, values: list[str]) -> Task:
    """Return the task of listing the different values of a column in the rows of a query."""
    table = query.table
    situation.done = {"table": table}
    what = f"values of {column}{said_conditions(query.conditions)}"
    printing = f'print(", ".join(df["{column}"].dropna().astype(str).unique()))'
    return Task(
        NAME,
        request,
        [Code(f"I'll list the {what} in {table.file}.", loading(table.file) + kept(query.conditions) + printing)],
        lambda outputs: joined(f"The {what} in {table.file}", outputs[0]),
        lambda outputs: outputs[0].strip() == ", ".join(values),
        names=(table.file, column, *query.names[1:]),
    )


def _singular(clause: str) -> str:
    """Return a verb phrase of several as one of a single thing: "have price 5" becomes "has price 5"."""
    verb, _, rest = clause.partition(" ")
    forms = {"have": "has", "are": "is", "do": "does", "don't": "doesn't", "reach": "reaches"}
    singular = f"{forms.get(verb, verb + 's')} {rest}"
    return singular.replace(" and have ", " and has ").replace(" or have ", " or has ")
