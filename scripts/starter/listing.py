"""Lists as people type them: any separators, brackets, quotes; beside what code writes for them."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

SEPARATORS = (", ",) * 10 + (" ",) * 5 + (",", ",", "; ", "; ", ";", " ; ", " | ", " , ")
BRACKETS = ("[]", "[]", "()", "{}")


def listed(rng: Random, items: Sequence[str], *, pattern: str = "", quotes: bool = False) -> str:
    """Return the items as somebody types them; on lines of their own only where the pattern ends or begins with them.

    With ``quotes`` each item may be quoted; items that hold spaces are never separated by mere spaces.
    """
    quote = rng.choice(("", "", "", "", "", '"', '"', "'")) if quotes else ""
    texts = [f"{quote}{item}{quote}" for item in items]
    chance = rng.random()
    if chance < 0.16:
        return f"{', '.join(texts[:-1])}{rng.choice((' and ', ' and ', ', and '))}{texts[-1]}"
    if chance < 0.21 and pattern.endswith("<l>"):
        return _in_lines(rng, texts)
    separator = rng.choice(SEPARATORS)
    if not separator.strip() and any(" " in item for item in items):
        separator = ", "
    text = separator.join(texts)
    if chance < 0.45 and separator.strip() == ",":
        left, right = rng.choice(BRACKETS)
        return f"{left}{text}{right}"
    return text


def _in_lines(rng: Random, texts: Sequence[str]) -> str:
    mark = rng.choice(("", "", "", "- ", "* "))
    return "".join(f"\n{mark}{text}" for text in texts)


def code_list(items: Sequence[str], *, quoted: bool = False) -> str:
    """Return the items as a list in code."""
    texts = [f'"{item}"' if quoted else item for item in items]
    return f"[{', '.join(texts)}]"
