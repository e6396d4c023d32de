"""Run a command under a watch of its network calls, in one of two ways: with strace, or with a listener of our own.

A watch only looks: what it sees is made all the same. It follows all processes that the command starts.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from offline_interpreter.doctor import listener, strace
from offline_interpreter.doctor.calls import Call

Way: TypeAlias = Literal["strace", "seccomp"]
WAYS: tuple[Way, ...] = get_args(Way)

TIMEOUT_S = 120.0


class Unwatchable(Exception):
    """This way of watching cannot be had here; the text says why."""


@dataclass(frozen=True)
class Watched:
    """How a command ended, what it wrote, and the calls that were seen. ``status`` is None if its time was over."""

    status: int | None
    calls: tuple[Call, ...]
    stdout: bytes
    stderr: bytes

    @property
    def attempts(self) -> tuple[Call, ...]:
        """The calls that reach for a network."""
        return tuple(call for call in self.calls if call.is_attempt)


def watch(
    way: Way, command: Sequence[str], *, folder: Path, environment: Mapping[str, str], timeout_s: float = TIMEOUT_S
) -> Watched:
    """Run ``command`` in ``folder`` with nothing to read, and watch it. Raises ``Unwatchable``."""
    if way == "strace" and not shutil.which("strace"):
        raise Unwatchable("strace is not installed")
    with tempfile.TemporaryDirectory(prefix="watch-") as own:
        log, out, err = (Path(own) / name for name in ("log", "out", "err"))
        given = list(command) if way == "seccomp" else strace.command(log, command)

        def start() -> subprocess.Popen[bytes]:
            with out.open("wb") as stdout, err.open("wb") as stderr:
                return subprocess.Popen(
                    given,
                    cwd=folder,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=stdout,
                    stderr=stderr,
                    start_new_session=True,
                )

        try:
            if way == "seccomp":
                process, calls = listener.run(start, timeout_s)
            else:
                process, calls = start(), []
            status = _end(process, 0.0 if way == "seccomp" else timeout_s)
        except OSError as error:
            raise Unwatchable(f"{way}: {error.strerror or error}") from error
        if way == "strace" and log.exists():
            calls = strace.read(log.read_text(encoding="utf-8", errors="replace").splitlines())
        return Watched(status, tuple(calls), out.read_bytes(), err.read_bytes())


def _end(process: subprocess.Popen[bytes], timeout_s: float) -> int | None:
    """Wait for a process; return its exit status, or None if it had to be killed with its group."""
    try:
        return process.wait(timeout_s)
    except subprocess.TimeoutExpired:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return None
