"""The rates of a model as a table for a terminal, as Markdown, CSV or JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from textwrap import fill, wrap
from typing import Any

from offline_interpreter.bench.columns import rate_text
from offline_interpreter.bench.markdown import markdown_table
from offline_interpreter.bench.records import Environment
from offline_interpreter.bench.speed import Rate, Speeds
from offline_interpreter.bench.wording import environment_facts
from offline_interpreter.plain_text import size_text, without_escapes
from offline_interpreter.records import value_json
from offline_interpreter.view.tables import make_table, table_lines

FORMS = ("table", "md", "csv", "json")


def speed_text(speeds: Speeds, environment: Environment, form: str, width: int) -> str:
    """Return everything that was measured in one of the ``FORMS``, without a last newline."""
    if form == "json":
        return json.dumps(_value(speeds, environment), indent=1, ensure_ascii=False, allow_nan=False)
    if form == "csv":
        return _csv(speeds, environment)
    header, body = _table(speeds.rates)
    if form == "md":
        facts = markdown_table(["", ""], [["Model", _title(speeds)], *environment_facts(environment)])
        return "\n\n".join([markdown_table(header, body), facts, *_notes(speeds)])
    lines = table_lines(make_table(header, body), width) if body else []
    notes = [fill(note, width) for note in _notes(speeds)]
    return "\n".join([*wrap(_title(speeds), width), "", *lines, *notes])


def _title(speeds: Speeds) -> str:
    parameters = f"{speeds.parameters / 1e9:.1f} B" if speeds.parameters >= 1e9 else f"{speeds.parameters / 1e6:.1f} M"
    facts = (speeds.description, size_text(speeds.size_bytes), f"{parameters} parameters")
    return without_escapes(f"{speeds.name}: {', '.join(facts)}, loaded in {speeds.load_s:.2f} s")


def _notes(speeds: Speeds) -> list[str]:
    notes = []
    if speeds.left_out:
        names = ", ".join(dict.fromkeys(test.name for test in speeds.left_out))
        notes.append(f"Left out, for the model was trained for {speeds.trained_tokens:,} tokens: {names}.")
    if not speeds.whole:
        notes.append("It was stopped before all tests had run.")
    return notes


def _table(rates: Sequence[Rate]) -> tuple[list[str], list[list[str]]]:
    on_gpus = any(rate.vram_bytes for rate in rates)
    header = ["Test", "Threads", "Tokens/s", "Memory", *(["GPU memory"] if on_gpus else [])]
    body = [
        [
            rate.test.name,
            str(rate.test.threads),
            rate_text(rate.spread),
            size_text(rate.rss_bytes),
            *([size_text(rate.vram_bytes)] if on_gpus else []),
        ]
        for rate in rates
    ]
    return header, body


def _csv(speeds: Speeds, environment: Environment) -> str:
    text = io.StringIO()
    rows = [_flat(speeds, rate, environment) for rate in speeds.rates]
    writer = csv.DictWriter(text, list(rows[0]) if rows else ["model"], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().rstrip("\n")


def _flat(speeds: Speeds, rate: Rate, environment: Environment) -> dict[str, Any]:
    return {
        "model": speeds.name,
        "description": speeds.description,
        "size_bytes": speeds.size_bytes,
        "parameters": speeds.parameters,
        "host": environment.host,
        "cpu": environment.cpu,
        "gpus": "; ".join(environment.gpus),
        "llama_cpp_python": environment.versions.get("llama-cpp-python", ""),
        "test": rate.test.name,
        "kind": rate.test.kind,
        "tokens": rate.test.tokens,
        "depth": rate.test.depth,
        "threads": rate.test.threads,
        "repeats": len(rate.per_s),
        "tokens_per_s_mean": rate.spread.mean,
        "tokens_per_s_sd": rate.spread.sd,
        "rss_bytes": rate.rss_bytes,
        "vram_bytes": rate.vram_bytes,
    }


def _value(speeds: Speeds, environment: Environment) -> dict[str, Any]:
    value: dict[str, Any] = value_json(speeds)
    value["left_out"] = [test.name for test in speeds.left_out]
    value["rates"] = [
        {"test": rate.test.name, **value_json(rate.test), "tokens_per_s": value_json(rate.spread)}
        | {"samples": list(rate.per_s), "rss_bytes": rate.rss_bytes, "vram_bytes": rate.vram_bytes}
        for rate in speeds.rates
    ]
    return {**value, "environment": value_json(environment)}
