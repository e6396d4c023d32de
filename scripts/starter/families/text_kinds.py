"""What can be asked of a text: for each kind of request its code, its answer and its truth.

Code stands after the line that gives ``text``. In it and in the answers ``<l>``, ``<w>`` and others are what the
request names, ``<s>`` is the text's name and ``<out>`` what was printed; ``+s`` is a plural's ending. The truths are
computed in other ways than the code's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

Values = Mapping[str, str]
Truth = Callable[[str, Values], object]
Shapes = Mapping[str, float]

ANY = {"word": 1, "phrase": 2, "sentence": 4, "several": 2, "lines": 0.7, "coded": 0.5, "file": 7}
INSIDE = {"word": 3, "phrase": 3, "sentence": 3, "coded": 0.5, "file": 3}
WORDY = {"phrase": 3, "sentence": 5, "several": 2, "lines": 0.7, "file": 7}
SHORT = {"word": 5, "phrase": 5, "sentence": 2, "coded": 1}
PHRASE = {"phrase": 5, "sentence": 4}
SHOWN = {"word": 4, "phrase": 4, "sentence": 4, "coded": 1, "short file": 4}

PLAIN_WORDS = 'import re\n<text>words = re.findall(r"[\\w\']+", text)\n'
WORDS = PLAIN_WORDS.replace(", text)", ", text.lower())")
ALPHABET = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of request: ``section`` has its patterns, ``nouns`` fill them.

    ``keeps``: it is plain what a question that follows is about.
    """

    section: str
    message: str
    code: str
    answer: str
    truth: Truth
    shapes: Shapes
    weight: float = 1.0
    nouns: Mapping[str, str] = field(default_factory=dict)
    keeps: bool = True

    @property
    def full_code(self) -> str:
        """The code with the place of the line that gives the text."""
        return self.code if "<text>" in self.code else f"<text>{self.code}"


def tokens(text: str) -> list[str]:
    """Return the words of a text: runs of letters, digits and apostrophes."""
    return "".join(sign if sign.isalnum() or sign in "_'" else " " for sign in text).split()


def found(pattern: str) -> Truth:
    """Return the truth that counts what a regular expression finds."""
    return lambda text, _: len(re.findall(pattern, text))


# -- counts: all are asked in the same ways ---------------------------------------------------------------------------


def _count(noun: str, code: str, truth: Truth, *, shapes: Shapes, weight: float, what: str, one: str) -> Kind:
    printed = code if "<text>" in code else f"print({code})"
    answer = f"<S> has <out> {noun}+s." if "without" not in noun else "Without spaces <s> has <out> character+s."
    message = f"I'll count the {noun}s of <s>." if "without" not in noun else "I'll count without spaces."
    return Kind("count", message, printed, answer, truth, shapes, weight, {"what": what, "one": one})


def _sentences(text: str, _: Values) -> int:
    return sum(bool(part.strip()) for part in text.replace("!", ".").replace("?", ".").split("."))


COUNTS = {
    "words": _count(
        "word",
        "len(text.split())",
        found(r"\S+"),
        shapes=WORDY,
        weight=8,
        what="[words|words|words|words|single words]",
        one="word",
    ),
    "characters": _count(
        "character",
        "len(text)",
        lambda text, _: sum(1 for _ in text),
        shapes=ANY,
        weight=5,
        what="[characters|characters|characters|chars|characters in total|characters including spaces"
        "|characters with spaces"
        "|symbols|characters, spaces included,]",
        one="[character|character|char|symbol]",
    ),
    "letters": _count(
        "letter",
        "sum(c.isalpha() for c in text)",
        found(r"[A-Za-z]"),
        shapes=INSIDE,
        weight=5,
        what="[letters|letters|letters in total]",
        one="letter",
    ),
    "no spaces": _count(
        "characters without spaces",
        'len("".join(text.split()))',
        found(r"\S"),
        shapes=WORDY,
        weight=2.5,
        what="[characters without spaces|characters excluding spaces|characters not counting spaces"
        "|characters except spaces"
        "|characters without the spaces|non-space characters|characters (without spaces)"
        "|characters, spaces not included,]",
        one="[non-space character|no-space character]",
    ),
    "vowels": _count(
        "vowel",
        'sum(c in "aeiou" for c in text.lower())',
        found(r"[aeiouAEIOU]"),
        shapes=INSIDE,
        weight=4,
        what="vowels",
        one="vowel",
    ),
    "sentences": _count(
        "sentence",
        'import re\n<text>sentences = [s for s in re.split(r"[.!?]+", text) if s.strip()]\nprint(len(sentences))',
        _sentences,
        shapes={"sentence": 1, "several": 5, "file": 5},
        weight=3,
        what="[sentences|sentences|full sentences]",
        one="sentence",
    ),
    "lines": _count(
        "line",
        "len(text.splitlines())",
        lambda text, _: text.count("\n") + 1,
        shapes={"lines": 1.0},
        weight=1,
        what="[lines|lines|lines of text|rows]",
        one="line",
    ),
}
