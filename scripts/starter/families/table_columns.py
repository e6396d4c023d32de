"""Changes of a table's columns: renamed, deleted and kept ones, columns of texts, numbered rows."""

from __future__ import annotations

from collections.abc import Callable

from starter.dialogue import Situation, Task
from starter.families.table_saving import Change, ask, picked
from starter.names import WORDS, column_name
from starter.references import column_text
from starter.tables import Table

NEW_FORMS = ("{}",) * 10 + ("'{}'", '"{}"', "`{}`")
CASES: dict[str, Callable[[str], str]] = {
    "upper": str.upper,
    "lower": str.lower,
    "title": str.title,
    "strip": str.strip,
}


# -- columns of texts, numbers of rows --------------------------------------------------------------------------------


def joined(situation: Situation, table: Table) -> Task | None:
    """Return the request to put two columns of texts into one."""
    texts = [name for name in (*table.groups, *table.labels) if name not in table.missing]
    if len(texts) < 2:
        return None
    first, second = situation.rng.sample(texts, 2)
    name, called = new_column(situation, table, "group column")
    values: list[object] = [f"{a} {b}" for a, b in zip(table.columns[first], table.columns[second], strict=True)]
    change = Change(
        f"join the columns {first} and {second} of {table.file}",
        f'df["{name}"] = df["{first}"].astype(str) + " " + df["{second}"].astype(str)',
        table.columns | {name: values},
        "_new",
        (first, second, name),
    )
    slots = {
        "n": called,
        "a": situation.rng.choice(NEW_FORMS).format(first),
        "b": situation.rng.choice(NEW_FORMS).format(second),
    }
    return ask(situation, table, change, picked(situation, "join columns"), slots)


def numbered(situation: Situation, table: Table) -> Task | None:
    """Return the request for a column that numbers the rows."""
    usual = situation.rng.choice(("id", "number", "row", "no", "nr", "index", "ID"))
    name, called = (usual, usual) if situation.rng.random() < 0.5 else new_column(situation, table)
    if name in table.columns:
        return None
    change = Change(
        f"number the rows of {table.file}",
        f'df["{name}"] = range(1, len(df) + 1)',
        table.columns | {name: [index + 1 for index in range(table.rows)]},
        "_new",
        (name,),
    )
    return ask(situation, table, change, picked(situation, "number rows"), {"n": called})


# -- names and choice of columns --------------------------------------------------------------------------------------


def renamed(situation: Situation, table: Table) -> Task:
    """Return the request to give a column another name."""
    rng = situation.rng
    column = rng.choice(list(table.columns))
    pattern = picked(situation, "rename")
    name, called = new_column(situation, table, "number column" if column in table.numeric else "group column")
    change = Change(
        f"rename the column {column} of {table.file} to {name}",
        f'df = df.rename(columns={{"{column}": "{name}"}})',
        {name if known == column else known: values for known, values in table.columns.items()},
        "_new",
        (column, name),
    )
    return ask(situation, table, change, pattern, {"n": called, "c": column_text(situation, column, pattern)})


def dropped(situation: Situation, table: Table) -> Task | None:
    """Return the request to delete one or two columns."""
    rng = situation.rng
    number = rng.choice((1, 1, 1, 2))
    if len(table.columns) <= number:
        return None
    gone = rng.sample(list(table.columns), number)
    pattern = picked(situation, "drop" if number == 1 else "drop two")
    listed = ", ".join(f'"{name}"' for name in gone)
    change = Change(
        f"delete the column{'s' * (number > 1)} {' and '.join(gone)} of {table.file}",
        f"df = df.drop(columns=[{listed}])",
        {name: values for name, values in table.columns.items() if name not in gone},
        "_new",
        tuple(gone),
    )
    return ask(situation, table, change, pattern, _column_slots(situation, pattern, gone))


def kept(situation: Situation, table: Table) -> Task | None:
    """Return the request to keep only some columns, in the order of the request."""
    rng = situation.rng
    number = rng.choice((1, 2, 2, 3))
    if len(table.columns) <= number:
        return None
    left = rng.sample(list(table.columns), number)
    pattern = picked(situation, "keep" if number > 1 else "keep one")
    listed = ", ".join(f'"{name}"' for name in left)
    change = Change(
        f"keep only the column{'s' * (number > 1)} {', '.join(left)} of {table.file}",
        f"df = df[[{listed}]]",
        {name: table.columns[name] for name in left},
        "_new",
        tuple(left),
    )
    return ask(situation, table, change, pattern, _column_slots(situation, pattern, left))


def _column_slots(situation: Situation, pattern: str, names: list[str]) -> dict[str, str]:
    rng = situation.rng
    if len(names) == 1:
        return {"c": column_text(situation, names[0], pattern)}
    form = rng.choice(NEW_FORMS)
    texts = [form.format(name) for name in names]
    chance = rng.random()
    if chance < 0.7:
        return {"l": f"{', '.join(texts[:-1])} and {texts[-1]}"}
    return {"l": ", ".join(texts) if chance < 0.95 else " ".join(texts)}


def new_column(situation: Situation, table: Table, kind: str = "number column") -> tuple[str, str]:
    """Return a name for a column that the table does not have yet, and how somebody writes it."""
    rng = situation.rng
    taken = {name.lower() for name in table.columns}
    while True:
        name = column_name(rng, WORDS[kind].train, situation.held_out)
        if name.lower() not in taken:
            return name, rng.choice(NEW_FORMS).format(name)
