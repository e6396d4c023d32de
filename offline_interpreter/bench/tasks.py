"""What a benchmark asks: tasks, the questions that a seed makes of them, and what a model leaves to be judged.

A task is judged by its outcome alone: the answer, the files in the workspace, what cells printed, and how code of the
check runs beside what the model defined. Nothing here runs anything or knows about models.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Literal

Difficulty = Literal["easy", "medium", "hard"]

TIME_LIMIT_S = 600.0  # for a turn: reading the prompt, all steps, all cells


@dataclass(frozen=True, slots=True)
class Ended:
    """How code of a check ended: ``error`` is "" if it ran to its end, else the last line of what went wrong."""

    printed: str
    error: str
    seconds: float


RunCode = Callable[[str, float], Ended]  # code, limit in seconds


@dataclass(frozen=True, slots=True)
class Attempt:
    """What a model left behind.

    ``folder``: the workspace after the turn. ``answer``: "" if there was none. ``printed``: what all cells wrote to
    standard output and the values that they showed, joined. ``cells``: the code that ran. ``figures``: pictures that
    cells showed, as files, in their order.
    ``run`` runs code of the check as one more cell of the session's confined kernel, where the model's names are still
    defined; what a model wrote is never run in another place.
    """

    folder: Path
    answer: str
    printed: str
    cells: tuple[str, ...]
    figures: tuple[Path, ...]
    run: RunCode


@dataclass(frozen=True, slots=True)
class Solution:
    """The steps that a model would write: the code of its cells, then the answer."""

    code: tuple[str, ...]
    answer: str


@dataclass(frozen=True, slots=True)
class Question:
    """A task made concrete by a seed.

    ``check`` returns "" when the attempt solves it, else one line that says what is missing. ``reference`` solves it;
    ``wrong`` looks like a solution and is none.
    """

    request: str
    check: Callable[[Attempt], str]
    reference: Solution
    wrong: Solution


@dataclass(frozen=True, slots=True)
class Task:
    """A kind of request. ``packages`` are the import names that it needs, of the kernel's Python and of the check's.

    ``make`` writes the inputs into the empty workspace; the same random numbers give the same bytes and question.
    """

    id: str
    family: str
    difficulty: Difficulty
    packages: tuple[str, ...]
    make: Callable[[Random, Path], Question]
    time_limit_s: float = TIME_LIMIT_S


@dataclass(frozen=True, slots=True)
class Suite:
    """Tasks under one name. ``digest`` changes with what is asked; ``note`` is what a reader of figures must know."""

    name: str
    tasks: tuple[Task, ...]
    digest: str
    note: str = ""
