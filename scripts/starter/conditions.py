"""Conditions on a table's rows: how code, answers and people put them, and which rows fulfil them.

A value stands in code as it stands in the request: numbers bare, texts and dates quoted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from starter.dialogue import Situation
from starter.numerals import SMALL_WORDS, written
from starter.phrasing import expand, load_phrases
from starter.references import column_text
from starter.tables import Table

Row = Mapping[str, object]
PHRASES = load_phrases("conditions")
VALUE_FORMS = ("{}",) * 14 + ("'{}'", '"{}"', "`{}`")
ORDERS: dict[str, Callable[[float, float], bool]] = {
    ">": lambda a, b: a > b,
    "<": lambda a, b: a < b,
    ">=": lambda a, b: a >= b,
    "<=": lambda a, b: a <= b,
    "==": lambda a, b: a == b,
}


@dataclass(frozen=True, slots=True)
class Condition:
    """What rows have to fulfil: a clause of a request, code that is true for them, words for it, and the truth."""

    clause: str
    code: str
    said: str
    keeps: Callable[[Row], bool]
    columns: tuple[str, ...]
    value: str = ""  # the group's name, where the condition is that a column equals it

    @property
    def line(self) -> str:
        """The line that keeps only these rows."""
        return f"df = df[{self.code}]\n"


def make_condition(
    situation: Situation, table: Table, *, other_than: Sequence[str] = (), form: str = "where"
) -> Condition:
    """Return a condition on a column, not on some if possible.

    ``form``: "where" is a clause that follows a noun, "have" is what rows do.
    """
    rng = situation.rng
    groups = [name for name in table.groups if name not in other_than]
    numeric = [name for name in table.numeric if name not in other_than]
    kinds: dict[str, float] = {}
    if groups:
        kinds |= {"equal": 8, "any column": 2 if form == "where" else 0, "unequal": 1, "either": 1.2}
    if numeric:
        kinds |= {">": 3, "<": 2, ">=": 1.2, "<=": 1.2, "==": 1.5, "between": 1.5}
    if not kinds:
        return make_condition(situation, table, form=form)
    kind = rng.choices(tuple(kinds), tuple(kinds.values()))[0]
    if kind in ("equal", "any column", "unequal", "either"):
        return _of_group(situation, table, kind, rng.choice(groups), form)
    return _of_number(situation, table, kind, rng.choice(numeric), form)


def of_value(column: str, value: str, clause: str = "") -> Condition:
    """Return the condition that a column has a value."""
    code, said = f'df["{column}"] == "{value}"', f"{column} {value}"
    return Condition(clause or value, code, said, lambda row: row[column] == value, (column,), value)


def of_any_column(value: str, clause: str = "") -> Condition:
    """Return the condition that some column has a value, for requests that name no column."""
    code = f'(df == "{value}").any(axis=1)'
    return Condition(clause or value, code, value, lambda row: value in row.values(), (), value)


def either(first: Condition, second: Condition, clause: str) -> Condition:
    """Return the condition that at least one of two holds."""
    return Condition(
        clause,
        f"({first.code}) | ({second.code})",
        f"{first.said} or {second.said}",
        lambda row: first.keeps(row) or second.keeps(row),
        (*first.columns, *second.columns),
    )


def _clause(situation: Situation, section: str, form: str, column: str, **values: str) -> str:
    """Return the words of a condition, of the section and its form."""
    rng = situation.rng
    pattern = expand(rng, PHRASES[f"{section} {form}"].pick(rng, situation.held_out)[1:])
    named = column_text(situation, column, pattern) if column else ""
    text = pattern.replace("<c>", "\0")
    for slot, value in values.items():
        text = text.replace(f"<{slot}>", rng.choice(VALUE_FORMS).format(value) if slot in "vw" else value)
    return text.replace("\0", named)


def _of_group(situation: Situation, table: Table, kind: str, column: str, form: str) -> Condition:
    rng = situation.rng
    values = list(dict.fromkeys(str(value) for value in table.columns[column] if value is not None))
    value = rng.choice(values)
    if kind == "either" and len(values) > 1:
        value, other = rng.sample(values, 2)
        clause = _clause(situation, "either", form, column, v=value, w=other)
        code, said = f'df["{column}"].isin(["{value}", "{other}"])', f"{column} {value} or {other}"
        return Condition(clause, code, said, lambda row: row[column] in (value, other), (column,))
    if kind == "any column":
        clause = _clause(situation, "any column", form, "", v=value)
        return of_any_column(value, clause)
    if kind == "unequal":
        clause = _clause(situation, "unequal", form, column, v=value)
        code, said = f'df["{column}"] != "{value}"', f"{column} not {value}"
        return Condition(clause, code, said, lambda row: row[column] != value, (column,))
    clause = _clause(situation, "equal", form, column, v=value)
    return of_value(column, value, clause)


def _of_number(situation: Situation, table: Table, kind: str, column: str, form: str) -> Condition:
    rng = situation.rng
    values = sorted(value for value in table.columns[column] if isinstance(value, int | float))
    low, high = sorted((_limit(rng, values), _limit(rng, values)))
    low = rng.choice(values) if kind == "==" else low
    (text, code), (high_text, high_code) = _numeral(rng, low), _numeral(rng, high)
    if kind == "between":
        clause = _clause(situation, "between", form, column, a=text, b=high_text)
        return Condition(
            clause,
            f'df["{column}"].between({code}, {high_code})',
            f"{column} between {code} and {high_code}",
            lambda row: isinstance(value := row[column], int | float) and low <= value <= high,
            (column,),
        )
    section = "equal" if kind == "==" and rng.random() < 0.5 else kind
    clause = _clause(situation, section, form, column, **{"v" if section == "equal" else "a": text})
    said = f"{column} {code}" if kind == "==" else f"{column} {kind} {code}"
    return Condition(
        clause,
        f'df["{column}"] {kind} {code}',
        said,
        lambda row: isinstance(value := row[column], int | float) and ORDERS[kind](value, low),
        (column,),
    )


def _limit(rng: Random, values: list[int | float]) -> int | float:
    """Return a number to compare with: one of the values, or a rounder one near."""
    value = rng.choice(values)
    if rng.random() < 0.4:
        return value
    if isinstance(value, float) and abs(value) < 20 and rng.random() < 0.5:
        return round(value, 1)
    digits = len(str(abs(int(value)))) - rng.choice((1, 1, 2))
    return int(round(value, -max(digits, 0)))


def _numeral(rng: Random, value: int | float) -> tuple[str, str]:
    """Return a number as somebody writes it, and as code does."""
    if isinstance(value, float) or value < 0:
        return str(value), str(value)
    if value < len(SMALL_WORDS) and rng.random() < 0.08:
        return SMALL_WORDS[value], str(value)
    return written(rng, value).text, str(value)
