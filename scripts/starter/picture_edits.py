"""Changes of a picture's colors, parts of it, and borders: the code, how they are asked for, the size that results."""

from __future__ import annotations

from random import Random

from starter.picture_canvas import Canvas, Change, Maker, always
from starter.picture_references import percent_text, pixels_text, size_text

COLORS = ("red", "green", "blue", "black", "white", "yellow", "orange", "purple", "gray", "pink", "brown", "gold")
COLORS += ("darkblue", "lightblue", "darkgreen", "silver", "navy")
SIDES = {
    "left": "(0, 0, image.width // 2, image.height)",
    "right": "(image.width // 2, 0, image.width, image.height)",
    "top": "(0, 0, image.width, image.height // 2)",
    "bottom": "(0, image.height // 2, image.width, image.height)",
}
TRIMS = {
    "left": "({}, 0, image.width, image.height)",
    "right": "(0, 0, image.width - {}, image.height)",
    "top": "(0, {}, image.width, image.height)",
    "bottom": "(0, 0, image.width, image.height - {})",
}


def color_word(rng: Random) -> str:
    """Return a color as code and people write it."""
    return f"#{rng.randrange(1 << 24):06x}" if rng.random() < 0.15 else rng.choice(COLORS)


# -- colors -----------------------------------------------------------------------------------------------------------


def _enhanced(section: str, said: str, kind: str, factor: str, **slots: str) -> Change:
    line = f'image = ImageEnhance.{kind}(image.convert("RGB")).enhance({factor})'
    ending = kind.lower() if kind == "Contrast" else section.removesuffix(" by")
    return Change(section, said, ending, line, slots=slots, module="ImageEnhance")


def _brighter(canvas: Canvas) -> Change:
    rng = canvas.rng
    if rng.random() < 0.55:
        return _enhanced("brighter", "make {} brighter", "Brightness", "1.5")
    n = rng.choice((10, 20, 25, 30, 40, 50, 75, rng.randint(5, 99)))
    factor, said = f"1 + {n} / 100", f"make {{}} {n} percent brighter"
    return _enhanced("brighter by", said, "Brightness", factor, p=percent_text(rng, n))


def _darker(canvas: Canvas) -> Change:
    rng = canvas.rng
    if rng.random() < 0.55:
        return _enhanced("darker", "make {} darker", "Brightness", "0.5")
    n = rng.choice((10, 20, 25, 30, 40, 50, 75, rng.randint(5, 99)))
    factor, said = f"1 - {n} / 100", f"make {{}} {n} percent darker"
    return _enhanced("darker by", said, "Brightness", factor, p=percent_text(rng, n))


def _contrast(canvas: Canvas) -> Change:
    rng = canvas.rng
    if rng.random() < 0.65:
        return _enhanced("more contrast", "raise the contrast of {}", "Contrast", "1.5")
    return _enhanced("less contrast", "lower the contrast of {}", "Contrast", "0.5")


def _blurred(canvas: Canvas) -> Change:
    rng = canvas.rng
    radius, section = (2, "blur") if rng.random() < 0.6 else (rng.randint(1, 12), "blur by")
    line = f'image = image.convert("RGB").filter(ImageFilter.GaussianBlur({radius}))'
    slots = {"n": str(radius), "r": pixels_text(rng, radius)}
    return Change(section, f"blur {{}} by {radius} pixels", "blurred", line, slots=slots, module="ImageFilter")


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


def _corner(canvas: Canvas) -> Change:
    rng = canvas.rng
    w, h = rng.randint(1, canvas.width), rng.randint(1, canvas.height)
    line = f"image = image.crop((0, 0, {w}, {h}))"
    said = f"crop {{}} to {w} x {h} pixels from the top left"
    return Change("corner", said, "cropped", line, lambda *_: (w, h), {"s": size_text(rng, w, h)})


def _half(canvas: Canvas) -> Change:
    rng = canvas.rng
    side, box = rng.choice(list(SIDES.items()))
    called = rng.choice({"top": ("top", "upper"), "bottom": ("bottom", "lower")}.get(side, (side,)))
    wide = side in ("left", "right")
    line = f"image = image.crop({box})"
    half = (lambda w, h: (w / 2, h)) if wide else (lambda w, h: (w, h / 2))
    return Change("half of", f"crop {{}} to the {side} half", side, line, half, {"side": called})


def _trimmed(canvas: Canvas) -> Change:
    rng = canvas.rng
    side, box = rng.choice(list(TRIMS.items()))
    wide = side in ("left", "right")
    n = rng.randint(1, max(1, (canvas.width if wide else canvas.height) // 2 - 1))
    line = f"image = image.crop({box.format(n)})"
    less = (lambda w, h: (w - n, h)) if wide else (lambda w, h: (w, h - n))
    said, slots = f"cut {n} pixels off the {side} of {{}}", {"n": pixels_text(rng, n), "side": side}
    return Change("trim side", said, "cropped", line, less, slots)


def _trimmed_around(canvas: Canvas) -> Change:
    rng = canvas.rng
    n = rng.randint(1, max(1, min(canvas.width, canvas.height) // 2 - 1))
    line = f"image = ImageOps.crop(image, {n})"
    said = f"cut {n} pixels off each side of {{}}"
    slots = {"n": pixels_text(rng, n)}
    return Change("trim", said, "cropped", line, lambda w, h: (w - 2 * n, h - 2 * n), slots, "ImageOps")


def _bordered(canvas: Canvas) -> Change:
    rng = canvas.rng
    n, color, section = 10, "black", "border"
    chance = rng.random()
    if chance < 0.7:
        n = rng.choice((1, 2, 3, 4, 5, 8, 10, 12, 15, 20, 25, 30, 50))
        section = "wide border"
    if chance < 0.45 or chance > 0.85:
        color = color_word(rng)
        section = "wide colored border" if chance < 0.45 else "colored border"
    line = f'image = ImageOps.expand(image.convert("RGB"), border={n}, fill="{color}")'
    slots = {"n": rng.choice((f"{n} pixels", f"{n} px", f"{n}px", f"{n} pixel", str(n))), "color": color}
    said = f"add a {color} border of {n} pixels to {{}}"
    return Change(section, said, "border", line, lambda w, h: (w + 2 * n, h + 2 * n), slots, "ImageOps")


GRAY = Change("gray", "make {} gray", "gray", 'image = image.convert("L")')
INVERTED = Change(
    "invert",
    "invert the colors of {}",
    "inverted",
    'image = ImageOps.invert(image.convert("RGB"))',
    module="ImageOps",
)
SHARPENED = Change(
    "sharpen",
    "sharpen {}",
    "sharpened",
    'image = image.convert("RGB").filter(ImageFilter.SHARPEN)',
    module="ImageFilter",
)
SQUARE = Change(
    "square",
    "crop {} to a square",
    "square",
    "image = ImageOps.fit(image, (min(image.size), min(image.size)))",
    lambda w, h: (min(w, h), min(w, h)),
    module="ImageOps",
)
EDITS: dict[Maker, float] = {
    always(GRAY): 2.2,
    always(INVERTED): 1.2,
    _brighter: 1.4,
    _darker: 1.4,
    _contrast: 0.9,
    _blurred: 1.4,
    always(SHARPENED): 0.7,
    _box: 1.7,
    _corner: 0.7,
    always(SQUARE): 0.9,
    _half: 1,
    _trimmed: 0.8,
    _trimmed_around: 0.7,
    _bordered: 1.8,
}
