"""Changes of a picture's size, and its turns: the lines of code, how they are asked for, and the size that results."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from random import Random

from starter.picture_canvas import Canvas, Change, Maker, Size, always
from starter.picture_references import degrees_text, percent_text, pixels_text, size_text, some_pixels

FACTORS = {
    "half": "// 2",
    "a third": "// 3",
    "a quarter": "// 4",
    "double": "* 2",
    "triple": "* 3",
    "four times": "* 4",
}


# -- size -------------------------------------------------------------------------------------------------------------


def _resized(canvas: Canvas) -> Change:
    rng = canvas.rng
    new_width, new_height = some_pixels(rng), some_pixels(rng)
    if rng.random() < 0.35:
        new_height = new_width
    elif rng.random() < 0.04:
        new_width, new_height = rng.choice(((640, 480), (800, 600), (1024, 768), (1280, 720), (1920, 1080), (512, 512)))
    slots = {
        "s": size_text(rng, new_width, new_height),
        "w": pixels_text(rng, new_width),
        "h": pixels_text(rng, new_height),
    }
    line = f"image = image.resize(({new_width}, {new_height}))"
    said = f"resize {{}} to {new_width} x {new_height} pixels"
    return Change("resize", said, "resized", line, lambda *_: (new_width, new_height), slots)


def _to_width(canvas: Canvas) -> Change:
    rng = canvas.rng
    new = some_pixels(rng, max(20, min(400, 400 * canvas.width // canvas.height)))
    line = f"image = image.resize(({new}, round(image.height * {new} / image.width)))"
    said = f"resize {{}} to a width of {new} pixels"
    slots = {"w": pixels_text(rng, new)}
    return Change("to width", said, "resized", line, lambda w, h: (new, new / w * h), slots)


def _to_height(canvas: Canvas) -> Change:
    rng = canvas.rng
    new = some_pixels(rng, max(20, min(400, 400 * canvas.height // canvas.width)))
    line = f"image = image.resize((round(image.width * {new} / image.height), {new}))"
    said = f"resize {{}} to a height of {new} pixels"
    slots = {"h": pixels_text(rng, new)}
    return Change("to height", said, "resized", line, lambda w, h: (new / h * w, new), slots)


def _to_percent(canvas: Canvas) -> Change:
    rng = canvas.rng
    n = rng.choice((25, 30, 40, 50, 50, 60, 70, 75, 80, 90, 120, 150, 200, 200, 300, rng.randint(20, 250)))
    line = f"image = image.resize((image.width * {n} // 100, image.height * {n} // 100))"
    slots = {"p": percent_text(rng, n)}
    said = f"resize {{}} to {n} percent"
    return Change("percent", said, "resized", line, lambda w, h: (w * n / 100, h * n / 100), slots)


def _by_factor(canvas: Canvas) -> Change:
    rng = canvas.rng
    called, sign = rng.choice(list(FACTORS.items()))
    factor = 1 / int(sign[3:]) if sign.startswith("//") else int(sign[2:])
    line = f"image = image.resize((image.width {sign}, image.height {sign}))"
    said = f"resize {{}} to {called} of its size" if factor < 1 else f"resize {{}} to {called} its size"
    return Change(called, said, "resized", line, lambda w, h: (w * factor, h * factor))


def _thumbnail(canvas: Canvas) -> Change:
    rng = canvas.rng
    n = some_pixels(rng, 200)

    def size(w: float, h: float) -> Size:
        shrunk = min(n / w, n / h, 1)
        return w * shrunk, h * shrunk

    slots = {"s": rng.choice((size_text(rng, n, n), pixels_text(rng, n))), "w": pixels_text(rng, n)}
    said = f"make a thumbnail of {{}} of {n} pixels"
    return Change("thumbnail", said, "thumbnail", f"image.thumbnail(({n}, {n}))", size, slots)


# -- turns ------------------------------------------------------------------------------------------------------------


def _angle(rng: Random) -> int:
    return rng.choice((90, 90, 90, 90, 180, 180, 270, 45, 30, 60, 10, 5, 15, 120, rng.randint(1, 359)))


def _turned(angle: int) -> Callable[[float, float], Size]:
    cosine, sine = abs(math.cos(math.radians(angle))), abs(math.sin(math.radians(angle)))
    return lambda w, h: (w * cosine + h * sine, w * sine + h * cosine)


def _rotated(sign: str, angle: int, section: str, slots: Mapping[str, str]) -> Change:
    said = f"rotate {{}} by {angle} degrees " + ("clockwise" if sign else "counterclockwise")
    line = f"image = image.rotate({sign}{angle}, expand=True)"
    return Change(section, said, "rotated", line, _turned(angle), slots, slack=0.01 if angle % 90 == 0 else 2.5)


def _clockwise(canvas: Canvas) -> Change:
    rng = canvas.rng
    chance = rng.random()
    if chance < 0.2:
        return _rotated("-", 90, "quarter right", {})
    angle = _angle(rng)
    slots = {"d": degrees_text(rng, angle), "n": str(angle)}
    return _rotated("-", angle, "rotate" if chance < 0.6 else "rotate right", slots)


def _counterclockwise(canvas: Canvas) -> Change:
    rng = canvas.rng
    if rng.random() < 0.25:
        return _rotated("", 90, "quarter left", {})
    angle = _angle(rng)
    return _rotated("", angle, "rotate left", {"d": degrees_text(rng, angle), "n": str(angle)})


SHAPES: dict[Maker, float] = {
    _resized: 3.5,
    _to_width: 1.6,
    _to_height: 1.1,
    _to_percent: 1.6,
    _by_factor: 2,
    _thumbnail: 1.1,
    _clockwise: 3,
    _counterclockwise: 1.8,
    always(_rotated("-", 180, "upside down", {})): 0.7,
    always(
        Change("mirror", "flip {} horizontally", "flipped", "image = ImageOps.mirror(image)", module="ImageOps")
    ): 1.2,
    always(Change("flip", "flip {} vertically", "flipped", "image = ImageOps.flip(image)", module="ImageOps")): 1.2,
}
