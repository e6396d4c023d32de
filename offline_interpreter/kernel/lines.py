"""In the child: which line of a cell runs, looked up in its frames a few times a second.

Nothing is traced and no code is rewritten, so that a cell runs as fast as without. A thread looks, which sleeps while
no cell runs; a cell that is over sooner than ``AFTER_S`` never hears of it. While C code holds Python's lock nothing is
seen: the line before stays.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from types import FrameType

AFTER_S = 0.4  # of a cell's time
EVERY_S = 0.3

# Bound before a cell can replace them.
_sleep, _now, _frames = time.sleep, time.monotonic, sys._current_frames

Tell = Callable[[str, int], None]


class LineWatch:
    """Tells ``tell`` the name of the running cell and the line that it is in, whenever that is another one."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._cell = ""
        self._file = ""
        self._began = 0.0
        self._main = threading.get_ident()
        self._awake = threading.Event()
        threading.Thread(target=self._watch, name="running line", daemon=True).start()

    def begin(self, cell: str, number: int) -> None:
        """Look after a cell that begins; ``number`` names its code in frames."""
        self._began, self._file = _now(), f"<Cell {number}>"
        self._cell = cell
        if not self._awake.is_set():
            self._awake.set()

    def end(self) -> None:
        """Let the cell be."""
        self._cell = ""

    def _watch(self) -> None:
        told = ("", 0)
        while True:
            self._awake.wait()
            _sleep(EVERY_S)
            cell = self._cell
            if not cell:
                self._awake.clear()
                if self._cell:  # it began meanwhile
                    self._awake.set()
            elif _now() - self._began >= AFTER_S:
                line = self._line()
                if line and (cell, line) != told and cell == self._cell:
                    told = (cell, line)
                    self._tell(cell, line)

    def _line(self) -> int:
        """Return the line at the top level of the cell, 0 if none can be seen."""
        line = 0
        frame: FrameType | None = _frames().get(self._main)
        while frame is not None:
            if frame.f_code.co_filename == self._file:
                line = frame.f_lineno or line
            frame = frame.f_back
        return line
