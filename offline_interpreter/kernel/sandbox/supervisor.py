"""In the child: the two processes between the host and the interpreter, where there is a PID namespace.

The inner one is the first of the namespace: it starts the interpreter, collects orphans, hands interrupts on, and ends
with the interpreter or with the host; with it ends everything in the namespace. The outer one, which the host knows,
ends as the interpreter did.
"""

from __future__ import annotations

import os
import select
import signal
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import NoReturn

FAILED = 70
_STATUS_BYTES = 4


def start(prepare: Callable[[], None], run: Callable[[], NoReturn], *, theirs: Iterable[int], lifetime: int) -> None:
    """Fork both processes, have the inner one ``prepare`` itself and start ``run``; never returns to the caller.

    ``theirs`` are descriptors of the interpreter that neither keeps; ``lifetime`` can be read once the host is gone.
    """
    report, status = os.pipe()
    nothing = os.open(os.devnull, os.O_RDWR)  # now: both share the mounts, which ``prepare`` changes
    signal.signal(signal.SIGINT, _ignore)
    first = os.fork()
    if first == 0:
        os.close(report)
        prepare()
        _supervise(run, theirs, lifetime, status, nothing)
    os.close(status)
    _let_go([*theirs, lifetime], nothing)
    _end_alike(first, report)


def _ignore(*_: object) -> None:
    """Leave the signal to the inner process, which gets it too."""


def _let_go(descriptors: Iterable[int], nothing: int) -> None:
    for descriptor in descriptors:
        os.close(descriptor)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)


def _supervise(
    run: Callable[[], NoReturn], theirs: Iterable[int], lifetime: int, status: int, nothing: int
) -> NoReturn:
    woken, waker = os.pipe()
    os.set_blocking(waker, False)
    os.set_blocking(woken, False)
    signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, _ignore)
    interpreter = os.fork()
    if interpreter == 0:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()  # so that it cannot signal the group of the two
        run()
    signal.signal(signal.SIGINT, lambda *_: _interrupt(interpreter))
    _let_go(theirs, nothing)
    poll = select.poll()
    poll.register(woken, select.POLLIN)
    poll.register(lifetime, select.POLLIN)
    while True:
        ended = _collect(interpreter)
        if ended is not None:
            os.write(status, ended.to_bytes(_STATUS_BYTES, "little"))
            os._exit(0)
        if any(descriptor == lifetime for descriptor, _ in poll.poll()):
            os._exit(0)
        with suppress(BlockingIOError):
            os.read(woken, 512)


def _interrupt(interpreter: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(interpreter, signal.SIGINT)


def _collect(interpreter: int) -> int | None:
    """Reap what has ended; return the status of the interpreter if it was among them."""
    while True:
        try:
            process, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return None
        if process == interpreter:
            return status
        if process == 0:
            return None


def _end_alike(first: int, report: int) -> NoReturn:
    told = os.read(report, _STATUS_BYTES)
    _, own = os.waitpid(first, 0)
    if len(told) < _STATUS_BYTES:  # it could not start the interpreter, or ended with the host
        os._exit(os.waitstatus_to_exitcode(own) & 0xFF)
    code = os.waitstatus_to_exitcode(int.from_bytes(told, "little"))
    if code < 0:
        with suppress(OSError, ValueError):  # some cannot be handled
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    sys.stdout = None  # nothing is left to be flushed
    os._exit(code & 0xFF)
