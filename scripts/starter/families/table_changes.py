"""Requests that change tables and save what comes out: columns, rows, values, several files, other formats."""

from __future__ import annotations

from collections.abc import Callable

from starter.dialogue import Situation, Task
from starter.families import table_columns, table_computed, table_files, table_pairs, table_rows, tables
from starter.families.table_saving import NAME
from starter.tables import Table, make_table

__all__ = ["NAME", "follow_up", "make", "prepare"]
Kind = Callable[[Situation, Table], Task | None]

OF_ONE: dict[Kind, float] = {
    table_computed.of_two: 6,
    table_computed.of_one: 4,
    table_columns.renamed: 3,
    table_columns.dropped: 3,
    table_rows.chosen: 6,
    table_rows.ordered: 3.5,
    table_rows.distinct: 3,
    table_rows.complete: 3,
    table_rows.filled: 3.5,
    table_files.converted: 6,
    table_files.summary: 3.5,
}
OF_SEVERAL: dict[Callable[[Situation], Task | None], float] = {
    table_pairs.merged: 4,
    table_pairs.stacked: 3,
}
NEED_GAPS = (table_rows.complete, table_rows.filled)
AFTER_A_CHANGE: dict[Kind, float] = {
    table_computed.of_two: 1,
    table_computed.of_one: 1,
    table_columns.renamed: 1,
    table_columns.dropped: 1,
    table_rows.chosen: 1,
    table_rows.ordered: 2,
    table_rows.distinct: 0.5,
    table_rows.complete: 0.5,
    table_files.converted: 5,
    table_files.summary: 1,
}


def prepare(situation: Situation) -> None:
    """Lay tables that share a key, or that have the same columns; at least one table of any kind."""
    chance = situation.rng.random()
    if chance < 0.3:
        table_pairs.lay_keyed(situation)
    elif chance < 0.5:
        if situation.rng.random() < 0.5:
            situation.files = [name for name in situation.files if name not in {t.file for t in situation.tables}]
            situation.tables = []
        table_pairs.lay_alike(situation)
    if not situation.tables:
        table_pairs.lay(situation, make_table(situation.rng, situation.held_out))


def make(situation: Situation) -> Task:
    """Return a task of this family."""
    rng = situation.rng
    several = bool(table_pairs.alike(situation) or table_pairs.keyed(situation))
    while True:
        task: Task | None = None
        if several and rng.random() < 0.6:
            task = rng.choices(tuple(OF_SEVERAL), tuple(OF_SEVERAL.values()))[0](situation)
        else:
            kind = rng.choices(tuple(OF_ONE), tuple(OF_ONE.values()))[0]
            task = kind(situation, _table(situation, kind))
        if task:
            return task


def follow_up(situation: Situation) -> Task | None:
    """Return a request that goes on with the file saved before: another change, another format, a question."""
    rng, table = situation.rng, situation.done.get("table")
    if table is None:
        return None
    if rng.random() < 0.3 and not situation.done.get("loose"):
        return tables.follow_up(situation)
    while True:
        kind = rng.choices(tuple(AFTER_A_CHANGE), tuple(AFTER_A_CHANGE.values()))[0]
        task = kind(situation, table)
        if task:
            return task


def _table(situation: Situation, kind: Kind) -> Table:
    """Return a table for a kind of request: where it is about gaps or duplicates, preferably one that has some."""
    fitting = situation.tables
    if kind in NEED_GAPS:
        fitting = [table for table in situation.tables if table.missing]
    elif kind is table_rows.distinct:
        fitting = [table for table in situation.tables if table.duplicates]
    return situation.rng.choice(fitting or situation.tables)
