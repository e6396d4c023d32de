"""Records to rows: what each model did in each suite, as figures.

A row is one model, as one machine ran it with one set of settings, in one suite: machines are never mixed. Figures of
quality count every task that was tried; those of speed and memory only tasks that ran one at a time, all on the same
processor, threads and build. Nothing is rounded or worded here.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from offline_interpreter.bench.labels import SPEED_SETTINGS, RowKey, labels_of, row_key, short_labels
from offline_interpreter.bench.records import Environment, Record
from offline_interpreter.bench.statistics import (
    Interval,
    Spread,
    median_interval,
    pass_at_k,
    percentile,
    spread,
    wilson_clustered,
)


@dataclass(frozen=True, slots=True)
class Share:
    """``solved`` of ``tried`` attempts, and the interval of 95 % (0 to 1); repeats of a task are not independent."""

    solved: int
    tried: int
    interval: Interval

    @property
    def value(self) -> float:
        """The share, 0 to 1; of nothing tried it is 0."""
        return self.solved / self.tried if self.tried else 0.0


@dataclass(frozen=True, slots=True)
class Quality:
    """How well: counts of attempts, but for ``tasks``, which counts different ones.

    ``pass_k`` is pass@k with the ``k`` that most tasks have been tried, averaged over the ``pass_k_tasks`` that were
    tried so often. ``mean_repairs``: failed cells of an attempt. ``valid_steps``: the share of whole steps, None where
    no step was taken. ``failed``, ``timeouts`` and ``errors`` are tried and not solved; ``not_run`` is not tried.
    """

    tasks: int
    share: Share
    pass_1: float
    pass_k: float
    k: int
    pass_k_tasks: int
    first_try: int
    after_repair: int
    mean_repairs: float
    valid_steps: float | None
    failed: int
    timeouts: int
    errors: int
    not_run: int


@dataclass(frozen=True, slots=True)
class Speed:
    """How fast, by ``attempts`` that ran one at a time: seconds, and tokens per second (mean over attempts).

    ``left_out`` attempts ran beside others, or on other threads or another build. ``host_load``: the median load of
    the machine when a task began, this program's own included.
    """

    attempts: int
    left_out: int
    first_token_p50_s: float | None
    first_token_p95_s: float | None
    prompt_per_s: Spread | None
    generation_per_s: Spread | None
    answer_p50_s: float
    answer_p95_s: float
    answer_median: Interval
    solved_per_minute: float
    load_s: float | None
    rss_bytes: int
    vram_bytes: int
    host_load: float


@dataclass(frozen=True, slots=True)
class Row:
    """One model in one suite. ``label`` tells it from the others of its group, and so does ``short``, for drawings.

    ``speed`` None: it is not known.
    """

    key: RowKey
    label: str
    short: str
    file_bytes: int
    quality: Quality
    families: Mapping[str, Share]
    difficulties: Mapping[str, Share]
    speed: Speed | None
    records: tuple[Record, ...]


@dataclass(frozen=True, slots=True)
class Unloadable:
    """A model that could not be loaded, and why."""

    model: str
    reason: str


class Group(NamedTuple):
    """What one machine made of one suite: rows, best first."""

    suite: str
    host: str
    rows: tuple[Row, ...]

    @property
    def models(self) -> tuple[Row, ...]:
        """The rows of models: those without a file are solutions that the suite brings."""
        return tuple(row for row in self.rows if row.file_bytes)


@dataclass(frozen=True, slots=True)
class Summary:
    """All rows, best first in each group; the models that could not be loaded; what all of it ran on.

    ``duplicates`` attempts were in the records more than once, as when a folder is given twice; the first one counts.
    """

    rows: tuple[Row, ...]
    unloadable: tuple[Unloadable, ...]
    environments: tuple[Environment, ...]
    duplicates: int

    @property
    def groups(self) -> tuple[Group, ...]:
        """The rows that may be compared with each other: those of one suite on one machine."""
        found: dict[tuple[str, str], list[Row]] = defaultdict(list)
        for row in self.rows:
            found[row.key.suite, row.key.host].append(row)
        return tuple(Group(suite, host, tuple(rows)) for (suite, host), rows in found.items())


def summarize(records: Iterable[Record], environments: Mapping[str, Environment]) -> Summary:
    """Return the rows of ``records``; ``environments`` are what they ran on, by id."""
    groups: dict[RowKey, dict[tuple[object, ...], Record]] = defaultdict(dict)
    unloadable: dict[Unloadable, None] = {}
    names: dict[tuple[str, str], str] = {}
    duplicates = 0
    for record in records:
        if not record.task:
            unloadable[Unloadable(record.model, record.reason)] = None
            continue
        if record.sha256:  # a file is what it is, whatever it is called
            name = names.setdefault((record.sha256, record.quantization), record.model)
            record = replace(record, model=name)  # noqa: PLW2901
        attempts = groups[row_key(record, environments)]
        duplicates += record.key in attempts
        attempts.setdefault(record.key, record)
    labels = labels_of(list(groups))
    shorts = short_labels(labels)
    rows = [_row(key, (labels[key], shorts[key]), list(group.values()), environments) for key, group in groups.items()]
    order = {name: index for index, name in enumerate(dict.fromkeys((row.key.suite, row.key.host) for row in rows))}
    rows.sort(key=lambda row: (order[row.key.suite, row.key.host], -row.quality.share.value, _pace(row), row.label))
    loaded = {row.key.model for row in rows}
    return Summary(
        tuple(rows),
        tuple(each for each in unloadable if each.model not in loaded),
        tuple(environments.values()),
        duplicates,
    )


def _pace(row: Row) -> float:
    return row.speed.answer_p50_s if row.speed else float("inf")


def _row(
    key: RowKey, names: tuple[str, str], records: Sequence[Record], environments: Mapping[str, Environment]
) -> Row:
    tried = [record for record in records if record.status != "not_run"]
    return Row(
        key=key,
        label=names[0],
        short=names[1],
        file_bytes=max(record.file_bytes for record in records),
        quality=_quality(records, tried),
        families=_shares(tried, lambda record: record.family),
        difficulties=_shares(tried, lambda record: record.difficulty),
        speed=_speed(tried, environments),
        records=tuple(records),
    )


# -- quality ------------------------------------------------------------------------------------------------------


def _by_task(records: Iterable[Record]) -> dict[str, list[bool]]:
    tasks: dict[str, list[bool]] = defaultdict(list)
    for record in records:
        tasks[record.task].append(record.status == "solved")
    return tasks


def share_of(records: Iterable[Record]) -> Share:
    """Return how many of these attempts, all of them tried, were solved."""
    tasks = _by_task(records).values()
    solved, tried = [sum(task) for task in tasks], [len(task) for task in tasks]
    return Share(sum(solved), sum(tried), wilson_clustered(solved, tried))


def _shares(tried: Iterable[Record], name_of: Callable[[Record], str]) -> dict[str, Share]:
    groups: dict[str, list[Record]] = defaultdict(list)
    for record in tried:
        groups[name_of(record)].append(record)
    return {name: share_of(group) for name, group in groups.items()}


def _quality(records: Sequence[Record], tried: Sequence[Record]) -> Quality:
    tasks = _by_task(tried)
    k = max((len(task) for task in tasks.values()), default=1)
    often = [task for task in tasks.values() if len(task) == k]
    states = Counter(record.status for record in records)
    solved = [record for record in tried if record.status == "solved"]
    first_try = sum(record.first_try for record in solved)
    steps = sum(record.steps for record in tried)
    return Quality(
        tasks=len(tasks),
        share=share_of(tried),
        pass_1=_mean([pass_at_k(len(task), sum(task), 1) for task in tasks.values()]),
        pass_k=_mean([pass_at_k(k, sum(task), k) for task in often]),
        k=k,
        pass_k_tasks=len(often),
        first_try=first_try,
        after_repair=len(solved) - first_try,
        mean_repairs=_mean([record.repairs for record in tried]),
        valid_steps=sum(record.valid_steps for record in tried) / steps if steps else None,
        failed=states["failed"],
        timeouts=states["timeout"],
        errors=states["error"],
        not_run=states["not_run"],
    )


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


# -- speed --------------------------------------------------------------------------------------------------------


def _speed(tried: Sequence[Record], environments: Mapping[str, Environment]) -> Speed | None:
    """Return the figures of what ran one at a time, on what most of it ran on; None if nothing did."""
    groups: dict[tuple[object, ...], list[Record]] = defaultdict(list)
    for record in tried:
        if record.parallel == 1 and record.status != "error":
            groups[_speed_key(record, environments.get(record.environment))].append(record)
    if not groups:
        return None
    chosen = max(groups.values(), key=len)
    seconds = [record.answer_s for record in chosen]
    first = [record.first_token_s for record in chosen if record.first_token_s > 0]
    solved = sum(record.status == "solved" for record in chosen)
    median = median_interval(seconds)
    assert median is not None
    return Speed(
        attempts=len(chosen),
        left_out=len(tried) - len(chosen),
        first_token_p50_s=percentile(first, 0.5),
        first_token_p95_s=percentile(first, 0.95),
        prompt_per_s=spread(_rates(chosen, prompt=True)),
        generation_per_s=spread(_rates(chosen, prompt=False)),
        answer_p50_s=percentile(seconds, 0.5) or 0.0,
        answer_p95_s=percentile(seconds, 0.95) or 0.0,
        answer_median=median,
        solved_per_minute=60 * solved / sum(seconds) if sum(seconds) else 0.0,
        load_s=percentile(sorted({record.load_s for record in chosen if record.load_s > 0}), 0.5),
        rss_bytes=max(record.rss_bytes for record in chosen),
        vram_bytes=max(record.vram_bytes for record in chosen),
        host_load=percentile([record.host_load for record in chosen], 0.5) or 0.0,
    )


def _speed_key(record: Record, environment: Environment | None) -> tuple[object, ...]:
    """Return what speed depends on, beside the model and the machine's name."""
    if environment is None:
        return (record.threads,)
    engine = environment.versions.get("llama-cpp-python", "")
    settings = tuple(environment.settings.get(name, "") for name in SPEED_SETTINGS)
    return (record.threads, settings, environment.cpu, environment.gpus, engine, environment.llama_flags)


def _rates(records: Iterable[Record], *, prompt: bool) -> list[float]:
    rates = []
    for tokens in (record.tokens for record in records):
        count = tokens.prompt - tokens.cached if prompt else tokens.generated
        seconds = tokens.prompt_s if prompt else tokens.generation_s
        if count > 0 and seconds > 0:
            rates.append(count / seconds)
    return rates
