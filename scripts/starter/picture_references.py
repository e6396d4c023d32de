"""How requests speak of pictures: by name or as "the picture"; where it stands in the request; sizes; where to save."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePath
from random import Random

from starter.dialogue import Situation
from starter.phrasing import Phrases, load_phrases
from starter.pictures import ENDINGS

SAVING = load_phrases("picture_saving")
FORMS = ("{}",) * 16 + (
    "'{}'",
    '"{}"',
    "`{}`",
    "the file {}",
    "the picture {}",
    "the image {}",
    "the photo {}",
    "my {}",
)
PLAIN_FORMS = ("{}",) * 6 + ("'{}'", '"{}"', "`{}`")
ONLY_FORMS = (
    "the picture",
    "the image",
    "the photo",
    "my picture",
    "my photo",
    "this picture",
    "this image",
    "the pic",
)
STEM_FORMS = ("{}", "the {} picture", "the {} image", "the {} photo", "the picture of the {}")
KNOWN_FORMS = ("it",) * 8 + (
    "the result",
    "the new picture",
    "that picture",
    "that",
    "the picture",
    "the image",
    "this",
)
BEFORE = (
    "<f>: ",
    "i have a picture named <f>. ",
    "i have a picture called <f>. ",
    "there is a picture <f>. ",
    "here is <f>. ",
    "my picture is <f>. ",
    "look at <f>. ",
    "take <f>. ",
    "the picture is <f>. ",
    "i have <f>. ",
    "<f> - ",
)
BEFORE_ORDER = ("take <f> and ", "open <f> and ", "load <f> and ", "read <f> and ")
SIZES = ("{}x{}", "{}x{}", "{}x{}", "{} x {}", "{} x {}", "{} by {}", "{}×{}", "{}X{}", "{} times {}", "({}, {})")
UNITS = (" pixels", " pixels", " px", "px", "", "", "")
DEGREES = (" degrees", " degrees", " degrees", "°", " deg", "", " degree")
PERCENT = ("%", "%", " %", " percent", " percent", " per cent")
NAME_WANTED = re.compile(r"(picture|image|photo|file|animation|named|called|picture is|a)s? <f>")
NOUN = re.compile(r"\b(the )?(picture|image|photo|file|animation)s? <f>")  # before a name; before "it" it goes


def picture_text(situation: Situation, file: str, pattern: str) -> str:
    """Return how a request of this pattern names a picture's file."""
    rng = situation.rng
    if NAME_WANTED.search(pattern):
        return rng.choice(PLAIN_FORMS).format(file)
    pictures = [name for name in situation.files if name.lower().endswith(ENDINGS)]
    if len(pictures) == 1 and rng.random() < 0.2:
        return rng.choice(ONLY_FORMS)
    stem = PurePath(file).stem
    if sum(stem.lower() in name.lower() for name in situation.files) == 1 and stem.isalpha() and rng.random() < 0.08:
        return rng.choice(STEM_FORMS).format(stem)
    return rng.choice(FORMS).format(file)


def placed(situation: Situation, pattern: str) -> str:
    """Return the pattern, now and then with the file named in front and "it" in its place."""
    rng = situation.rng
    if rng.random() >= 0.1 or pattern.count("<f>") != 1 or pattern.startswith(".<f>"):
        return pattern
    rest = NOUN.sub("<f>", pattern[1:]).replace(
        "<f>", rng.choice(("it", "it", "the picture", "this picture", "the image"))
    )
    if pattern[0] == "!" and rng.random() < 0.5:
        return "!" + rng.choice(BEFORE_ORDER) + rest
    return "." + rng.choice(BEFORE) + rest


def spoken_of(situation: Situation, phrases: Phrases) -> str:
    """Return a pattern for a picture that was spoken of before, in which "it" can stand for the name."""
    pattern = phrases.pick(situation.rng, situation.held_out)
    while pattern.startswith(".<f>"):
        pattern = phrases.pick(situation.rng, situation.held_out)
    return NOUN.sub("<f>", pattern)


def saving_text(situation: Situation, many: bool = False) -> str:
    """Return an ending of a pattern that says where to save, with ``<o>`` for the name."""
    section = "folder" if many else "file"
    return SAVING[section].pick(situation.rng, situation.held_out)[1:]


def size_text(rng: Random, width: int, height: int) -> str:
    """Return a size as people type it."""
    text = rng.choice(SIZES).format(width, height)
    return text + (rng.choice((" pixels", " px", "px")) if rng.random() < 0.3 and text[-1] != ")" else "")


def pixels_text(rng: Random, number: int) -> str:
    """Return a count of pixels as people type it."""
    return f"{number}{rng.choice(UNITS)}"


def degrees_text(rng: Random, number: int) -> str:
    """Return an angle as people type it."""
    return f"{number}{rng.choice(DEGREES)}"


def percent_text(rng: Random, number: int) -> str:
    """Return a percentage as people type it."""
    return f"{number}{rng.choice(PERCENT)}"


def some_pixels(rng: Random, most: int = 400) -> int:
    """Return a length in pixels that people ask for; small ones mostly, since made pictures cost time."""
    if rng.random() < 0.5:
        return rng.choice(
            [number for number in (10, 16, 20, 24, 32, 40, 48, 50, 60, 64, 80, 100, 128) if number <= most]
        )
    return rng.randint(5, min(most, rng.choice((30, 99, 99, 200, 400))))


def spoken(rng: Random, names: Sequence[str]) -> str:
    """Return several file names as people list them."""
    text = rng.choice((", ", ", ", " ", ",")).join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}" if rng.random() < 0.55 else text
