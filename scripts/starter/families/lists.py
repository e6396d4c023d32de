"""Lists of numbers in the request: their figures, their order, their parts, and what follows on the same list.

The list of the last request stays in ``numbers``: a request that goes on with it does not write it again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from random import Random

from offline_interpreter.records import Code
from starter.dialogue import Situation, Task
from starter.list_kinds import KINDS, MEASURES, Result, imports
from starter.listing import code_list, listed
from starter.phrasing import load_phrases, say

NAME = "lists"
PHRASES = load_phrases("lists")
MEASURE_WEIGHTS = (9, 9, 5, 4, 4, 4, 4, 6, 2, 2)
KIND_WEIGHTS = (6, 5, 3, 3, 4)
WHOLE_ONLY = ("mode", "occurrences", "unique", "number of unique values")
REPEATED = (*WHOLE_ONLY, "tally")
PAIRS = ("mean", "median", "mode", "sum", "minimum", "maximum", "range", "standard deviation")
TOO_LARGE = 10**13  # of products: figures beyond it are not exact with decimals


@dataclass(frozen=True, slots=True)
class Numbers:
    """The list that a request is about: as code writes it, and whether it stands in the request or was given before."""

    items: Sequence[str]
    known: bool = False

    @property
    def values(self) -> list[Fraction]:
        """The numbers themselves."""
        return [Fraction(item) for item in self.items]

    @property
    def line(self) -> str:
        """The line of code that defines the list; nothing if it is defined already."""
        return "" if self.known else f"numbers = {code_list(self.items)}\n"


def make(situation: Situation) -> Task:
    """Return a task of this family."""
    return _chosen(situation, None)


def follow_up(situation: Situation) -> Task | None:
    """Return a request that goes on with the list of the one before."""
    items = situation.done.get("numbers")
    if not items:
        return None
    return _chosen(situation, Numbers(items, known=True))


def _chosen(situation: Situation, known: Numbers | None) -> Task:
    make_one = situation.rng.choices((_measure, _kind, _several, _tally), (9, 8, 2, 0.8))[0]
    return make_one(situation, known)


# -- lists and how they stand in a request ----------------------------------------------------------------------------


def _draw(rng: Random, name: str) -> Numbers:
    """Return a list that suits a kind of request."""
    count = rng.choice((3, 4, 4, 5, 5, 5, 6, 6, 7, 8, 9, 10, 12, 15))
    whole = rng.random() < 0.7 or name in WHOLE_ONLY
    top = rng.choice((9, 20, 50, 100, 100, 500, 1000, 10000, 100000))
    low = -top if rng.random() < 0.1 else 1
    if not whole or top > 1000:  # long figures come in short lists
        count = min(count, 8)
    if name in REPEATED and rng.random() < 0.85:
        top, count, low = rng.choice((5, 9, 12, 40)), max(count, 5), 1
        pool = [rng.randint(low, top) for _ in range(rng.randint(2, max(3, count - 2)))]
        return Numbers([str(rng.choice(pool)) for _ in range(count)])
    places = rng.choice((1, 1, 2))
    items = [str(rng.randint(low, top)) if whole else f"{rng.uniform(low, top):.{places}f}" for _ in range(count)]
    if not whole:  # people write 3 and not 3.0
        items = [item.split(".")[0] if item.endswith(".0") and item != "-0.0" else item for item in items]
    return Numbers(items) if len(items) > 2 and "-0" not in " ".join(items) else _draw(rng, name)


def _request(situation: Situation, section: str, numbers: Numbers, **slots: str) -> str:
    """Return a request of a section: the list in its place, or around a pronoun, or named by the pronoun alone."""
    rng = situation.rng
    pattern = PHRASES[section].pick(rng, situation.held_out)
    pronoun = PHRASES["pronoun"].pick(rng, False)[1:]
    if numbers.known:
        pronoun = pronoun.replace("the following", "these")
        return say(rng, pattern, {**slots, "l": rng.choice((pronoun, "the list", "the numbers", "these numbers"))})
    if rng.random() < 0.33:
        where = rng.random()
        pattern = pattern.replace("<l>", pronoun)
        if where < 0.5:
            pattern = "." + PHRASES["before"].pick(rng, False)[1:] + pattern[1:]
        else:
            pattern += rng.choice((": <l>", ": <l>", ": <l>", " <l>", ". <l>", " - <l>", ":<l>"))
    return say(rng, pattern, {**slots, "l": listed(rng, numbers.items, pattern=pattern)})


def _task(
    situation: Situation,
    request: str,
    numbers: Numbers,
    *,
    code: tuple[str, str],
    answer: Callable[[str], str],
    agrees: Callable[[str], bool],
) -> Task:
    """Return the task of one cell; ``code`` are its message and its lines after the list's."""
    situation.done = {"numbers": list(numbers.items)}
    cell = Code(code[0], imports(code[1]) + numbers.line + code[1])

    return Task(NAME, request, [cell], lambda o: answer(o[0].strip()), lambda o: agrees(o[0].strip()))


