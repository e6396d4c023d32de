"""How people put a request: patterns with alternatives and slots, and the noise of real typing.

A pattern is text with ``[this|that|]`` alternatives, which nest, and ``<slots>``. Its first sign says what it is:
``!`` an order ("multiply <a> by <b>"), ``?`` a question, ``.`` a fragment or anything that takes no polite frame. Noise
(lower case, no full stop, typing errors) touches the pattern's own words only, never what fills a slot.

Patterns stand in ``phrases/<family>.txt``, in [sections]. Those that begin with ``~`` are held out whole: they are kept
for evaluation and never appear in training, in any of their alternatives.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

ORDER_FRAMES = (
    "please <order>",
    "<order> please",
    "<order>, please",
    "can you <order>?",
    "could you <order>?",
    "could you please <order>?",
    "can you please <order>?",
    "i want you to <order>",
    "i need you to <order>",
    "i'd like you to <order>",
    "hey, <order>",
    "hi, <order>",
    "<order> for me",
    "would you <order>?",
    "<order>, thanks",
    "now <order>",
    "go ahead and <order>",
    "hello, please <order>",
    "i would like to <order>",
    "help me <order>",
    "let's <order>",
    "ok, <order>",
    "just <order>",
)
QUESTION_FRAMES = (
    "please tell me: <question>",
    "hey, <question>",
    "hi, <question>",
    "quick question: <question>",
    "tell me, <question>",
    "hello, <question>",
    "i wonder, <question>",
    "one question: <question>",
    "so <question>",
    "ok, <question>",
    "and <question>",
    "can you tell me: <question>",
    "<question> please",
    "<question> thanks",
    "do you know <question>",
)
ASKING = ("what", "how", "which", "where", "when", "who", "if ", "whether ")
FOLDER = Path(__file__).with_name("phrases")
SLOT = re.compile(r"<(\w+)>")
ALTERNATIVES = re.compile(r"\[([^\[\]]*)\]")


@dataclass(frozen=True, slots=True)
class Phrases:
    """The patterns of one kind of request: those to train with and those kept for evaluation."""

    train: Sequence[str]
    held_out: Sequence[str]

    def pick(self, rng: Random, held_out: bool) -> str:
        """Return one pattern of the wanted side."""
        return rng.choice(self.held_out if held_out else self.train)


def load_phrases(family: str) -> dict[str, Phrases]:
    """Return the sections of a family's file of patterns."""
    sections: dict[str, tuple[list[str], list[str]]] = {}
    section: tuple[list[str], list[str]] = ([], [])
    for line in (FOLDER / f"{family}.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):  # patterns never do: they begin with their kind
            section = sections[line[1:-1]] = ([], [])
        elif line and not line.startswith("#"):
            section[line.startswith("~")].append(line.removeprefix("~"))
    return {name: Phrases(train, held_out or train) for name, (train, held_out) in sections.items()}


def say(rng: Random, pattern: str, slots: Mapping[str, str]) -> str:
    """Return a request made of a pattern: alternatives chosen, framed, noised, slots filled."""
    kind, text = pattern[0], expand(rng, pattern[1:].strip())
    if rng.random() < 0.2:
        text = re.sub(r"\b(what|how|where|who) is\b", rng.choice((r"\1's", r"\1's", r"\1s")), text)
    text = _framed(rng, kind, text)
    text = _punctuated(rng, kind, text)
    text = _cased(rng, text)
    if rng.random() < 0.05:
        text = mistyped(rng, text)
    return SLOT.sub(lambda match: slots[match[1]], text)


def expand(rng: Random, pattern: str) -> str:
    """Return the pattern with each ``[a|b]`` replaced by one of its alternatives."""
    while match := ALTERNATIVES.search(pattern):
        pattern = pattern[: match.start()] + rng.choice(match[1].split("|")) + pattern[match.end() :]
    return re.sub(r" +", " ", pattern).replace(" ,", ",").strip()


def _framed(rng: Random, kind: str, text: str) -> str:
    frames = {"!": ORDER_FRAMES, "?": QUESTION_FRAMES}.get(kind)
    if not frames or rng.random() > 0.3:
        return text
    frame = rng.choice(frames)
    if frame.startswith("do you know"):
        return frame.replace("<question>", text.rstrip("?")) if text.startswith(ASKING) else text
    if frame.startswith("and") and text.startswith("and"):
        return text
    return frame.replace("<order>", text.rstrip(".")).replace("<question>", text)


def _punctuated(rng: Random, kind: str, text: str) -> str:
    if text[-1] in ".!":
        return text
    if text[-1] == "?":
        return text[:-1] if rng.random() < 0.3 else text
    if kind == "?":
        return text + ("?" if rng.random() < 0.65 else "")
    return text + (rng.choice(".... !?") if rng.random() < 0.35 else "").strip()


def _cased(rng: Random, text: str) -> str:
    chance = rng.random()
    if chance < 0.35 or text.startswith("<"):
        return text
    if chance < 0.36:
        return "".join(part if part.startswith("<") else part.upper() for part in re.split(r"(<\w+>)", text))
    return text[0].upper() + text[1:]


def mistyped(rng: Random, text: str) -> str:
    """Return the text with one typing error in a word outside of slots, if it has a word of four letters."""
    words = list(re.finditer(r"(?<![<\w])[a-zA-Z]{4,}(?![>\w])", text))
    if not words:
        return text
    word = rng.choice(words)
    place = word.start() + rng.randrange(1, len(word[0]) - 1)
    before, here, following, after = text[:place], text[place], text[place + 1], text[place + 2 :]
    changed = rng.choice((following + here, here, here + here + following, here + following + following))
    return before + changed + after
