"""Arithmetic: expressions in signs and in words, chains of steps, powers and roots, sums of several numbers."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from random import Random

from offline_interpreter.records import Code
from starter.dialogue import Outputs, Situation, Task
from starter.numerals import Numeral, any_number, whole
from starter.phrasing import Phrases, say

NAME = "arithmetic"

EXPRESSION = Phrases(
    train=(
        "?what is <e>", "?what's <e>", "?whats <e>", ".<e>", ".<e>", ".<e> =", ".<e> = ?", "!calculate <e>", "!compute <e>",
        "?how much is <e>", "!work out <e>", "!evaluate <e>", "!solve <e>", "?what does <e> [equal|give|make|come to]",
        "!tell me [what <e> is|the result of <e>|the value of <e>|<e>]", "!give me [the result of|the value of|] <e>", ".result of <e>",
        "?what is the [result|value|answer] of <e>", "!find <e>", "!do the math: <e>", ".math: <e>", "?what do you get for <e>",
        "!run the numbers: <e>", "?<e> is what", "?<e> equals what", "!use python to [compute|calculate|work out] <e>",
        "?can you do <e>", "?what would <e> be", ".i need <e>", ".i want to know <e>", "?what's the answer to <e>",
        "!figure out <e>", ".calc <e>", ".the value of <e>", "?how much does <e> make", "!check <e>", ".what about <e>",
        "?what is the outcome of <e>", "!print <e>", "!simplify <e>", "!get <e>", "?is <e> something you can [do|compute]",
    ),
    held_out=(
        "!determine <e>", "?what number is <e>", "?what comes out of <e>", "!show me the result of <e>", ".please <e>",
        "?what is the total of <e>", ".quick, <e>", "?do you know what <e> is", ".answer this: <e>",
    ),
)  # fmt: skip

# Each: a pattern of the request, and the code that it means.
TWO = Phrases(
    train=(
        "!add <a> and <b>=<a> + <b>", "!add <b> to <a>=<a> + <b>", "!sum <a> and <b>=<a> + <b>", "?what is <a> plus <b>=<a> + <b>",
        "?how much is <a> plus <b>=<a> + <b>", "?what's the sum of <a> and <b>=<a> + <b>", ".<a> plus <b>=<a> + <b>", ".<a> and <b> together=<a> + <b>",
        "?what do <a> and <b> [add up to|make|make together|sum to]=<a> + <b>", "?what is <a> increased by <b>=<a> + <b>", ".sum of <a> and <b>=<a> + <b>",
        "!calculate the sum of <a> and <b>=<a> + <b>", "?what is <b> added to <a>=<a> + <b>", "?what is <b> more than <a>=<a> + <b>",
        "!subtract <b> from <a>=<a> - <b>", "!take <b> [away |]from <a>=<a> - <b>", "?what is <a> minus <b>=<a> - <b>", ".<a> minus <b>=<a> - <b>",
        "?what is <a> less <b>=<a> - <b>", "!find the difference between <a> and <b>=<a> - <b>", "?what's the difference [between|of] <a> and <b>=<a> - <b>",
        "?how much is left if i take <b> from <a>=<a> - <b>", "?how much is <a> minus <b>=<a> - <b>", "!deduct <b> from <a>=<a> - <b>",
        "?what is <a> decreased by <b>=<a> - <b>", ".<a> take away <b>=<a> - <b>", "?what is <b> less than <a>=<a> - <b>",
        "!multiply <a> [by|with|and] <b>=<a> * <b>", "?what is <a> times <b>=<a> * <b>", ".<a> times <b>=<a> * <b>", "?what's <a> multiplied by <b>=<a> * <b>",
        "!find the product of <a> and <b>=<a> * <b>", "?what is the product of <a> and <b>=<a> * <b>", "?how much is <a> times <b>=<a> * <b>",
        ".product of <a> and <b>=<a> * <b>", "!compute <a> times <b>=<a> * <b>", "?how much do <a> lots of <b> make=<a> * <b>", "!calculate <a> multiplied by <b>=<a> * <b>",
        "!divide <a> by <b>=<a> / <b>", "?what is <a> divided by <b>=<a> / <b>", ".<a> divided by <b>=<a> / <b>", ".<a> over <b>=<a> / <b>", "?what is <a> over <b>=<a> / <b>",
        "!split <a> [into|in] <b> [equal |]parts=<a> / <b>", "!find the quotient of <a> and <b>=<a> / <b>", "?how much is <a> divided by <b>=<a> / <b>",
        "!share <a> [between|among] <b> [people|persons|friends]=<a> / <b>", "?how many times does <b> go into <a>=<a> // <b>", "?how often does <b> fit into <a>=<a> // <b>",
        "?what is the remainder of <a> divided by <b>=<a> % <b>", "?what is <a> [mod|modulo] <b>=<a> % <b>", ".<a> [mod|modulo] <b>=<a> % <b>", ".remainder of <a> by <b>=<a> % <b>",
        "?what remains when <a> is divided by <b>=<a> % <b>", "!find the remainder when <a> is divided by <b>=<a> % <b>", "!divide <a> by <b> without remainder=<a> // <b>",
        "!add together <a> and <b>=<a> + <b>", "?what is the total of <a> and <b>=<a> + <b>", "!do <a> times <b>=<a> * <b>", "!do <a> plus <b>=<a> + <b>", "!do <a> minus <b>=<a> - <b>",
        "?how much are <a> [pens|books|tickets|boxes|items|apples|chairs|cups|shirts] at <p> [each|dollars each|euros each|a piece]=<a> * <p>",
        "?what do <a> [pens|books|tickets|boxes|items|bottles|chairs] cost at <p> each=<a> * <p>", "?<a> [things|items|pieces] cost <p> each, what is the total=<a> * <p>",
    ),
    held_out=(
        "!add up <a> and <b>=<a> + <b>", "?what does <a> plus <b> make=<a> + <b>", "!remove <b> from <a>=<a> - <b>", "?what is left of <a> after taking away <b>=<a> - <b>",
        "!give me <a> multiplied by <b>=<a> * <b>", "!work out the product of <a> and <b>=<a> * <b>", "?what do i get if i divide <a> by <b>=<a> / <b>",
        "!calculate <a> divided by <b>=<a> / <b>", "!tell me the remainder of <a> divided by <b>=<a> % <b>", "!get the sum of <a> and <b>=<a> + <b>",
        "?if one ticket costs <p>, how much are <a> tickets=<a> * <p>",
    ),
)  # fmt: skip

ONE = Phrases(
    train=(
        "?what is <a> squared=<a> ** 2", ".<a> squared=<a> ** 2", "!square <a>=<a> ** 2", "?what is the square of <a>=<a> ** 2", ".<a> cubed=<a> ** 3", "?what is <a> cubed=<a> ** 3",
        "!cube <a>=<a> ** 3", "?what is the cube of <a>=<a> ** 3", "?what is <a> to the power of <n>=<a> ** <n>", "!raise <a> to the power [of |]<n>=<a> ** <n>", ".<a> to the <n>th power=<a> ** <n>",
        ".<a> to the power <n>=<a> ** <n>", "!calculate <a> to the power of <n>=<a> ** <n>", "?what is the square root of <s>=<s> ** 0.5", ".square root of <s>=<s> ** 0.5", ".sqrt(<s>)=<s> ** 0.5",
        "!find the square root of <s>=<s> ** 0.5", ".root of <s>=<s> ** 0.5", ".sqrt <s>=<s> ** 0.5", "!calculate the [square |]root of <s>=<s> ** 0.5", "?what's the root of <s>=<s> ** 0.5",
        "?what is the cube root of <s>=<s> ** (1 / 3)", ".cube root of <s>=<s> ** (1 / 3)", "!find the cube root of <s>=<s> ** (1 / 3)", "?what is half of <a>=<a> / 2", ".half of <a>=<a> / 2", "!halve <a>=<a> / 2",
        "?what is [double|twice] <a>=<a> * 2", "!double <a>=<a> * 2", "!triple <a>=<a> * 3", ".twice <a>=<a> * 2", "?what is three times <a>=<a> * 3", "?what is a third of <a>=<a> / 3", "?what is a quarter of <a>=<a> / 4",
        ".a third of <a>=<a> / 3", ".a quarter of <a>=<a> / 4", "?what is a tenth of <a>=<a> / 10", "?how much is half of <a>=<a> / 2", "!compute <a> squared=<a> ** 2", "!multiply <a> by itself=<a> ** 2",
        "?how much is <a> squared=<a> ** 2", "!compute the square root of <s>=<s> ** 0.5", "!take the square root of <s>=<s> ** 0.5", "?how much is the square root of <s>=<s> ** 0.5", "!compute the square of <a>=<a> ** 2",
        "!compute <a> to the power of <n>=<a> ** <n>", "?how much is <a> to the power of <n>=<a> ** <n>",
    ),
    held_out=(
        "!calculate the square of <a>=<a> ** 2", "!give me the square root of <s>=<s> ** 0.5", "!tell me <a> to the power of <n>=<a> ** <n>", "?how much is a quarter of <a>=<a> / 4",
        "!give me half of <a>=<a> / 2", "?what is <a> raised to the power of <n>=<a> ** <n>", "!calculate twice <a>=<a> * 2",
    ),
)  # fmt: skip

MANY = Phrases(
    train=(
        "?what is the sum of <l>=+", "!add <l>=+", "!add up <l>=+", "!sum [up |]<l>=+", ".sum of <l>=+", ".total of <l>=+", "?what do <l> add up to=+", "!find the sum of <l>=+", "?what is the total of <l>=+",
        "?what is the product of <l>=*", "!multiply <l>=*", ".product of <l>=*", "?what is the average of <l>=m", ".average of <l>=m", "!find the [average|mean] of <l>=m", "?what's the mean of <l>=m", ".mean of <l>=m",
        "!average <l>=m", "!calculate the [average|mean] of <l>=m", "!calculate the sum of <l>=+", "!compute the [mean|average] of <l>=m", "?how much is <l> together=+", "!add these numbers: <l>=+",
        "!add the numbers <l>=+", "?what is the average of these numbers: <l>=m", "!sum these: <l>=+", "!multiply these numbers: <l>=*", "!calculate the product of <l>=*",
    ),
    held_out=("!total <l>=+", "!compute the sum of <l>=+", "?what is the mean of the numbers <l>=m", "!give me the average of <l>=m", "!work out the sum of <l>=+"),
)  # fmt: skip

NEXT_STEPS = (
    ("[and |, |, and |]then [add|plus] <c>", "+"), ("[and |, |, and |]then [take away|subtract|minus] <c>", "-"), ("[and |, |, and |]then multiply [it |that |the result |]by <c>", "*"),
    ("[and |, |, and |]then divide [it |that |the result |]by <c>", "/"), (", add <c>", "+"), (", subtract <c>", "-"), (", multiply by <c>", "*"), (", divide by <c>", "/"), (" and add <c>", "+"),
    (" and subtract <c>", "-"), (" and take away <c>", "-"), (" and multiply the result by <c>", "*"), (" and divide the result by <c>", "/"), (", then times <c>", "*"), (" and then double it", "2"),
)  # fmt: skip
CHAIN_STARTS = Phrases(
    train=("!add <a> and <b>", "!subtract <b> from <a>", "!multiply <a> by <b>", "!divide <a> by <b>", "!take <a>", "!start with <a>", "!take <b> from <a>", "!add <b> to <a>", "!compute <a> times <b>", "!compute <a> plus <b>"),
    held_out=("!begin with <a>", "!calculate <a> times <b>", "!sum <a> and <b>", "!calculate <a> plus <b>"),
)  # fmt: skip
START_CODES = (("times", "<a> * <b>"), ("multiply", "<a> * <b>"), ("divide", "<a> / <b>"), ("take <a>", "<a>"), ("start", "<a>"), ("begin", "<a>"), ("from", "<a> - <b>"), ("", "<a> + <b>"))  # fmt: skip


def make(situation: Situation) -> Task:
    """Return a task of this family."""
    kind = situation.rng.choices((_expression, _two, _one, _many, _chain), (8, 5, 2, 2, 3))[0]
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
    pattern, sign = rng.choice(FOLLOW_UPS)
    other = whole(rng, 2, 99, words=True)
    request = say(rng, pattern, {"c": other.text})
    code = f"{number} {sign} {other.code}" if sign in "+-*/" else f"{number} {sign}"
    values = {"+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b, "/": lambda a, b: a / b}
    truth = values[sign](Fraction(number), other.value) if sign in values else None
    return compute(situation, request, code, truth)


FOLLOW_UPS = (
    ("!multiply that by <c>", "*"), ("!add <c> to that", "+"), ("!divide that by <c>", "/"), ("!subtract <c> from that", "-"), (".times <c>", "*"), (".plus <c>", "+"), (".and times <c>", "*"), (".and plus <c>", "+"),
    (".minus <c>", "-"), (".and divided by <c>", "/"), ("!take away <c> from it", "-"), ("!multiply the result by <c>", "*"), ("!now add <c>", "+"), ("!now divide it by <c>", "/"), (".and squared", "** 2"),
    ("?what is half of that", "/ 2"), ("!double it", "* 2"), ("!add <c>", "+"), ("!multiply it by <c>", "*"), ("?and what is that times <c>", "*"),
)  # fmt: skip


# -- expressions in signs --------------------------------------------------------------------------------------------


def _expression(situation: Situation) -> Task:
    rng = situation.rng
    code, text, truth = _random_expression(rng)
    request = say(rng, EXPRESSION.pick(rng, situation.held_out), {"e": text})
    return compute(situation, request, code, truth)


def _random_expression(rng: Random) -> tuple[str, str, Fraction]:
    """Return an expression's code, how a person types it, and its value."""
    while True:
        count = rng.choices((2, 3, 4, 5, 6), (10, 6, 4, 2, 1))[0]
        parts = _tree(rng, [any_number(rng, negative=0.03) for _ in range(count)])
        code = " ".join(part[1] for part in parts).replace("( ", "(").replace(" )", ")")
        truth = _value(code)
        if truth is not None:
            return code, _typed(rng, parts), truth


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
        left, right = left if len(left) == 1 else [("(", "("), *left, (")", ")")], [(str(n := rng.randint(2, 9)), str(n))]
    joined = [*left, (sign, sign), *right]
    return [("(", "("), *joined, (")", ")")] if inside and rng.random() < 0.35 else joined


