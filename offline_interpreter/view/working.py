"""Work on large files as a person sees it: one live line with rate and time left, or a line a file where none can live.

It knows neither what the work is for nor where the files are.
"""

from __future__ import annotations

import shutil
import time
from collections import deque
from typing import TextIO

from offline_interpreter.models.work import Work
from offline_interpreter.plain_text import size_text
from offline_interpreter.view.lines import safe
from offline_interpreter.view.status import StatusLine, is_screen
from offline_interpreter.view.words import work_line

RATE_OVER_S = 5.0  # the rate is that of the last seconds
_VERBS = {"fetch": "Fetching", "unpack": "Unpacking", "copy": "Copying", "check": "Checking"}


class WorkLine:
    """Shows ``Work`` on a stream. ``last`` is what was shown last, for who was stopped."""

    def __init__(self, stream: TextIO) -> None:
        self.last: Work | None = None
        self._stream = stream
        self._status = StatusLine(stream, lambda: shutil.get_terminal_size().columns)
        self._seen: deque[tuple[float, int]] = deque()

    def show(self, work: Work) -> None:
        """Show how far it is."""
        now = time.monotonic()
        if self.last is None or (self.last.kind, self.last.name) != (work.kind, work.name):
            self._begin(work)
        self.last = work
        self._seen.append((now, work.done_bytes))
        while now - self._seen[0][0] > RATE_OVER_S:
            self._seen.popleft()
        since, done = self._seen[0]
        rate = (work.done_bytes - done) / (now - since) if now - since > 0.5 else 0.0
        line = work_line(_VERBS[work.kind], safe(work.name), work.done_bytes, work.total_bytes, rate)
        self._status.show(lambda _seconds: line)

    def close(self) -> None:
        """Take the line off the screen."""
        self._status.close()

    def _begin(self, work: Work) -> None:
        self._seen.clear()
        self._status.clear()
        if not is_screen(self._stream):
            size = f" ({size_text(work.total_bytes)})" if work.total_bytes else ""
            self._stream.write(f"{_VERBS[work.kind]} {safe(work.name)}{size}\n")
            self._stream.flush()
