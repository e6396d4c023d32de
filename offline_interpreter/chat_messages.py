"""The conversation as plain dicts, in the form that Open Interpreter made familiar, and back.

A dict has ``role`` (user, assistant, computer), ``type`` (message, code, console, image), for some types ``format``,
and ``content``. ``dicts_of`` follows the events of a turn; ``history_of`` rebuilds what the model is shown, which keeps
the meaning of a conversation but not its very texts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from offline_interpreter.errors import UsageError
from offline_interpreter.records import (
    Answer,
    Approved,
    Code,
    Event,
    Message,
    OutputMade,
    StepTaken,
    TurnEnd,
    TurnStart,
)
from offline_interpreter.steps import write_step

ChatMessage = dict[str, Any]

_ROLES = ("user", "assistant", "computer")


def dicts_of(event: Event, before: Sequence[ChatMessage]) -> list[ChatMessage]:
    """Return what ``event`` adds to the conversation ``before``; nothing for most kinds."""
    if isinstance(event, TurnStart):
        return [_entry("user", "message", event.text)]
    if isinstance(event, StepTaken):
        return [_entry("assistant", "message", event.message)] if event.message else []
    if isinstance(event, Approved):
        if event.decision in ("run", "edited"):
            return [_entry("assistant", "code", event.code, "python")]
        return [_entry("computer", "console", event.reason or "The code did not run.", "output")]
    if isinstance(event, OutputMade):
        return _of_output(event)
    if isinstance(event, TurnEnd) and event.answer and (not before or before[-1]["content"] != event.answer):
        return [_entry("assistant", "message", event.answer)]
    return []


def _of_output(event: OutputMade) -> list[ChatMessage]:
    output = event.output
    if output.path:
        return [_entry("computer", "image", output.path, "path")]
    return [_entry("computer", "console", output.text, "output")] if output.text else []


def _entry(role: str, kind: str, content: str, form: str = "") -> ChatMessage:
    entry: ChatMessage = {"role": role, "type": kind}
    if form:
        entry["format"] = form
    return {**entry, "content": content}


def joined(messages: list[ChatMessage], added: Iterable[ChatMessage]) -> None:
    """Append ``added``; console chunks that follow each other become one entry."""
    for entry in added:
        last = messages[-1] if messages else {}
        if entry["type"] == "console" and last.get("type") == "console":
            last["content"] += entry["content"]
        else:
            messages.append(entry)


def history_of(messages: Iterable[Mapping[str, Any]]) -> list[Message]:
    """Return the history that the model is shown for a conversation of dicts; roles alternate in it.

    Raises ``UsageError`` for an entry that is none.
    """
    history: list[Message] = []
    note = ""
    for entry in messages:
        role, kind, content = _checked(entry)
        if role == "assistant" and kind == "message":
            note = content
            continue
        if role == "assistant":
            _add(history, Message("assistant", write_step(Code(note, content))))
        else:
            if note:
                _add(history, Message("assistant", write_step(Answer(note))))
            _add(history, Message("user" if role == "user" else "observation", content))
        note = ""
    if note:
        _add(history, Message("assistant", write_step(Answer(note))))
    return history


def _checked(entry: Mapping[str, Any]) -> tuple[str, str, str]:
    role, content = entry.get("role"), entry.get("content")
    if role not in _ROLES or not isinstance(content, str):
        raise UsageError(f"{dict(entry)!r} is not a message.", "It needs role (user, assistant, computer) and content.")
    return str(role), str(entry.get("type", "message")), content


def _add(history: list[Message], message: Message) -> None:
    """Append, joining what would break the alternation of the model's and the other side's messages."""
    last = history[-1] if history else None
    if message.role == "assistant" and (last is None or last.role == "assistant"):
        history.append(Message("observation" if last else "user", "Go on."))
    elif last is not None and message.role != "assistant" and last.role != "assistant":
        history[-1] = Message(last.role, f"{last.text}\n{message.text}")
        return
    history.append(message)
