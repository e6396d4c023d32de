"""A summary to one self-contained HTML page: no file beside it, no address in it, readable from a disk or a mail.

The template (``page/``) lays out; its scripts draw what depends on the width, sort, and open attempts. All texts are
escaped by the template, the data of the scripts here. What the page says is decided in ``choice`` and ``columns``.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from offline_interpreter import __version__
from offline_interpreter.bench.attempts import plain
from offline_interpreter.bench.choice import advice, choices
from offline_interpreter.bench.columns import Column, share_text, shown_columns
from offline_interpreter.bench.page_data import page_data
from offline_interpreter.bench.records import Record
from offline_interpreter.bench.summary import Group, Row, Share, Summary
from offline_interpreter.bench.wording import environment_facts, group_title, not_run_reasons, reservations, verdicts
from offline_interpreter.plain_text import size_text
from offline_interpreter.view.words import counted

MOST_FIRST_LINE_CHARS = 4_096


def page(summary: Summary) -> str:
    """Return the page."""
    from jinja2 import Environment

    files = resources.files("offline_interpreter.bench").joinpath("page")
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(files.joinpath("page.html").read_text(encoding="utf-8"))
    return template.render(
        version=__version__,
        style=files.joinpath("page.css").read_text(encoding="utf-8"),
        script=files.joinpath("page.js").read_text(encoding="utf-8"),
        data=_script_json(page_data(summary)),
        groups=[_group_view(summary, group) for group in summary.groups],
        unloadable=[(plain(each.model), plain(each.reason)) for each in summary.unloadable],
        environments=[[(name, plain(text)) for name, text in environment_facts(e)] for e in summary.environments],
        duplicates=summary.duplicates,
    )


def _script_json(value: object) -> str:
    """Return JSON that may stand in a script element: it is ASCII, and has nothing that HTML knows."""
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


# -- what is laid out ---------------------------------------------------------------------------------------------


def _group_view(summary: Summary, group: Group) -> dict[str, Any]:
    rows, models, tabled = group.rows, group.models, shown_columns(group.rows)
    return {
        "title": plain(group_title(group)),
        "advice": plain(advice(models).what),
        "why": _unbroken(plain(advice(models).why)),
        "choices": [(each.title, plain(each.row.label), _unbroken(each.figure)) for each in choices(models)],
        "cautions": [plain(line) for line in reservations(summary, group)],
        "facts": _facts(models or rows),
        "panels": _panels(models or rows),
        "memory": _memory(models),
        "on_gpus": any(row.speed and row.speed.vram_bytes for row in models),
        "topics": Counter(each.topic for each in tabled),
        "columns": tabled,
        "rows": [_table_row(row, tabled) for row in rows],
        "verdicts": [plain(line) for line in verdicts(models)],
        "not_run": [(plain(task), plain(reason)) for task, reason in not_run_reasons(rows)],
    }


def _facts(rows: Sequence[Row]) -> str:
    tried = sum(row.quality.share.tried for row in rows)
    tasks = len({record.task for row in rows for record in row.records if record.status != "not_run"})
    facts = [counted(len(rows), "model"), counted(tasks, "task"), counted(tried, "attempt")]
    days = sorted(
        {day for row in rows for record in row.records[:: len(row.records) - 1 or 1] if (day := _day(record))}
    )
    return " · ".join([*facts, *([" to ".join(dict.fromkeys((days[0], days[-1])))] if days else [])])


def _day(record: Record) -> str:
    """Return the day on which an attempt was made, as its transcript says, or an empty text."""
    try:
        with Path(record.transcript).open(encoding="utf-8") as file:
            found = re.search(r'"at": "(\d{4}-\d\d-\d\d)T', file.readline(MOST_FIRST_LINE_CHARS))
    except (OSError, ValueError):
        return ""
    return found[1] if found else ""


def _table_row(row: Row, tabled: Sequence[Column]) -> dict[str, Any]:
    cells = [(column.value(row), column.text(row)) for column in tabled]
    names = {"label": plain(row.label), "short": plain(row.short), "quantization": plain(row.key.quantization)}
    return {**names, "cells": cells}


def _panels(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return the groups of bars: one a family, and one a difficulty where there are several."""
    panels = []
    for title, kind in (("families", "families"), ("difficulties", "difficulties")):
        names = dict.fromkeys(name for row in rows for name in getattr(row, kind))
        ordered = sorted(names) if kind == "families" else sorted(names, key=_difficulty)
        panels.append({"title": title, "bars": [_panel(name, rows, kind) for name in ordered]})
    return [each for each in panels if len(each["bars"]) > 1 or each["title"] == "families"]


def _difficulty(name: str) -> int:
    names = ("easy", "medium", "hard")
    return names.index(name) if name in names else len(names)


def _panel(name: str, rows: Sequence[Row], kind: str) -> dict[str, Any]:
    shares = [(row, getattr(row, kind)[name]) for row in rows if name in getattr(row, kind)]
    return {"name": plain(name), "bars": [_bar(row, share) for row, share in shares]}


def _bar(row: Row, share: Share) -> dict[str, Any]:
    return {
        "label": plain(row.label),
        "short": plain(row.short),
        "value": round(100 * share.value, 2),
        "low": round(100 * share.interval.low, 2),
        "high": round(100 * share.interval.high, 2),
        "count": f"{share.solved}/{share.tried}",
        "text": share_text(share),
    }


def _memory(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return what each model takes, as shares of the largest: file, memory, memory of GPUs."""
    largest = max([1, *(max(row.file_bytes, *_held(row)) for row in rows)])
    found = []
    for row in rows:
        sizes = zip(("memory", "gpu", "file"), (*_held(row), row.file_bytes), strict=True)
        bars = [(kind, round(100 * size / largest, 2), size_text(size)) for kind, size in sizes if size]
        found.append({"label": plain(row.label), "short": plain(row.short), "bars": bars})
    return [each for each in found if each["bars"]]


def _held(row: Row) -> tuple[int, int]:
    return (row.speed.rss_bytes, row.speed.vram_bytes) if row.speed else (0, 0)


def _unbroken(text: str) -> str:
    """Keep numbers on one line with their units and intervals."""
    return re.sub(r"(?<=\d) (?=[%a-z])|(?<=%) (?=\()", "\u00a0", text)