def _value(code: str) -> Fraction | None:
    """Return the exact value by a reading of its own, or None where it is not asked for: zero division, huge powers."""
    tokens = code.replace("(", "( ").replace(")", " )").split()
    try:
        value = _sum(tokens)
    except (ZeroDivisionError, OverflowError):
        return None
    return value if abs(value) < 10**22 else None


def _sum(tokens: list[str]) -> Fraction:
    value = _product(tokens)
    while tokens and tokens[0] in "+-":
        value = value + _product(tokens) if tokens.pop(0) == "+" else value - _product(tokens)
    return value


def _product(tokens: list[str]) -> Fraction:
    value = _power(tokens)
    while tokens and tokens[0] in ("*", "/", "//", "%"):
        sign, right = tokens.pop(0), _power(tokens)
        operations: dict[str, Callable[[], Fraction]] = {
            "*": lambda a=value, b=right: a * b, "/": lambda a=value, b=right: a / b,
            "//": lambda a=value, b=right: Fraction(a // b), "%": lambda a=value, b=right: a % b,
        }  # fmt: skip
        value = operations[sign]()
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
    token = tokens.pop(0)
    if token != "(":
        return Fraction(token)
    value = _sum(tokens)
    tokens.pop(0)
    return value


def _typed(rng: Random, parts: list[tuple[str, str]]) -> str:
    signs = {"*": rng.choice("****xx×·"), "/": rng.choice("////:÷"), "**": rng.choice(("**", "^", "^")), "-": rng.choice("-----–")}
    words = {"+": "plus", "-": "minus", "*": "times", "/": "divided by"} if rng.random() < 0.1 else {}
    spaced = bool(words) or rng.random() < 0.55 or signs["*"] == "x" and rng.random() < 0.7
    text = ""
    for typed, code in parts:
        if code in "()":
            text += typed if code == ")" else (" " if spaced and text and text[-1] != "(" else "") + typed
            continue
        sign = words.get(code) or signs.get(code, code)
        word = sign if code in ("+", "-", "*", "/", "**", "//", "%") else typed
        text += (" " if spaced and text and text[-1] != "(" else "") + word
    return text


# -- expressions in words --------------------------------------------------------------------------------------------


def _two(situation: Situation) -> Task:
    rng = situation.rng
    pattern, code = TWO.pick(rng, situation.held_out).split("=")
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
    return compute(situation, request, code, _value(code))


def _one(situation: Situation) -> Task:
    rng = situation.rng
    pattern, code = ONE.pick(rng, situation.held_out).split("=")
    power = "<a> **" in code
    number = whole(rng, 2, 999 if "** 2" in code or "** 3" in code else 30, words=True) if power else any_number(rng, words=True)
    exponent = rng.randint(4 if "th power" in pattern else 2, 12)
    rooted = whole(rng, 2, 200) if rng.random() < 0.5 else whole(rng, 2, 20000)
    if rng.random() < 0.4:
        side = rng.randint(2, 60)
        cubic = "1 / 3" in code
        rooted = Numeral(str(side ** (3 if cubic else 2)), str(side ** (3 if cubic else 2)))
    request = say(rng, pattern, {"a": number.text, "n": str(exponent), "s": rooted.text})
    code = code.replace("<a>", number.code).replace("<n>", str(exponent)).replace("<s>", rooted.code)
    if "<s>" in pattern:
        return _with_float_truth(situation, request, code, float(rooted.value) ** (1 / 3 if "1 / 3" in code else 0.5))
    return compute(situation, request, code, _value(code))


def _with_float_truth(situation: Situation, request: str, code: str, truth: float) -> Task:
    return compute(situation, request, code, Fraction(round(truth, 6)).limit_denominator(10**6))


def _many(situation: Situation) -> Task:
    rng = situation.rng
    pattern, meaning = MANY.pick(rng, situation.held_out).split("=")
    decimals = rng.choice((0, 0, 0, 1))
    numerals = [any_number(rng, decimals=decimals, words=False) for _ in range(rng.randint(2 if meaning == "m" else 3, 6))]
    numerals = [Numeral(numeral.code, numeral.code) for numeral in numerals]
    if meaning == "*":
        numerals = [Numeral(str(n), str(n)) for n in (rng.randint(2, 99) for _ in numerals)]
    texts = [numeral.text for numeral in numerals]
    style = rng.choice((", ", ", ", " ", ","))
    listed = rng.choice((style.join(texts), f"{', '.join(texts[:-1])} and {texts[-1]}", " and ".join(texts)))
    joined = (" * " if meaning == "*" else " + ").join(numeral.code for numeral in numerals)
    code = f"({joined}) / {len(numerals)}" if meaning == "m" else joined
    return compute(situation, say(rng, pattern, {"l": listed}), code, _value(code))


def _chain(situation: Situation) -> Task:
    rng = situation.rng
    start = CHAIN_STARTS.pick(rng, situation.held_out)
    code = next(code for word, code in START_CODES if word in start.replace("!take <b> from", "!from") and (word != "from" or "from" in start))
    first, second = any_number(rng, words=True, decimals=0.05), any_number(rng, words=True, decimals=0.05)
    code = code.replace("<a>", first.code).replace("<b>", second.code)
    pattern, slots = start, {"a": first.text, "b": second.text}
    for index in range(rng.choice((1, 1, 2) if "<b>" in start else (2, 2, 3))):
        step, sign = rng.choice(NEXT_STEPS)
        number = any_number(rng, words=True, decimals=0.05)
        slots[f"c{index}"] = number.text
        pattern += step.replace("<c>", f"<c{index}>") if step.startswith((",", " ")) else " " + step.replace("<c>", f"<c{index}>")
        grouped = f"({code})" if sign in "*/2" and any(s in code for s in (" + ", " - ")) and not _is_grouped(code) else code
        code = f"{grouped} * 2" if sign == "2" else f"{grouped} {sign} {number.code}"
    request = say(rng, pattern.replace(" ,", ","), slots)
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
