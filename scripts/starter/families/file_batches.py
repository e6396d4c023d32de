"""All files of a kind at once: renamed by a rule, copied or moved into a folder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePath

from starter.dialogue import Situation, Task
from starter.file_references import (
    PHRASES,
    Selection,
    choose_ending,
    fixed,
    folder_said,
    folders,
    known_content,
    moved,
    new_folder,
    repeated,
    request_for,
    select,
    task,
)
from starter.names import STYLE_BEGINNINGS, choose_name, is_held_out

IMPORT = "from pathlib import Path\n"


def several_files(situation: Situation, *, all_share: float = 0.15) -> Selection | None:
    """Return several files of the folder itself, or all."""
    ending = "" if situation.rng.random() < all_share else choose_ending(situation, several=True)
    chosen = select(situation, ending)
    return chosen if chosen.names and len(chosen.names) <= 20 else None


# -- renamed by a rule ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rule:
    """How names change: the expression in code, the same in our words, and whether some names may stay."""

    expression: str
    change: Callable[[str], str]
    some_stay: bool = False


def renamed_all(situation: Situation, chosen: Selection | None = None, section: str = "rename ") -> Task | None:
    """Rename all files of a kind by a rule."""
    rng = situation.rng
    chosen = chosen or several_files(situation, all_share=0.3)
    if not chosen or chosen.folder or chosen.everywhere:
        return None
    kind = rng.choices(
        ("prefix", "suffix", "lower", "upper", "blanks", "replace", "remove"), (4, 3, 2, 0.7, 3, 2, 1.5)
    )[0]
    rule, slots = _rule(situation, kind, chosen)
    return _renaming(situation, chosen, section + kind, rule, **slots)


def _rule(situation: Situation, kind: str, chosen: Selection) -> tuple[Rule, dict[str, str]]:
    rng = situation.rng
    word = choose_name(rng, PHRASES["addition"].train, situation.held_out, made_up=0.4)
    if kind == "prefix":
        text = word + rng.choice(("_", "_", "-", " "))
        text = rng.choice([text, text, *(part for part in STYLE_BEGINNINGS if is_held_out(part) == situation.held_out)])
        return Rule(f'"{text}" + path.name', lambda name: text + name), {"t": _in_quotes(situation, text)}
    if kind == "suffix":
        text = rng.choice(("_", "_", "-", "")) + word
        rule = Rule(f'path.stem + "{text}" + path.suffix', lambda name: f"{stem(name)}{text}{PurePath(name).suffix}")
        return rule, {"t": _in_quotes(situation, text)}
    if kind in ("lower", "upper"):
        return Rule(f"path.name.{kind}()", lambda name: name.lower() if kind == "lower" else name.upper(), True), {}
    if kind == "blanks":
        return Rule('path.name.replace(" ", "_")', lambda name: "_".join(name.split(" ")), True), {}
    whole = stem(rng.choice(chosen.names))
    parts = [part for part in whole.replace("-", "_").replace(" ", "_").split("_") if len(part) > 1]
    old = rng.choice([*parts, *parts, whole, "_", "-"])
    new = "" if kind == "remove" else rng.choice(("_", "-")) if len(old) == 1 else word
    new = new if new != old else " "
    rule = Rule(f'path.name.replace("{old}", "{new}")', lambda name: new.join(name.split(old)), True)
    return rule, {"o": _in_quotes(situation, old), "t": _in_quotes(situation, new)}


def stem(name: str) -> str:
    """Return a file's name without its ending."""
    return PurePath(name).stem


def _in_quotes(situation: Situation, text: str) -> str:
    bare = text.strip() == text and text.strip("_-")
    return situation.rng.choice(('"{}"', '"{}"', "'{}'", *(("{}", "{}") if bare else ()))).format(text)


