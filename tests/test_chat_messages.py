"""The conversation as dicts, and back to what the model is shown."""

import pytest

from offline_interpreter.chat_messages import dicts_of, history_of, joined
from offline_interpreter.errors import UsageError
from offline_interpreter.records import (
    Answer,
    Approved,
    Code,
    Message,
    Output,
    OutputMade,
    ReplyStats,
    StepTaken,
    TurnEnd,
    TurnStart,
    TurnStats,
)
from offline_interpreter.steps import write_step

TURN = [
    TurnStart("sum it", 1),
    StepTaken("code", "I'll sum it.", "print(1 + 1)", False, "complete", ReplyStats()),
    Approved("run", "print(1 + 1)"),
    OutputMade(1, Output("stream", "2", "stdout")),
    OutputMade(1, Output("stream", "\n", "stdout")),
    OutputMade(1, Output("display", "<Figure>", path="/s/figures/cell-1-1.png")),
    StepTaken("answer", "It is 2.", "", False, "complete", ReplyStats()),
    TurnEnd("answered", "It is 2.", TurnStats()),
]
DICTS = [
    {"role": "user", "type": "message", "content": "sum it"},
    {"role": "assistant", "type": "message", "content": "I'll sum it."},
    {"role": "assistant", "type": "code", "format": "python", "content": "print(1 + 1)"},
    {"role": "computer", "type": "console", "format": "output", "content": "2\n"},
    {"role": "computer", "type": "image", "format": "path", "content": "/s/figures/cell-1-1.png"},
    {"role": "assistant", "type": "message", "content": "It is 2."},
]


def test_events_become_the_familiar_dicts() -> None:
    messages: list[dict[str, object]] = []
    for event in TURN:
        joined(messages, dicts_of(event, messages))
    assert messages == DICTS


def test_dicts_become_an_alternating_history() -> None:
    assert history_of(DICTS) == [
        Message("user", "sum it"),
        Message("assistant", write_step(Code("I'll sum it.", "print(1 + 1)"))),
        Message("observation", "2\n\n/s/figures/cell-1-1.png"),
        Message("assistant", write_step(Answer("It is 2."))),
    ]


def test_refused_code_is_part_of_the_conversation() -> None:
    entries = dicts_of(Approved("refused", "rm()", "no"), [])
    assert [entry["content"] for entry in entries] == ["no"]


def test_conversation_without_outputs_still_alternates() -> None:
    history = history_of(
        [
            {"role": "assistant", "type": "code", "content": "1"},
            {"role": "assistant", "type": "code", "content": "2"},
            {"role": "user", "content": "a"},
            {"role": "user", "content": "b"},
        ]
    )
    assert [message.role for message in history] == ["user", "assistant", "observation", "assistant", "user"]
    assert history[-1].text == "a\nb"


@pytest.mark.parametrize("entry", [{"role": "robot", "content": "x"}, {"role": "user", "content": 3}, {}])
def test_entry_that_is_none_is_refused(entry: dict[str, object]) -> None:
    with pytest.raises(UsageError, match="is not a message"):
        history_of([entry])
