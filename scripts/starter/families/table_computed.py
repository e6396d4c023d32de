"""Columns computed of others: of two, of one and a number, or anew in their own place."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable
from random import Random

from starter.dialogue import Situation, Task
from starter.families.table_columns import NEW_FORMS, new_column
from starter.families.table_saving import Change, ask, fresh, part, picked
from starter.numerals import any_number
from starter.references import column_text
from starter.tables import Table

SIGNS: dict[str, Callable[[float, float], float]] = {
    "*": operator.mul,
    "/": operator.truediv,
    "+": operator.add,
    "-": operator.sub,
}
FACTORS = (
    2,
    3,
    4,
    5,
    7,
    10,
    12,
    24,
    52,
    60,
    100,
    365,
    1000,
    1.1,
    1.05,
    1.19,
    1.2,
    1.07,
    0.5,
    0.9,
    0.8,
    0.19,
    2.54,
    1.6,
)
PERCENT_FORMS = ("{}%", "{}%", "{}%", "{} %", "{} percent", "{} percent", "{} per cent")


def of_two(situation: Situation, table: Table) -> Task | None:
    """Return the request for a column computed of two others."""
    rng = situation.rng
    if len(table.numeric) < 2:
        return None
    first, second = rng.sample(list(table.numeric), 2)
    if rng.random() < 0.3:
        pattern, _, sign = picked(situation, "add column verbs").partition(" => ")
    else:
        expression, _, sign = part(situation, "expression").partition(" => ")
        pattern = picked(situation, "add column").replace("<e>", expression)
    if sign == "/" and 0 in table.numbers(second):
        return None
    name, called = new_column(situation, table)
    values: list[object] = [
        None if a is None or b is None else round(SIGNS[sign](float(str(a)), float(str(b))), 4)
        for a, b in zip(table.columns[first], table.columns[second], strict=True)
    ]
    change = Change(
        f"add the column {name} to {table.file}: {first} {sign} {second}",
        f'df["{name}"] = (df["{first}"] {sign} df["{second}"]).round(4)',
        table.columns | {name: values},
        "_new",
        (first, second, name),
    )
    slots = {"n": called, "a": rng.choice(NEW_FORMS).format(first), "b": rng.choice(NEW_FORMS).format(second)}
    return ask(situation, table, change, pattern, slots)


def of_one(situation: Situation, table: Table) -> Task | None:
    """Return the request for a column computed of another and a number, or of the whole column."""
    rng = situation.rng
    column = rng.choice(table.numeric)
    expression, _, rest = part(situation, "factor expression").partition(" => ")
    rest, slots = _numbers(rng, rest)
    if rest.startswith(".") and not fresh(situation, table):
        return None
    if rest == "share" and (table.missing.get(column) or abs(sum(table.numbers(column))) < 1):
        return None
    name, called = new_column(situation, table)
    pattern = picked(situation, "add column").replace("<e>", expression)
    change = Change(
        f"add the column {name} to {table.file}, computed of {column}",
        f'df["{name}"] = {_computed(column, rest)}',
        table.columns | {name: _values(table.columns[column], rest)},
        "_new",
        (column, name),
    )
    return ask(situation, table, change, pattern, slots | {"n": called, "a": rng.choice(NEW_FORMS).format(column)})


def changed(situation: Situation, table: Table) -> Task:
    """Return the request to compute a column anew: increased, multiplied, rounded."""
    rng = situation.rng
    column = rng.choice(table.numeric)
    pattern, _, rest = picked(situation, "change column").partition(" => ")
    rest, slots = _numbers(rng, rest)
    change = Change(
        f"change the column {column} of {table.file}",
        f'df["{column}"] = {_computed(column, rest)}',
        table.columns | {column: _values(table.columns[column], rest)},
        "_new",
        (column,),
    )
    return ask(situation, table, change, pattern, slots | {"a": column_text(situation, column, pattern)})


def _computed(column: str, rest: str) -> str:
    if rest.startswith("."):
        return f'df["{column}"]{rest}.round(4)'
    rest = f'/ df["{column}"].sum() * 100' if rest == "share" else rest
    return f'(df["{column}"] {rest}).round(4)'


def _numbers(rng: Random, rest: str) -> tuple[str, dict[str, str]]:
    """Return the code with its number, and the slots of the request."""
    numeral = any_number(rng, decimals=0.3)
    text, code = (str(k := rng.choice(FACTORS)), str(k)) if rng.random() < 0.5 else (numeral.text, numeral.code)
    percent = rng.choice(("5", "10", "15", "19", "20", "7", "25", "50", "8.5", "2.5", str(rng.randint(1, 99))))
    slots = {"k": text, "p": rng.choice(PERCENT_FORMS).format(percent), "q": percent}
    return rest.replace("<k>", code).replace("<q>", percent), slots


def _values(values: list[object], rest: str) -> list[object]:
    """Return what the code computes of a column: by a reading of its own."""
    known = [float(str(value)) for value in values if value is not None]
    if rest.startswith("."):
        if rest == ".cumsum()":
            sums = itertools.accumulate(known)
            return [None if value is None else round(next(sums), 4) for value in values]
        pairs = zip([None, *values], values, strict=False)
        return [None if a is None or b is None else round(float(str(b)) - float(str(a)), 4) for a, b in pairs]
    if rest == "share":
        return [None if value is None else round(float(str(value)) * 100 / sum(known), 4) for value in values]
    words = rest.replace("(", "").replace(")", "").split()
    number = float(words[-1])
    if len(words) > 2 and words[-2:] == ["/", "100"]:
        share = float(words[-3]) / 100
        number = {"+": 1 + share, "-": 1 - share}.get(words[-4], share)
        words = ["*"]
    if words[0] == "**":
        return [None if value is None else round(float(str(value)) * float(str(value)), 4) for value in values]
    return [None if value is None else round(SIGNS[words[0]](float(str(value)), number), 4) for value in values]
