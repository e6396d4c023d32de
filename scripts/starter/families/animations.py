"""Animated GIFs: made of a series of pictures, counted, taken apart; and pictures bound to one PDF document."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from pathlib import PurePath

from starter.dialogue import Situation, Task
from starter.families.pictures import PRINT_SIZE, follow_up
from starter.families.pictures import make as make_single
from starter.numerals import SMALL_WORDS
from starter.phrasing import load_phrases, say
from starter.picture_gathering import NAME, Gathered, chosen_target, gatherings, made
from starter.picture_references import picture_text, spoken
from starter.pictures import (
    POOL,
    animation_content,
    animations_in,
    lay_pictures,
    picture_content,
    picture_name,
    picture_of,
    pictures_in,
)

__all__ = ["NAME", "follow_up", "make", "prepare"]
PHRASES = load_phrases("animations")
SERIES = ("frame_{:02}", "frame{}", "step_{}", "img_{:03}", "scene{:02}", "shot-{}", "day{}", "frame_{:03}", "slide{}")
DURATIONS = (50, 80, 100, 100, 120, 150, 200, 200, 250, 300, 400, 500, 600, 750, 800)
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth")
LAST_NUMBER = re.compile(r"\d+(?=\.png$)")


def prepare(situation: Situation) -> None:
    """Lay pictures, mostly a numbered series of them, and animations into the folder."""
    rng = situation.rng
    if rng.random() < 0.7:
        form, count, first = rng.choice(SERIES), rng.randint(2, 7), rng.randrange(POOL)
        for index in range(count):
            situation.lay(f"{form.format(index + 1)}.png", picture_content("png", (first + index) % POOL))
    lay_pictures(situation, rng.choice((0, 0, 1, 2, 3)), (rng.choice(("png", "jpg")),))
    for _ in range(rng.choice((0, 1, 1, 1, 2))):
        name = picture_name(rng, situation.held_out, "gif")
        if name not in situation.files:
            situation.lay(name, animation_content(rng.randrange(POOL)))


def make(situation: Situation) -> Task:
    """Return a task of this family: of those kinds for which the folder holds what they need."""
    kinds: dict[Callable[[Situation], Task], float] = {}
    if _series(situation):
        kinds |= {_animated: 4.0, _as_document: 2.0}
    if animations_in(situation):
        kinds |= {_frame_count: 1.4, _frames: 1.3, _one_frame: 1.2, _frame_time: 0.8}
    if not kinds:
        return make_single(situation)
    situation.done = {}
    return situation.rng.choices(tuple(kinds), tuple(kinds.values()))[0](situation)


# -- many become one --------------------------------------------------------------------------------------------------


def _series(situation: Situation) -> list[Gathered]:
    """Return what an animation can be made of: all files of a kind, a numbered series, some files that are listed."""
    rng = situation.rng
    sets = gatherings(situation)
    known = pictures_in(situation)
    beginnings = {LAST_NUMBER.split(name)[0] for name in known if LAST_NUMBER.search(name)}
    for beginning in sorted(beginnings):
        files = [name for name in situation.files if name.startswith(beginning) and name.endswith(".png")]
        if beginning and len(files) > 1 and set(known).issuperset(files):
            forms = (
                "{}*.png",
                "{}*.png",
                "all {}*.png files",
                "the files {}*.png",
                "{0} to {1}",
                "{0} ... {1}",
                "the {2} files",
            )
            ends = (files[0], files[-1], beginning.strip("_-"))
            form = rng.choice(forms)
            said = form.format(*ends) if "{0}" in form or "{2}" in form else form.format(beginning)
            line = f'files = sorted(Path().glob("{beginning}*.png"))'
            sets += [Gathered(files, said, line, f"{beginning}*.png")] * 2
    if len(known) > 1:
        files = rng.sample(known, rng.randint(2, min(4, len(known))))
        quoted = ", ".join(f'"{name}"' for name in files)
        sets.append(Gathered(files, spoken(rng, files), f"files = [{quoted}]"))
    return sets


def _opening(gathered: Gathered) -> list[str]:
    paths = ["from pathlib import Path"] if "Path" in gathered.line else []
    return [*paths, "from PIL import Image", gathered.line]


def _animated(situation: Situation) -> Task:
    rng, gathered = situation.rng, situation.rng.choice(_series(situation))
    duration, slots, section = _duration(situation)
    target, pattern = chosen_target(situation, PHRASES[section].pick(rng, situation.held_out), "animation.gif")
    code = [
        *_opening(gathered),
        "frames = [Image.open(file) for file in files]",
        f'frames[0].save("{target}", save_all=True, append_images=frames[1:], duration={duration}, loop=0)',
        "print(len(frames))",
    ]
    return made(
        say(rng, pattern, {"f": gathered.said, "o": target, **slots}),
        f"make an animated GIF of {gathered.called}",
        code,
        lambda printed: f"Saved as {target} ({printed} frames).",
        lambda printed: int(printed) == len(gathered.files),
        created=target,
    )


def _duration(situation: Situation) -> tuple[str, dict[str, str], str]:
    """Return the code of the time that a frame is shown, what fills the slots of the request, and its section."""
    rng = situation.rng
    chance = rng.random()
    if chance < 0.4:
        return "200", {}, "animate"
    if chance < 0.65:
        n = rng.choice(DURATIONS) if rng.random() < 0.7 else rng.randint(20, 999)
        return str(n), {"t": rng.choice((f"{n} ms", f"{n}ms", f"{n} milliseconds", f"{n} msec"))}, "animate slowly"
    if chance < 0.85:
        n = rng.choice(("1", "2", "3", "0.5", "0.2", "1.5", "0.25", "0.1", "4", "5"))
        texts = [f"{n} seconds", f"{n} s", f"{n}s", f"{n} sec"]
        if n == "1":
            texts = ["1 second", "one second", "a second", "1 s"]
        elif n in "2345":
            texts.append(f"{SMALL_WORDS[int(n)]} seconds")
        elif n == "0.5":
            texts.append("half a second")
        return f"{n} * 1000", {"t": rng.choice(texts)}, "animate slowly"
    n = str(rng.choice((2, 4, 5, 8, 10, 12, 15, 20, 25)))
    return f"1000 / {n}", {"n": n}, "animate rate"


def _as_document(situation: Situation) -> Task:
    rng, gathered = situation.rng, situation.rng.choice(_series(situation))
    target, pattern = chosen_target(situation, PHRASES["bind"].pick(rng, situation.held_out), "pictures.pdf")
    code = [
        *_opening(gathered),
        'pages = [Image.open(file).convert("RGB") for file in files]',
        f'pages[0].save("{target}", save_all=True, append_images=pages[1:])',
        "print(len(pages))",
    ]
    return made(
        say(rng, pattern, {"f": gathered.said, "o": target}),
        f"put {gathered.called} into one PDF",
        code,
        lambda printed: f"Saved as {target} ({printed} pages).",
        lambda printed: int(printed) == len(gathered.files),
        created=target,
        exact=False,
    )


# -- one animation ----------------------------------------------------------------------------------------------------


def _frame_total(content: bytes) -> int:
    """Return the number of frames by going through all of them."""
    from PIL import Image, ImageSequence

    return sum(1 for _ in ImageSequence.Iterator(Image.open(io.BytesIO(content))))


def _about(
    situation: Situation,
    file: str,
    section: str,
    *,
    said: str,
    code: Sequence[str],
    answer: str,
    truth: str,
    **more: str,
) -> Task:
    """Return the task of a cell about one animation; OUT in the answer stands for the output, ``more`` fills slots."""
    rng = situation.rng
    pattern = PHRASES[section].pick(rng, situation.held_out)
    request = say(rng, pattern, {"f": picture_text(situation, file, pattern), **more})
    situation.done = {}
    return made(
        request,
        said,
        ["from PIL import Image", f'image = Image.open("{file}")', *code],
        lambda printed: answer.replace("OUT", printed),
        lambda printed: printed == truth,
        created=more.get("created", ""),
        names=(file,),
    )


def _chosen(situation: Situation) -> tuple[str, bytes]:
    file = situation.rng.choice(animations_in(situation))
    return file, situation.contents[file]


def _frame_count(situation: Situation) -> Task:
    file, content = _chosen(situation)
    return _about(
        situation,
        file,
        "frame count",
        said=f"count the frames of {file}",
        code=["print(image.n_frames)"],
        answer=f"{file} has OUT frames.",
        truth=str(_frame_total(content)),
    )


def _frame_time(situation: Situation) -> Task:
    file, content = _chosen(situation)
    image = picture_of(content)
    assert image
    return _about(
        situation,
        file,
        "frame time",
        said=f"get the frame duration of {file}",
        code=['print(image.info["duration"])'],
        answer=f"Each frame of {file} is shown for OUT milliseconds.",
        truth=str(int(image.info["duration"])),
    )


def _frames(situation: Situation) -> Task:
    file, content = _chosen(situation)
    total, stem = _frame_total(content), PurePath(file).stem
    code = [
        "for number in range(image.n_frames):",
        "    image.seek(number)",
        f'    image.convert("RGB").save(f"{stem}_{{number + 1}}.png")',
        "print(image.n_frames)",
    ]
    return _about(
        situation,
        file,
        "frames",
        said=f"save the frames of {file} as png",
        code=code,
        answer=f"Saved OUT frames of {file} as png.",
        truth=str(total),
        created=f"{stem}_{total}.png",
    )


def _one_frame(situation: Situation) -> Task:
    rng = situation.rng
    file, content = _chosen(situation)
    n = rng.randint(1, _frame_total(content))
    word = ORDINALS[n - 1] if n <= len(ORDINALS) else ""
    target = f"{PurePath(file).stem}_{n}.png"
    image = picture_of(content)
    assert image
    task = _about(
        situation,
        file,
        "ordinal frame" if word and rng.random() < 0.5 else "one frame",
        said=f"save frame {n} of {file}",
        code=[f"image.seek({n} - 1)", f'image.convert("RGB").save("{target}")', PRINT_SIZE],
        answer=f"Saved as {target} (OUT pixels).",
        truth=f"{image.width} x {image.height}",
        created=target,
        n=str(n),
        th=word,
    )
    situation.done = {"picture": target, "size": image.size}
    return task
