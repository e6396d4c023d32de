"""Two runs beside each other: which tasks were won and lost, and whether that is more than chance.

Attempts are paired: the same task, made by the same seed, in the same repeat, tried in both. A task counts for the run
that solved it in more of its pairs. Models are paired by their file, else by their name, else as the only ones left.
Nothing is printed here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from offline_interpreter.bench.records import Environment, Record, read_environments, read_records
from offline_interpreter.bench.statistics import mcnemar_exact
from offline_interpreter.bench.summary import Row, Share, share_of, summarize
from offline_interpreter.errors import UsageError
from offline_interpreter.view.lines import safe

SIGNIFICANT = 0.05
LEAST_DIFFERING = 6  # with fewer, not even a clean sweep is rarer than 1 in 20


@dataclass(frozen=True, slots=True)
class Paired:
    """What pairing gave: tasks that the second side ``won`` or ``lost``, and how many came out the same.

    ``p`` is the chance of a difference as large as this between equals (two sides, McNemar, exact). ``attempts`` were
    paired; ``first`` and ``second`` are what each side solved of them.
    """

    won: tuple[str, ...]
    lost: tuple[str, ...]
    same: int
    attempts: int
    first: Share
    second: Share
    p: float

    @property
    def differs(self) -> bool:
        """The difference is more than chance would give once in twenty times."""
        return self.p < SIGNIFICANT


def pair(first: Iterable[Record], second: Iterable[Record]) -> Paired:
    """Compare two models, each in one run, attempt by attempt."""
    ones, others = _tried(first), _tried(second)
    keys = [key for key in ones if key in others]
    lead: Counter[str] = Counter()
    for key in keys:
        lead[f"{key[0]}/{key[1]}"] += (others[key].status == "solved") - (ones[key].status == "solved")
    won = tuple(sorted(task for task, by in lead.items() if by > 0))
    lost = tuple(sorted(task for task, by in lead.items() if by < 0))
    return Paired(
        won,
        lost,
        same=len(lead) - len(won) - len(lost),
        attempts=len(keys),
        first=share_of(ones[key] for key in keys),
        second=share_of(others[key] for key in keys),
        p=mcnemar_exact(len(lost), len(won)),
    )


_Key = tuple[str, str, int, int]


def _tried(records: Iterable[Record]) -> dict[_Key, Record]:
    return {
        (record.suite, record.task, record.seed, record.repeat): record
        for record in records
        if record.task and record.status != "not_run"
    }


# -- runs ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ModelPair:
    """A model of the first run and one of the second in one suite, and how they compare.

    ``changed`` says what else was not the same, a line each; ``unpaired`` attempts were tried on one side only.
    """

    first: str
    second: str
    suite: str
    paired: Paired
    unpaired: int
    changed: tuple[str, ...]


def compare(a: Path, b: Path) -> tuple[ModelPair, ...]:
    """Compare the runs in two folders.

    Raises ``UsageError`` when a folder holds no run, or when no model of one can be paired with one of the other.
    """
    environments = (read_environments(a), read_environments(b))
    rows = [summarize(read_records(folder), known).rows for folder, known in zip((a, b), environments, strict=True)]
    pairs = [
        _compare_rows(first, second, environments)
        for suite in dict.fromkeys(row.key.suite for row in rows[0])
        for first, second in _matched(*([row for row in side if row.key.suite == suite] for side in rows))
    ]
    if not pairs:
        named = " and ".join(", ".join(sorted({row.label for row in side})) or "nothing" for side in rows)
        raise UsageError(
            f"The runs have no model in common: they hold {named}.", "Compare runs of one model each, or of the same."
        )
    return tuple(pairs)


def _matched(first: Sequence[Row], second: Sequence[Row]) -> list[tuple[Row, Row]]:
    found: list[tuple[Row, Row]] = []
    ones, others = list(first), list(second)
    for way in (_file_and_settings, _file, _name_and_quantization, _name):
        for row in list(ones):
            equal = [other for other in others if way(other) == way(row)]
            if equal:
                found.append((row, equal[0]))
                ones.remove(row)
                others.remove(equal[0])
    if len(ones) == len(others) == 1:
        found.append((ones[0], others[0]))
    return found


def _file_and_settings(row: Row) -> object:
    return (_file(row), row.key.host, row.key.settings)


def _file(row: Row) -> object:
    return (row.key.sha256 or row.key.model, row.key.quantization)


def _name_and_quantization(row: Row) -> object:
    return (row.key.model, row.key.quantization)


def _name(row: Row) -> object:
    return row.key.model


def _compare_rows(first: Row, second: Row, environments: Sequence[Mapping[str, Environment]]) -> ModelPair:
    paired = pair(first.records, second.records)
    tried = first.quality.share.tried + second.quality.share.tried
    sides = [_facts(row, known) for row, known in zip((first, second), environments, strict=True)]
    changed = tuple(
        f"{name}: {sides[0].get(name, 'none')} → {sides[1].get(name, 'none')}"
        for name in dict.fromkeys([*sides[0], *sides[1]])
        if sides[0].get(name) != sides[1].get(name)
    )
    return ModelPair(first.label, second.label, first.key.suite, paired, tried - 2 * paired.attempts, changed)


def _facts(row: Row, environments: Mapping[str, Environment]) -> dict[str, str]:
    """Return what a row was made on and with; of several environments the one of its last record counts."""
    facts = {"file": row.key.sha256[:12]}
    environment = environments.get(row.records[-1].environment)
    if environment:
        facts |= {"machine": environment.host, "processor": environment.cpu, "GPUs": ", ".join(environment.gpus)}
        facts |= environment.settings | environment.versions
    return {name: value for name, value in facts.items() if value}


# -- words --------------------------------------------------------------------------------------------------------

MOST_NAMED = 12


def verdict(first: str, second: str, paired: Paired) -> str:
    """Say in a sentence or two whether ``second`` differs from ``first`` by more than chance."""
    won, lost = len(paired.won), len(paired.lost)
    if not paired.attempts:
        return "No task was tried in both."
    if not won + lost:
        return f"Both solve the same of {_tasks(paired.same)}."
    counts = f"{second} wins {won} and loses {lost} of {_tasks(won + lost + paired.same)}"
    if won + lost < LEAST_DIFFERING:
        return f"{counts}. That is too few to tell from chance: it takes {LEAST_DIFFERING} that differ."
    chance = f"equals would differ so much in {chance_text(paired.p)} (exact McNemar test)"
    if not paired.differs:
        return f"{counts}. That is no more than chance: {chance}."
    better, worse = (second, first) if won > lost else (first, second)
    return f"{counts}. {better} solves more than {worse}, and it is not chance: {chance}."


def chance_text(p: float) -> str:
    """Return a chance as it is said: 31 % of all runs, 1 of 2,000 runs."""
    if p >= 0.01:
        return f"{100 * p:.0f} % of all runs"
    return f"1 of {round(1 / p):,} runs" if p > 1e-9 else "practically no run"


def comparison_lines(pairs: Iterable[ModelPair]) -> list[str]:
    """Return the lines of a comparison, safe to print: a paragraph for each pair of models."""
    lines: list[str] = []
    for each in pairs:
        names = each.first, each.second
        if names[0] == names[1]:
            names = "the first run", "the second run"
            lines.append(f"{each.first}, {each.suite}")
        else:
            lines.append(f"{each.first} and {each.second}, {each.suite}")
        for name, share in zip(names, (each.paired.first, each.paired.second), strict=True):
            lines.append(f"  {name}: {share_text(share)}")
        lines.append(f"  {_capital(verdict(*names, each.paired))}")
        lines += _named("won", each.paired.won) + _named("lost", each.paired.lost)
        if each.unpaired:
            lines.append(f"  {each.unpaired:,} attempts were made on one side only, and do not count.")
        if each.changed:
            lines.append("  Beside that, these differ: " + "; ".join(each.changed))
        lines.append("")
    return [safe(line) for line in lines[:-1]]


def share_text(share: Share) -> str:
    """Return a share as it is said: 12 of 20 solved, 60 % (39–78)."""
    low, high = 100 * share.interval.low, 100 * share.interval.high
    return f"{share.solved:,} of {share.tried:,} solved, {100 * share.value:.0f} % ({low:.0f}–{high:.0f})"


def _named(what: str, tasks: Sequence[str]) -> list[str]:
    if not tasks:
        return []
    more = f" and {len(tasks) - MOST_NAMED:,} more" if len(tasks) > MOST_NAMED else ""
    return [f"  {what}: {', '.join(tasks[:MOST_NAMED])}{more}"]


def _tasks(count: int) -> str:
    return f"{count:,} task{'s' * (count != 1)}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
