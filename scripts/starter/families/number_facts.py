"""Facts about whole numbers (factorials, divisors, primes, digits), and functions of numbers."""

from __future__ import annotations

import math
from collections.abc import Callable
from random import Random

from starter.dialogue import Situation, Task
from starter.number_functions import FUNCTIONS
from starter.numerals import Numeral
from starter.phrasing import load_phrases
from starter.templates import Fact, Slots, plain, wholes

NAME = "numbers"
PHRASES = load_phrases("number_facts")
IS_PRIME = "n > 1 and all(n % i for i in range(2, int(n ** 0.5) + 1))"
FACTORS = """number = <a>
factors = []
divisor = 2
while number > 1:
    if number % divisor == 0:
        factors.append(str(divisor))
        number //= divisor
    elif divisor * divisor > number:
        divisor = number
    else:
        divisor += 1
print(" * ".join(factors))"""


def divisors(number: int) -> list[int]:
    """Return the divisors of a number, in pairs from both ends."""
    small = [divisor for divisor in range(1, math.isqrt(number) + 1) if number % divisor == 0]
    return sorted({*small, *(number // divisor for divisor in small)})


def is_prime(number: int) -> bool:
    """Return whether a number is prime: whether it has just two divisors."""
    return len(divisors(number)) == 2


def _factorization(a: str) -> str:
    left, factors = int(a), []
    while left > 1:
        factors.append(divisors(left)[1])  # the least divisor above 1 is prime
        left //= factors[-1]
    return " * ".join(map(str, factors))


def _several(low: int, high: int, most: int) -> Callable[[Random], Slots]:
    """Return what draws two or three numbers with common divisors, as one list ``<x>``."""

    def draw(rng: Random) -> Slots:
        unit = rng.choice((1, 2, 3, 4, 5, 6, 7, 12, 15, 25))
        texts = [str(unit * rng.randint(low, high)) for _ in range(rng.choice((2, 2, 2, most)))]
        joined = rng.choice((" and ", " and ", ", ", " ")) if len(texts) == 2 else rng.choice((", ", " "))
        text = joined.join(texts)
        if len(texts) > 2 and rng.random() < 0.6:
            text = f"{', '.join(texts[:-1])} and {texts[-1]}"
        return {"x": Numeral(text, ", ".join(texts))}

    return draw


def _greatest(x: str) -> int:
    values = [int(value) for value in x.split(", ")]
    return next(n for n in range(min(values), 0, -1) if not any(value % n for value in values))


def _least(x: str) -> int:
    values = [int(value) for value in x.split(", ")]
    top = max(values)
    return next(n for n in range(top, math.prod(values) + 1, top) if not any(n % value for value in values))


def _prime_or_not(rng: Random) -> Slots:
    number = rng.randint(1, rng.choice((30, 100, 200, 1000, 9999)))
    if rng.random() < 0.4:
        number = next(n for n in range(number + 1, number + 200) if is_prime(n))
    return {"x": Numeral(str(number), str(number))}


# Facts that are ``called`` something share the patterns of [measure]; most have a section of their own as well.
FACTS: dict[str, tuple[float, Fact]] = FUNCTIONS | {
    "factorial": (
        5,
        Fact(
            wholes(x=(1, 25)),
            "I'll compute the factorial of <x>.",
            "import math\nprint(math.factorial(<x>))",
            "The factorial of <x> is <out>.",
            lambda x: math.prod(range(1, int(x) + 1)),
            ("factorial",),
        ),
    ),
    "gcd": (
        4,
        Fact(
            _several(1, 60, 3),
            "I'll compute the greatest common divisor.",
            "import math\nprint(math.gcd(<x>))",
            "The greatest common divisor is <out>.",
            _greatest,
            ("gcd", "greatest common divisor", "greatest common factor", "gcf", "highest common factor", "hcf"),
        ),
    ),
    "lcm": (
        4,
        Fact(
            _several(1, 20, 3),
            "I'll compute the least common multiple.",
            "import math\nprint(math.lcm(<x>))",
            "The least common multiple is <out>.",
            _least,
            ("lcm", "least common multiple", "lowest common multiple", "smallest common multiple"),
        ),
    ),
    "prime": (
        5,
        Fact(
            _prime_or_not,
            "I'll check whether <x> is prime.",
            f'n = <x>\nprime = {IS_PRIME}\nprint("prime" if prime else "not prime")',
            "<x> is <out>.",
            lambda x: "prime" if is_prime(int(x)) else "not prime",
        ),
    ),
    "factors": (
        4,
        Fact(
            plain(a=(2, 3000)),
            "I'll compute the prime factors of <a>.",
            FACTORS,
            "<a> = <out>",
            _factorization,
        ),
    ),
    "divisors": (
        3,
        Fact(
            plain(x=(2, 700)),
            "I'll list the divisors of <x>.",
            'print(", ".join(str(n) for n in range(1, <x> + 1) if <x> % n == 0))',
            "The divisors of <x> are: <out>.",
            lambda x: ", ".join(map(str, divisors(int(x)))),
        ),
    ),
    "even or odd": (
        2.5,
        Fact(
            plain(x=(0, 99999)),
            "I'll check whether <x> is even or odd.",
            'print("even" if <x> % 2 == 0 else "odd")',
            "<x> is <out>.",
            lambda x: "even" if x[-1] in "02468" else "odd",
        ),
    ),
}


def make(situation: Situation) -> Task:
    """Return a task of this family."""
    rng = situation.rng
    name = rng.choices(tuple(FACTS), [weight for weight, _ in FACTS.values()])[0]
    fact = FACTS[name][1]
    section = "measure" if fact.called and (name not in PHRASES or rng.random() < 0.55) else name
    return fact.task(situation, NAME, PHRASES[section])
