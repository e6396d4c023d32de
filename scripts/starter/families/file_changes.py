"""Single files and folders: made, written, renamed, copied, moved, deleted."""

from __future__ import annotations

from pathlib import PurePath
from random import Random

from starter.dialogue import Situation, Task
from starter.file_references import (
    PHRASES,
    fixed,
    folder_said,
    folders,
    known_content,
    moved,
    new_folder,
    new_name,
    on_top,
    request_for,
    task,
)
from starter.file_supply import made_text
from starter.names import choose_name
from starter.numerals import SMALL_WORDS

IMPORT = "from pathlib import Path\n"
NEW_ENDINGS = ("txt", "txt", "txt", "txt", "txt", "md", "md", "log", "html", "py")
QUOTES = ('"{}"', '"{}"', '"{}"', "'{}'", "{}", "{}")


def _said(request: str, message: str, code: str, sentence: str, created: str = "", *names: str) -> Task:
    """Return the task of a change that prints one sentence, which is the answer too."""
    code = f'{code}\nprint("{sentence}")'
    return task(
        request,
        message,
        code,
        lambda printed: printed,
        lambda printed: printed == sentence,
        created=created,
        names=names,
    )


# -- made and written -------------------------------------------------------------------------------------------------


def created(situation: Situation) -> Task:
    """Make a text file of one line."""
    rng = situation.rng
    name, text = new_name(situation, rng.choice(NEW_ENDINGS)), made_text(rng)
    request = request_for(situation, "create", g=_new_said(rng, name), t=_quoted(rng, text))
    return _written(situation, request, name, f"{text}\n", f'"{text}\\n"')


def created_lines(situation: Situation) -> Task:
    """Make a text file of several lines."""
    rng = situation.rng
    name = new_name(situation, rng.choice(NEW_ENDINGS))
    lines = list(dict.fromkeys(_short(rng) for _ in range(rng.randint(2, 5))))
    form = rng.choice(('"{}"', "{}", "{}", "'{}'"))
    texts = [form.format(line) for line in lines]
    listed = rng.choice((", ".join(texts), _and(texts), _and(texts), "; ".join(texts), " / ".join(texts)))
    request = request_for(situation, "create lines", g=_new_said(rng, name), t=listed)
    literal = "[" + ", ".join(f'"{line}"' for line in lines) + "]"
    code = f'lines = {literal}\nPath("{name}").write_text("\\n".join(lines) + "\\n", encoding="utf-8")'
    return _made(situation, request, name, "\n".join(lines) + "\n", code)


def created_numbers(situation: Situation) -> Task:
    """Make a text file with the whole numbers of a range."""
    rng = situation.rng
    name = new_name(situation, "txt")
    first = rng.choice((1, 1, 1, 0, 10, rng.randint(2, 50)))
    last = first + rng.choice((4, 9, 9, 19, 49, 99, rng.randint(3, 500)))
    request = request_for(situation, "create numbers", g=_new_said(rng, name), a=str(first), b=str(last))
    code = f"lines = [str(number) for number in range({first}, {last} + 1)]\n"
    code += f'Path("{name}").write_text("\\n".join(lines) + "\\n", encoding="utf-8")'
    return _made(situation, request, name, "".join(f"{number}\n" for number in range(first, last + 1)), code)


def appended(situation: Situation, name: str = "", section: str = "append") -> Task | None:
    """Add a line to a text file."""
    rng = situation.rng
    names = [
        other for other in situation.contents if other in situation.files and other.endswith((".txt", ".md", ".log"))
    ]
    if not names or (name and name not in names):
        return None
    name = name or rng.choice(sorted(names))
    text = made_text(rng)
    request = request_for(situation, section, f=name, t=_quoted(rng, text))
    content = "".join(f"{line}\n" for line in [*situation.contents[name].decode().splitlines(), text])
    situation.contents[name] = content.encode()
    situation.done = {"file": name, "text": True}
    code = (
        f'{IMPORT}path = Path("{name}")\nlines = path.read_text(encoding="utf-8").splitlines() + ["{text}"]\n'
        'path.write_text("\\n".join(lines) + "\\n", encoding="utf-8")'
    )
    return _said(request, f"I'll add a line to {name}.", code, f"Added the line to {name}.", name, name)


