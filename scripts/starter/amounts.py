"""Amounts of money, rates and counts, as people write them."""

from __future__ import annotations

from random import Random

from starter.numerals import SMALL_WORDS, Numeral

MONEY_FORMS = ("{}", "{}", "{}", "{}", "${}", "${}", "€{}", "{} euros", "{} dollars", "{}€", "£{}", "{} eur", "{} usd")
PERCENT_FORMS = ("{}%", "{}%", "{}%", "{} %", "{} percent", "{} percent", "{} per cent")


def large_sum(rng: Random, low: int, high: int, form: str) -> Numeral:
    """Return a large amount of money, mostly a round one."""
    number = rng.randint(low, high)
    if rng.random() < 0.7:
        unit = 10 ** max(1, len(str(number)) - 2)
        number = max(low, number // unit * unit)
    text = f"{number:,}" if number >= 1000 and rng.random() < 0.35 else str(number)
    return Numeral(form.format(text), str(number))


def price(rng: Random, low: float, high: float, form: str) -> Numeral:
    """Return a price, with cents or without."""
    text = f"{rng.uniform(low, high):.2f}" if rng.random() < 0.65 else str(rng.randint(int(low) + 1, int(high)))
    return Numeral(form.format(text), text)


def percent(rng: Random, *, low: int = 1, high: int = 12) -> Numeral:
    """Return a rate in percent, with decimals now and then."""
    text = str(rng.randint(low, high)) if rng.random() < 0.6 else f"{rng.uniform(low, high):.{rng.choice((1, 1, 2))}f}"
    return Numeral(rng.choice(PERCENT_FORMS).format(text), text)


def small_count(rng: Random, low: int, high: int) -> Numeral:
    """Return a count of things or years, now and then in words."""
    number = rng.randint(low, high)
    words = number < len(SMALL_WORDS) and rng.random() < 0.25
    return Numeral(SMALL_WORDS[number] if words else str(number), str(number))
