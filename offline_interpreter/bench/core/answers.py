"""What an answer says: numbers in any usual form, names, and which number belongs to which name.

Tolerant in form, strict in substance: ``1,234.5``, ``1 234,50`` and ``**1234.5**`` are one number, 1234.4 is another.
An answer that buries the figure among a hundred others does not say it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence

from offline_interpreter.bench.core.demands import require

MOST_NUMBERS = 60  # in an answer that is taken to say one of them
SAID_CHARS = 40_000  # of an answer that are read

_GROUPED = re.compile(r"(?<![\w.])([-+]?)(\d{1,3}(?:([,' ])\d{3})(?:\3\d{3})*)(?:\.(\d+))?(?![\d])")
_GERMAN = re.compile(r"(?<![\w.,])([-+]?)(\d{1,3}(?:[.' ]\d{3})+|\d+),(\d+)(?![\d,])")
_PLAIN = re.compile(r"(?<![\w.])[-+]?(?:\d+\.\d+|\d+|\.\d+)(?:[eE][-+]?\d+)?(?!\d|\.\d)")
_SPACES = dict.fromkeys(map(ord, "\u00a0\u2009\u202f\u2007"), " ")
_NOTHING = dict.fromkeys(map(ord, "*`\\"))


def said(answer: str) -> str:
    """Return the answer without marks of Markdown, with one kind of minus and of space."""
    text = unicodedata.normalize("NFC", answer[:SAID_CHARS]).translate(_SPACES).replace("{,}", ",")
    return text.replace("−", "-").replace("\\,", " ").translate(_NOTHING)


def numbers(text: str) -> list[float]:
    """Return every number that can be read out of a text; ``1,234`` can be read as 1234, 1 and 234."""
    text = said(text)
    found = [float(number) for number in _PLAIN.findall(text)]
    for sign, whole, separator, places in _GROUPED.findall(text):
        found.append(float(f"{sign}{whole.replace(separator, '')}.{places or 0}"))
    for sign, whole, places in _GERMAN.findall(text):
        found.append(float(f"{sign}{re.sub('[^0-9]', '', whole)}.{places}"))
    return found


def number_of(text: str) -> float | None:
    """Return the number that stands first in a cell of a table, None if there is none.

    Of two kinds of separators the last is the decimal one; a comma alone is so unless three digits follow it.
    """
    match = re.search(r"[-+]?\d[\d.,' ]*(?:[eE][-+]?\d+)?", said(text))
    if match is None:
        return None
    number = match.group().strip(" '.,").replace("'", "").replace(" ", "")
    if "," in number and "." in number:
        group = min(",.", key=number.rindex)
        number = number.replace(group, "").replace(",", ".")
    elif "," in number:
        is_grouped = re.fullmatch(r"[-+]?[1-9]\d{0,2}(?:,\d{3})+", number)
        number = number.replace(",", "" if is_grouped else ".")
    try:
        return float(number)
    except ValueError:
        return None


def is_near(number: float, truth: float, places: int | None) -> bool:
    """Say whether ``number`` is the truth, rounded to ``places`` or better; without, exactly."""
    if places is None:
        return abs(number - truth) <= 1e-9 * max(1.0, abs(truth))
    return abs(number - truth) <= 0.5 * 10.0**-places * (1 + 1e-6) + 1e-9


def holds_number(text: str, truth: float, places: int | None = None) -> bool:
    """Say whether this number is in the text."""
    return any(is_near(number, truth, places) for number in numbers(text))


def require_number(
    answer: str, truth: float, what: str, places: int | None = None, *, either_sign: bool = False
) -> None:
    """Demand that the answer says a number, and not among a heap of others. Raises ``Lacking``."""
    require(answer.strip(), "There is no answer.")
    found = numbers(answer)
    require(len(set(found)) <= MOST_NUMBERS, f"The answer buries {what} among {len(set(found))} numbers.")
    right = any(is_near(number, truth, places) for number in found)
    right = right or (either_sign and any(is_near(-number, truth, places) for number in found))
    require(right, f"The answer does not say {what} ({_shown(truth, places)}).")


def position(text: str, name: str) -> int:
    """Return where a name begins in the text as a word of its own, whatever its case; -1 if it does not."""
    match = re.search(rf"(?<!\w){re.escape(name.casefold())}(?!\w)", said(text).casefold())
    return match.start() if match else -1


def mentions(text: str, *names: str) -> bool:
    """Say whether one of the names is in the text."""
    return any(position(text, name) >= 0 for name in names)


def require_name(answer: str, name: str, others: Collection[str] = ()) -> None:
    """Demand that the answer names this, and none of the others before it. Raises ``Lacking``."""
    require(answer.strip(), "There is no answer.")
    place = position(answer, name)
    require(place >= 0, f"The answer does not name {name}.")
    earlier = [other for other in others if other != name and 0 <= position(answer, other) < place]
    require(not earlier, f"The answer names {', '.join(earlier[:1])} before {name}.")


def require_order(answer: str, names: Sequence[str], others: Collection[str] = ()) -> None:
    """Demand that the answer names all of these one after the other, and none of the others. Raises ``Lacking``."""
    require(answer.strip(), "There is no answer.")
    rest = said(answer)
    for name in names:
        place = position(rest, name)
        require(place >= 0, f"The answer does not name {name} where it belongs.")
        rest = rest[place + len(name) :]
    extra = [other for other in others if other not in names and mentions(answer, other)]
    require(not extra, f"The answer names {', '.join(extra[:1])} too.")


def require_figures(answer: str, truths: Mapping[str, float], places: int | None = None) -> None:
    """Demand that after each name, before the next one or on its line, stands its number. Raises ``Lacking``."""
    require(answer.strip(), "There is no answer.")
    text = said(answer).casefold()
    pattern = "|".join(re.escape(name.casefold()) for name in sorted(truths, key=len, reverse=True))
    places_of = list(re.finditer(rf"(?<!\w)(?:{pattern})(?!\w)", text))
    for name, truth in truths.items():
        ends = [match.start() for match in places_of[1:]] + [len(text)]
        after = [
            text[at.end() : end] for at, end in zip(places_of, ends, strict=False) if at.group() == name.casefold()
        ]
        alone = [
            line for line in text.splitlines() if {m.group() for m in re.finditer(pattern, line)} == {name.casefold()}
        ]
        require(after, f"The answer does not name {name}.")
        right = any(holds_number(part, truth, places) for part in (*after, *alone))
        require(right, f"The answer does not give {name} its number ({_shown(truth, places)}).")


def _shown(truth: float, places: int | None) -> str:
    return f"{truth:g}" if places is None and truth != int(truth) else f"{truth:.{places or 0}f}"
