"""A Python program that runs at a terminal of its own, which tests type on and read."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Mapping
from types import TracebackType

ARRIVAL_S = 20.0

# Makes the terminal on descriptor 2 the controlling one, so that /dev/tty and Ctrl-C mean it.
_PROLOGUE = "import fcntl, termios; fcntl.ioctl(2, termios.TIOCSCTTY, 0)\n"


class Program:
    """Runs ``code`` on an 80 × 24 terminal; ``piped`` is its standard input, if that is not to be the terminal."""

    def __init__(self, code: str, *, env: Mapping[str, str] | None = None, piped: str | None = None) -> None:
        self._terminal, inner = pty.openpty()
        environment = {**os.environ, "TERM": "xterm", "COLUMNS": "80", "PROMPT_TOOLKIT_NO_CPR": "1", **(env or {})}
        self._process = subprocess.Popen(
            [sys.executable, "-c", _PROLOGUE + code],
            stdin=inner if piped is None else subprocess.PIPE,
            stdout=inner,
            stderr=inner,
            env=environment,
            start_new_session=True,
        )
        os.close(inner)
        if piped is not None:
            assert self._process.stdin is not None
            self._process.stdin.write(piped.encode())
            self._process.stdin.close()
        self.screen = ""
        self._seen = 0

    def type(self, text: str) -> None:
        """Type ``text`` as it stands; Enter is a carriage return."""
        os.write(self._terminal, text.encode())

    def wait_for(self, text: str) -> None:
        """Read until ``text`` comes, behind what was waited for before."""
        ends_at = time.monotonic() + ARRIVAL_S
        while (found := self.screen.find(text, self._seen)) < 0:
            assert time.monotonic() < ends_at, f"{text!r} never came after {self.screen[self._seen :]!r}"
            assert self._read(), f"the program ended before {text!r} came: {self.screen[self._seen :]!r}"
        self._seen = found + len(text)

    def _read(self) -> bool:
        if not select.select([self._terminal], [], [], 0.2)[0]:
            return True
        try:
            data = os.read(self._terminal, 65536)
        except OSError:  # the other end is closed
            data = b""
        self.screen += data.decode("utf-8", "replace")
        return bool(data)

    def end(self) -> int:
        """Read until the program ends; return its exit status."""
        while self._read():
            pass
        return self._process.wait(ARRIVAL_S)

    def __enter__(self) -> Program:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._terminal)
        self._process.kill()
        self._process.wait()
