"""The host's reading end of the child's pipes: output as text in pieces of a sensible size, and messages, in order.

A child that waits for its acknowledgement writes nothing more, so what stands in the output pipes when a message
arrives came before it (see ``protocol``). Between stdout and stderr the order is that of arrival, a few milliseconds
fine. Memory is bounded whatever comes: what is not read makes the child wait. What messages mean is not known here.
"""

from __future__ import annotations

import codecs
import os
import select
import time
from collections import deque

from offline_interpreter.kernel.protocol import Message, MessageReader
from offline_interpreter.records import Output

READ_BYTES = (1 << 16) - 4  # a piece of text is 64 KiB at most, with what is left of a character before it
PIECE_CHARS = 1 << 16
HOLD_S = 0.03  # how long a small piece waits for more
GATHER_S = 0.002  # how long the pipes are left alone between two small reads
SMALL_READ_BYTES = 1 << 14
EVENT_READS = 64  # at once; a message may take several, and garbage may never end
DRAIN_BYTES = 1 << 20  # more than a pipe holds: what comes later was written after the message

Item = Output | Message


class _Stream:
    """One output pipe of the child."""

    def __init__(self, name: str, descriptor: int) -> None:
        self.name = name
        self.descriptor = descriptor
        self.is_open = True
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def read(self) -> tuple[str, int]:
        """Read what is there, up to one piece; return it and the bytes read: 0 when there is nothing."""
        if not self.is_open:
            return "", 0
        try:
            data = os.read(self.descriptor, READ_BYTES)
        except BlockingIOError:
            return "", 0
        if not data:
            self.is_open = False
        return self._decoder.decode(data), len(data)

    def finish(self) -> str:
        """Return what stands for a character that was begun and not completed."""
        return self._decoder.decode(b"", final=True)


class Collector:
    """Joins the event pipe and both output pipes into one row of items."""

    def __init__(self, *, events: int, stdout: int, stderr: int, wake: int) -> None:
        """Take non-blocking descriptors; ``wake`` ends a wait when something can be read from it."""
        self._events = events
        self._wake = wake
        self._streams = (_Stream("stdout", stdout), _Stream("stderr", stderr))
        self._reader = MessageReader()
        self._items: deque[Item] = deque()
        self._text: list[str] = []
        self._text_name = ""
        self._text_chars = 0
        self._text_since = 0.0
        self._last_read_bytes = 0
        self.is_open = True

    def next_item(self, timeout_s: float) -> Item | None:
        """Return the next thing that came, waiting for it up to ``timeout_s``; None if there was none."""
        if not self._items:
            self._wait(timeout_s)
            self._collect()
        return self._items.popleft() if self._items else None

    def rest(self) -> list[Item]:
        """Return what is left in the pipes of a child that has ended."""
        for _ in range(EVENT_READS):
            self._collect()
            if not self.is_open:
                break
        self._drain()
        self._end_text()
        items = list(self._items)
        self._items.clear()
        return items

    # -- waiting and reading --------------------------------------------------------------------------------------

    def _wait(self, timeout_s: float) -> None:
        urgent = [self._wake, *([self._events] if self.is_open else [])]
        if self._text:
            timeout_s = min(timeout_s, max(self._text_since + HOLD_S - time.monotonic(), 0))
            # Waking up for each line that is printed would cost the child more than printing it.
            if self._last_read_bytes < SMALL_READ_BYTES and _poll(urgent, min(GATHER_S, timeout_s)):
                return
        _poll([*urgent, *(stream.descriptor for stream in self._streams if stream.is_open)], timeout_s)

    def _collect(self) -> None:
        messages = self._read_messages()
        self._last_read_bytes = sum(self._read_text(stream) for stream in self._streams)
        for message in messages:
            self._drain()
            if message["type"] == "done":
                for stream in self._streams:
                    self._gather(stream.name, stream.finish())
            self._end_text()
            self._items.append(message)
        if self._text and time.monotonic() >= self._text_since + HOLD_S:
            self._end_text()

    def _read_messages(self) -> list[Message]:
        for _ in range(EVENT_READS):
            try:
                data = os.read(self._events, READ_BYTES) if self.is_open else b""
            except BlockingIOError:
                break
            self.is_open = bool(data)
            if (messages := self._reader.feed(data)) or not data:
                return messages
        return []

    def _read_text(self, stream: _Stream) -> int:
        text, size_bytes = stream.read()
        self._gather(stream.name, text)
        return size_bytes

    def _drain(self) -> None:
        for stream in self._streams:
            drained_bytes = 0
            while drained_bytes < DRAIN_BYTES and (size_bytes := self._read_text(stream)):
                drained_bytes += size_bytes

    # -- gathering ------------------------------------------------------------------------------------------------

    def _gather(self, name: str, text: str) -> None:
        if not text:
            return
        if name != self._text_name or self._text_chars + len(text) > PIECE_CHARS:
            self._end_text()
        if not self._text:
            self._text_name = name
            self._text_since = time.monotonic()
        self._text.append(text)
        self._text_chars += len(text)

    def _end_text(self) -> None:
        if self._text:
            self._items.append(Output("stream", "".join(self._text), self._text_name))
            self._text.clear()
            self._text_chars = 0


def _poll(descriptors: list[int], timeout_s: float) -> bool:
    poll = select.poll()
    for descriptor in descriptors:
        poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(timeout_s * 1000))
