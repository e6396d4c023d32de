"""Questions about places in a text: its first, last and other words and letters; places in the alphabet, codes."""

from __future__ import annotations

import re

from starter.families.text_kinds import ONE_WORD, PHRASE
from starter.families.text_questions import ask

PLACES_IN_TEXTS = {
    "nth word": ask(
        "nth word",
        "find word <n> of <s>",
        "print(text.split()[<n> - 1])",
        "Word <n> is: <out>",
        lambda text, values: re.findall(r"\S+", text)[int(values["n"]) - 1],
        shapes=PHRASE,
        weight=2.5,
    ),
    "nth letter": ask(
        "nth letter",
        "find character <n> of <s>",
        "print(text[<n> - 1])",
        "Character <n> is: <out>",
        lambda text, values: next(sign for place, sign in enumerate(text, 1) if place == int(values["n"])),
        shapes=ONE_WORD,
        weight=2.5,
    ),
    "first word": ask(
        "first word",
        "find the first word of <s>",
        "print(text.split()[0])",
        "The first word is: <out>",
        lambda text, _: re.findall(r"\S+", text)[0],
        shapes={"phrase": 3, "sentence": 4, "file": 2},
    ),
    "last word": ask(
        "last word",
        "find the last word of <s>",
        "print(text.split()[-1])",
        "The last word is: <out>",
        lambda text, _: re.findall(r"\S+", text)[-1],
        shapes={"phrase": 3, "sentence": 4, "file": 2},
    ),
    "first letters": ask(
        "first letters",
        "take the first <n> characters of <s>",
        "print(text[:<n>])",
        "The first <n> characters: <out>",
        lambda text, values: "".join(sign for place, sign in enumerate(text) if place < int(values["n"])),
        shapes={"word": 3, "phrase": 3, "sentence": 3},
        weight=2.5,
    ),
    "last letters": ask(
        "last letters",
        "take the last <n> characters of <s>",
        "print(text[-<n>:])",
        "The last <n> characters: <out>",
        lambda text, values: "".join(reversed("".join(reversed(text))[: int(values["n"])])),
        shapes={"word": 3, "phrase": 3, "sentence": 3},
        weight=2.5,
    ),
    "first words": ask(
        "first words",
        "take the first <n> words of <s>",
        'print(" ".join(text.split()[:<n>]))',
        "The first <n> words: <out>",
        lambda text, values: " ".join(re.findall(r"\S+", text)[: int(values["n"])]),
        shapes={"sentence": 4, "several": 1, "file": 2},
        weight=1.5,
    ),
    "initials": ask(
        "initials",
        "take the first letter of each word",
        'print("".join(word[0] for word in text.split()).upper())',
        "The initials are <out>.",
        lambda text, _: "".join(re.findall(r"(?<!\S)\S", text)).swapcase().swapcase().upper(),
        shapes={"phrase": 1.0},
        weight=4,
    ),
    "alphabet place": ask(
        "alphabet place",
        "find the place of <l!> in the alphabet",
        "import string\nprint(string.ascii_lowercase.index(<l!>.lower()) + 1)",
        'The letter "<l>" is number <out> in the alphabet.',
        lambda _, values: ord(values["l"].casefold()) - 96,
        shapes={"none": 1.0},
        weight=2,
    ),
    "alphabet letter": ask(
        "alphabet letter",
        "find letter <n> of the alphabet",
        "import string\nprint(string.ascii_lowercase[<n> - 1])",
        'Letter <n> of the alphabet is "<out>".',
        lambda _, values: chr(96 + int(values["n"])),
        shapes={"none": 1.0},
        weight=1.5,
    ),
    "sign code": ask(
        "sign code",
        "find the character code of <l!>",
        "print(ord(<l!>))",
        'The character code of "<l>" is <out>.',
        lambda _, values: values["l"].encode()[0],
        shapes={"none": 1.0},
        weight=1.5,
    ),
    "code sign": ask(
        "code sign",
        "find the character with code <n>",
        "print(chr(<n>))",
        'The character with code <n> is "<out>".',
        lambda _, values: bytes([int(values["n"])]).decode(),
        shapes={"none": 1.0},
        weight=1,
    ),
}
