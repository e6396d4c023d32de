"""Questions about one table: its rows and columns, a column's values and figures, figures by group, and follow-ups."""

from __future__ import annotations

from offline_interpreter.records import Code
from starter.answers import joined
from starter.dialogue import Situation, Task
from starter.families import table_follow_ups
from starter.numerals import SMALL_WORDS
from starter.phrasing import Phrases, load_phrases, say
from starter.queries import AGGREGATES, FAMILY, MEASURES, ROWS, Query, loading
from starter.references import column_text, file_text, placed
from starter.tables import Table, wanted_rows

__all__ = ["AGGREGATES", "NAME", "asked", "cell", "follow_up", "loading", "make", "request_text"]
NAME = FAMILY
PHRASES = load_phrases("tables")
MOST_LABELS = 20  # that a request lists


def make(situation: Situation) -> Task:
    """Return a task of this family."""
    kinds = (_rows, _column_count, _shape, _columns, _head, _tail, _aggregate, _distinct, _values, _group, _group_count)
    return situation.rng.choices(kinds, (2, 1, 0.8, 2, 2.2, 1, 7, 1.2, 1.2, 5, 2))[0](
        situation, situation.rng.choice(situation.tables)
    )


def follow_up(situation: Situation) -> Task | None:
    """Return a request that goes on with the figures, or with the table, of the one before."""
    if situation.rng.random() < 0.85:
        return table_follow_ups.follow_up(situation)
    if "table" not in situation.done:
        return None
    kind = situation.rng.choice((_rows, _column_count, _columns, _head, _tail, _aggregate, _group, _values))
    return kind(situation, situation.done["table"])


def cell(table: Table, message: str, expression: str) -> list[Code]:
    """Return the one cell that loads a table and prints an expression."""
    return [Code(message, loading(table.file) + f"print({expression})")]


def request_text(situation: Situation, table: Table, pattern: str, **slots: str) -> str:
    """Return the request that a pattern makes of the table and the slots."""
    known = situation.done.get("table") is table
    pattern = placed(situation, pattern, known)
    return say(situation.rng, pattern, {"f": file_text(situation, table, pattern), **slots})


def asked(situation: Situation, table: Table, phrases: Phrases, **columns: str) -> tuple[str, str]:
    """Return a request of the table and its columns, and what its pattern means (behind =>, "" without)."""
    pattern, _, meaning = phrases.pick(situation.rng, situation.held_out).partition(" => ")
    slots = {slot: column_text(situation, column, pattern) for slot, column in columns.items()}
    return request_text(situation, table, pattern, **slots), meaning


# -- facts about the whole table --------------------------------------------------------------------------------------


def _rows(situation: Situation, table: Table) -> Task:
    request = request_text(situation, table, PHRASES["rows"].pick(situation.rng, situation.held_out))
    return Query(table).task(situation, request)


def _column_count(situation: Situation, table: Table) -> Task:
    request = request_text(situation, table, PHRASES["column count"].pick(situation.rng, situation.held_out))
    situation.done = {"table": table}
    return Task(
        NAME,
        request,
        cell(table, f"I'll count the columns of {table.file}.", "len(df.columns)"),
        lambda outputs: f"{table.file} has {outputs[0].strip()} columns.",
        lambda outputs: int(outputs[0]) == len(table.columns),
        names=(table.file,),
    )


def _shape(situation: Situation, table: Table) -> Task:
    request = request_text(situation, table, PHRASES["shape"].pick(situation.rng, situation.held_out))
    situation.done = {"table": table}
    return Task(
        NAME,
        request,
        cell(table, f"I'll count the rows and columns of {table.file}.", "len(df), len(df.columns)"),
        lambda outputs: "{} has {} rows and {} columns.".format(table.file, *outputs[0].split()),
        lambda outputs: outputs[0].split() == [str(table.rows), str(len(table.columns))],
        names=(table.file,),
    )


def _columns(situation: Situation, table: Table) -> Task:
    request = request_text(situation, table, PHRASES["columns"].pick(situation.rng, situation.held_out))
    situation.done = {"table": table}
    return Task(
        NAME,
        request,
        cell(table, f"I'll list the columns of {table.file}.", '", ".join(df.columns)'),
        lambda outputs: f"The columns of {table.file} are: {outputs[0].strip()}.",
        lambda outputs: outputs[0].strip() == ", ".join(table.columns),
        names=(table.file,),
    )


def _head(situation: Situation, table: Table) -> Task:
    section = situation.rng.choices(("head", "look"), (2, 1))[0]
    return _some_rows(situation, table, section, "first", "head")


