"""Arithmetic: expressions in signs and in words, chains of steps, powers and roots."""

from __future__ import annotations

import operator
from collections.abc import Callable
from fractions import Fraction
from random import Random

from offline_interpreter.records import Code
from starter.dialogue import Outputs, Situation, Task
from starter.numerals import Numeral, any_number, whole
from starter.phrasing import load_phrases, say

NAME = "numbers"

PHRASES = load_phrases("arithmetic")
OPERATIONS: dict[str, Callable[[Fraction, Fraction], Fraction | int]] = {
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
}


def make(situation: Situation) -> Task:
    """Return a task of this family."""
    kind = situation.rng.choices((_expression, _two, _one, _chain), (8, 5, 2, 3))[0]
    return kind(situation)


def compute(situation: Situation, request: str, code: str, truth: Fraction | None) -> Task:
    """Return the task of printing an expression and saying its value."""
    shown = f"round({code}, 6)" if "/" in code.replace("//", "") or "." in code else code

    def agrees(outputs: Outputs) -> bool:
        printed = Fraction(outputs[0].strip())
        return truth is None or abs(printed - truth) <= Fraction(1, 10**6) + abs(truth) / 10**12

    def answer(outputs: Outputs) -> str:
        situation.done = {"number": outputs[0].strip()}
        return f"{code} = {outputs[0].strip()}"

    return Task(NAME, request, [Code(f"I'll compute {code}.", f"print({shown})")], answer, agrees)


