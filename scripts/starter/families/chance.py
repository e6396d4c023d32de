"""Chance: random numbers, dice, coins, draws without repetition, one of several things, a random order."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from random import Random

from offline_interpreter.records import Code
from starter.dialogue import Outputs, Situation, Task
from starter.families.word_lists import draw_words
from starter.listing import code_list, listed
from starter.numerals import SMALL_WORDS, Numeral
from starter.phrasing import load_phrases, say

NAME = "numbers"
PHRASES = load_phrases("chance")
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def make(situation: Situation) -> Task:
    """Return a task of this family."""
    kinds = (_one, _several, _draw, _die, _dice, _coin, _coins, _pick, _pick_some, _shuffle, _decimal)
    return situation.rng.choices(kinds, (6, 4, 3, 4, 3, 3, 2, 4, 1.5, 3, 1.5))[0](situation)


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


def _draw(situation: Situation) -> Task:
    rng = situation.rng
    count, high = rng.choice((("6", "49"), ("5", "50"), ("6", "45"), ("7", "35"), ("", "")))
    count_text = count or str(rng.randint(2, 10))
    high = high or str(rng.randint(12, 200))
    return _task(
        situation,
        _ask(situation, "draw", a="1", b=high, n=count_text),
        (
            f"I'll draw {count_text} different numbers from 1 to {high}.",
            f'print(", ".join(map(str, sorted(random.sample(range(1, {high} + 1), {count_text})))))',
        ),
        lambda lines: f"The numbers drawn are: {lines[0]}.",
        lambda said: _within(sorted(set(_numbers(said))), 1, int(high), int(count_text)),
    )


def _decimal(situation: Situation) -> Task:
    low, high = situation.rng.choice((("0", "1"), ("0", "1"), ("0", "10"), ("1", "10"), ("0", "100"), ("-1", "1")))
    return _task(
        situation,
        _ask(situation, "decimal", a=low, b=high),
        (
            f"I'll draw a random decimal number from {low} to {high}.",
            f"print(round(random.uniform({low}, {high}), 4))",
        ),
        lambda lines: f"The random number is {lines[0]}.",
        lambda said: len(NUMBER.findall(said)) == 1 and float(low) <= float(NUMBER.findall(said)[0]) <= float(high),
    )


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


def _coins(situation: Situation) -> Task:
    rng = situation.rng
    count = _count(rng, 2, 20) if rng.random() < 0.5 else Numeral(*[str(rng.choice((50, 100, 500, 1000)))] * 2)
    code = f'tosses = [random.choice(["heads", "tails"]) for _ in range({count.code})]\n'
    code += 'print("heads:", tosses.count("heads"))\nprint("tails:", tosses.count("tails"))'
    return _task(
        situation,
        _ask(situation, "coins", n=count.text),
        (f"I'll toss a coin {count.code} times.", code),
        lambda lines: "The tosses:\n" + "\n".join(lines),
        lambda said: len(_numbers(said)) == 2 and sum(_numbers(said)) == int(count.code),
    )


# -- things -----------------------------------------------------------------------------------------------------------


def _things(situation: Situation, section: str, **slots: str) -> tuple[list[str], str]:
    """Return some words, and a request of a section that has them as its list."""
    rng = situation.rng
    words = list(dict.fromkeys(draw_words(situation)))
    if rng.random() < 0.15 and section != "pick some":
        words = [str(number) for number in rng.sample(range(1, 60), rng.randint(3, 8))]
    pattern = PHRASES[section].pick(rng, situation.held_out)
    text = listed(rng, words, pattern=pattern, quotes=True)
    if section == "pick" and len(words) < 5 and rng.random() < 0.4:
        text = f"{', '.join(words[:-1])} or {words[-1]}"
    return words, say(rng, pattern, {**slots, "l": text})


def _pick(situation: Situation) -> Task:
    words, request = _things(situation, "pick")
    return _task(
        situation,
        request,
        ("I'll pick one at random.", f"words = {code_list(words, quoted=True)}\nprint(random.choice(words))"),
        lambda lines: f"The choice is {lines[0]}.",
        lambda said: said in [f"The choice is {word}." for word in words],
    )


def _pick_some(situation: Situation) -> Task:
    rng = situation.rng
    count = _count(rng, 2, 3)
    words, request = _things(situation, "pick some", n=count.text)
    code = f'words = {code_list(words, quoted=True)}\nprint(", ".join(random.sample(words, {count.code})))'

    def fits(said: str) -> bool:
        picked = said.removeprefix("The choice is: ").removesuffix(".").split(", ")
        return len(set(picked)) == int(count.code) and set(picked) <= set(words)

    return _task(
        situation,
        request,
        (f"I'll pick {count.code} at random.", code),
        lambda lines: f"The choice is: {lines[0]}.",
        fits,
    )


def _shuffle(situation: Situation) -> Task:
    words, request = _things(situation, "shuffle")
    code = f'words = {code_list(words, quoted=True)}\nrandom.shuffle(words)\nprint(", ".join(words))'
    return _task(
        situation,
        request,
        ("I'll shuffle the list.", code),
        lambda lines: f"In random order: {lines[0]}.",
        lambda said: sorted(said.removeprefix("In random order: ").removesuffix(".").split(", ")) == sorted(words),
    )
