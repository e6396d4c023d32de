"""Money: interest, savings and loans, bills and tips, taxes inside of prices, prices of several things and of one."""

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
# Per way of compounding: how people call it, and how often it happens in a year.
COMPOUNDING = {
    "12": ("monthly", "monthly", "every month", "each month", "12 times a year"),
    "4": ("quarterly", "every quarter", "each quarter", "4 times a year"),
    "365": ("daily", "every day", "each day"),
    "2": ("every half year", "half-yearly", "semi-annually", "twice a year"),
}


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


def _compounded(rng: Random) -> Slots:
    times = rng.choices(tuple(COMPOUNDING), (6, 3, 2, 1))[0]
    return _investment(rng) | {"m": Numeral(rng.choice(COMPOUNDING[times]), times)}


def _loan(rng: Random) -> Slots:
    return _investment(rng) | {"a": large_sum(rng, 2000, rng.choice((20000, 400000)), rng.choice(MONEY_FORMS))}


def _saving(rng: Random) -> Slots:
    return {"a": large_sum(rng, 10, 900, rng.choice(MONEY_FORMS)), "n": small_count(rng, 2, 40)}


def _share(rng: Random) -> Slots:
    return {"a": price(rng, 10, rng.choice((90, 400)), rng.choice(MONEY_FORMS)), "n": small_count(rng, 2, 12)}


def _tipped(rng: Random) -> Slots:
    paid = price(rng, 10, rng.choice((90, 400)), rng.choice(MONEY_FORMS))
    return {"a": paid, "p": percent(rng, low=5, high=25)}


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


def _pack(rng: Random) -> Slots:
    return {"a": price(rng, 2, rng.choice((20, 90)), rng.choice(MONEY_FORMS)), "n": small_count(rng, 2, 24)}


def _other_count(rng: Random) -> Slots:
    pack, count = _pack(rng), small_count(rng, 2, 40)
    return pack | {"m": count} if count.code != pack["n"].code else _other_count(rng)


def _two_amounts(rng: Random) -> Slots:
    form = rng.choice(MONEY_FORMS)
    smaller = price(rng, 1, 80, form)
    larger = str(int(float(smaller.code)) + rng.choice((1, 2, 5, 10, 20, rng.randint(1, 60))))
    return {"a": smaller, "b": Numeral(form.format(larger), larger)}


# -- facts ------------------------------------------------------------------------------------------------------------


def _grown(amount: str, percent: str, periods: int, per_year: int = 1) -> Fraction:
    """Return what an amount has become, period by period."""
    value, factor = float(amount), 1 + float(percent) / 100 / per_year
    for _ in range(periods):
        value *= factor
    return Fraction(value)


def _payment(a: str, p: str, n: str) -> float:
    """Return the monthly payment that a loan needs: the amount by the sum of what later payments are worth today."""
    factor, worth, total = 1 / (1 + float(p) / 1200), 1.0, 0.0
    for _ in range(12 * int(n)):
        worth *= factor
        total += worth
    return float(a) / total


def _fact(
    draw: Callable[[Random], Slots], what: str, code: str, answer: str, truth: Callable[..., Fraction | float]
) -> Fact:
    return Fact(draw, f"I'll compute {what}.", f"print(round({code}, 2))", answer, truth, tolerance=CENT)


GROWTH = "<a> * (1 + <p> / 100) ** <n>"
OFTEN = "<a> * (1 + <p> / 100 / <m>) ** (<m> * <n>)"
LOAN = "rate = <p> / 100 / 12\nmonths = 12 * <n>\nprint(round(<a> * rate / (1 - (1 + rate) ** -months), 2))"
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
    "compound often": (
        3,
        _fact(
            _compounded,
            "the value with compound interest",
            OFTEN,
            "<a> at <p>% becomes <out> after <n> years.",
            lambda a, p, n, m: _grown(a, p, int(m) * int(n), int(m)),
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
    "simple interest": (
        3,
        _fact(
            _investment,
            "the simple interest",
            "<a> * <p> / 100 * <n>",
            "The interest is <out>.",
            lambda a, p, n: int(n) * Fraction(p) * int(a) / 100,
        ),
    ),
    "loan": (
        2.5,
        Fact(_loan, "I'll compute the monthly payment.", LOAN, "The monthly payment is <out>.", _payment, (), CENT),
    ),
    "saving": (
        2,
        _fact(
            _saving,
            "the savings",
            "<a> * 12 * <n>",
            "The savings are <out>.",
            lambda a, n: Fraction(sum([int(a)] * 12) * int(n)),
        ),
    ),
    "split tip": (
        4,
        _fact(
            lambda rng: _tipped(rng) | {"n": small_count(rng, 2, 12)},
            "each share of the bill with the tip",
            "<a> * (1 + <p> / 100) / <n>",
            "Each pays <out>.",
            lambda a, p, n: (Fraction(a) + Fraction(a) * Fraction(p) / 100) / int(n),
        ),
    ),
    "split": (
        3,
        _fact(
            _share,
            "each share of the bill",
            "<a> / <n>",
            "Each pays <out>.",
            lambda a, n: Fraction(1, int(n)) * Fraction(a),
        ),
    ),
    "bill tip": (
        2.5,
        _fact(
            _tipped,
            "the bill with the tip",
            "<a> * (1 + <p> / 100)",
            "The total is <out>.",
            lambda a, p: Fraction(a) + Fraction(a) * Fraction(p) / 100,
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
    "tax inside": (
        2,
        _fact(
            _priced,
            "the tax in the price",
            "<a> - <a> / (1 + <p> / 100)",
            "The tax is <out>.",
            lambda a, p: Fraction(a) * Fraction(p) / (100 + Fraction(p)),
        ),
    ),
    "before discount": (
        2,
        _fact(
            _priced,
            "the price before the discount",
            "<a> / (1 - <p> / 100)",
            "The price before was <out>.",
            lambda a, p: Fraction(a) * 100 / (100 - Fraction(p)),
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
    "unit price": (
        2.5,
        _fact(
            _pack,
            "the price of one",
            "<a> / <n>",
            "One costs <out>.",
            lambda a, n: Fraction(1, int(n)) * Fraction(a),
        ),
    ),
    "other count": (
        2.5,
        _fact(
            _other_count,
            "the price of <m>",
            "<a> / <n> * <m>",
            "<m> cost <out>.",
            lambda a, n, m: Fraction(int(m), int(n)) * Fraction(a),
        ),
    ),
    "change": (
        2,
        _fact(
            _two_amounts, "the change", "<b> - <a>", "The change is <out>.", lambda a, b: -(Fraction(a) - Fraction(b))
        ),
    ),
}
