"""Several pictures at once: all of a kind changed, converted or measured."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from starter.answers import listed
from starter.dialogue import Situation, Task
from starter.families.pictures import follow_up
from starter.families.pictures import make as make_single
from starter.names import choose_name
from starter.phrasing import load_phrases, say
from starter.picture_changes import PHRASES as CHANGE_PHRASES
from starter.picture_changes import some_change
from starter.picture_gathering import NAME, Gathered, gatherings, made
from starter.picture_references import saving_text
from starter.pictures import WORDS, lay_pictures, picture_name, picture_of, pictures_in

__all__ = ["NAME", "follow_up", "make", "prepare"]
PHRASES = load_phrases("picture_sets")
FOR_ONE = re.compile(r"(<f> (is|has|needs|must)|does <f>|\bit)\b|the (picture|image|photo) <f>")  # bad of several


def prepare(situation: Situation) -> None:
    """Lay several pictures into the folder, mostly of one format; now and then one of them twice."""
    rng = situation.rng
    ending = rng.choice(("png", "png", "jpg", "jpg", "jpeg"))
    endings = (ending,) if rng.random() < 0.5 else (ending, ending, "png", "jpg", "gif")
    lay_pictures(situation, rng.choice((2, 2, 2, 3, 3, 4, 5)), endings)
    if rng.random() < 0.12:
        original = rng.choice(pictures_in(situation))
        name = picture_name(rng, situation.held_out, original.rsplit(".", 1)[1])
        if name not in situation.files:
            situation.lay(name, situation.contents[original])


def make(situation: Situation) -> Task:
    """Return a task of this family: of those kinds for which the folder holds what they need."""
    kinds: dict[Callable[[Situation], Task], float] = {}
    if gatherings(situation):
        kinds |= {_changed: 5.0, _converted: 2.0, _sizes: 1.0}
    if not kinds:
        return make_single(situation)
    situation.done = {}
    return situation.rng.choices(tuple(kinds), tuple(kinds.values()))[0](situation)


# -- all of a kind ----------------------------------------------------------------------------------------------------


def _gathered(situation: Situation) -> Gathered:
    return situation.rng.choice(gatherings(situation, single=True))


def _least(situation: Situation, files: Sequence[str]) -> tuple[int, int]:
    """Return the width and height that every picture has at least."""
    images = [picture_of(situation.contents[name]) for name in files]
    return min(image.width for image in images if image), min(image.height for image in images if image)


def _changed(situation: Situation) -> Task:
    rng, gathered = situation.rng, _gathered(situation)
    change = some_change(rng, *_least(situation, gathered.files))
    while change.format:
        change = some_change(rng, *_least(situation, gathered.files))
    pattern = CHANGE_PHRASES[change.section].pick(rng, situation.held_out)
    while FOR_ONE.search(pattern):
        pattern = CHANGE_PHRASES[change.section].pick(rng, situation.held_out)
    folder = change.ending
    if rng.random() < 0.3 and pattern[0] != "?":
        folder = choose_name(rng, WORDS["folder name"].train, situation.held_out)
        pattern += saving_text(situation, many=True)
    request = say(rng, pattern, {"f": gathered.said, "o": folder, **change.slots})
    modules = ", ".join(sorted({"Image", change.module} - {""}))
    code = [
        "from pathlib import Path",
        f"from PIL import {modules}",
        f'Path("{folder}").mkdir(exist_ok=True)',
        gathered.line,
        "for path in files:",
        "    image = Image.open(path)",
        f"    {change.line}",
        f'    image.save(f"{folder}/{{path.name}}")',
        "print(len(files))",
    ]
    count = len(gathered.files)
    return made(
        request,
        change.said.format(gathered.called),
        code,
        lambda printed: f"Saved {printed} pictures in the folder {folder}.",
        lambda printed: int(printed) == count,
    )


def _converted(situation: Situation) -> Task:
    rng, gathered = situation.rng, _gathered(situation)
    ending = rng.choice([each for each in ("jpg", "png", "webp", "gif", "bmp") if not gathered.files[0].endswith(each)])
    slots = {"format": rng.choice((ending, ending, ending.upper(), f".{ending}")), "f": gathered.said}
    pattern = CHANGE_PHRASES["convert"].pick(rng, situation.held_out)
    while re.search(r"\ba <format>", pattern):
        pattern = CHANGE_PHRASES["convert"].pick(rng, situation.held_out)
    convert = '.convert("RGB")' if ending == "jpg" else ""
    code = [
        "from pathlib import Path",
        "from PIL import Image",
        gathered.line,
        "for path in files:",
        "    image = Image.open(path)",
        f'    image{convert}.save(path.with_suffix(".{ending}"))',
        "print(len(files))",
    ]
    count = len(gathered.files)
    return made(
        say(rng, pattern, slots),
        f"convert {gathered.called} to {ending}",
        code,
        lambda printed: f"Converted {printed} pictures to {ending}.",
        lambda printed: int(printed) == count,
    )


def _sizes(situation: Situation) -> Task:
    rng, gathered = situation.rng, situation.rng.choice(gatherings(situation))
    request = say(rng, PHRASES["sizes"].pick(rng, situation.held_out), {"f": gathered.said})
    code = [
        "from pathlib import Path",
        "from PIL import Image",
        gathered.line,
        "for path in files:",
        "    image = Image.open(path)",
        '    print(f"{path.name}: {image.width} x {image.height}")',
    ]
    sizes = [(name, picture_of(situation.contents[name])) for name in gathered.files]
    truth = sorted(f"{name}: {image.width} x {image.height}" for name, image in sizes if image)
    return made(
        request,
        f"list the sizes of {gathered.called}",
        code,
        lambda printed: listed("The sizes in pixels", printed),
        lambda printed: sorted(printed.splitlines()) == truth,
    )


# -- two pictures, or parts of one ------------------------------------------------------------------------------------
