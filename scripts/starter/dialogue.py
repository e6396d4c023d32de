"""What a generated conversation is: situations, tasks, and sessions that were really run.

A family makes a ``Task`` for a ``Situation``; ``play`` runs its cells and gives the messages of the turn. A task whose
output contradicts its independently computed truth is an error of the family, and raises.
"""

from __future__ import annotations

import hashlib
import re
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

from offline_interpreter.prompt import first_user_text, observation_budget, observation_text, request_room, user_text
from offline_interpreter.records import Answer, Code, Message
from offline_interpreter.steps import write_step
from starter.execution import Ran, Workbench
from starter.tables import Table

Outputs = Sequence[str]  # what each cell of a task printed, and its error
Count = Callable[[str], int]
NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?:e[+-]?\d+)?(?!\w)")


class WrongTruth(Exception):
    """A family's code printed what its truth denies."""


@dataclass(slots=True)
class Situation:
    """Where a request is made: the folder, its tables, the day, and what was done before in this conversation.

    ``files`` are all names in the folder, ``contents`` the bytes of those that are neither tables nor empty; ``notes``
    are what the families that laid them remember of them.
    ``held_out`` chooses the phrasings and names that are kept for evaluation.
    """

    rng: Random
    today: date
    files: list[str] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    held_out: bool = False
    done: dict[str, Any] = field(default_factory=dict)
    contents: dict[str, bytes] = field(default_factory=dict)
    notes: dict[str, Any] = field(default_factory=dict)

    def lay(self, name: str, content: bytes) -> None:
        """Put a file into the folder, before the conversation begins."""
        self.contents[name] = content
        self.files = sorted({*self.files, name}, key=lambda path: (path.count("/"), path))


@dataclass(frozen=True, slots=True)
class Task:
    """One request with its cells, its answer and its truth.

    ``answer`` and ``agrees`` are given what each cell printed. ``created`` names a file that the cells make; files made
    are compared by content where ``exact``. ``accepts`` judges an answer where chance decides what is printed.
    ``unknown``: the right answer is that the starter does not know this. The first ``slips`` cells are mistakes, which
    nothing is to learn from.
    """

    family: str
    request: str
    cells: Sequence[Code]
    answer: Callable[[Outputs], str]
    agrees: Callable[[Outputs], bool] = lambda _: True
    created: str = ""
    exact: bool = True
    accepts: Callable[[str], bool] | None = None
    unknown: bool = False
    slips: int = 0
    names: Sequence[str] = ()  # identifiers of the request that the code has to copy


@dataclass(frozen=True, slots=True)
class Played:
    """A task that was run: the messages of its turn, the figures that its answer must hold, and what became of files.

    ``changes`` gives for each file that was touched its ``fingerprint``, "" for one that is gone.
    """

    task: Task
    messages: Sequence[Message]
    figures: Sequence[str]
    changes: Mapping[str, str]

    @property
    def answer(self) -> str:
        """The reference's answer, as the text of its step."""
        return self.messages[-1].text


def play(task: Task, situation: Situation, bench: Workbench, *, first: bool, window: int, count: Count) -> Played:
    """Run the cells of a task and return the turn. Raises ``WrongTruth`` when the truth denies the output."""
    room = request_room(window, count)
    request = (
        first_user_text(task.request, today=situation.today, files=situation.files, room=room)
        if first
        else user_text(task.request, room=room)
    )
    messages = [Message("user", request)]
    outputs = []
    touched: set[str] = set()
    for cell in task.cells:
        ran: Ran = bench.run(cell.code)
        touched |= {artifact.path for artifact in ran.observed.artifacts}
        outputs.append(ran.observed.text + ran.observed.error)
        observation = observation_text(ran.observed, ran.result, budget=observation_budget(window), count=count)
        messages += [Message("assistant", write_step(cell)), Message("observation", observation)]
        situation.files = bench.files()
    if not task.agrees(outputs):
        raise WrongTruth(f"{task.family}: {task.request!r} printed {outputs!r}")
    answer = task.answer(outputs)
    messages.append(Message("assistant", write_step(Answer(answer))))
    figures = [number for number in NUMBER.findall(outputs[-1]) if number in answer] if outputs else []
    changes = {path: fingerprint(bench.folder / path) for path in sorted(touched)} if situation.held_out else {}
    return Played(task, messages, figures, changes)


def fingerprint(path: Path) -> str:
    """Return what tells a file's content from another's, times left out; "" when there is no such file."""
    if not path.is_file():
        return ""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            parts = sorted((info.filename, info.CRC) for info in archive.infolist() if "docProps" not in info.filename)
        return repr(parts)
    return hashlib.sha256(path.read_bytes()).hexdigest()
