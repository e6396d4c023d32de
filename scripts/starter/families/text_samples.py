"""Texts that people ask about: words, phrases, sentences and small text files, of common words and made-up ones.

Words are split as names are: one in eight is kept for evaluation.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from random import Random

from starter.dialogue import Situation
from starter.names import file_name, is_held_out, made_up_name
from starter.phrasing import SLOT, expand, load_phrases

PHRASES = load_phrases("texts")
ENDINGS = ("txt", "txt", "txt", "txt", "md")
WORD_KINDS = ("noun", "adjective", "verb", "adverb")
LONGEST_FILE = 600  # characters
QUOTED_PART = re.compile(r"\b(\w+) (\w+)\b")


def sample(rng: Random, shape: str, held_out: bool) -> str:
    """Return a text of a shape: a word, a phrase, a sentence, several sentences, a list or a palindrome."""
    return {
        "word": word,
        "phrase": _phrase,
        "sentence": _sentence,
        "several": _several,
        "lines": _lines,
        "list": _list,
        "coded": _coded,
        "numbers": _with_numbers,
        "palindrome": _palindrome,
        "double words": _double_words,
        "wide spaces": _wide_spaces,
        "base64": _base64,
    }[shape](rng, held_out)


def word(rng: Random, held_out: bool, kind: str = "") -> str:
    """Return a single word, in small letters more often than not."""
    found = _common_word(rng, held_out, kind or rng.choice(WORD_KINDS)) if rng.random() < 0.65 else ""
    while not found or is_held_out(found) != held_out:
        found = made_up_name(rng)
    chance = rng.random()
    if kind or chance < 0.75:
        return found
    return found.capitalize() if chance < 0.9 else found.upper()


def written_file(rng: Random, held_out: bool) -> str:
    """Return the content of a small text file: lines of words, of sentences, or of keys and values."""
    style = rng.choice(("words", "list", "sentences", "sentences", "notes", "paragraph"))
    count = rng.randint(2, 8)
    if style == "paragraph":
        lines = [" ".join(_sentence(rng, held_out) for _ in range(rng.randint(1, 3))) for _ in range(min(count, 3))]
    elif style == "sentences":
        lines = [_sentence(rng, held_out) for _ in range(min(count, 6))]
    elif style == "words":
        lines = [word(rng, held_out, "noun") for _ in range(count)]
    elif style == "list":
        lines = [f"- {_phrase(rng, held_out)}" for _ in range(min(count, 6))]
    else:
        lines = [_phrase(rng, held_out) for _ in range(min(count, 7))]
    if rng.random() < 0.4:
        lines.insert(rng.randrange(len(lines) + 1), rng.choice(lines))
    if rng.random() < 0.25:
        lines.insert(rng.randrange(1, len(lines)), "")
    if rng.random() < 0.2:
        lines.insert(0, f"{rng.choice(('# ', ''))}{_phrase(rng, held_out).title()}")
    return "\n".join(lines) + ("\n" if rng.random() < 0.8 else "")


def lay_files(situation: Situation) -> None:
    """Lay one or two text files into the folder."""
    rng = situation.rng
    for _ in range(rng.choice((1, 1, 1, 2))):
        content = ""
        while not 0 < len(content) <= LONGEST_FILE:
            content = written_file(rng, situation.held_out)
        situation.lay(file_name(rng, situation.held_out, rng.choice(ENDINGS)), content.encode())


def small_files(situation: Situation) -> dict[str, str]:
    """Return the text files in the folder that are small and plain, with their contents."""
    found = {}
    for name, content in situation.contents.items():
        if name.endswith((".txt", ".md")) and name in situation.files and 0 < len(content) <= LONGEST_FILE:
            text = content.decode("utf-8", "replace")
            if text.isascii() and "\r" not in text and text.strip():
                found[name] = text
    return found


# -- the shapes -------------------------------------------------------------------------------------------------------


def _common_word(rng: Random, held_out: bool, kind: str) -> str:
    words: Sequence[str] = PHRASES[kind].train
    while is_held_out(found := rng.choice(words)) != held_out:
        pass
    return found


def _filled(rng: Random, held_out: bool, pattern: str) -> str:
    """Return a pattern of a sentence with its words filled in."""

    def fill(match: re.Match[str]) -> str:
        kind = match[1].rstrip("23")
        if kind == "n":
            return str(rng.choice((rng.randint(2, 12), rng.randint(10, 99), rng.randint(100, 2030))))
        if kind == "name":
            return word(rng, held_out, "name").capitalize()
        return word(rng, held_out, kind) if kind in PHRASES else rng.choice(PHRASES["little"].train)

    return SLOT.sub(fill, expand(rng, pattern))


def _phrase(rng: Random, held_out: bool) -> str:
    if rng.random() < 0.5:
        return " ".join(word(rng, held_out) for _ in range(rng.randint(2, 4)))
    text = _filled(rng, held_out, rng.choice(PHRASES["phrase"].train))
    return text if rng.random() < 0.7 else rng.choice((text.title(), text.capitalize(), text.upper()))


def _sentence(rng: Random, held_out: bool) -> str:
    if rng.random() < 0.2:  # words in no order: nothing helps the copying but the text itself
        words = [word(rng, held_out) for _ in range(rng.randint(4, 10))]
        little = PHRASES["little"].train
        return " ".join(rng.choice(little) if rng.random() < 0.3 else each for each in words) + rng.choice(
            ("", ".", "!")
        )
    text = _filled(rng, held_out, rng.choice(PHRASES["sentence"].train))
    if rng.random() < 0.15:
        text = f"{text}, {_filled(rng, held_out, rng.choice(PHRASES['phrase'].train))}"
    if rng.random() < 0.7:
        text = text[0].upper() + text[1:]
    if rng.random() < 0.04 and "'" not in text:
        text = QUOTED_PART.sub(r'\1 "\2"', text, count=1)
    return text if text[-1] in "?!." else text + rng.choice(("", ".", ".", ".", "!"))


def _several(rng: Random, held_out: bool) -> str:
    sentences = []
    for _ in range(rng.choice((2, 2, 3))):
        sentence = _filled(rng, held_out, rng.choice(PHRASES["sentence"].train)).rstrip("?!.")
        sentences.append(sentence[0].upper() + sentence[1:] + rng.choice(("...", ".", ".", ".", "!", "?")[1:]))
    return " ".join(sentences)


def _lines(rng: Random, held_out: bool) -> str:
    return "\n".join(rng.choice((_phrase, _phrase, _sentence))(rng, held_out) for _ in range(rng.randint(2, 4)))


def _list(rng: Random, held_out: bool) -> str:
    words = [word(rng, held_out, "noun") for _ in range(rng.randint(3, 6))]
    if rng.random() < 0.25:
        words = [each.capitalize() for each in words]
    return rng.choice((", ", ", ", ",", ";", "; ", "-", "/", "|", " | ", ":")).join(words)


def _base64(rng: Random, held_out: bool) -> str:
    return base64.b64encode(word(rng, held_out).encode()).decode()


def _double_words(rng: Random, held_out: bool) -> str:
    """Return a text in which words come again."""
    words = [word(rng, held_out, rng.choice(WORD_KINDS)) for _ in range(rng.randint(2, 5))]
    words += [rng.choice(words) for _ in range(rng.randint(1, 4))]
    rng.shuffle(words)
    return " ".join(words)


def _wide_spaces(rng: Random, held_out: bool) -> str:
    words = _phrase(rng, held_out).split()
    return "".join(each + rng.choice((" ", "  ", "   ")) for each in words[:-1]) + words[-1]


def _coded(rng: Random, held_out: bool) -> str:
    """Return words with signs and digits between them."""
    words = [word(rng, held_out) for _ in range(rng.randint(1, 3))]
    signs = [rng.choice(("_", "-", "!", "?", "1", "42", "7", ".", "#", "2024", "  ", " ", ",", "& ")) for _ in words]
    return "".join(part for pair in zip(words, signs, strict=True) for part in pair).strip()


def _with_numbers(rng: Random, held_out: bool) -> str:
    return _filled(rng, held_out, rng.choice(PHRASES["numbered"].train))


def _palindrome(rng: Random, held_out: bool) -> str:
    """Return a real palindrome, a made-up one, or something close to one."""
    chance = rng.random()
    if chance < 0.3:
        while is_held_out(found := rng.choice(PHRASES["palindromes"].train)) != held_out:
            pass
        return found
    half = word(rng, held_out).lower()[:6]
    if chance < 0.55:
        return half + half[::-1][rng.randint(0, 1) :]
    if chance < 0.7:
        return half + half[::-1][1:-1] + rng.choice("aeiou")
    return word(rng, held_out) if chance < 0.9 else _phrase(rng, held_out)
