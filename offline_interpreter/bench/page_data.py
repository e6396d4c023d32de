"""What the scripts of the page read: models as points, tasks as lines, and every attempt with its transcript.

Transcripts are taken in as long as there is room: those of the first repeat before others, and of unsolved tasks before
solved ones. Every other attempt says where its transcript lies.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from offline_interpreter.bench.attempts import plain, read_attempt
from offline_interpreter.bench.columns import seconds_text, share_text
from offline_interpreter.bench.records import Record
from offline_interpreter.bench.summary import Group, Row, Summary

MOST_TRANSCRIPT_CHARS = 6_000_000


def page_data(summary: Summary, room_chars: int = MOST_TRANSCRIPT_CHARS) -> dict[str, Any]:
    """Return plain JSON values: groups, whose cells hold the numbers of attempts, and the attempts."""
    records = [record for row in summary.rows for record in row.records]
    numbers = {id(record): number for number, record in enumerate(records)}
    transcripts = _transcripts(records, room_chars)
    return {
        "groups": [_group(group, numbers) for group in summary.groups],
        "attempts": [_attempt(record, transcripts.get(number)) for number, record in enumerate(records)],
    }


def _group(group: Group, numbers: dict[int, int]) -> dict[str, Any]:
    found: dict[str, Record] = {}
    cells: dict[str, list[list[int]]] = {}
    for column, row in enumerate(group.rows):
        for record in sorted(row.records, key=lambda record: (record.seed, record.repeat)):
            found.setdefault(record.task, record)
            cells.setdefault(record.task, [[] for _ in group.rows])[column].append(numbers[id(record)])
    ordered = sorted(found.values(), key=lambda record: (record.family, record.task))
    return {
        "models": [_model(row) for row in group.rows],
        "tasks": [[plain(each.task), plain(each.family), plain(each.difficulty)] for each in ordered],
        "cells": [cells[each.task] for each in ordered],
    }


def _model(row: Row) -> dict[str, Any]:
    """Return a model as a point: its share and its median time, each with an interval; the time may be missing."""
    share, speed = row.quality.share, row.speed
    point: dict[str, Any] = {"label": plain(row.label), "short": plain(row.short), "text": share_text(share)}
    point |= {"solved": share.value, "low": share.interval.low, "high": share.interval.high}
    point["played"] = not row.file_bytes  # it is no model, and has no place among them
    if speed and speed.answer_p50_s > 0:
        point |= {"time": speed.answer_p50_s, "quick": speed.answer_median.low, "slow": speed.answer_median.high}
        point["timeText"] = seconds_text(speed.answer_p50_s)
    return point


def _attempt(record: Record, entries: list[list[str]] | None) -> dict[str, Any]:
    tokens = record.tokens
    facts = {
        "answered in": f"{seconds_text(record.answer_s)} s" if record.answer_s else "",
        "first token after": f"{seconds_text(record.first_token_s)} s" if record.first_token_s else "",
        "steps": str(record.steps or ""),
        "repairs": str(record.repairs or ""),
        "tokens read": f"{tokens.prompt:,} ({tokens.cached:,} known)" if tokens.prompt else "",
        "tokens written": f"{tokens.generated:,}" if tokens.generated else "",
        "seed": str(record.seed),
    }
    attempt: dict[str, Any] = {"status": record.status, "facts": [[k, v] for k, v in facts.items() if v]}
    if record.reason:
        attempt["reason"] = plain(record.reason)
    if entries is not None:
        attempt["parts"] = entries
    elif record.transcript:
        attempt["file"] = plain("/".join(Path(record.transcript).parts[-3:]))
    return attempt


def _transcripts(records: Iterable[Record], room_chars: int) -> dict[int, list[list[str]]]:
    """Return the transcripts that there is room for, by the number of their attempt."""
    written = [(number, record) for number, record in enumerate(records) if record.transcript]
    written.sort(key=lambda each: (each[1].repeat, each[1].status == "solved"))
    found: dict[int, list[list[str]]] = {}
    for number, record in written:
        parts = [[part.kind, part.text, part.about] for part in read_attempt(Path(record.transcript))]
        room_chars -= len(json.dumps(parts))
        if room_chars < 0:
            break
        found[number] = parts
    return found
