"""Composes whole conversations: a folder with files, one or several requests, each run for real.

``talk(seed)`` is a pure function of its arguments: the same seed gives the same messages, as long as pandas
prints the same. No family knows of any other.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from random import Random

from starter.dialogue import Played, Situation, Task, play
from starter.execution import Workbench
from starter.families import (
    animations,
    arithmetic,
    calendars,
    chance,
    charts,
    codes,
    conversation,
    dates,
    documents,
    files,
    given_charts,
    lists,
    mixed_units,
    money,
    number_bases,
    number_facts,
    number_forms,
    percentages,
    picture_sets,
    pictures,
    repairs,
    sequences,
    table_changes,
    table_conditions,
    table_questions,
    tables,
    texts,
    units,
    unknown,
    weekdays,
    word_lists,
)
from starter.names import WORDS, file_name
from starter.tables import Table, make_table

Count = Callable[[str], int]
DRAWN_SHARE = 0.15  # of the requests that go on with a table's


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a family: what makes its requests, its share of all, and what it needs.

    ``prepare`` lays files of its kind into the folder; ``follow_up`` makes a request that goes on with what was done,
    or None where nothing can; ``table``: there must be a table.
    """

    make: Callable[[Situation], Task]
    share: float
    follow_up: Callable[[Situation], Task | None] | None = None
    prepare: Callable[[Situation], None] | None = None
    table: bool = False


def _after_table(situation: Situation) -> Task | None:
    """Return a request that goes on with what was asked of a table: now and then to draw it."""
    drawn = charts.follow_up(situation) if situation.rng.random() < DRAWN_SHARE else None
    return drawn or tables.follow_up(situation)


FAMILIES: dict[str, Sequence[Part]] = {
    "numbers": (
        Part(arithmetic.make, 6, arithmetic.follow_up),
        Part(percentages.make, 4.5, arithmetic.follow_up),
        Part(number_facts.make, 4.5, arithmetic.follow_up),
        Part(number_forms.make, 1.5, arithmetic.follow_up),
        Part(number_bases.make, 1.5),
        Part(sequences.make, 3, sequences.follow_up),
        Part(money.make, 2, arithmetic.follow_up),
        Part(chance.make, 1.5),
    ),
    "lists": (
        Part(lists.make, 6, lists.follow_up),
        Part(word_lists.make, 3, word_lists.follow_up),
    ),
    "dates and units": (
        Part(dates.make, 8, dates.follow_up),
        Part(weekdays.make, 2.5, weekdays.follow_up),
        Part(calendars.make, 1.5, calendars.follow_up),
        Part(units.make, 4, units.follow_up),
        Part(mixed_units.make, 1, units.follow_up),
    ),
    "text": (Part(texts.make, 8, texts.follow_up, texts.prepare),),
    "tables": (
        Part(tables.make, 7, _after_table, table=True),
        Part(table_questions.make, 7, table_questions.follow_up, table=True),
        Part(table_conditions.make, 7.5, table_conditions.follow_up, table=True),
        Part(table_changes.make, 6.5, table_changes.follow_up, table_changes.prepare, table=True),
    ),
    "charts": (
        Part(charts.make, 11, charts.follow_up, table=True),
        Part(given_charts.make, 1.5, given_charts.follow_up),
    ),
    "files": (Part(files.make, 9, files.follow_up, files.prepare),),
    "pictures and codes": (
        Part(pictures.make, 5.5, pictures.follow_up, pictures.prepare),
        Part(picture_sets.make, 1.5, prepare=picture_sets.prepare),
        Part(animations.make, 0.8, prepare=animations.prepare),
        Part(codes.make, 1),
        Part(documents.make, 1.2, documents.follow_up, documents.prepare),
    ),
    "repair": (Part(repairs.make, 6, prepare=repairs.prepare, table=True),),
    "conversation": (Part(conversation.make, 3),),
    "honesty": (Part(unknown.make, 9),),
}
PARTS = [part for parts in FAMILIES.values() for part in parts]
FOLDERS = (
    "data",
    "data",
    "input",
    "reports",
    "tables",
    "csv",
    "2024",
    "examples/data",
    "work/new",
    "exports",
    "my files",
)
BELOW_SHARE = 0.07  # of the tables lie in one of these
FOLLOW_UP_SHARE = 0.6  # of the requests after the first
SMALL_TALK_SHARE = 0.3  # of a conversation that is wanted of the family "conversation"; the rest are follow-ups


