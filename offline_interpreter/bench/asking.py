"""One task, asked once: its inputs written, the request put to a session of the whole line, the outcome judged.

The session is real: the engine, the confined kernel, a workspace of its own. Which process this runs in, and what
becomes of the record, is not known here. What a model's code left behind is judged in this process, but its code is
never run in it.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from random import Random

from offline_interpreter.api import default_system_prompt, open_session, protocol_of
from offline_interpreter.bench.memory import OwnMemory, restart_peak
from offline_interpreter.bench.players import Player
from offline_interpreter.bench.records import TRANSCRIPTS, Record, Status
from offline_interpreter.bench.seen import Seen
from offline_interpreter.bench.suites import Item, seed_text
from offline_interpreter.bench.tasks import Attempt, Ended, Question, Task
from offline_interpreter.cell_log import SessionFolder
from offline_interpreter.config import Options
from offline_interpreter.engines.fenced import fenced_message
from offline_interpreter.kernel.manager import Kernel
from offline_interpreter.records import Message, Output
from offline_interpreter.session import Session

_SHOWN_REASON_CHARS = 300
_HASH_CHARS = 16


class Asker:
    """Puts tasks to one player, one at a time.

    ``work`` is a folder for workspaces and sessions; a task's place in it is the same in every run, for models are told
    of paths. Transcripts end in ``run``. ``base`` says what is known of the model: every record begins with it.
    """

    def __init__(self, player: Player, options: Options, base: Record, *, work: Path, run: Path) -> None:
        self._player = player
        self._options = replace(options, approval="auto")
        self._work = work
        self._run = run
        self._memory = OwnMemory()
        self._base = replace(base, load_s=player.load_s, context_tokens=player.context_tokens, threads=player.threads)

    def ask(self, task: Task, item: Item) -> Record:
        """Ask one task and judge the outcome. What a model or a check does wrong is in the record, and never raised."""
        place = self._work / _place_name(item)
        workspace, session = place / "workspace", place / "session"
        shutil.rmtree(place, ignore_errors=True)
        workspace.mkdir(parents=True)
        base = replace(record_of(self._base, task, item), host_load=host_load())
        try:
            with self._memory.left_out():
                question = task.make(Random(seed_text(item)), workspace)  # noqa: S311 - not for secrets
            record = self._converse(task, question, workspace, session, base)
            return replace(record, transcript=_keep(session, self._run, _transcript_folder(base)))
        finally:
            shutil.rmtree(place, ignore_errors=True)

    def _converse(self, task: Task, question: Question, workspace: Path, folder: Path, base: Record) -> Record:
        restart_peak()
        options = replace(self._options, workspace=workspace, seed=self._options.seed + base.repeat)
        engine = self._player.engine_for(question)
        with closing(open_session(options, engine=engine, folder=SessionFolder(folder))) as session:
            seen = Seen()
            with _ended_after(task.time_limit_s, session) as limit:
                for event in session.turn(question.request):
                    seen.take(event)
            record = replace(seen.measured(base), rss_bytes=self._memory.peak_bytes())
            if limit.passed:
                return replace(record, status="timeout", reason=f"It did not end within {task.time_limit_s:,.0f} s.")
            with self._memory.left_out():
                status, reason = _verdict(question, seen, session)
        is_first_try = status == "solved" and not seen.repairs
        return replace(record, status=status, reason=one_line(reason), first_try=is_first_try)


def record_of(base: Record, task: Task, item: Item) -> Record:
    """Return ``base`` as the beginning of a task's record."""
    return replace(
        base,
        suite=item.suite,
        task=item.task,
        family=task.family,
        difficulty=task.difficulty,
        seed=item.seed,
        repeat=item.repeat,
    )


def host_load() -> float:
    """Return the load average of the last minute; 0 where there is none."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else 0.0


def prompt_hash(options: Options) -> str:
    """Return what changes with the system prompt."""
    shown = Message("system", default_system_prompt(options))
    if protocol_of(options) == "fenced":
        shown = fenced_message(shown)
    return hashlib.sha256(shown.text.encode()).hexdigest()[:_HASH_CHARS]


def one_line(text: str) -> str:
    """Return a reason as one line of bounded length."""
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN_REASON_CHARS else line[: _SHOWN_REASON_CHARS - 1] + "…"


# -- the turn's end -----------------------------------------------------------------------------------------------


class _Limit:
    """Whether a turn was ended by its limit."""

    passed = False


@contextmanager
def _ended_after(seconds: float, session: Session) -> Iterator[_Limit]:
    """End the session's turn if it takes longer than ``seconds``."""
    limit = _Limit()

    def end() -> None:
        limit.passed = True
        session.cancel()

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield limit
    finally:
        timer.cancel()


def _verdict(question: Question, seen: Seen, session: Session) -> tuple[Status, str]:
    if seen.status == "error":
        return "error", seen.notice
    if seen.status != "answered":
        return "failed", seen.answer
    attempt = Attempt(
        folder=session.cells.workspace.root,
        answer=seen.answer,
        printed="".join(seen.printed),
        cells=tuple(seen.cells),
        figures=tuple(seen.figures),
        run=lambda code, limit_s: run_check(session.cells.kernel, code, limit_s),
    )
    try:
        reason = question.check(attempt)
    except Exception as error:  # what a model left behind may be anything
        return "failed", f"What it left cannot be read ({type(error).__name__}: {error})."
    return ("failed", reason) if reason else ("solved", "")


def run_check(kernel: Kernel, code: str, limit_s: float) -> Ended:
    """Run code of a check as a cell; return how it ended."""
    printed, error = [], ""
    with closing(kernel.execute(code, timeout_s=limit_s)) as running:
        while True:
            try:
                output = next(running)
            except StopIteration as end:
                result = end.value
                break
            if isinstance(output, Output) and output.kind == "stream" and output.name == "stdout":
                printed.append(output.text)
            elif isinstance(output, Output) and output.kind == "error":
                error = output.text.strip().rpartition("\n")[2] or output.name
    endings = {"ok": "", "timeout": f"It did not end within {limit_s:,.1f} s.", "died": "The interpreter died."}
    return Ended("".join(printed), endings.get(result.status, error or "It failed."), result.seconds)


# -- what is kept -------------------------------------------------------------------------------------------------


def _place_name(item: Item) -> str:
    return hashlib.sha256(seed_text(item).encode()).hexdigest()[:_HASH_CHARS]


def _transcript_folder(record: Record) -> Path:
    names = [f"{record.model}-{record.sha256[:8]}", record.suite, f"{record.task}-s{record.seed}-r{record.repeat}"]
    safe = ["".join(char if char.isalnum() or char in "._-" else "_" for char in name) for name in names]
    return Path(TRANSCRIPTS, *safe)


def _keep(session: Path, run: Path, folder: Path) -> str:
    """Move the transcript and the figures into the run's folder; return the transcript's path there."""
    shutil.rmtree(run / folder, ignore_errors=True)
    (run / folder).mkdir(parents=True)
    for name in ("transcript.jsonl", "figures"):
        if (session / name).exists():
            shutil.move(session / name, run / folder / name)
    return (folder / "transcript.jsonl").as_posix()
