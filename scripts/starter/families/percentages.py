"""Percentages: a part of a number, a number's share, increase and decrease, the change between two numbers."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from random import Random

from offline_interpreter.records import Code
from starter.dialogue import Outputs, Situation, Task
from starter.numerals import Numeral, any_number
from starter.phrasing import load_phrases, say

NAME = "numbers"
PHRASES = load_phrases("percentages")

Truth = Callable[[Fraction, Fraction, Fraction], Fraction]

# Per kind: the code, the answer, the truth of (a, b, p).
KINDS: dict[str, tuple[str, str, Truth]] = {
    "of": ("<a> * <p> / 100", "<p>% of <a> is <out>.", lambda a, _, p: a * p / 100),
    "share": ("<a> / <b> * 100", "<a> is <out>% of <b>.", lambda a, b, _: a * 100 / b),
    "increase": ("<a> * (1 + <p> / 100)", "<a> increased by <p>% is <out>.", lambda a, _, p: a + a * p / 100),
    "decrease": ("<a> * (1 - <p> / 100)", "<a> decreased by <p>% is <out>.", lambda a, _, p: a - a * p / 100),
    "change": ("(<b> - <a>) / <a> * 100", "From <a> to <b> the change is <out>%.", lambda a, b, _: (b - a) * 100 / a),
}
PERCENT_FORMS = ("{}%", "{}%", "{}%", "{} %", "{} percent", "{} percent", "{} per cent")
MONEY_FORMS = ("{}", "{}", "{}", "{}", "${}", "€{}", "{} dollars", "{} euros", "{}€", "£{}")


def make(situation: Situation) -> Task:
    """Return a task of this family."""
    rng = situation.rng
    kind = rng.choices(tuple(KINDS), (8, 5, 4, 4, 3))[0]
    code, answer, truth = KINDS[kind]
    first, second, percent = _amount(rng), _amount(rng), _percent(rng)
    if not (first.value and second.value):  # nothing is a share of nothing
        return make(situation)
    money = rng.choice(MONEY_FORMS)
    slots = {
        "a": money.format(first.text),
        "b": money.format(second.text),
        "p": rng.choice(PERCENT_FORMS).format(percent.text),
    }
    request = say(rng, PHRASES[kind].pick(rng, situation.held_out), slots)
    values = {"<a>": first.code, "<b>": second.code, "<p>": percent.code}
    return _task(
        situation,
        request,
        _filled(code, values),
        _filled(answer, values),
        truth(first.value, second.value, percent.value),
    )


def _task(situation: Situation, request: str, code: str, answer: str, truth: Fraction) -> Task:
    def agrees(outputs: Outputs) -> bool:
        return abs(Fraction(outputs[0].strip()) - truth) <= Fraction(1, 10**6) + abs(truth) / 10**12

    def answered(outputs: Outputs) -> str:
        situation.done = {"number": outputs[0].strip()}
        return answer.replace("<out>", outputs[0].strip())

    return Task(NAME, request, [Code(f"I'll compute {code}.", f"print(round({code}, 6))")], answered, agrees)


def _filled(text: str, values: dict[str, str]) -> str:
    for slot, value in values.items():
        text = text.replace(slot, value)
    return text


def _amount(rng: Random) -> Numeral:
    return any_number(rng, decimals=0.2)


def _percent(rng: Random) -> Numeral:
    if rng.random() < 0.2:
        text = f"{rng.uniform(0.1, 99):.{rng.choice((1, 1, 2))}f}"
        return Numeral(text, text)
    number = rng.choice(
        (5, 10, 15, 20, 25, 30, 50, 75, rng.randint(1, 100), rng.randint(1, 100), rng.randint(100, 300))
    )
    return Numeral(str(number), str(number))
