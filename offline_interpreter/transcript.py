"""The record of a session: one JSON object a line, appended and flushed, each line chained to the one before.

A line carries ``seq``, ``prev`` (the SHA-256 of the line before, without its newline) and ``at`` (UTC), then the
record itself: the JSON of an event, or one of those that rebuild the history (``message``, ``history``). The hash of
the last line is the *head*. Whoever keeps the head can later show that nothing before it was altered; the chain alone
proves nothing against someone who can rewrite the whole file.

This module does not know what the records mean, but for ``fold_history``, ``fold_turns`` and ``RanCells``.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from offline_interpreter.errors import TranscriptBroken
from offline_interpreter.records import Message, value_json

FIRST = "0" * 64  # ``prev`` of the first line

# After these a power cut may take nothing: the file is synchronised with the disk.
_SYNCED = frozenset({"session", "step", "cell_end", "turn_end", "history", "undo"})


class Transcript:
    """Writes one file. Only one process may hold it; a second one is refused."""

    def __init__(self, path: Path) -> None:
        """Open ``path``, new or to go on with; a last line that was cut while it was written is dropped.

        Raises ``TranscriptBroken`` when a line before the last was altered, or when another process writes to it.
        """
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_CLOEXEC", 0), 0o600)
        try:
            _lock(self._fd, path)
            self._seq, self.head = self._find_end()
        except TranscriptBroken:
            os.close(self._fd)
            raise

    def _find_end(self) -> tuple[int, str]:
        seq, head, size = 0, FIRST, 0
        for line, _ in _lines(self.path):
            seq, head, size = seq + 1, _digest(line), size + len(line) + 1
        if os.fstat(self._fd).st_size > size:
            os.ftruncate(self._fd, size)
        return seq, head

    def append(self, record: Mapping[str, Any]) -> None:
        """Write one record as one line; it is with the operating system when this returns."""
        stamped = {"seq": self._seq, "prev": self.head, "at": datetime.now(timezone.utc).isoformat(), **record}
        line = json.dumps(stamped, ensure_ascii=False).encode("utf-8", "backslashreplace")
        _write_all(self._fd, line + b"\n")
        self._seq, self.head = self._seq + 1, _digest(line)
        if record.get("kind") in _SYNCED:
            os.fsync(self._fd)

    def close(self) -> None:
        """Close the file, and with it the lock."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def _write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def _lock(fd: int, path: Path) -> None:
    try:
        import fcntl
    except ImportError:  # Windows: no lock; the chain still shows two writers
        return
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise TranscriptBroken(f"The session {path.parent.name!r} is open in another process.", "Close it.") from error


def _digest(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest()


def _lines(path: Path) -> Iterator[tuple[bytes, dict[str, Any]]]:
    """Yield each complete line with its record, checking the chain; a last line without its newline is left out."""
    head = FIRST
    with path.open("rb") as file:
        for number, raw in enumerate(file, 1):
            if not raw.endswith(b"\n"):
                return
            line = raw[:-1]
            yield line, _checked(line, head, number, path)
            head = _digest(line)


def _checked(line: bytes, head: str, number: int, path: Path) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except ValueError as error:
        raise TranscriptBroken(f"Line {number} of {str(path)!r} is not JSON.") from error
    if not isinstance(record, dict) or record.get("prev") != head or record.get("seq") != number - 1:
        raise TranscriptBroken(f"Line {number} of {str(path)!r} does not follow from the line before it.")
    return record


def read_transcript(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the records of a file, oldest first. Raises ``TranscriptBroken`` at the first line that was altered."""
    for _, record in _lines(path):
        yield record


def message_record(message: Message) -> dict[str, Any]:
    """Return the record that adds one message to the history."""
    return {"kind": "message", "role": message.role, "text": message.text}


def history_record(messages: Sequence[Message]) -> dict[str, Any]:
    """Return the record that replaces the whole history, after it was trimmed or edited."""
    return {"kind": "history", "messages": [value_json(message) for message in messages]}


def fold_history(records: Iterator[dict[str, Any]]) -> list[Message]:
    """Return the history that the records leave behind; turns that were undone are not in it."""
    messages: list[Message] = []
    for record in records:
        if record.get("kind") == "message":
            messages.append(Message(record["role"], record["text"]))
        elif record.get("kind") == "history":
            messages = [Message(each["role"], each["text"]) for each in record["messages"]]
        elif record.get("kind") == "undo":
            messages = without_last_turn(messages)
    return messages


def without_last_turn(messages: Sequence[Message]) -> list[Message]:
    """Return the messages before the last request of the person; all of them if there is none."""
    for index in range(len(messages) - 1, -1, -1):
        if messages[index].role == "user":
            return list(messages[:index])
    return list(messages)


@dataclass(frozen=True, slots=True)
class RecordedTurn:
    """A turn of the transcript: what was asked, and the cells that ran."""

    request: str
    cells: tuple[int, ...] = ()


def fold_turns(records: Iterator[dict[str, Any]]) -> list[RecordedTurn]:
    """Return the turns that the records leave behind, oldest first, also those that the model sees no more."""
    turns: list[RecordedTurn] = []
    for record in records:
        if record.get("kind") == "turn_start":
            turns.append(RecordedTurn(record["text"]))
        elif record.get("kind") == "cell_start" and turns:
            turns[-1] = replace(turns[-1], cells=(*turns[-1].cells, record["cell"]))
        elif record.get("kind") == "undo" and turns:
            turns.pop()
    return turns


@dataclass(frozen=True, slots=True)
class RecordedCell:
    """A cell that succeeded, under the number with which it first ran."""

    number: int
    code: str


class RanCells:
    """Which cells succeeded, and of which of them the variables are gone, from the records as they come."""

    def __init__(self, records: Iterable[Mapping[str, Any]] = ()) -> None:
        self._kept: list[RecordedCell] = []
        self._lost: list[RecordedCell] = []
        self._running = RecordedCell(0, "")
        for record in records:
            self.take(record)

    @property
    def lost(self) -> tuple[RecordedCell, ...]:
        """The cells that would have to run again, oldest first; those of turns that were undone are not among them."""
        return tuple(self._lost)

    def take(self, record: Mapping[str, Any]) -> None:
        """Learn from one record; a session that is opened again begins with a new interpreter."""
        kind = record.get("kind")
        if kind == "cell_start":
            self._running = RecordedCell(record["cell"], record["code"])
        elif kind == "session" or (kind == "cell_end" and record["state_lost"]):
            self._lost, self._kept = [*self._lost, *self._kept], []
        if kind == "cell_end" and record["status"] == "ok":
            self._succeed(self._running)
        elif kind == "undo":
            gone = set(record["cells"])
            self._kept = [cell for cell in self._kept if cell.number not in gone]
            self._lost = [cell for cell in self._lost if cell.number not in gone]

    def _succeed(self, cell: RecordedCell) -> None:
        """Count a cell among those whose variables exist; one that ran again is no longer lost."""
        first = next((lost for lost in self._lost if lost.code == cell.code), cell)
        self._lost = [lost for lost in self._lost if lost is not first]
        self._kept.append(first)
