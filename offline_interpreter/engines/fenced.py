"""The fenced protocol: a model writes code as a block behind a JSON header, and not as a JSON string.

    {"action": "code", "message": "Counts the rows."}
    ```python
    print(len(rows))
    ```

Some models write better code so, and it takes fewer tokens. What leaves this engine is the same step as ever: replies
are rewritten while they stream, and earlier ones are shown to the model in the form in which it wrote them. Code that
holds a line that begins with three backticks cannot be written so.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any

from offline_interpreter.cancel import Cancel
from offline_interpreter.engines.base import OnProgress
from offline_interpreter.errors import StepInvalid
from offline_interpreter.records import Code, Message, Reply, Sampling
from offline_interpreter.steps import KEY_SEPARATOR, MAX_ANSWER_CHARS, MAX_NOTE_CHARS, parse_step, write_step

if TYPE_CHECKING:
    from offline_interpreter.engines.llama.engine import LlamaEngine

_OPENING, _CLOSING = "\n```python\n", "\n```"
_CODE_BEGINS = '{"action"' + KEY_SEPARATOR + '"code"'

# As llguidance reads it; no control characters but tabs and newlines.
FENCED_SCHEMA: Mapping[str, Any] = {
    "lark": rf"""
start: code | answer
code: "{{\"action\": \"code\", \"message\": " note "}}\n```python\n" body
answer: "{{\"action\": \"answer\", \"message\": " message "}}"
note: %json {{"type": "string", "maxLength": {MAX_NOTE_CHARS}}}
message: %json {{"type": "string", "maxLength": {MAX_ANSWER_CHARS}}}
body[suffix="\n```"]: /[^\x00-\x08\x0b-\x1f\x7f]*/
"""
}

# What the system prompt says of a step, and what it says instead.
JSON_FORM = """Reply with one JSON object, which is one step:
{"action": "code", "message": "what this does, in a sentence", "code": "Python to run"}
{"action": "answer", "message": "the answer, in Markdown"}"""
FENCED_FORM = """Reply with one step. Either code, as a JSON object and the block that follows it:
{"action": "code", "message": "what this does, in a sentence"}
```python
Python to run
```
or the answer, as a JSON object:
{"action": "answer", "message": "the answer, in Markdown"}"""


class FencedEngine:
    """An engine whose model is asked for fenced code; it takes ``engine`` over, and closes it."""

    def __init__(self, engine: LlamaEngine) -> None:
        self._engine = engine
        self.name = engine.name
        self.context_tokens = engine.context_tokens
        self.reads_system = engine.reads_system
        self.threads = engine.threads
        self.notes = engine.notes

    def stream(
        self,
        messages: Sequence[Message],
        schema: Mapping[str, Any],
        sampling: Sampling,
        cancel: Cancel,
        progress: OnProgress,
    ) -> Generator[str, None, Reply]:
        """Yield the reply as the JSON text of a step; see ``Engine.stream``. ``schema`` is that of steps."""
        writer = StepWriter()
        shown = [fenced_message(message) for message in messages]
        with closing(self._engine.stream(shown, FENCED_SCHEMA, sampling, cancel, progress)) as stream:
            while True:
                try:
                    text = writer.feed(next(stream))
                except StopIteration as end:
                    reply: Reply = end.value
                    return reply
                if text:
                    yield text

    def begin_anew(self, opening: Sequence[Message]) -> None:
        """Forget all but the evaluation of ``opening``; see ``LlamaEngine.begin_anew``."""
        self._engine.begin_anew([fenced_message(message) for message in opening])

    def count_tokens(self, text: str) -> int:
        """Return how many tokens ``text`` takes as content."""
        return self._engine.count_tokens(text)

    def close(self) -> None:
        """Free what the engine holds."""
        self._engine.close()


def fenced_message(message: Message) -> Message:
    """Return a message of the history as the model is shown it."""
    if message.role == "system":
        return Message("system", message.text.replace(JSON_FORM, FENCED_FORM))
    if message.role == "assistant":
        return Message("assistant", fenced_text(message.text))
    return message


def fenced_text(text: str) -> str:
    """Return the JSON text of a step in its fenced form; what is no step stays as it is."""
    try:
        step = parse_step(text)
    except StepInvalid:
        return text
    if not isinstance(step, Code):
        return text
    header = write_step(Code(step.message, "")).removesuffix(', "code": ""}') + "}"
    return f"{header}{_OPENING}{step.code}{_CLOSING}"


class StepWriter:
    """Rewrites a fenced reply as the JSON text of its step while it arrives; a reply that is cut stays cut."""

    def __init__(self) -> None:
        self._header = ""  # while it is read, and the opening of the block
        self._in_string = self._escaped = False
        self._unread = ""  # of the block: what may be the beginning of its end
        self._part = "header"

    def feed(self, piece: str) -> str:
        """Take more of the reply; return what it adds to the JSON text."""
        added = ""
        for position, char in enumerate(piece):
            if self._part == "block":
                return added + self._feed_block(piece[position:])
            added += self._feed_header(char) if self._part == "header" else self._feed_opening(char)
        return added

    def _feed_header(self, char: str) -> str:
        self._header += char
        if self._escaped:
            self._escaped = False
        elif self._in_string and char == "\\":
            self._escaped = True
        elif char == '"':
            self._in_string = not self._in_string
        elif char == "}" and not self._in_string:
            is_code = self._header.startswith(_CODE_BEGINS)
            self._part, self._header = ("opening" if is_code else "over"), ""
            return ', "code": "' if is_code else char
        return char

    def _feed_opening(self, char: str) -> str:
        if self._part == "opening":
            self._header += char
            if self._header == _OPENING:
                self._part = "block"
        return ""

    def _feed_block(self, text: str) -> str:
        self._unread += text
        code, closing_, _ = self._unread.partition(_CLOSING)
        if closing_:
            self._part = "over"
            return _escaped(code) + '"}'
        held = next(length for length in range(len(_CLOSING), -1, -1) if code.endswith(_CLOSING[:length]))
        self._unread = code[len(code) - held :]
        return _escaped(code[: len(code) - held])


def _escaped(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]
