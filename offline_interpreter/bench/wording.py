"""What reports say beside their figures: titles, verdicts, what was not run, what it ran on."""

from __future__ import annotations

from collections.abc import Sequence

from offline_interpreter.bench.choice import cautions
from offline_interpreter.bench.compare import pair, verdict
from offline_interpreter.bench.records import Environment
from offline_interpreter.bench.summary import Group, Row, Summary
from offline_interpreter.plain_text import size_text


def group_title(group: Group) -> str:
    """Return what a group is called: its suite, and the machine."""
    return f"{group.suite} on {group.host}" if group.host else group.suite


def reservations(summary: Summary, group: Group) -> list[str]:
    """Return what a reader must know of a group's figures: of its suite, then of how they came about."""
    notes = {environment.suites.get(group.suite, "") for environment in summary.environments} - {""}
    return [f"{group.suite}: {note}" for note in sorted(notes)] + cautions(group.rows)


def verdicts(rows: Sequence[Row]) -> list[str]:
    """Say of each row but the first, which is the best, whether it differs from that by more than chance."""
    return [verdict(row.label, rows[0].label, pair(row.records, rows[0].records)) for row in rows[1:]]


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
        "Settings": ", ".join(
            f"{name} {value}" for name, value in environment.settings.items() if value not in ("", "None")
        ),
        "Versions": ", ".join(f"{name} {value}" for name, value in environment.versions.items()),
        "llama.cpp": environment.llama_flags,
    }
    return [[name, value] for name, value in facts.items() if value]
