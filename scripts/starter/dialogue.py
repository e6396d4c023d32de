"""What a generated conversation is: situations, tasks, and sessions that were really run.

A family makes a ``Task`` for a ``Situation``; ``play`` runs its cells and gives the messages of the turn. A task whose
output contradicts its independently computed truth is an error of the family, and raises.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from random import Random
from typing import Any

from offline_interpreter.prompt import first_user_text, observation_text, user_text
from offline_interpreter.records import Answer, Code, Message
from offline_interpreter.steps import write_step
from starter.execution import Ran, Workbench
from starter.tables import Table

Outputs = Sequence[str]  # what each cell of a task printed
Count = Callable[[str], int]
NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?:e[+-]?\d+)?(?!\w)")


class WrongTruth(Exception):
    """A family's code printed what its truth denies."""


@dataclass(slots=True)
class Situation:
    """Where a request is made: the folder, its tables, the day, and what was done before in this conversation.

    ``held_out`` chooses the phrasings and names that are kept for evaluation.
    """

    rng: Random
    today: date
    files: list[str] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    held_out: bool = False
    done: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Task:
    """One request with its cells, its answer and its truth.

    ``answer`` and ``agrees`` are given what each cell printed. ``created`` names a file that the cells make.
    ``unknown``: the right answer is that the starter does not know this.
    """

    family: str
    request: str
    cells: Sequence[Code]
    answer: Callable[[Outputs], str]
    agrees: Callable[[Outputs], bool] = lambda _: True
    created: str = ""
    unknown: bool = False
    names: Sequence[str] = ()  # identifiers of the request that the code has to copy


@dataclass(frozen=True, slots=True)
class Played:
    """A task that was run: the messages of its turn, and the figures that its answer must hold."""

    task: Task
    messages: Sequence[Message]
    figures: Sequence[str]

    @property
    def answer(self) -> str:
        """The reference's answer, as the text of its step."""
        return self.messages[-1].text


def play(task: Task, situation: Situation, bench: Workbench, *, first: bool, budget: int, count: Count) -> Played:
    """Run the cells of a task and return the turn. Raises ``WrongTruth`` when the truth denies the output."""
    request = (
        first_user_text(task.request, today=situation.today, files=situation.files)
        if first
        else user_text(task.request)
    )
    messages = [Message("user", request)]
    outputs = []
    for cell in task.cells:
        ran: Ran = bench.run(cell.code)
        outputs.append(ran.observed.text)
        observation = observation_text(ran.observed, ran.result, budget=budget, count=count)
        messages += [Message("assistant", write_step(cell)), Message("observation", observation)]
        situation.files += [
            artifact.path for artifact in ran.observed.artifacts if artifact.path not in situation.files
        ]
    if not task.agrees(outputs):
        raise WrongTruth(f"{task.family}: {task.request!r} printed {outputs!r}")
    answer = task.answer(outputs)
    messages.append(Message("assistant", write_step(Answer(answer))))
    figures = [number for number in NUMBER.findall(outputs[-1]) if number in answer] if outputs else []
    return Played(task, messages, figures)
