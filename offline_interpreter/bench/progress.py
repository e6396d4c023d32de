"""How a run goes, for the person who waits: one live line on a terminal, else a line now and then.

The line says of the model that is asked how much is done, how much of it was solved, and how long the rest will take
at the pace so far.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from typing import TextIO

from offline_interpreter.bench.records import Record
from offline_interpreter.bench.subjects import Subject
from offline_interpreter.view.lines import safe
from offline_interpreter.view.status import StatusLine, is_screen
from offline_interpreter.view.words import BAR_COLUMNS, STOP_HINT, counted, seconds_text

TELL_WAIT_S = 5.0  # from which it is told how long a task has been going on
TOLD_SHARES = 10  # of the tasks of a model, where there is no live line: so many lines at most


def duration_text(seconds: float) -> str:
    """Return a time that is known roughly: 40 s, 12 min, 3 h 20 min."""
    minutes = round(seconds / 60)
    if minutes < 2:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


class RunProgress:
    """Shows a run on ``stream``."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._line = StatusLine(stream, lambda: shutil.get_terminal_size().columns)
        self._is_live = is_screen(stream)
        self._name = ""
        self._total = self._done = self._solved = self._asked = self._told = 0
        self._began_at = 0.0
        self._pace_s: float | None = None  # seconds a task, so far

    def reading(self, name: str, done: int, total: int) -> None:
        """Show that a model's file is read, for its checksum."""
        text = f"Reading {safe(name)} · {done / total * 100:.0f} % · {STOP_HINT}" if total else f"Reading {safe(name)}"
        self._line.show(lambda _: text)

    def begin(self, subject: Subject, records: Sequence[Record], total: int) -> None:
        """Begin with a model."""
        self._name, self._total = safe(subject.name), total
        self._done = self._told = len(records)
        self._solved = sum(record.status == "solved" for record in records)
        self._asked, self._began_at, self._pace_s = 0, time.monotonic(), None
        there = f", {len(records):,} of them recorded already" if records else ""
        self._tell(f"{self._name}: {counted(total, 'task')}{there}")
        if self._done < total:
            self._line.show(lambda seconds: f"Loading {self._name} {seconds_text(seconds)} · {STOP_HINT}")

    def loaded(self, subject: Subject, seconds: float) -> None:
        """Begin to count the time of tasks."""
        if not self._asked:
            self._began_at = time.monotonic()
            self._show()

    def took(self, record: Record) -> None:
        """Count a task; a model that cannot be loaded is told at once."""
        if not record.task:
            self._tell(f"{self._name} cannot be loaded: {safe(record.reason)}")
            return
        self._done += 1
        self._solved += record.status == "solved"
        self._asked += record.status != "not_run"
        if self._asked:
            self._pace_s = (time.monotonic() - self._began_at) / self._asked
        if self._is_live:
            self._show()
        elif (self._done - self._told) * TOLD_SHARES >= self._total and self._done < self._total:
            self._told = self._done
            self._tell(f"  {self.line()}")

    def end(self, subject: Subject) -> None:
        """Say how a model did."""
        seconds = duration_text(time.monotonic() - self._began_at)
        if self._asked:
            self._tell(f"{self._name}: {self._solved:,} of {self._total:,} solved, in {seconds}")

    def close(self) -> None:
        """End the live line."""
        self._line.close()

    def line(self, waited_s: float = 0.0) -> str:
        """Return the line that is shown ``waited_s`` seconds after the latest task ended."""
        bar = "█" * (self._done * BAR_COLUMNS // max(self._total, 1))
        left_s = (self._pace_s or 0.0) * (self._total - self._done) - waited_s
        parts = [
            f"{self._name} ▕{bar:<{BAR_COLUMNS}}▏ {self._done:,} / {self._total:,}",
            f"{self._solved:,} solved",
            *([f"{duration_text(left_s)} left"] if left_s > 0 else []),
            *([f"latest {duration_text(waited_s)} ago"] if waited_s >= TELL_WAIT_S else []),
        ]
        return " · ".join(parts)

    def _show(self) -> None:
        self._line.clear()
        self._line.show(lambda waited_s: f"{self.line(waited_s)} · {STOP_HINT}", delay_s=0.0)

    def _tell(self, text: str) -> None:
        self._line.clear()
        self._stream.write(text + "\n")
        self._stream.flush()
