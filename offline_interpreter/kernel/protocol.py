"""Framed messages between the host and the child: one JSON object a line, in both directions.

    host → child   run {cell, number, memory_bytes, code} · reply {cell, request, text | null}
    child → host   ready · failed {text} · input {cell, request, prompt, secret} · done {cell, ok}
                   display | result {cell, data} · error {cell, name, text} · line {cell, line}

``cell`` is a random name that the host gives to each run; ``number`` is what the person sees. After each message that
belongs to a cell, but ``done`` and ``line``, the child waits for one byte on its acknowledgement pipe before it writes
anything else: so everything that stands in its output pipes when a message arrives was written before that message.

A reader survives whatever a cell may write to the pipe: garbage, messages without an end, any nesting. It promises only
that a message is an object with a ``type``; the fields are the receiver's to check. Nothing is ever unpickled. The
child loads this file by path, so that it imports nothing of the package.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

MAX_MESSAGE_BYTES = 16 << 20  # more is dropped by the reader; the child shortens what it sends to fit
MAX_STRUCTURE_BYTES = 1 << 16  # of one message outside its texts: a number or a bracket costs the reader some 60 bytes
UNACKNOWLEDGED = frozenset({"ready", "failed", "done", "line"})

Message = dict[str, Any]

# Bound before a cell can replace ``json.dumps`` and ``json.loads``.
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_decode = json.JSONDecoder().decode
# The last quote may be missing: were it demanded, a text without an end would be looked for from each of its quotes.
_texts = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?', re.DOTALL).finditer


def encode_message(message: Mapping[str, Any]) -> bytes:
    """Return the bytes of a message; they begin with a newline, so that garbage before them does not swallow it."""
    return b"\n" + _encode(message).encode("utf-8", "surrogatepass") + b"\n"


class MessageReader:
    """Cuts the bytes of a pipe into messages; holds at most one message of the greatest size."""

    def __init__(self) -> None:
        self._line = bytearray()
        self._is_too_long = False

    def feed(self, data: bytes) -> list[Message]:
        """Take bytes as they came; return the messages that they complete."""
        first, *others = data.split(b"\n")
        self._add(first)
        messages = []
        for piece in others:
            message = _parse(self._take_line())
            if message is not None:
                messages.append(message)
            self._add(piece)
        return messages

    def _add(self, piece: bytes) -> None:
        self._is_too_long |= len(self._line) + len(piece) > MAX_MESSAGE_BYTES
        if self._is_too_long:  # what is left of it cannot be parsed, and so the rest of this line is dropped with it
            self._line = bytearray()
        else:
            self._line += piece

    def _take_line(self) -> bytearray:
        line, self._line = self._line, bytearray()
        self._is_too_long = False
        return line


def _parse(line: bytearray) -> Message | None:
    """Return the message that ``line`` holds, None if it is none; the line is used up."""
    if not line or (len(line) > MAX_STRUCTURE_BYTES and not _is_text_mostly(line)):
        return None
    try:
        text = line.decode("utf-8", "surrogatepass")
        line.clear()
        message = _decode(text)
    except (ValueError, RecursionError):
        return None
    if isinstance(message, dict) and isinstance(message.get("type"), str):
        return message
    return None


def _is_text_mostly(line: bytearray) -> bool:
    outside = end = 0
    for text in _texts(line):
        outside += text.start() - end
        end = text.end()
        if outside > MAX_STRUCTURE_BYTES:
            return False
    return outside + len(line) - end <= MAX_STRUCTURE_BYTES
