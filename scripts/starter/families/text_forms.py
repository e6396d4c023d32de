"""Requests for another form of a text, or for the text without something."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable

from starter.families.text_kinds import ALPHABET, ONE_WORD, PHRASE, SHORT, SHOWN, Kind, Shapes, Truth, without

# -- other forms of the text: "write it in ..." -----------------------------------------------------------------------


def _turn(lead: str, code: str, truth: Callable[[str], str], forms: str, *, shapes: Shapes, weight: float) -> Kind:
    message = f"I'll write <s> {lead[0].lower()}{lead[1:]}."
    return Kind(
        "turn", message, code, f"{lead}: <out>", lambda text, _: truth(text), shapes, weight, {"form": forms}, False
    )


def rotated(text: str, shift: int) -> str:
    """Return the text with each letter moved in the alphabet."""
    places = {letter: ALPHABET[(index + shift) % 26] for index, letter in enumerate(ALPHABET)}
    places |= {letter.upper(): moved.upper() for letter, moved in places.items()}
    return "".join(places.get(sign, sign) for sign in text)


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
    "swap": _turn(
        "In swapped case",
        "print(text.swapcase())",
        lambda text: re.sub(r"[A-Za-z]", lambda match: chr(ord(match[0]) ^ 32), text),
        "[swapped case|opposite case|inverted case|the opposite case]",
        shapes=SHORT,
        weight=1,
    ),
    "snake": _turn(
        "In snake case",
        'print("_".join(text.lower().split()))',
        lambda text: re.sub(r"\s+", "_", "".join(small(sign) for sign in text)),
        "[snake case|snake_case|snakecase]",
        shapes={"phrase": 1},
        weight=1,
    ),
    "kebab": _turn(
        "In kebab case",
        'print("-".join(text.lower().split()))',
        lambda text: re.sub(r"\s+", "-", "".join(small(sign) for sign in text)),
        "[kebab case|kebab-case|kebabcase]",
        shapes={"phrase": 1},
        weight=0.7,
    ),
    "camel": _turn(
        "In camel case",
        'words = text.lower().split()\nprint(words[0] + "".join(word.capitalize() for word in words[1:]))',
        lambda text: re.sub(r"\s+(\S)", lambda m: m[1].upper(), "".join(small(sign) for sign in text)),
        "[camel case|camelCase|camelcase]",
        shapes={"phrase": 1},
        weight=0.7,
    ),
    "rot13": _turn(
        "In ROT13",
        'import codecs\n<text>print(codecs.encode(text, "rot13"))',
        lambda text: rotated(text, 13),
        "[rot13|ROT13|rot 13|rot-13]",
        shapes=SHORT,
        weight=1.5,
    ),
    "binary": _turn(
        "In binary",
        'print(" ".join(format(ord(c), "08b") for c in text))',
        lambda text: " ".join(bin(byte)[2:].rjust(8, "0") for byte in text.encode()),
        "[binary|binary code|binary digits|zeros and ones]",
        shapes=ONE_WORD,
        weight=1,
    ),
    "base64": _turn(
        "In Base64",
        "import base64\n<text>print(base64.b64encode(text.encode()).decode())",
        lambda text: base64.encodebytes(text.encode()).decode().replace("\n", ""),
        "[base64|Base64|base 64|base64 encoding]",
        shapes={"word": 6, "coded": 1, "phrase": 1},
        weight=1,
    ),
    "codes": _turn(
        "In character codes",
        'print(", ".join(str(ord(c)) for c in text))',
        lambda text: ", ".join(map(str, text.encode())),
        "[ascii codes|ascii|ASCII codes|ascii numbers|character codes|ascii values|ASCII|unicode numbers]",
        shapes=ONE_WORD,
        weight=1.5,
    ),
    "places": _turn(
        "In places of the alphabet",
        'print(", ".join(str(ord(c) - ord("a") + 1) for c in text.lower() if c.isalpha()))',
        lambda text: ", ".join(str(ALPHABET.index(sign) + 1) for sign in text.casefold() if sign in ALPHABET),
        "[alphabet positions|alphabet numbers|places in the alphabet|positions in the alphabet|letter numbers"
        "|numbers with a = 1|numbers (a=1, b=2)]",
        shapes=ONE_WORD,
        weight=1.5,
    ),
}


# -- what is taken out ------------------------------------------------------------------------------------------------


def _removal(noun: str, code: str, truth: Truth, *, shapes: Shapes, weight: float, what: str) -> Kind:
    message, nouns = f"I'll remove {noun} from <s>.", {"what": what}
    return Kind("remove", message, code, f"Without {noun}: <out>", truth, shapes, weight, nouns, False)


REMOVED = {
    "no vowels": _removal(
        "vowels",
        'print("".join(c for c in text if c.lower() not in "aeiou"))',
        without(r"[aeiouAEIOU]"),
        shapes=SHORT,
        weight=3,
        what="[vowels|the vowels|all vowels|all the vowels|every vowel]",
    ),
    "no consonants": _removal(
        "consonants",
        'print("".join(c for c in text if not c.isalpha() or c.lower() in "aeiou"))',
        without(r"(?i)[b-df-hj-np-tv-z]"),
        shapes={"word": 3, "phrase": 2},
        weight=1,
        what="[consonants|the consonants|all consonants|all the consonants]",
    ),
    "spaceless": _removal(
        "spaces",
        'print(text.replace(" ", ""))',
        without(" "),
        shapes={"phrase": 4, "sentence": 2},
        weight=3,
        what="[spaces|the spaces|all spaces|all the spaces|the blanks|every space]",
    ),
    "no punctuation": _removal(
        "punctuation",
        'import string\n<text>print("".join(c for c in text if c not in string.punctuation))',
        without(r"[^\w\s]|_"),
        shapes={"sentence": 4, "several": 2, "coded": 2},
        weight=3,
        what="[punctuation|the punctuation|all punctuation|punctuation marks|the punctuation marks"
        "|all punctuation marks]",
    ),
    "no digits": _removal(
        "digits",
        'print("".join(c for c in text if not c.isdigit()))',
        without(r"\d"),
        shapes={"numbers": 3, "coded": 3},
        weight=1.5,
        what="[digits|the digits|all digits|numbers|the numbers|all numbers]",
    ),
    "no letter": _removal(
        "<l!>",
        'print(text.replace(<l!>, ""))',
        lambda text, values: "".join(text.split(values["l"])),
        shapes=SHORT,
        weight=2,
        what="[the letter <l>|the letter <l>|all <ls>|every <l>|the <ls>|each <l>]",
    ),
    "no word": _removal(
        "<w!>",
        'print(" ".join(word for word in text.split() if word != <w!>))',
        lambda text, values: re.sub(r"\s+", " ", re.sub(rf"(?<!\S){re.escape(values['w'])}(?!\S)", "", text)).strip(),
        shapes={"phrase": 2, "sentence": 3},
        weight=1.5,
        what="[the word <w>|the word <w>|every word <w>]",
    ),
    "double words": _removal(
        "duplicate words",
        'print(" ".join(dict.fromkeys(text.split())))',
        lambda text, _: " ".join(part for n, part in enumerate(text.split()) if part not in text.split()[:n]),
        shapes={"double words": 1.0},
        weight=1.5,
        what="[duplicate words|the duplicate words|repeated words|double words|words that repeat|duplicates]",
    ),
    "double letters": _removal(
        "duplicate letters",
        'print("".join(dict.fromkeys(text)))',
        lambda text, _: "".join(sign for n, sign in enumerate(text) if sign not in text[:n]),
        shapes=ONE_WORD,
        weight=1,
        what="[duplicate letters|the duplicate letters|repeated letters|double letters|duplicate characters]",
    ),
    "wide spaces": _removal(
        "extra spaces",
        'print(" ".join(text.split()))',
        lambda text, _: re.sub(r" +", " ", text).strip(),
        shapes={"wide spaces": 1.0},
        weight=1.5,
        what="[extra spaces|the extra spaces|double spaces|the double spaces|unnecessary spaces"
        "|superfluous spaces|multiple spaces]",
    ),
}
