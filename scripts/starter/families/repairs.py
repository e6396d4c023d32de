"""Repair: a column or a file that is named wrongly. One look at what is there, then the right cell or a plain no.

The look names what is closest, so that the model copies a name and need not compare any. See ``repairs_of_data`` for
tables that are named rightly and hold what nobody expected, and ``slips`` for cells that the model itself gets wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import PurePath
from typing import TypeVar

from offline_interpreter.records import Code
from starter.dialogue import Outputs, Situation, Task
from starter.families import charts, repairs_of_data, slips, table_conditions, table_questions, tables
from starter.likeness import closest, look, similar
from starter.names import made_up_name

NAME = "repair"
SLIPS_SHARE = 0.3
MAKERS = {tables.make: 4, table_questions.make: 1.5, table_conditions.make: 1, charts.make: 1.5}  # of what goes wrong


def prepare(situation: Situation) -> None:
    """Lay tables that hold what nobody expects."""
    repairs_of_data.prepare(situation)


def make(situation: Situation) -> Task:
    """Return a task of this family."""
    rng = situation.rng
    if not situation.held_out and rng.random() < SLIPS_SHARE:
        return slips.make(situation)
    if rng.random() < 0.3:
        return repairs_of_data.make(situation)
    while True:
        situation.done = {}
        task = rng.choices(tuple(MAKERS), tuple(MAKERS.values()))[0](situation)
        wanted = len(task.names) > 1 and rng.random() < 0.65
        broken = _broken_column(situation, task) if wanted else _broken_file(situation, task)
        if broken:
            situation.done = {}
            return broken


def _broken_column(situation: Situation, task: Task) -> Task | None:
    """Return the task with one of its columns misnamed, or with a column that does not exist."""
    rng, right = situation.rng, situation.rng.choice(task.names[1:])
    known = rng.random() < 0.75
    wrong = similar(rng, right) if known else made_up_name(rng)
    columns = next(table.columns for table in situation.tables if table.file == task.names[0])
    if wrong in columns or closest(wrong, columns) != (right if known else ""):
        return None
    if wrong.lower() in task.cells[0].code.lower().replace(right.lower(), ""):
        return None
    looking = Code(f"There is no column {wrong}; I'll look at the columns.", look("Columns", "df.columns", wrong))
    missing = f"There is no column {wrong} in {task.names[0]}. Its columns are: "
    return _repaired(_misnamed(task, right, wrong), looking, task if known else None, missing)


def _broken_file(situation: Situation, task: Task) -> Task | None:
    """Return the task with its file misnamed, or with a file that does not exist."""
    rng, right = situation.rng, PurePath(task.names[0])
    known = rng.random() < 0.75
    wrong = (similar(rng, right.stem) if known else made_up_name(rng)) + right.suffix
    here = [name for name in situation.files if "/" not in name]
    if wrong in here or closest(wrong, here) != (right.name if known else ""):
        return None
    looking = Code(
        f"There is no file {wrong}; I'll look at the files.",
        look("Files", "sorted(os.listdir())", wrong).replace("import difflib", "import difflib\nimport os"),
    )
    missing = f"There is no file {wrong} here. The files are: "
    return _repaired(_misnamed(task, right.name, wrong), looking, task if known else None, missing)


def _repaired(first: Task | None, looking: Code, right: Task | None, missing: str) -> Task | None:
    """Return the task that fails, looks, and does the right one, or says what is missing and what there is."""
    if first is None:
        return None
    if right is None:
        return replace(
            first,
            family=NAME,
            cells=[*first.cells, looking],
            created="",
            answer=lambda outputs: f"{missing}{outputs[-1].splitlines()[0].partition(': ')[2]}.",
            agrees=lambda outputs: outputs[0].startswith("Cell") and outputs[-1].endswith("Closest: none\n"),
        )
    cells = [*first.cells, looking, *right.cells]
    return replace(first, family=NAME, cells=cells, answer=_last(right.answer), agrees=_last(right.agrees))


def _misnamed(task: Task, right: str, wrong: str) -> Task | None:
    """Return the task as somebody would ask and try it who takes the name for another."""
    if task.request.count(right) != 1 or len(right) < 3 or len(task.cells) != 1:
        return None
    cell = task.cells[0]
    reading, saving, file = cell.code.replace(right, wrong).partition('plt.savefig("')
    file = file.replace(charts.file_part(right), charts.file_part(wrong)) if " " in right else charts.file_part(file)
    code = Code(cell.message.replace(right, wrong), reading + saving + file)
    return replace(task, request=task.request.replace(right, wrong), cells=[code])


Value = TypeVar("Value")


def _last(function: Callable[[Outputs], Value]) -> Callable[[Outputs], Value]:
    return lambda outputs: function(outputs[-1:])
