"""Questions about a text beside counts: what occurs in it and how often, its words and letters, yes-or-no questions."""

from __future__ import annotations

import re
from collections import Counter
from fractions import Fraction

from starter.families.text_kinds import (
    ALPHABET,
    ANY,
    INSIDE,
    ONE_WORD,
    PHRASE,
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
LETTER_COUNTS = (
    "from collections import Counter\n<text>letters = [c for c in text.lower() if c.isalpha()]\n"
    'for letter, count in Counter(letters).most_common(<n>):\n    print(f"{letter}: {count}")'
)
PALINDROME = """letters = [c for c in text.lower() if c.isalnum()]
print("is" if letters == letters[::-1] else "is not", "a palindrome")"""
ANAGRAM = """print("are" if sorted(text.lower()) == sorted(other.lower()) else "are not", "anagrams")"""


def ask(section: str, message: str, code: str, answer: str, truth: Truth, *, shapes: Shapes, weight: float = 2) -> Kind:
    """Return a kind of question, after which another is plain."""
    return Kind(section, f"I'll {message}.", code, answer, truth, shapes, weight)


def _most_common(found: list[str], values: Values) -> str:
    """Return the lines of the most frequent, ties in the order of their first place."""
    counted = {each: found.count(each) for each in found}
    ordered = sorted(counted, key=lambda each: (-counted[each], found.index(each)))
    return "\n".join(f"{each}: {counted[each]}" for each in ordered[: int(values.get("n", len(ordered)))])


def _letters(text: str) -> list[str]:
    return [sign for sign in text.casefold() if sign in ALPHABET]


def _palindrome(text: str, _: Values) -> str:
    signs = re.sub(r"[^a-z0-9]", "", text.casefold())
    same = all(signs[place] == signs[-1 - place] for place in range(len(signs) // 2))
    return f"{'is' if same else 'is not'} a palindrome"


def _anagrams(text: str, values: Values) -> str:
    return f"{'are' if Counter(text.casefold()) == Counter(values['other'].casefold()) else 'are not'} anagrams"


def _average(text: str, _: Values) -> float:
    found = tokens(text)
    return round(float(Fraction(len("".join(found)), len(found))), 2)


def _either(yes: str, no: str, holds: Truth) -> Truth:
    return lambda text, values: yes if holds(text.casefold(), values) else no


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
    "substring": ask(
        "substring",
        "count <part!> in <s>",
        "print(text.lower().count(<part!>.lower()))",
        '"<part>" occurs <out> time+s in <s>.',
        lambda text, values: len(text.casefold().split(values["part"].casefold())) - 1,
        shapes=INSIDE,
        weight=2,
    ),
    "contains": ask(
        "contains",
        "look for <part!> in <s>",
        'print("contains" if <part!>.lower() in text.lower() else "does not contain")',
        '<S> <out> "<part>".',
        _either("contains", "does not contain", lambda text, values: text.find(values["part"].casefold()) >= 0),
        shapes=ANY,
        weight=6,
    ),
    "starts": ask(
        "starts",
        "look at the beginning of <s>",
        'print("starts" if text.lower().startswith(<edge!>.lower()) else "does not start")',
        '<S> <out> with "<edge>".',
        _either("starts", "does not start", lambda text, values: text.find(values["edge"].casefold()) == 0),
        shapes=INSIDE,
        weight=1.5,
    ),
    "ends": ask(
        "ends",
        "look at the end of <s>",
        'print("ends" if text.lower().endswith(<end!>.lower()) else "does not end")',
        '<S> <out> with "<end>".',
        _either("ends", "does not end", lambda text, values: text[::-1].find(values["end"].casefold()[::-1]) == 0),
        shapes={"word": 4, "phrase": 2, "sentence": 2},
        weight=1.5,
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
    "anagram": ask(
        "anagram",
        "compare the letters of <t!> and <other!>",
        f"other = <other!>\n{ANAGRAM}",
        '"<t>" and "<other>" <out>.',
        _anagrams,
        shapes=ONE_WORD,
        weight=3,
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
    "shortest": ask(
        "shortest",
        "find the shortest word of <s>",
        f"{PLAIN_WORDS}print(min(words, key=len))",
        "The shortest word is <out>.",
        lambda text, _: next(w for w in tokens(text) if all(len(w) <= len(other) for other in tokens(text))),
        shapes=WORDY,
        weight=3,
    ),
    "average length": ask(
        "average length",
        "compute the average length of the words of <s>",
        f"{PLAIN_WORDS}print(round(sum(len(word) for word in words) / len(words), 2))",
        "The average word length is <out>.",
        _average,
        shapes=WORDY,
        weight=4,
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
    "top words": ask(
        "top words",
        "find the <n> most frequent words of <s>",
        f"{COUNTED_WORDS}{MOST_COMMON}",
        "The <n> most frequent words:\n<out>",
        lambda text, values: _most_common(tokens(text.casefold()), values),
        shapes={"double words": 3, "several": 2, "file": 8},
        weight=5,
    ),
    "word counts": ask(
        "word counts",
        "count each word of <s>",
        f"{COUNTED_WORDS}{MOST_COMMON.replace('<n>', '')}",
        "The words and how often they occur:\n<out>",
        lambda text, _: _most_common(tokens(text.casefold()), {}),
        shapes={"double words": 4, "phrase": 1, "short file": 3},
        weight=3,
    ),
    "most letter": ask(
        "most letter",
        "find the most frequent letter of <s>",
        LETTER_COUNTS.replace("<n>", "1"),
        "The most frequent letter:\n<out>",
        lambda text, _: _most_common(_letters(text), {"n": "1"}),
        shapes=ANY,
        weight=3,
    ),
    "letter counts": ask(
        "letter counts",
        "count each letter of <s>",
        LETTER_COUNTS.replace("<n>", ""),
        "The letters and how often they occur:\n<out>",
        lambda text, _: _most_common(_letters(text), {}),
        shapes={"word": 4, "phrase": 1},
        weight=3,
    ),
    "word lengths": ask(
        "word lengths",
        "count the letters of each word",
        f'{PLAIN_WORDS}for word in words:\n    print(f"{{word}}: {{len(word)}}")',
        "The words and their lengths:\n<out>",
        lambda text, _: "\n".join(f"{each}: {sum(1 for _ in each)}" for each in tokens(text)),
        shapes=PHRASE,
        weight=2,
    ),
    "unique list": ask(
        "unique list",
        "list the different words of <s>",
        f'{WORDS}print(", ".join(dict.fromkeys(words)))',
        "The different words are: <out>.",
        lambda text, _: ", ".join(
            w for n, w in enumerate(tokens(text.casefold())) if w not in tokens(text.casefold())[:n]
        ),
        shapes={"double words": 3, "phrase": 1, "short file": 3},
        weight=2.5,
    ),
    "starting words": ask(
        "starting words",
        "find the words of <s> that begin with <l!>",
        f'{PLAIN_WORDS}print(", ".join(word for word in words if word.lower().startswith(<l!>.lower())))',
        "The words are: <out>.",
        lambda text, values: ", ".join(each for each in tokens(text) if each[0].casefold() == values["l"].casefold()),
        shapes=WORDY,
        weight=2.5,
    ),
    "long words": ask(
        "long words",
        "find the words of <s> with more than <n> letters",
        f'{PLAIN_WORDS}print(", ".join(word for word in words if len(word) > <n>))',
        "The words are: <out>.",
        lambda text, values: ", ".join(each for each in tokens(text) if each[int(values["n"]) :]),
        shapes=WORDY,
        weight=2,
    ),
    "long word count": ask(
        "long word count",
        "count the words of <s> with more than <n> letters",
        f"{PLAIN_WORDS}print(sum(len(word) > <n> for word in words))",
        "<S> has <out> word+s with more than <n> letters.",
        lambda text, values: len([each for each in tokens(text) if each[int(values["n"]) :]]),
        shapes=WORDY,
        weight=1.5,
    ),
    "both counts": ask(
        "both counts",
        "count the words and characters of <s>",
        "print(len(text.split()), len(text))",
        "<S> has <out 0> words and <out 1> characters.",
        lambda text, _: " ".join(str(len(part)) for part in (re.findall(r"\S+", text), list(text))),
        shapes=WORDY,
        weight=2,
    ),
    "numbers": ask(
        "numbers",
        "find the numbers in <s>",
        'import re\n<text>print(", ".join(re.findall(r"\\d+(?:\\.\\d+)?", text)))',
        "The numbers are: <out>.",
        lambda text, _: ", ".join(part.strip(".") for part in re.split(r"[^\d.]+", text) if part.strip(".")),
        shapes={"numbers": 1.0},
        weight=2.5,
    ),
}