def _same(printed: str, truth: Result) -> bool:
    if isinstance(truth, list):
        items = [] if printed == "none" else printed.split(", ")
        return len(items) == len(truth) and all(map(_same, items, truth))
    assert not isinstance(truth, Sequence)
    return abs(float(Fraction(printed) - Fraction(truth))) <= 1e-6 + abs(float(truth)) * 1e-12


# -- figures ----------------------------------------------------------------------------------------------------------


def _measure(situation: Situation, known: Numbers | None) -> Task:
    rng = situation.rng
    name = rng.choices(tuple(MEASURES), MEASURE_WEIGHTS)[0]
    numbers = known or _draw(rng, name)
    if not _computable(name, numbers):
        return _measure(situation, known)
    section = name if name in PHRASES and rng.random() < 0.4 else "measure"
    if known and rng.random() < 0.4:
        section = "follow measure"
    request = _request(situation, section, numbers, m=rng.choice(MEASURES[name].called))

    def answered(printed: str) -> str:
        return f"The {name}s are {printed}." if ", " in printed else f"The {name} is {printed}."

    code = (f"I'll compute the {name} of the numbers.", f"print({MEASURES[name].code})")
    return _task(
        situation, request, numbers, code=code, answer=answered, agrees=lambda p: _same(p, _truth(name, numbers, p))
    )


def _truth(name: str, numbers: Numbers, printed: str) -> Result:
    truth = MEASURES[name].truth(numbers.values)
    return truth[0] if isinstance(truth, list) and ", " not in printed and len(truth) == 1 else truth


def _computable(name: str, numbers: Numbers) -> bool:
    values = numbers.values
    if name == "geometric mean":
        return min(values) > 0
    return name != "product" or abs(float(MEASURES[name].truth(values))) < TOO_LARGE  # type: ignore[arg-type]


def _several(situation: Situation, known: Numbers | None) -> Task:
    rng = situation.rng
    names = rng.sample(PAIRS, rng.choice((2, 2, 2, 3)))
    section = "several"
    if rng.random() < 0.3:
        names, section = ["minimum", "maximum"], "both ends"
    called = [rng.choice(MEASURES[name].called) for name in names]
    numbers = known or _draw(rng, rng.choice(names))
    texts = f"{', '.join(called[:-1])} and {called[-1]}"
    request = _request(situation, section, numbers, m=texts)
    message = f"I'll compute the {', '.join(names[:-1])} and {names[-1]} of the numbers."
    return _lines_task(situation, request, numbers, message, names)


def _lines_task(situation: Situation, request: str, numbers: Numbers, message: str, names: Sequence[str]) -> Task:
    lines = "\n".join(f'print("{name}:", {MEASURES[name].code})' for name in names)

    def agrees(printed: str) -> bool:
        pairs = [line.split(": ", 1) for line in printed.splitlines()]
        return [pair[0] for pair in pairs] == list(names) and all(
            _same(value, _truth(name, numbers, value)) for name, value in pairs
        )

    return _task(
        situation, request, numbers, code=(message, lines), answer=lambda p: f"The results:\n{p}", agrees=agrees
    )


def _tally(situation: Situation, known: Numbers | None) -> Task:
    numbers = known or _draw(situation.rng, "tally")
    if len(set(numbers.items)) > 12:
        return _measure(situation, known)
    code = 'for n in dict.fromkeys(numbers):\n    print(f"{n}: {numbers.count(n)}")'
    counts: dict[Fraction, int] = {}
    for value in numbers.values:
        counts[value] = counts.get(value, 0) + 1

    def agrees(printed: str) -> bool:
        pairs = [line.split(": ") for line in printed.splitlines()]
        return [(Fraction(name), int(count)) for name, count in pairs] == list(counts.items())

    request = _request(situation, "tally", numbers)
    message = "I'll count how often each number occurs."
    return _task(
        situation,
        request,
        numbers,
        code=(message, code),
        answer=lambda p: f"How often each occurs:\n{p}",
        agrees=agrees,
    )


# -- order and parts --------------------------------------------------------------------------------------------------


def _kind(situation: Situation, known: Numbers | None) -> Task:
    rng = situation.rng
    name = rng.choices(tuple(KINDS), KIND_WEIGHTS)[0]
    numbers = known or _draw(rng, name)
    kind = KINDS[name]
    if name in ("even", "odd") and any("." in item for item in numbers.items):
        return _kind(situation, known)
    operand = rng.choice(numbers.items)
    request = _request(situation, name, numbers, x=operand)
    filled = replace(
        kind, **{part: getattr(kind, part).replace("<x>", operand) for part in ("message", "code", "answer")}
    )
    truth = kind.truth(numbers.values, Fraction(operand))
    return _task(
        situation,
        request,
        numbers,
        code=(filled.message, f"print({filled.code})"),
        answer=lambda printed: filled.answer.replace("<out>", printed),
        agrees=lambda printed: _same(printed, truth),
    )
