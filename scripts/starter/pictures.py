"""Small pictures, animations and PDF documents for the folder, and what is known of them.

Contents are drawn from pools that are made once, on demand: the same number always gives the same bytes.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from random import Random
from typing import TYPE_CHECKING

from starter.dialogue import Situation
from starter.names import choose_name, is_held_out, made_up_name
from starter.phrasing import load_phrases

if TYPE_CHECKING:
    from PIL.Image import Image

WORDS = load_phrases("picture_words")
POOL = 250  # different contents of each ending
ENDINGS = ("png", "jpg", "jpeg", "gif", "bmp", "webp")
COMMON_ENDINGS = ("png",) * 8 + ("jpg",) * 7 + ("jpeg", "gif", "bmp", "webp")
MODES = {"png": ("RGB",) * 7 + ("RGBA", "RGBA", "L", "P"), "jpg": ("RGB",) * 6 + ("L",)}
NUMBERED = ("IMG_{:04}", "DSC{:05}", "photo{}", "picture{}", "scan_{}", "image_{}", "screenshot_{}", "pic{}", "img{}")
SMALL_PAGES = ((300, 200), (200, 300), (240, 180), (210, 297), (148, 210), (180, 120), (250, 250), (160, 240))
LARGE_PAGES = ((595, 842), (595, 842), (612, 792), (842, 595), (420, 595))
PAGE = re.compile(rb"stream\n(.*?)endstream", re.DOTALL)
LINE = re.compile(rb"\(([^)]*)\) Tj")
MEDIA_BOX = re.compile(rb"/MediaBox \[0 0 (\d+) (\d+)\]")


def picture_name(rng: Random, held_out: bool, ending: str) -> str:
    """Return a picture's file name: a word, or a camera's number."""
    while True:
        if rng.random() < 0.25:
            number = rng.randint(1, 60) if rng.random() < 0.5 else rng.randint(100, 9999)
            stem = rng.choice(NUMBERED).format(number)
            if is_held_out(stem) != held_out:
                continue
        else:
            stem = choose_name(rng, WORDS["picture name"].train, held_out)
            if rng.random() < 0.08:
                stem = rng.choice(("my_", "my ", "old_", "new_", "big_", "my-")) + stem
            if rng.random() < 0.1:
                stem = stem.capitalize()
        return f"{stem}.{ending}"


def lay_pictures(situation: Situation, count: int, endings: Sequence[str] = COMMON_ENDINGS) -> None:
    """Lay pictures with names of their own into the folder; files there that were only names become pictures too."""
    rng = situation.rng
    for name in situation.files:
        ending = name.rsplit(".", 1)[-1]
        if ending in ENDINGS and name not in situation.contents:
            situation.contents[name] = picture_content(ending, rng.randrange(POOL))
    for _ in range(count):
        ending = rng.choice(endings)
        name = picture_name(rng, situation.held_out, ending)
        if name not in situation.files:
            situation.lay(name, picture_content(ending, rng.randrange(POOL)))


def lay_documents(situation: Situation, count: int) -> None:
    """Lay PDF documents into the folder; files there that were only names become documents too."""
    rng = situation.rng
    for name in situation.files:
        if name.endswith(".pdf") and name not in situation.contents:
            situation.contents[name] = document_content(rng.randrange(POOL))
    for _ in range(count):
        name = choose_name(rng, WORDS["document name"].train, situation.held_out) + ".pdf"
        if name not in situation.files:
            situation.lay(name, document_content(rng.randrange(POOL)))


# -- contents ---------------------------------------------------------------------------------------------------------


@cache
def picture_content(ending: str, number: int) -> bytes:
    """Return the bytes of a picture of the pool."""
    rng = Random(f"{ending} {number}")
    most = 60 if ending == "bmp" else rng.choice((24, 40, 60, 60, 120, 240))
    image = _painted(rng, rng.randint(8, most), rng.randint(8, most))
    mode = rng.choice(MODES.get(ending.replace("jpeg", "jpg"), ("RGB",)))
    if mode == "P":
        image = image.quantize(8)
    return _saved(image.convert(mode), ending)


@cache
def document_content(number: int) -> bytes:
    """Return the bytes of a PDF document of the pool: pages with a few lines of plain words."""
    rng = Random(f"document {number}")
    large = rng.random() < 0.2
    width, height = rng.choice(LARGE_PAGES if large else SMALL_PAGES)
    words = [*WORDS["text word"].train, *(made_up_name(rng) for _ in range(12))]
    count = rng.choice((1, 1, 2) if large else (1, 2, 2, 3, 3, 4, 5, 6, 8))
    pages = [[_line(rng, words) for _ in range(rng.choice((1, 1, 2, 3)))] for _ in range(count)]
    return _document(pages, width, height)


def _line(rng: Random, words: Sequence[str]) -> str:
    line = " ".join(rng.choice(words) for _ in range(rng.randint(2, 6)))
    return line.capitalize() + rng.choice((".", ".", "", f" {rng.randint(1, 999)}"))


def _painted(rng: Random, width: int, height: int) -> Image:
    """Return a picture of some rectangles in a few colors."""
    from PIL import Image

    colors = [tuple(rng.choice((0, 255, rng.randrange(256))) for _ in range(3)) for _ in range(rng.randint(1, 6))]
    image = Image.new("RGB", (width, height), colors[0])
    for color in colors[1:]:
        left, top = rng.randrange(width), rng.randrange(height)
        image.paste(color, (left, top, rng.randint(left + 1, width), rng.randint(top + 1, height)))
    return image


def _saved(image: Image, ending: str, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, {"jpg": "jpeg"}.get(ending, ending), **options)
    return stream.getvalue()


def _document(pages: Sequence[Sequence[str]], width: int, height: int) -> bytes:
    size = min(12, (width - 20) // 40)  # a line is to fit onto the page
    kids = " ".join(f"{4 + 2 * index} 0 R" for index in range(len(pages)))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for index, lines in enumerate(pages):
        shown = "\n".join(f"({line}) Tj T*" for line in lines)
        stream = f"BT /F1 {size} Tf {size + 2} TL 10 {height - 20} Td\n{shown}\nET\n"
        box = f"/MediaBox [0 0 {width} {height}] /Resources << /Font << /F1 3 0 R >> >>"
        objects.append(f"<< /Type /Page /Parent 2 0 R {box} /Contents {5 + 2 * index} 0 R >>")
        objects.append(f"<< /Length {len(stream)} >>\nstream\n{stream}endstream")
    content, places = "%PDF-1.4\n", []
    for index, body in enumerate(objects, 1):
        places.append(len(content))
        content += f"{index} 0 obj\n{body}\nendobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    count = len(objects) + 1
    end = f"xref\n0 {count}\n0000000000 65535 f \n{table}trailer\n<< /Size {count} /Root 1 0 R >>\n"
    return f"{content}{end}startxref\n{len(content)}\n%%EOF\n".encode()


# -- what is known of them --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Document:
    """A PDF document: the lines of each page, and the size of its pages in points."""

    pages: Sequence[Sequence[str]]
    width: int
    height: int


@lru_cache(maxsize=2000)
def picture_of(content: bytes) -> Image | None:
    """Return the picture that a file holds, or None where it holds none."""
    from PIL import Image, UnidentifiedImageError

    try:
        return Image.open(io.BytesIO(content))
    except UnidentifiedImageError:
        return None


@lru_cache(maxsize=2000)
def colors_of(content: bytes) -> Sequence[tuple[str, int]]:
    """Return the colors of a picture in hexadecimal with the count of their pixels, most frequent first."""
    import numpy as np

    image = picture_of(content)
    assert image is not None
    packed = np.asarray(image.convert("RGB"), dtype=np.int64) @ np.array([65536, 256, 1])
    values, counts = np.unique(packed, return_counts=True)
    pairs = sorted(zip(counts.tolist(), values.tolist(), strict=True), reverse=True)
    return [(f"#{value:06x}", count) for count, value in pairs]


@lru_cache(maxsize=2000)
def document_of(content: bytes) -> Document | None:
    """Return what a document of the pool holds, or None for other files."""
    box = MEDIA_BOX.search(content)
    if not box:
        return None
    pages = [[line.decode() for line in LINE.findall(page)] for page in PAGE.findall(content)]
    return Document(pages, int(box[1]), int(box[2]))


def pictures_in(situation: Situation) -> list[str]:
    """Return the files of the folder that are known to be pictures; animations are none of them."""
    known = [name for name in situation.files if name in situation.contents and name.endswith(ENDINGS)]
    pictures = [(name, picture_of(situation.contents[name])) for name in known]
    return [name for name, image in pictures if image and getattr(image, "n_frames", 1) == 1]


def documents_in(situation: Situation) -> list[str]:
    """Return the files of the folder that are known to be PDF documents."""
    known = [name for name in situation.files if name in situation.contents and name.endswith(".pdf")]
    return [name for name in known if document_of(situation.contents[name])]
