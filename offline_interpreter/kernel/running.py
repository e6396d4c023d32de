"""The course of one cell, seen from the host: its outputs, its questions, its time, and how it is stopped.

A cell is stopped by SIGINT, which keeps its variables if it obeys, and after the grace by killing the child. What the
child says is believed only in form: a message of another cell, or with fields of another type, is ignored.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Generator
from typing import Literal

from offline_interpreter.kernel.disk import DiskGrowth
from offline_interpreter.kernel.memory import POLL_S
from offline_interpreter.kernel.process import CHECK_S, Child, Wake
from offline_interpreter.kernel.protocol import Message
from offline_interpreter.limit_notes import size_as_option
from offline_interpreter.records import AskInput, CellResult, Output, RunningLine

MAX_NAME_CHARS = 200  # of an exception


class RunningCell:
    """A cell that a child has been told to run."""

    def __init__(
        self,
        child: Child,
        wake: Wake,
        *,
        limit_s: float,
        grace_s: float,
        memory_bytes: int,
        disk: DiskGrowth,
        ask_input: AskInput | None,
    ) -> None:
        """Take what bounds the cell; a limit of 0 is none. ``wake`` asks for an interrupt."""
        self._child = child
        self._wake = wake
        self._limit_s = limit_s
        self._grace_s = grace_s
        self._memory_bytes = memory_bytes
        self._disk = disk
        self._taken_bytes = 0  # of memory, when that was too much
        self._ask_input = ask_input
        self._name = secrets.token_hex(8)  # not to be guessed by code that ran before
        self._started_at = time.monotonic()
        self._asking_s = 0.0
        self._stopped: Literal["", "timeout", "interrupted", "error"] = ""
        self._stopped_at = 0.0
        self._signals = 0
        self._is_done = False
        self._ok = False
        self._lines: list[str] = []

    def run(self, code: str, number: int) -> Generator[Output | RunningLine, None, CellResult]:
        """Have the child run ``code``; yield its outputs, now and then where it is, and return how it ended."""
        self._lines = code.splitlines()
        memory_bytes = self._memory_bytes if self._child.is_confined else 0
        run = {"type": "run", "cell": self._name, "number": number, "memory_bytes": memory_bytes, "code": code}
        self._child.send({**run, "interrupts": self._child.interrupts})
        self._started_at = time.monotonic()
        yield from self._relay()
        return self._result()

    def abandon(self) -> None:
        """Stop the cell and drop what it still puts out, so that the child is free for the next one, or dead."""
        self._ask_input = None
        self._stop("interrupted")
        try:
            self._enforce()
            for _ in self._relay():
                pass
        finally:
            if not self._is_done:
                self._child.kill()

    def _relay(self) -> Generator[Output | RunningLine, None, None]:
        while not self._is_done and not self._child.is_over:
            item = self._child.receive(self._wait_s())
            output = self._read(item) if isinstance(item, dict) else item
            if output is not None:
                yield output
            if not self._is_done:
                self._enforce()
        if not self._is_done:
            yield from self._last_outputs()
        if self._stopped == "error":
            yield Output("error", self._disk_text(), "DiskFilled")

    def _last_outputs(self) -> Generator[Output | RunningLine, None, None]:
        self._ask_input = None
        for item in self._child.rest():
            output = self._read(item) if isinstance(item, dict) else item
            if output is not None:
                yield output
        if self._taken_bytes:
            yield Output("error", self._memory_text(), "InterpreterDied")
        elif not self._stopped and not self._is_done:
            yield Output("error", f"The interpreter ended {self._child.ending}.", "InterpreterDied")

    def _memory_text(self) -> str:
        taken, most = size_as_option(self._taken_bytes), size_as_option(self._memory_bytes)
        return f"The cell and its processes took {taken} of memory; {most} are allowed (--memory). They were killed."

    def _disk_text(self) -> str:
        most = size_as_option(self._disk.most_bytes)
        return f"The disk filled by more than {most} while the cell ran (--disk), and so it was stopped."

    def _result(self) -> CellResult:
        ended: Literal["ok", "error", "died"] = "died"
        if self._is_done:
            ended = "ok" if self._ok else "error"
        return CellResult(self._stopped or ended, self._seconds(), state_lost=self._child.is_over)

    # -- what the child says --------------------------------------------------------------------------------------

    def _read(self, message: Message) -> Output | RunningLine | None:
        """Return the output or the line that a message carries; act on one that carries none."""
        if message.get("cell") != self._name:  # of a cell that was given up, or of nobody
            return None
        kind = message["type"]
        if kind == "done":
            self._is_done, self._ok = True, message.get("ok") is True
        elif kind == "input":
            self._answer(message)
        elif kind == "error":
            return Output("error", _text(message.get("text")), _text(message.get("name"))[:MAX_NAME_CHARS])
        elif kind == "line":
            return self._running_line(message.get("line"))
        elif kind in {"display", "result"}:
            return _bundle_output("display" if kind == "display" else "result", message.get("data"))
        return None

    def _running_line(self, line: object) -> RunningLine | None:
        if isinstance(line, int) and 1 <= line <= len(self._lines):
            return RunningLine(line, self._lines[line - 1].strip())
        return None

    def _answer(self, message: Message) -> None:
        started_at = time.monotonic()
        text: str | None = None
        try:
            if self._ask_input is not None:
                text = str(self._ask_input(_text(message.get("prompt")), message.get("secret") is True))
        except EOFError:
            text = None
        except KeyboardInterrupt:
            self._stop("interrupted")
            return
        finally:
            self._asking_s += time.monotonic() - started_at
        self._child.send({"type": "reply", "cell": self._name, "request": message.get("request"), "text": text})

    # -- time and stopping ----------------------------------------------------------------------------------------

    def _seconds(self) -> float:
        return time.monotonic() - self._started_at - self._asking_s

    def _wait_s(self) -> float:
        """Return how long nothing is due."""
        if self._stopped:
            return self._grace_s / 20
        check_s = POLL_S if self._memory_bytes else CHECK_S
        return min(check_s, max(self._limit_s - self._seconds(), 0)) if self._limit_s > 0 else check_s

    def _stop(self, reason: Literal["timeout", "interrupted", "error"]) -> None:
        if not self._stopped:
            self._stopped, self._stopped_at = reason, time.monotonic()

    def _enforce(self) -> None:
        if self._wake.requested:
            self._wake.clear()
            self._stop("interrupted")
        elif 0 < self._limit_s <= self._seconds():
            self._stop("timeout")
        elif self._disk.is_too_much():
            self._stop("error")
        if self._memory_bytes and (taken := self._child.memory.above(self._memory_bytes)):
            self._taken_bytes = taken
            self._child.kill()
        if not self._stopped:
            return
        stopping_s = time.monotonic() - self._stopped_at
        if stopping_s >= self._grace_s:
            self._child.kill()
        elif stopping_s >= self._signals * self._grace_s / 2:  # once more: an interrupt is lost in some callbacks
            self._signals += 1
            self._child.interrupt()


def _text(value: object) -> str:
    """Return a text that can be written as UTF-8, whatever the child sent."""
    if not isinstance(value, str):
        return ""
    return value if value.isascii() else value.encode("utf-8", "backslashreplace").decode("utf-8")


def _bundle_output(kind: Literal["display", "result"], data: object) -> Output | None:
    if not isinstance(data, dict):
        return None
    bundle = {_text(mime): _text(value) for mime, value in data.items() if isinstance(value, str)}
    return Output(kind, bundle.get("text/plain", ""), data=bundle)
