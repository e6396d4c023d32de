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
HEX = 'print(f"#{r:02x}{g:02x}{b:02x}")'
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
    if rng.random() < 0.38:
        return rng.choice((_size, _size, _width, _height))(image.size)
    if rng.random() < 0.28:
        return _format(file, image) if rng.random() < 0.35 else rng.choice((_mode, _details))(image)
    if rng.random() < 0.5:
        return rng.choices((_main, _pixel), (2.2, 1.5))[0](rng, content, image)
    return rng.choices((_color_count, _most, _average), (1.3, 1, 1.3))[0](content, image)


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


def _mode(image: Image) -> Question:
    said, answer = "get the color mode of {}", "The color mode of {} is {}."
    return Question("mode", said, "print(image.mode)", answer, lambda printed: printed == image.mode, image.size)


def _details(image: Image) -> Question:
    code = 'print(f"size: {image.width} x {image.height}\\nformat: {image.format}\\nmode: {image.mode}")'
    truth = [f"size: {image.width} x {image.height}", f"format: {image.format}", f"mode: {image.mode}"]
    answer = "The details of {}"
    return Question(
        "details",
        "show the details of {}",
        code,
        answer,
        lambda printed: printed.split("\n") == truth,
        image.size,
        lines=True,
    )


def _color_count(content: bytes, image: Image) -> Question:
    truth = len(colors_of(content))
    said, answer = "count the colors of {}", "{} has {} colors."
    code = f"print(len({COUNTS}))"
    return Question("color count", said, code, answer, lambda printed: int(printed) == truth, image.size, colored=True)


def _main(rng: Random, content: bytes, image: Image) -> Question:
    n = rng.choice((2, 3, 3, 4, 5, 5, 6, 8, 10))
    section = rng.choice(("palette", "main colors", "main colors"))
    n = 5 if section == "palette" else n
    written = NUMBERS[n] if n in NUMBERS and rng.random() < 0.3 else str(n)
    return _most_frequent(content, image, n, section, {"n": written})


def _most(content: bytes, image: Image) -> Question:
    return _most_frequent(content, image, 1, "main color", {})


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


def _average(content: bytes, image: Image) -> Question:
    total = sum(count for _, count in colors_of(content))
    means = [
        sum(int(color[place : place + 2], 16) * count for color, count in colors_of(content)) / total
        for place in (1, 3, 5)
    ]

    def agrees(printed: str) -> bool:
        channels = [int(printed[place : place + 2], 16) for place in (1, 3, 5)]
        return all(abs(one - other) <= 0.501 for one, other in zip(channels, means, strict=True))

    code = f"r, g, b = (round(mean) for mean in ImageStat.Stat(image).mean)\n{HEX}"
    said, answer = "compute the average color of {}", "The average color of {} is {}."
    return Question("average color", said, code, answer, agrees, image.size, colored=True)


def _pixel(rng: Random, _: bytes, image: Image) -> Question:
    x, y = rng.randrange(image.width), rng.randrange(image.height)
    if rng.random() < 0.08:
        x = y = 0
    data = image.convert("RGB").tobytes()
    place = 3 * (y * image.width + x)
    truth = "#" + data[place : place + 3].hex()
    form = rng.choice(
        ("({}, {})", "({}, {})", "{}, {}", "{},{}", "({},{})", "x={}, y={}", "x={} y={}", "[{}, {}]", "{} {}")
    )
    code = f"r, g, b = image.getpixel(({x}, {y}))\n{HEX}"
    said, answer = f"get the color of {{}} at ({x}, {y})", f"The color of {{}} at ({x}, {y}) is {{}}."
    slots = {"xy": form.format(x, y), "x": str(x), "y": str(y)}
    return Question("pixel", said, code, answer, lambda printed: printed == truth, image.size, slots, colored=True)
