"""Random tables with names that must be copied: columns, groups, and their values.

A table is a CSV file, an Excel workbook or a JSON list of records. In some of them cells are empty, in some rows stand
twice. What the folder does with them is not known here.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from random import Random

from openpyxl import Workbook

from starter.names import WORDS, column_name, file_name, made_up_name

ENDINGS = {"csv": 78, "xlsx": 12, "json": 10}  # of tables' files, and how often each occurs
MISSING_SHARE = 0.15  # of the tables have empty cells
MOST_CELLS = 36  # that are printed
DUPLICATES_SHARE = 0.1  # of the tables have rows that stand twice
LABELS_SHARE = 0.45  # of the tables have a column of names that tell the rows apart
LABELS = (
    *("name", "product", "student", "customer", "city", "country", "title", "item", "player", "employee", "person"),
    *("book", "film", "song", "team", "store", "model", "article", "author", "company", "dish", "plant", "animal"),
)
PERSONS = (
    *("Anna", "Ben", "Carla", "David", "Eva", "Felix", "Grace", "Hugo", "Ines", "Jonas", "Kim", "Lena", "Max", "Nora"),
    *("Omar", "Paula", "Rosa", "Sam", "Tina", "Ugo", "Vera", "Will", "Yara", "Zoe", "Maria", "Peter", "Lucy", "Tom"),
)


@dataclass(frozen=True, slots=True)
class Table:
    """A table's file, and its columns with their values; None is an empty cell.

    ``labels``: columns of names, different in each row. ``times``: running numbers or dates as 2024-03-01.
    """

    file: str
    columns: dict[str, list[object]]
    numeric: Sequence[str]
    groups: Sequence[str]
    times: Sequence[str]
    labels: Sequence[str] = ()

    @property
    def rows(self) -> int:
        """How many rows of data it has."""
        return len(next(iter(self.columns.values())))

    @property
    def ending(self) -> str:
        """The ending of its file: csv, xlsx or json."""
        return self.file.rpartition(".")[2].lower()

    @property
    def dates(self) -> Sequence[str]:
        """The columns of dates."""
        return [name for name in self.times if isinstance(self.columns[name][0], str)]

    @property
    def missing(self) -> Mapping[str, int]:
        """How many empty cells each column has; only columns that have some."""
        counts = {name: values.count(None) for name, values in self.columns.items()}
        return {name: count for name, count in counts.items() if count}

    @property
    def duplicates(self) -> int:
        """How many rows are the same as one before them."""
        return self.rows - len(set(self.records()))

    def records(self) -> list[tuple[object, ...]]:
        """Return its rows."""
        return list(zip(*self.columns.values(), strict=True))

    def numbers(self, column: str) -> list[float]:
        """Return the numbers that stand in a column, without the empty cells."""
        return [float(str(value)) for value in self.columns[column] if value is not None]

    def content(self) -> bytes:
        """Return the bytes of its file."""
        return {"csv": _csv, "xlsx": _xlsx, "json": _json}[self.ending](self)

    def write(self, folder: Path) -> None:
        """Write the file into a folder."""
        (folder / self.file).write_bytes(self.content())


def wanted_rows(rng: Random, table: Table) -> int:
    """Return how many rows of a table somebody may want to see: not too much to print, but the number itself may be."""
    numbers = (2, 2, 3, 3, 3, 4, 4, 5, 5, 5, 6, 7, 8, 9, 10, 10, 12, 15, 20, 25, 30, 50, 100)
    return rng.choice([n for n in numbers if n < 4 or min(n, table.rows) * len(table.columns) <= MOST_CELLS])


def make_table(rng: Random, held_out: bool, ending: str = "") -> Table:
    """Return a table of a few columns: at least one of numbers and one of groups."""

    def named(kind: str) -> Callable[[], str]:
        return lambda: column_name(rng, WORDS[kind].train, held_out)

    ending = ending or rng.choices(tuple(ENDINGS), tuple(ENDINGS.values()))[0]
    taken: set[str] = set()
    labels = _distinct(lambda: column_name(rng, LABELS, held_out), int(rng.random() < LABELS_SHARE), taken)
    numeric = _distinct(named("number column"), rng.randint(1, 4), taken)
    groups = _distinct(named("group column"), rng.randint(1, 3 - len(labels)), taken)
    times = _distinct(lambda: _time_name(rng), int(rng.random() < 0.5), taken)
    rows = rng.choice((rng.randint(3, 12), rng.randint(12, 60), rng.randint(60, 300 if ending == "csv" else 100)))
    makers = dict.fromkeys(times, _times) | dict.fromkeys(groups, _group_values) | dict.fromkeys(numeric, _numbers)
    makers |= dict.fromkeys(labels, _label_values)
    order = rng.sample(list(makers), len(makers))
    columns = {name: makers[name](rng, rows) for name in order}
    if rng.random() < MISSING_SHARE:
        _empty_cells(rng, columns, [*numeric, *groups])
    if rng.random() < DUPLICATES_SHARE:
        columns = _with_duplicates(rng, columns)
    return Table(file_name(rng, held_out, ending), columns, numeric, groups, times, labels)


def _distinct(make: Callable[[], str], count: int, taken: set[str]) -> list[str]:
    names: list[str] = []
    while len(names) < count:
        name = make()
        if name.lower() not in taken:
            taken.add(name.lower())
            names.append(name)
    return names


# -- files ------------------------------------------------------------------------------------------------------------


def _csv(table: Table) -> bytes:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    writer.writerow(table.columns)
    writer.writerows(table.records())
    return stream.getvalue().encode()


def _xlsx(table: Table) -> bytes:
    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet("Sheet1")
    sheet.append(list(table.columns))
    places = {list(table.columns).index(name) for name in table.dates}
    for record in table.records():
        sheet.append([date.fromisoformat(str(v)) if i in places else v for i, v in enumerate(record)])
    stream = io.BytesIO()
    workbook.save(stream)
    return stream.getvalue()


def _json(table: Table) -> bytes:
    records = [dict(zip(table.columns, record, strict=True)) for record in table.records()]
    return json.dumps(records, ensure_ascii=False).encode()


# -- values -----------------------------------------------------------------------------------------------------------


def _time_name(rng: Random) -> str:
    name = "date" if rng.random() < 0.3 else rng.choice(WORDS["time column"].train)
    return name.capitalize() if rng.random() < 0.15 else name


def _times(rng: Random, rows: int) -> list[object]:
    if rng.random() < 0.4:
        start = rng.randint(1, 2000)
        return [start + index for index in range(rows)]
    day = date(2015, 1, 1) + timedelta(days=rng.randrange(4000))
    step = rng.choice((1, 1, 2, 3, 7, 7, 13, 30))
    days = [(day + timedelta(days=index * step)).isoformat() for index in range(rows)]
    return list(days if rng.random() < 0.8 else rng.sample(days, rows))


def _group_values(rng: Random, rows: int) -> list[object]:
    values = [made_up_name(rng) for _ in range(rng.randint(2, 6))]
    if rng.random() < 0.6:
        values = rng.choice(WORDS["groups"].train).split(", ")
    if rng.random() < 0.3:
        values = [value.capitalize() for value in values]
    return [rng.choice(values) for _ in range(rows)]


def _label_values(rng: Random, rows: int) -> list[object]:
    """Return different names: of persons, made up, or with a number."""
    style = rng.choice(("person", "made up", "made up", "number"))
    if style == "person" and rows <= len(PERSONS):
        return list(rng.sample(PERSONS, rows))
    if style == "number":
        word = made_up_name(rng).capitalize()
        return [f"{word} {index}" for index in range(1, rows + 1)]
    names: dict[object, None] = {}
    while len(names) < rows:
        name = made_up_name(rng)
        names[f"{name} {made_up_name(rng)}".title() if style == "person" else name] = None
    return list(names)


def _numbers(rng: Random, rows: int) -> list[object]:
    top = rng.choice((10, 100, 1000, 10_000, 100_000))
    decimals = rng.choice((0, 0, 1, 2))
    low = -top if rng.random() < 0.1 else 0
    if not decimals:
        return [rng.randint(low, top) for _ in range(rows)]
    return [round(rng.uniform(low, top), decimals) for _ in range(rows)]


def _empty_cells(rng: Random, columns: dict[str, list[object]], among: list[str]) -> None:
    """Empty some cells of one or two of the columns."""
    for name in rng.sample(among, rng.choice((1, 1, 2))):
        values = columns[name]
        for index in rng.sample(range(len(values)), rng.randint(1, 1 + len(values) // 6)):
            values[index] = None


def _with_duplicates(rng: Random, columns: dict[str, list[object]]) -> dict[str, list[object]]:
    rows = len(next(iter(columns.values())))
    order = list(range(rows))
    for _ in range(rng.randint(1, 4)):
        order.insert(rng.randint(1, len(order)), rng.randrange(rows))
    return {name: [values[index] for index in order] for name, values in columns.items()}
