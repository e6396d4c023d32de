"""Requests that fill one template each: values are drawn, and stand in request, code and answer alike.

A fact knows nothing of how it is asked for: that is said by the section of phrasings that its family gives it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from random import Random

from offline_interpreter.records import Code
from starter.dialogue import Outputs, Situation, Task
from starter.numerals import Numeral, any_number, whole
from starter.phrasing import Phrases, say

Slots = dict[str, Numeral]
Truth = str | int | float | Fraction
PLAIN_NUMBER = re.compile(r"-?\d+(\.\d+)?")


@dataclass(frozen=True, slots=True)
class Fact:
    """One kind of request: what is drawn for it, its code and words, and its truth computed from the drawn codes.

    ``<a>`` and the like stand for what was drawn, ``<out>`` in the answer for what was printed. ``called`` are names of
    the fact that fill ``<m>`` of phrasings which several facts share. Figures may miss the truth by ``tolerance``.
    """

    draw: Callable[[Random], Slots]
    message: str
    code: str
    answer: str
    truth: Callable[..., Truth]
    called: Sequence[str] = ()
    tolerance: float = 1e-6

    def task(self, situation: Situation, family: str, phrases: Phrases, **texts: str) -> Task:
        """Return a task of this fact, asked for in one of the phrasings; ``texts`` fill further slots."""
        rng = situation.rng
        pattern = phrases.pick(rng, situation.held_out)
        drawn = self.draw(rng)
        if self.called:
            texts["m"] = rng.choice(self.called)
        request = say(rng, pattern, {**{name: numeral.text for name, numeral in drawn.items()}, **texts})
        codes = {name: numeral.code for name, numeral in drawn.items()}
        return filled_task(situation, family, request, self, codes)


def filled_task(situation: Situation, family: str, request: str, fact: Fact, codes: Mapping[str, str]) -> Task:
    """Return the task of a request whose template is filled with these codes."""
    truth = fact.truth(**codes)
    code, answer = fill(fact.code, codes), fill(fact.answer, codes)

    def agrees(outputs: Outputs) -> bool:
        return same(outputs[0].strip(), truth, fact.tolerance)

    def answered(outputs: Outputs) -> str:
        printed = outputs[0].strip()
        situation.done = {"number": printed} if PLAIN_NUMBER.fullmatch(printed) else {}
        return answer.replace("<out>", printed)

    return Task(family, request, [Code(fill(fact.message, codes), code)], answered, agrees)


def same(printed: str, truth: Truth, tolerance: float = 1e-6) -> bool:
    """Return whether what was printed is the truth."""
    if isinstance(truth, str):
        return printed == truth
    return abs(Fraction(printed) - Fraction(truth)) <= tolerance + abs(truth) * 1e-9


def fill(template: str, codes: Mapping[str, str]) -> str:
    """Return a template with its slots filled."""
    for name, code in codes.items():
        template = template.replace(f"<{name}>", code)
    return template


def wholes(**limits: tuple[int, int]) -> Callable[[Random], Slots]:
    """Return what draws whole numbers between limits, some of them written in words or with separators."""
    return lambda rng: {name: whole(rng, low, high, words=True) for name, (low, high) in limits.items()}


def plain(**limits: tuple[int, int]) -> Callable[[Random], Slots]:
    """Return what draws whole numbers between limits, written in digits."""

    def draw(rng: Random) -> Slots:
        return {name: _digits(rng.randint(low, high)) for name, (low, high) in limits.items()}

    return draw


def choices(**values: Sequence[str | int]) -> Callable[[Random], Slots]:
    """Return what draws each slot from its own values."""

    def draw(rng: Random) -> Slots:
        return {name: _digits(rng.choice(options)) for name, options in values.items()}

    return draw


def numbers(*names: str, decimals: float = 0.3, negative: float = 0.0) -> Callable[[Random], Slots]:
    """Return what draws numbers of any size."""
    return lambda rng: {name: any_number(rng, decimals=decimals, negative=negative) for name in names}


def _digits(value: str | int) -> Numeral:
    return Numeral(str(value), str(value))
