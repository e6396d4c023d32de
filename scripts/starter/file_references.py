"""Files of the folder as requests speak of them: one file, or all of a kind; and what is known of their content."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath
from random import Random

from offline_interpreter.records import Code
from starter.dialogue import Outputs, Situation, Task
from starter.names import choose_name, file_name
from starter.phrasing import expand, load_phrases, say

NAME = "files"
PHRASES = load_phrases("files")
LISTED_LINES = 12  # of a list that an answer repeats
FILE_FORMS = ("{}",) * 14 + ("the file {}", "the file {}", "'{}'", '"{}"', "`{}`", "my file {}", "my {}", "file {}")
PLAIN_FORMS = ("{}",) * 8 + ("'{}'", '"{}"', "`{}`")
NAME_WANTED = re.compile(r"(file|called|named|my|the|this|a|document|text|archive|zip|folder|,) <f>|<f> file")
SAYS_PLACE = re.compile(r"folder|director|\bhere\b|<place>")
HERE = (
    "here",
    "in this folder",
    "in the folder",
    "in this directory",
    "in the current folder",
    "in my folder",
    "in the current directory",
    "in the working directory",
)
IN_FOLDER = ("in {}", "in {}", "in the folder {}", "in the {} folder", "inside {}", "in {}/", "from the folder {}")
EVERYWHERE = (
    "in all folders",
    "including subfolders",
    "in all subfolders too",
    "in every subfolder",
    "including all subfolders",
    "in this folder and its subfolders",
    "also in the subfolders",
)
PICTURES = ("png", "jpg", "jpeg", "gif")
CALLED = {
    "txt": ("text files", "text files", "plain text files"),
    "xlsx": ("Excel files", "excel files", "spreadsheets", "excel sheets", "Excel workbooks"),
    "docx": ("Word documents", "word files", "Word files"),
    "py": ("Python files", "python scripts", "Python scripts"),
    "md": ("markdown files", "Markdown files", "markdown documents"),
    "png": ("png images", "png pictures"),
    "jpg": ("jpg images", "jpg photos", "jpg pictures", "jpeg pictures"),
    "pdf": ("pdf documents", "PDF documents"),
    "zip": ("zip archives", "archives"),
    "log": ("log files", "logs"),
    "pptx": ("PowerPoint files", "powerpoint files"),
}
PICTURE_TEXTS = ("pictures", "images", "photos", "image files", "picture files", "pics")
KIND_FORMS = ("{} files",) * 8 + (
    ".{} files",
    ".{} files",
    "{}s",
    "{}s",
    "*.{} files",
    "files ending in .{}",
    "files ending with .{}",
    "files with the ending {}",
    "files with the extension .{}",
    "files of type {}",
)


@dataclass(frozen=True, slots=True)
class Selection:
    """Files that one expression gathers: all, those of an ending, or pictures; in the folder, in one below, or in all.

    ``said`` is how the request calls them, ``place`` how it says where they are; ``names`` are what is printed of them.
    """

    ending: str
    said: str
    names: Sequence[str]
    folder: str = ""
    everywhere: bool = False
    place: str = ""

    @property
    def many(self) -> str:
        """How an answer calls them."""
        where = f" in {self.folder}" if self.folder else " in all folders" if self.everywhere else ""
        return self._kind("s") + where

    @property
    def one(self) -> str:
        """How an answer calls one of them."""
        return self.many.replace(self._kind("s"), self._kind(""), 1)

    @property
    def line(self) -> str:
        """The line of code that gathers them."""
        if self.test:
            return f"files = sorted(path for path in {self.source} if {self.test})\n"
        return f"files = sorted({self.source})\n"

    @property
    def source(self) -> str:
        """The expression that goes through the folder."""
        base = f'Path("{self.folder}")' if self.folder else "Path()"
        pattern = "*" if self.ending in ("", "picture") else f"*.{self.ending}"
        return f'{base}.{"rglob" if self.everywhere else "glob"}("{pattern}")'

    @property
    def test(self) -> str:
        """The expression that says which of what is found there is meant; none where the ending says it."""
        if self.ending == "picture":
            return 'path.suffix.lower() in {".png", ".jpg", ".jpeg", ".gif"}'
        return "" if self.ending else "path.is_file()"

    @property
    def shown(self) -> str:
        """The expression for what is printed of a path."""
        return "path.as_posix()" if self.everywhere else "path.name"

    def _kind(self, plural: str) -> str:
        word = "picture" if self.ending == "picture" else f"{self.ending} file".strip()
        return word + plural


def kind_text(situation: Situation, ending: str) -> str:
    """Return how a request calls the files of an ending, in the plural."""
    rng = situation.rng
    if ending in ("", "picture"):
        return rng.choice(PICTURE_TEXTS) if ending else rng.choice(("files", "files", "files", "documents"))
    if ending in CALLED and rng.random() < 0.3:
        return rng.choice(CALLED[ending])
    return rng.choice(KIND_FORMS).format(ending.upper() if rng.random() < 0.2 else ending)


def matching(names: Sequence[str], ending: str) -> list[str]:
    """Return those of the names that have an ending; "" stands for any, "picture" for those of pictures."""
    if ending == "picture":
        return sorted(name for name in names if name.lower().endswith(tuple(f".{each}" for each in PICTURES)))
    return sorted(name for name in names if not ending or name.endswith(f".{ending}"))


def select(situation: Situation, ending: str, *, folder: str = "", everywhere: bool = False) -> Selection:
    """Return the selection of an ending's files, with words for it and for the place."""
    rng = situation.rng
    if everywhere:
        names, place = list(situation.files), rng.choice(EVERYWHERE)
    elif folder:
        inside = [PurePath(name) for name in situation.files]
        names = [path.name for path in inside if path.parent.as_posix() == folder]
        place = rng.choice(IN_FOLDER).format(folder)
    else:
        names, place = on_top(situation), rng.choice(HERE) if rng.random() < 0.3 else ""
    return Selection(ending, kind_text(situation, ending), matching(names, ending), folder, everywhere, place)


