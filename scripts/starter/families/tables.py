"""Questions about one CSV table: rows, columns, first rows, a column's aggregate, an aggregate by group."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence

from offline_interpreter.records import Code
from starter.dialogue import Situation, Task
from starter.phrasing import load_phrases, say
from starter.references import column_text, file_text, placed
from starter.tables import Table

NAME = "tables"
PHRASES = load_phrases("tables")

# Per aggregate: how people call it, what code calls it, and what computes the truth.
AGGREGATES: dict[str, tuple[Sequence[str], str, Callable[[list[float]], float]]] = {
    "sum": (("total", "sum", "total", "overall", "sum total"), "sum", sum),
    "mean": (("average", "mean", "average", "avg", "mean"), "mean", statistics.fmean),
    "maximum": (("maximum", "highest", "largest", "max", "biggest", "greatest", "top"), "max", max),
    "minimum": (("minimum", "lowest", "smallest", "min", "least"), "min", min),
    "median": (("median", "median", "middle"), "median", statistics.median),
}


def make(situation: Situation) -> Task:
    """Return a task of this family."""
    kinds = (_rows, _column_count, _shape, _columns, _head, _aggregate, _distinct, _values, _group, _group_count)
    return situation.rng.choices(kinds, (2, 1, 0.7, 2, 2.2, 7, 1, 1, 5, 1.5))[0](
        situation, situation.rng.choice(situation.tables)
    )


def follow_up(situation: Situation) -> Task | None:
    """Return a request that goes on with the table, the column or the group of the one before."""
    done = situation.done
    if "aggregate" in done:
        return _follow_aggregate(situation)
    if "table" in done:
        kind = situation.rng.choice((_rows, _column_count, _columns, _head, _aggregate, _group))
        return kind(situation, done["table"])
    return None


def cell(table: Table, message: str, expression: str) -> list[Code]:
    """Return the one cell that loads a table and prints an expression."""
    return [Code(message, loading(table.file) + f"print({expression})")]


def loading(file: str) -> str:
    """Return the lines that read a table."""
    return f'import pandas as pd\ndf = pd.read_csv("{file}")\n'


def request_text(situation: Situation, table: Table, pattern: str, **slots: str) -> str:
    """Return the request that a pattern makes of the table and the slots."""
    known = situation.done.get("table") is table
    pattern = placed(situation, pattern, known)
    return say(situation.rng, pattern, {"f": file_text(situation, table, pattern), **slots})


def _number(text: str) -> float:
    return float(text.strip())


def _close(printed: str, truth: float) -> bool:
    return abs(_number(printed) - truth) <= 0.0051 + abs(truth) * 1e-9


# -- facts about the whole table --------------------------------------------------------------------------------------


def _rows(situation: Situation, table: Table) -> Task:
    request = request_text(situation, table, PHRASES["rows"].pick(situation.rng, situation.held_out))
    situation.done = {"table": table}
    return Task(
        NAME,
        request,
        cell(table, f"I'll count the rows of {table.file}.", "len(df)"),
        lambda outputs: f"{table.file} has {outputs[0].strip()} rows.",
        lambda outputs: int(outputs[0]) == table.rows,
        names=(table.file,),
    )


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
    rng = situation.rng
    number = rng.choice((2, 3, 3, 4, 5, 5, 5, 6, 8, 10))
    words = {2: "two", 3: "three", 4: "four", 5: "five", 10: "ten"}
    written = words[number] if number in words and rng.random() < 0.25 else str(number)
    section = rng.choices(("head", "look"), (2, 1))[0]
    number = 5 if section == "look" else number
    request = request_text(situation, table, PHRASES[section].pick(rng, situation.held_out), n=written)
    situation.done = {"table": table}
    first = str(next(iter(table.columns)))
    return Task(
        NAME,
        request,
        cell(table, f"I'll show the first {number} rows of {table.file}.", f"df.head({number}).to_string(index=False)"),
        lambda _: f"The first {number} rows of {table.file} are shown above.",
        lambda outputs: len(outputs[0].splitlines()) == min(number, table.rows) + 1 and first in outputs[0],
        names=(table.file,),
    )


# -- a column's figures -----------------------------------------------------------------------------------------------


def _aggregate(situation: Situation, table: Table) -> Task:
    rng = situation.rng
    kind = rng.choices(tuple(AGGREGATES), (5, 5, 3, 3, 2))[0]
    section = kind[:3] if kind in ("maximum", "minimum") else kind
    section = section if section in PHRASES and rng.random() < 0.3 else "aggregate"
    column = rng.choice(table.numeric)
    pattern = PHRASES[section].pick(rng, situation.held_out)
    called = rng.choice(AGGREGATES[kind][0])
    request = request_text(situation, table, pattern, c=column_text(situation, column, pattern), agg=called)
    return _aggregate_task(situation, table, kind, column, request)


def _aggregate_task(situation: Situation, table: Table, kind: str, column: str, request: str) -> Task:
    _, method, compute = AGGREGATES[kind]
    truth = compute([float(str(value)) for value in table.columns[column]])
    rounding = "" if method in ("max", "min") else ".round(2)"
    situation.done = {"table": table, "aggregate": kind, "column": column}
    return Task(
        NAME,
        request,
        cell(table, f"I'll compute the {kind} of {column} in {table.file}.", f'df["{column}"].{method}(){rounding}'),
        lambda outputs: f"The {kind} of {column} in {table.file} is {outputs[0].strip()}.",
        lambda outputs: _close(outputs[0], truth),
        names=(table.file, column),
    )


def _follow_aggregate(situation: Situation) -> Task | None:
    rng, done = situation.rng, situation.done
    table: Table = done["table"]
    others = [column for column in table.numeric if column != done["column"]]
    if others and rng.random() < 0.45:
        column = rng.choice(others)
        request = say(
            rng, PHRASES["follow up column"].pick(rng, situation.held_out), {"c": column_text(situation, column)}
        )
        return _aggregate_task(situation, table, done["aggregate"], column, request)
    kind = rng.choice([name for name in AGGREGATES if name != done["aggregate"]])
    request = say(
        rng, PHRASES["follow up aggregate"].pick(rng, situation.held_out), {"agg": rng.choice(AGGREGATES[kind][0])}
    )
    return _aggregate_task(situation, table, kind, done["column"], request)


def _distinct(situation: Situation, table: Table) -> Task:
    rng = situation.rng
    column = rng.choice([*table.groups, *table.numeric])
    pattern = PHRASES["distinct"].pick(rng, situation.held_out)
    request = request_text(situation, table, pattern, c=column_text(situation, column, pattern))
    situation.done = {"table": table}
    return Task(
        NAME,
        request,
        cell(table, f"I'll count the different values of {column} in {table.file}.", f'df["{column}"].nunique()'),
        lambda outputs: f"{column} has {outputs[0].strip()} different values in {table.file}.",
        lambda outputs: int(outputs[0]) == len(set(table.columns[column])),
        names=(table.file, column),
    )


def _values(situation: Situation, table: Table) -> Task:
    rng = situation.rng
    column = rng.choice(table.groups)
    pattern = PHRASES["values"].pick(rng, situation.held_out)
    request = request_text(situation, table, pattern, c=column_text(situation, column, pattern))
    situation.done = {"table": table}
    return Task(
        NAME,
        request,
        cell(
            table,
            f"I'll list the values of {column} in {table.file}.",
            f'", ".join(df["{column}"].astype(str).unique())',
        ),
        lambda outputs: f"The values of {column} in {table.file} are: {outputs[0].strip()}.",
        lambda outputs: outputs[0].strip() == ", ".join(dict.fromkeys(map(str, table.columns[column]))),
        names=(table.file, column),
    )


# -- by group ---------------------------------------------------------------------------------------------------------


def _group(situation: Situation, table: Table) -> Task:
    rng = situation.rng
    kind = rng.choices(tuple(AGGREGATES), (6, 5, 2, 2, 1))[0]
    names, method, compute = AGGREGATES[kind]
    section = f"group {kind}"
    section = section if section in PHRASES and rng.random() < 0.45 else "group"
    column, group = rng.choice(table.numeric), rng.choice(table.groups)
    pattern = PHRASES[section].pick(rng, situation.held_out)
    slots = {
        "c": column_text(situation, column, pattern),
        "g": column_text(situation, group, pattern),
        "agg": rng.choice(names),
    }
    request = request_text(situation, table, pattern, **slots)
    situation.done = {"table": table}
    rounding = "" if method in ("max", "min") else ".round(2)"
    truth = {name: compute(values) for name, values in grouped(table, column, group).items()}
    return Task(
        NAME,
        request,
        cell(
            table,
            f"I'll compute the {kind} of {column} by {group} in {table.file}.",
            f'df.groupby("{group}")["{column}"].{method}(){rounding}',
        ),
        lambda outputs: f"The {kind} of {column} by {group}:\n" + _listed(outputs[0]),
        lambda outputs: _agree(outputs[0], truth),
        names=(table.file, column, group),
    )


def _group_count(situation: Situation, table: Table) -> Task:
    rng = situation.rng
    group = rng.choice(table.groups)
    pattern = PHRASES["group count"].pick(rng, situation.held_out)
    request = request_text(situation, table, pattern, g=column_text(situation, group, pattern))
    situation.done = {"table": table}
    truth = {name: float(len(values)) for name, values in grouped(table, group, group).items()}
    return Task(
        NAME,
        request,
        cell(table, f"I'll count the rows by {group} in {table.file}.", f'df.groupby("{group}").size()'),
        lambda outputs: f"The number of rows by {group}:\n" + _listed(outputs[0]),
        lambda outputs: _agree(outputs[0], truth),
        names=(table.file, group),
    )


def grouped(table: Table, column: str, group: str) -> dict[str, list[float]]:
    """Return the values of a column by the values of another; texts count as zeros."""
    found: dict[str, list[float]] = {}
    for name, value in zip(table.columns[group], table.columns[column], strict=True):
        found.setdefault(str(name), []).append(float(str(value)) if column != group else 0.0)
    return found


def _series(printed: str) -> dict[str, str]:
    lines = [line for line in printed.splitlines()[1:] if not line.startswith(("Name: ", "dtype: "))]
    return {name.strip(): value for name, value in (line.rsplit(None, 1) for line in lines)}


def _listed(printed: str) -> str:
    return "\n".join(f"- {name}: {value}" for name, value in _series(printed).items())


def _agree(printed: str, truth: dict[str, float]) -> bool:
    series = _series(printed)
    return series.keys() == truth.keys() and all(
        abs(_number(series[n]) - v) <= 0.0051 + abs(v) * 1e-5 for n, v in truth.items()
    )
