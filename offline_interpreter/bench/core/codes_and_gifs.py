"""Tasks with QR codes, which are read back by OpenCV, and with pictures that move."""

from __future__ import annotations

from itertools import pairwise, product
from pathlib import Path
from random import Random

from offline_interpreter.bench.core.demands import question, require, require_one, solution
from offline_interpreter.bench.core.files import names_in, read, read_named
from offline_interpreter.bench.core.imaging import FAMILY, PILLOW, scene
from offline_interpreter.bench.core.invented import TOWNS, WORDS, people, write_csv
from offline_interpreter.bench.core.pictures import RASTER, difference, frames_of, opened, picture_of, pixels
from offline_interpreter.bench.tasks import Attempt, Question, Task

MOST_SIDE_OF_CODE = 4_000
MICRO_CHARS = 16  # shorter texts may become Micro QR codes, which telephones and OpenCV do not read


def _animation(rng: Random, folder: Path) -> Question:
    years, towns = range(2015, 2015 + rng.randrange(5, 9)), rng.sample(TOWNS[:8], 4)
    rows = [(year, town, rng.randrange(100, 999)) for year in years for town in towns]
    write_csv(folder / "people.csv", ("year", "town", "people"), rows)

    def look(attempt: Attempt) -> None:
        data = read_named(attempt.folder, "people.gif")
        frames = frames_of(data)
        require(len(frames) == len(years), f"people.gif has {len(frames)} pictures instead of {len(years)}.")
        require(frames[0].size == (640, 480), f"people.gif has {frames[0].size} pixels instead of (640, 480).")
        first = opened(data)
        require(first.info.get("loop") == 0, "people.gif does not repeat for ever.")
        duration = first.info.get("duration", 0)
        require(abs(duration - 500) <= 20, f"A picture of people.gif stays for {duration} ms instead of 500.")
        same = [difference(one, other) < 0.05 for one, other in pairwise(frames)]
        require(not any(same), "Two pictures of people.gif in a row are the same.")

    code = """
        import io
        import matplotlib.pyplot as plt
        import pandas as pd
        from PIL import Image
        df = pd.read_csv("people.csv")
        frames = []
        for year, part in df.groupby("year"):
            fig, ax = plt.subplots(figsize=(6.4, 4.8), dpi=100)
            ax.bar(part["town"], part["people"])
            ax.set(title=str(year), ylim=(0, 1000))
            out = io.BytesIO()
            fig.savefig(out, dpi=100)
            plt.close(fig)
            frames.append(Image.open(out).convert("RGB"))
        frames[0].save("people.gif", save_all=True, append_images=frames[1:], duration=500, loop=0)
        print(len(frames))
        """
    return question(
        "Make an animated GIF of people.csv: for every year a bar chart of the towns, the year as its title, half a "
        "second each, repeating for ever, 640 x 480 pixels. Call it people.gif.",
        look,
        solution(code, f"people.gif shows {len(years)} years."),
        solution(code.replace(".groupby(", ".query('year < 2017').groupby("), "people.gif is ready."),
    )


def _gif_of_pictures(rng: Random, folder: Path) -> Question:
    count = rng.randrange(10, 14)
    images = [scene(rng, (96, 64)) for _ in range(count)]
    for number, image in enumerate(images, 1):
        image.save(folder / f"step{number}.png")

    def look(attempt: Attempt) -> None:
        def look_at(name: str) -> None:
            frames = frames_of(read(attempt.folder, name))
            require(len(frames) == count, f"{name} has {len(frames)} pictures instead of {count}.")
            for number, (frame, image) in enumerate(zip(frames, images, strict=True), 1):
                close = frame.size == image.size and difference(frame, image) < 14
                require(close, f"Picture {number} of {name} is not step{number}.png.")

        require_one(names_in(attempt.folder, ".gif"), look_at, "There is no GIF.")

    code = """
        from PIL import Image
        frames = [Image.open(f"step{number}.png") for number in range(1, COUNT + 1)]
        frames[0].save("steps.gif", save_all=True, append_images=frames[1:], duration=200, loop=0)
        """.replace("COUNT", str(count))
    return question(
        f"please make a gif out of step1.png to step{count}.png, in that order",
        look,
        solution(code, "The animation is steps.gif."),
        solution(
            code.replace("in range(1, ", "in sorted(map(str, range(1, ").replace("+ 1)]", "+ 1)))]"),
            "Here is steps.gif.",
        ),
    )


