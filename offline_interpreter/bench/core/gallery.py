"""Tasks with pictures that hold texts or faces. They need the extra ``gallery``."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from offline_interpreter.bench.core.answers import require_number
from offline_interpreter.bench.core.demands import Lacking, question, require, solution
from offline_interpreter.bench.core.files import read_named
from offline_interpreter.bench.core.invented import LAST_NAMES, PRODUCTS
from offline_interpreter.bench.core.pictures import picture_of, pixels
from offline_interpreter.bench.tasks import Attempt, Question, Task

if TYPE_CHECKING:
    from PIL.Image import Image

PICTURES = "pictures and codes"


def _receipt(rng: Random, folder: Path) -> Question:
    from PIL import Image, ImageDraw, ImageFont

    items = [(name, rng.randrange(150, 9900)) for name in rng.sample(PRODUCTS, 5)]
    number = f"{rng.choice('ABCDEFGH')}{rng.randrange(10_000, 99_999)}"
    lines = [
        f"{rng.choice(LAST_NAMES)} Trading",
        f"Receipt {number}",
        *(f"{name}   {cents / 100:.2f}" for name, cents in items),
    ]
    image = Image.new("RGB", (640, 520), (252, 250, 244))
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(size=34)
    for row, line in enumerate(lines):
        draw.text((48, 36 + 64 * row), line, fill=(25, 25, 35), font=font)
    image.save(folder / "receipt.png")
    total = sum(cents for _, cents in items) / 100

    def look(attempt: Attempt) -> None:
        require(number.casefold() in attempt.answer.casefold(), f"The answer does not say the number {number}.")
        require_number(attempt.answer, total, "what the items add up to", 2)

    code = """
        import re
        from rapidocr import RapidOCR
        texts = RapidOCR()("receipt.png").txts
        print(texts)
        prices = [float(price) for price in re.findall(r"\\d+\\.\\d\\d", " ".join(texts))]
        print(re.search(r"Receipt\\s*(\\w+)", " ".join(texts))[1], f"{sum(prices):.2f}")
        """
    return question(
        "receipt.png is a photo of a receipt. What is its number, and what do the items on it add up to?",
        look,
        solution(code, f"It is receipt {number}; the items add up to {total:.2f}."),
        f"It is receipt {number}; the items add up to {total + 10:.2f}.",
    )


def _face(draw: Any, left: int, top: int, side: int, skin: tuple[int, int, int]) -> None:
    """Draw a face that OpenCV's cascade takes for one."""

    def oval(x: float, y: float, rx: float, ry: float, fill: tuple[int, int, int]) -> None:
        box = (left + (x - rx) * side, top + (y - ry) * side, left + (x + rx) * side, top + (y + ry) * side)
        draw.ellipse(box, fill=fill)

    oval(0.5, 0.5, 0.36, 0.48, skin)
    draw.pieslice((left + 0.12 * side, top, left + 0.88 * side, top + 0.7 * side), 180, 360, fill=(70, 45, 30))
    oval(0.5, 0.36, 0.32, 0.22, skin)
    for x in (0.36, 0.64):
        oval(x, 0.44, 0.095, 0.055, (120, 85, 70))
        oval(x, 0.45, 0.07, 0.035, (245, 245, 245))
        oval(x, 0.45, 0.035, 0.035, (40, 30, 30))
        brow = (left + (x - 0.1) * side, top + 0.365 * side, left + (x + 0.1) * side, top + 0.36 * side)
        draw.line(brow, fill=(60, 40, 30), width=max(2, int(0.035 * side)))
        oval(0.5 + (x - 0.5) * 0.28, 0.64, 0.025, 0.015, (130, 80, 70))
    oval(0.5, 0.76, 0.13, 0.035, (150, 60, 60))


def _group_photo(rng: Random) -> tuple[Image, list[tuple[int, int, int]]]:
    """Return a picture with two faces that the cascade finds, and where they are: left, top, side."""
    import cv2
    import numpy as np
    from PIL import Image, ImageDraw, ImageFilter

    cascade = cv2.CascadeClassifier(str(Path(cv2.__file__).parent / "data" / "haarcascade_frontalface_default.xml"))
    for _ in range(20):
        image = Image.new(
            "RGB", (640, 360), (rng.randrange(120, 180), rng.randrange(140, 190), rng.randrange(150, 210))
        )
        draw = ImageDraw.Draw(image)
        faces = [
            (rng.randrange(20, 80), rng.randrange(20, 120), 200),
            (rng.randrange(380, 440), rng.randrange(40, 160), 170),
        ]
        for left, top, side in faces:
            tone = rng.randrange(-12, 12)
            _face(draw, left, top, side, (222 + tone, 180 + tone, 152 + tone))
        for x in range(0, 640, 40):
            draw.rectangle((x, 345, x + 19, 359), fill=(40, 90, 60))
        image = image.filter(ImageFilter.GaussianBlur(1.5))
        gray = cv2.cvtColor(np.asarray(image), cv2.COLOR_RGB2GRAY)
        if len(cascade.detectMultiScale(gray, 1.1, 5)) == len(faces):
            return image, faces
    raise Lacking("No picture was drawn in which the faces are found.")


def _faces(rng: Random, folder: Path) -> Question:
    import numpy as np

    image, faces = _group_photo(rng)
    image.save(folder / "team.png")
    before = pixels(image)

    def look(attempt: Attempt) -> None:
        after = pixels(picture_of(read_named(attempt.folder, "team_blurred.png")))
        require(after.shape == before.shape, "team_blurred.png does not have the size of the picture.")
        outside = np.ones(before.shape[:2], bool)
        for left, top, side in faces:
            inner = np.s_[top + side // 3 : top + side * 4 // 5, left + side // 4 : left + side * 3 // 4]
            spread = [float(array[inner].astype(float).std(axis=(0, 1)).mean()) for array in (before, after)]
            require(spread[1] < 0.6 * spread[0], f"The face at {left}, {top} can still be recognised.")
            margin = side // 4
            outside[max(0, top - margin) : top + side + margin, max(0, left - margin) : left + side + margin] = False
        changed = np.abs(after - before).max(axis=2)[outside]
        require((changed > 6).mean() < 0.01, "More than the faces was changed.")

    code = """
        import cv2
        image = cv2.imread("team.png")
        cascade = cv2.CascadeClassifier(cv2.data.haarcascades + "haarcascade_frontalface_default.xml")
        for x, y, w, h in cascade.detectMultiScale(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), 1.1, 5):
            image[y : y + h, x : x + w] = cv2.GaussianBlur(image[y : y + h, x : x + w], (0, 0), w / 6)
        cv2.imwrite("team_blurred.png", image)
        """
    return question(
        "Make the faces in team.png unrecognisable by blurring them, leave the rest of the picture as sharp as it "
        "is, and save it as team_blurred.png.",
        look,
        solution(code, "The faces are blurred in team_blurred.png."),
        solution(
            'import cv2\ncv2.imwrite("team_blurred.png", cv2.GaussianBlur(cv2.imread("team.png"), (0, 0), 25))',
            "The faces are blurred in team_blurred.png.",
        ),
    )


TASKS = (
    Task("pictures-receipt", PICTURES, "medium", ("rapidocr", "onnxruntime", "PIL"), _receipt),
    Task("pictures-faces", PICTURES, "hard", ("cv2", "PIL", "numpy"), _faces),
)
