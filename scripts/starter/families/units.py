"""Units of measure: a quantity in another unit, and temperatures.

The code multiplies by the factor of the unit that is given and divides by that of the unit that is wanted.
"""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction
from random import Random

from offline_interpreter.records import Code
from starter.dialogue import Outputs, Situation, Task
from starter.measures import MEASURES, TEMPERATURES, exact_factor
from starter.numerals import Numeral, whole
from starter.phrasing import load_phrases, say
from starter.quantities import (
    Quantity,
    any_amount,
    make_quantity,
    near,
    singular,
    two_units,
    write_quantity,
    write_unit,
)

NAME = "dates and units"
PHRASES = load_phrases("units")
# From one temperature to another: what code writes.
DEGREES = {
    "cf": "{} * 9 / 5 + 32",
    "fc": "({} - 32) * 5 / 9",
    "ck": "{} + 273.15",
    "kc": "{} - 273.15",
    "fk": "({} - 32) * 5 / 9 + 273.15",
    "kf": "({} - 273.15) * 9 / 5 + 32",
}
ABSOLUTE = {
    "c": (Fraction(1), Fraction("273.15")),
    "f": (Fraction(5, 9), Fraction("459.67")),
    "k": (Fraction(1), Fraction(0)),
}


def make(situation: Situation) -> Task:
    """Return a task of this family."""
    return situation.rng.choices((_plain, _degrees), (4, 1))[0](situation)


def follow_up(situation: Situation) -> Task | None:
    """Return a request that goes on with the quantity of the one before: in another unit, or another quantity."""
    done, rng = situation.done, situation.rng
    if "converted" not in done:
        return None
    quantity, target = done["converted"]
    if quantity.measure == "temperature":
        return _follow_degrees(situation, quantity, target)
    units, _ = MEASURES[quantity.measure]
    chance = rng.random()
    if chance < 0.45:
        others = [key for key in units if key not in (quantity.unit, target) and near(units[quantity.unit], units[key])]
        if others:
            new = rng.choices(others, [units[key].often for key in others])[0]
            request = say(rng, pattern_of(situation, "follow up target"), {"u": write_unit(rng, units[new])})
            return conversion(situation, request, quantity, new)
    number = any_amount(rng)
    again = make_quantity(rng, quantity.measure, quantity.unit, number)
    mixed = quantity.code.startswith("(")  # a number alone would not say of which unit
    section = "follow up number" if chance > 0.75 and not mixed else "follow up amount"
    slots = {"a": again.text, "k": number.text}
    return conversion(situation, say(rng, pattern_of(situation, section), slots), again, target)


def pattern_of(situation: Situation, section: str) -> str:
    """Return a pattern of a section."""
    return PHRASES[section].pick(situation.rng, situation.held_out)


# -- one quantity in one unit -----------------------------------------------------------------------------------------


def _plain(situation: Situation) -> Task:
    rng = situation.rng
    measure, source, target = two_units(rng)
    units = MEASURES[measure][0]
    number = Numeral(rng.choice(("1", "one")), "1") if rng.random() < 0.12 else any_amount(rng)
    if source in ("b", "bit") and number.code != "1":  # nobody has but a few of them, or parts of one
        number = whole(rng, 500, rng.choice((10**4, 10**6, 10**9)))
    quantity = make_quantity(rng, measure, source, number)
    if rng.random() < 0.03 and number.code != "1":
        name = singular(rng.choice((units[source].many, *units[source].words)))
        article = "an" if name[0] in "aeio" or name.startswith("hour") else "a"
        half = make_quantity(rng, measure, source, Numeral("0.5", "0.5"))
        quantity = replace(half, text=f"half {article} {name}")
    section = rng.choices(("convert", "how many", measure, "named"), (5, 4, 1.5, 0.6))[0]
    section = section if section in PHRASES else "convert"
    pattern = pattern_of(situation, section)
    counted = "many <u>" in pattern
    slots = {
        "a": quantity.text,
        "u": write_unit(rng, units[target], counted=counted),
        "v": write_unit(rng, units[source]),
        "k": number.text,
    }
    if "<k>" in pattern:
        quantity = make_quantity(rng, measure, source, number)
    return conversion(situation, say(rng, pattern, slots), quantity, target)


