"""In the child: its end of the pipes to the host.

Whatever a cell does to ``json``, ``os`` or the streams, a message leaves this process whole or not at all, and an
interrupt never cuts one. Processes that a cell forks have no say: their messages are dropped.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from .protocol import UNACKNOWLEDGED, Message, MessageReader, encode_message

_ACKNOWLEDGED_WITHIN_S = 5.0  # then a host that does not answer is not waited for
_INTERRUPTED_WITHIN_S = 0.5  # a cell may have ignored an interrupt, which then never comes
_READ_BYTES = 1 << 16

# Bound before a cell can replace them.
_getpid, _read, _write = os.getpid, os.read, os.write
_monotonic, _sleep = time.monotonic, time.sleep


@dataclass(frozen=True)
class Pipes:
    """Descriptors that the host gives to the child. ``lifetime`` carries nothing: it closes when the host ends."""

    command: int
    event: int
    acknowledgement: int
    lifetime: int


class Interrupts:
    """SIGINT as ``KeyboardInterrupt``, only while a cell runs and never while it is held off."""

    def __init__(self) -> None:
        self.armed = False
        self._come = 0
        self._held = 0
        self._noted = False

    def install(self) -> None:
        """Take the signal (again): a cell may have changed its handler or blocked it."""
        signal.signal(signal.SIGINT, self._on_signal)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        self._noted = False

    def await_all(self, sent: int) -> None:
        """Wait a moment for those of ``sent`` that have not come yet: they are not meant for the next cell."""
        ends_at = _monotonic() + _INTERRUPTED_WITHIN_S
        while self._come < sent and _monotonic() < ends_at:
            _sleep(0.002)
        self._come = sent

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._come += 1
        if self._held:
            self._noted = True
        elif self.armed:
            raise KeyboardInterrupt

    @contextmanager
    def held_off(self) -> Generator[None, None, None]:
        """Delay an interrupt of the main thread to the end of the block; other threads never get one."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        self._held += 1
        try:
            yield
        finally:
            self._held -= 1
        if self._noted and not self._held:
            self._noted = False
            if self.armed:
                raise KeyboardInterrupt


class Link:
    """Sends messages of the running cell and receives commands."""

    def __init__(self, pipes: Pipes, interrupts: Interrupts, before_send: Callable[[], None]) -> None:
        self._pipes = pipes
        self._interrupts = interrupts
        self._before_send = before_send
        self._process = _getpid()
        self._lock = threading.RLock()
        self._reader = MessageReader()
        self._received: deque[Message] = deque()
        self.cell = ""

    @property
    def is_forked(self) -> bool:
        """Whether this is a process that a cell forked, and not the child itself."""
        return _getpid() != self._process

    def send(self, message: Message) -> None:
        """Send a message of the cell that runs; with none running, nobody would know what to do with it."""
        if self.cell and not self.is_forked:
            self.send_apart({**message, "cell": self.cell})

    def send_apart(self, message: Message) -> None:
        """Send a message that may belong to no cell, after what was printed before it."""
        data = encode_message(message)
        with self._interrupts.held_off(), self._lock:
            self._before_send()
            _write_all(self._pipes.event, data)
            if message["type"] not in UNACKNOWLEDGED:
                self._await_acknowledgement()

    def send_line(self, cell: str, line: int) -> None:
        """Say which line of ``cell`` runs, from a thread; what is printed may come before it or after."""
        data = encode_message({"type": "line", "cell": cell, "line": line})
        with self._lock:
            if not self.is_forked:
                _write_all(self._pipes.event, data)

    def _await_acknowledgement(self) -> None:
        poll = select.poll()
        poll.register(self._pipes.acknowledgement, select.POLLIN)
        if poll.poll(_ACKNOWLEDGED_WITHIN_S * 1000):
            _read(self._pipes.acknowledgement, 1)

    def receive(self) -> Message | None:
        """Wait for the next command; None once the host has closed the pipe."""
        while not self._received:
            try:
                data = _read(self._pipes.command, _READ_BYTES)
            except BlockingIOError:
                _wait_for(self._pipes.command, select.POLLIN)
                continue
            if not data:
                return None
            self._received.extend(self._reader.feed(data))
        return self._received.popleft()


def _write_all(descriptor: int, data: bytes) -> None:
    """Write all of ``data``, even where a cell made the pipe non-blocking."""
    while data:
        try:
            data = data[_write(descriptor, data) :]
        except BlockingIOError:
            _wait_for(descriptor, select.POLLOUT)


def _wait_for(descriptor: int, event: int) -> None:
    poll = select.poll()
    poll.register(descriptor, event)
    poll.poll()


def end_with_host(lifetime: int) -> None:
    """Have this process and all that it starts killed when the host's end of ``lifetime`` closes, however it ended.

    On Linux the kernel itself sends the signal, whatever state the processes are in; elsewhere a thread does, when
    Python lets it run. A negative ``lifetime``: another process sees to it.
    """
    if lifetime < 0:
        return
    if sys.platform == "linux":
        import fcntl

        fcntl.fcntl(lifetime, fcntl.F_SETOWN, -os.getpgrp())
        fcntl.fcntl(lifetime, fcntl.F_SETSIG, signal.SIGKILL)
        fcntl.fcntl(lifetime, fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK)
        if _is_closed(lifetime):  # before the signal was set up
            os._exit(0)
    else:
        threading.Thread(target=_end_after, args=(lifetime,), daemon=True).start()


def _is_closed(lifetime: int) -> bool:
    try:
        return not os.read(lifetime, 1)
    except BlockingIOError:
        return False


def _end_after(lifetime: int) -> None:
    while os.read(lifetime, 1):
        pass
    os.killpg(os.getpgrp(), signal.SIGKILL)
