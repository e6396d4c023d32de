"""Charts of numbers that the request gives, and of pairs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from starter.chart_wishes import add_wishes
from starter.dialogue import Situation, Task
from starter.drawings import CALLED, FAMILY, GENERAL, with_kind
from starter.families import chart_follow_ups
from starter.given import (
    GivenChart,
    Typed,
    items_of,
    labels_of,
    list_text,
    own_file,
    some_numbers,
)
from starter.names import WORDS, made_up_name
from starter.phrasing import load_phrases, say

NAME = FAMILY
PHRASES = load_phrases("given_charts")
GENERAL_KINDS = {"items": "bar", "items titled": "bar", "numbers": "line"}  # the kinds that may be called just a chart


def make(situation: Situation) -> Task:
    """Return a task of this family."""
    makers = (_items, _numbers, _points, _x_and_y)
    return situation.rng.choices(makers, (8, 4, 1, 1))[0](situation)


def follow_up(situation: Situation) -> Task | None:
    """Return a request to change the chart drawn last."""
    return chart_follow_ups.follow_up(situation)


def _drawn(situation: Situation, chart: GivenChart, section: str, **slots: str) -> Task:
    """Return the task of a chart of given numbers, asked for by a section's patterns, with wishes now and then."""
    rng = situation.rng
    plain = f"{section} plain"
    kinds = {"items": "bar", "numbers": "line", "points": "scatter", "x and y": "line"}
    section = plain if chart.kind == kinds.get(section) and rng.random() < 0.3 else section
    called = rng.choice(CALLED[chart.kind])
    if chart.kind == GENERAL_KINDS.get(section) and rng.random() < 0.25:
        called = rng.choice(GENERAL)
    pattern = with_kind(rng, PHRASES[section].pick(rng, situation.held_out), called)
    chart = replace(chart, file=own_file(chart.kind))
    if any("\n" in text for text in slots.values()):
        pattern = f".{pattern[1:]}"
    elif not pattern.endswith(("it", "them", "this", "that")):
        chart, pattern, wished = add_wishes(situation, chart, pattern)
        slots |= wished
    return chart.task(situation, say(rng, pattern, slots))


def _series(labels: Sequence[str], numbers: Sequence[Typed]) -> str:
    pairs = [f'"{label}": {number.code}' for label, number in zip(labels, numbers, strict=True)]
    return f"pd.Series({{{', '.join(pairs)}}})"


def _codes(numbers: Sequence[Typed]) -> str:
    return f"[{', '.join(number.code for number in numbers)}]"


def _values(numbers: Sequence[Typed]) -> tuple[float, ...]:
    return tuple(float(number.code) for number in numbers)


def _items(situation: Situation) -> Task:
    rng = situation.rng
    kind = rng.choices(("bar", "barh", "pie", "line", "area"), (6, 1, 5, 1, 0.3))[0]
    labels = labels_of(rng, rng.choice((2, 3, 3, 3, 4, 4, 5, 6)))
    numbers = some_numbers(rng, len(labels))
    chart = GivenChart(kind=kind, data=_series(labels, numbers), numbers=_values(numbers), named=True)
    if not chart.fits(kind):
        return _items(situation)
    items = items_of(rng, labels, numbers)
    if rng.random() >= 0.22:
        return _drawn(situation, chart, "items", items=items)
    title = _title(situation)
    return _drawn(
        situation, replace(chart, look=replace(chart.look, title=title)), "items titled", items=items, title=title
    )


def _title(situation: Situation) -> str:
    """Return the subject of numbers, as it stands before them."""
    rng = situation.rng
    name = rng.choice(WORDS["file"].train) if rng.random() < 0.7 else rng.choice(WORDS["number column"].train)
    return rng.choice(
        ("{n}",) * 5 + ("{m} {n}", "{n} by {g}", "{n} in {y}", "{n} per {g}", "{n} {y}", "monthly {n}")
    ).format(n=name, m=made_up_name(rng), g=rng.choice(WORDS["group column"].train), y=rng.randint(2000, 2030))


def _numbers(situation: Situation) -> Task:
    rng = situation.rng
    kind = rng.choices(("line", "bar", "hist", "box", "area", "pie"), (6, 2.5, 2, 1, 0.6, 0.6))[0]
    count = rng.choice((3, 4, 4, 5, 5, 6, 7, 8, 10))
    numbers = some_numbers(rng, count, negative=kind == "line" and rng.random() < 0.15)
    chart = GivenChart(kind=kind, data=f"pd.Series({_codes(numbers)})", numbers=_values(numbers))
    return _drawn(situation, chart, "numbers", numbers=list_text(rng, [number.text for number in numbers]))


def _points(situation: Situation) -> Task:
    rng = situation.rng
    count = rng.randint(2, 6)
    xs, ys = some_numbers(rng, count), some_numbers(rng, count)
    pairs = [f"({x.code}, {y.code})" for x, y in zip(xs, ys, strict=True)]
    data = f'pd.DataFrame([{", ".join(pairs)}], columns=["x", "y"])'
    kind = rng.choice(("scatter", "scatter", "scatter", "line"))
    chart = GivenChart(kind=kind, data=data, numbers=_values(ys), said="the points")
    tight = rng.random() < 0.4
    texts = [pair.replace(", ", ",") if tight else pair for pair in pairs]
    joined = rng.choice((", ", ", ", " ", " and ", "; ")).join(texts)
    return _drawn(situation, chart, "points", points=joined)


def _x_and_y(situation: Situation) -> Task:
    rng = situation.rng
    count = rng.randint(3, 6)
    start, step = rng.choice((0, 1, 1, 1, 10, 2015)), rng.choice((1, 1, 1, 2, 5, 10))
    xs = [Typed(str(start + step * index), str(start + step * index)) for index in range(count)]
    xs, ys = xs if rng.random() < 0.6 else some_numbers(rng, count), some_numbers(rng, count)
    kind = rng.choice(("line", "line", "scatter"))
    data = f'pd.DataFrame({{"x": {_codes(xs)}, "y": {_codes(ys)}}})'
    chart = GivenChart(kind=kind, data=data, numbers=_values(ys), said="the points")
    joiner = rng.choice((", ", ", ", " "))
    open_sign, close_sign = rng.choice((("", ""), ("[", "]"), ("[", "]")))
    slots = {
        name: f"{open_sign}{joiner.join(number.text for number in numbers)}{close_sign}"
        for name, numbers in (("xs", xs), ("ys", ys))
    }
    return _drawn(situation, chart, "x and y", **slots)


# -- what follows -----------------------------------------------------------------------------------------------------
