"""The columns of the tables that people read: what stands over each, what it says of a row, how it is sorted.

One list for the Markdown and the page. Programs read ``report.csv`` and ``report.json``, which have every number.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from offline_interpreter.bench.statistics import Spread
from offline_interpreter.bench.summary import Row, Share
from offline_interpreter.plain_text import size_text

UNKNOWN = "–"


@dataclass(frozen=True, slots=True)
class Column:
    """``about`` says what the figure means; ``value`` is what rows are sorted by, None where it is not known.

    ``best`` says which end of the column a reader looks for first.
    """

    title: str
    about: str
    value: Callable[[Row], float | None]
    text: Callable[[Row], str]
    topic: Literal["quality", "speed"]
    best: Literal["high", "low"]


def columns() -> tuple[Column, ...]:
    """Return all columns but the model's name, in their order."""
    return (*_quality(), *_speed())


def shown_columns(rows: Sequence[Row], topic: str = "") -> list[Column]:
    """Return the columns (of one topic, if named) that are known of at least one row."""
    return [
        each for each in columns() if topic in ("", each.topic) and any(each.value(row) is not None for row in rows)
    ]


def _quality() -> tuple[Column, ...]:
    return (
        Column(
            "Solved",
            "share of attempts, with its interval of 95 % (Wilson)",
            lambda row: row.quality.share.value,
            lambda row: share_text(row.quality.share),
            "quality",
            "high",
        ),
        _count("Tasks", "different tasks that were tried", lambda row: row.quality.tasks, "high"),
        _percent(
            "pass@1", "chance that one attempt solves a task, averaged over tasks", lambda row: row.quality.pass_1
        ),
        Column(
            "pass@k",
            "chance that one of k attempts solves a task; k is the number of repeats",
            lambda row: row.quality.pass_k if row.quality.k > 1 else None,
            lambda row: f"{percent(row.quality.pass_k)} (k = {row.quality.k})" if row.quality.k > 1 else UNKNOWN,
            "quality",
            "high",
        ),
        _percent("First try", "share of attempts that were solved without a failed cell", _share_of("first_try")),
        _percent(
            "After repair", "share of attempts that were solved after cells had failed", _share_of("after_repair")
        ),
        Column(
            "Repairs",
            "failed cells of an attempt, on average",
            lambda row: row.quality.mean_repairs,
            lambda row: f"{row.quality.mean_repairs:.2f}",
            "quality",
            "low",
        ),
        _percent("Valid steps", "share of replies that were whole steps", lambda row: row.quality.valid_steps),
        _count("Timeouts", "attempts that did not end within their task's limit", lambda row: row.quality.timeouts),
        _count("Broken", "attempts that an error ended; they are not solved", lambda row: row.quality.errors),
        _count("Not run", "tasks that lack a package here; they do not count", lambda row: row.quality.not_run),
    )


def _percent(title: str, about: str, value: Callable[[Row], float | None]) -> Column:
    return Column(title, about, value, lambda row: percent(value(row)), "quality", "high")


def _count(title: str, about: str, value: Callable[[Row], int], best: Literal["high", "low"] = "low") -> Column:
    return Column(title, about, value, lambda row: f"{value(row):,}", "quality", best)


def _share_of(name: str) -> Callable[[Row], float | None]:
    """Return what divides a count of a row's attempts by all that were tried."""

    def share(row: Row) -> float | None:
        tried = row.quality.share.tried
        return getattr(row.quality, name) / tried if tried else None

    return share


def _speed() -> tuple[Column, ...]:
    return (
        _seconds("First token, p50", "from the request to the first token", lambda s: s.first_token_p50_s),
        _seconds("First token, p95", "the same, of the slowest twentieth", lambda s: s.first_token_p95_s),
        _rate("Prompt tokens/s", "read, mean ± standard deviation over attempts", lambda s: s.prompt_per_s),
        _rate("Generation tokens/s", "written, mean ± standard deviation over attempts", lambda s: s.generation_per_s),
        _seconds(
            "Answer, p50", "from the request to the end of the turn, half of the attempts", lambda s: s.answer_p50_s
        ),
        _seconds("Answer, p95", "the same, of the slowest twentieth", lambda s: s.answer_p95_s),
        Column(
            "Solved/min",
            "solved attempts for each minute that all attempts took",
            lambda row: row.speed.solved_per_minute if row.speed else None,
            lambda row: f"{row.speed.solved_per_minute:.1f}" if row.speed else UNKNOWN,
            "speed",
            "high",
        ),
        _seconds("Load", "the model into memory, median", lambda s: s.load_s),
        _bytes("Memory", "most that the process held, weights included", lambda row: _of(row, "rss_bytes")),
        _bytes("GPU memory", "most that was taken of GPUs", lambda row: _of(row, "vram_bytes")),
        _bytes("File", "size of the model's file", lambda row: row.file_bytes),
    )


def _seconds(title: str, about: str, of_speed: Callable[..., float | None]) -> Column:
    def value(row: Row) -> float | None:
        return of_speed(row.speed) if row.speed else None

    return Column(title, f"{about}, in seconds", value, lambda row: seconds_text(value(row)), "speed", "low")


def _rate(title: str, about: str, of_speed: Callable[..., Spread | None]) -> Column:
    def value(row: Row) -> Spread | None:
        return of_speed(row.speed) if row.speed else None

    def mean(row: Row) -> float | None:
        found = value(row)
        return found.mean if found else None

    return Column(title, about, mean, lambda row: rate_text(value(row)), "speed", "high")


def _bytes(title: str, about: str, value: Callable[[Row], int]) -> Column:
    return Column(
        title, about, lambda r: value(r) or None, lambda r: size_text(value(r)) if value(r) else UNKNOWN, "speed", "low"
    )


def _of(row: Row, name: str) -> int:
    return int(getattr(row.speed, name)) if row.speed else 0


# -- words --------------------------------------------------------------------------------------------------------


def percent(share: float | None) -> str:
    """Return a share of 0 to 1 in whole per cent."""
    return UNKNOWN if share is None else f"{100 * share:.0f} %"


def share_text(share: Share) -> str:
    """Return a share with its interval: 78 % (67–86)."""
    if not share.tried:
        return UNKNOWN
    return f"{percent(share.value)} ({100 * share.interval.low:.0f}–{100 * share.interval.high:.0f})"


def seconds_text(seconds: float | None) -> str:
    """Return seconds with as many digits as tell something: 0.042, 4.1, 131."""
    if seconds is None:
        return UNKNOWN
    digits = 3 if seconds < 0.1 else 2 if seconds < 1 else 1 if seconds < 100 else 0
    return f"{seconds:,.{digits}f}"


def rate_text(rate: Spread | None) -> str:
    """Return a rate as its mean and standard deviation: 31.2 ± 0.4."""
    if rate is None:
        return UNKNOWN
    digits = 2 if rate.mean < 10 else 1 if rate.mean < 100 else 0
    return f"{rate.mean:,.{digits}f} ± {rate.sd:,.{digits}f}"
