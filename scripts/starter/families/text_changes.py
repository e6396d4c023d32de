"""Requests that make another text of a text: reverse, replace, sort, repeat, join, split, encode."""

from __future__ import annotations

import re

from starter.families.text_forms import small
from starter.families.text_kinds import PHRASE, SHORT, Kind, Shapes, Truth


def _change(
    section: str, message: str, code: str, answer: str, truth: Truth, *, shapes: Shapes, weight: float = 2.0
) -> Kind:
    return Kind(section, f"I'll {message}.", code, answer, truth, shapes, weight, keeps=False)


def _caseless_order(text: str) -> tuple[str, ...]:
    return tuple(small(sign) for sign in text)


def _sorted_words(text: str) -> str:
    """Return the words in order of the alphabet, put in one after the other."""
    placed: list[str] = []
    for each in re.findall(r"\S+", text):
        after = [place for place, other in enumerate(placed) if _caseless_order(other) > _caseless_order(each)]
        placed.insert(after[0] if after else len(placed), each)
    return " ".join(placed)


CHANGES = {
    "reverse": _change(
        "reverse",
        "reverse <s>",
        "print(text[::-1])",
        "Reversed: <out>",
        lambda text, _: "".join(reversed(text)),
        shapes=SHORT,
        weight=8,
    ),
    "reverse words": _change(
        "reverse words",
        "reverse the order of the words",
        'print(" ".join(text.split()[::-1]))',
        "In reverse word order: <out>",
        lambda text, _: " ".join(reversed(re.findall(r"\S+", text))),
        shapes=PHRASE,
        weight=4,
    ),
    "replace": _change(
        "replace",
        "replace <a!> by <b!>",
        "print(text.replace(<a!>, <b!>))",
        "Replaced: <out>",
        lambda text, values: values["b"].join(text.split(values["a"])),
        shapes={"word": 3, "phrase": 4, "sentence": 5},
        weight=7,
    ),
    "sort words": _change(
        "sort words",
        "sort the words",
        'print(" ".join(sorted(text.split(), key=str.lower)))',
        "Sorted: <out>",
        lambda text, _: _sorted_words(text),
        shapes={"phrase": 1},
        weight=3,
    ),
}
