"""Quantities as people write them ("5km", "half a mile", "three feet"), beside what code and answers write for them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from random import Random

from starter.measures import MEASURES, Unit
from starter.numerals import Numeral, written

FAR, VERY_FAR = 5000, 3_000_000  # times greater: such units are seldom, or hardly ever, asked for together


@dataclass(frozen=True, slots=True)
class Quantity:
    """Some of a unit, or of two: how a request writes it, how answers do, its code in base units, its exact value."""

    text: str
    shown: str
    code: str
    value: Fraction
    measure: str
    unit: str  # the first, where there are two


def any_amount(rng: Random) -> Numeral:
    """Return a number of units."""
    chance = rng.random()
    if chance < 0.25:
        text = f"{rng.uniform(0.1, rng.choice((10, 100, 1000))):.{rng.choice((1, 1, 2))}f}"
        return Numeral(text, text)
    most = rng.choice((10, 20, 100, 100, 500, 1000, 10000, 100000))
    number = rng.randint(1, most)
    return written(rng, round(number, -1) or 10 if chance < 0.4 else number, words=True)


def make_quantity(rng: Random, measure: str, key: str, number: Numeral) -> Quantity:
    """Return a quantity of a unit."""
    unit = MEASURES[measure][0][key]
    shown = f"{number.code} {unit.called(number.code)}"
    return Quantity(write_quantity(rng, number, unit), shown, in_base(number.code, unit), number.value, measure, key)


def in_base(number: str, unit: Unit) -> str:
    """Return the code of so many units in the base unit."""
    return number if unit.factor == "1" else f"{number} * {unit.factor}"


def write_quantity(rng: Random, number: Numeral, unit: Unit) -> str:
    """Return a number of units as somebody writes it."""
    figures = number.text[-1].isdigit()
    if unit.signs and figures and rng.random() < 0.55:
        sign = rng.choice(unit.signs)
        blank = "" if sign in ("'", '"') or rng.random() < 0.45 else " "
        return f"{number.text}{blank}{sign}"
    word = rng.choice((unit.many, unit.many, *unit.words))
    if number.code == "1":
        word = unit.one if word == unit.many else singular(word)
        if rng.random() < 0.6:
            return f"{'an' if word[0] in 'aeio' or word.startswith('hour') else 'a'} {word}"
    hyphen = "-" if figures and word == unit.many and " " not in word and rng.random() < 0.02 else " "
    return f"{number.text}{hyphen}{word}"


def singular(word: str) -> str:
    """Return what one of a unit is called."""
    first, blank, rest = word.partition(" per ")
    return first.replace("feet", "foot").removesuffix("s") + blank + rest


def write_unit(rng: Random, unit: Unit, *, counted: bool = False) -> str:
    """Return how a request names the unit that is wanted."""
    signs = [sign for sign in unit.signs if sign not in ("in", "'", '"')]
    if signs and rng.random() < (0.25 if counted else 0.45):
        return rng.choice(signs)
    word = rng.choice((unit.many, unit.many, *unit.words))
    return singular(word) if not counted and rng.random() < 0.08 else word


def near(first: Unit, second: Unit, most: int = VERY_FAR) -> bool:
    """Return whether people ask for one of the units in the other."""
    sizes = [math.prod(float(part) for part in _powers(unit.factor)) for unit in (first, second)]
    return max(sizes) / min(sizes) <= most


def _powers(factor: str) -> list[float]:
    base, _, exponent = factor.partition("**")
    return [float(base)] * int(exponent or 1)


def two_units(rng: Random) -> tuple[str, str, str]:
    """Return a measure, the unit given and the unit wanted."""
    measure = rng.choices(tuple(MEASURES), [often for _, often in MEASURES.values()])[0]
    units, _ = MEASURES[measure]
    while True:
        source, target = rng.choices(tuple(units), [unit.often for unit in units.values()], k=2)
        seldom = not near(units[source], units[target], FAR) and rng.random() < 0.9
        if source != target and not seldom and near(units[source], units[target]):
            return measure, source, target
