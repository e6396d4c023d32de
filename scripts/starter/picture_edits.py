"""Changes of a picture's colors, parts of it, and borders: the code, how they are asked for, the size that results."""

from __future__ import annotations

from starter.picture_canvas import Canvas, Change, Maker, always
from starter.picture_references import size_text

COLORS = ("red", "green", "blue", "black", "white", "yellow", "orange", "purple", "gray", "pink", "brown", "gold")
COLORS += ("darkblue", "lightblue", "darkgreen", "silver", "navy")


# -- colors -----------------------------------------------------------------------------------------------------------


# -- parts and additions ----------------------------------------------------------------------------------------------


def _box(canvas: Canvas) -> Change:
    rng, width, height = canvas.rng, canvas.width, canvas.height
    left, top = rng.randrange((width + 1) // 2), rng.randrange((height + 1) // 2)
    w, h = rng.randint(1, width - left), rng.randint(1, height - top)
    if rng.random() < 0.5:
        box = (left, top, left + w, top + h)
        form = rng.choice(("({}, {}, {}, {})", "{}, {}, {}, {}", "{} {} {} {}", "({},{},{},{})", "[{}, {}, {}, {}]"))
        slots = {"box": form.format(*box)} | dict(zip("ltrb", map(str, box), strict=True))
        line, section = f"image = image.crop(({left}, {top}, {left + w}, {top + h}))", "crop"
    else:
        slots = {"s": size_text(rng, w, h), "x": str(left), "y": str(top)}
        line, section = f"image = image.crop(({left}, {top}, {left} + {w}, {top} + {h}))", "piece"
    return Change(section, "crop {} to the box", "cropped", line, lambda *_: (w, h), slots)


GRAY = Change("gray", "make {} gray", "gray", 'image = image.convert("L")')
INVERTED = Change(
    "invert",
    "invert the colors of {}",
    "inverted",
    'image = ImageOps.invert(image.convert("RGB"))',
    module="ImageOps",
)
EDITS: dict[Maker, float] = {
    always(GRAY): 2.2,
    always(INVERTED): 1.2,
    _box: 1.7,
}
