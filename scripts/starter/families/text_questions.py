"""Questions about a text beside counts: what occurs in it and how often, its words and letters, yes-or-no questions."""

from __future__ import annotations

import re

from starter.families.text_kinds import (
    PLAIN_WORDS,
    WORDS,
    WORDY,
    Kind,
    Shapes,
    Truth,
    Values,
    tokens,
)

MOST_COMMON = 'for word, count in Counter(words).most_common(<n>):\n    print(f"{word}: {count}")'
COUNTED_WORDS = WORDS.replace("import re\n", "import re\nfrom collections import Counter\n")
PALINDROME = """letters = [c for c in text.lower() if c.isalnum()]
print("is" if letters == letters[::-1] else "is not", "a palindrome")"""


def ask(section: str, message: str, code: str, answer: str, truth: Truth, *, shapes: Shapes, weight: float = 2) -> Kind:
    """Return a kind of question, after which another is plain."""
    return Kind(section, f"I'll {message}.", code, answer, truth, shapes, weight)


def _most_common(found: list[str], values: Values) -> str:
    """Return the lines of the most frequent, ties in the order of their first place."""
    counted = {each: found.count(each) for each in found}
    ordered = sorted(counted, key=lambda each: (-counted[each], found.index(each)))
    return "\n".join(f"{each}: {counted[each]}" for each in ordered[: int(values.get("n", len(ordered)))])


def _palindrome(text: str, _: Values) -> str:
    signs = re.sub(r"[^a-z0-9]", "", text.casefold())
    same = all(signs[place] == signs[-1 - place] for place in range(len(signs) // 2))
    return f"{'is' if same else 'is not'} a palindrome"


OCCURRENCES = {
    "letter": ask(
        "letter",
        "count the letter <l!> in <s>",
        "print(text.lower().count(<l!>.lower()))",
        'The letter "<l>" occurs <out> time+s in <s>.',
        lambda text, values: sum(sign == values["l"].casefold() for sign in text.casefold()),
        shapes={"word": 7, "phrase": 3, "sentence": 3, "coded": 0.5, "file": 3},
        weight=12,
    ),
    "word": ask(
        "word",
        "count the word <w!> in <s>",
        f"{WORDS}print(words.count(<w!>.lower()))",
        'The word "<w>" occurs <out> time+s in <s>.',
        lambda text, values: sum(each == values["w"].casefold() for each in tokens(text.casefold())),
        shapes={"sentence": 4, "several": 2, "double words": 3, "file": 9},
        weight=8,
    ),
    "palindrome": ask(
        "palindrome",
        "compare <s> with its reverse",
        PALINDROME,
        '"<t>" <out>.',
        _palindrome,
        shapes={"palindrome": 1.0},
        weight=6,
    ),
}

WORDS_OF_TEXTS = {
    "longest": ask(
        "longest",
        "find the longest word of <s>",
        f"{PLAIN_WORDS}print(max(words, key=len))",
        "The longest word is <out>.",
        lambda text, _: next(w for w in tokens(text) if all(len(w) >= len(other) for other in tokens(text))),
        shapes=WORDY,
        weight=5,
    ),
    "most word": ask(
        "most word",
        "find the most frequent word of <s>",
        f"{COUNTED_WORDS}{MOST_COMMON}".replace("<n>", "1"),
        "The most frequent word:\n<out>",
        lambda text, _: _most_common(tokens(text.casefold()), {"n": "1"}),
        shapes={"double words": 3, "several": 2, "file": 7},
        weight=5,
    ),
}
