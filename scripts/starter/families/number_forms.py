"""Rounded numbers."""

from __future__ import annotations

import math
from fractions import Fraction
from random import Random

from starter.dialogue import Situation, Task
from starter.numerals import SMALL_WORDS, Numeral
from starter.phrasing import load_phrases
from starter.templates import Fact

NAME = "numbers"
PHRASES = load_phrases("number_forms")
DECIMAL = "from decimal import ROUND_HALF_UP, Decimal\n"
STEPS = {
    "10": ("ten", "10", "tens"),
    "100": ("hundred", "100", "hundreds"),
    "1000": ("thousand", "1000", "thousands", "1,000"),
    "1": ("whole number", "integer", "whole", "unit", "full number", "one"),
    "5": ("5", "five", "multiple of 5"),
    "50": ("50", "multiple of 50"),
}


def make(situation: Situation) -> Task:
    """Return a task of this family."""
    return _rounded(situation)


# -- rounding ---------------------------------------------------------------------------------------------------------


def _decimal(rng: Random) -> str:
    places = rng.choice((1, 2, 2, 3, 3, 4, 5, 6))
    text = f"{rng.uniform(0.1, 10 ** rng.choice((1, 1, 2, 3, 4))):.{places}f}"
    if rng.random() < 0.15:
        text = text[:-1] + "5"  # halves are the trap of rounding
    return f"-{text}" if rng.random() < 0.05 else text


def _half_up(number: Fraction) -> int:
    """Return the nearest whole number; halves go away from zero."""
    return int(math.copysign(math.floor(abs(number) + Fraction(1, 2)), number))


def _rounded(situation: Situation) -> Task:
    rng = situation.rng
    section = rng.choices(("places", "step", "up", "down"), (5, 5, 2.5, 2.5))[0]
    number = _decimal(rng)
    if section == "places":
        return _to_places(situation, number)
    step = rng.choice(("1", "1", "1", "10", "10", "100", "100", "1000", "5", "50"))
    if step != "1" and rng.random() < 0.7:
        number = str(rng.randint(int(step) // 2 + 1, 10 ** rng.choice((2, 3, 4, 5)) + int(step)))
    called = rng.choice(STEPS[step])
    form = (
        "<t>"
        if called.endswith("s")
        else rng.choice(("nearest <t>", "next <t>", "<t>") if section != "step" else ("nearest <t>",))
    )
    form = f"the {form}" if not called.endswith("s") else form
    bare = section in ("up", "down") and step == "1" and rng.random() < 0.6
    section = f"{section} bare" if bare else section
    turn = {"s": _half_up, "u": math.ceil, "d": math.floor}[section[0]]
    function = "ceil" if section.startswith("up") else "floor"
    if section == "step":
        code = f'{DECIMAL}print((Decimal("<x>") / <k>).quantize(Decimal(1), ROUND_HALF_UP) * <k>)'
        how = "to the nearest <k>"
    else:
        code = f"import math\nprint(math.{function}(<x> / <k>) * <k>)"
        how = f"{section.split()[0]} to the next <k>"
    if step == "1":
        code = code.replace(" / <k>", "").replace(" * <k>", "").replace('(Decimal("<x>"))', 'Decimal("<x>")')
        how = how.replace("<k>", "whole number")
    if "step" in section and _half_up(Fraction(number) / int(step)) == 0 and number.startswith("-"):
        return _rounded(situation)
    fact = Fact(
        lambda _: {"x": _plain(number), "k": _plain(step)},
        f"I'll round <x> {how}.",
        code,
        f"<x> rounded {how} is <out>.",
        lambda x, k: turn(Fraction(x) / int(k)) * int(k),
    )
    return fact.task(situation, NAME, PHRASES[section], t=form.replace("<t>", called))


def _to_places(situation: Situation, number: str) -> Task:
    rng = situation.rng
    places = rng.choice((0, 1, 1, 1, 2, 2, 2, 2, 3, 3, 4)) or 1
    fact = Fact(
        lambda _: {"x": _plain(number), "p": _plain(str(places))},
        "I'll round <x> to <p> decimal places.",
        f'{DECIMAL}print(Decimal("<x>").quantize(Decimal(10) ** -<p>, ROUND_HALF_UP))',
        "<x> rounded to <p> decimal places is <out>.",
        lambda x, p: Fraction(_half_up(Fraction(x) * 10 ** int(p)), 10 ** int(p)),
    )
    said = SMALL_WORDS[places] if rng.random() < 0.35 else str(places)
    ending = "" if places == 1 else "s"
    form = rng.choice(("{} decimal place{}", "{} decimal{}", "{} place{}", "{} digit{}", "{} digit{} after the point"))
    return fact.task(situation, NAME, PHRASES["places"], d=form.format(said, ending))


def _plain(text: str) -> Numeral:
    return Numeral(text, text)


# -- fractions ---------------------------------------------------------------------------------------------------------


# -- comparisons ------------------------------------------------------------------------------------------------------
