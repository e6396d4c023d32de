"""Chance: random numbers, dice, coins, draws without repetition, one of several things, a random order."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from random import Random

from offline_interpreter.records import Code
from starter.dialogue import Outputs, Situation, Task
from starter.numerals import SMALL_WORDS, Numeral
from starter.phrasing import load_phrases, say

NAME = "numbers"
PHRASES = load_phrases("chance")
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def make(situation: Situation) -> Task:
    """Return a task of this family."""
    kinds = (_one, _several, _die, _dice, _coin)
    return situation.rng.choices(kinds, (6, 4, 4, 3, 2))[0](situation)


def _task(
    situation: Situation,
    request: str,
    cell: tuple[str, str],
    answer: Callable[[Sequence[str]], str],
    fits: Callable[[str], bool],
) -> Task:
    """Return the task of one cell (message, code); ``answer`` is given its lines, ``fits`` judges what it says."""
    situation.done = {}

    def answered(outputs: Outputs) -> str:
        return answer(outputs[0].strip().splitlines())

    code = Code(cell[0], f"import random\n{cell[1]}")
    return Task(NAME, request, [code], answered, lambda outputs: fits(answered(outputs)), accepts=fits)


def _ask(situation: Situation, section: str, **slots: str) -> str:
    return say(situation.rng, PHRASES[section].pick(situation.rng, situation.held_out), slots)


def _numbers(answer: str) -> list[int]:
    return [int(number) for number in NUMBER.findall(answer) if "." not in number]


def _bounds(rng: Random) -> tuple[str, str]:
    low = rng.choice((0, 1, 1, 1, 1, 10, 100, rng.randint(1, 500), -rng.randint(1, 50)))
    return str(low), str(low + rng.choice((5, 9, 10, 49, 50, 99, 100, 100, 999, 1000, rng.randint(3, 9000))))


def _count(rng: Random, low: int, high: int) -> Numeral:
    number = rng.randint(low, high)
    return Numeral(SMALL_WORDS[number] if number < 13 and rng.random() < 0.4 else str(number), str(number))


# -- numbers ----------------------------------------------------------------------------------------------------------


def _one(situation: Situation) -> Task:
    rng = situation.rng
    low, high = _bounds(rng)
    section = "one up to" if low == "1" and rng.random() < 0.35 else "one"
    return _task(
        situation,
        _ask(situation, section, a=low, b=high),
        (f"I'll draw a random number from {low} to {high}.", f"print(random.randint({low}, {high}))"),
        lambda lines: f"The random number is {lines[0]}.",
        lambda said: len(_numbers(said)) == 1 and int(low) <= _numbers(said)[0] <= int(high),
    )


def _several(situation: Situation) -> Task:
    rng = situation.rng
    (low, high), count = _bounds(rng), _count(rng, 2, 12)
    return _task(
        situation,
        _ask(situation, "several", a=low, b=high, n=count.text),
        (
            f"I'll draw {count.code} random numbers from {low} to {high}.",
            f'print(", ".join(str(random.randint({low}, {high})) for _ in range({count.code})))',
        ),
        lambda lines: f"The random numbers are: {lines[0]}.",
        lambda said: _within(_numbers(said), int(low), int(high), int(count.code)),
    )


def _within(numbers: Sequence[int], low: int, high: int, count: int) -> bool:
    return len(numbers) == count and all(low <= number <= high for number in numbers)


# -- dice and coins ---------------------------------------------------------------------------------------------------


def _die(situation: Situation) -> Task:
    rng = situation.rng
    sides = rng.choice(("6", "6", "4", "8", "10", "12", "20", "20", "100"))
    section = "die" if sides == "6" and rng.random() < 0.9 else "sided die"
    return _task(
        situation,
        _ask(situation, section, s=sides),
        (f"I'll roll a die with {sides} sides.", f"print(random.randint(1, {sides}))"),
        lambda lines: f"You rolled {lines[0]}.",
        lambda said: _within(_numbers(said), 1, int(sides), 1),
    )


def _dice(situation: Situation) -> Task:
    rng = situation.rng
    count, sides = _count(rng, 2, 8), rng.choice(("6", "6", "6", "4", "8", "10", "12", "20"))
    section = "dice" if sides == "6" else "sided dice"
    code = f'rolls = [random.randint(1, {sides}) for _ in range({count.code})]\nprint(", ".join(map(str, rolls)))'

    def fits(said: str) -> bool:
        *rolls, total = _numbers(said) or [0]
        return _within(rolls, 1, int(sides), int(count.code)) and sum(rolls) == total

    return _task(
        situation,
        _ask(situation, section, n=count.text, s=sides),
        (f"I'll roll {count.code} dice with {sides} sides.", f"{code}\nprint(sum(rolls))"),
        lambda lines: f"You rolled {lines[0]}. The total is {lines[1]}.",
        fits,
    )


def _coin(situation: Situation) -> Task:
    return _task(
        situation,
        _ask(situation, "coin"),
        ("I'll toss a coin.", 'print(random.choice(["heads", "tails"]))'),
        lambda lines: f"The coin shows {lines[0]}.",
        lambda said: said in ("The coin shows heads.", "The coin shows tails."),
    )


# -- things -----------------------------------------------------------------------------------------------------------
