"""Requests for a text in other letters: upper case, lower case, titles."""

from __future__ import annotations

import re
from collections.abc import Callable

from starter.families.text_kinds import PHRASE, SHOWN, Kind, Shapes

# -- other forms of the text: "write it in ..." -----------------------------------------------------------------------


def _turn(lead: str, code: str, truth: Callable[[str], str], forms: str, *, shapes: Shapes, weight: float) -> Kind:
    message = f"I'll write <s> {lead[0].lower()}{lead[1:]}."
    return Kind(
        "turn", message, code, f"{lead}: <out>", lambda text, _: truth(text), shapes, weight, {"form": forms}, False
    )


def capitalized(text: str) -> str:
    """Return the text in small letters but for the first."""
    return re.sub(r"^[a-z]", lambda match: match[0].upper(), "".join(small(sign) for sign in text))


def small(sign: str) -> str:
    """Return a sign as a small letter."""
    return chr(ord(sign) + 32) if "A" <= sign <= "Z" else sign


TURNS = {
    "upper": _turn(
        "In upper case",
        "print(text.upper())",
        lambda text: re.sub(r"[a-z]", lambda match: chr(ord(match[0]) - 32), text),
        "[upper case|uppercase|upper-case|capital letters|all caps|capitals|upper case letters|block letters|caps]",
        shapes=SHOWN,
        weight=6,
    ),
    "lower": _turn(
        "In lower case",
        "print(text.lower())",
        lambda text: "".join(small(sign) for sign in text),
        "[lower case|lowercase|lower-case|small letters|lower case letters|lowercase letters]",
        shapes=SHOWN,
        weight=4,
    ),
    "title": _turn(
        "In title case",
        "import string\n<text>print(string.capwords(text))",
        lambda text: " ".join(capitalized(part) for part in text.split()),
        "[title case|titlecase|title-case|the form of a title|title style]",
        shapes=PHRASE,
        weight=2.5,
    ),
}


# -- what is taken out ------------------------------------------------------------------------------------------------
