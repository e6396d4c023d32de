"""Which model a machine should run: the answer to a suite's rows, in a sentence and a few names.

The advice is fair to chance: a model that these tasks cannot tell from the best, and that solves nearly as much, is
taken for as good, and the quicker one is advised. Rows of one suite on one machine are compared; it prints nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from offline_interpreter.bench.compare import pair
from offline_interpreter.bench.summary import Row
from offline_interpreter.plain_text import size_text
from offline_interpreter.view.words import counted

NEARLY = 0.05  # of all tasks: what a model may solve less and count as good as the best, if chance explains it
ENOUGH = 0.9  # of what the best one solves: what the smallest model must solve
FEW_TASKS = 20  # with fewer an interval is wider than 40 points
BUSY_LOAD = 1.0  # beyond the threads that compute


@dataclass(frozen=True, slots=True)
class Choice:
    """The best row by one measure: ``title`` names the measure, ``figure`` says what it reached."""

    title: str
    row: Row
    figure: str


class Advice(NamedTuple):
    """What to do, in a few words, and why, in a sentence or two."""

    what: str
    why: str


def advice(rows: Sequence[Row]) -> Advice:
    """Say which of the rows of models, best first, this machine should run, and how sure that is."""
    if not rows:
        return Advice("No model was tried.", "Only solutions that the suite brings were played.")
    best = rows[0]
    tried = counted(best.quality.tasks, "task")
    if not best.quality.share.solved:
        what = "No model solved a task." if len(rows) > 1 else f"{best.label} solved no task."
        return Advice(what, f"It was {tried}. A larger model may do better.")
    if best.quality.tasks < FEW_TASKS:
        lead = "most so far, " if len(rows) > 1 else ""
        return Advice("Too few tasks to choose by.", f"Of {tried} {best.label} solved {lead}{_percent(best)}.")
    if len(rows) == 1:
        return Advice(f"Only {best.label} was tried.", f"It solved {_percent(best)} of {tried}.")
    chosen = min(_as_good(rows), key=_cost)
    why = f"It solved {_percent(chosen)} of {tried}"
    if chosen is best:
        return Advice(f"Run {best.label}.", why + _before(rows))
    reason = f"{best.label} solved {_plain_percent(best)}, which may be chance, and {_advantage(chosen, best)}."
    return Advice(f"Run {chosen.label}.", f"{why}. {reason}")


def choices(rows: Sequence[Row]) -> list[Choice]:
    """Return the best by quality, the best by quality for the time, and the smallest that is good enough."""
    good = [row for row in rows if row.quality.share.solved]
    if not good:
        return []
    found = [Choice("Best quality", good[0], f"{_percent(good[0])} solved")]
    paced = [row for row in good if row.speed]
    if paced:
        quick = max(paced, key=lambda row: row.speed.solved_per_minute if row.speed else 0.0)
        rate = quick.speed.solved_per_minute if quick.speed else 0.0
        found.append(Choice("Most solved for the time", quick, f"{rate:.1f} tasks solved a minute"))
    enough = [row for row in good if row.quality.share.value >= ENOUGH * good[0].quality.share.value]
    small = min(enough, key=_size)
    title = f"Smallest with {100 * ENOUGH:.0f} % of the best quality"
    found.append(Choice(title, small, f"{_percent(small)} solved, {_size_words(small)}"))
    return found


def cautions(rows: Sequence[Row]) -> list[str]:
    """Return what a reader of these rows must know before they trust them, a sentence each."""
    lines = []
    tasks = {row.quality.tasks for row in rows}
    if len(tasks) > 1:
        lines.append(
            f"Not every model has tried as many tasks: from {min(tasks):,} to {max(tasks):,}. Is a run unfinished?"
        )
    errors = sum(row.quality.errors for row in rows)
    if errors:
        lines.append(
            f"Broken, and counted as not solved: {counted(errors, 'attempt')}. The reasons stand at the tasks."
        )
    busy = [row for row in rows if row.speed and row.speed.host_load > _threads(row) + BUSY_LOAD]
    if busy:
        load = max(row.speed.host_load for row in busy if row.speed)
        lines.append(f"The machine was busy with other work (load {load:.1f}): on its own it is faster.")
    if any(row.speed is None for row in rows):
        lines.append("Some models only ran several tasks at a time: their speed is not known.")
    return lines


def _threads(row: Row) -> int:
    return max(record.threads for record in row.records) or 1


def _as_good(rows: Sequence[Row]) -> list[Row]:
    best = rows[0]
    near = [row for row in rows if best.quality.share.value - row.quality.share.value <= NEARLY]
    alike = [row for row in near if (row.speed is None) == (best.speed is None)]
    return [row for row in alike if row is best or not pair(row.records, best.records).differs]


def _cost(row: Row) -> tuple[float, int]:
    return (row.speed.answer_p50_s if row.speed else float("inf"), row.file_bytes)


def _size(row: Row) -> int:
    return row.speed.rss_bytes + row.speed.vram_bytes if row.speed and row.speed.rss_bytes else row.file_bytes


def _size_words(row: Row) -> str:
    measured = row.speed and row.speed.rss_bytes
    return f"{size_text(_size(row))} of memory" if measured else f"a file of {size_text(row.file_bytes)}"


def _advantage(chosen: Row, best: Row) -> str:
    if chosen.speed and best.speed:
        ours, theirs = chosen.speed.answer_p50_s, best.speed.answer_p50_s
        return f"half of its answers took over {theirs:.1f} s instead of {ours:.1f} s"
    return f"its file has {size_text(best.file_bytes)} instead of {size_text(chosen.file_bytes)}"


def _before(rows: Sequence[Row]) -> str:
    best, second = rows[:2]
    if second.quality.share.value == best.quality.share.value:
        return f", as many as {second.label}, which is slower or larger."
    lead = f", more than any other. The next one is {second.label} with {_plain_percent(second)}"
    return lead + ("." if pair(second.records, best.records).differs else ", which may be chance.")


def _percent(row: Row) -> str:
    low, high = (100 * bound for bound in (row.quality.share.interval.low, row.quality.share.interval.high))
    return f"{_plain_percent(row)} ({low:.0f}–{high:.0f})"


def _plain_percent(row: Row) -> str:
    return f"{100 * row.quality.share.value:.0f} %"
