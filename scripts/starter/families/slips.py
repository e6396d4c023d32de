"""Slips: what a small model gets wrong by itself, and how it goes on: the right cell, or after a second slip the error.

A slip is the right cell of some family with one damage that Python always refuses. It is read and never learned from;
what is learned is that a cell that failed has to be written anew, and that nothing was done. Names of columns and files
are left to ``repairs``, where a look at what is there comes first. Evaluation has none: a model makes its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from random import Random

from offline_interpreter.records import Code
from starter.dialogue import Situation, Task
from starter.families import (
    arithmetic,
    charts,
    dates,
    given_charts,
    lists,
    percentages,
    table_conditions,
    table_questions,
    tables,
    word_lists,
)
from starter.phrasing import mistyped

NAME = "repair"
MAKERS = {
    charts.make: 4,
    lists.make: 3,
    tables.make: 3,
    word_lists.make: 2,
    table_conditions.make: 2,
    table_questions.make: 2,
    given_charts.make: 1,
    dates.make: 1,
    arithmetic.make: 1,
    percentages.make: 1,
}
TWICE = 0.2  # of them fail a second time, and end with the error
LEAD = "That cell failed. "


def make(situation: Situation) -> Task:
    """Return a task whose first cell is a slip."""
    rng = situation.rng
    while True:
        situation.done = {}
        task = rng.choices(tuple(MAKERS), tuple(MAKERS.values()))[0](situation)
        slip = _damaged(rng, task) if len(task.cells) == 1 else None
        if slip:
            return _twice(task, slip, _damaged(rng, task)) if rng.random() < TWICE else _once(task, slip)


def _once(task: Task, slip: Code) -> Task:
    (right,) = task.cells
    return replace(
        task,
        family=NAME,
        cells=[slip, replace(right, message=LEAD + right.message)],
        slips=1,
        answer=lambda outputs: task.answer(outputs[1:]),
        agrees=lambda outputs: failed(outputs[0]) and task.agrees(outputs[1:]),
    )


def _twice(task: Task, first: Code, second: Code | None) -> Task:
    if second is None:
        return _once(task, first)
    return replace(
        task,
        family=NAME,
        cells=[first, replace(second, message=LEAD + second.message)],
        slips=2,
        created="",
        answer=lambda outputs: f"It failed twice. The last error was: {outputs[1].splitlines()[-1]}",
        agrees=lambda outputs: all(failed(output) for output in outputs),
    )


def failed(output: str) -> bool:
    """Return whether a cell's output ends with an error."""
    return "\nCell " in f"\n{output}"


def _damaged(rng: Random, task: Task) -> Code | None:
    """Return the cell with one damage, or None where the damage drawn does not fit it."""
    (cell,) = task.cells
    code = rng.choice(DAMAGES)(rng, cell.code, task)
    return replace(cell, code=code) if code != cell.code else None


def _saved_as_table(_rng: Random, code: str, task: Task) -> str:
    """Save a picture under the name of the table: Matplotlib knows no such format."""
    return re.sub(r'(?<=savefig\(")[^"]+', lambda _: task.names[0], code) if task.names else code


def _unfinished(rng: Random, code: str, _task: Task) -> str:
    """Leave out a quotation mark or a bracket, so that the cell is no Python."""
    places = [match.start() for match in re.finditer(r'["()\[\]]', code)]
    place = rng.choice(places)
    return _refused(code, code[:place] + code[place + 1 :])


def _stray_word(rng: Random, code: str, task: Task) -> str:
    """Put a word of the request behind something in the code, where none can stand."""
    places = [match.end() for match in re.finditer(r"(?<=\w)(?=[,\])])", code)]
    words = re.findall(r"[a-z]{3,}", task.request.lower())
    if not places or not words:
        return code
    place = rng.choice(places)
    return _refused(code, f"{code[:place]} {rng.choice(words)}{code[place:]}")


def _undefined(_rng: Random, code: str, _task: Task) -> str:
    """Leave out the line that imports or defines what the others use."""
    first, _, others = code.partition("\n")
    name = re.match(r"import (?:\w+ as )?(\w+)$|from \w+ import (\w+)$|(\w+) = ", first)
    used = name and next(filter(None, name.groups()))
    return others if used and re.search(rf"\b{used}\b", others) else code


def _misspelled(rng: Random, code: str, _task: Task) -> str:
    """Misspell a method of a table or of a library."""
    names = list(re.finditer(r"(?:\bdf|\bplt|\bpd|\])\.([a-z_]{4,})\(", code))
    if not names:
        return code
    name = rng.choice(names)
    return code[: name.start(1)] + mistyped(rng, name[1]) + code[name.end(1) :]


def _refused(code: str, damaged: str) -> str:
    """Return the damaged code if Python does not take it."""
    try:
        compile(damaged, "cell", "exec")
    except (SyntaxError, ValueError):
        return damaged
    return code


DAMAGES: tuple[Callable[[Random, str, Task], str], ...] = (
    _saved_as_table,
    _unfinished,
    _unfinished,
    _stray_word,
    _stray_word,
    _undefined,
    _misspelled,
)
