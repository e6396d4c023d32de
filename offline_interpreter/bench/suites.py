"""Which tasks are asked: the suites that were named, and of each what was selected."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from importlib import resources
from pathlib import Path
from typing import NamedTuple

from offline_interpreter.bench.loaders import SETS, load_set
from offline_interpreter.bench.tasks import Suite, Task
from offline_interpreter.errors import UsageError

CORE = "core"

_DIGEST_CHARS = 16


@dataclass(frozen=True, slots=True)
class Selection:
    """What is asked. ``suites``: ``core``, or NAME=FILE. ``patterns``: shell patterns of task ids, or of SUITE/ID.

    ``limit``: so many tasks of each suite at most, spread over it; 0 for all. Each task is asked ``repeats`` times,
    over other inputs each time where it has any; these depend on ``seed``, the task and the repeat alone.
    """

    suites: tuple[str, ...] = (CORE,)
    patterns: tuple[str, ...] = ()
    limit: int = 0
    repeats: int = 1
    seed: int = 0


class Item(NamedTuple):
    """One task to be asked once; it can be sent to another process."""

    suite: str
    task: str
    seed: int
    repeat: int


def load_suites(specs: Sequence[str]) -> dict[str, Suite]:
    """Return the suites that ``specs`` name. Raises ``UsageError`` for one that is not known or cannot be read."""
    suites: dict[str, Suite] = {}
    for spec in specs:
        name, _, file = spec.partition("=")
        if name in suites:
            raise UsageError(f"The suite {name!r} is named twice.", "Name it once.")
        if name == CORE and not file:
            suites[name] = _core()
        elif name in SETS and file:
            suites[name] = load_set(name, Path(file).expanduser())
        else:
            known = ", ".join([CORE, *(f"{each}=FILE" for each in SETS)])
            raise UsageError(f"There is no suite {spec!r}.", f"Suites are {known}.")
    return suites


def _core() -> Suite:
    from offline_interpreter.bench.core import TASKS

    folder = resources.files("offline_interpreter.bench.core")
    digest = hashlib.sha256()
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        if file.name.endswith(".py"):
            digest.update(file.read_bytes())
    return Suite(CORE, TASKS, digest.hexdigest()[:_DIGEST_CHARS])


def chosen_tasks(suite: Suite, selection: Selection) -> list[Task]:
    """Return the tasks of a suite that are asked, in its order."""
    patterns = selection.patterns or ("*",)
    tasks = [
        task
        for task in suite.tasks
        if any(fnmatchcase(task.id, each) or fnmatchcase(f"{suite.name}/{task.id}", each) for each in patterns)
    ]
    if selection.limit and selection.limit < len(tasks):
        return [tasks[index * len(tasks) // selection.limit] for index in range(selection.limit)]
    return tasks


def items(suites: Sequence[Suite], selection: Selection) -> list[Item]:
    """Return all that is asked of a model, in order: every task once before any is asked again.

    Raises ``UsageError`` when that is nothing.
    """
    tasks = [(suite.name, task.id) for suite in suites for task in chosen_tasks(suite, selection)]
    if not tasks:
        raise UsageError(
            f"No task matches {', '.join(selection.patterns)!r}.", "Patterns are like tables-*, or core/*."
        )
    return [Item(suite, task, selection.seed, repeat) for repeat in range(selection.repeats) for suite, task in tasks]


def seed_text(item: Item) -> str:
    """Return what the random numbers of a task's inputs are seeded with."""
    return f"{item.seed}/{item.suite}/{item.task}/{item.repeat}"


def tasks_by_name(suites: Sequence[Suite]) -> dict[tuple[str, str], Task]:
    """Return all tasks by suite and id."""
    return dict(_named(suites))


def _named(suites: Sequence[Suite]) -> Iterator[tuple[tuple[str, str], Task]]:
    for suite in suites:
        for task in suite.tasks:
            yield (suite.name, task.id), task
