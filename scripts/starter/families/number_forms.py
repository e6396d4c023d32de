"""Numbers in other forms: rounded, as fractions, and compared with each other."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from random import Random

from starter.dialogue import Situation, Task
from starter.numerals import SMALL_WORDS, Numeral
from starter.phrasing import load_phrases
from starter.templates import Fact, Slots

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
    rng = situation.rng
    kinds: tuple[Callable[[Situation], Task], ...] = (_rounded, _fractions, _compared)
    return rng.choices(kinds, (8, 5, 4))[0](situation)


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


def _fraction(rng: Random) -> Slots:
    factor = rng.randint(2, 12)
    return {"x": _plain(f"{rng.randint(1, 30) * factor}/{rng.randint(2, 30) * factor}")}


def _finite(rng: Random) -> Slots:
    places = rng.choice((1, 2, 2, 3, 3))
    return {"x": _plain(f"{rng.uniform(0.05, rng.choice((1, 1, 5, 20))):.{places}f}")}


def _two_fractions(rng: Random) -> Slots:
    parts = [_plain(f"{rng.randint(1, 12)}/{rng.randint(2, 16)}") for _ in range(2)]
    sign = rng.choice("++-*")
    words = {"+": ("+", "+", "plus"), "-": ("-", "minus"), "*": ("*", "times", "x")}[sign]
    return {"a": parts[0], "b": parts[1], "o": Numeral(rng.choice(words), sign)}


def _of_fractions(a: str, b: str, o: str) -> str:
    (p, q), (r, s) = (map(int, part.split("/")) for part in (a, b))
    top = {"+": p * s + r * q, "-": p * s - r * q, "*": p * r}[o]
    return str(Fraction(top, q * s))


FRACTION = "from fractions import Fraction\n"
FRACTIONS = {
    "simplify": (
        3,
        Fact(
            _fraction,
            "I'll simplify <x>.",
            f'{FRACTION}print(Fraction("<x>"))',
            "<x> = <out>",
            lambda x: str(Fraction(*map(int, x.split("/")))),
        ),
    ),
    "as fraction": (
        3,
        Fact(
            _finite,
            "I'll write <x> as a fraction.",
            f'{FRACTION}print(Fraction("<x>"))',
            "<x> as a fraction is <out>.",
            lambda x: str(Fraction(int(x.replace(".", "")), 10 ** len(x.partition(".")[2]))),
        ),
    ),
    "fraction sum": (
        3,
        Fact(
            _two_fractions,
            "I'll compute <a> <o> <b> as a fraction.",
            f'{FRACTION}print(Fraction("<a>") <o> Fraction("<b>"))',
            "<a> <o> <b> = <out>",
            _of_fractions,
        ),
    ),
}


def _fractions(situation: Situation) -> Task:
    section = situation.rng.choices(tuple(FRACTIONS), [weight for weight, _ in FRACTIONS.values()])[0]
    return FRACTIONS[section][1].task(situation, NAME, PHRASES[section])


# -- comparisons ------------------------------------------------------------------------------------------------------


def _compared(situation: Situation) -> Task:
    rng = situation.rng
    section = rng.choice(("larger", "smaller", "is larger", "is smaller"))
    base = rng.uniform(0.1, rng.choice((1, 1, 10, 100, 5000)))
    texts = [_near(rng, base) for _ in range(2)]
    if Fraction(texts[0]) == Fraction(texts[1]):
        return _compared(situation)
    function, sign = ("max", ">") if section.endswith("larger") else ("min", "<")
    word = "larger" if sign == ">" else "smaller"
    if section.startswith("is"):
        code = f'print("{word}" if Fraction("<a>") {sign} Fraction("<b>") else "not {word}")'
        answer = "<a> is <out> than <b>."
    else:
        code, answer = f'print({function}("<a>", "<b>", key=Fraction))', f"<out> is {word}."

    def truth(a: str, b: str) -> str:
        first = (Fraction(a) - Fraction(b) > 0) == (word == "larger")
        return "not " * (not first) + word if section.startswith("is") else (a if first else b)

    fact = Fact(
        lambda _: {"a": _plain(texts[0]), "b": _plain(texts[1])},
        f"I'll check which of <a> and <b> is {word}."
        if function in code
        else f"I'll check whether <a> is {word} than <b>.",
        FRACTION + code,
        answer,
        truth,
    )
    return fact.task(situation, NAME, PHRASES[section])


def _near(rng: Random, base: float) -> str:
    """Return a number near another: a fraction, a decimal or a whole number."""
    value = base * rng.uniform(0.8, 1.25)
    if base < 10 and rng.random() < 0.55:
        under = rng.randint(2, 20)
        return f"{max(1, round(value * under))}/{under}"
    if base > 50 and rng.random() < 0.5:
        return str(round(value))
    return f"{value:.{rng.choice((1, 2, 2, 3))}f}"
