"""Lays small files into a folder: texts, settings, an archive, and some that are only names."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from random import Random

from starter.dialogue import Situation
from starter.file_references import PHRASES, new_folder
from starter.names import WORDS, choose_name, file_name, made_up_name
from starter.phrasing import expand

TEXT_ENDINGS = ("txt", "txt", "txt", "txt", "md", "md", "log", "py", "html", "yaml")
EMPTY_ENDINGS = ("pdf", "png", "jpg", "docx", "xlsx", "mp3", "pptx", "gif", "svg", "csv", "jpeg", "mp4", "bak", "tmp")
CAMERA = ("IMG_{}.jpg", "DSC{}.jpg", "photo{}.jpg", "scan_{}.pdf", "image{}.png", "screenshot {}.png", "page{}.png")


def prepare(situation: Situation) -> None:
    """Lay files of mixed endings into the folder, some of them in a folder below, now and then an archive."""
    rng = situation.rng
    for _ in range(rng.choice((1, 2, 2, 3, 4))):
        _lay(situation, rng.choice(TEXT_ENDINGS))
    if rng.random() < 0.35:
        _lay(situation, "json")
    if rng.random() < 0.5:
        _add_names(situation)
    if rng.random() < 0.4:
        _lay(situation, rng.choice(TEXT_ENDINGS[:8]), new_folder(situation), rng.choice((1, 2, 3)))
    if rng.random() < 0.35:
        _lay(situation, "zip")
    taken = {*situation.contents, *(table.file for table in situation.tables)}
    for name in situation.files:
        if name.endswith((".zip", ".xlsx")) and name not in taken:  # which are archives, and never empty
            situation.lay(name, archive({made_up_name(rng): _text(rng).encode()}))


def made_text(rng: Random) -> str:
    """Return a short line of plain text, as a person notes it."""
    words = {
        "thing": rng.choice(WORDS["file"].train),
        "made": made_up_name(rng),
        "n": str(rng.randint(2, 90)),
        "person": rng.choice(PHRASES["person"].train),
    }
    text = expand(rng, rng.choice(PHRASES["line"].train)[1:])
    for slot, word in words.items():
        text = text.replace(f"<{slot}>", word)
    return text


def archive(members: Mapping[str, bytes]) -> bytes:
    """Return the bytes of a ZIP file, the same at any time."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        for name, content in members.items():
            file.writestr(zipfile.ZipInfo(name, (2024, 1, 1, 0, 0, 0)), content)
    return stream.getvalue()


def _lay(situation: Situation, ending: str, folder: str = "", count: int = 1) -> None:
    rng = situation.rng
    for _ in range(count):
        name = file_name(rng, situation.held_out, ending)
        name = f"{folder}/{name}" if folder else name
        if name not in situation.files:
            situation.lay(name, _content(rng, ending, situation.held_out))


def _content(rng: Random, ending: str, held_out: bool) -> bytes:
    if ending == "json":
        return _settings(rng, held_out).encode()
    if ending == "zip":
        names = {file_name(rng, held_out, rng.choice(("txt", "csv", "md", "png"))) for _ in range(rng.randint(1, 5))}
        return archive({name: _text(rng).encode() for name in sorted(names)})
    return _text(rng).encode()


def _text(rng: Random) -> str:
    return "\n".join(made_text(rng) for _ in range(rng.choice((1, 2, 3, 4, 5, 6, 8, 12)))) + rng.choice(
        ("\n", "\n", "")
    )


def _settings(rng: Random, held_out: bool) -> str:
    makers = (
        lambda: rng.randint(1, 9999),
        lambda: rng.choice(PHRASES["person"].train),
        lambda: made_up_name(rng),
        lambda: round(rng.uniform(0, 100), 2),
    )
    keys = [choose_name(rng, PHRASES["key"].train, held_out) for _ in range(rng.randint(2, 6))]
    return json.dumps({key: rng.choice(makers)() for key in keys}, indent=rng.choice((None, 2)))


def _add_names(situation: Situation) -> None:
    """Add names of empty files: of one ending, or numbered as cameras and scanners do."""
    rng = situation.rng
    ending = rng.choice(EMPTY_ENDINGS)
    names = {file_name(rng, situation.held_out, ending) for _ in range(rng.randint(1, 4))}
    if rng.random() < 0.3:
        form, first = rng.choice(CAMERA), rng.choice((1, 1, 10, rng.randint(100, 9000)))
        count = rng.randint(13, 18) if rng.random() < 0.12 else rng.randint(2, 6)
        names = {form.format(first + index) for index in range(count)}
    situation.files = sorted({*situation.files, *names}, key=lambda path: (path.count("/"), path))