def emptied(situation: Situation) -> Task:
    """Make an empty file."""
    rng = situation.rng
    name = new_name(situation, rng.choice((*NEW_ENDINGS, "csv", "json", "yaml", "toml")))
    request = request_for(situation, "empty", g=_new_said(rng, name))
    situation.done = {"file": name}
    return _said(request, f"I'll create {name}.", f'{IMPORT}Path("{name}").touch()', f"Created {name}.", name, name)


def _written(situation: Situation, request: str, name: str, content: str, literal: str) -> Task:
    return _made(situation, request, name, content, f'Path("{name}").write_text({literal}, encoding="utf-8")')


def _made(situation: Situation, request: str, name: str, content: str, code: str) -> Task:
    situation.contents[name] = content.encode()
    situation.done = {"file": name, "text": True}
    return _said(request, f"I'll write {name}.", IMPORT + code, f"Saved as {name}.", name, name)


def _quoted(rng: Random, text: str) -> str:
    return rng.choice(('"{}"', "{}") if "'" in text else QUOTES).format(text)


def _new_said(rng: Random, name: str) -> str:
    return rng.choice(("{}",) * 8 + ("'{}'", '"{}"', "`{}`")).format(name)


def _short(rng: Random) -> str:
    return rng.choice(rng.choice((PHRASES["item"].train, PHRASES["item"].train, PHRASES["person"].train)))


def _and(texts: list[str]) -> str:
    return f"{', '.join(texts[:-1])} and {texts[-1]}"


# -- folders and numbered files ---------------------------------------------------------------------------------------


def made_folder(situation: Situation) -> Task:
    """Make a folder."""
    name = new_folder(situation)
    request = request_for(situation, "folder", d=_new_said(situation.rng, name))
    situation.done = {}
    code = f'{IMPORT}Path("{name}").mkdir(exist_ok=True)'
    return _said(request, f"I'll create the folder {name}.", code, f"Created the folder {name}.", "", name)


def made_folders(situation: Situation) -> Task:
    """Make several folders."""
    names = list(dict.fromkeys(new_folder(situation) for _ in range(situation.rng.randint(2, 5))))
    if len(names) < 2:
        return made_folder(situation)
    listed = situation.rng.choice((_and(names), _and(names), ", ".join(names), " ".join(names)))
    request = request_for(situation, "several folders", l=listed)
    situation.done = {}
    literal = ", ".join(f'"{name}"' for name in names)
    code = f"{IMPORT}for name in [{literal}]:\n    Path(name).mkdir(exist_ok=True)"
    return _said(request, "I'll create the folders.", code, f"Created the folders {_and(names)}.", "", *names)


def numbered(situation: Situation) -> Task:
    """Make numbered files or folders."""
    rng = situation.rng
    folder = rng.random() < 0.4
    stem = choose_name(rng, PHRASES["numbered word"].train, situation.held_out)
    joint, width = rng.choice(("", "", "_", "-", " ")), rng.choice((0, 0, 0, 2))
    ending = "" if folder else f".{rng.choice(('txt', 'txt', 'txt', 'md', 'csv', 'html'))}"
    if any(name.startswith(f"{stem}{joint}") for name in situation.files):
        return emptied(situation)
    first, count = rng.choice((1, 1, 1, 1, 0, rng.randint(2, 8))), rng.choice((3, 3, 4, 4, 5, 5, 6, 7, 8, 10, 10, 12))
    last = first + count - 1
    form = stem + joint + ("{:02}" if width else "{}") + ending
    section = ("numbered folders" if folder else "numbered files") + (
        " range" if first != 1 or rng.random() < 0.5 else ""
    )
    written = SMALL_WORDS[count] if rng.random() < 0.3 else str(count)
    ends = {"a": form.format(first), "z": form.format(last), "b": form.format(first + 1)}
    request = request_for(situation, section, n=written, s=f"{stem}{joint}", e=ending, **ends)
    situation.done = {}
    inner = f"{stem}{joint}{{number{':02' if width else ''}}}{ending}"
    if " range" not in section and width:
        return numbered(situation)
    code = f"{IMPORT}for number in range({first}, {last} + 1):\n    "
    code += f'Path(f"{inner}").mkdir(exist_ok=True)' if folder else f'Path(f"{inner}").touch()'
    kind = "folders" if folder else "files"
    sentence = f"Created the {kind} {ends['a']} to {ends['z']}."
    return _said(request, f"I'll create the {kind}.", code, sentence, "" if folder else ends["a"], stem)


# -- one file: renamed, copied, moved, deleted ------------------------------------------------------------------------