def _renaming(situation: Situation, chosen: Selection, section: str, rule: Rule, **slots: str) -> Task | None:
    names = {name: rule.change(name) for name in chosen.names}
    changed = {name: new for name, new in names.items() if new != name}
    others = set(situation.files) - set(changed)
    bad = bool(fixed(situation) & {*changed}) or any(
        not stem(new) or new.startswith(".") or new in others for new in names.values()
    )
    if bad or len(set(names.values())) < len(names) or any(new in names for new in changed.values()):
        return None
    if any(new.lower() == other.lower() for new in changed.values() for other in names if names[other] != new):
        return None  # two names that differ by case alone are one file on some systems
    request = request_for(situation, section, k=chosen.said, place=chosen.place, **slots)
    for name, new in changed.items():
        moved(situation, name, new)
    situation.done = {}
    body = f"    name = {rule.expression}\n"
    if rule.some_stay:
        body += '    if name != path.name:\n        path.rename(name)\n        print(f"{path.name} -> {name}")'
    else:
        body += '    path.rename(name)\n    print(f"{path.name} -> {name}")'
    return _renamed_task(request, chosen, f"{IMPORT}{chosen.line}for path in files:\n{body}", changed)


def _renamed_task(request: str, chosen: Selection, code: str, changed: dict[str, str]) -> Task:
    truth = {f"{name} -> {new}" for name, new in changed.items()}

    def answer(printed: str) -> str:
        return repeated("The new names", printed) if printed else "No name had to be changed."

    message = f"I'll rename the {chosen.many}."
    return task(request, message, code, answer, lambda printed: set(printed.splitlines()) == truth)


def new_ending(situation: Situation) -> Task | None:
    """Change the ending of all files of a kind."""
    rng = situation.rng
    ending = choose_ending(situation, several=True)
    chosen = select(situation, ending)
    others = {"jpg": ("jpeg", "jpeg", "bak"), "jpeg": ("jpg", "jpg", "old")}
    others |= dict.fromkeys(
        ("txt", "md", "log", "html", "yaml", "py"), ("txt", "md", "log", "text", "bak", "old", "rst")
    )
    new = rng.choice([each for each in others.get(ending, ("bak", "old", "tmp", "orig")) if each != ending])
    names = {name: f"{name[: -len(ending)]}{new}" for name in chosen.names}
    tables = {table.file for table in situation.tables} | fixed(situation)
    if ending in ("", "picture") or tables & {*names} or {*names.values()} & {*situation.files}:
        return None
    dots = rng.choice((".{}", ".{}", "{}"))
    slots = {"a": dots.format(ending), "b": dots.format(new)}
    request = request_for(situation, "rename ending", k=chosen.said, place=chosen.place, **slots)
    for name, renamed in names.items():
        moved(situation, name, renamed)
    situation.done = {}
    code = f'{IMPORT}{chosen.line}for path in files:\n    name = path.with_suffix(".{new}").name\n'
    code += '    path.rename(name)\n    print(f"{path.name} -> {name}")'
    return _renamed_task(request, chosen, code, names)


# -- copied and moved into a folder -----------------------------------------------------------------------------------


def moved_all(situation: Situation, chosen: Selection | None = None, section: str = "") -> Task | None:
    """Move or copy all files of a kind into a folder."""
    rng = situation.rng
    chosen = chosen or several_files(situation, all_share=0.06)
    if not chosen or chosen.folder or chosen.everywhere or not chosen.names:
        return None
    verb = rng.choice(("move", "copy"))
    below = folders(situation)
    folder = rng.choice(below) if below and rng.random() < 0.5 else new_folder(situation)
    if fixed(situation) & {*chosen.names} or any(f"{folder}/{name}" in situation.files for name in chosen.names):
        return None
    request = request_for(situation, f"{section}{verb} all", k=chosen.said, place="", d=folder_said(rng, folder))
    for name in chosen.names:
        if verb == "move":
            moved(situation, name, f"{folder}/{name}")
        elif (content := known_content(situation, name)) is not None:
            situation.contents[f"{folder}/{name}"] = content
    situation.done = {}
    code = f'import shutil\n{IMPORT}{chosen.line}Path("{folder}").mkdir(exist_ok=True)\n'
    code += f'for path in files:\n    shutil.{verb}(path, "{folder}")\n    print(path.name)'
    done = {"move": "moved", "copy": "copied"}[verb]
    return task(
        request,
        f"I'll {verb} the {chosen.many} to {folder}.",
        code,
        lambda printed: repeated(f"The files {done} to {folder}", printed),
        lambda printed: sorted(printed.splitlines()) == sorted(chosen.names),
        created=f"{folder}/{chosen.names[0]}",
        names=(folder,),
    )
