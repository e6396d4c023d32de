"""Charts of what a request gives itself: numbers, with names or not, pairs, expressions in x; how people write them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from starter.drawings import SHOWN, Chart, and_list, file_part
from starter.names import WORDS, made_up_name

ITEM_FORMS = ("{l} {n}",) * 5 + ("{l}: {n}",) * 4 + ("{l}={n}", "{l} = {n}", "{l} ({n})", "{l} - {n}", "{l}:{n}")
TURNED_FORMS = ("{n} {l}",)
UNITS = ("%", "%", "%", " kg", " euros", " km", " hours", " €", " percent", " points", "k")
LABELS = (
    ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October"),
    ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
    ("rent", "food", "travel", "clothes", "fun", "savings", "insurance", "books", "phone", "car"),
    ("bread", "milk", "eggs", "cheese", "rice", "butter", "coffee", "sugar", "flour", "salt"),
    ("cats", "dogs", "birds", "fish", "horses", "rabbits", "hamsters", "snakes"),
    ("apples", "pears", "plums", "cherries", "bananas", "oranges", "kiwis", "grapes", "lemons"),
    ("Python", "Java", "Rust", "Go", "Ruby", "C", "Swift"),
    ("A", "B", "C", "D", "E", "F", "G"),
    ("a", "b", "c", "d", "e"),
    ("car", "bus", "train", "bike", "walk", "tram"),
)
FUNCTIONS = ("sin", "sin", "cos", "cos", "exp", "sqrt", "log", "abs", "tanh")
OTHERWISE = {  # how else people write a function of x
    "sin": ("sin x", "sine of x", "the sine of x"),
    "cos": ("cos x", "cosine of x", "the cosine of x"),
    "exp": ("e^x", "e**x", "exp x"),
    "abs": ("|x|", "abs x"),
    "log": ("ln(x)", "ln x", "log x", "the logarithm of x"),
    "sqrt": ("sqrt x", "square root of x", "the square root of x"),
}
POSITIVE = ("sqrt", "log", "/ x")


@dataclass(frozen=True, slots=True)
class Typed:
    """Something as it stands in a request, and in code."""

    text: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenChart(Chart):
    """A chart of given numbers. ``data`` is the code of a series, or of a table of x and y."""

    data: str
    numbers: tuple[float, ...]
    said: str = "the numbers"
    named: bool = False

    @property
    def what(self) -> str:
        """What it shows, in words."""
        return self.said

    def fits(self, kind: str) -> bool:
        """Return whether the numbers can be drawn as a kind."""
        if self.said == "the points":
            return kind in ("scatter", "line")
        if self.named and kind in ("hist", "box"):
            return False
        if kind in ("pie", "area"):
            return min(self.numbers) >= 0 and max(self.numbers) > 0
        return kind != "scatter"

    def plotting(self) -> str:
        """Return the lines up to the plot."""
        first = 'x="x", y="y"' if self.said == "the points" else ""
        arguments = ", ".join(part for part in (first, self.look.arguments(self.kind, "")) if part)
        return f"import pandas as pd\n{self.data}.plot.{self.kind}({arguments})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve(Chart):
    """The line of an expression in x from one number to another; all are code."""

    expression: str
    start: str = "-10"
    end: str = "10"

    @property
    def what(self) -> str:
        """What it shows, in words."""
        return f"{self.said} from {self.start} to {self.end}".replace("np.", "")

    @property
    def said(self) -> str:
        """The expression as people read it."""
        return self.expression.replace("np.", "")

    def fits(self, kind: str) -> bool:
        """Return whether it can be drawn as a kind: as a line only."""
        return kind == "line"

    def plotting(self) -> str:
        """Return the lines up to the plot."""
        return (
            "import numpy as np\nimport pandas as pd\n"
            f"x = np.linspace({self.start}, {self.end}, 200)\n"
            f"pd.Series({self.expression}, index=x).plot.line({self.look.arguments('line', self.said)})"
        )


def own_file(kind: str) -> str:
    """Return the name of the file that a chart of given numbers is saved to where none is asked for."""
    return f"{file_part(SHOWN[kind])}.png"


# -- numbers ----------------------------------------------------------------------------------------------------------


def some_numbers(rng: Random, count: int, *, negative: bool = False) -> list[Typed]:
    """Return numbers of like size."""
    top, decimals = rng.choice((9, 10, 20, 50, 100, 100, 1000, 10_000)), rng.choice((0, 0, 0, 0, 1, 1, 2))
    low = -top if negative else 0
    texts = [
        f"{rng.uniform(low, top):.{decimals}f}" if decimals else str(rng.randint(low, top) or 1) for _ in range(count)
    ]
    return [Typed(text, text) for text in texts]


def list_text(rng: Random, texts: Sequence[str]) -> str:
    """Return how a request writes a list of single words."""
    tight = ", " if any(len(text) > 2 for text in texts) else ","  # else they could be read as one large number
    style = rng.choice((", ", ", ", ", ", tight, " ", " ", "and", "; ", "[]", "()"))
    if style == "and":
        return and_list(texts)
    if style in ("[]", "()"):
        return f"{style[0]}{', '.join(texts)}{style[1]}"
    return style.join(texts)


def labels_of(rng: Random, count: int) -> list[str]:
    """Return different names, each one word."""
    chance = rng.random()
    if chance < 0.25:
        return list(dict.fromkeys(made_up_name(rng) for _ in range(count)))
    if chance < 0.35:
        start = rng.randint(1990, 2030)
        return [str(start + index) for index in range(count)]
    group = [name for name in rng.choice(WORDS["groups"].train).split(", ") if " " not in name]
    words = rng.choice(LABELS) if rng.random() < 0.6 or len(group) < 2 else group
    chosen = words[:count] if rng.random() < 0.3 else rng.sample(words, min(count, len(words)))
    return [word.capitalize() for word in chosen] if rng.random() < 0.15 else list(chosen)


def items_of(rng: Random, labels: Sequence[str], numbers: Sequence[Typed]) -> str:
    """Return how a request writes names with their numbers."""
    form = rng.choice(TURNED_FORMS if rng.random() < 0.12 and not labels[0].isdigit() else ITEM_FORMS)
    if labels[0].isdigit() and form == "{l} {n}":
        form = "{l}: {n}"
    unit = rng.choice(UNITS) if rng.random() < 0.1 and form not in TURNED_FORMS else ""
    texts = [
        form.format(l=label, n=grouped(rng, number.text) + unit) for label, number in zip(labels, numbers, strict=True)
    ]
    style = rng.choice((", ",) * 6 + ("; ", "and", "and", "\n"))
    return and_list(texts) if style == "and" else style.join(texts)


def grouped(rng: Random, text: str) -> str:
    """Return a whole number with a comma between its thousands, now and then."""
    return f"{int(text):,}" if text.isdigit() and len(text) > 3 and rng.random() < 0.15 else text


# -- expressions in x -------------------------------------------------------------------------------------------------


def expression_of(rng: Random) -> Typed:
    """Return an expression in x."""
    kinds: tuple[tuple[Callable[[Random], Typed], float], ...] = (
        (_power, 4),
        (_polynomial, 5),
        (_function, 5),
        (_product, 1),
        (_sum, 1),
        (_inverse, 0.5),
    )
    return rng.choices([kind for kind, _ in kinds], [weight for _, weight in kinds])[0](rng)


def range_of(rng: Random, expression: str) -> tuple[Typed, Typed]:
    """Return numbers that an expression can be drawn between."""
    if any(part in expression for part in POSITIVE):
        start = rng.choice((1, 1, 1, 2, 5))
        end = str(start + rng.choice((4, 5, 9, 10, 19, 50, 99)))
        return Typed(str(start), str(start)), Typed(end, end)
    if "np." in expression and rng.random() < 0.35:
        start, end = rng.choice((("0", "2 * np.pi"), ("-np.pi", "np.pi"), ("0", "np.pi"), ("0", "4 * np.pi")))
        return _with_pi(rng, start), _with_pi(rng, end)
    low = rng.choice((0, 0, -1, -2, -3, -4, -5, -5, -10, -10, -20, 1, rng.randint(-50, 20)))
    high = -low if low < 0 and rng.random() < 0.6 else max(low, 0) + rng.choice((1, 2, 3, 4, 5, 8, 10, 10, 20))
    half = ".5" if rng.random() < 0.06 else ""
    return Typed(str(low), str(low)), Typed(f"{high}{half}", f"{high}{half}")


def _with_pi(rng: Random, code: str) -> Typed:
    plain = code.replace("np.", "")
    return Typed(
        rng.choice((plain, plain.replace(" * ", ""), plain.replace(" * ", "*"), plain.replace(" * ", " "))), code
    )


def _times(rng: Random, factor: str, text: str, code: str) -> Typed:
    if not factor:
        return Typed(text, code)
    return Typed(f"{factor}{rng.choice(('', '', '*', ' * '))}{text}", f"{factor} * {code}")


def _factor(rng: Random) -> str:
    return rng.choice(("", "", "", "2", "3", "4", "5", "0.5", "0.1", "1.5", str(rng.randint(2, 30))))


def _power(rng: Random) -> Typed:
    exponent = rng.choice((2, 2, 2, 2, 3, 3, 3, 4, 5))
    text = rng.choice((f"x^{exponent}", f"x^{exponent}", f"x**{exponent}", f"x ** {exponent}"))
    if exponent < 4 and rng.random() < 0.2:
        text = rng.choice({2: ("x²", "x squared"), 3: ("x³", "x cubed")}[exponent])
    return _times(rng, "" if " " in text else _factor(rng), text, f"x**{exponent}")


def _linear(rng: Random) -> Typed:
    return _times(rng, _factor(rng), "x", "x")


def _polynomial(rng: Random) -> Typed:
    parts = rng.choice(((_power, _linear), (_power, _number), (_linear, _number), (_power, _linear, _number)))
    first, *others = [part(rng) for part in parts]
    text, code, space = first.text, first.code, rng.choice((" ", " ", ""))
    for other in others:
        sign = rng.choice("+-")
        text, code = f"{text}{space}{sign}{space}{other.text}", f"{code} {sign} {other.code}"
    return Typed(text, code)


def _number(rng: Random) -> Typed:
    number = str(rng.randint(1, 20))
    return Typed(number, number)


def _function(rng: Random) -> Typed:
    name = rng.choice(FUNCTIONS)
    inner = _times(rng, rng.choice(("", "", "", "2", "3", "0.5", str(rng.randint(2, 20)))), "x", "x")
    if rng.random() < 0.08:
        inner = Typed(rng.choice(("x/2", "x / 2")), "x / 2")
    text, code = f"{name}({inner.text})", f"np.{name}({inner.code})"
    if inner.code == "x":
        text = rng.choice(OTHERWISE[name]) if name in OTHERWISE and rng.random() < 0.3 else text
    return _times(rng, _factor(rng) if rng.random() < 0.2 and "(" in text else "", text, code)


def _product(rng: Random) -> Typed:
    function = _function(rng)
    name = function.code if "*" not in function.code else "np.sin(x)"
    return Typed(f"x{rng.choice(('*', ' * '))}{name.removeprefix('np.')}", f"x * {name}")


def _sum(rng: Random) -> Typed:
    first = Typed("sin(x)", "np.sin(x)") if rng.random() < 0.5 else _linear(rng)
    second = _times(rng, rng.choice(("", "2", "3")), "cos(x)", "np.cos(x)")
    sign = rng.choice("+-")
    return Typed(f"{first.text} {sign} {second.text}", f"{first.code} {sign} {second.code}")


def _inverse(rng: Random) -> Typed:
    number = rng.choice(("1", "1", "1", "2", "10"))
    return Typed(rng.choice((f"{number}/x", f"{number} / x")), f"{number} / x")
