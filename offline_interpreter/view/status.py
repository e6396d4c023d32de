"""The one live line of a terminal: what is waited for, for how long, and how to stop it.

A thread draws it, ten times a second at most, so that it moves while the program is busy elsewhere. Whoever prints
clears it first; whoever asks the person something does so inside ``held_lines``, which takes it off the screen and
brings it back. From the first line to ``close`` keys are not echoed, for they would end up in the middle of it. On
anything but a terminal it does nothing.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TextIO
from weakref import WeakSet

from offline_interpreter.view.lines import crop

TICK_S = 0.1
DELAY_S = 0.3  # a wait that is shorter is not worth a line

Compose = Callable[[float], str]  # seconds since the wait began -> the line

_ERASE = "\r\x1b[K"


def is_screen(stream: TextIO) -> bool:
    """Say whether ``stream`` is a terminal on which a line can be erased."""
    return stream.isatty() and os.environ.get("TERM", "") not in ("dumb", "unknown")


class StatusLine:
    """One live line at the foot of ``stream``; ``width`` says how many columns there are now."""

    def __init__(self, stream: TextIO, width: Callable[[], int]) -> None:
        self._stream = stream
        self._width = width
        self._enabled = is_screen(stream)
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._compose: Compose | None = None
        self._since = self._due = self._drawn_at = 0.0
        self._dim = self._held = False
        self._drawn = ""
        _lines.add(self)

    def show(self, compose: Compose, *, since: float | None = None, delay_s: float = DELAY_S, dim: bool = True) -> None:
        """Show what ``compose`` makes of the seconds since ``since`` (now) until something is printed."""
        if not self._enabled:
            return
        now = time.monotonic()
        with self._changed:
            if self._compose is None:
                self._due = now + delay_s
                self._changed.notify()
            self._compose, self._dim = compose, dim
            self._since = now if since is None else since
            if self._thread is None:
                _set_echo(self._stream, on=False)
                self._thread = threading.Thread(target=self._run, name="status line", daemon=True)
                self._thread.start()

    def clear(self) -> None:
        """Take the line off the screen; nothing is drawn until the next ``show``."""
        with self._changed:
            self._compose = None
            self._erase()

    def close(self) -> None:
        """Clear the line and end its thread; a later ``show`` begins anew."""
        self.clear()
        with self._changed:
            thread, self._thread = self._thread, None
            self._changed.notify()
        if thread is not None:
            thread.join()
            _set_echo(self._stream, on=True)

    def hold(self, held: bool) -> None:
        """Take the line off the screen for a while (True), or bring it back."""
        with self._changed:
            self._held = held
            self._erase()
            if self._thread is not None:
                _set_echo(self._stream, on=held)
            self._changed.notify()

    def _run(self) -> None:
        with self._changed:
            while self._thread is threading.current_thread():
                if self._compose is None or self._held:
                    self._changed.wait()
                    continue
                try:
                    self._draw(self._compose, time.monotonic())
                except (OSError, ValueError):  # the terminal is gone, so nobody misses the line
                    self._enabled, self._thread = False, None
                    return
                self._changed.wait(TICK_S)

    def _draw(self, compose: Compose, now: float) -> None:
        if now < self._due or now - self._drawn_at < TICK_S * 0.9:
            return
        text = crop(compose(now - self._since), self._width() - 1)
        if text == self._drawn:
            return
        self._stream.write(f"\r\x1b[2m{text}\x1b[0m\x1b[K" if self._dim else f"\r{text}\x1b[K")
        self._stream.flush()
        self._drawn, self._drawn_at = text, now

    def _erase(self) -> None:
        if self._drawn:
            self._stream.write(_ERASE)
            self._stream.flush()
            self._drawn = ""


def _set_echo(stream: TextIO, *, on: bool) -> None:
    """Let the terminal show what is typed, or not."""
    import termios

    with suppress(OSError, ValueError, termios.error):  # no file, or a terminal that is gone
        terminal = stream.fileno()
        if os.tcgetpgrp(terminal) != os.getpgrp():  # in the background: asking for it would stop the program
            return
        modes = termios.tcgetattr(terminal)
        modes[3] = modes[3] | termios.ECHO if on else modes[3] & ~termios.ECHO
        termios.tcsetattr(terminal, termios.TCSADRAIN, modes)


_lines: WeakSet[StatusLine] = WeakSet()  # of the process, which has one terminal


@contextmanager
def held_lines() -> Iterator[None]:
    """Keep every live line off the screen while the person is asked something."""
    lines = list(_lines)
    for line in lines:
        line.hold(True)
    try:
        yield
    finally:
        for line in lines:
            line.hold(False)
