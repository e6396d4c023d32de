"""Animated GIFs, made of a series of pictures."""

from __future__ import annotations

import re
from collections.abc import Callable

from starter.dialogue import Situation, Task
from starter.families.pictures import follow_up
from starter.families.pictures import make as make_single
from starter.numerals import SMALL_WORDS
from starter.phrasing import load_phrases, say
from starter.picture_gathering import NAME, Gathered, chosen_target, gatherings, made
from starter.picture_references import spoken
from starter.pictures import (
    POOL,
    lay_pictures,
    picture_content,
    pictures_in,
)

__all__ = ["NAME", "follow_up", "make", "prepare"]
PHRASES = load_phrases("animations")
SERIES = ("frame_{:02}", "frame{}", "step_{}", "img_{:03}", "scene{:02}", "shot-{}", "day{}", "frame_{:03}", "slide{}")
DURATIONS = (50, 80, 100, 100, 120, 150, 200, 200, 250, 300, 400, 500, 600, 750, 800)
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth")
LAST_NUMBER = re.compile(r"\d+(?=\.png$)")


def prepare(situation: Situation) -> None:
    """Lay pictures of one format into the folder, mostly a numbered series of them."""
    rng = situation.rng
    if rng.random() < 0.7:
        form, count, first = rng.choice(SERIES), rng.randint(2, 7), rng.randrange(POOL)
        for index in range(count):
            situation.lay(f"{form.format(index + 1)}.png", picture_content("png", (first + index) % POOL))
        lay_pictures(situation, rng.choice((0, 0, 1, 2, 3)), (rng.choice(("png", "jpg")),))
    else:
        lay_pictures(situation, rng.choice((2, 3, 3, 4)), (rng.choice(("png", "jpg")),))


def make(situation: Situation) -> Task:
    """Return a task of this family: of those kinds for which the folder holds what they need."""
    kinds: dict[Callable[[Situation], Task], float] = {}
    if _series(situation):
        kinds |= {_animated: 4.0}
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


# -- one animation ----------------------------------------------------------------------------------------------------
