"""Composes whole conversations: a folder with files, one or several requests, each run for real.

``talk(seed)`` is a pure function of its arguments: the same seed gives the same messages, as long as pandas
prints the same. No family knows of any other.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from random import Random

from starter.dialogue import Played, Situation, Task, play
from starter.execution import Workbench
from starter.families import arithmetic, charts, conversation, percentages, repairs, tables, unknown
from starter.names import WORDS, file_name
from starter.tables import Table, make_table

Make = Callable[[Situation], Task]
FAMILIES: dict[str, tuple[Make, float]] = {  # with the share of requests that each gets
    arithmetic.NAME: (arithmetic.make, 30),
    percentages.NAME: (percentages.make, 20),
    tables.NAME: (tables.make, 22),
    charts.NAME: (charts.make, 10),
    repairs.NAME: (repairs.make, 5),
    conversation.NAME: (conversation.make, 12),
    unknown.NAME: (unknown.make, 18),
}
NEEDS_TABLE = (tables.NAME, charts.NAME, repairs.NAME)
FOLLOW_UPS = (arithmetic.follow_up, charts.follow_up, tables.follow_up)
Count = Callable[[str], int]


def make_situation(rng: Random, *, held_out: bool, table: bool) -> Situation:
    """Return a folder's files and tables on some day; with ``table`` there is at least one."""
    today = date(2023, 1, 1) + timedelta(days=rng.randrange(3000))
    count = rng.choices((1, 2, 3), (5, 3, 2))[0] if table else rng.choices((0, 1, 2), (5, 3, 2))[0]
    made = {new.file: new for new in (make_table(rng, held_out) for _ in range(count))}
    situation = Situation(rng, today, tables=list(made.values()), held_out=held_out)
    others = rng.choice((0, 0, 0, 1, 2, 3, 5, 8)) if table else rng.choice((0, 0, 1, 2, 4, 8))
    names = {file_name(rng, held_out, rng.choice(WORDS["ending"].train)) for _ in range(others)}
    situation.files = sorted({*made, *names})
    return situation


@dataclass(frozen=True, slots=True)
class Conversation:
    """The turns of a conversation, and the files that lay in its folder when it began."""

    turns: Sequence[Played]
    tables: Sequence[Table]
    files: Sequence[str]

    def write_files(self, folder: Path) -> None:
        """Lay the files into a folder: the tables, and the others empty."""
        for name in self.files:
            (folder / name).touch()
        for table in self.tables:
            table.write(folder)


def talk(seed: int, *, held_out: bool, requests: int, budget: int, count: Count, family: str = "") -> Conversation:
    """Return the conversation of a seed; its first request may be wanted of a family."""
    rng = Random(seed)
    families = [family or _draw(rng), *(_draw(rng) for _ in range(requests - 1))]
    situation = make_situation(rng, held_out=held_out, table=any(name in NEEDS_TABLE for name in families))
    turns: list[Played] = []
    files = tuple(situation.files)
    with tempfile.TemporaryDirectory(prefix="starter-") as name:
        bench = Workbench(Path(name))
        for other in situation.files if repairs.NAME in families else ():  # only a repair looks at what is there
            (bench.folder / other).touch()
        for table in situation.tables:
            table.write(bench.folder)
        for index, chosen in enumerate(families):
            task = _follow_up(situation) if index and rng.random() < 0.6 else None
            task = task or FAMILIES[chosen][0](situation)
            turns.append(play(task, situation, bench, first=index == 0, budget=budget, count=count))
    return Conversation(turns, situation.tables, files)


def _draw(rng: Random) -> str:
    return rng.choices(tuple(FAMILIES), [share for _, share in FAMILIES.values()])[0]


def _follow_up(situation: Situation) -> Task | None:
    for make in FOLLOW_UPS:
        task = make(situation)
        if task:
            return task
    return None
