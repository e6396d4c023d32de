"""Pictures: questions about one, and changes of one, alone or two at once, saved to a new file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from offline_interpreter.records import Code
from starter.answers import listed
from starter.dialogue import Outputs, Situation, Task
from starter.phrasing import say
from starter.picture_canvas import Change
from starter.picture_changes import PHRASES as CHANGE_PHRASES
from starter.picture_changes import some_change
from starter.picture_questions import Question, some_question
from starter.picture_references import (
    KNOWN_FORMS,
    SAVING,
    picture_text,
    placed,
    saving_text,
    spoken_of,
)
from starter.pictures import lay_pictures, picture_name, picture_of, pictures_in

NAME = "pictures and codes"
AS_RGB = ("jpg", "jpeg", "pdf")  # formats that hold neither transparency nor palettes
PRINT_SIZE = 'print(image.width, "x", image.height)'


def prepare(situation: Situation) -> None:
    """Lay a few pictures into the folder."""
    lay_pictures(situation, situation.rng.choice((1, 1, 1, 2, 2, 3, 4, 5)))


def make(situation: Situation) -> Task:
    """Return a task of this family."""
    rng = situation.rng
    pictures = pictures_in(situation)
    file = rng.choice(pictures)
    if rng.random() < 0.33:
        return question_task(situation, file, some_question(situation, file))
    image = picture_of(situation.contents[file])
    assert image is not None
    return change_task(situation, file, image.size)


def follow_up(situation: Situation) -> Task | None:
    """Return a request that goes on with the picture of the one before."""
    done = situation.done
    if "picture" not in done:
        return None
    file, size = done["picture"], done["size"]
    if situation.rng.random() < 0.25:
        return question_task(situation, file, some_question(situation, file, size), known=True)
    return change_task(situation, file, size, known=True)


def as_size(printed: str) -> tuple[int, int]:
    """Return the size that a cell printed as ``width x height``."""
    width, height = printed.strip().splitlines()[-1].split(" x ")
    return int(width), int(height)


def saving(file: str) -> str:
    """Return the line that saves ``image``."""
    convert = '.convert("RGB")' if file.rsplit(".", 1)[-1].lower() in AS_RGB else ""
    return f'image{convert}.save("{file}")'


# -- questions --------------------------------------------------------------------------------------------------------


def question_task(situation: Situation, file: str, question: Question, *, known: bool = False) -> Task:
    """Return the task of a question about a picture; ``known``: it was spoken of before."""
    rng = situation.rng
    phrases = question.phrases
    pattern = spoken_of(situation, phrases) if known else phrases.pick(rng, situation.held_out)
    if known and pattern[0] == "?" and rng.random() < 0.35:
        pattern += " now"
    pattern = pattern if known else placed(situation, pattern)
    text = rng.choice(KNOWN_FORMS) if known else picture_text(situation, file, pattern)
    request = say(rng, pattern, {"f": text, **question.slots})
    situation.done = {"picture": file, "size": question.size}
    modules = "Image, ImageStat" if "ImageStat" in question.code else "Image"
    convert = '.convert("RGB")' if question.colored else ""
    code = f'from PIL import {modules}\nimage = Image.open("{file}"){convert}\n{question.code}'

    def answer(outputs: Outputs) -> str:
        if question.lines:
            return listed(question.answer.format(file, ""), outputs[0])
        return question.answer.format(file, outputs[0].strip())

    return Task(
        NAME,
        request,
        [Code(f"I'll {question.said.format(file)}.", code)],
        answer,
        lambda outputs: question.agrees(outputs[0].strip()),
        names=(file,),
    )


# -- changes ----------------------------------------------------------------------------------------------------------


def change_task(situation: Situation, file: str, size: tuple[int, int], *, known: bool = False) -> Task:
    """Return the task of one or two changes of a picture of a size; ``known``: it was spoken of before."""
    rng = situation.rng
    changes = [some_change(rng, *size, file)]
    pattern, slots = _pattern(situation, changes, known)
    target, pattern = _target(situation, file, changes, pattern)
    text = rng.choice(KNOWN_FORMS) if known else picture_text(situation, file, pattern)
    request = say(rng, pattern, {"f": text, "o": target, **slots})
    return _changed(situation, file, size, changes=changes, request=request, target=target)


def _pattern(situation: Situation, changes: Sequence[Change], known: bool) -> tuple[str, dict[str, str]]:
    """Return the pattern that asks for the changes, and what fills its slots, which are numbered."""
    rng = situation.rng
    slots: dict[str, str] = {}
    parts = []
    for index, change in enumerate(changes):
        phrases = CHANGE_PHRASES[change.section]
        pattern = spoken_of(situation, phrases) if known or index else phrases.pick(rng, situation.held_out)
        while len(changes) > 1 and pattern[0] != "!":
            pattern = spoken_of(situation, phrases)
        for slot, text in change.slots.items():
            pattern = pattern.replace(f"<{slot}>", f"<{slot}{index}>")
            slots[f"{slot}{index}"] = text
        parts.append(pattern.replace("<f>", "it") if index else pattern)
    if len(parts) == 2:
        return parts[0] + rng.choice((" and ", " and ", ", then ", " and then ", ", and ")) + parts[1][1:], slots
    if not known:
        return placed(situation, parts[0]), slots
    if parts[0][0] == "!" and rng.random() < 0.4:
        lead = rng.choice(("now ", "then ", "and ", "also ", "and now ", "and then ", "next, ", "ok, now "))
        return "." + lead + parts[0][1:], slots
    return parts[0], slots


def _target(situation: Situation, file: str, changes: Sequence[Change], pattern: str) -> tuple[str, str]:
    """Return the file to save to, and the pattern that names it where the person does."""
    rng = situation.rng
    path = PurePath(file)
    ending = next((f".{change.format}" for change in changes if change.format), path.suffix)
    parts = [path.stem, *(change.ending for change in changes if change.ending)]
    chance = rng.random()
    if chance < 0.22 and pattern[0] != "?":
        pattern = pattern + saving_text(situation)
        while True:
            name = picture_name(rng, situation.held_out, ending[1:])
            if name not in situation.files:
                return name, pattern
    if chance > 0.97 and pattern[0] != "?" and ending == path.suffix:
        situation.contents.pop(file, None)
        return file, pattern + SAVING["in place"].pick(rng, situation.held_out)[1:]
    return "_".join(parts) + ending, pattern


def _changed(
    situation: Situation, file: str, size: tuple[int, int], *, changes: Sequence[Change], request: str, target: str
) -> Task:
    modules = ", ".join(sorted({"Image", *(change.module for change in changes if change.module)}))
    lines = [f"from PIL import {modules}", f'image = Image.open("{file}")']
    lines += [change.line for change in changes if change.line]
    lines += [saving(target), PRINT_SIZE]
    said = " and ".join(change.said.format("it" if index else file) for index, change in enumerate(changes))
    wanted: tuple[float, float] = size
    slack = 0.0
    for change in changes:
        wanted, slack = change.size(*wanted), slack + change.slack + (slack > 0) * 3
    situation.done = {}

    def agrees(outputs: Outputs) -> bool:
        return all(abs(float(one) - other) <= slack for one, other in zip(wanted, as_size(outputs[0]), strict=True))

    def answer(outputs: Outputs) -> str:
        is_picture = not target.endswith((".pdf", ".tiff"))
        situation.done = {"picture": target, "size": as_size(outputs[0])} if is_picture else {}
        return f"Saved as {target} ({outputs[0].strip()} pixels)."

    exact = not target.endswith(".pdf")
    code = [Code(f"I'll {said}.", "\n".join(lines))]
    return Task(NAME, request, code, answer, agrees, created=target, exact=exact, names=(file,))
