"""Sequences of whole numbers: those of a kind in a range, the first of a kind, steps, and multiplication tables.

Lists that are short enough stay in ``numbers`` for requests that go on with them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from offline_interpreter.records import Code
from starter.dialogue import Outputs, Situation, Task
from starter.families import lists
from starter.families.number_facts import IS_PRIME, is_prime
from starter.numerals import Numeral, whole, written
from starter.phrasing import load_phrases, say

NAME = "numbers"
PHRASES = load_phrases("sequences")
JOINED = 'print(", ".join(map(str, numbers)))'
FEW, MANY = 26, 60  # lists up to FEW are repeated in the answer; from MANY they are not; none are between
# Per kind in a range: how people call it, the condition in code, and the truth of one number and the divisor.
RANGES: dict[str, tuple[Sequence[str], str, Callable[[int, int], bool]]] = {
    "numbers": (("numbers", "numbers", "whole numbers", "integers", "natural numbers"), "", lambda *_: True),
    "even numbers": (
        ("even numbers", "even numbers", "even integers"),
        "n % 2 == 0",
        lambda n, _: str(n)[-1] in "02468",
    ),
    "odd numbers": (("odd numbers", "odd numbers", "odd integers"), "n % 2 == 1", lambda n, _: str(n)[-1] in "13579"),
    "prime numbers": (("prime numbers", "primes", "prime numbers", "primes"), IS_PRIME, lambda n, _: is_prime(n)),
    "multiples of <k>": (
        ("multiples of <k>", "numbers divisible by <k>", "numbers that are divisible by <k>", "multiples of <k>"),
        "n % <k> == 0",
        lambda n, k: n // k * k == n,
    ),
}
RANGE_WEIGHTS = (3, 3, 3, 5, 3)
# Per kind of the first numbers: how people call it, the code of the n-th, and the truth, from 1 on.
FIRST: dict[str, tuple[Sequence[str], str, Callable[[int, int], int]]] = {
    "even numbers": (("even numbers",), "2 * n", lambda n, _: n + n),
    "odd numbers": (("odd numbers",), "2 * n - 1", lambda n, _: n + n - 1),
    "square numbers": (("square numbers", "squares", "perfect squares"), "n ** 2", lambda n, _: n * n),
    "cube numbers": (("cube numbers", "cubes", "cubic numbers"), "n ** 3", lambda n, _: n * n * n),
    "multiples of <k>": (("multiples of <k>", "numbers divisible by <k>"), "<k> * n", lambda n, k: sum([k] * n)),
    "natural numbers": (("natural numbers", "whole numbers", "positive integers"), "n", lambda n, _: n),
}
FIRST_PRIMES = """numbers = []
n = 2
while len(numbers) < <a>:
    if all(n % prime for prime in numbers):
        numbers.append(n)
    n += 1"""
FIRST_FIBONACCI = """numbers = [0, 1]
while len(numbers) < <a>:
    numbers.append(numbers[-1] + numbers[-2])"""
FIBONACCI_UP_TO = """numbers = [0, 1]
while numbers[-1] + numbers[-2] <= <a>:
    numbers.append(numbers[-1] + numbers[-2])"""


def make(situation: Situation) -> Task:
    """Return a task of this family."""
    kinds = (_range, _first, _fibonacci_up_to)
    return situation.rng.choices(kinds, (9, 8, 1))[0](situation)


def follow_up(situation: Situation) -> Task | None:
    """Return a request that goes on with the numbers of the one before."""
    return lists.follow_up(situation)


def fibonacci(count: int) -> list[int]:
    """Return the first numbers of Fibonacci, each counted as the sums of rows of two and one."""
    rows = {0: 0, 1: 1}
    for place in range(2, count):
        rows[place] = rows[place - 2] + rows[place - 1]
    return [rows[place] for place in range(count)]


def _list_task(situation: Situation, request: str, what: str, code: str, numbers: Sequence[int]) -> Task:
    """Return the task of listing numbers that code has put into ``numbers``."""
    few = len(numbers) <= FEW
    situation.done = {"numbers": [str(number) for number in numbers]} if 2 < len(numbers) <= FEW else {}
    shown = ", ".join(str(number) for number in numbers)
    return Task(
        NAME,
        request,
        [Code(f"I'll list the {what}.", f"{code}\n{JOINED}")],
        lambda outputs: f"The {what} are: {outputs[0].strip()}." if few else f"The {what} are shown above.",
        lambda outputs: outputs[0].strip() == shown,
    )


def _number_task(situation: Situation, request: str, cell: tuple[str, str], answer: str, truth: int) -> Task:
    """Return the task of printing one number; ``cell`` is its message and code."""

    def answered(outputs: Outputs) -> str:
        situation.done = {"number": outputs[0].strip()}
        return answer.replace("<out>", outputs[0].strip())

    return Task(NAME, request, [Code(*cell)], answered, lambda outputs: int(outputs[0]) == truth)


# -- ranges -----------------------------------------------------------------------------------------------------------


def _bounds(rng: Random, section: str) -> tuple[int, int]:
    width = rng.choice(
        (10, 20, 30, 50, 100, 100, 1000) if section == "list" else (10, 20, 50, 100, 100, 1000, 1000, 5000)
    )
    if rng.random() < 0.55:
        return 1, rng.choice((width, rng.randint(5, width + 5)))
    low = rng.randint(2, 200)
    return low, low + rng.randint(5, width)


def _range(situation: Situation) -> Task:
    rng = situation.rng
    section = rng.choices(("list", "sum"), (6, 4))[0]
    kind = rng.choices(tuple(RANGES), RANGE_WEIGHTS)[0]
    called, condition, truth = RANGES[kind]
    low, high = _bounds(rng, section)
    divisor = rng.choice((3, 3, 4, 5, 5, 6, 7, 7, 8, 9, 11, 13))
    below = low == 1 and rng.random() < 0.45
    numbers = [n for n in range(low, high if below else high + 1) if truth(n, divisor)]
    if len(numbers) < 3 or (section == "list" and FEW < len(numbers) < MANY) or (section == "count" and not condition):
        return _range(situation)
    first, last = Numeral(str(low), str(low)), written(rng, high)
    where = f"below {last.code}" if below else f"from {low} to {last.code}"
    form = "below" if below else "up to" if low == 1 and rng.random() < 0.4 else "between"
    span = PHRASES[form].pick(rng, False)[1:].replace("<a>", first.text).replace("<b>", last.text)
    texts = {"s": rng.choice(called).replace("<k>", str(divisor)), "r": span}
    request = say(rng, PHRASES[section].pick(rng, situation.held_out), texts)
    reach = f"range({low}, {last.code})" if below else f"range({low}, {last.code} + 1)"
    code = f"numbers = [n for n in {reach} if {condition}]" if condition else f"numbers = list({reach})"
    code, what = code.replace("<k>", str(divisor)), f"{kind} {where}".replace("<k>", str(divisor))
    if section == "list":
        return _list_task(situation, request, what, code, numbers)
    if section == "sum":
        message, answer, result = f"I'll add up the {what}.", f"The sum of the {what} is <out>.", _added(numbers)
        return _number_task(situation, request, (message, f"{code}\nprint(sum(numbers))"), answer, result)
    cell = (f"I'll count the {what}.", f"{code}\nprint(len(numbers))")
    return _number_task(situation, request, cell, f"There are <out> {what}.", sum(1 for _ in numbers))


def _added(numbers: Sequence[int]) -> int:
    total = 0
    for number in numbers:
        total += number
    return total


# -- the first of a kind ----------------------------------------------------------------------------------------------


def _first(situation: Situation) -> Task:
    rng = situation.rng
    section = rng.choices(("first", "first sum"), (4, 1))[0]
    kind = rng.choices(("prime numbers", "Fibonacci numbers", *FIRST), (5, 5, 2, 2, 2, 1, 2, 0.7))[0]
    divisor = rng.choice((3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 15, 25))
    count = whole(rng, 3, FEW - 1, words=True)
    numbers, called, code = _first_of(kind, int(count.code), divisor)
    kind = kind.replace("<k>", str(divisor))
    name = rng.choice(called).replace("<k>", str(divisor))
    request = say(rng, PHRASES[section].pick(rng, situation.held_out), {"n": count.text, "s": name})
    code = code.replace("<a>", count.code).replace("<k>", str(divisor))
    what = f"first {count.code} {kind}"
    if section == "first":
        return _list_task(situation, request, what, code, numbers)
    cell = (f"I'll add up the {what}.", f"{code}\nprint(sum(numbers))")
    return _number_task(situation, request, cell, f"The sum of the {what} is <out>.", _added(numbers))


def _first_of(kind: str, count: int, divisor: int) -> tuple[list[int], Sequence[str], str]:
    """Return the first numbers of a kind, how people call it, and the code that makes them."""
    if kind == "prime numbers":
        numbers = [n for n in range(2, 130) if is_prime(n)][:count]
        return numbers, ("prime numbers", "primes", "prime numbers"), FIRST_PRIMES
    if kind == "Fibonacci numbers":
        called = ("fibonacci numbers", "Fibonacci numbers", "numbers of the fibonacci sequence", "fibonaccis")
        return fibonacci(count), called, FIRST_FIBONACCI
    called, code, truth = FIRST[kind]
    return [truth(n, divisor) for n in range(1, count + 1)], called, f"numbers = [{code} for n in range(1, <a> + 1)]"


def _fibonacci_up_to(situation: Situation) -> Task:
    rng = situation.rng
    top = rng.choice((50, 100, 100, 200, 500, 1000, 1000, 10000, rng.randint(10, 5000)))
    top += top in fibonacci(30)  # whether the end itself belongs is said in too many ways
    request = say(rng, PHRASES["fibonacci up to"].pick(rng, situation.held_out), {"n": str(top)})
    numbers = [number for number in fibonacci(30) if number <= top]
    return _list_task(
        situation, request, f"Fibonacci numbers up to {top}", FIBONACCI_UP_TO.replace("<a>", str(top)), numbers
    )


# -- tables -----------------------------------------------------------------------------------------------------------
