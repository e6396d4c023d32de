"""Quantities in two units together: given so ("5 feet 11 inches"), or wanted so ("hours and minutes")."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from random import Random

from offline_interpreter.records import Code
from starter.dialogue import Outputs, Situation, Task
from starter.families.units import NAME, conversion, pattern_of
from starter.measures import MEASURES, PAIRS, Unit, exact_factor
from starter.numerals import Numeral
from starter.phrasing import say
from starter.quantities import Quantity, in_base, make_quantity, near, write_unit

Parts = Sequence[tuple[str, int]]  # what each part is called, and how many of the smallest it is
TRIPLES: Sequence[tuple[str, str, Parts]] = (
    ("hours, minutes and seconds", "s", (("hours", 3600), ("minutes", 60), ("seconds", 1))),
    ("days, hours and minutes", "min", (("days", 1440), ("hours", 60), ("minutes", 1))),
)


def make(situation: Situation) -> Task:
    """Return a task of this family; what follows it is made by ``units``."""
    return situation.rng.choice((_from_two, _into_two))(situation)


def _from_two(situation: Situation) -> Task:
    """Return the request for a quantity in two units ("5 feet 11 inches") in one."""
    rng = situation.rng
    measure, great, small, count = rng.choices(PAIRS, (5, 4, 2, 2, 1, 2, 2))[0]
    units = MEASURES[measure][0]
    numbers = rng.randint(1, 12), rng.randint(1, count - 1)
    quantity = _two_quantity(rng, measure, (units[great], units[small]), numbers)
    value = numbers[0] * exact_factor(great) + numbers[1] * exact_factor(small)
    quantity = replace(quantity, value=value / exact_factor(great), unit=great)
    keys = [key for key in units if key != great and near(units[great], units[key], 400)]
    target = rng.choices(keys, [units[key].often for key in keys])[0]
    pattern = pattern_of(situation, rng.choices(("convert", "how many"), (3, 2))[0])
    wanted = write_unit(rng, units[target], counted="many <u>" in pattern)
    return conversion(situation, say(rng, pattern, {"a": quantity.text, "u": wanted}), quantity, target)


def _two_quantity(rng: Random, measure: str, units: tuple[Unit, Unit], numbers: tuple[int, int]) -> Quantity:
    """Return so many of one unit and so many of the smaller one as somebody writes them."""
    pairs = list(zip(numbers, units, strict=True))
    shown = " ".join(f"{number} {unit.called(str(number))}" for number, unit in pairs)
    signs = [rng.choice([sign for sign in unit.signs if sign not in ("'", '"')] or [unit.many]) for unit in units]
    texts = [shown, shown.replace(" ", " and ", 2).replace(" and ", " ", 1) if len(shown.split()) == 4 else shown]
    texts += [f"{numbers[0]} {signs[0]} {numbers[1]} {signs[1]}", f"{numbers[0]}{signs[0]} {numbers[1]}{signs[1]}"]
    texts += {
        "feet": [f"{numbers[0]}'{numbers[1]}\"", f"{numbers[0]}'{numbers[1]}", f"{numbers[0]} foot {numbers[1]}"],
        "hours": [f"{numbers[0]}h{numbers[1]}m", f"{numbers[0]}h {numbers[1]}m", f"{numbers[0]}h {numbers[1]}min"],
        "stone": [f"{numbers[0]} stone {numbers[1]}"],
    }.get(units[0].many, [])
    code = "(" + " + ".join(in_base(str(number), unit) for number, unit in pairs) + ")"
    return Quantity(rng.choice(texts), shown, code, Fraction(0), measure, "")


def _into_two(situation: Situation) -> Task:
    """Return the request for a quantity in two units, or in three."""
    rng = situation.rng
    if rng.random() < 0.3:
        wanted, base, parts = rng.choice(TRIPLES)
        measure, source = "time", rng.choice([key for key in ("s", "min", "h") if key != "h" or base == "min"])
    else:
        measure, great, base, count = rng.choices(PAIRS, (5, 5, 4, 2, 2, 2, 2))[0]
        names = MEASURES[measure][0][great].many, MEASURES[measure][0][base].many
        wanted, parts = " and ".join(names), ((names[0], count), (names[1], 1))
        sources = [
            key for key, unit in MEASURES[measure][0].items() if key != great and unit.often > 2 and key != "year"
        ]
        source = base if rng.random() < 0.5 else rng.choice(sources)
    units = MEASURES[measure][0]
    number = Numeral(text := str(rng.randint(2, rng.choice((300, 2000, 20000)))), text)
    quantity = make_quantity(rng, measure, source, number)
    pattern = pattern_of(situation, rng.choices(("convert", "how many"), (5, 1))[0])
    request = say(rng, pattern, {"a": quantity.text, "u": wanted})
    total = quantity.code if units[base].factor == "1" else f"{quantity.code} / {units[base].factor}"
    total = number.code if source == base else total
    exact = quantity.value * exact_factor(source) / exact_factor(base)
    situation.done = {}
    return _in_parts(request, quantity, wanted, parts, total=total, exact=exact)


def _in_parts(request: str, quantity: Quantity, wanted: str, parts: Parts, *, total: str, exact: Fraction) -> Task:
    """Return the task of saying a quantity in several units; ``total`` is the code that counts the smallest."""
    shown = []
    for place, (name, size) in enumerate(parts):
        rest = "total" if place == 0 else f"total % {parts[place - 1][1]}"
        shown.append(f"{{{rest if size == 1 else f'{rest} // {size}'}:.10g}} {name}")
    code = f'total = round({total}, 6)\nprint(f"{quantity.shown} = {" ".join(shown)}")'

    def agrees(outputs: Outputs) -> bool:
        numbers = [Fraction(number) for number in re.findall(r"-?[\d.]+", outputs[0].split(" = ")[1])]
        whole = all(number.denominator == 1 for number in numbers[:-1])
        small = all(n < before / size for n, (_, size), (_, before) in zip(numbers[1:], parts[1:], parts, strict=False))
        found = sum(number * size for number, (_, size) in zip(numbers, parts, strict=True))
        return whole and small and abs(found - exact) <= Fraction(1, 10**6)

    message = f"I'll convert {quantity.shown} to {wanted}."
    return Task(NAME, request, [Code(message, code)], lambda outputs: outputs[0].strip(), agrees)
