"""Random tables with names that must be copied: columns, groups, and their values."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from starter.names import WORDS, column_name, file_name, made_up_name


@dataclass(frozen=True, slots=True)
class Table:
    """A CSV file: its name, and its columns with their values."""

    file: str
    columns: dict[str, list[object]]
    numeric: Sequence[str]
    groups: Sequence[str]
    times: Sequence[str]

    @property
    def rows(self) -> int:
        """How many rows of data it has."""
        return len(next(iter(self.columns.values())))

    def write(self, folder: Path) -> None:
        """Write the file into a folder."""
        with (folder / self.file).open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(self.columns)
            writer.writerows(zip(*self.columns.values(), strict=True))


def make_table(rng: Random, held_out: bool) -> Table:
    """Return a table of a few columns: at least one of numbers and one of groups."""

    def named(kind: str) -> Callable[[], str]:
        return lambda: column_name(rng, WORDS[kind].train, held_out)

    taken: set[str] = set()
    numeric = _distinct(named("number column"), rng.randint(1, 4), taken)
    groups = _distinct(named("group column"), rng.randint(1, 3), taken)
    times = _distinct(lambda: rng.choice(WORDS["time column"].train), rng.randint(0, 1), taken)
    rows = rng.choice((rng.randint(3, 12), rng.randint(12, 60), rng.randint(60, 300)))
    makers = dict.fromkeys(times, _times) | dict.fromkeys(groups, _group_values) | dict.fromkeys(numeric, _numbers)
    order = rng.sample(list(makers), len(makers))
    return Table(file_name(rng, held_out), {name: makers[name](rng, rows) for name in order}, numeric, groups, times)


def _distinct(make: Callable[[], str], count: int, taken: set[str]) -> list[str]:
    names: list[str] = []
    while len(names) < count:
        name = make()
        if name not in taken:
            taken.add(name)
            names.append(name)
    return names


def _times(rng: Random, rows: int) -> list[object]:
    if rng.random() < 0.5:
        start = rng.randint(1, 2000)
        return [start + index for index in range(rows)]
    return [f"{2020 + index // 336}-{index // 28 % 12 + 1:02}-{index % 28 + 1:02}" for index in range(rows)]


def _group_values(rng: Random, rows: int) -> list[object]:
    values = [made_up_name(rng) for _ in range(rng.randint(2, 6))]
    if rng.random() < 0.6:
        values = rng.choice(WORDS["groups"].train).split(", ")
    if rng.random() < 0.3:
        values = [value.capitalize() for value in values]
    return [rng.choice(values) for _ in range(rows)]


def _numbers(rng: Random, rows: int) -> list[object]:
    top = rng.choice((10, 100, 1000, 10_000, 100_000))
    decimals = rng.choice((0, 0, 1, 2))
    low = -top if rng.random() < 0.1 else 0
    if not decimals:
        return [rng.randint(low, top) for _ in range(rows)]
    return [round(rng.uniform(low, top), decimals) for _ in range(rows)]
