"""Several tables in one: merged on a key, stacked, or combined as their columns suggest; and such tables to lay."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from starter.dialogue import Situation, Task
from starter.families.table_saving import Change, Columns, ask, count, ending, picked
from starter.names import column_name, file_name, made_up_name
from starter.queries import READERS
from starter.references import column_text
from starter.tables import Table, make_table

KEYS = ("id", "customer_id", "product_id", "order_id", "user_id", "student_id", "code", "sku", "email", "key", "number")
Pair = tuple[Table, Table]


# -- files laid before the conversation -------------------------------------------------------------------------------


def lay_keyed(situation: Situation) -> None:
    """Lay two tables that share a key: each key once in the second, any number of times in the first."""
    rng = situation.rng
    second = make_table(rng, situation.held_out)
    first = make_table(rng, situation.held_out, second.ending if rng.random() < 0.9 else "")
    key = column_name(rng, KEYS, situation.held_out)
    rows = rng.randint(4, 25)
    keys = _keys(rng, rows + 3)
    first = replace(first, columns={name: values[:40] for name, values in first.columns.items()})
    second = replace(second, columns={name: (values * 9)[:rows] for name, values in second.columns.items()})
    taken = set(map(str.lower, first.columns))
    if (
        key.lower() in taken
        or taken & set(map(str.lower, second.columns))
        or len({*map(len, second.columns.values())}) > 1
    ):
        return
    first = replace(first, columns={key: [rng.choice(keys) for _ in range(first.rows)], **first.columns})
    second = replace(second, columns={key: list(keys[: count(second.columns)]), **second.columns})
    lay(situation, first, second)


def lay_alike(situation: Situation) -> None:
    """Lay two or three tables with the same columns."""
    rng = situation.rng
    first = make_table(rng, situation.held_out, "csv" if rng.random() < 0.8 else "")
    size = min(first.rows, 40)
    tables = [replace(first, columns={name: values[:size] for name, values in first.columns.items()})]
    for _ in range(rng.choice((1, 1, 2))):
        chosen = [rng.randrange(first.rows) for _ in range(rng.randint(2, size))]
        columns = {name: [values[index] for index in chosen] for name, values in first.columns.items()}
        for name in first.labels:
            columns[name] = [made_up_name(rng) for _ in chosen]
        tables.append(replace(first, file=file_name(rng, situation.held_out, first.ending), columns=columns))
    lay(situation, *tables)


def lay(situation: Situation, *tables: Table) -> None:
    """Put tables into the folder, unless one of their names is taken."""
    names = {table.file.lower() for table in tables}
    if len(names) == len(tables) and not names & {name.lower() for name in situation.files}:
        situation.tables = [*situation.tables, *tables]
        for table in tables:
            situation.lay(table.file, table.content())


def _keys(rng: Random, number: int) -> list[object]:
    """Return different keys: numbers, or numbers after a letter."""
    start = rng.randint(1, 5000)
    numbers = range(start, start + number)
    prefix = made_up_name(rng)[0].upper() + rng.choice(("", "", "-"))
    return list(numbers) if rng.random() < 0.5 else [f"{prefix}{index}" for index in numbers]


# -- joining and stacking ---------------------------------------------------------------------------------------------


def keyed(situation: Situation) -> list[tuple[Table, Table, str]]:
    """Return the pairs of tables that share one column, whose values are unique in the second."""
    found = []
    for first in situation.tables:
        for second in situation.tables:
            common = set(first.columns) & set(second.columns)
            if first is not second and len(common) == 1 and not common & {*first.times, *second.times}:
                key = common.pop()
                values = second.columns[key]
                kinds = {type(value) for value in (*values, *first.columns[key])}
                if len(set(values)) == len(values) and len(kinds) == 1 and set(values) & set(first.columns[key]):
                    found.append((first, second, key))
    return found


def alike(situation: Situation) -> list[Pair]:
    """Return the pairs of tables that have the same columns."""
    pairs = [(first, second) for first in situation.tables for second in situation.tables if first is not second]
    return [pair for pair in pairs if list(pair[0].columns) == list(pair[1].columns)]


def merged(situation: Situation) -> Task | None:
    """Return the request to merge two tables on a column that both have."""
    pairs = keyed(situation)
    if not pairs:
        return None
    rng = situation.rng
    first, second, key = rng.choice(pairs)
    how = rng.choices(("inner", "left", "outer"), (7, 2, 0.7))[0]
    pattern = picked(situation, {"inner": "merge on", "left": "merge left", "outer": "merge outer"}[how])
    on = f', on="{key}"' if "<k>" in pattern else ""
    kind = "" if how == "inner" else f', how="{how}"'
    change = Change(
        f"merge {first.file} and {second.file}" + (f" on {key}" if on else ""),
        f"df = pd.merge(left, right{on}{kind})",
        _merge(first, second, key, how),
        "_merged",
        (second.file, *([key] if on else [])),
        replaces=False,
    )
    return _of_two(situation, first, second, change, pattern, key=key)


def stacked(situation: Situation) -> Task | None:
    """Return the request to put the rows of two tables under each other."""
    pairs = alike(situation)
    if not pairs:
        return None
    first, second = situation.rng.choice(pairs)
    change = Change(
        f"put the rows of {first.file} and {second.file} under each other",
        "df = pd.concat([left, right])",
        {name: [*values, *second.columns[name]] for name, values in first.columns.items()},
        "_combined",
        (second.file,),
        replaces=False,
    )
    return _of_two(situation, first, second, change, picked(situation, "stack"))


def loading_two(first: str, second: str) -> str:
    """Return the lines that read two tables."""
    left, right = (f'pd.{READERS["." + ending(name)]}("{name}")' for name in (first, second))
    return f"import pandas as pd\nleft = {left}\nright = {right}\n"


def _of_two(situation: Situation, first: Table, second: Table, change: Change, pattern: str, *, key: str = "") -> Task:
    rng = situation.rng
    load = loading_two(first.file, second.file)
    form = rng.choice(("{}",) * 8 + ("'{}'", '"{}"', "the file {}", "`{}`"))
    slots = {"k": column_text(situation, key, pattern), "x": form.format(first.file), "y": form.format(second.file)}
    return ask(situation, first, change, pattern, slots, load=load)


def _merge(first: Table, second: Table, key: str, how: str) -> Columns:
    """Return the columns of both tables, row by row of the first; keys of the second are unique."""
    place = {value: index for index, value in enumerate(second.columns[key])}
    others = [name for name in second.columns if name != key]
    rows = []
    for index, value in enumerate(first.columns[key]):
        if value in place or how != "inner":
            found = [second.columns[name][place[value]] if value in place else None for name in others]
            rows.append([*(first.columns[name][index] for name in first.columns), *found])
    if how == "outer":
        for value in set(place) - set(first.columns[key]):
            own = [value if name == key else None for name in first.columns]
            rows.append([*own, *(second.columns[name][place[value]] for name in others)])
    names = [*first.columns, *others]
    return {name: [row[index] for row in rows] for index, name in enumerate(names)}
