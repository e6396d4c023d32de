"""Charts of what a request gives itself: numbers, with names or not, pairs, expressions in x; how people write them."""

from __future__ import annotations

from collections.abc import Sequence
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
