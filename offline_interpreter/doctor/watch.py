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
    with tempfile.TemporaryDirectory(prefix="watch-") as own:
        log, out, err = (Path(own) / name for name in ("log", "out", "err"))
        given = list(command) if way == "seccomp" else strace.command(_strace(), log, command)
        started: list[subprocess.Popen[bytes]] = []

        def start() -> subprocess.Popen[bytes]:
            with out.open("wb") as stdout, err.open("wb") as stderr:
                process = subprocess.Popen(
                    given,
                    cwd=folder,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=stdout,
                    stderr=stderr,
                    start_new_session=True,
                )
            started.append(process)
            return process

        try:
            calls = listener.run(start, timeout_s) if way == "seccomp" else _wait(start(), timeout_s)
        except OSError as error:
            raise Unwatchable(f"{way}: {error.strerror or error}") from error
        finally:
            status = _end(started)
        if way == "strace" and log.exists():
            calls = strace.read(log.read_text(encoding="utf-8", errors="replace").splitlines())
        return Watched(status, tuple(calls), out.read_bytes(), err.read_bytes())


def _strace() -> str:
    found = shutil.which("strace")
    if found is None:
        raise Unwatchable("strace is not installed")
    return found


def _wait(process: subprocess.Popen[bytes], timeout_s: float) -> list[Call]:
    with suppress(subprocess.TimeoutExpired):
        process.wait(timeout_s)
    return []


def _end(started: Sequence[subprocess.Popen[bytes]]) -> int | None:
    """Return the exit status of what was started, or None after killing it with its group."""
    for process in started:
        if process.poll() is not None:
            return process.returncode
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    return None
