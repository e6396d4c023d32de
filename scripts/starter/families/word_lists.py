"""Lists of words in the request: their order, their parts, how many and how often; and what follows on the same list.

The list of the last request stays in ``words``: a request that goes on with it does not write it again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from offline_interpreter.records import Code
from starter.dialogue import Situation, Task
from starter.listing import code_list, listed
from starter.names import choose_name
from starter.phrasing import load_phrases, say

NAME = "lists"
PHRASES = load_phrases("word_lists")
JOINED = 'print(", ".join({}))'
ALPHABET = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Kind:
    """One thing to do with a list of words: ``<x>`` is a word or number of the request, ``<out>`` what was printed."""

    weight: float
    message: str
    code: str
    answer: str
    truth: Callable[[Sequence[str], str], str]


def _alphabetical(words: Sequence[str], _: str = "") -> list[str]:
    """Return the words in alphabetical order, inserted one by one."""
    ordered: list[str] = []
    for word in words:
        place = len(ordered)
        while place and ordered[place - 1].lower() > word.lower():
            place -= 1
        ordered.insert(place, word)
    return ordered


def _once(words: Sequence[str]) -> list[str]:
    return [word for place, word in enumerate(words) if word not in words[:place]]


def _counts(words: Sequence[str]) -> str:
    return "\n".join(f"{word}: {sum(other == word for other in words)}" for word in _once(words))


KINDS = {
    "alphabetical": Kind(
        6,
        "I'll sort the words alphabetically.",
        JOINED.format("sorted(words, key=str.lower)"),
        "In alphabetical order: <out>.",
        lambda w, _: ", ".join(_alphabetical(w)),
    ),
    "backwards": Kind(
        2.5,
        "I'll sort the words in reverse alphabetical order.",
        JOINED.format("sorted(words, key=str.lower, reverse=True)"),
        "In reverse alphabetical order: <out>.",
        lambda w, _: ", ".join(_alphabetical(w[::-1])[::-1]),
    ),
    "count": Kind(
        3, "I'll count the words.", "print(len(words))", "The count is <out>.", lambda w, _: str(sum(1 for _ in w))
    ),
    "unique": Kind(
        3.5,
        "I'll list the unique words.",
        JOINED.format("dict.fromkeys(words)"),
        "The unique words are: <out>.",
        lambda w, _: ", ".join(_once(w)),
    ),
    "unique count": Kind(
        2,
        "I'll count the unique words.",
        "print(len(set(words)))",
        "The number of unique words is <out>.",
        lambda w, _: str(len(_once(w))),
    ),
    "occurrences": Kind(
        3,
        'I\'ll count how often "<x>" occurs.',
        'print(words.count("<x>"))',
        'The count of "<x>" is <out>.',
        lambda w, x: str(sum(word == x for word in w)),
    ),
    "tally": Kind(
        3,
        "I'll count how often each word occurs.",
        'for word in dict.fromkeys(words):\n    print(f"{word}: {words.count(word)}")',
        "How often each occurs:\n<out>",
        lambda w, _: _counts(w),
    ),
}
WORD_FORMS = ("{}", "{}", "{}", "'{}'", '"{}"', "the word {}")
REPEATED = ("unique", "unique count", "occurrences", "tally")


def make(situation: Situation) -> Task:
    """Return a task of this family."""
    return _task(situation, _kind(situation.rng), None)


def follow_up(situation: Situation) -> Task | None:
    """Return a request that goes on with the words of the one before."""
    words = situation.done.get("words")
    return _task(situation, _kind(situation.rng), words) if words else None


def _kind(rng: Random) -> str:
    return rng.choices(tuple(KINDS), [kind.weight for kind in KINDS.values()])[0]


def _task(situation: Situation, name: str, known: Sequence[str] | None) -> Task:
    rng, kind = situation.rng, KINDS[name]
    words = known or draw_words(situation, repeated=name in REPEATED)
    operand = rng.choice(words)
    request = _request(situation, name, words, x=rng.choice(WORD_FORMS).format(operand), known=bool(known))
    truth = kind.truth(words, operand)
    imports, newline, line = kind.code.rpartition("\n") if kind.code.startswith("import") else ("", "", kind.code)
    defined = "" if known else f"words = {code_list(words, quoted=True)}\n"
    code = imports + newline + defined + line.replace("<x>", operand)
    situation.done = {"words": list(words)}
    return Task(
        NAME,
        request,
        [Code(kind.message.replace("<x>", operand), code)],
        lambda outputs: kind.answer.replace("<x>", operand).replace("<out>", outputs[0].strip()),
        lambda outputs: outputs[0].strip() == truth,
        names=tuple(dict.fromkeys(words)),
    )


def draw_words(situation: Situation, *, repeated: bool = False) -> list[str]:
    """Return a list of words of one sort, as people put them together."""
    rng, held_out = situation.rng, situation.held_out
    pool = rng.choice(PHRASES["sorts"].train).removeprefix(".").split(", ")
    count = rng.choice((3, 4, 4, 5, 5, 6, 6, 7, 8, 10))
    words = list(dict.fromkeys(choose_name(rng, pool, held_out, made_up=0.2) for _ in range(count)))
    if rng.random() < 0.2:
        words = [word.capitalize() for word in words]
    if repeated and rng.random() < 0.9:
        some = words[: rng.randint(2, 4)]
        words = [rng.choice(some) for _ in range(max(count, 5))]
    return words if len(words) > 2 else draw_words(situation, repeated=repeated)


def _request(situation: Situation, section: str, words: Sequence[str], *, x: str, known: bool) -> str:
    """Return a request of a section: the list in its place, around a pronoun, or named by the pronoun alone."""
    rng = situation.rng
    pattern = PHRASES[section].pick(rng, situation.held_out)
    pronoun = PHRASES["pronoun"].pick(rng, False)[1:]
    if known:
        pronoun = pronoun.replace("the following", "these")
        follow = PHRASES.get(f"follow {section}")
        if follow and rng.random() < 0.35:
            pattern = follow.pick(rng, situation.held_out)
        return say(rng, pattern, {"l": rng.choice((pronoun, "the list", "the words", "these words", "them")), "x": x})
    if rng.random() < 0.4:
        pattern = pattern.replace("<l>", pronoun)
        if rng.random() < 0.4:
            pattern = "." + PHRASES["before"].pick(rng, False)[1:] + pattern[1:]
        else:
            pattern += rng.choice((": <l>", ": <l>", ": <l>", " <l>", ". <l>", " - <l>", ":<l>"))
    return say(rng, pattern, {"l": listed(rng, words, pattern=pattern, quotes=True), "x": x})