def _read_code(data: bytes) -> str:
    """Return the text of the QR code in a picture; "" if there is none that can be read.

    OpenCV's detectors each miss a code in a hundred that any telephone reads, so several looks are taken.
    """
    import cv2
    import numpy as np

    gray = np.pad(pixels(picture_of(data)).mean(axis=2).astype(np.uint8), 40, constant_values=255)
    require(max(gray.shape) <= MOST_SIDE_OF_CODE, "A picture of a code is far too large.")
    for detector, side in product((cv2.QRCodeDetectorAruco, cv2.QRCodeDetector), (0, 400, 640)):
        seen = cv2.resize(gray, (side, side), interpolation=cv2.INTER_AREA) if side else gray
        text = detector().detectAndDecode(seen)[0]
        if text:
            return str(text)
    return ""


def _code(rng: Random, folder: Path) -> Question:
    address = f"https://{rng.choice(WORDS)}-{rng.choice(WORDS)}.example/{rng.randrange(100, 999)}"

    def look(attempt: Attempt) -> None:
        def look_at(name: str) -> None:
            text = _read_code(read(attempt.folder, name))
            require(
                text == address, f"The code in {name} reads {text!r}." if text else f"{name} holds no readable code."
            )

        require_one(names_in(attempt.folder, *RASTER), look_at, "There is no picture of a code.")

    code = f"""
        import segno
        segno.make("{address}").save("code.png", scale=8)
        """
    return question(
        f"I need a QR code for {address} as a png",
        look,
        solution(code, "The QR code is code.png."),
        solution(code.replace("https://", "http://"), "The QR code is code.png."),
    )


def _badges(rng: Random, folder: Path) -> Question:
    names = [name for name in people(rng, 25) if name.isascii() and len(name) >= MICRO_CHARS - 5][:9]
    rows = [(f"{rng.randrange(10_000, 99_999)}", name, rng.choice(("yes", "yes", "no"))) for name in names]
    write_csv(folder / "guests.csv", ("ticket", "name", "paid"), rows)
    wanted = {f"{ticket}.png": f"{ticket};{name}" for ticket, name, paid in rows if paid == "yes"}

    def look(attempt: Attempt) -> None:
        found = {name.rpartition("/")[2]: name for name in names_in(attempt.folder, ".png")}
        require(set(found) == set(wanted), f"There are {len(found)} codes, not the {len(wanted)} of those who paid.")
        for name, text in wanted.items():
            data = read(attempt.folder, found[name])
            require(_read_code(data) == text, f"The code in {name} does not read as asked.")
            require(picture_of(data).width >= 200, f"{name} is less than 200 pixels wide.")

    code = """
        import csv
        from pathlib import Path
        import segno
        Path("badges").mkdir(exist_ok=True)
        for guest in csv.DictReader(open("guests.csv", encoding="utf-8")):
            if guest["paid"] == "yes":
                code = segno.make(f"{guest['ticket']};{guest['name']}")
                code.save(f"badges/{guest['ticket']}.png", scale=10)
        """
    return question(
        "For everybody in guests.csv who has paid make a QR code that reads like 12345;Jane Doe (ticket, semicolon, "
        "name), as PNG of at least 200 pixels, called by the ticket (12345.png), in a folder badges.",
        look,
        solution(code, "The codes are in the folder badges."),
        solution(code.replace('if guest["paid"] == "yes":', "if True:"), "The codes are in the folder badges."),
    )


TASKS = (
    Task("pictures-gif", FAMILY, "easy", PILLOW, _gif_of_pictures),
    Task("pictures-animation", FAMILY, "medium", ("pandas", "matplotlib", *PILLOW), _animation),
    Task("codes-address", FAMILY, "easy", ("segno", "cv2", *PILLOW), _code),
    Task("codes-badges", FAMILY, "medium", ("segno", "cv2", *PILLOW), _badges),
)
