"""How far a stage is: one line that is written over on a terminal, one line a stage elsewhere."""

from __future__ import annotations

import time
from typing import TextIO

_BAR_COLUMNS = 10
_SECONDS_BETWEEN = 0.1
_SECONDS_BEFORE_A_GUESS = 1.0
_CLEAR = "\r\033[K"


class ProgressLine:
    """Shows stages on a stream; ``show`` is a ``layout.Show``."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._live = stream.isatty()
        self._stage, self._started, self._shown = "", 0.0, 0.0
        self._written = False

    def show(self, stage: str, done: int, total: int) -> None:
        """Show how far a stage is; of what is not counted in bytes too."""
        now = time.monotonic()
        if stage != self._stage:
            self._stage, self._started, self._shown = stage, now, 0.0
            if not self._live:
                self.say(f"{stage}.")
        if self._live and (now - self._shown >= _SECONDS_BETWEEN or done == total):
            self._shown, self._written = now, True
            self._stream.write(_CLEAR + self._line(done, total, now - self._started))
            self._stream.flush()

    def _line(self, done: int, total: int, seconds: float) -> str:
        if not total:
            count = f": {done:,}" if done else ""
            return f"{self._stage}{count} · Ctrl-C stops"
        share = min(done / total, 1.0)
        left = seconds * (1 - share) / share if share and seconds > _SECONDS_BEFORE_A_GUESS else None
        guess = "" if left is None else f" · {left:,.0f} s left"
        bar = "█" * int(share * _BAR_COLUMNS)
        return f"{self._stage} ▕{bar:<{_BAR_COLUMNS}}▏ {share * 100:.0f} %{guess} · Ctrl-C stops"

    def say(self, line: str) -> None:
        """Write a line that stays."""
        self.clear()
        self._stream.write(line + "\n")
        self._stream.flush()

    def clear(self) -> None:
        """Take away what is not to stay."""
        if self._written:
            self._stream.write(_CLEAR)
            self._written = False
