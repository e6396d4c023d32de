"""Repair of what lies in the data: numbers written as text, words where a number was expected, files that are broken.

One look at what is there, then the right cell, or an honest answer with what was found or with the error.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from random import Random

from offline_interpreter.records import Code
from starter.dialogue import Situation, Task
from starter.families.tables import AGGREGATES, loading, request_text
from starter.likeness import closest, look, similar
from starter.names import column_name, file_name
from starter.phrasing import load_phrases
from starter.references import column_text
from starter.tables import Table, make_table

NAME = "repair"
PHRASES = load_phrases("tables")
NUMBERS_AS_TEXT = (
    "{} EUR",
    "{} USD",
    "${}",
    "€{}",
    "{} kg",
    "{} km",
    "{} €",
    "{}%",
    "approx. {}",
    "{}h",
    "{} pcs",
    "~{}",
)
FAILING = ("sum", "mean", "median")  # of texts; the largest of them is no error
AMOUNTS = (
    "price",
    "cost",
    "amount",
    "revenue",
    "weight",
    "salary",
    "fee",
    "budget",
    "total",
    "distance",
    "rate",
    "sales",
)
KEY = "text table"  # under which ``prepare`` leaves its table in the situation's notes
BROKEN = "broken file"


@dataclass(frozen=True, slots=True)
class TextTable:
    """A table with a column of numbers that are written as text, and what numbers they are."""

    table: Table
    column: str
    values: list[float]


def prepare(situation: Situation) -> None:
    """Lay a table with numbers written as text, and a file that cannot be read as what its ending says."""
    rng = situation.rng
    text_table = _text_table(rng, situation.held_out)
    situation.notes[KEY] = text_table
    situation.lay(text_table.table.file, text_table.table.content())
    ending = rng.choice(("csv", "csv", "xlsx", "json"))
    broken = file_name(rng, situation.held_out, ending)
    if broken not in situation.files:
        situation.notes[BROKEN] = broken
        situation.lay(
            broken, rng.choice((b"", b"", b"\n")) if ending == "csv" else rng.choice((b"", b"#!x", b"PK\x03"))
        )


def make(situation: Situation) -> Task:
    """Return a task of this family."""
    situation.done = {}
    kind = situation.rng.choices((_numbers_as_text, _words, _wrong_twice, _broken_file), (4, 3, 1.5, 1.5))[0]
    if kind is _broken_file and BROKEN not in situation.notes:
        kind = _words
    return kind(situation)


def _text_table(rng: Random, held_out: bool) -> TextTable:
    while True:
        table = make_table(rng, held_out)
        column = column_name(rng, AMOUNTS, held_out)
        file = file_name(rng, held_out)
        if column not in table.columns and file != table.file:
            break
    decimals = rng.choice((0, 1, 2, 2))
    values = [round(rng.uniform(1, 10 ** rng.choice((2, 3, 4))), decimals) for _ in range(table.rows)]
    form, grouped = rng.choice(NUMBERS_AS_TEXT), rng.random() < 0.3
    texts: list[object] = [form.format(f"{value:{',' if grouped else ''}.{decimals}f}") for value in values]
    columns = {**table.columns, column: texts}
    columns = {name: columns[name] for name in rng.sample(list(columns), len(columns))}
    return TextTable(Table(file, columns, table.numeric, table.groups, table.times), column, values)


def _request(situation: Situation, table: Table, kind: str, column: str) -> str:
    pattern = PHRASES["aggregate"].pick(situation.rng, situation.held_out)
    called = situation.rng.choice(AGGREGATES[kind][0])
    return request_text(situation, table, pattern, c=column_text(situation, column, pattern), agg=called)


def _failing(table: Table, kind: str, column: str) -> Code:
    what = f"I'll compute the {kind} of {column} in {table.file}."
    return Code(what, loading(table.file) + f'print(df["{column}"].{AGGREGATES[kind][1]}().round(2))')


def _look(column: str) -> Code:
    return Code(
        f"The column {column} holds text; I'll look at it.",
        f'texts = df["{column}"].dropna().astype(str)\n'
        'numbers = pd.to_numeric(texts.str.replace(r"[^0-9.-]", "", regex=True).str.strip("."), errors="coerce")\n'
        'print("Texts:", ", ".join(texts.head(3)))\n'
        'print("Numbers:", numbers.notna().sum(), "of", len(texts))',
    )


def _numbers_as_text(situation: Situation) -> Task:
    laid: TextTable = situation.notes[KEY]
    kind = situation.rng.choice(FAILING)
    truth = AGGREGATES[kind][2](laid.values)
    right = f'df["{laid.column}"] = numbers\nprint(df["{laid.column}"].{AGGREGATES[kind][1]}().round(2))'
    return Task(
        NAME,
        _request(situation, laid.table, kind, laid.column),
        [
            _failing(laid.table, kind, laid.column),
            _look(laid.column),
            Code(f"I'll take the numbers out of the texts and compute the {kind}.", right),
        ],
        lambda outputs: f"The {kind} of {laid.column} in {laid.table.file} is {outputs[2].strip()}.",
        lambda outputs: outputs[0].startswith("Cell") and abs(float(outputs[2]) - truth) <= 0.0051 + truth * 1e-9,
        names=(laid.table.file, laid.column),
    )


def _words(situation: Situation) -> Task:
    """Return a request for a figure of a column that holds words."""
    rng = situation.rng
    laid: TextTable = situation.notes[KEY]
    column, kind = rng.choice(laid.table.groups), rng.choice(FAILING)
    if any(re.search(r"\d", str(value)) for value in laid.table.columns[column]):
        return _numbers_as_text(situation)
    return Task(
        NAME,
        _request(situation, laid.table, kind, column),
        [_failing(laid.table, kind, column), _look(column)],
        lambda outputs: f"{column} has no {kind}, since it holds text: {_after(outputs[1], 'Texts: ')}.",
        lambda outputs: outputs[0].startswith("Cell") and "Numbers: 0 of" in outputs[1],
        names=(laid.table.file, column),
    )


def _after(printed: str, lead: str) -> str:
    return next(line.removeprefix(lead) for line in printed.splitlines() if line.startswith(lead))


def _wrong_twice(situation: Situation) -> Task:
    """Return a request that names a column of words wrongly: the right name fails as well, and the error is told."""
    rng = situation.rng
    laid: TextTable = situation.notes[KEY]
    column, kind = rng.choice(laid.table.groups), rng.choice(FAILING)
    wrong = similar(rng, column)
    if wrong in laid.table.columns or closest(wrong, laid.table.columns) != column:
        return _words(situation)
    looking = Code(f"There is no column {wrong}; I'll look at the columns.", look("Columns", "df.columns", wrong))
    return Task(
        NAME,
        _request(situation, laid.table, kind, wrong),
        [_failing(laid.table, kind, wrong), looking, _failing(laid.table, kind, column)],
        lambda outputs: f"It failed twice. The last error was: {outputs[2].splitlines()[-1]}",
        lambda outputs: outputs[0].startswith("Cell") and outputs[2].startswith("Cell"),
        names=(laid.table.file, wrong),
    )


def _broken_file(situation: Situation) -> Task:
    """Return a request for a file that cannot be read: a failure, a look at its size, and the error as the answer."""
    rng = situation.rng
    file: str = situation.notes[BROKEN]
    table = Table(file, {"a": [1]}, ["a"], ["a"], [])
    section = rng.choice(("rows", "columns", "column count", "shape"))
    shown = {
        "rows": ("I'll count the rows of", "len(df)"),
        "columns": ("I'll list the columns of", '", ".join(df.columns)'),
        "column count": ("I'll count the columns of", "len(df.columns)"),
        "shape": ("I'll count the rows and columns of", "len(df), len(df.columns)"),
    }[section]
    looking = Code(
        f"I can't read {file}; I'll look at its size.", f'import os\nprint(os.path.getsize("{file}"), "bytes")'
    )
    return Task(
        NAME,
        request_text(situation, table, PHRASES[section].pick(rng, situation.held_out)),
        [Code(f"{shown[0]} {file}.", loading(file) + f"print({shown[1]})"), looking],
        lambda outputs: f"I can't read {file} ({outputs[1].strip()}). The error was: {outputs[0].splitlines()[-1]}",
        lambda outputs: outputs[0].startswith("Cell"),
        names=(file,),
    )
