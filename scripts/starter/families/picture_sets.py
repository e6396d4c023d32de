"""Several pictures at once: all of a kind changed or converted, two put together or compared, one split."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import PurePath

from starter.answers import listed
from starter.dialogue import Situation, Task
from starter.families.pictures import PRINT_SIZE, as_size, follow_up
from starter.families.pictures import make as make_single
from starter.names import choose_name
from starter.phrasing import load_phrases, say
from starter.picture_changes import PHRASES as CHANGE_PHRASES
from starter.picture_changes import some_change
from starter.picture_gathering import NAME, Gathered, chosen_target, gatherings, made
from starter.picture_references import picture_text, saving_text
from starter.pictures import WORDS, lay_pictures, picture_name, picture_of, pictures_in

__all__ = ["NAME", "follow_up", "make", "prepare"]
PHRASES = load_phrases("picture_sets")
FOR_ONE = re.compile(r"<f> (is|has|needs|must)\b|\bit\b|the picture <f>")  # reads badly of several


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
    if pictures_in(situation):
        kinds |= {_halved: 0.8, _tiled: 0.9}
    if len(pictures_in(situation)) > 1:
        kinds |= {_joined: 2.0, _compared: 0.8}
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


def _joined(situation: Situation) -> Task:
    rng = situation.rng
    first, second = rng.sample(pictures_in(situation), 2)
    one, two = (picture_of(situation.contents[name]) for name in (first, second))
    assert one
    assert two
    beside = rng.random() < 0.6
    pattern = PHRASES["beside" if beside else "above"].pick(rng, situation.held_out)
    target, pattern = chosen_target(situation, pattern, "combined.png")
    request = say(rng, pattern, {"a": first, "b": second, "o": target})
    if beside:
        size, place = "(first.width + second.width, max(first.height, second.height))", "(first.width, 0)"
        truth = (one.width + two.width, max(one.height, two.height))
    else:
        size, place = "(max(first.width, second.width), first.height + second.height)", "(0, first.height)"
        truth = (max(one.width, two.width), one.height + two.height)
    code = [
        "from PIL import Image",
        f'first = Image.open("{first}")',
        f'second = Image.open("{second}")',
        f'image = Image.new("RGB", {size}, "white")',
        "image.paste(first, (0, 0))",
        f"image.paste(second, {place})",
        f'image.save("{target}")',
        PRINT_SIZE,
    ]
    where = "next to" if beside else "above"

    def answer(printed: str) -> str:
        situation.done = {"picture": target, "size": as_size(printed)}
        return f"Saved as {target} ({printed} pixels)."

    message = f"put {first} {where} {second}"
    return made(
        request, message, code, answer, lambda printed: as_size(printed) == truth, created=target, names=(first, second)
    )


def _compared(situation: Situation) -> Task:
    rng = situation.rng
    first, second = rng.sample(pictures_in(situation), 2)
    contents = situation.contents
    one, two = (picture_of(contents[name]) for name in (first, second))
    assert one
    assert two
    truth = (one.size, one.convert("RGB").tobytes()) == (two.size, two.convert("RGB").tobytes())
    request = say(rng, PHRASES["compare"].pick(rng, situation.held_out), {"a": first, "b": second})
    code = [
        "from PIL import Image",
        f'first = Image.open("{first}").convert("RGB")',
        f'second = Image.open("{second}").convert("RGB")',
        "same = first.size == second.size and first.tobytes() == second.tobytes()",
        'print("the same" if same else "different")',
    ]
    return made(
        request,
        f"compare {first} with {second}",
        code,
        lambda printed: f"{first} and {second} are {printed}.",
        lambda printed: (printed == "the same") == truth,
        names=(first, second),
    )


def _halved(situation: Situation) -> Task:
    rng = situation.rng
    file = rng.choice(pictures_in(situation))
    upright = rng.random() < 0.6
    sides = ("left", "right") if upright else ("top", "bottom")
    pattern = PHRASES["halves"].pick(rng, situation.held_out)
    slots = {"f": picture_text(situation, file, pattern), "sides": " and ".join(sides)}
    middle = "image.width // 2" if upright else "image.height // 2"
    boxes = (f"(0, 0, {middle}, image.height)", f"({middle}, 0, image.width, image.height)")
    if not upright:
        boxes = (f"(0, 0, image.width, {middle})", f"(0, {middle}, image.width, image.height)")
    path = PurePath(file)
    targets = [f"{path.stem}_{side}{path.suffix}" for side in sides]
    code = ["from PIL import Image", f'image = Image.open("{file}")']
    code += [f'image.crop({box}).save("{target}")' for box, target in zip(boxes, targets, strict=True)]
    code += [PRINT_SIZE]
    image = picture_of(situation.contents[file])
    assert image
    return made(
        say(rng, pattern, slots),
        f"split {file} into a {sides[0]} and a {sides[1]} half",
        code,
        lambda printed: f"Saved the halves of {file} ({printed} pixels) as {targets[0]} and {targets[1]}.",
        lambda printed: as_size(printed) == image.size,
        created=targets[1],
        names=(file,),
    )


def _tiled(situation: Situation) -> Task:
    rng = situation.rng
    file = rng.choice(pictures_in(situation))
    rows, columns = rng.randint(1, 4), rng.randint(2, 4)
    if rng.random() < 0.4:
        rows = columns
    pattern = PHRASES["tiles"].pick(rng, situation.held_out)
    path = PurePath(file)
    code = [
        "from PIL import Image",
        f'image = Image.open("{file}")',
        f"width, height = image.width // {columns}, image.height // {rows}",
        f"for row in range({rows}):",
        f"    for column in range({columns}):",
        "        left, top = column * width, row * height",
        "        tile = image.crop((left, top, left + width, top + height))",
        f'        tile.save(f"{path.stem}_{{row + 1}}_{{column + 1}}{path.suffix}")',
        f"print({rows} * {columns})",
    ]
    return made(
        say(rng, pattern, {"f": picture_text(situation, file, pattern), "r": str(rows), "c": str(columns)}),
        f"split {file} into {rows} rows and {columns} columns",
        code,
        lambda printed: f"Split {file} into {printed} tiles.",
        lambda printed: int(printed) == sum(columns for _ in range(rows)),
        created=f"{path.stem}_{rows}_{columns}{path.suffix}",
        names=(file,),
    )
