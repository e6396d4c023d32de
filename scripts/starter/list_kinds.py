"""What can be asked of a list of numbers: the code for each kind, its words, and its truth by other means.

Every code reads ``numbers``; nothing here knows how a request is phrased or how the list stands in it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

Values = Sequence[Fraction]
Result = Fraction | float | int | Sequence[Fraction]
JOINED = '", ".join(map(str, {}))'


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure of a list: how people call it, what it is in code, and its truth."""

    called: Sequence[str]
    code: str
    truth: Callable[[Values], Result]

    @property
    def imports(self) -> str:
        """The import that the code needs, as a line; or nothing."""
        return imports(self.code)


@dataclass(frozen=True, slots=True)
class Kind:
    """One other thing to do with a list; ``<x>`` is a number of the list."""

    message: str
    code: str
    answer: str
    truth: Callable[[Values, Fraction], Result]


def imports(code: str) -> str:
    """Return the import lines that code needs."""
    lines = [f"import {module}\n" for module in ("math", "statistics") if f"{module}." in code]
    return "".join(lines)


def _mean(values: Values) -> Fraction:
    return sum(values, Fraction(0)) / len(values)


def _median(values: Values) -> Fraction:
    ordered, half = sorted(values), len(values) // 2
    return ordered[half] if len(values) % 2 else (ordered[half - 1] + ordered[half]) / 2


def _spread(values: Values, fewer: int) -> Fraction:
    total, squares = sum(values, Fraction(0)), sum((value * value for value in values), Fraction(0))
    return (squares - total * total / len(values)) / (len(values) - fewer)


def _modes(values: Values) -> list[Fraction]:
    counts = Counter(values)
    most = max(counts.values())
    return [value for value, count in counts.items() if count == most]


MEASURES = {
    "mean": Measure(
        ("mean", "average", "mean", "average", "mean value", "average value", "arithmetic mean", "avg"),
        "round(statistics.mean(numbers), 6)",
        _mean,
    ),
    "median": Measure(
        ("median", "median", "median", "median value", "middle value"), "round(statistics.median(numbers), 6)", _median
    ),
    "mode": Measure(
        ("mode", "mode", "most common value", "most frequent value", "most common number", "most frequent number"),
        JOINED.format("statistics.multimode(numbers)"),
        _modes,
    ),
    "sum": Measure(("sum", "total", "sum", "total sum"), "round(sum(numbers), 6)", lambda v: Fraction(sum(v))),
    "minimum": Measure(
        ("minimum", "min", "smallest", "lowest", "smallest number", "smallest value", "lowest value", "lowest number"),
        "min(numbers)",
        lambda v: sorted(v)[0],
    ),
    "maximum": Measure(
        ("maximum", "max", "largest", "highest", "biggest", "largest number", "highest value", "biggest number"),
        "max(numbers)",
        lambda v: sorted(v)[-1],
    ),
    "range": Measure(
        ("range", "range", "spread", "difference between the largest and the smallest", "difference of max and min"),
        "round(max(numbers) - min(numbers), 6)",
        lambda v: sorted(v)[-1] - sorted(v)[0],
    ),
    "standard deviation": Measure(
        ("standard deviation", "standard deviation", "std", "stdev", "sample standard deviation", "std dev"),
        "round(statistics.stdev(numbers), 6)",
        lambda v: math.sqrt(_spread(v, 1)),
    ),
    "count": Measure(("count", "length", "number of values", "number of items"), "len(numbers)", len),
    "number of unique values": Measure(
        (
            "number of unique values",
            "number of different values",
            "number of distinct values",
            "count of unique values",
        ),
        "len(set(numbers))",
        lambda v: len(Counter(v)),
    ),
}


ORDERED = "In {} order: <out>."
KINDS = {
    "ascending": Kind(
        "I'll sort the numbers in ascending order.",
        JOINED.format("sorted(numbers)"),
        ORDERED.format("ascending"),
        lambda v, _: _by_selection(v),
    ),
    "descending": Kind(
        "I'll sort the numbers in descending order.",
        JOINED.format("sorted(numbers, reverse=True)"),
        ORDERED.format("descending"),
        lambda v, _: _by_selection(v)[::-1],
    ),
    "unique": Kind(
        "I'll list the unique values of the numbers.",
        JOINED.format("dict.fromkeys(numbers)"),
        "The unique values are: <out>.",
        lambda v, _: [n for i, n in enumerate(v) if n not in v[:i]],
    ),
    "differences": Kind(
        "I'll compute the differences between neighbors.",
        '", ".join(str(round(b - a, 6)) for a, b in zip(numbers, numbers[1:]))',
        "The differences are: <out>.",
        lambda v, _: [v[i + 1] - v[i] for i in range(len(v) - 1)],
    ),
    "occurrences": Kind(
        "I'll count how often <x> occurs.",
        "numbers.count(<x>)",
        "The count of <x> is <out>.",
        lambda v, x: Counter(v)[x],
    ),
}


def _by_selection(values: Values) -> list[Fraction]:
    """Return the values from small to large, by taking the least again and again."""
    left, ordered = list(values), []
    while left:
        ordered.append(min(left))
        left.remove(ordered[-1])
    return ordered