def _tail(situation: Situation, table: Table) -> Task:
    return _some_rows(situation, table, "tail", "last", "tail")


def _some_rows(situation: Situation, table: Table, section: str, which: str, method: str) -> Task:
    """Return the request to show the first or last rows: five where it gives no number."""
    rng = situation.rng
    pattern = PHRASES[section].pick(rng, situation.held_out)
    pattern, _, meant = pattern.partition(" => ")
    number = wanted_rows(rng, table) if "<n>" in pattern else int(meant or 5)
    written = SMALL_WORDS[number] if number < len(SMALL_WORDS) and rng.random() < 0.25 else str(number)
    request = request_text(situation, table, pattern, n=written)
    situation.done = {"table": table}
    first = str(next(iter(table.columns)))
    message = f"I'll show the {which} {number} rows of {table.file}."
    return Task(
        NAME,
        request,
        cell(table, message, f"df.{method}({number}).to_string(index=False)"),
        lambda _: f"The {which} {number} rows of {table.file} are shown above.",
        lambda outputs: len(outputs[0].splitlines()) == min(number, table.rows) + 1 and first in outputs[0],
        names=(table.file,),
    )


# -- a column ---------------------------------------------------------------------------------------------------------


def _aggregate(situation: Situation, table: Table) -> Task:
    rng = situation.rng
    kind = rng.choices(tuple(MEASURES), (6, 5, 3, 3, 2, 1, 0.5))[0]
    section = kind if kind in PHRASES and rng.random() < 0.4 else "aggregate"
    column = rng.choice(table.numeric)
    pattern = PHRASES[section].pick(rng, situation.held_out)
    called = rng.choice(MEASURES[kind][0])
    request = request_text(situation, table, pattern, c=column_text(situation, column, pattern), agg=called)
    return Query(table, kind, column).task(situation, request)


def _distinct(situation: Situation, table: Table) -> Task:
    rng = situation.rng
    column = rng.choice([*table.groups, *table.groups, *table.labels, *table.numeric])
    pattern = PHRASES["distinct"].pick(rng, situation.held_out)
    request = request_text(situation, table, pattern, c=column_text(situation, column, pattern))
    situation.done = {"table": table}
    return Task(
        NAME,
        request,
        cell(table, f"I'll count the different values of {column} in {table.file}.", f'df["{column}"].nunique()'),
        lambda outputs: f"{column} has {outputs[0].strip()} different values in {table.file}.",
        lambda outputs: int(outputs[0]) == len(set(table.columns[column]) - {None}),
        names=(table.file, column),
    )


def _values(situation: Situation, table: Table) -> Task:
    rng = situation.rng
    labels = table.labels if table.rows <= MOST_LABELS else ()
    column = rng.choice([*table.groups, *table.groups, *labels])
    pattern = PHRASES["values"].pick(rng, situation.held_out)
    request = request_text(situation, table, pattern, c=column_text(situation, column, pattern))
    situation.done = {"table": table}
    values = [str(value) for value in table.columns[column] if value is not None]
    return Task(
        NAME,
        request,
        cell(
            table,
            f"I'll list the values of {column} in {table.file}.",
            f'", ".join(df["{column}"].dropna().astype(str).unique())',
        ),
        lambda outputs: joined(f"The values of {column} in {table.file}", outputs[0]),
        lambda outputs: outputs[0].strip() == ", ".join(dict.fromkeys(values)),
        names=(table.file, column),
    )


# -- by group ---------------------------------------------------------------------------------------------------------


def _group(situation: Situation, table: Table) -> Task:
    rng = situation.rng
    kind = rng.choices(tuple(MEASURES), (6, 5, 2, 2, 1, 0.3, 0.1))[0]
    section = f"group {kind}"
    section = section if section in PHRASES and rng.random() < 0.5 else "group"
    query = Query(table, kind, rng.choice(table.numeric), rng.choice(table.groups))
    return _asked_by_group(situation, query, section, rng.choice(MEASURES[kind][0]))


def _group_count(situation: Situation, table: Table) -> Task:
    query = Query(table, ROWS, group=situation.rng.choice(table.groups))
    return _asked_by_group(situation, query, "group count", "")


def _asked_by_group(situation: Situation, query: Query, section: str, called: str) -> Task:
    pattern = PHRASES[section].pick(situation.rng, situation.held_out)
    slots = {"g": column_text(situation, query.group, pattern), "agg": called}
    if query.column:
        slots["c"] = column_text(situation, query.column, pattern)
    request = request_text(situation, query.table, pattern, **slots)
    return query.task(situation, request)
