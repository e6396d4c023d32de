"""Judges a model on requests kept from training, through the whole line: engine, session, kernel child, real files.

A request counts as solved when the answer holds every figure of the reference's output (or, where there is none, says
the same), and the file asked for is there. Each request runs in a folder and a session of its own; what follows it in
the same conversation goes on there.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from offline_interpreter.api import open_session
from offline_interpreter.config import Options
from offline_interpreter.records import Answer, CellStart, TurnEnd
from offline_interpreter.steps import parse_step, write_step
from starter.dialogue import Played, fingerprint
from starter.families import unknown
from starter.sessions import FAMILIES, Conversation, talk

if TYPE_CHECKING:
    from offline_interpreter.engines.base import Engine
    from offline_interpreter.session import Session

FIRST_SEED = 10**12  # far from the seeds of training
FOLLOWED_EVERY = 4  # each fourth conversation has a second request


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of one request."""

    family: str
    request: str
    answer: str
    reference: str
    cells: tuple[str, ...]
    solved: bool
    refused: bool  # the answer says that the starter does not know this
    should_refuse: bool
    names_copied: int
    names: int


def conversations(family: str, count: int, engine: Engine) -> Iterator[Conversation]:
    """Yield unseen conversations that begin with a request of a family: phrasings, names and files kept for this."""
    for index in range(count):
        seed = FIRST_SEED + 1000 * sum(family.encode()) + index
        requests = 2 if index % FOLLOWED_EVERY == FOLLOWED_EVERY - 1 else 1
        yield talk(
            seed,
            held_out=True,
            requests=requests,
            window=engine.context_tokens,
            count=engine.count_tokens,
            family=family,
            today=date.today(),  # of which the session speaks
        )


def judge_conversation(conversation: Conversation, engine: Engine) -> list[Verdict]:
    """Ask the requests of a conversation one after the other and judge each, until one fails."""
    verdicts: list[Verdict] = []
    with tempfile.TemporaryDirectory(prefix="starter-") as name:
        folder = Path(name)
        conversation.write_files(folder)
        options = Options(workspace=folder, approval="auto", max_steps=6)
        with closing(open_session(options, engine=engine)) as session:
            for played in conversation.turns:
                verdicts.append(_judge(played, session, folder))
                if not verdicts[-1].solved:
                    break
    return verdicts


def _judge(played: Played, session: Session, folder: Path) -> Verdict:
    cells, answer = [], ""
    for event in session.turn(played.task.request):
        if isinstance(event, CellStart):
            cells.append(event.code)
        elif isinstance(event, TurnEnd):
            answer = event.answer if event.status == "answered" else f"({event.status}) {event.answer}"
    reference = parse_step(played.answer)
    assert isinstance(reference, Answer)
    task = played.task
    return Verdict(
        task.family,
        task.request,
        answer,
        reference.message,
        tuple(cells),
        solved=_says(played, answer) and _did(played, folder) and bool(cells) == bool(task.cells),
        refused=answer == unknown.ANSWER,
        should_refuse=task.unknown,
        names_copied=sum(any(name in cell for cell in cells) for name in task.names),
        names=len(task.names),
    )


def _says(played: Played, answer: str) -> bool:
    """Return whether an answer is right: as chance allows, with all figures, or word for word where there are none."""
    if played.task.accepts:
        return played.task.accepts(answer)
    if played.figures:
        return all(figure in answer for figure in played.figures)
    return write_step(Answer(answer)) == played.answer


def _did(played: Played, folder: Path) -> bool:
    """Return whether every file that the reference touched is as the reference left it."""
    if not played.task.exact:
        return all((folder / path).is_file() == bool(mark) for path, mark in played.changes.items())
    return all(fingerprint(folder / path) == mark for path, mark in played.changes.items())


def report(verdicts: list[Verdict]) -> str:
    """Return the table of figures."""
    lines = ["| family | solved | of | rate |", "|---|---|---|---|"]
    families = dict.fromkeys(verdict.family for verdict in verdicts)
    for family in families:
        lines.append(_row(family, [verdict.solved for verdict in verdicts if verdict.family == family]))
    lines.append(_row("all of these", [verdict.solved for verdict in verdicts]))
    lines.append(f"| **as the generator draws them** | | | **{overall(verdicts):.1%}** |")
    copied, names = sum(verdict.names_copied for verdict in verdicts), sum(verdict.names for verdict in verdicts)
    unknowns = [verdict.refused for verdict in verdicts if verdict.should_refuse]
    knowns = [not verdict.refused for verdict in verdicts if not verdict.should_refuse]
    lines.append(f"| unseen names copied into code | {copied} | {names} | {copied / max(names, 1):.1%} |")
    lines.append(_row("unknown requests refused", unknowns))
    lines.append(_row("known requests not refused", knowns))
    return "\n".join(lines)


def overall(verdicts: list[Verdict]) -> float:
    """Return the share solved if requests came from each family as often as the generator draws it."""
    solved = weight = 0.0
    for family, parts in FAMILIES.items():
        drawn = sum(part.share for part in parts)
        hits = [verdict.solved for verdict in verdicts if verdict.family == family]
        if hits:
            solved, weight = solved + drawn * share(hits), weight + drawn
    return solved / max(weight, 1.0)


def reached(verdicts: list[Verdict], of_all: float, of_each: float) -> bool:
    """Return whether the shares that are required of all requests and of each family's are reached."""
    families = {verdict.family for verdict in verdicts}
    shares = [share([verdict.solved for verdict in verdicts if verdict.family == family]) for family in families]
    return share([verdict.solved for verdict in verdicts]) >= of_all and min(shares) >= of_each


def _row(name: str, hits: list[bool]) -> str:
    return f"| {name} | {sum(hits)} | {len(hits)} | {share(hits):.1%} |"


def share(hits: list[bool]) -> float:
    """Return the share of hits; of nothing it is 0."""
    return sum(hits) / max(len(hits), 1)