def choose_ending(situation: Situation, *, several: bool = False) -> str:
    """Return an ending of the folder's files ("" if there is none), or pictures; of ``several`` files, if possible."""
    rng = situation.rng
    found = [name.rsplit(".", 1)[1] for name in on_top(situation) if "." in name and not name.endswith(".gz")]
    if any(ending in PICTURES for ending in found) and rng.random() < 0.25:
        return "picture"
    found = [ending for ending in found if ending == ending.lower()]
    often = [ending for ending in found if found.count(ending) > 1]
    return rng.choice(often if often and (several or rng.random() < 0.5) else found or [""])


def on_top(situation: Situation) -> list[str]:
    """Return the files that lie in the folder itself."""
    return [name for name in situation.files if "/" not in name]


def folders(situation: Situation) -> list[str]:
    """Return the folders in the folder that have files."""
    return sorted({name.split("/", maxsplit=1)[0] for name in situation.files if "/" in name})


def file_said(situation: Situation, name: str, pattern: str = "") -> str:
    """Return how a request of this pattern names a file."""
    rng = situation.rng
    if NAME_WANTED.search(pattern):
        return rng.choice(PLAIN_FORMS).format(name)
    stem, ending = PurePath(name).stem, PurePath(name).suffix[1:]
    if len(matching(on_top(situation), ending)) == 1 and rng.random() < 0.12:
        return rng.choice(("the {} file", "the {}", "my {} file", "the only {} file")).format(ending)
    if sum(stem.lower() in other.lower() for other in situation.files) == 1 and rng.random() < 0.1:
        return rng.choice(("the {} file", "{}", "the file {}")).format(stem)
    return rng.choice(FILE_FORMS).format(name)


def folder_said(rng: Random, folder: str) -> str:
    """Return how a request names a folder that something goes into."""
    forms = ("the folder {}", "the {} folder", "a folder called {}", "a folder named {}", "{}/", "the directory {}")
    return rng.choice((*forms, "folder {}", "a new folder {}", "'{}'", "my {} folder", "{}", "{}")).format(folder)


def request_for(situation: Situation, section: str, *, tail: str = "", **slots: str) -> str:
    """Return a request of one of a section's patterns, with a pattern of the section ``tail`` at its end.

    ``f`` is a file's name, which is put in one of many forms.
    """
    pattern, place = _picked(situation, section), slots.get("place", "")
    while place and place not in HERE and SAYS_PLACE.search(pattern) and "<place>" not in pattern:
        pattern = _picked(situation, section)
    if "f" in slots:
        slots["f"] = file_said(situation, slots["f"], pattern)
    if place and not SAYS_PLACE.search(pattern):
        pattern += " <place>"
    if tail:
        pattern += " " + PHRASES[tail].pick(situation.rng, situation.held_out)[1:]
    return say(situation.rng, pattern, slots)


def _picked(situation: Situation, section: str) -> str:
    """Return a pattern of a section with its alternatives chosen."""
    pattern = PHRASES[section].pick(situation.rng, situation.held_out)
    return pattern[0] + expand(situation.rng, pattern[1:])


def new_name(situation: Situation, ending: str) -> str:
    """Return the name of a file that is not there yet."""
    rng = situation.rng
    while True:
        words = PHRASES["file word"].train
        stem = choose_name(rng, words, situation.held_out) if rng.random() < 0.6 else ""
        name = f"{stem}.{ending}" if stem else file_name(rng, situation.held_out, ending)
        if name not in situation.files:
            return name


def new_folder(situation: Situation) -> str:
    """Return the name of a folder that is not there yet."""
    taken = {folder.lower() for folder in folders(situation)}
    while True:
        name = choose_name(situation.rng, PHRASES["folder word"].train, situation.held_out)
        if name.lower() not in taken:
            return name.capitalize() if situation.rng.random() < 0.1 else name


def known_content(situation: Situation, name: str) -> bytes | None:
    """Return a file's content, or None where it is not known here."""
    tables = {table.file: table for table in situation.tables if table.ending != "xlsx"}  # workbooks hold the time
    return tables[name].content() if name in tables else situation.contents.get(name)


def fixed(situation: Situation) -> set[str]:
    """Return the files that must stay where they are, since somebody noted them for a later request."""
    tables = [getattr(note, "table", note) for note in situation.notes.values()]
    return {str(table if isinstance(table, str) else getattr(table, "file", "")) for table in tables}


def moved(situation: Situation, old: str, new: str) -> None:
    """Note that a file has another name now."""
    if old in situation.contents:
        situation.contents[new] = situation.contents.pop(old)
    situation.tables = [replace(table, file=new) if table.file == old else table for table in situation.tables]


def task(
    request: str,
    message: str,
    code: str,
    answer: Callable[[str], str],
    agrees: Callable[[str], bool],
    *,
    created: str = "",
    names: Sequence[str] = (),
) -> Task:
    """Return a task of one cell; answer and truth are given what it printed."""

    def printed(outputs: Outputs) -> str:
        return outputs[0].strip("\n")

    return Task(
        NAME,
        request,
        [Code(message, code)],
        lambda outputs: answer(printed(outputs)),
        lambda outputs: agrees(printed(outputs)),
        created=created,
        names=names,
    )


def repeated(lead: str, printed: str) -> str:
    """Return an answer that repeats what was printed, or says that it is above where that is long."""
    lines = printed.splitlines()
    return f"{lead} are shown above." if len(lines) > LISTED_LINES else f"{lead}:\n{printed}"