def follow_up(situation: Situation) -> Task | None:
    """Return a request that goes on with the number computed last, if it can be typed again."""
    rng, number = situation.rng, situation.done.get("number", "")
    if not number or len(number) > 12 or "e" in number:
        return None
    pattern, sign = PHRASES["follow up"].pick(rng, situation.held_out).split(" => ")
    other = whole(rng, 2, 99, words=True)
    request = say(rng, pattern, {"c": other.text})
    code = f"{number} {sign} {other.code}" if sign in "+-*/" else f"{number} {sign}"
    values = {"+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b, "/": lambda a, b: a / b}
    truth = values[sign](Fraction(number), other.value) if sign in values else None
    return compute(situation, request, code, truth)


# -- expressions in signs --------------------------------------------------------------------------------------------


def _expression(situation: Situation) -> Task:
    rng = situation.rng
    code, text, truth = _random_expression(rng)
    request = say(rng, PHRASES["expression"].pick(rng, situation.held_out), {"e": text})
    return compute(situation, request, code, truth)


def _random_expression(rng: Random) -> tuple[str, str, Fraction]:
    """Return an expression's code, how a person types it, and its value."""
    while True:
        count = rng.choices((2, 3, 4, 5, 6), (18, 6, 3, 0.8, 0.4))[0]
        parts = _tree(rng, [any_number(rng, negative=0.03) for _ in range(count)])
        code = " ".join(part[1] for part in parts).replace("( ", "(").replace(" )", ")")
        truth = _value(code)
        if truth is not None:
            typed, code = _typed(rng, parts)
            return code, typed, truth


def _tree(rng: Random, numerals: list[Numeral], *, inside: bool = False) -> list[tuple[str, str]]:
    """Return (typed, code) parts of a random expression over the numbers in their order."""
    if len(numerals) == 1:
        return [(numerals[0].text, numerals[0].code)]
    cut = rng.randrange(1, len(numerals))
    sign = rng.choices(("+", "-", "*", "/", "**", "//", "%"), (8, 7, 9, 5, 1.5, 0.7, 0.8))[0]
    if sign in ("**", "//", "%") and any(numeral.decimal for numeral in numerals):
        sign = "+"
    left, right = _tree(rng, numerals[:cut], inside=True), _tree(rng, numerals[cut:], inside=True)
    if sign == "**":
        left, right = (
            left if len(left) == 1 else [("(", "("), *left, (")", ")")],
            [(str(n := rng.randint(2, 9)), str(n))],
        )
    joined = [*left, (sign, sign), *right]
    return [("(", "("), *joined, (")", ")")] if inside and rng.random() < 0.35 else joined


def _value(code: str) -> Fraction | None:
    """Return the exact value by a reading of its own, or None where it is not asked for: zero division, huge powers."""
    tokens = code.replace("(", "( ").replace(")", " )").split()
    try:
        value = _sum(tokens)
    except (ZeroDivisionError, OverflowError):
        return None
    readable = value == 0 or 1e-3 < abs(value) < 1e22  # answers are rounded to six places
    return value if readable else None


def _sum(tokens: list[str]) -> Fraction:
    value = _product(tokens)
    while tokens and tokens[0] in "+-":
        value = value + _product(tokens) if tokens.pop(0) == "+" else value - _product(tokens)
    return value


def _product(tokens: list[str]) -> Fraction:
    value = _power(tokens)
    while tokens and tokens[0] in OPERATIONS:
        value = Fraction(OPERATIONS[tokens.pop(0)](value, _power(tokens)))
    return value


def _power(tokens: list[str]) -> Fraction:
    negative = tokens[0].startswith("-") and len(tokens[0]) > 1
    value = _atom(tokens)
    if not tokens or tokens[0] != "**":
        return value
    tokens.pop(0)
    exponent = int(_atom(tokens))
    if negative:  # Python reads -3 ** 2 as -(3 ** 2)
        return -((-value) ** exponent)
    if value.numerator.bit_length() * exponent > 200:
        raise OverflowError
    return value**exponent


def _atom(tokens: list[str]) -> Fraction:
    first = tokens.pop(0)
    if first != "(":
        return Fraction(first)
    value = _sum(tokens)
    tokens.pop(0)
    return value


def _typed(rng: Random, parts: list[tuple[str, str]]) -> tuple[str, str]:
    """Return the expression as somebody types it, and its code in the same spacing: what is typed is easily copied."""
    signs = {
        "*": rng.choice("****xx×·"),
        "/": rng.choice("////:÷"),
        "**": rng.choice(("**", "^", "^")),
        "-": rng.choice("-----–"),
    }
    if rng.random() < 0.1:
        signs = {"+": "plus", "-": "minus", "*": "times", "/": "divided by", "**": "to the power of"}
    spaced = "+" in signs or rng.random() < 0.55 or (signs["*"] == "x" and rng.random() < 0.7)
    typed = [signs.get(code, text) for text, code in parts]
    return _spaced(typed, parts, spaced), _spaced([code for _, code in parts], parts, spaced)


def _spaced(words: list[str], parts: list[tuple[str, str]], spaced: bool) -> str:
    text = ""
    for word, (_, code) in zip(words, parts, strict=True):
        close = not spaced or not text or text[-1] == "(" or code == ")"
        text += word if close else f" {word}"
    return text


# -- expressions in words --------------------------------------------------------------------------------------------


def _two(situation: Situation) -> Task:
    rng = situation.rng
    pattern, code = PHRASES["two"].pick(rng, situation.held_out).split(" => ")
    whole_only = any(sign in code for sign in ("//", "%")) or "<p>" in code
    first = whole(rng, 2, 5000, words=True) if whole_only else any_number(rng, words=True)
    second = whole(rng, 2, 60, words=True) if whole_only else any_number(rng, words=True)
    price = f"{rng.uniform(0.2, 60):.2f}" if rng.random() < 0.7 else str(rng.randint(1, 90))
    if price.endswith("0") and "." in price and rng.random() < 0.5:
        price = price[:-1]
    money = rng.choice(("{}", "{}", "{}", "${}", "€{}", "{} dollars", "{} euros")).format(price)
    if "euros" in pattern or "dollars" in pattern:
        money = price
    request = say(rng, pattern, {"a": first.text, "b": second.text, "p": money})
    code = code.replace("<a>", first.code).replace("<b>", second.code).replace("<p>", price)
    value = _value(code)
    return _two(situation) if value is None else compute(situation, request, code, value)


def _one(situation: Situation) -> Task:
    rng = situation.rng
    pattern, code = PHRASES["one"].pick(rng, situation.held_out).split(" => ")
    power = "<a> **" in code
    number = (
        whole(rng, 2, 999 if "** 2" in code or "** 3" in code else 30, words=True)
        if power
        else any_number(rng, words=True)
    )
    exponent = rng.randint(4 if "<n>th" in pattern else 2, 12)
    rooted = whole(rng, 2, 200) if rng.random() < 0.5 else whole(rng, 2, 20000)
    if rng.random() < 0.4:
        side = rng.randint(2, 60)
        cubic = "1 / 3" in code
        rooted = Numeral(str(side ** (3 if cubic else 2)), str(side ** (3 if cubic else 2)))
    request = say(rng, pattern, {"a": number.text, "n": str(exponent), "s": rooted.text})
    code = code.replace("<a>", number.code).replace("<n>", str(exponent)).replace("<s>", rooted.code)
    if "<s>" in pattern:
        return _with_float_truth(situation, request, code, float(rooted.value) ** (1 / 3 if "1 / 3" in code else 0.5))
    value = _value(code)
    return _one(situation) if value is None else compute(situation, request, code, value)


def _with_float_truth(situation: Situation, request: str, code: str, truth: float) -> Task:
    return compute(situation, request, code, Fraction(round(truth, 6)).limit_denominator(10**6))


def _chain(situation: Situation) -> Task:
    rng = situation.rng
    pattern, code = PHRASES["chain start"].pick(rng, situation.held_out).split(" => ")
    first, second = any_number(rng, words=True, decimals=0.05), any_number(rng, words=True, decimals=0.05)
    code = code.replace("<a>", first.code).replace("<b>", second.code)
    slots = {"a": first.text, "b": second.text}
    for index in range(rng.choice((1, 1, 2) if "<b>" in pattern else (2, 2, 3))):
        step, sign = PHRASES["next step"].pick(rng, held_out=False).split(" => ")
        number = any_number(rng, words=True, decimals=0.05)
        slots[f"c{index}"] = number.text
        pattern += " " + step[1:].replace("<c>", f"<c{index}>")
        grouped = (
            f"({code})" if sign in "*/2" and any(s in code for s in (" + ", " - ")) and not _is_grouped(code) else code
        )
        code = f"{grouped} * 2" if sign == "2" else f"{grouped} {sign} {number.code}"
    request = say(rng, pattern, slots)
    value = _value(code)
    return _chain(situation) if value is None else compute(situation, request, code, value)


def _is_grouped(code: str) -> bool:
    """Return whether all sums of the code stand inside brackets already."""
    depth = 0
    for index, sign in enumerate(code):
        depth += (sign == "(") - (sign == ")")
        if depth == 0 and sign in "+-" and code[index - 1 : index + 2] == f" {sign} ":
            return False
    return True
