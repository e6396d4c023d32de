"""A summary as Markdown: for a repository, a mail, a terminal."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from offline_interpreter.bench.choice import advice, choices
from offline_interpreter.bench.columns import columns, share_text, shown_columns
from offline_interpreter.bench.records import Record
from offline_interpreter.bench.summary import Group, Row, Summary
from offline_interpreter.bench.wording import environment_facts, group_title, not_run_reasons, reservations, verdicts
from offline_interpreter.plain_text import without_escapes

MOST_TASKS = 250  # in the Markdown

_OUTCOMES = {"solved": "solved", "failed": "-", "timeout": "out of time", "error": "broken", "not_run": "not run"}


def markdown(summary: Summary) -> str:
    """Return the report as Markdown."""
    parts = ["# Benchmark report"]
    for group in summary.groups:
        parts += _group_parts(group, reservations(summary, group), several=len(summary.groups) > 1)
    if summary.unloadable:
        parts += ["## Models that could not be loaded"]
        parts += [markdown_table(["Model", "Reason"], [[each.model, each.reason] for each in summary.unloadable])]
    parts += ["## What it ran on"]
    parts += [markdown_table(["", ""], environment_facts(each)) for each in summary.environments] or ["Not recorded."]
    parts += ["## What the figures mean", "\n".join(f"- **{each.title}**: {each.about}." for each in columns())]
    if summary.duplicates:
        parts += [f"{summary.duplicates:,} attempts stood in the records twice and count once."]
    return "\n\n".join(parts) + "\n"


def _group_parts(group: Group, notes: Sequence[str], *, several: bool) -> list[str]:
    rows = group.rows
    parts = [f"## {_text(group_title(group))}"] if several else []
    models = group.models
    parts += [f"**{_text(advice(models).what)}** {_text(advice(models).why)}"]
    found = [[each.title, each.row.label, each.figure] for each in choices(models)]
    parts += [markdown_table(["", "Model", ""], found)] if found else []
    parts += ["\n".join(f"- {_text(line)}" for line in notes)] if notes else []
    heading = "###" if several else "##"
    for topic, title in (("quality", "Quality"), ("speed", "Speed and memory")):
        shown = shown_columns(rows, topic)
        body = [[row.label, *(column.text(row) for column in shown)] for row in rows]
        parts += [f"{heading} {title}", markdown_table(["Model", *(column.title for column in shown)], body)]
    parts += [f"{heading} Solved by family", _families(rows)]
    if len(models) > 1:
        lines = verdicts(models)
        parts += [f"{heading} Is the best one better?", "\n".join(f"- {_text(line)}" for line in lines)]
    parts += [f"{heading} Task by task", _tasks(rows)]
    reasons = not_run_reasons(rows)
    if reasons:
        parts += [f"{heading} Not run", "\n".join(f"- {_text(task)}: {_text(reason)}" for task, reason in reasons)]
    return parts


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
