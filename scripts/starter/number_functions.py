"""Functions of numbers: absolute values, logarithms, angles, digits of pi, numbers of combinations, hypotenuses."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise
from random import Random

from starter.numerals import Numeral, any_number
from starter.templates import Fact, Slots, both, choices, numbers, plain, wholes

ANGLES = (0, 10, 15, 20, 30, 30, 36, 40, 45, 45, 50, 55, 60, 60, 72, 75, 80, 120, 135, 150, 200, 330)
ANGLE_FORMS = ("{} degrees", "{} degrees", "{}°", "{}°", "{} deg", "an angle of {} degrees")


def _angle_text(rng: Random) -> Slots:
    code = str(rng.choice(ANGLES))
    return {"x": Numeral(rng.choice(ANGLE_FORMS).format(code), code)}


def _signed(rng: Random) -> Slots:
    code = any_number(rng, decimals=0.3).code
    code = f"-{code}" if rng.random() < 0.85 else code
    return {"x": Numeral(code, code)}


def _logarithm(base: str) -> Fact:
    names = {
        "": ("natural logarithm", "natural log", "ln", "logarithm to base e"),
        "10": ("base 10 logarithm", "log10", "logarithm to base 10", "common logarithm", "decimal logarithm"),
        "2": ("base 2 logarithm", "log2", "logarithm to base 2", "binary logarithm"),
    }
    said = {"": "natural logarithm", "10": "logarithm to base 10", "2": "logarithm to base 2"}[base]
    divisor = math.log(float(base)) if base else 1.0
    return Fact(
        numbers("x", decimals=0.2),
        f"I'll compute the {said} of <x>.",
        f"import math\nprint(round(math.log{base}(<x>), 6))",
        f"The {said} of <x> is <out>.",
        lambda x: math.log(float(x)) / divisor,
        names[base],
    )


def _angle(name: str, called: tuple[str, ...]) -> Fact:
    short = name[:3]
    series = {"sin": lambda r: math.cos(r - math.pi / 2), "cos": lambda r: math.sin(r + math.pi / 2)}
    compute = series.get(short, lambda r: math.sin(r) / math.cos(r))
    return Fact(
        _angle_text,
        f"I'll compute the {name} of <x> degrees.",
        f"import math\nprint(round(math.{short}(math.radians(<x>)), 6))",
        f"The {name} of <x> degrees is <out>.",
        lambda x: compute(int(x) * math.pi / 180),
        called,
    )


def _choose(n: int, k: int) -> int:
    row = [1]
    for _ in range(n):
        row = [1, *(left + right for left, right in pairwise(row)), 1]
    return row[k]


# Per function: its weight, and what it is.
FUNCTIONS: dict[str, tuple[float, Fact]] = {
    "absolute": (
        2,
        Fact(
            _signed,
            "I'll compute the absolute value of <x>.",
            "print(abs(<x>))",
            "The absolute value of <x> is <out>.",
            lambda x: Fraction(x.lstrip("-")),
            ("absolute value", "absolute", "abs", "magnitude", "modulus"),
        ),
    ),
    "ln": (1.5, _logarithm("")),
    "log10": (2, _logarithm("10")),
    "log2": (1.5, _logarithm("2")),
    "log": (
        1.5,
        Fact(
            both(plain(x=(2, 5000)), choices(b=(3, 4, 5, 6, 7, 8, 9, 12, 16))),
            "I'll compute the logarithm of <x> to base <b>.",
            "import math\nprint(round(math.log(<x>, <b>), 6))",
            "The logarithm of <x> to base <b> is <out>.",
            lambda x, b: math.log2(int(x)) / math.log2(int(b)),
        ),
    ),
    "sine": (2, _angle("sine", ("sine", "sin"))),
    "cosine": (2, _angle("cosine", ("cosine", "cos", "cos"))),
    "tangent": (1.5, _angle("tangent", ("tangent", "tan"))),
    "pi": (
        2,
        Fact(
            wholes(x=(1, 14)),
            "I'll print pi to <x> decimal places.",
            'import math\nprint(f"{math.pi:.<x>f}")',
            "Pi to <x> decimal places is <out>.",
            lambda x: format(round(Fraction(314159265358979323846, 10**20), int(x)).__float__(), f".{x}f"),
        ),
    ),
    "combinations": (
        2,
        Fact(
            wholes(k=(2, 6), x=(6, 30)),
            "I'll compute the number of combinations of <k> out of <x>.",
            "import math\nprint(math.comb(<x>, <k>))",
            "There are <out> combinations.",
            lambda k, x: _choose(int(x), int(k)),
        ),
    ),
    "arrangements": (
        1.2,
        Fact(
            wholes(x=(3, 12)),
            "I'll compute the number of arrangements of <x>.",
            "import math\nprint(math.factorial(<x>))",
            "There are <out> arrangements.",
            lambda x: math.prod(range(1, int(x) + 1)),
        ),
    ),
    "hypotenuse": (
        1.2,
        Fact(
            plain(x=(2, 60), b=(2, 60)),
            "I'll compute the hypotenuse for <x> and <b>.",
            "import math\nprint(round(math.hypot(<x>, <b>), 6))",
            "The hypotenuse is <out>.",
            lambda x, b: math.sqrt(int(x) ** 2 + int(b) ** 2),
        ),
    ),
}
