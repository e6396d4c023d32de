"""Tasks with still pictures: sizes, colors, parts, and shapes that must be counted."""

from __future__ import annotations

import math
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from offline_interpreter.bench.core.answers import require_figures, require_number
from offline_interpreter.bench.core.demands import question, require, solution
from offline_interpreter.bench.core.files import read_named
from offline_interpreter.bench.core.invented import WORDS
from offline_interpreter.bench.core.pictures import (
    difference,
    picture_of,
    pixels,
    share_near,
)
from offline_interpreter.bench.tasks import Attempt, Question, Task

if TYPE_CHECKING:
    from PIL.Image import Image

FAMILY = "pictures and codes"
PILLOW = ("PIL", "numpy")


def scene(rng: Random, size: tuple[int, int]) -> Image:
    """Return a picture that is different in every part: a slope of color with disks and bars on it."""
    import numpy as np
    from PIL import Image, ImageDraw

    width, height = size
    x, y = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    tint = [rng.uniform(0.3, 0.9) for _ in range(3)]
    channels = [255 * tint[0] * x, 255 * tint[1] * y, 255 * tint[2] * (1 - x * y)]
    image = Image.fromarray(np.stack(channels, axis=2).astype("uint8"))
    draw = ImageDraw.Draw(image)
    for _ in range(9):
        left, top, side = rng.randrange(width), rng.randrange(height), rng.randrange(6, max(8, min(size) // 4))
        color = (rng.randrange(256), rng.randrange(256), rng.randrange(256))
        shape = draw.ellipse if rng.random() < 0.5 else draw.rectangle
        shape((left, top, left + side, top + side), fill=color)
    return image


def _require_picture(data: bytes, truth: Image, what: str, within: float = 2.0) -> None:
    image = picture_of(data)
    require(image.size == truth.size, f"{what} has {image.size} pixels instead of {truth.size}.")
    require(difference(image, truth) <= within, f"{what} does not show what it should.")


def _size(rng: Random, folder: Path) -> Question:
    size = rng.randrange(200, 900), rng.randrange(200, 900)
    scene(rng, size).save(folder / "holiday.png")

    def look(attempt: Attempt) -> None:
        require_number(attempt.answer, size[0], "the width")
        require_number(attempt.answer, size[1], "the height")

    return question(
        "how big is holiday.png in pixels?",
        look,
        solution(
            "from PIL import Image\nprint(Image.open('holiday.png').size)",
            f"holiday.png is {size[0]} × {size[1]} pixels.",
        ),
        f"holiday.png is {size[0]} × {size[0]} pixels.",
    )


def _thumbnail(rng: Random, folder: Path) -> Question:
    width = rng.choice((120, 160, 200))
    image = scene(rng, (width * 4, rng.randrange(2, 6) * 100))
    image.save(folder / "house.png")
    height = round(image.height / 4)

    def look(attempt: Attempt) -> None:
        small = picture_of(read_named(attempt.folder, "house_small.png"), "PNG")
        right = small.width == width and abs(small.height - height) <= 1
        require(right, f"house_small.png has {small.size} pixels instead of {(width, height)}.")
        require(difference(small, image.resize(small.size)) < 12, "house_small.png does not show the picture.")

    code = f"""
        from PIL import Image
        image = Image.open("house.png")
        image.resize(({width}, round(image.height * {width} / image.width))).save("house_small.png")
        """
    return question(
        f"Make house.png {width} pixels wide, keep the proportions, and save that as house_small.png.",
        look,
        solution(code, "The smaller picture is house_small.png."),
        solution(
            code.replace("round(image.height", "round(1.5 * image.height"), "The smaller picture is house_small.png."
        ),
    )


def _gray_and_turned(rng: Random, folder: Path) -> Question:
    from PIL import ImageOps

    image = scene(rng, (rng.randrange(150, 300), rng.randrange(310, 400)))
    image.save(folder / "scan.png")
    truth = ImageOps.grayscale(image).rotate(-90, expand=True)

    def look(attempt: Attempt) -> None:
        data = read_named(attempt.folder, "scan_gray.png")
        _require_picture(data, truth, "scan_gray.png", 4)
        spread = pixels(picture_of(data))
        require((spread.max(axis=2) - spread.min(axis=2)).max() <= 2, "scan_gray.png still has colors.")

    code = """
        from PIL import Image, ImageOps
        ImageOps.grayscale(Image.open("scan.png")).rotate(-90, expand=True).save("scan_gray.png")
        """
    return question(
        "scan.png lies on its side. turn it 90 degrees clockwise, make it grayscale, save as scan_gray.png",
        look,
        solution(code, "The turned, gray picture is scan_gray.png."),
        solution(code.replace("rotate(-90", "rotate(90"), "The turned, gray picture is scan_gray.png."),
    )


def _palette(rng: Random, folder: Path) -> Question:
    from PIL import Image, ImageDraw

    colors = [(rng.randrange(0, 256, 5), rng.randrange(0, 256, 5), rng.randrange(0, 256, 5)) for _ in range(3)]
    image = Image.new("RGB", (120, 90), colors[0])
    draw = ImageDraw.Draw(image)
    draw.rectangle((10, 10, 60, 80), fill=colors[1])
    draw.ellipse((70, 20, 110, 70), fill=colors[2])
    image.save(folder / "logo.png")
    codes = [f"#{red:02x}{green:02x}{blue:02x}" for red, green, blue in colors]

    def look(attempt: Attempt) -> None:
        import re

        found = [code.lower() for code in re.findall(r"#[0-9a-fA-F]{6}\b", attempt.answer)]
        require(set(found) == set(codes), f"The answer names {len(set(found))} colors, not the three of the logo.")
        image = picture_of(read_named(attempt.folder, "palette.png"))
        for color, code in zip(colors, codes, strict=True):
            require(share_near(image, color, 3) > 0.15, f"palette.png does not show {code}.")

    code = """
        from PIL import Image
        image = Image.open("logo.png").convert("RGB")
        colors = [color for count, color in sorted(image.getcolors(), reverse=True)]
        out = Image.new("RGB", (100 * len(colors), 100))
        for number, color in enumerate(colors):
            out.paste(color, (100 * number, 0, 100 * number + 100, 100))
        out.save("palette.png")
        print(*("#%02x%02x%02x" % color for color in colors))
        """
    return question(
        "Which colors are used in logo.png? I need them as hex codes like #1a2b3c, and a palette.png that shows "
        "them side by side in fields of the same size.",
        look,
        solution(code, f"The logo uses {', '.join(codes)}; palette.png shows them."),
        f"The logo uses {codes[0]}, {codes[1]} and #123456; palette.png shows them.",
    )


def _split_and_inverted(rng: Random, folder: Path) -> Question:
    from PIL import ImageOps

    image = scene(rng, (rng.randrange(60, 160) * 2, rng.randrange(60, 160) * 2))
    image.save(folder / "tile.png")
    middle = image.width // 2
    left, right = image.crop((0, 0, middle, image.height)), image.crop((middle, 0, *image.size))

    def look(attempt: Attempt) -> None:
        _require_picture(read_named(attempt.folder, "left.png"), ImageOps.invert(left), "left.png")
        _require_picture(read_named(attempt.folder, "right.png"), right, "right.png")

    code = """
        from PIL import Image, ImageOps
        image = Image.open("tile.png").convert("RGB")
        middle = image.width // 2
        ImageOps.invert(image.crop((0, 0, middle, image.height))).save("left.png")
        image.crop((middle, 0, image.width, image.height)).save("right.png")
        """
    return question(
        "Cut tile.png down the middle into left.png and right.png, and invert the colors of the left half only.",
        look,
        solution(code, "The halves are left.png (inverted) and right.png."),
        solution(
            code.replace("ImageOps.invert(image.crop", "ImageOps.flip(image.crop"),
            "The halves are left.png and right.png.",
        ),
    )


def _contact_sheet(rng: Random, folder: Path) -> Question:
    colors = [(rng.randrange(256), rng.randrange(256), rng.randrange(256)) for _ in range(rng.choice((7, 8, 10)))]
    (folder / "photos").mkdir()
    from PIL import Image

    names = sorted(rng.sample(WORDS, len(colors)))
    for name, color in zip(names, colors, strict=True):
        Image.new("RGB", (rng.randrange(120, 300), rng.randrange(120, 300)), color).save(
            folder / "photos" / f"{name}.png"
        )
    rows = math.ceil(len(colors) / 4)

    def look(attempt: Attempt) -> None:
        image = picture_of(read_named(attempt.folder, "sheet.png"))
        require(image.size == (400, 100 * rows), f"sheet.png has {image.size} pixels instead of {(400, 100 * rows)}.")
        array = pixels(image)
        for number, color in enumerate(colors):
            seen = array[number // 4 * 100 + 50, number % 4 * 100 + 50]
            require(
                max(abs(int(a) - b) for a, b in zip(seen, color, strict=True)) <= 6, f"Field {number + 1} is wrong."
            )

    code = """
        import math
        from pathlib import Path
        from PIL import Image
        paths = sorted(Path("photos").glob("*.png"))
        sheet = Image.new("RGB", (400, 100 * math.ceil(len(paths) / 4)), "white")
        for number, path in enumerate(paths):
            sheet.paste(Image.open(path).resize((100, 100)), (number % 4 * 100, number // 4 * 100))
        sheet.save("sheet.png")
        print(sheet.size)
        """
    return question(
        "Make one picture sheet.png of all in the folder photos: four in a row, each squeezed to 100 x 100 pixels, "
        "in the order of their names, without gaps.",
        look,
        solution(code, "The pictures are on sheet.png."),
        solution(
            code.replace("sorted(Path", "sorted(reversed(list(Path").replace('*.png"))', '*.png"))), reverse=True)'),
            "Done, see sheet.png.",
        ),
    )


def _dots(rng: Random, folder: Path) -> Question:
    from PIL import Image, ImageDraw

    colors = {"red": (210, 30, 40), "blue": (30, 60, 200), "black": (15, 15, 15)}
    counts = {name: rng.randrange(4, 15) for name in colors}
    image = Image.new("RGB", (480, 360), (250, 250, 245))
    draw, places = ImageDraw.Draw(image), [(x, y) for x in range(30, 470, 34) for y in range(30, 350, 34)]
    spots = rng.sample(places, sum(counts.values()))
    for name, count in counts.items():
        for _ in range(count):
            (x, y), radius = spots.pop(), rng.randrange(5, 14)
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colors[name])
    image.save(folder / "dots.png")

    def look(attempt: Attempt) -> None:
        require_figures(attempt.answer, counts)

    code = """
        import numpy as np
        from PIL import Image
        from scipy import ndimage
        array = np.asarray(Image.open("dots.png").convert("RGB")).astype(int)
        for name, color in {"red": (210, 30, 40), "blue": (30, 60, 200), "black": (15, 15, 15)}.items():
            print(name, ndimage.label(abs(array - color).max(axis=2) < 40)[1])
        """
    return question(
        "How many red, how many blue and how many black dots are there in dots.png? They are of different sizes and "
        "don't touch.",
        look,
        solution(code, "\n".join(f"{name}: {count}" for name, count in counts.items())),
        "\n".join(f"{name}: {count + (name == 'blue')}" for name, count in counts.items()),
    )


TASKS = (
    Task("pictures-size", FAMILY, "easy", PILLOW, _size),
    Task("pictures-thumbnail", FAMILY, "easy", PILLOW, _thumbnail),
    Task("pictures-gray-and-turned", FAMILY, "easy", PILLOW, _gray_and_turned),
    Task("pictures-palette", FAMILY, "medium", PILLOW, _palette),
    Task("pictures-split-and-inverted", FAMILY, "easy", PILLOW, _split_and_inverted),
    Task("pictures-contact-sheet", FAMILY, "medium", PILLOW, _contact_sheet),
    Task("pictures-dots", FAMILY, "hard", ("scipy", *PILLOW), _dots),
)