def make_situation(rng: Random, *, held_out: bool, table: bool) -> Situation:
    """Return a folder's files and tables on some day; with ``table`` there is at least one."""
    today = date(2023, 1, 1) + timedelta(days=rng.randrange(3000))
    count = rng.choices((1, 2, 3), (5, 3, 2))[0] if table else rng.choices((0, 1, 2), (5, 3, 2))[0]
    made = {new.file: new for new in (_placed(rng, make_table(rng, held_out)) for _ in range(count))}
    situation = Situation(rng, today, tables=list(made.values()), held_out=held_out)
    others = rng.choice((0, 0, 0, 0, 1, 1, 2, 5))
    names = {file_name(rng, held_out, rng.choice(WORDS["ending"].train)) for _ in range(others)}
    situation.files = sorted({*made, *names}, key=lambda path: (path.count("/"), path))
    return situation


def _placed(rng: Random, table: Table) -> Table:
    """Return the table, now and then in a folder below."""
    return replace(table, file=f"{rng.choice(FOLDERS)}/{table.file}") if rng.random() < BELOW_SHARE else table


@dataclass(frozen=True, slots=True)
class Conversation:
    """The turns of a conversation, and the files that lay in its folder when it began."""

    turns: Sequence[Played]
    files: Mapping[str, bytes]

    def write_files(self, folder: Path) -> None:
        """Lay the files into a folder."""
        for name, content in self.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


def talk(
    seed: int,
    *,
    held_out: bool,
    requests: int,
    window: int,
    count: Count,
    family: str = "",
    today: date | None = None,
) -> Conversation:
    """Return the conversation of a seed, on some day unless it is given; its first request may be wanted of a family.

    Wanted of the family "conversation" are mostly a request of any other and a second that goes on with it.
    """
    rng = Random(seed)
    random.seed(seed)  # of what the cells draw
    going_on = family == "conversation" and rng.random() >= SMALL_TALK_SHARE
    parts = [_draw(rng, _wanted(family, going_on)), *(_draw(rng, PARTS) for _ in range(requests - 1))]
    situation = _prepared(rng, parts, held_out)
    situation.today = today or situation.today
    files = {name: situation.contents.get(name, b"") for name in situation.files}
    files |= {table.file: table.content() for table in situation.tables}
    with tempfile.TemporaryDirectory(prefix="starter-") as name:
        folder = Path(name)
        conversation = Conversation([], files)
        conversation.write_files(folder)
        bench = Workbench(folder)
        turns: list[Played] = []
        for index, task in enumerate(_tasks(situation, parts, going_on)):
            turns.append(play(task, situation, bench, first=index == 0, window=window, count=count))
    return replace(conversation, turns=turns)


def _wanted(family: str, going_on: bool) -> Sequence[Part]:
    return [part for part in PARTS if part.follow_up] if going_on else FAMILIES.get(family, PARTS)


def _draw(rng: Random, parts: Sequence[Part]) -> Part:
    return rng.choices(parts, [part.share for part in parts])[0]


def _prepared(rng: Random, parts: Sequence[Part], held_out: bool) -> Situation:
    situation = make_situation(rng, held_out=held_out, table=any(part.table for part in parts))
    for prepare in dict.fromkeys(part.prepare for part in parts if part.prepare):
        prepare(situation)
    return situation


def _tasks(situation: Situation, parts: Sequence[Part], going_on: bool) -> Iterator[Task]:
    """Yield the task of each part, or one that goes on with the task before: each made after the one before was run."""
    before = parts[0]
    yield before.make(situation)
    for part in [*parts[1:], *parts[:1]] if going_on and len(parts) == 1 else parts[1:]:
        goes_on = going_on or situation.rng.random() < FOLLOW_UP_SHARE
        task = before.follow_up(situation) if goes_on and before.follow_up else None
        if task:
            yield replace(task, family="conversation")
        else:
            before = part
            yield part.make(situation)
