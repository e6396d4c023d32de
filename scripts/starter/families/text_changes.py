"""Requests that make another text of a text: reverse, replace, sort, repeat, join, split, encode."""

from __future__ import annotations

import base64
import re

from starter.families.text_forms import capitalized, rotated, small
from starter.families.text_kinds import ONE_WORD, PHRASE, SHORT, Kind, Shapes, Truth, Values

CAESAR = """shift = <n>
result = ""
for c in text:
    if c.isalpha():
        start = ord("A") if c.isupper() else ord("a")
        c = chr((ord(c) - start + shift) % 26 + start)
    result += c
print(result)"""


def _change(
    section: str, message: str, code: str, answer: str, truth: Truth, *, shapes: Shapes, weight: float = 2.0
) -> Kind:
    return Kind(section, f"I'll {message}.", code, answer, truth, shapes, weight, keeps=False)


def _caseless_order(text: str) -> tuple[str, ...]:
    return tuple(small(sign) for sign in text)


def _sorted_signs(text: str, _: Values) -> str:
    return "".join(sign * text.count(sign) for sign in map(chr, range(32, 127)))


def _sorted_words(text: str) -> str:
    """Return the words in order of the alphabet, put in one after the other."""
    placed: list[str] = []
    for each in re.findall(r"\S+", text):
        after = [place for place, other in enumerate(placed) if _caseless_order(other) > _caseless_order(each)]
        placed.insert(after[0] if after else len(placed), each)
    return " ".join(placed)


CHANGES = {
    "reverse": _change(
        "reverse",
        "reverse <s>",
        "print(text[::-1])",
        "Reversed: <out>",
        lambda text, _: "".join(reversed(text)),
        shapes=SHORT,
        weight=8,
    ),
    "reverse words": _change(
        "reverse words",
        "reverse the order of the words",
        'print(" ".join(text.split()[::-1]))',
        "In reverse word order: <out>",
        lambda text, _: " ".join(reversed(re.findall(r"\S+", text))),
        shapes=PHRASE,
        weight=4,
    ),
    "reverse each": _change(
        "reverse each",
        "reverse each word",
        'print(" ".join(word[::-1] for word in text.split()))',
        "With each word reversed: <out>",
        lambda text, _: re.sub(r"\S+", lambda match: "".join(reversed(match[0])), text),
        shapes=PHRASE,
        weight=2,
    ),
    "capitalize": _change(
        "capitalize",
        "capitalize <s>",
        "print(text.capitalize())",
        "Capitalized: <out>",
        lambda text, _: capitalized(text),
        shapes={"word": 3, "phrase": 4, "sentence": 2},
        weight=2,
    ),
    "capitalize each": _change(
        "capitalize each",
        "capitalize each word",
        "import string\n<text>print(string.capwords(text))",
        "In title case: <out>",
        lambda text, _: " ".join(capitalized(part) for part in text.split()),
        shapes=PHRASE,
        weight=2.5,
    ),
    "replace": _change(
        "replace",
        "replace <a!> by <b!>",
        "print(text.replace(<a!>, <b!>))",
        "Replaced: <out>",
        lambda text, values: values["b"].join(text.split(values["a"])),
        shapes={"word": 3, "phrase": 4, "sentence": 5},
        weight=7,
    ),
    "sort words": _change(
        "sort words",
        "sort the words",
        'print(" ".join(sorted(text.split(), key=str.lower)))',
        "Sorted: <out>",
        lambda text, _: _sorted_words(text),
        shapes={"phrase": 1},
        weight=3,
    ),
    "sort letters": _change(
        "sort letters",
        "sort the letters",
        'print("".join(sorted(text)))',
        "Sorted: <out>",
        _sorted_signs,
        shapes=ONE_WORD,
        weight=2,
    ),
    "repeat": _change(
        "repeat",
        "repeat <s> <n> times",
        'print(" ".join([text] * <n>))',
        "<out>",
        lambda text, values: (f"{text} " * int(values["n"])).strip(),
        shapes={"word": 5, "phrase": 1},
        weight=3,
    ),
    "repeat lines": _change(
        "repeat lines",
        "repeat <s> <n> times, each on a line",
        'print("\\n".join([text] * <n>))',
        "<out>",
        lambda text, values: (f"{text}\n" * int(values["n"])).strip(),
        shapes={"word": 5, "phrase": 1},
        weight=1,
    ),
    "repeat close": _change(
        "repeat close",
        "repeat <s> <n> times without spaces",
        "print(text * <n>)",
        "<out>",
        lambda text, values: "".join(text for _ in range(int(values["n"]))),
        shapes=ONE_WORD,
        weight=1,
    ),
    "join": _change(
        "join",
        "join the words with <sep!>",
        "print(<sep!>.join(text.split()))",
        "Joined: <out>",
        lambda text, values: re.sub(r"\s+", lambda _: values["sep"], text),
        shapes={"phrase": 1},
        weight=3,
    ),
    "spread": _change(
        "spread",
        "put <sep!> between the letters",
        "print(<sep!>.join(text))",
        "With <sep!> between: <out>",
        lambda text, values: "".join(values["sep"] * bool(place) + sign for place, sign in enumerate(text)),
        shapes=ONE_WORD,
        weight=1.5,
    ),
    "split": _change(
        "split",
        "split <s> at <cut!>",
        "for part in text.split(<cut!>):\n    print(part.strip())",
        "The parts:\n<out>",
        lambda text, values: re.sub(rf"\s*{re.escape(values['cut'])}\s*", "\n", text),
        shapes={"list": 1.0},
        weight=3,
    ),
    "split words": _change(
        "split words",
        "split <s> into words",
        "for word in text.split():\n    print(word)",
        "The words:\n<out>",
        lambda text, _: re.sub(r"\s+", "\n", text),
        shapes=PHRASE,
        weight=2,
    ),
    "encode": _change(
        "encode",
        "shift the letters by <n>",
        CAESAR,
        "Encoded: <out>",
        lambda text, values: rotated(text, int(values["n"])),
        shapes=SHORT,
        weight=3,
    ),
    "decode": _change(
        "decode",
        "shift the letters back by <n>",
        CAESAR.replace("<n>", "-<n>"),
        "Decoded: <out>",
        lambda text, values: rotated(text, -int(values["n"])),
        shapes=SHORT,
        weight=2,
    ),
    "from base64": _change(
        "from base64",
        "decode the Base64 text",
        "import base64\n<text>print(base64.b64decode(text).decode())",
        "Decoded: <out>",
        lambda text, _: base64.decodebytes(text.encode()).decode(),
        shapes={"base64": 1.0},
        weight=0.7,
    ),
}
