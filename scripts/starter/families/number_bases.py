"""Numbers in other notations: binary, hexadecimal, octal and any other base, Roman numerals; and back."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from starter.dialogue import Situation, Task
from starter.numerals import Numeral
from starter.phrasing import load_phrases
from starter.templates import Fact

NAME = "numbers"
PHRASES = load_phrases("number_bases")
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
BASES = {
    "b": (2, ("binary", "binary", "base 2", "base two", "the binary system"), "binary"),
    "X": (16, ("hex", "hexadecimal", "base 16", "hexadecimal notation"), "hexadecimal"),
    "o": (8, ("octal", "octal", "base 8", "the octal system"), "octal"),
}


def make(situation: Situation) -> Task:
    """Return a task of this family."""
    rng = situation.rng
    kinds: tuple[Callable[[Situation], Task], ...] = (_to_base, _from_base, _between_bases)
    return rng.choices(kinds, (5, 5, 1.5))[0](situation)


# -- bases ------------------------------------------------------------------------------------------------------------


def in_base(number: int, base: int) -> str:
    """Return a number's digits in a base."""
    digits = ""
    while number or not digits:
        number, digit = divmod(number, base)
        digits = DIGITS[digit] + digits
    return digits


def _number(rng: Random) -> int:
    return rng.randint(0, rng.choice((16, 64, 255, 255, 1023, 4096, 65535)))


def _to_base(situation: Situation) -> Task:
    rng = situation.rng
    number = str(_number(rng))
    if rng.random() < 0.15:
        base = rng.choice((3, 4, 5, 6, 7, 9, 12, 20, 36))
        other = Fact(
            lambda _: {"x": _plain(number), "b": _plain(str(base))},
            "I'll convert <x> to base <b>.",
            "import numpy as np\nprint(np.base_repr(<x>, <b>))",
            "<x> in base <b> is <out>.",
            lambda x, b: in_base(int(x), int(b)).upper(),
        )
        return other.task(situation, NAME, PHRASES["to base"], s=f"base {base}")
    sign = rng.choices(tuple(BASES), (6, 5, 2))[0]
    base, called, name = BASES[sign]
    fact = Fact(
        lambda _: {"x": _plain(number)},
        f"I'll convert <x> to {name}.",
        f'print(format(<x>, "{sign}"))',
        f"<x> in {name} is <out>.",
        lambda x: in_base(int(x), base).upper(),
    )
    return fact.task(situation, NAME, PHRASES["to base"], s=rng.choice(called))


def _digits(rng: Random, number: int, base: int) -> str:
    """Return a number in a base as people write it: with a prefix now and then, hexadecimal in any case."""
    digits = in_base(number, base)
    digits = digits.upper() if rng.random() < 0.4 else digits
    prefix = {2: "0b", 16: "0x", 8: "0o"}.get(base, "")
    return f"{prefix}{digits}" if rng.random() < (0.4 if base == 16 else 0.2) else digits


def _from_base(situation: Situation) -> Task:
    rng = situation.rng
    if rng.random() < 0.15:
        base, called = rng.choice((3, 4, 5, 6, 7, 9, 12, 20, 36)), ("",)
    else:
        base, called, _ = BASES[rng.choices(tuple(BASES), (6, 5, 2))[0]]
    digits = _digits(rng, _number(rng), base)
    said = rng.choice(called) or f"base {base}"
    name = next((name for other, _, name in BASES.values() if other == base), f"base {base}")
    fact = Fact(
        lambda _: {"x": _plain(digits)},
        f"I'll convert <x> from {name} to decimal.",
        f'print(int("<x>", {base}))',
        f"<x> in {name} is <out> in decimal.",
        lambda x: _value(x, base),
    )
    marked = digits.startswith(("0b", "0x", "0o")) and rng.random() < 0.6
    return fact.task(situation, NAME, PHRASES["marked" if marked else "from base"], s=said.removeprefix("the "))


def _value(text: str, base: int) -> int:
    value = 0
    for digit in text.lower()[2 if base in (2, 8, 16) and text[:2] in ("0b", "0x", "0o") else 0 :]:
        value = value * base + DIGITS.index(digit)
    return value


def _between_bases(situation: Situation) -> Task:
    rng = situation.rng
    source, target = rng.sample(tuple(BASES), 2)
    base, called, name = BASES[source]
    other, called_other, name_other = BASES[target]
    digits = _digits(rng, _number(rng), base)
    fact = Fact(
        lambda _: {"x": _plain(digits)},
        f"I'll convert <x> from {name} to {name_other}.",
        f'print(format(int("<x>", {base}), "{target}"))',
        f"<x> in {name} is <out> in {name_other}.",
        lambda x: in_base(_value(x, base), other).upper(),
    )
    return fact.task(
        situation, NAME, PHRASES["between bases"], s=rng.choice(called).removeprefix("the "), t=rng.choice(called_other)
    )


# -- Roman numerals ---------------------------------------------------------------------------------------------------


def _plain(text: str) -> Numeral:
    return Numeral(text, text)
