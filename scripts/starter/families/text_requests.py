"""How a request brings its text: quoted in its middle, after a colon, before the question, bare, or as a file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from random import Random

from starter.dialogue import Situation
from starter.phrasing import expand, say

QUOTES = (('"', '"'),) * 6 + (("'", "'"),) * 4 + (("“", "”"), ("`", "`"))
NOUNS = ("the text", "the text", "the sentence", "the phrase", "the string", "this text", "this sentence", "the line")
WORD_NOUNS = ("the word", "the word", "the word", "the string", "the text", "this word")
AFTER = (
    "this text",
    "this text",
    "the following text",
    "this",
    "this",
    "the text below",
    "this sentence",
    "the following",
    "this string",
    "the following sentence",
    "this phrase",
    "the text",
)
WORD_AFTER = ("this word", "the following word", "this", "the word", "this text", "this string")
BEFORE = (
    "given the text {}, ",
    "here is a text: {}. ",
    "{}: ",
    "{} - ",
    "text: {}\n",
    "{}\n",
    "take the text {}. ",
    "i have the text {}. ",
    "my text is {}. ",
    "for the text {}: ",
    "here is my text: {}. ",
    "the text is {}. ",
    "look at {}: ",
    "i have this sentence: {}. ",
    "consider {}. ",
)
PRONOUNS = ("it", "it", "this text", "the text", "it", "this", "that")
KNOWN = ("it", "it", "it", "the text", "this text", "that text", "the same text", "that")
FILES = ("{}",) * 12 + (
    "the file {}",
    "the file {}",
    "the text file {}",
    "my file {}",
    "'{}'",
    '"{}"',
    "`{}`",
    "the text of {}",
    "the text in {}",
    "the document {}",
    "the file called {}",
    "the file '{}'",
    "the content of {}",
)
BEFORE_FILE = (
    "look at {}: ",
    "open {}. ",
    "in {}, ",
    "i have a file called {}. ",
    "i have a text file {}. ",
    "read {}: ",
    "take {}. ",
    "for {}: ",
    "{}: ",
    "there is a file {}. ",
    "use {}. ",
    "load {}. ",
)
ONLY_FILE = ("the text file", "the text file", "my text file", "the txt file", "the txt", "this text file")


@dataclass(frozen=True, slots=True)
class Subject:
    """What a request is about: a text, and the name of its file if it lies in one."""

    text: str
    file: str
    word: bool = False

    @property
    def line(self) -> str:
        """The line of code that gives the text."""
        source = f'open("{self.file}", encoding="utf-8").read()' if self.file else literal(self.text)
        return f"text = {source}\n"

    @property
    def names(self) -> dict[str, str]:
        """How messages and answers call it."""
        return {"s": self.file or "the text", "S": self.file or "The text", "t": self.text}


def literal(text: str) -> str:
    """Return the text as code writes it: double quotes unless it has some, three for several lines."""
    if "\n" in text:
        return f'"""{text}"""'
    return f"'{text}'" if '"' in text else f'"{text}"'


def written(
    situation: Situation, pattern: str, subject: Subject, slots: Mapping[str, str], *, known: bool = False
) -> str:
    """Return the request that a pattern makes of its text and its slots. ``known``: it was named before."""
    rng = situation.rng
    if known:
        return say(rng, _about(rng.choice(KNOWN), pattern), slots)
    if subject.file:
        return _of_file(situation, pattern, subject.file, slots)
    if "<t>" not in pattern or "<other>" in pattern:
        return say(rng, pattern, {**slots, "t": subject.text})
    if "\n" in subject.text:
        return _with_lines(rng, pattern, subject, slots)
    if pattern.endswith(": <t>"):
        return _bare(rng, pattern, subject, slots)
    chance = rng.random()
    plain = re.fullmatch(r"[A-Za-z0-9]+", subject.text)
    if chance < 0.25:
        return _after(rng, pattern, subject, slots)
    if chance < 0.37 and not pattern.startswith(".<t>"):
        return _before(rng, pattern, subject, slots)
    if plain and chance < 0.6:
        return _bare_word(rng, pattern, subject, slots)
    if pattern.endswith("<t>") and chance < 0.7:
        return _bare(rng, pattern, subject, slots)
    nouns = WORD_NOUNS if subject.word else NOUNS
    noun = (
        f"{rng.choice(nouns)} "
        if rng.random() < 0.25 and not re.search(r"(word|text|string|of the) <t>", pattern)
        else ""
    )
    return say(rng, pattern.replace("<t>", f"{noun}<t>"), {**slots, "t": quoted(rng, subject.text)})


def quoted(rng: Random, text: str) -> str:
    """Return the text in quotes that it does not hold itself."""
    opening, closing = rng.choice([pair for pair in QUOTES if pair[0] not in text])
    return f"{opening}{text}{closing}"


def _after(rng: Random, pattern: str, subject: Subject, slots: Mapping[str, str]) -> str:
    """Return the request, then the text: after a colon as it stands up to the end, or in quotes."""
    noun = rng.choice(WORD_AFTER if subject.word else AFTER)
    asked = say(rng, expand(rng, pattern).replace("<t>", noun), slots).rstrip(".!")
    if asked.endswith("?"):
        return asked + rng.choice((" ", " ", "\n")) + quoted(rng, subject.text)
    text = subject.text if rng.random() < 0.65 else quoted(rng, subject.text)
    return asked + rng.choice((": ", ": ", ": ", ":\n", "\n")) + text


def _with_lines(rng: Random, pattern: str, subject: Subject, slots: Mapping[str, str]) -> str:
    """Return the request before or after a text of several lines."""
    if rng.random() < 0.3 and not pattern.startswith(".<t>"):
        start = rng.choice(("", "text:\n", "here is my text:\n", "here is a text:\n", "this is my text:\n"))
        return f"{start}{subject.text}\n\n{say(rng, _about(rng.choice(PRONOUNS), pattern), slots)}"
    asked = say(rng, expand(rng, pattern).replace("<t>", rng.choice(AFTER)), slots).rstrip(".!")
    return f"{asked}{'' if asked.endswith('?') else ':'}\n{subject.text}"


def _about(noun: str, pattern: str) -> str:
    """Return the pattern about a text that is named elsewhere."""
    if pattern.endswith(": <t>"):
        return pattern.removesuffix(": <t>")
    return pattern.replace("<t>", noun)


def _before(rng: Random, pattern: str, subject: Subject, slots: Mapping[str, str]) -> str:
    form = rng.choice(BEFORE)
    asked = say(rng, _about(rng.choice(PRONOUNS), expand(rng, pattern)), slots)
    asked = asked if rng.random() < 0.5 else asked[0].lower() + asked[1:]
    start = form if rng.random() < 0.5 or form.startswith("{") else form[0].upper() + form[1:]
    return start.replace("{}", quoted(rng, subject.text)) + asked


def _bare_word(rng: Random, pattern: str, subject: Subject, slots: Mapping[str, str]) -> str:
    noun = (
        "the word "
        if rng.random() < 0.25 and subject.word and not re.search(r"(word|text|string) <t>", pattern)
        else ""
    )
    return say(rng, pattern.replace("<t>", f"{noun}<t>"), {**slots, "t": subject.text})


def _bare(rng: Random, pattern: str, subject: Subject, slots: Mapping[str, str]) -> str:
    """Return the request with the text at its end, without quotes: behind a colon, or a few plain words."""
    colon = not re.fullmatch(r"[A-Za-z0-9 ]+", subject.text) or len(subject.text.split()) > 5 or rng.random() < 0.4
    colon = colon or pattern.endswith(": <t>")
    asked = say(rng, "." + pattern[1:].removesuffix("<t>").rstrip(" :"), slots).rstrip(".!? ") + ":" * colon
    return f"{asked} {subject.text}"


def _of_file(situation: Situation, pattern: str, file: str, slots: Mapping[str, str]) -> str:
    rng, chance = situation.rng, situation.rng.random()
    if chance < 0.12 and not pattern.startswith(".<t>"):
        asked = say(rng, _about(rng.choice(("it", "it", "the file", "the text")), expand(rng, pattern)), slots)
        form = rng.choice(BEFORE_FILE)
        start = form if rng.random() < 0.5 or form.startswith("{") else form[0].upper() + form[1:]
        return start.replace("{}", file) + (asked if rng.random() < 0.5 else asked[0].lower() + asked[1:])
    return say(rng, pattern.replace("<t>", "<f>"), {**slots, "f": file_text(situation, file)})


def file_text(situation: Situation, file: str) -> str:
    """Return how a request names a text file."""
    rng = situation.rng
    if len(situation.files) == 1 and rng.random() < 0.15:
        return rng.choice(("the file", "the file", "this file", "my file"))
    if sum(name.endswith(".txt") for name in situation.files) == 1 and file.endswith(".txt") and rng.random() < 0.12:
        return rng.choice(ONLY_FILE)
    stem = PurePath(file).stem
    if sum(stem.lower() in name.lower() for name in situation.files) == 1 and rng.random() < 0.04:
        return f"the {stem} file"
    return rng.choice(FILES).format(file)
