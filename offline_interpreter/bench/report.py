"""Runs to a report: ``report.md`` and ``report.html`` for people, ``report.csv`` and ``report.json`` for programs.

What the figures are is decided in ``summary``, what they say in ``choice`` and ``columns``; here they are laid out in
Markdown and as data. Each file is written whole or not at all.
"""

from __future__ import annotations

import csv
import io
import json
import os
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

from offline_interpreter import __version__
from offline_interpreter.bench.choice import advice, cautions, choices
from offline_interpreter.bench.columns import Column, columns, share_text
from offline_interpreter.bench.compare import pair, verdict
from offline_interpreter.bench.records import Environment, Record, read_environments, read_records
from offline_interpreter.bench.summary import Group, Row, Summary, summarize
from offline_interpreter.errors import UsageError
from offline_interpreter.plain_text import size_text, without_escapes

MOST_TASKS = 250  # in the Markdown

_OUTCOMES = {"solved": "solved", "failed": "-", "timeout": "out of time", "error": "broken", "not_run": "not run"}


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


# -- Markdown -----------------------------------------------------------------------------------------------------


def markdown(summary: Summary) -> str:
    """Return the report as Markdown."""
    parts = ["# Benchmark report"]
    for group in summary.groups:
        parts += _group_parts(group, several=len(summary.groups) > 1)
    if summary.unloadable:
        parts += ["## Models that could not be loaded"]
        parts += [markdown_table(["Model", "Reason"], [[each.model, each.reason] for each in summary.unloadable])]
    parts += ["## What it ran on"]
    parts += [markdown_table(["", ""], environment_facts(each)) for each in summary.environments] or ["Not recorded."]
    parts += ["## What the figures mean", "\n".join(f"- **{each.title}**: {each.about}." for each in columns())]
    if summary.duplicates:
        parts += [f"{summary.duplicates:,} attempts stood in the records twice and count once."]
    return "\n\n".join(parts) + "\n"


def _group_parts(group: Group, *, several: bool) -> list[str]:
    rows = group.rows
    parts = [f"## {_text(group_title(group))}"] if several else []
    parts += [f"**{_text(advice(rows).what)}** {_text(advice(rows).why)}"]
    found = [[each.title, each.row.label, each.figure] for each in choices(rows)]
    parts += [markdown_table(["", "Model", ""], found)] if found else []
    parts += ["\n".join(f"- {_text(line)}" for line in cautions(rows))] if cautions(rows) else []
    heading = "###" if several else "##"
    for topic, title in (("quality", "Quality"), ("speed", "Speed and memory")):
        shown = shown_columns(rows, topic)
        body = [[row.label, *(column.text(row) for column in shown)] for row in rows]
        parts += [f"{heading} {title}", markdown_table(["Model", *(column.title for column in shown)], body)]
    parts += [f"{heading} Solved by family", _families(rows)]
    if len(rows) > 1:
        lines = [verdict(row.label, rows[0].label, pair(row.records, rows[0].records)) for row in rows[1:]]
        parts += [f"{heading} Is the best one better?", "\n".join(f"- {_text(line)}" for line in lines)]
    parts += [f"{heading} Task by task", _tasks(rows)]
    reasons = not_run_reasons(rows)
    if reasons:
        parts += [f"{heading} Not run", "\n".join(f"- {_text(task)}: {_text(reason)}" for task, reason in reasons)]
    return parts


def group_title(group: Group) -> str:
    """Return what a group is called: its suite, and the machine."""
    return f"{group.suite} on {group.host}" if group.host else group.suite


def shown_columns(rows: Sequence[Row], topic: str = "") -> list[Column]:
    """Return the columns (of one topic, if named) that are known of at least one row."""
    return [
        each for each in columns() if topic in ("", each.topic) and any(each.value(row) is not None for row in rows)
    ]


def not_run_reasons(rows: Sequence[Row]) -> list[tuple[str, str]]:
    """Return the tasks that were not run for a lack of packages, each with its reason."""
    lacking = {record.task: record.reason for row in rows for record in row.records if record.status == "not_run"}
    return sorted(lacking.items())


def environment_facts(environment: Environment) -> list[list[str]]:
    """Return what a run was made on as pairs of a name and a text."""
    facts = {
        "Machine": environment.host,
        "System": environment.system,
        "Processor": f"{environment.cpu}, {environment.cores} cores",
        "Memory": size_text(environment.memory_bytes),
        "GPUs": ", ".join(environment.gpus) or "none",
        "Settings": ", ".join(f"{name} {value}" for name, value in environment.settings.items()),
        "Versions": ", ".join(f"{name} {value}" for name, value in environment.versions.items()),
        "llama.cpp": environment.llama_flags,
    }
    notes = {f"Suite {name}": note for name, note in environment.suites.items() if note}
    return [[name, value] for name, value in (facts | notes).items() if value]


def _families(rows: Sequence[Row]) -> str:
    families = sorted({family for row in rows for family in row.families})
    body = [
        [row.label, *(share_text(row.families[name]) if name in row.families else "–" for name in families)]
        for row in rows
    ]
    return markdown_table(["Model", *families], body)


def _tasks(rows: Sequence[Row]) -> str:
    """Return what each model made of each task, or a line instead where there are many."""
    cells: dict[tuple[str, str], dict[int, list[Record]]] = defaultdict(lambda: defaultdict(list))
    for column, row in enumerate(rows):
        for record in row.records:
            cells[record.family, record.task][column].append(record)
    if len(cells) > MOST_TASKS:
        return f"{len(cells):,} tasks: `report.html` and `report.json` list them."
    body = [
        [task, family, *(_outcome(found[column]) for column in range(len(rows)))]
        for (family, task), found in sorted(cells.items())
    ]
    return markdown_table(["Task", "Family", *(row.short for row in rows)], body, right=False)


def _outcome(records: Sequence[Record]) -> str:
    if len(records) > 1:
        return f"{sum(record.status == 'solved' for record in records)}/{len(records)}"
    return _OUTCOMES[records[0].status] if records else ""


def markdown_table(header: Sequence[str], body: Sequence[Sequence[str]], *, right: bool | None = None) -> str:
    """Return a table in which nothing of the cells is Markdown.

    ``right``: all columns but the first are aligned to the right; None: from four columns on.
    """
    numbers = len(header) > 3 if right is None else right
    lines = [
        _line(header),
        "|" + "|".join("---:" if index and numbers else "---" for index in range(len(header))) + "|",
    ]
    return "\n".join(lines + [_line(row) for row in body])


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(_text(cell) for cell in cells) + " |"


def _text(text: str) -> str:
    """Return a text of one line in which nothing is Markdown or HTML."""
    plain = " ".join(without_escapes(text).split())
    return "".join("\\" + char if char in "\\`*_[]<>|#" else char for char in plain)


# -- data ---------------------------------------------------------------------------------------------------------


def json_value(summary: Summary) -> dict[str, Any]:
    """Return everything that the report says as plain JSON values; attempts are named, not repeated in full."""
    return {
        "offline_interpreter": __version__,
        "groups": [
            {
                "suite": group.suite,
                "host": group.host,
                "advice": advice(group.rows)._asdict(),
                "choices": [{"title": c.title, "model": c.row.label, "figure": c.figure} for c in choices(group.rows)],
                "cautions": cautions(group.rows),
                "rows": [_row_value(row, group.rows[0]) for row in group.rows],
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
