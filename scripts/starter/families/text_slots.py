"""What requests about texts name beside the text: letters, words, parts, numbers, separators."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from starter.families.text_kinds import ALPHABET, tokens
from starter.families.text_samples import sample, word
from starter.numerals import whole

LETTER_FORMS = ("{}",) * 5 + ('"{}"', "'{}'", "'{}'")
WORD_FORMS = ("{}",) * 5 + ('"{}"', '"{}"', "'{}'", "'{}'")
PLURAL_FORMS = ("{}s", "{}'s", "{}'s", "'{}'s", "{}", "letters {}", '"{}"')
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
SEPARATORS = {
    "-": ("a dash", "dashes", "hyphens", "a hyphen", "a minus sign"),
    "_": ("underscores", "an underscore", "an underscore"),
    ", ": (),
    ",": ("commas", "a comma", "the comma"),
    ";": ("semicolons", "a semicolon"),
    "/": ("slashes", "a slash"),
    "|": ("a pipe", "pipes", "vertical bars"),
    "+": ("plus signs", "a plus", "a plus sign"),
    ".": ("dots", "a dot", "periods"),
    "*": ("stars", "a star", "asterisks"),
    " ": ("spaces", "a space"),
    ":": ("colons", "a colon"),
    " | ": (),
    " - ": (),
    "...": (),
    "#": (),
    "&": (),
}
SIGN_NAMES = {
    " ": ("spaces", "the spaces", "all spaces", "every space", "each space"),
    ",": ("commas", "the commas", "all commas", "every comma"),
    ".": ("dots", "periods", "the dots", "full stops"),
    "-": ("dashes", "hyphens", "the dashes"),
    "_": ("underscores", "the underscores", "every underscore"),
    "!": ("exclamation marks", "the exclamation marks"),
}
NEW_SIGNS = {
    " ": ("spaces", "a space"),
    "_": ("underscores", "an underscore"),
    "-": ("dashes", "hyphens", "a dash", "a hyphen"),
    ",": ("commas", "a comma"),
    ";": ("semicolons", "a semicolon"),
    ".": ("dots", "periods", "a period"),
    "*": ("stars", "asterisks"),
    "": ("nothing",),
}
RANGES = {
    "top words": (2, 10),
    "long words": (2, 7),
    "long word count": (2, 7),
    "repeat": (2, 12),
    "repeat lines": (2, 8),
    "repeat close": (2, 10),
    "encode": (1, 25),
    "decode": (1, 25),
    "alphabet letter": (1, 26),
    "code sign": (33, 126),
    "first letters": (2, 10),
    "last letters": (2, 10),
    "first words": (2, 6),
    "nth word": (2, 9),
}


@dataclass(frozen=True, slots=True)
class Slot:
    """What the request and what the code has for a slot; a slot may be typed in several forms."""

    typed: dict[str, str]
    values: dict[str, str]


def slot(rng: Random, name: str, section: str, text: str, held_out: bool) -> Slot | None:
    """Return a slot of this name that suits the text, or None where none does."""
    if name == "n":
        return _number(rng, section, text)
    value = MAKERS[name](rng, text, held_out)
    if name == "l" and section in ("remove", "starting words") and value not in text:
        value = rng.choice(re.findall(r"[A-Za-z]", text) or [""])
    if name == "l" and section in ("alphabet place", "sign code"):
        value = rng.choice(ALPHABET + (ALPHABET.upper() if section == "sign code" else ""))
    if not value and name != "b":
        return None
    return Slot(_typed(rng, name, value), {name: value})


def _typed(rng: Random, name: str, value: str) -> dict[str, str]:
    if name == "l":
        return {"l": rng.choice(LETTER_FORMS).format(value), "ls": rng.choice(PLURAL_FORMS).format(value)}
    if name in ("sep", "cut"):
        return {name: _named(rng, value, SEPARATORS)}
    if name == "a":
        return {name: _named(rng, value, SIGN_NAMES)}
    if name == "b":
        return {name: _named(rng, value, NEW_SIGNS)}
    if name == "other":
        return {name: value}
    return {name: _in_quotes(rng, value) if " " in value else rng.choice(WORD_FORMS).format(value)}


def _named(rng: Random, value: str, names: dict[str, tuple[str, ...]]) -> str:
    if (names.get(value) and rng.random() < 0.6) or not value:
        return rng.choice(names[value])
    if re.fullmatch(r"[\w'-]*\w[\w'-]*", value):
        return rng.choice(WORD_FORMS).format(value) if "'" not in value else value
    return value if value.strip() == value and rng.random() < 0.3 and value not in ".,:" else _in_quotes(rng, value)


def _in_quotes(rng: Random, value: str) -> str:
    quote = rng.choice("\"'") if "'" not in value else '"'
    return f"{quote}{value}{quote}"


def _number(rng: Random, section: str, text: str) -> Slot | None:
    low, high = RANGES.get(section, (1, 10))
    high = min(high, len(text.split()) if "word" in section and section.startswith(("nth", "first")) else high)
    high = min(high, len(text) if section in ("nth letter", "first letters", "last letters") else high)
    if high < low:
        return None
    if section.startswith("repeat") and rng.random() < 0.5:
        high = min(high, 5)
    number = whole(rng, low, high, words=section != "code sign")
    count = int(number.code)
    times = "twice" if count == 2 and rng.random() < 0.5 else f"{number.text} times"
    typed = {"n": number.text, "times": times, "nth": _ordinal(rng, count)}
    return Slot(typed, {"n": number.code})


def _ordinal(rng: Random, number: int) -> str:
    if number <= len(ORDINALS) and rng.random() < 0.5:
        return ORDINALS[number - 1]
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10 if number not in (11, 12, 13) else 0, "th")
    return f"{number}{ending}"


# -- each slot's value ------------------------------------------------------------------------------------------------


def _letter(rng: Random, text: str, _: bool) -> str:
    found = [sign for sign in text if sign.isalpha()]
    if rng.random() < 0.15 or not found:
        return rng.choice(ALPHABET)
    letter = rng.choice(found)
    return letter if rng.random() < 0.7 else rng.choice((letter.lower(), letter.upper()))


def _word_of(rng: Random, text: str, held_out: bool) -> str:
    found = [each for each in tokens(text) if each.isalpha()]
    if not found or rng.random() < 0.15:
        return word(rng, held_out, "noun")
    several = [each for each in found if found.count(each) > 1]
    return rng.choice(several if several and rng.random() < 0.5 else found)


def _part(rng: Random, text: str, held_out: bool) -> str:
    found = _word_of(rng, text, held_out)
    if rng.random() < 0.25:
        return word(rng, held_out)
    if rng.random() < 0.4 and len(found) > 3:
        start = rng.randrange(len(found) - 1)
        return found[start : start + rng.randint(2, 4)]
    return found if found != text else found[: max(1, len(found) // 2)]


def _edge(rng: Random, text: str, held_out: bool) -> str:
    first = text.split(maxsplit=1)[0]
    if not first.isalpha() or rng.random() < 0.4:
        return rng.choice((word(rng, held_out), rng.choice(ALPHABET)))
    return rng.choice((first, first[0], first[: rng.randint(2, 4)]))


def _end(rng: Random, text: str, held_out: bool) -> str:
    last = text.rsplit(maxsplit=1)[-1]
    if not last.isalpha() or rng.random() < 0.4:
        return rng.choice((word(rng, held_out), rng.choice(ALPHABET)))
    return rng.choice((last, last[-1], last[-rng.randint(2, 4) :]))


def _old(rng: Random, text: str, _: bool) -> str:
    """Return what is to be replaced: a word, a letter or a sign of the text."""
    signs = [sign for sign in SIGN_NAMES if sign in text]
    if signs and rng.random() < 0.35:
        return rng.choice(signs)
    found = [each for each in tokens(text) if "'" not in each]
    if not found:
        return ""
    if len(found) == 1 or rng.random() < 0.2:
        return rng.choice(rng.choice(found))
    return rng.choice(found)


def _new(rng: Random, _: str, held_out: bool) -> str:
    chance = rng.random()
    if chance < 0.15:
        return rng.choice(ALPHABET)
    return word(rng, held_out) if chance < 0.55 else rng.choice(list(NEW_SIGNS))


def _cut(_: Random, text: str, __: bool) -> str:
    return next((sign.strip() for sign in SEPARATORS if sign.strip() and sign in text and sign != "."), "")


def _other(rng: Random, text: str, held_out: bool) -> str:
    chance = rng.random()
    if chance < 0.2:
        return sample(rng, "word", held_out)
    letters = list(text.lower())
    rng.shuffle(letters)
    if chance < 0.5:
        letters[0] = rng.choice(ALPHABET)
    return "".join(letters)


MAKERS: dict[str, Callable[[Random, str, bool], str]] = {
    "l": _letter,
    "w": _word_of,
    "part": _part,
    "edge": _edge,
    "end": _end,
    "a": _old,
    "b": _new,
    "sep": lambda rng, _, __: rng.choice(list(SEPARATORS)),
    "cut": _cut,
    "other": _other,
}