def _pick(situation: Situation, name: str = "") -> str:
    names = [other for other in on_top(situation) if other not in fixed(situation)]
    if name:
        return name if name in names else ""
    return situation.rng.choice(names) if names else ""


def renamed(situation: Situation, name: str = "", section: str = "rename") -> Task | None:
    """Rename a file; the new name mostly has its ending, else it keeps it."""
    name = _pick(situation, name)
    if not name:
        return None
    suffix = PurePath(name).suffix
    new = new_name(situation, suffix[1:] or "txt")
    said = PurePath(new).stem if suffix and situation.rng.random() < 0.2 else new
    request = request_for(situation, section, f=name, g=_new_said(situation.rng, said))
    moved(situation, name, new)
    situation.done = {"file": new}
    code = f'{IMPORT}Path("{name}").rename("{new}")'
    return _said(request, f"I'll rename {name} to {new}.", code, f"Renamed {name} to {new}.", new, name, new)


def copied(situation: Situation, name: str = "", section: str = "copy") -> Task | None:
    """Copy a file to another name, or into a folder."""
    rng = situation.rng
    name = _pick(situation, name)
    if not name:
        return None
    if rng.random() < 0.5:
        return _into_folder(situation, name, f"{section} to folder", "copy")
    new = new_name(situation, PurePath(name).suffix[1:] or "txt")
    request = request_for(situation, section, f=name, g=_new_said(rng, new))
    content = known_content(situation, name)
    if content is not None:
        situation.contents[new] = content
    situation.done = {"file": new}
    code = f'import shutil\nshutil.copy("{name}", "{new}")'
    return _said(request, f"I'll copy {name} to {new}.", code, f"Copied {name} to {new}.", new, name, new)


def moved_to(situation: Situation, name: str = "", section: str = "move") -> Task | None:
    """Move a file into a folder."""
    name = _pick(situation, name)
    return _into_folder(situation, name, section, "move") if name else None


def _into_folder(situation: Situation, name: str, section: str, verb: str) -> Task:
    rng = situation.rng
    below = folders(situation)
    folder = rng.choice(below) if below and rng.random() < 0.5 else new_folder(situation)
    if f"{folder}/{name}" in situation.files:
        folder = new_folder(situation)
    request = request_for(situation, section, f=name, d=folder_said(rng, folder))
    if verb == "move":
        moved(situation, name, f"{folder}/{name}")
        situation.done = {}
    else:
        copy = {f"{folder}/{name}": known_content(situation, name)}
        situation.contents |= {path: content for path, content in copy.items() if content is not None}
        situation.done = {"file": name}
    code = f'import shutil\n{IMPORT}Path("{folder}").mkdir(exist_ok=True)\nshutil.{verb}("{name}", "{folder}")'
    done = {"move": "Moved", "copy": "Copied"}[verb]
    sentence = f"{done} {name} to {folder}."
    return _said(request, f"I'll {verb} {name} to {folder}.", code, sentence, f"{folder}/{name}", name, folder)


def deleted(situation: Situation, name: str = "", section: str = "delete") -> Task | None:
    """Delete a file that is named plainly; tables stay, since others of the conversation's requests are about them."""
    tables = {table.file for table in situation.tables} | fixed(situation)
    names = [other for other in situation.files if other not in tables]
    name = name if name in names else "" if name or not names else situation.rng.choice(names)
    if not name:
        return None
    request = request_for(situation, section, f=name)
    situation.contents.pop(name, None)
    situation.done = {}
    return _said(request, f"I'll delete {name}.", f'{IMPORT}Path("{name}").unlink()', f"Deleted {name}.", "", name)


def deleted_several(situation: Situation) -> Task | None:
    """Delete files that are named plainly."""
    rng = situation.rng
    tables = {table.file for table in situation.tables} | fixed(situation)
    names = [other for other in on_top(situation) if other not in tables]
    if len(names) < 3:
        return None
    chosen = rng.sample(names, rng.choice((2, 2, 3)))
    request = request_for(situation, "delete several", l=rng.choice((_and(chosen), _and(chosen), ", ".join(chosen))))
    for name in chosen:
        situation.contents.pop(name, None)
    situation.done = {}
    literal = ", ".join(f'"{name}"' for name in chosen)
    code = f"{IMPORT}for name in [{literal}]:\n    Path(name).unlink()"
    return _said(request, "I'll delete the files.", code, f"Deleted {_and(chosen)}.", "", *chosen)
