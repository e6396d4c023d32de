"""The record of a session: chained, locked, and whole up to its last line."""

import json
from pathlib import Path

import pytest

from offline_interpreter.errors import TranscriptBroken
from offline_interpreter.records import Message
from offline_interpreter.transcript import (
    FIRST,
    RanCells,
    RecordedTurn,
    Transcript,
    fold_history,
    fold_turns,
    history_record,
    message_record,
    read_transcript,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "session" / "transcript.jsonl"


def write(path: Path, *records: dict[str, object]) -> str:
    transcript = Transcript(path)
    for record in records:
        transcript.append(record)
    transcript.close()
    return transcript.head


def test_lines_are_read_back_in_order(path: Path) -> None:
    write(path, {"kind": "notice", "text": "é\n"}, {"kind": "notice", "text": "\udcff"})
    records = list(read_transcript(path))
    assert [record["seq"] for record in records] == [0, 1]
    assert records[0]["text"] == "é\n"
    assert records[0]["prev"] == FIRST


def test_going_on_continues_the_chain(path: Path) -> None:
    head = write(path, {"kind": "notice", "text": "1"})
    assert write(path, {"kind": "notice", "text": "2"}) != head
    assert list(read_transcript(path))[1]["prev"] == head


def test_altered_line_is_found(path: Path) -> None:
    write(path, {"kind": "notice", "text": "one"}, {"kind": "notice", "text": "two"})
    path.write_text(path.read_text().replace("one", "uno"))
    with pytest.raises(TranscriptBroken, match="Line 2"):
        list(read_transcript(path))
    with pytest.raises(TranscriptBroken):
        Transcript(path)


def test_removed_line_is_found(path: Path) -> None:
    write(path, *({"kind": "notice", "text": str(number)} for number in range(3)))
    lines = path.read_text().splitlines(keepends=True)
    path.write_text(lines[0] + lines[2])
    with pytest.raises(TranscriptBroken, match="Line 2"):
        list(read_transcript(path))


def test_line_cut_in_the_middle_is_dropped_and_written_over(path: Path) -> None:
    write(path, {"kind": "notice", "text": "whole"}, {"kind": "notice", "text": "cut"})
    data = path.read_bytes()
    path.write_bytes(data[:-7])
    assert [record["text"] for record in read_transcript(path)] == ["whole"]
    write(path, {"kind": "notice", "text": "next"})
    assert [record["text"] for record in read_transcript(path)] == ["whole", "next"]


def test_second_writer_is_refused(path: Path) -> None:
    first = Transcript(path)
    with pytest.raises(TranscriptBroken, match="open in another process"):
        Transcript(path)
    first.close()
    Transcript(path).close()


def test_every_line_is_on_its_way_when_append_returns(path: Path) -> None:
    transcript = Transcript(path)
    transcript.append({"kind": "notice", "text": "now"})
    assert json.loads(path.read_text())["text"] == "now"
    transcript.close()


def test_history_is_folded_from_messages_and_replacements(path: Path) -> None:
    kept = [Message("system", "s"), Message("user", "b")]
    write(
        path,
        *(message_record(Message("user", text)) for text in "ab"),
        {"kind": "notice", "text": "nothing to the history"},
        history_record(kept),
        message_record(Message("assistant", "c")),
    )
    assert fold_history(read_transcript(path)) == [*kept, Message("assistant", "c")]


def test_undone_turn_is_folded_away(path: Path) -> None:
    write(
        path,
        message_record(Message("system", "s")),
        {"kind": "turn_start", "text": "one", "turn": 1},
        message_record(Message("user", "one")),
        {"kind": "cell_start", "cell": 1, "code": "1"},
        message_record(Message("assistant", "1")),
        {"kind": "turn_start", "text": "two", "turn": 2},
        message_record(Message("user", "two")),
        {"kind": "cell_start", "cell": 2, "code": "2"},
        {"kind": "undo", "request": "two", "cells": [2]},
    )
    assert fold_history(read_transcript(path))[1:] == [Message("user", "one"), Message("assistant", "1")]
    assert fold_turns(read_transcript(path)) == [RecordedTurn("one", (1,))]


def test_undo_of_a_turn_that_was_trimmed_leaves_the_system_message(path: Path) -> None:
    write(path, history_record([Message("system", "s")]), {"kind": "undo", "request": "one", "cells": []})
    assert fold_history(read_transcript(path)) == [Message("system", "s")]


def ran(number: int, code: str, status: str = "ok", *, state_lost: bool = False) -> list[dict[str, object]]:
    return [
        {"kind": "cell_start", "cell": number, "code": code},
        {"kind": "cell_end", "cell": number, "status": status, "state_lost": state_lost},
    ]


def test_lost_cells_add_up_until_they_succeed_again() -> None:
    cells = RanCells([*ran(1, "a"), *ran(2, "b"), *ran(3, "crash", "died", state_lost=True)])
    assert [cell.number for cell in cells.lost] == [1, 2]
    for record in [*ran(4, "c"), *ran(5, "a"), *ran(6, "b", "error")]:
        cells.take(record)
    assert [cell.number for cell in cells.lost] == [2]
    for record in ran(7, "crash", "timeout", state_lost=True):
        cells.take(record)
    assert [cell.number for cell in cells.lost] == [2, 4, 1]


def test_cell_that_ran_in_a_new_interpreter_is_not_lost() -> None:
    cells = RanCells([*ran(1, "a"), *ran(2, "b", state_lost=True)])
    assert [cell.number for cell in cells.lost] == [1]
