"""Repair: a request that names a column or a file wrongly. One look at what is there, then the right cell or a no."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import PurePath
from random import Random
from typing import TypeVar

from offline_interpreter.records import Code
from starter.dialogue import Outputs, Situation, Task
from starter.families import charts, tables
from starter.names import made_up_name

NAME = "repair"
LOOK_AT_COLUMNS = 'print(", ".join(df.columns))'
LOOK_AT_FILES = 'import os\nprint(", ".join(sorted(os.listdir())))'


def make(situation: Situation) -> Task:
    """Return a task of this family."""
    rng = situation.rng
    while True:
        situation.done = {}
        task = rng.choices((tables.make, charts.make), (4, 1))[0](situation)
        broken = (
            _broken_column(rng, task) if len(task.names) > 1 and rng.random() < 0.65 else _broken_file(situation, task)
        )
        if broken:
            situation.done = {}
            return broken


def _broken_column(rng: Random, task: Task) -> Task | None:
    """Return the task with one of its columns misnamed, or with a column that does not exist."""
    right = rng.choice(task.names[1:])
    known = rng.random() < 0.75
    wrong = _similar(rng, right) if known else made_up_name(rng)
    if wrong.lower() in task.cells[0].code.lower().replace(right.lower(), ""):
        return None
    look = Code(f"There is no column {wrong}; I'll look at the columns.", LOOK_AT_COLUMNS)
    missing = f"There is no column {wrong} in {task.names[0]}. Its columns are: "
    return _repaired(_misnamed(task, right, wrong), look, task if known else None, missing)


def _broken_file(situation: Situation, task: Task) -> Task | None:
    """Return the task with its file misnamed, or with a file that does not exist."""
    rng, right = situation.rng, task.names[0]
    known = rng.random() < 0.75
    wrong = f"{_similar(rng, PurePath(right).stem) if known else made_up_name(rng)}.csv"
    if wrong in situation.files:
        return None
    look = Code(f"There is no file {wrong}; I'll look at the files.", LOOK_AT_FILES)
    missing = f"There is no file {wrong} here. The files are: "
    return _repaired(_misnamed(task, right, wrong), look, task if known else None, missing)


def _repaired(first: Task | None, look: Code, right: Task | None, missing: str) -> Task | None:
    """Return the task that fails, looks, and does the right one, or says what is missing and what there is."""
    if first is None:
        return None
    if right is None:
        return replace(
            first,
            family=NAME,
            cells=[*first.cells, look],
            created="",
            answer=lambda outputs: f"{missing}{outputs[-1].strip()}.",
            agrees=lambda outputs: outputs[0] == "",
        )
    cells = [*first.cells, look, *right.cells]
    return replace(first, family=NAME, cells=cells, answer=_last(right.answer), agrees=_last(right.agrees))


def _misnamed(task: Task, right: str, wrong: str) -> Task | None:
    """Return the task as somebody would ask and try it who takes the name for another."""
    if right == wrong or task.request.count(right) != 1 or len(right) < 3 or len(task.cells) != 1:
        return None
    cell = task.cells[0]
    reading, saving, file = cell.code.replace(right, wrong).partition('plt.savefig("')
    file = file.replace(charts.file_part(right), charts.file_part(wrong)) if " " in right else charts.file_part(file)
    code = Code(cell.message.replace(right, wrong), reading + saving + file)
    return replace(task, request=task.request.replace(right, wrong), cells=[code])


def _similar(rng: Random, name: str) -> str:
    """Return what somebody could take the name for: another case, a blank for a line, one letter more or less."""
    forms = [
        name.lower(),
        name.capitalize(),
        name.upper(),
        name.replace("_", " "),
        name.replace(" ", "_"),
        name.title(),
    ]
    forms += [name + "s", name.removesuffix("s")]
    return rng.choice([form for form in forms if form != name] or [name + "s"])


Value = TypeVar("Value")


def _last(function: Callable[[Outputs], Value]) -> Callable[[Outputs], Value]:
    return lambda outputs: function(outputs[-1:])
