"""The frames between host and child, whatever bytes arrive."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offline_interpreter.kernel.protocol import MAX_MESSAGE_BYTES, MAX_STRUCTURE_BYTES, MessageReader, encode_message

MESSAGE = {
    "type": "error",
    "text": 'two\nlines, "quotes", é, \U0001f600 and half a pair: \ud800',
    "ok": True,
    "none": None,
}


def test_a_message_survives_the_round_trip():
    assert MessageReader().feed(encode_message(MESSAGE)) == [MESSAGE]


def test_a_message_may_arrive_byte_by_byte():
    reader = MessageReader()
    found = [message for byte in encode_message(MESSAGE) for message in reader.feed(bytes([byte]))]
    assert found == [MESSAGE]


def test_messages_that_arrive_together_keep_their_order():
    messages = [{"type": "display", "data": str(number)} for number in range(5)]
    assert MessageReader().feed(b"".join(map(encode_message, messages))) == messages


@pytest.mark.parametrize(
    "garbage",
    [
        b"garbage",
        b"\x00\xff\xfe",
        b"[" * 200_000,
        b'{"a":' * 100_000,
        b'{"type": 5}',
        b'["type"]',
        b"{}",
        b"null",
        b'{"type": "x", "number": ' + b"1" * 5000 + b"}",
        b'{"type": "\xff"}',
        b'{"type": "done"',
    ],
)
def test_garbage_is_dropped_and_swallows_nothing(garbage):
    reader = MessageReader()
    assert reader.feed(garbage + encode_message(MESSAGE)) == [MESSAGE]


def test_a_message_without_an_end_is_dropped_at_the_cap():
    reader = MessageReader()
    piece = b"x" * (1 << 20)
    for _ in range(MAX_MESSAGE_BYTES // len(piece) + 3):
        assert reader.feed(piece) == []
    assert len(reader._line) <= MAX_MESSAGE_BYTES
    assert reader.feed(encode_message(MESSAGE)) == [MESSAGE]


@pytest.mark.parametrize("value", [b"[],", b"1,", b'{"a":1},', b'"",', b"[" * 20, b" " * 20])
def test_a_message_of_too_many_values_is_dropped(value):
    flood = b'{"type": "x", "data": [' + value * MAX_STRUCTURE_BYTES + b"1]}\n"
    assert MessageReader().feed(flood) == []


def test_long_texts_are_taken_whatever_stands_in_them():
    message = {"type": "display", "data": {"text/html": '[{"\\"]},1,' * 500_000, "image/png": "x" * 5_000_000}}
    assert MessageReader().feed(encode_message(message)) == [message]


@pytest.mark.parametrize("endless", [b'"' + b'\\"' * 4_000_000, b'"\\', b'"' * 8_000_001, b"\\" * 8_000_001])
def test_texts_without_an_end_are_dropped_in_one_pass(endless):
    assert MessageReader().feed(b'{"type": ' + endless + b"\n" + encode_message(MESSAGE)) == [MESSAGE]


@given(st.lists(st.binary(max_size=80)))
def test_no_bytes_make_the_reader_fail(pieces):
    reader = MessageReader()
    for piece in pieces:
        reader.feed(piece)
    assert reader.feed(encode_message(MESSAGE)) == [MESSAGE]
