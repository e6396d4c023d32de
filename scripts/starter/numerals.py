"""Numbers as people write them, beside what code writes for them."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from random import Random

SMALL_WORDS = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
    "twenty",
]
ROUND_WORDS = {30: "thirty", 40: "forty", 50: "fifty", 60: "sixty", 70: "seventy", 80: "eighty", 90: "ninety"}
ROUND_WORDS |= {100: "a hundred", 1000: "a thousand", 1_000_000: "a million"}


@dataclass(frozen=True, slots=True)
class Numeral:
    """A number: as it stands in the request, and in code."""

    text: str
    code: str

    @property
    def value(self) -> Fraction:
        """The number itself."""
        return Fraction(self.code)

    @property
    def decimal(self) -> bool:
        """Whether it has decimals."""
        return "." in self.code


def whole(rng: Random, low: int, high: int, *, words: bool = False) -> Numeral:
    """Return a whole number, now and then with separators or (where it reads well) in words."""
    return written(rng, rng.randint(low, high), words=words)


def written(rng: Random, number: int, *, words: bool = False) -> Numeral:
    """Return a whole number as somebody would write it."""
    if words and rng.random() < 0.3:
        if 0 <= number <= 20:
            return Numeral(SMALL_WORDS[number], str(number))
        if number in ROUND_WORDS:
            return Numeral(ROUND_WORDS[number], str(number))
    if number >= 1000 and rng.random() < 0.25:
        return Numeral(f"{number:,}", str(number))
    return Numeral(str(number), str(number))


def any_number(rng: Random, *, words: bool = False, decimals: float = 0.15, negative: float = 0.0) -> Numeral:
    """Return a number of any of the sizes that people ask about."""
    if rng.random() < decimals:
        places = rng.choice((1, 1, 2, 2, 3))
        text = f"{rng.uniform(0.06, 10 ** rng.choice((1, 2, 3))):.{places}f}"
        return Numeral(text, text)
    digits = rng.choice((1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 5, 6))
    if words and rng.random() < 0.1:
        return written(rng, rng.choice(list(ROUND_WORDS)), words=True)
    number = rng.randint(10 ** (digits - 1) if digits > 1 else 1, 10**digits - 1)
    if rng.random() < negative:
        return Numeral(f"-{number}", f"-{number}")
    return written(rng, number, words=words)
