"""Runs to a report: ``report.md`` and ``report.html`` for people, ``report.csv`` and ``report.json`` for programs.

What the figures are is decided in ``summary``, what they say in ``choice`` and ``columns``; here they are laid out as
data, and written. Each file is written whole or not at all.
"""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Sequence
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

from offline_interpreter import __version__
from offline_interpreter.bench.choice import advice, choices
from offline_interpreter.bench.compare import pair
from offline_interpreter.bench.markdown import markdown
from offline_interpreter.bench.records import Environment, Record, read_environments, read_records
from offline_interpreter.bench.summary import Row, Summary, summarize
from offline_interpreter.bench.wording import reservations
from offline_interpreter.errors import UsageError
from offline_interpreter.plain_text import without_escapes


def write_report(folders: Sequence[Path], out: Path) -> None:
    """Write the four files of a report over the runs in ``folders`` into ``out``.

    Raises ``UsageError`` when a folder holds no run, no record at all is found, or ``out`` cannot be written to.
    """
    from offline_interpreter.bench.html import page

    summary = load_summary(folders)
    texts = {
        "report.md": markdown(summary),
        "report.csv": csv_text(summary),
        "report.json": json.dumps(json_value(summary), indent=1, ensure_ascii=False, allow_nan=False) + "\n",
        "report.html": page(summary),
    }
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            _write_whole(out / name, text)
    except OSError as error:
        raise UsageError(
            f"The report cannot be written to {str(out)!r}: {error.strerror}.", "Name another folder."
        ) from error


def load_summary(folders: Sequence[Path]) -> Summary:
    """Read the runs in ``folders``; the transcripts of their records are then paths of their own."""
    records: list[Record] = []
    environments: dict[str, Environment] = {}
    for folder in folders:
        records += [_with_path(record, folder.resolve()) for record in read_records(folder)]
        environments |= read_environments(folder)
    if not records:
        raise UsageError("No task has been run yet.", "`offline-interpreter bench run` runs them.")
    used = {record.environment for record in records}
    return summarize(records, {name: each for name, each in environments.items() if name in used})


def _with_path(record: Record, folder: Path) -> Record:
    """Return the record with a path to its transcript, which is dropped where it leads out of the folder."""
    if not record.transcript:
        return record
    path = (folder / record.transcript).resolve()
    return replace(record, transcript=str(path) if path.is_relative_to(folder) else "")


def _write_whole(path: Path, text: str) -> None:
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_text(text, encoding="utf-8", errors="backslashreplace", newline="")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


# -- data ---------------------------------------------------------------------------------------------------------


def json_value(summary: Summary) -> dict[str, Any]:
    """Return everything that the report says as plain JSON values; attempts are named, not repeated in full."""
    return {
        "offline_interpreter": __version__,
        "groups": [
            {
                "suite": group.suite,
                "host": group.host,
                "advice": advice(group.models)._asdict(),
                "choices": [
                    {"title": c.title, "model": c.row.label, "figure": c.figure} for c in choices(group.models)
                ],
                "cautions": reservations(summary, group),
                "rows": [_row_value(row, (group.models or group.rows)[0]) for row in group.rows],
            }
            for group in summary.groups
        ],
        "unloadable": _plain(summary.unloadable),
        "environments": _plain(summary.environments),
        "duplicates": summary.duplicates,
    }


def _row_value(row: Row, best: Row) -> dict[str, Any]:
    value = {"label": row.label, **row.key._asdict(), "settings": dict(row.key.settings), "file_bytes": row.file_bytes}
    value |= {name: _plain(getattr(row, name)) for name in ("quality", "speed", "families", "difficulties")}
    value["quality"]["share"]["value"] = row.quality.share.value
    value["against_best"] = None if row is best else _plain(pair(row.records, best.records))
    value["attempts"] = [
        {"task": each.task, "seed": each.seed, "repeat": each.repeat, "status": each.status, "reason": each.reason}
        for each in row.records
    ]
    return value


def csv_text(summary: Summary) -> str:
    """Return a line for each row, with every number in a column of its own; what is not known is empty."""
    lines = [_flat(row) for row in summary.rows]
    lines += [{"model": each.model, "cannot_load": each.reason} for each in summary.unloadable]
    names = list(dict.fromkeys(name for line in lines for name in line))
    text = io.StringIO()
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _formula_free(value) for name, value in line.items()} for line in lines)
    return text.getvalue()


def _flat(row: Row) -> dict[str, Any]:
    key = row.key._asdict() | {"settings": "; ".join(f"{name}={value}" for name, value in row.key.settings)}
    flat = {"suite": key.pop("suite"), "host": key.pop("host"), "label": row.label, **key, "file_bytes": row.file_bytes}
    flat |= {"solved_share": row.quality.share.value, **_flattened("", _plain(row.quality))}
    flat |= _flattened("", _plain(row.speed) or {})
    for name, share in row.families.items():
        flat |= {f"family {name} solved": share.solved, f"family {name} tried": share.tried}
    return flat


def _flattened(prefix: str, value: dict[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, each in value.items():
        flat |= _flattened(f"{prefix}{name}_", each) if isinstance(each, dict) else {prefix + name: each}
    return flat


def _formula_free(value: Any) -> Any:
    """Return a cell that no spreadsheet takes for a formula."""
    if isinstance(value, str):
        text = " ".join(without_escapes(value).split())
        return "'" + text if text[:1] in ("=", "+", "-", "@") else text
    return "" if value is None else value


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, (tuple, list)) else value
