"""Changes of a table's rows and values: rows chosen, sorted, cleaned; gaps filled; values replaced and rounded."""

from __future__ import annotations

import statistics
from collections.abc import Callable

from starter.conditions import Condition, make_condition
from starter.dialogue import Situation, Task
from starter.families.table_columns import NEW_FORMS
from starter.families.table_saving import Change, Columns, ask, fresh, picked, rows_where
from starter.references import column_text
from starter.tables import Table

FILLERS = ("unknown", "none", "other", "not known", "not given", "Unknown", "Other", "-", "?")
MIDDLES: dict[str, Callable[[list[float]], float]] = {"mean": statistics.fmean, "median": statistics.median}
AWKWARD = ("rows", "counting", "considering", "taking", "records", "entries")  # in clauses that do not follow "rows"


# -- rows -------------------------------------------------------------------------------------------------------------


def chosen(situation: Situation, table: Table) -> Task:
    """Return the request to save the rows that fulfil a condition."""
    condition = _condition(situation, table)
    change = Change(
        f"save the rows with {condition.said} of {table.file}",
        condition.line,
        rows_where(table.columns, condition.keeps),
        "_filtered",
        (*condition.columns, condition.value),
        implied=False,
    )
    return ask(situation, table, _without_empty(change), picked(situation, "choose"), {"w": condition.clause})


def _condition(situation: Situation, table: Table) -> Condition:
    """Return a condition whose words follow "rows"."""
    while True:
        condition = make_condition(situation, table)
        first = condition.clause.split()[0]
        if not any(word in condition.clause for word in AWKWARD) and first not in ("and", "just", "only", "if", "when"):
            return condition


def _without_empty(change: Change) -> Change:
    return Change(
        **{name: getattr(change, name) for name in Change.__slots__} | {"names": tuple(filter(None, change.names))}
    )


def ordered(situation: Situation, table: Table) -> Task:
    """Return the request to sort by a column, or by two."""
    rng = situation.rng
    column = rng.choice(list(table.columns))
    going_on = "saved" in situation.done and situation.done["table"] is table and rng.random() < 0.6
    section = "follow sort" if going_on else rng.choices(("sort", "sort two"), (6, 1))[0]
    others = [name for name in table.columns if name != column]
    if section == "sort two" and others:
        second = rng.choice(others)
        code, said, columns = f'["{column}", "{second}"]', f"{column} and {second}", [second, column]
    else:
        section = "follow sort" if going_on else "sort"
        second, code, said, columns = "", f'"{column}"', column, [column]
    pattern, _, order = picked(situation, section).partition(" => ")
    down = order == "down"
    ties = len(set(table.columns[column])) < table.rows
    change = Change(
        f"sort {table.file} by {said}",
        f"df = df.sort_values({code}{', ascending=False' if down else ''})",
        _sorted(table.columns, columns, down),
        "_sorted",
        (column, *([second] if second else [])),
        implied=going_on,
        replaces=not ties,
        loose=ties,
    )
    slots = {"c": column_text(situation, column, pattern), "d": column_text(situation, second, pattern)}
    return ask(situation, table, change, pattern, slots)


def _sorted(columns: Columns, by: list[str], down: bool) -> Columns:
    """Return the rows sorted by columns, the last of them counting most; empty cells come last."""
    order = list(range(len(columns[by[0]])))
    for name in by:
        values = columns[name]
        full = sorted((i for i in order if values[i] is not None), key=lambda i: values[i], reverse=down)  # type: ignore[arg-type, return-value]
        order = full + [index for index in order if values[index] is None]
    return {name: [values[index] for index in order] for name, values in columns.items()}


def distinct(situation: Situation, table: Table) -> Task:
    """Return the request to remove rows that stand twice, or all but one for each value of a column."""
    rng = situation.rng
    section = "duplicates by" if rng.random() < 0.25 and fresh(situation, table) else "duplicates"
    pattern = picked(situation, section)
    column = rng.choice((*table.groups, *table.labels))
    by = [column] if section == "duplicates by" else list(table.columns)
    seen: set[tuple[object, ...]] = set()

    def first_time(row: dict[str, object]) -> bool:
        key = tuple(row[name] for name in by)
        new = key not in seen
        seen.add(key)
        return new

    subset = f'subset=["{column}"]' if section == "duplicates by" else ""
    change = Change(
        f"remove the duplicate rows of {table.file}" + (f" by {column}" if subset else ""),
        f"df = df.drop_duplicates({subset})",
        rows_where(table.columns, first_time),
        "_clean",
        (column,) if subset else (),
        removes="duplicate rows",
    )
    return ask(situation, table, change, pattern, {"c": column_text(situation, column, pattern)})


