"""The loop of a turn: ask the model for a step, run its code, show it what came of it, until it answers.

A session joins an engine, its cells and a transcript, which it is given and does not make. It knows
nothing of terminals: everything that happens leaves it as events, and what it needs of the person it asks through the
two callbacks. The history only grows, but for what ``prompt.fit`` cuts, and every turn ends with an assistant answer.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal, TypeVar

from offline_interpreter import prompt
from offline_interpreter.approval import decide, may_run
from offline_interpreter.cancel import Cancel
from offline_interpreter.cells import Cells, Ran
from offline_interpreter.engines.base import Engine, stream_in_thread
from offline_interpreter.errors import EngineError, KernelError, StepInvalid, UsageError
from offline_interpreter.records import (
    LIVE_KINDS,
    Answer,
    Approve,
    Artifact,
    AskInput,
    Code,
    Event,
    Message,
    Notice,
    Reply,
    Sampling,
    Step,
    StepTaken,
    TurnEnd,
    TurnStart,
    TurnStats,
    TurnStatus,
    event_json,
)
from offline_interpreter.replay import Replay, makes_variables
from offline_interpreter.steps import STEP_SCHEMA, StepReader, close_step, closing_messages, parse_step, relay_reply
from offline_interpreter.transcript import (
    RanCells,
    RecordedCell,
    RecordedTurn,
    Transcript,
    fold_turns,
    history_record,
    message_record,
    read_transcript,
    without_last_turn,
)
from offline_interpreter.undone import Undone

MAX_CORRECTIONS = 2  # malformed replies of one turn that are answered with a correction

_CUT = "The reply was cut off before its end, so the code did not run. Write a shorter cell."
_CUT_NOTICES = {
    "length": "The reply was cut off at its longest length.",
    "runaway": "The reply was cut off, because the model repeated itself without end.",
}
_REPEATED = "This very cell has just run, and its output is above. Answer now, or write different code."
_STOPPED = "Stopped by the user."
_CLOSINGS: dict[TurnStatus, str] = {
    "exhausted": "I stopped after {steps} steps without an answer.",
    "repeated": "I stopped, because I wrote the same code again and again.",
    "refused": _STOPPED,
    "interrupted": _STOPPED,
    "approval_needed": "The code did not run, because nobody allowed it.",
    "error": "The turn ended because of an error.",
}


_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Settings:
    """What bounds a turn."""

    max_steps: int = 12
    timeout_s: float = 0.0
    sampling: Sampling = field(default_factory=Sampling)


@dataclass(slots=True)
class _Turn:
    """What one turn has come to so far."""

    started_at: float = field(default_factory=time.monotonic)
    steps: int = 0
    cells: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    generated_tokens: int = 0
    corrections: int = 0
    answer: str = ""

    def count(self, reply: Reply) -> None:
        self.steps += 1
        self.prompt_tokens += reply.stats.prompt_tokens
        self.cached_tokens += reply.stats.cached_tokens
        self.generated_tokens += reply.stats.generated_tokens

    def stats(self) -> TurnStats:
        seconds = time.monotonic() - self.started_at
        return TurnStats(self.steps, self.cells, self.prompt_tokens, self.cached_tokens, self.generated_tokens, seconds)


@dataclass(frozen=True, slots=True)
class _Taken:
    """A reply, read: ``cut`` steps were closed for the model and are never run; ``step`` None was no step at all."""

    step: Step | None
    cut: bool
    reply: Reply


class Session:
    """One conversation with its kernel and its transcript."""

    def __init__(
        self,
        *,
        engine: Engine,
        cells: Cells,
        transcript: Transcript,
        approve: Approve,
        ask_input: AskInput | None = None,
        settings: Settings | None = None,
        messages: Sequence[Message] = (),
    ) -> None:
        """Join the parts. ``messages`` begin with the system message, where the engine reads one."""
        self.engine = engine
        self.cells = cells
        self.transcript = transcript
        self.approve = approve
        self.ask_input = ask_input
        self.settings = settings or Settings()
        self.messages = list(messages)
        self._cancel = Cancel()
        self._in_turn = False
        self._told: list[list[Artifact]] = []  # what each request said of files that the person changed
        self._untold: list[Artifact] = []
        self._notes: list[str] = []  # what else the next request says
        self._ran = RanCells(read_transcript(transcript.path))

    def cancel(self) -> None:
        """Stop the reply that is being written, else the cell that runs; from any thread or a signal handler."""
        self._cancel.request()
        self.cells.kernel.interrupt()

    def set_system_message(self, text: str) -> None:
        """Change what the model is told before anything else, between two turns; the same text changes nothing.

        A model that reads no system message is given none.
        """
        message = Message("system", text)
        if self.engine.reads_system and self.messages[:1] != [message]:
            rest = self.messages[1:] if self.messages[:1] and self.messages[0].role == "system" else self.messages
            self.messages = [message, *rest]
            self.transcript.append(history_record(self.messages))

    def turn(self, text: str) -> Generator[Event, None, None]:
        """Answer one request; yield what happens. The last event is ``turn_end``, whatever happens but our own bugs.

        When the caller stops iterating early the turn is closed as interrupted.
        """
        self._cancel, turn = Cancel(), _Turn()
        self._in_turn = True
        status: TurnStatus = "interrupted"
        try:
            status = yield from self._recorded(self._take_turn(text, turn))
        except Exception:
            status = "error"
            raise
        finally:
            end = self._close_turn(status, turn)
            self._in_turn = False
        yield end

    def undo(self) -> Undone:
        """Undo the last turn: put back the files that its cells changed, and take it out of the model's history.

        What the person has changed since stays; the result says so. Variables of the kernel stay as they are. Called
        again, it undoes the turn before. Raises ``UsageError`` while a turn runs, and when there is none to undo.
        """
        if self._in_turn:
            raise UsageError("A turn is running.", "Stop it before you undo it.")
        recorded = fold_turns(read_transcript(self.transcript.path))
        if not recorded and not self._turns():
            raise UsageError("There is no turn to undo.")
        last = recorded[-1] if recorded else RecordedTurn("")
        self._untold = [*self._untold, *(self._told.pop() if self._told else []), *self.cells.workspace.settle()]
        files = self.cells.snapshot.undo(last.cells)
        self.messages = without_last_turn(self.messages)
        undone = Undone(last.request, last.cells, files)
        self._record(undone)
        return undone

    @property
    def lost_cells(self) -> tuple[RecordedCell, ...]:
        """The cells that succeeded and whose variables are gone, by a crash, a kill or a resume; oldest first.

        There are none where no cell left a variable.
        """
        lost = self._ran.lost
        return lost if any(makes_variables(cell.code) for cell in lost) else ()

    def replay(self, cells: Sequence[RecordedCell]) -> Generator[Event, None, None]:
        """Run ``cells`` again, in order, each shown and approved; yield what happens, all of it recorded.

        It stops at a cell that does not succeed. The model learns of it with the next request. Whatever the cells did
        to files they do again. Raises ``UsageError`` while a turn runs.
        """
        if self._in_turn:
            raise UsageError("A turn is running.", "Wait for its end before you run cells again.")
        self._cancel, self._in_turn = Cancel(), True
        replay = Replay(cells, self.approve, self._run_cell, self._cancel)
        try:
            yield from self._recorded(replay.events())
        finally:
            self._in_turn = False
            self._notes += filter(None, [replay.note])

    def note(self, text: str) -> Event:
        """Record a line to the person, and return it as an event."""
        return self._record(Notice(text))

    def _take_turn(self, text: str, turn: _Turn) -> Generator[Event, None, TurnStatus]:
        yield TurnStart(text, self._turns() + 1)
        self._say(Message("user", self._request(text)))
        try:
            return (yield from self._take_steps(turn))
        except (EngineError, KernelError) as error:
            yield Notice(str(error))
            return "error"

    def _take_steps(self, turn: _Turn) -> Generator[Event, None, TurnStatus]:
        ran: str | None = None
        told = False
        while turn.steps < self.settings.max_steps:
            taken = yield from self._next_step(turn)
            if taken.reply.finish == "cancelled":
                return "interrupted"
            if taken.step is None:
                continue  # a correction is under way
            if isinstance(taken.step, Answer):
                turn.answer = taken.step.message
                return "answered"
            if taken.cut:
                self._say(Message("observation", _CUT))
            elif taken.step.code.strip() == ran:
                if told:
                    return "repeated"
                told = True
                yield Notice("The model wrote a cell that has just run. It was not run again.")
                self._say(Message("observation", _REPEATED))
            else:
                status = yield from self._decide_and_run(taken.step, turn)
                if status is not None:
                    return status
                ran = taken.step.code.strip()
        return "exhausted"

    # -- the model's part -----------------------------------------------------------------------------------------

    def _next_step(self, turn: _Turn) -> Generator[Event, None, _Taken]:
        """Have the model write one step; it is in the history when this returns, and so is a needed correction."""
        self._fit()
        reader = StepReader()
        replying = stream_in_thread(self.engine, self.messages, STEP_SCHEMA, self.settings.sampling, self._cancel)
        try:
            reply = yield from relay_reply(replying, reader)
        except GeneratorExit:  # the caller stopped iterating: keep what was written
            self._say(Message("assistant", close_step(reader.text)))
            raise
        turn.count(reply)
        cut = reply.finish != "complete"
        text = close_step(reader.text) if cut else reader.text
        self._say(Message("assistant", text))
        try:
            step = parse_step(text)
        except StepInvalid as error:
            turn.corrections += 1
            if turn.corrections > MAX_CORRECTIONS:
                raise EngineError("The model does not write valid steps.", "Try another model.") from error
            self._say(Message("observation", f"{error.cause} Reply with one step, as the rules say."))
            return _Taken(None, cut, reply)
        code = step.code if isinstance(step, Code) else ""
        action: Literal["code", "answer"] = "code" if isinstance(step, Code) else "answer"
        yield StepTaken(action, step.message, code, cut, reply.finish, reply.stats)
        if reply.finish in _CUT_NOTICES:
            yield Notice(_CUT_NOTICES[reply.finish])
        return _Taken(step, cut, reply)

    # -- the cell's part ------------------------------------------------------------------------------------------

    def _decide_and_run(self, step: Code, turn: _Turn) -> Generator[Event, None, TurnStatus | None]:
        """Ask for approval, run what was allowed, observe it; return a status if the turn ends here."""
        approved = decide(self.approve, step)
        if may_run(approved) and self._cancel.requested:  # while the person was asked
            return "interrupted"
        yield approved
        if approved.decision == "needed":
            return "approval_needed"
        if approved.decision == "stopped":
            return "refused"
        if approved.decision == "refused":
            reason = f" The reason: {approved.reason}" if approved.reason else ""
            self._say(Message("observation", f"The person did not allow this code.{reason}"))
            return None
        turn.cells += 1
        ran = yield from self._run_cell(approved.code)
        budget = prompt.observation_budget(self.engine.context_tokens)
        observed = replace(ran.observed, ran_instead=approved.code if approved.decision == "edited" else "")
        text = prompt.observation_text(observed, ran.result, budget=budget, count=self.engine.count_tokens)
        self._say(Message("observation", text))
        return "interrupted" if ran.result.status == "interrupted" else None

    def _run_cell(self, code: str) -> Generator[Event, None, Ran]:
        return self.cells.run(code, self.settings.timeout_s, self.ask_input, self._cancel)

    # -- the history ----------------------------------------------------------------------------------------------

    def _request(self, text: str) -> str:
        changes = [*self._untold, *self.cells.workspace.settle()]
        notes, self._untold, self._notes = self._notes, [], []
        self._told.append(changes)
        room = prompt.request_room(self.engine.context_tokens, self.engine.count_tokens)
        if self._turns():
            return prompt.user_text(text, changes, notes, room=room)
        return prompt.first_user_text(text, today=date.today(), files=self.cells.workspace.files(), room=room)

    def _turns(self) -> int:
        return sum(message.role == "user" for message in self.messages)

    def _fit(self) -> None:
        window = self.engine.context_tokens
        fitted = prompt.fit(self.messages, window_tokens=window, count=self.engine.count_tokens)
        if fitted != self.messages:
            self.messages = fitted
            self.transcript.append(history_record(fitted))

    def _say(self, message: Message) -> None:
        self.messages.append(message)
        self.transcript.append(message_record(message))

    def _recorded(self, source: Generator[Event, None, _T]) -> Generator[Event, None, _T]:
        """Pass on what ``source`` yields, each event recorded before anybody sees it."""
        with closing(source):
            while True:
                try:
                    event = next(source)
                except StopIteration as end:
                    value: _T = end.value
                    return value
                yield self._record(event)

    def _record(self, event: Event) -> Event:
        if event.kind not in LIVE_KINDS:
            record = event_json(event)
            self.transcript.append(record)
            self._ran.take(record)
        return event

    def _close_turn(self, status: TurnStatus, turn: _Turn) -> Event:
        """End the history with an assistant answer, so that roles always alternate."""
        if status != "answered":
            turn.answer = _CLOSINGS[status].format(steps=turn.steps)
            for message in closing_messages(self.messages, turn.answer):
                self._say(message)
        return self._record(TurnEnd(status, turn.answer, turn.stats()))

    def close(self) -> None:
        """End the kernel and the transcript. The engine is its maker's to close."""
        self._cancel.request()
        self.cells.close()
        self.transcript.close()
