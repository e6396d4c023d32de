"""The step: what a reply of the model must be. One schema, one way to write it, one way to read it.

``StepReader`` reads a reply while it streams; ``parse_step`` judges it when it is whole; ``close_step`` makes a reply
that was cut whole again, and ``closing_messages`` a history. Nothing here knows which engine wrote the reply, and a
closed step is never to be run.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Sequence
from contextlib import closing
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from offline_interpreter.errors import StepInvalid
from offline_interpreter.records import (
    Answer,
    Code,
    CodeDelta,
    Event,
    Message,
    MessageDelta,
    Progress,
    ProgressMade,
    Reply,
    Step,
)

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

MAX_NOTE_CHARS = 1_000  # what a cell does, a sentence or two
MAX_ANSWER_CHARS = 20_000
MAX_CODE_CHARS = 40_000

ITEM_SEPARATOR = ", "
KEY_SEPARATOR = ": "


def _variant(action: str, **lengths: int) -> dict[str, Any]:
    properties: dict[str, Any] = {"action": {"const": action}}
    properties |= {name: {"type": "string", "maxLength": length} for name, length in lengths.items()}
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


# The discriminating constant comes first, so that a grammar forces all that follows from it.
STEP_SCHEMA: dict[str, Any] = {
    "anyOf": [
        _variant("code", message=MAX_NOTE_CHARS, code=MAX_CODE_CHARS),
        _variant("answer", message=MAX_ANSWER_CHARS),
    ]
}


def write_step(step: Step) -> str:
    """Return the one JSON text of a step, with the separators that grammars force."""
    fields = {"action": "code", "message": step.message, "code": step.code} if isinstance(step, Code) else None
    fields = fields or {"action": "answer", "message": step.message}
    return json.dumps(fields, ensure_ascii=False, separators=(ITEM_SEPARATOR, KEY_SEPARATOR))


@cache
def _validator() -> Validator:
    from jsonschema import Draft202012Validator  # 60 ms: only when a reply is judged

    return Draft202012Validator(STEP_SCHEMA)


def parse_step(text: str) -> Step:
    """Judge a whole reply. Raises ``StepInvalid`` with a cause that the model can act on."""
    try:
        value = json.loads(text)
    except ValueError as error:
        raise StepInvalid(f"The reply is not one JSON object: {error}.") from error
    except RecursionError as error:
        raise StepInvalid("The reply is nested too deeply.") from error
    if not _validator().is_valid(value):
        raise StepInvalid(_complaint(value))
    if value["action"] == "code":
        return Code(value["message"], value["code"])
    return Answer(value["message"])


def _complaint(value: Any) -> str:
    if not isinstance(value, dict):
        return "The reply is not a JSON object."
    wanted = STEP_SCHEMA["anyOf"][0 if value.get("action") == "code" else 1]
    if value.get("action") not in ("code", "answer"):
        return 'The field "action" must be "code" or "answer".'
    for name, rule in wanted["properties"].items():
        if not isinstance(value.get(name), str):
            return f'The field "{name}" is missing or is not a text.'
        if len(value[name]) > rule.get("maxLength", len(value[name])):
            return f'The field "{name}" is longer than {rule["maxLength"]} characters.'
    return "The reply has fields that a step does not have."


def close_step(text: str) -> str:
    """Complete a reply that was cut, so that it parses as a step; a whole step comes back unchanged.

    What was written of ``message`` and ``code`` is kept; a reply cut before its message becomes an empty answer.
    """
    try:
        parse_step(text)
    except StepInvalid:
        reader = StepReader()
        reader.feed(text)
        if reader.action == "code":
            return write_step(Code(reader.message[:MAX_NOTE_CHARS], reader.code[:MAX_CODE_CHARS]))
        return write_step(Answer(reader.message[:MAX_ANSWER_CHARS]))
    return text


_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", '"': '"', "\\": "\\", "/": "/"}


class StepReader:
    """Reads the JSON text of one step as it arrives and tells what each piece adds to its fields.

    It trusts the order and the shape that the schema forces; of any other text it makes as little as it can and never
    raises, for ``parse_step`` gives the verdict.
    """

    def __init__(self) -> None:
        self.text = ""
        self.action = ""
        self.message = ""
        self.code = ""
        self._key = ""
        self._token = ""
        self._in_string = False
        self._is_value = False
        self._escape = ""
        self._high = ""

    def feed(self, piece: str) -> list[tuple[Literal["message", "code"], str]]:
        """Take more text; return what it adds to ``message`` and to ``code``, in order."""
        self.text += piece
        deltas: list[tuple[Literal["message", "code"], str]] = []
        for char in piece:
            added = self._take(char)
            if not added or not self._is_value or self._key not in ("message", "code"):
                continue
            field: Literal["message", "code"] = "message" if self._key == "message" else "code"
            setattr(self, field, getattr(self, field) + added)
            if deltas and deltas[-1][0] == field:
                deltas[-1] = (field, deltas[-1][1] + added)
            else:
                deltas.append((field, added))
        return deltas

    def _take(self, char: str) -> str:
        """Advance by one character; return the text that it completes inside a string."""
        if not self._in_string:
            if char == '"':
                self._in_string, self._token = True, ""
            elif char in ":,":
                self._is_value = char == ":"
            return ""
        if self._escape:
            return self._take_escaped(char)
        if char == "\\":
            self._escape = char
            return ""
        if char == '"':
            self._end_string()
            return ""
        return self._keep(char)

    def _take_escaped(self, char: str) -> str:
        self._escape += char
        if self._escape[1] != "u":
            self._escape = ""
            return self._keep(_ESCAPES.get(char, char))
        if len(self._escape) < 6:
            return ""
        digits, self._escape = self._escape[2:], ""
        try:
            unit = int(digits, 16)
        except ValueError:
            return self._keep("\ufffd")
        return self._join_surrogates(unit)

    def _join_surrogates(self, unit: int) -> str:
        if 0xD800 <= unit < 0xDC00:
            self._high = chr(unit)
            return ""
        pair, self._high = self._high + chr(unit), ""
        return self._keep(pair.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))

    def _keep(self, text: str) -> str:
        self._token += text
        return text

    def _end_string(self) -> None:
        self._in_string = False
        if not self._is_value:
            self._key = self._token
        elif self._key == "action":
            self.action = self._token


def relay_reply(replying: Generator[str | Progress, None, Reply], reader: StepReader) -> Generator[Event, None, Reply]:
    """Turn the pieces of a reply into events as ``reader`` reads them; return how it ended."""
    with closing(replying):
        while True:
            try:
                piece = next(replying)
            except StopIteration as end:
                reply: Reply = end.value
                return reply
            if isinstance(piece, Progress):
                yield ProgressMade(piece.stage, piece.done, piece.total)
                continue
            for name, text in reader.feed(piece):
                yield MessageDelta(text) if name == "message" else CodeDelta(text)


def closing_messages(messages: Sequence[Message], answer: str) -> list[Message]:
    """Return what must follow ``messages`` so that they end with an assistant answer.

    A reply that was an answer already, though a cut one, needs nothing more.
    """
    if not messages or messages[-1].role == "system":
        return []
    added = []
    if messages[-1].role == "assistant":
        try:
            if isinstance(parse_step(messages[-1].text), Answer):
                return []
        except StepInvalid:
            pass
        added.append(Message("observation", "The code did not run."))
    return [*added, Message("assistant", write_step(Answer(answer)))]
