"""What can be done to one picture: a random change of it, other formats among them."""

from __future__ import annotations

from random import Random

from starter.phrasing import load_phrases
from starter.picture_canvas import Canvas, Change
from starter.picture_edits import EDITS
from starter.picture_shapes import SHAPES

PHRASES = load_phrases("picture_changes")
FORMATS = ("jpg",) * 5 + ("png",) * 5 + ("jpeg", "webp", "webp", "bmp", "gif", "gif", "tiff", "pdf", "pdf")
MAKERS = SHAPES | EDITS
FORMAT_SHARE = 0.09
MOST_PIXELS = 250_000  # of a picture that a change makes: larger ones cost time
TRIES = 30


def some_change(rng: Random, width: int, height: int, file: str = "") -> Change:
    """Return a random change of a picture of this size; ``file`` is its name, of whose format it is not made again.

    Nothing is made smaller than a pixel, and few pictures are made large.
    """
    if rng.random() < FORMAT_SHARE:
        return _converted(rng, file)
    canvas = Canvas(rng, width, height)
    change = _drawn(canvas)
    for _ in range(TRIES):
        new_width, new_height = change.size(width, height)
        if min(new_width, new_height) >= 1 and (new_width * new_height <= MOST_PIXELS or change.section == "resize"):
            break
        change = _drawn(canvas)
    return change


def _drawn(canvas: Canvas) -> Change:
    return canvas.rng.choices(tuple(MAKERS), tuple(MAKERS.values()))[0](canvas)


def _converted(rng: Random, file: str) -> Change:
    ending = rng.choice([each for each in FORMATS if not file.endswith(each)])
    typed = rng.choice((ending, ending, ending.upper(), f".{ending}"))
    return Change("convert", f"convert {{}} to {ending}", "", slots={"format": typed}, format=ending)