def conversion(situation: Situation, request: str, quantity: Quantity, target: str) -> Task:
    """Return the task of saying how much a quantity is in another unit."""
    unit = MEASURES[quantity.measure][0][target]
    code = quantity.code if unit.factor == "1" else f"{quantity.code} / {unit.factor}"
    situation.done = {"converted": (quantity, target)}
    truth = quantity.value * exact_factor(quantity.unit) / exact_factor(target)
    return shown_as(request, quantity, unit.many, code, truth)


def shown_as(request: str, quantity: Quantity, wanted: str, code: str, truth: Fraction) -> Task:
    """Return the task of printing a quantity beside what an expression makes of it, and saying this."""
    form = ".15g" if quantity.measure == "size" else ".10g"
    line = f'print(f"{quantity.shown} = {{{code}:{form}}} {wanted}")'

    def agrees(outputs: Outputs) -> bool:
        begin, printed, end = re.split(r" = (\S+) ", outputs[0].strip())
        close = abs(Fraction(printed) - truth) <= abs(truth) / 10**9
        return close and begin == quantity.shown and end == wanted

    message = f"I'll convert {quantity.shown} to {wanted}."
    return Task(NAME, request, [Code(message, line)], lambda outputs: outputs[0].strip(), agrees)


# -- temperatures -----------------------------------------------------------------------------------------------------


def _degrees(situation: Situation) -> Task:
    rng = situation.rng
    source, target = rng.choice(("cf", "fc", "cf", "fc", "cf", "fc", "ck", "kc", "fk", "kf"))
    quantity = _temperature(rng, source)
    section = rng.choices(("convert", "temperature", "how many"), (5, 3, 0.8))[0]
    wanted = write_unit(rng, TEMPERATURES[target], counted=section == "how many")
    if section == "how many":
        wanted = rng.choice([word for word in TEMPERATURES[target].words if " " in word or target == "k"])
    request = say(rng, pattern_of(situation, section), {"a": quantity.text, "u": wanted})
    return _in_degrees(situation, request, quantity, target)


def _temperature(rng: Random, source: str, number: Numeral | None = None) -> Quantity:
    unit = TEMPERATURES[source]
    number = number or _degree_number(rng, source)
    text = write_quantity(rng, number, unit)
    if number.code.startswith("-") and rng.random() < 0.3:
        text = text.replace("-", "minus ", 1)
    if number.code == "1":
        text = f"1 {unit.words[0]}"
    return Quantity(text, f"{number.code} {unit.many}", number.code, number.value, "temperature", source)


def _degree_number(rng: Random, source: str) -> Numeral:
    low, high = {"c": (-40, 110), "f": (-40, 230), "k": (1, 600)}[source]
    chance = rng.random()
    if chance < 0.2:
        text = f"{rng.uniform(low, high):.1f}"
        return Numeral(text, text)
    number = rng.randint(low, high) if chance < 0.85 else rng.choice((0, 100, 32, 37, 180, 200, 212, 350, 400, 1000))
    return Numeral(str(number), str(number))


def _in_degrees(situation: Situation, request: str, quantity: Quantity, target: str) -> Task:
    scale, zero = ABSOLUTE[quantity.unit]
    own_scale, own_zero = ABSOLUTE[target]
    truth = (quantity.value + zero) * scale / own_scale - own_zero
    situation.done = {"converted": (quantity, target)}
    code = DEGREES[quantity.unit + target].format(quantity.code)
    return shown_as(request, quantity, TEMPERATURES[target].many, code, truth)


def _follow_degrees(situation: Situation, quantity: Quantity, target: str) -> Task:
    rng = situation.rng
    if rng.random() < 0.4:
        new = next(key for key in TEMPERATURES if key not in (quantity.unit, target))
        request = say(rng, pattern_of(situation, "follow up target"), {"u": write_unit(rng, TEMPERATURES[new])})
        return _in_degrees(situation, request, quantity, new)
    number = _degree_number(rng, quantity.unit)
    again = _temperature(rng, quantity.unit, number)
    section = rng.choice(("follow up number", "follow up amount"))
    request = say(rng, pattern_of(situation, section), {"a": again.text, "k": number.text})
    return _in_degrees(situation, request, again, target)
