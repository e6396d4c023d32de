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


def numbered(situation: Situation) -> Task:
    """Make numbered files or folders."""
    rng = situation.rng
    folder = rng.random() < 0.4
    stem = choose_name(rng, PHRASES["numbered word"].train, situation.held_out)
    joint, width = rng.choice(("", "", "_", "-", " ")), rng.choice((0, 0, 0, 2))
    ending = "" if folder else f".{rng.choice(('txt', 'txt', 'txt', 'md', 'csv', 'html'))}"
    if any(name.startswith(f"{stem}{joint}") for name in situation.files):
        return made_folder(situation)
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
