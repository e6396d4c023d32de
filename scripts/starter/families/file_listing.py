"""Which files there are, how many, how large: questions about names and sizes that change nothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from starter.dialogue import Situation, Task
from starter.file_references import (
    Selection,
    choose_ending,
    folders,
    on_top,
    request_for,
    select,
    task,
)
from starter.names import made_up_name

IMPORT = "from pathlib import Path\n"
COMMON_ENDINGS = ("csv", "txt", "png", "pdf", "xlsx", "jpg", "json", "md", "zip", "docx", "py", "log", "html", "mp3")


def selection(situation: Situation, *, absent: float = 0.08) -> Selection:
    """Return files that somebody asks about: mostly those of an ending, sometimes below, sometimes none at all."""
    rng = situation.rng
    below, chance = folders(situation), rng.random()
    if below and chance < 0.12:
        folder = rng.choice(below)
        endings = [name.rsplit(".", 1)[1] for name in situation.files if name.startswith(f"{folder}/") and "." in name]
        return select(situation, rng.choice(["", *endings]), folder=folder)
    if chance > 1 - absent:
        return select(situation, rng.choice(COMMON_ENDINGS))
    return select(situation, choose_ending(situation), everywhere=chance > 1 - absent - 0.05)


# -- names ------------------------------------------------------------------------------------------------------------


def listed(situation: Situation, chosen: Selection | None = None, section: str = "") -> Task:
    """List files of a kind."""
    chosen = chosen or selection(situation)
    section = section or ("list" if chosen.ending else "list all")
    request = request_for(situation, section, k=chosen.said, place=chosen.place, d=chosen.folder)
    situation.done = {"selection": chosen, "kind": "list"}
    return _listing(request, (chosen.line, chosen.shown), (chosen.many, chosen.one), chosen.names)


def listed_all(situation: Situation) -> Task:
    """List all files, mostly those of the folder itself."""
    below = folders(situation)
    chance = situation.rng.random()
    folder = situation.rng.choice(below) if below and chance < 0.25 else ""
    return listed(situation, select(situation, "", folder=folder, everywhere=chance > 0.9), "list all")


def _listing(request: str, gathering: tuple[str, str], called: tuple[str, str], names: Sequence[str]) -> Task:
    """Return the task of printing how many files were gathered, and their names.

    ``gathering``: the line of code that gathers them, and what is printed of each. ``called``: many of them, and one.
    """
    (line, shown), (many, one) = gathering, called
    code = f'{IMPORT}{line}print(len(files))\nprint("\\n".join({shown} for path in files))'

    def answer(printed: str) -> str:
        count, *lines = printed.splitlines()
        if count == "0":
            return f"There are no {many}."
        if len(lines) > 12:
            return f"There are {count} {many}. They are shown above."
        return "\n".join([f"There is 1 {one}:" if count == "1" else f"There are {count} {many}:", *lines])

    def agrees(printed: str) -> bool:
        count, *lines = printed.splitlines()
        return int(count) == len(names) and sorted(lines) == sorted(names)

    return task(request, f"I'll list the {many}.", code, answer, agrees)


def found(situation: Situation) -> Task | None:
    """List the files whose names contain, begin or end with something."""
    rng = situation.rng
    names = [name for name in on_top(situation) if "." in name]
    if not names:
        return None
    stem = rng.choice(names).split(".")[0]
    how = rng.choices(("contain", "begin", "end"), (6, 2, 1))[0]
    parts = [part for part in stem.replace("-", "_").replace(" ", "_").split("_") if len(part) > 1]
    part = rng.choice(parts or [stem]) if how == "contain" else stem
    if how == "begin":
        part = stem[: rng.choice((1, 1, 2, 3, len(parts[0]) if parts else 1))]
    elif how == "end":
        part = stem[-rng.choice((1, 2, 3, 4)) :].lstrip(" ")
    if rng.random() < 0.12:
        part = made_up_name(rng)
    part = part.lower() if rng.random() < 0.4 else part
    tests = {
        "contain": (f'"{part}".lower() in path.name.lower()', lambda name: part.lower() in name.lower()),
        "begin": (
            f'path.name.lower().startswith("{part}".lower())',
            lambda name: name.lower().startswith(part.lower()),
        ),
        "end": (f'path.stem.lower().endswith("{part}".lower())', lambda name: _ends(name, part)),
    }
    quoted = rng.choice(("{}", "{}", "{}", '"{}"', "'{}'")).format(part)
    request = request_for(situation, f"find {how}", t=quoted)
    line = f'files = sorted(path for path in Path().glob("*") if {tests[how][0]})\n'
    verb = {"contain": "with", "begin": "that begin with", "end": "that end with"}[how]
    where = f'{verb} "{part}"' + (" in the name" if how == "contain" else "")
    truth = [name for name in [*on_top(situation), *folders(situation)] if tests[how][1](name)]
    situation.done = {}
    return _listing(request, (line, "path.name"), (f"files {where}", f"file {where}"), truth)


def _ends(name: str, part: str) -> bool:
    return PurePath(name).stem.lower().endswith(part.lower())


def counted(situation: Situation, chosen: Selection | None = None, section: str = "count") -> Task:
    """Count files of a kind, or all."""
    rng = situation.rng
    if not chosen:
        chosen = selection(situation, absent=0.1) if rng.random() < 0.75 else select(situation, "")
    request = request_for(situation, section, k=chosen.said, place=chosen.place)
    situation.done = {"selection": chosen, "kind": "count"}

    def answer(count: str) -> str:
        if count == "0":
            return f"There are no {chosen.many}."
        return f"There is 1 {chosen.one}." if count == "1" else f"There are {count} {chosen.many}."

    code = f"{IMPORT}{chosen.line}print(len(files))"
    message = f"I'll count the {chosen.many}."
    return task(request, message, code, answer, lambda printed: int(printed) == len(chosen.names))


def exists(situation: Situation) -> Task:
    """Say whether a file is there."""
    rng = situation.rng
    name = rng.choice(situation.files) if situation.files and rng.random() < 0.6 else ""
    if not name:
        name = f"{made_up_name(rng)}.{rng.choice(COMMON_ENDINGS)}"
    request = request_for(situation, "exists", g=name)
    situation.done = {}
    truth = str(name in situation.files)
    return task(
        request,
        f"I'll look for {name}.",
        f'{IMPORT}print(Path("{name}").exists())',
        lambda printed: f"Yes, {name} is there." if printed == "True" else f"No, there is no {name}.",
        lambda printed: printed == truth,
        names=(name,),
    )
