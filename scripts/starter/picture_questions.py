"""Questions about one picture: its size, format and colors; for each the code, the words and the truth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING

from starter.dialogue import Situation
from starter.phrasing import Phrases, load_phrases
from starter.pictures import colors_of, picture_of

if TYPE_CHECKING:
    from PIL.Image import Image

PHRASES = load_phrases("pictures")
FORMATS = {"jpg": "JPEG", "jpeg": "JPEG"}
COUNTS = "image.getcolors(image.width * image.height)"
NUMBERS = {2: "two", 3: "three", 4: "four", 5: "five", 6: "six", 10: "ten"}


@dataclass(frozen=True, slots=True)
class Question:
    """One question: code that prints what is asked of ``image``, the answer ({} for the file, {} for the output).

    ``colored``: the picture is read as RGB; ``lines``: the output is a list; ``size`` is the picture's, as it is known.
    """

    section: str
    said: str
    code: str
    answer: str
    agrees: Callable[[str], bool]
    size: tuple[int, int]
    slots: Mapping[str, str] = field(default_factory=dict)
    colored: bool = False
    lines: bool = False

    @property
    def phrases(self) -> Phrases:
        """The patterns that ask this."""
        return PHRASES[self.section]


def some_question(situation: Situation, file: str, size: tuple[int, int] | None = None) -> Question:
    """Return a random question about a file; of one whose content is not known its size is all that is asked."""
    rng = situation.rng
    content = situation.contents.get(file)
    image = picture_of(content) if content else None
    if content is None or image is None:
        assert size is not None
        return rng.choice((_size, _size, _width, _height))(size)
    if rng.random() < 0.6:
        return rng.choice((_size, _size, _width, _height))(image.size)
    if rng.random() < 0.28:
        return _format(file, image)
    return _main(rng, content, image)


def _size(size: tuple[int, int]) -> Question:
    truth = f"{size[0]} x {size[1]}"
    code = 'print(image.width, "x", image.height)'
    return Question("size", "get the size of {}", code, "{} is {} pixels.", lambda printed: printed == truth, size)


def _width(size: tuple[int, int]) -> Question:
    said, answer = "get the width of {}", "{} is {} pixels wide."
    return Question("width", said, "print(image.width)", answer, lambda printed: int(printed) == size[0], size)


def _height(size: tuple[int, int]) -> Question:
    said, answer = "get the height of {}", "{} is {} pixels high."
    return Question("height", said, "print(image.height)", answer, lambda printed: int(printed) == size[1], size)


def _format(file: str, image: Image) -> Question:
    ending = file.rsplit(".", 1)[1]
    truth = FORMATS.get(ending, ending.upper())
    said, answer = "get the format of {}", "The format of {} is {}."
    return Question("format", said, "print(image.format)", answer, lambda printed: printed == truth, image.size)


def _main(rng: Random, content: bytes, image: Image) -> Question:
    n = rng.choice((2, 3, 3, 4, 5, 5, 6, 8, 10))
    section = rng.choice(("palette", "main colors", "main colors"))
    n = 5 if section == "palette" else n
    written = NUMBERS[n] if n in NUMBERS and rng.random() < 0.3 else str(n)
    return _most_frequent(content, image, n, section, {"n": written})


def _most_frequent(content: bytes, image: Image, n: int, section: str, slots: Mapping[str, str]) -> Question:
    code = (
        f"colors = sorted({COUNTS}, reverse=True)\n"
        f"for count, (r, g, b) in colors[:{n}]:\n"
        '    print(f"#{r:02x}{g:02x}{b:02x}: {count}")'
    )
    truth = [f"{color}: {count}" for color, count in colors_of(content)[:n]]
    what = f"{n} most frequent colors" if n > 1 else "most frequent color"
    return Question(
        section,
        f"get the {what} of {{}}",
        code,
        f"The {what} of {{}}, with the number of pixels",
        lambda printed: printed.split("\n") == truth,
        image.size,
        slots,
        colored=True,
        lines=True,
    )
