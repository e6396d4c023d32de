"""Money: interest, taxes, prices of several things."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from random import Random

from starter.amounts import MONEY_FORMS, PERCENT_FORMS, large_sum, percent, price, small_count
from starter.dialogue import Situation, Task
from starter.numerals import Numeral
from starter.phrasing import load_phrases
from starter.templates import Fact, Slots

NAME = "numbers"
PHRASES = load_phrases("money")
CENT = 0.0051


def make(situation: Situation) -> Task:
    """Return a task of this family."""
    section = situation.rng.choices(tuple(FACTS), [weight for weight, _ in FACTS.values()])[0]
    return FACTS[section][1].task(situation, NAME, PHRASES[section])


# -- what is drawn ----------------------------------------------------------------------------------------------------


def _investment(rng: Random) -> Slots:
    form = rng.choice(MONEY_FORMS)
    return {
        "a": large_sum(rng, 100, rng.choice((1000, 5000, 20000, 200000)), form),
        "p": percent(rng),
        "n": small_count(rng, 2, 40),
    }


def _priced(rng: Random) -> Slots:
    paid = price(rng, 5, rng.choice((90, 900, 9000)), rng.choice(MONEY_FORMS))
    return {"a": paid, "p": Numeral(*_rate(rng))}


def _rate(rng: Random) -> tuple[str, str]:
    rate = rng.choice(
        ("19", "20", "7", "21", "10", "8", "25", "5.5", "22", "16", "23", "8.25", str(rng.randint(3, 60)))
    )
    return rng.choice(PERCENT_FORMS).format(rate), rate


def _two_things(rng: Random) -> Slots:
    form = rng.choice(MONEY_FORMS)
    counts = {"n": small_count(rng, 2, 20), "m": small_count(rng, 2, 20)}
    return counts | {"a": price(rng, 0.2, 40, form), "b": price(rng, 0.2, 40, form)}


# -- facts ------------------------------------------------------------------------------------------------------------


def _grown(amount: str, percent: str, periods: int, per_year: int = 1) -> Fraction:
    """Return what an amount has become, period by period."""
    value, factor = float(amount), 1 + float(percent) / 100 / per_year
    for _ in range(periods):
        value *= factor
    return Fraction(value)


def _fact(
    draw: Callable[[Random], Slots], what: str, code: str, answer: str, truth: Callable[..., Fraction | float]
) -> Fact:
    return Fact(draw, f"I'll compute {what}.", f"print(round({code}, 2))", answer, truth, tolerance=CENT)


GROWTH = "<a> * (1 + <p> / 100) ** <n>"
FACTS: dict[str, tuple[float, Fact]] = {
    "compound": (
        6,
        _fact(
            _investment,
            "the value with compound interest",
            GROWTH,
            "<a> at <p>% becomes <out> after <n> years.",
            lambda a, p, n: _grown(a, p, int(n)),
        ),
    ),
    "compound interest": (
        2.5,
        _fact(
            _investment,
            "the compound interest",
            f"{GROWTH} - <a>",
            "The interest is <out>.",
            lambda a, p, n: _grown(a, p, int(n)) - int(a),
        ),
    ),
    "net": (
        3,
        _fact(
            _priced,
            "the price without the tax",
            "<a> / (1 + <p> / 100)",
            "The price without tax is <out>.",
            lambda a, p: Fraction(a) * 100 / (100 + Fraction(p)),
        ),
    ),
    "two things": (
        3,
        _fact(
            _two_things,
            "the total",
            "<n> * <a> + <m> * <b>",
            "The total is <out>.",
            lambda n, m, a, b: sum([Fraction(a)] * int(n) + [Fraction(b)] * int(m), Fraction(0)),
        ),
    ),
}
