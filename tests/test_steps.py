"""The step: written, read while it streams, judged, closed."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offline_interpreter.errors import StepInvalid
from offline_interpreter.records import Answer, Code
from offline_interpreter.steps import MAX_CODE_CHARS, StepReader, close_step, parse_step, write_step

texts = st.text(max_size=200)


@given(message=texts, code=texts)
def test_code_step_survives_writing_and_parsing(message: str, code: str) -> None:
    assert parse_step(write_step(Code(message, code))) == Code(message, code)


@given(message=texts)
def test_answer_step_survives_writing_and_parsing(message: str) -> None:
    assert parse_step(write_step(Answer(message))) == Answer(message)


@given(message=texts, code=texts, piece=st.integers(1, 9), ascii_only=st.booleans())
def test_reader_gives_the_fields_however_the_text_is_cut(message: str, code: str, piece: int, ascii_only: bool) -> None:
    text = json.dumps({"action": "code", "message": message, "code": code}, ensure_ascii=ascii_only)
    reader = StepReader()
    deltas = [delta for start in range(0, len(text), piece) for delta in reader.feed(text[start : start + piece])]
    assert reader.action == "code"
    assert "".join(added for field, added in deltas if field == "message") == message == reader.message
    assert "".join(added for field, added in deltas if field == "code") == code == reader.code


def test_reader_joins_surrogate_escapes_across_pieces() -> None:
    reader = StepReader()
    for char in '{"action": "answer", "message": "\\ud83d\\ude00"}':
        reader.feed(char)
    assert reader.message == "\U0001f600"


def test_reader_survives_any_text() -> None:
    reader = StepReader()
    reader.feed('}}{"message":"\\uZZZZ\\q\\ud83d","code":[1,"x"],,:"')
    assert reader.text.endswith('"')


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("not json", "not one JSON object"),
        ("[1]", "not a JSON object"),
        ('{"action": "dance", "message": ""}', '"action"'),
        ('{"action": "code", "message": "x"}', '"code" is missing'),
        ('{"action": "answer", "message": 3}', '"message" is missing or is not a text'),
        ('{"action": "answer", "message": "x", "code": "y"}', "fields that a step does not have"),
        (write_step(Code("", "x" * (MAX_CODE_CHARS + 1))), "longer than"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_malformed_reply_is_refused_with_its_reason(text: str, complaint: str) -> None:
    with pytest.raises(StepInvalid, match=complaint):
        parse_step(text)


@given(cut=st.integers(0, 200))
def test_closed_step_parses_wherever_it_was_cut(cut: int) -> None:
    text = write_step(Code('say "hi"\n', "print('\\n', \"é\")\n# 😀"))[:cut]
    closed = parse_step(close_step(text))
    if isinstance(closed, Code):
        assert "print('\\n', \"é\")\n# 😀".startswith(closed.code)


def test_closing_leaves_a_whole_step_alone() -> None:
    text = '{"action":"answer","message":"x"}'
    assert close_step(text) == text