def complete(situation: Situation, table: Table) -> Task:
    """Return the request to remove the rows that have empty cells, anywhere or in one column."""
    rng = situation.rng
    section = "missing in" if rng.random() < 0.35 else "missing"
    pattern = picked(situation, section)
    column = rng.choice(list(table.missing or table.columns))
    among = [column] if section == "missing in" else list(table.columns)
    subset = f'subset=["{column}"]' if section == "missing in" else ""
    change = Change(
        f"remove the rows of {table.file} with missing values" + (f" in {column}" if subset else ""),
        f"df = df.dropna({subset})",
        rows_where(table.columns, lambda row: all(row[name] is not None for name in among)),
        "_clean",
        (column,) if subset else (),
        removes="rows with missing values",
    )
    return ask(situation, table, change, pattern, {"c": column_text(situation, column, pattern)})


# -- values -----------------------------------------------------------------------------------------------------------


def filled(situation: Situation, table: Table) -> Task | None:
    """Return the request to fill empty cells: with a value, a column's middle, or the value above."""
    rng = situation.rng
    column = rng.choice(list(table.missing or table.columns))
    number = column in table.numeric
    with_column = rng.random() < 0.5
    kinds = {"value": 3.0, "above": 0.6, "mean": 2.0 if number else 0.0, "median": 0.7 if number else 0.0}
    kind = rng.choices(tuple(kinds), tuple(kinds.values()))[0]
    value: object = rng.choice((0, 0, 0, 0, 1, -1, 999)) if number or not with_column else rng.choice(FILLERS)
    if not with_column and kind == "value" and rng.random() < 0.3:
        value = rng.choice(FILLERS)
    if not with_column and isinstance(value, str) and any(name in table.numeric for name in table.missing):
        return None
    pattern = picked(situation, f"fill {'value' if kind in MIDDLES else kind}{' in' if with_column else ''}")
    shown = f'"{value}"' if isinstance(value, str) else str(value)
    if kind in MIDDLES:
        code = f'df["{column}"].{kind}()' if with_column else f"df.{kind}(numeric_only=True)"
        code, called = f"{code}.round(2)", _middle_text(situation, kind)
    else:
        code = shown
        called = "zero" if value == 0 and rng.random() < 0.25 else rng.choice(NEW_FORMS).format(value)
    frame = f'df["{column}"]' if with_column else "df"
    source = frame if with_column or kind in MIDDLES or kind == "above" else "df.astype(object)"
    line = f"{frame} = {source}.ffill()" if kind == "above" else f"{frame} = {source}.fillna({code})"
    change = Change(
        f"fill the missing values {f'in {column} ' if with_column else ''}of {table.file}",
        line,
        _fill(table, [column] if with_column else list(table.columns), kind, value),
        "_clean",
        (column,) if with_column else (),
    )
    return ask(situation, table, change, pattern, {"v": called, "c": column_text(situation, column, pattern)})


def _middle_text(situation: Situation, kind: str) -> str:
    mean = ("the mean", "the average", "the mean", "its average", "the column mean", "its mean", "the average value")
    median = ("the median", "the median", "its median", "the column median", "the median value")
    return situation.rng.choice(mean if kind == "mean" else median)


def _fill(table: Table, among: list[str], kind: str, value: object) -> Columns:
    """Return the columns with their empty cells filled, where the kind fits."""
    columns = dict(table.columns)
    for name in among:
        above: object = None
        by = value if name in table.numeric else str(value)
        if kind in MIDDLES:
            by = round(MIDDLES[kind](table.numbers(name)), 2) if name in table.numeric else None
        values: list[object] = []
        for old in columns[name]:
            above = old if old is not None else above
            values.append(old if old is not None else above if kind == "above" else by)
        columns[name] = values
    return columns
