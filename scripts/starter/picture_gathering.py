"""Files that one line of code gathers, and tasks that make new files of several."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from offline_interpreter.records import Code
from starter.dialogue import Situation, Task
from starter.picture_references import saving_text
from starter.pictures import ENDINGS, picture_name, pictures_in

NAME = "pictures and codes"
GATHERED = (".png", ".jpg", ".jpeg", ".gif")  # what code takes for a picture
ALL_FORMS = (
    "all pictures",
    "all pictures",
    "all images",
    "all the pictures",
    "all photos",
    "all my pictures",
    "all pics",
)
ALL_FORMS += ("all the images", "all image files", "all pictures in the folder", "all pictures here", "all my photos")
ALL_SINGLE_FORMS = ("every picture", "every image", "each picture", "every photo")
KIND_FORMS = ("all {} files",) * 5 + (
    "all {}s",
    "all the {} files",
    "all {} pictures",
    "all {} images",
    "all .{} files",
)
KIND_FORMS += ("all my {} files", "all {} files in the folder", "the {} files", "all the {}s", "all {} photos")
SINGLE_FORMS = ("every {}", "every {} file", "each {} file", "each {}", "every {} picture")


@dataclass(frozen=True, slots=True)
class Gathered:
    """Pictures of the folder that a line of code gathers, how the request calls them, and how an answer does."""

    files: Sequence[str]
    said: str
    line: str
    called: str = "the pictures"


def gatherings(situation: Situation, *, single: bool = False) -> list[Gathered]:
    """Return the sets of two or more files that can be asked for: all of them are known to be plain pictures.

    With ``single`` they may be called "every picture", which reads as one after the other.
    """
    rng = situation.rng
    one_by_one = single and rng.random() < 0.2
    known = set(pictures_in(situation))
    on_top = [name for name in situation.files if "/" not in name]
    sets: list[Gathered] = []
    for ending in ENDINGS:
        files = [name for name in on_top if name.endswith(f".{ending}")]
        if len(files) > 1 and known.issuperset(files):
            said = rng.choice(SINGLE_FORMS if one_by_one else KIND_FORMS).format(
                rng.choice((ending, ending, ending.upper()))
            )
            line = f'files = sorted(Path().glob("*.{ending}"))'
            sets.append(Gathered(files, said, line, f"all {ending} files"))
    files = [name for name in on_top if name.endswith(GATHERED)]
    if len(files) > 1 and known.issuperset(files):
        said = rng.choice(ALL_SINGLE_FORMS if one_by_one else ALL_FORMS)
        line = 'files = sorted(path for path in Path().glob("*") if path.suffix in {".png", ".jpg", ".jpeg", ".gif"})'
        sets.append(Gathered(files, said, line, "all pictures"))
    return sets


def made(
    request: str,
    message: str,
    code: Sequence[str],
    answer: Callable[[str], str],
    agrees: Callable[[str], bool],
    *,
    created: str = "",
    names: Sequence[str] = (),
    exact: bool = True,
) -> Task:
    """Return a task of one cell; answer and truth are given what it printed."""
    return Task(
        NAME,
        request,
        [Code(f"I'll {message}.", "\n".join(code))],
        lambda outputs: answer(outputs[0].strip()),
        lambda outputs: agrees(outputs[0].strip()),
        created=created,
        names=names,
        exact=exact,
    )


def chosen_target(situation: Situation, pattern: str, default: str, chance: float = 0.4) -> tuple[str, str]:
    """Return the name of the file to make, and the pattern that says it where the person does."""
    rng = situation.rng
    ending = PurePath(default).suffix[1:]
    if "<o>" not in pattern and (pattern[0] == "?" or rng.random() >= chance):
        return default, pattern
    saying = saving_text(situation)
    while ending not in ENDINGS and ("picture" in saying or "image" in saying):
        saying = saving_text(situation)
    pattern = pattern if "<o>" in pattern else pattern + saying
    while True:
        name = picture_name(rng, situation.held_out, ending)
        if name not in situation.files:
            return name, pattern
