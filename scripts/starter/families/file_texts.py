"""What text files say: whole, some lines, lines with a word, lines counted; the entries of a small JSON file."""

from __future__ import annotations

from collections.abc import Sequence

from starter.dialogue import Situation, Task
from starter.file_references import repeated, request_for, task
from starter.names import made_up_name
from starter.numerals import SMALL_WORDS

READABLE = ("txt", "md", "log", "py", "html", "yaml", "json")
ORDINALS = {1: "first", 2: "second", 3: "third", 4: "fourth", 5: "fifth", 6: "sixth", 7: "seventh", 8: "eighth"}


def reading(name: str) -> str:
    """Return the line of code that reads a text file."""
    return f'text = open("{name}", encoding="utf-8").read()\n'


def readable(situation: Situation) -> list[str]:
    """Return the text files whose content is known, and is something."""
    return [name for name in situation.files if name.endswith(READABLE) and _is_text(situation.contents.get(name, b""))]


def _lines(situation: Situation, name: str) -> list[str]:
    content = situation.contents.get(name, b"")
    return content.decode(errors="replace").splitlines() if name.endswith(READABLE) else []


def _is_text(content: bytes) -> bool:
    return bool(content) and b"\0" not in content and "\ufffd" not in content.decode(errors="replace")


def _choose(situation: Situation, name: str = "") -> str:
    names = readable(situation)
    if name:
        return name if name in names else ""
    return situation.rng.choice(names) if names else ""


def show(situation: Situation, name: str = "", section: str = "show") -> Task | None:
    """Show a text file."""
    name = _choose(situation, name)
    if not name:
        return None
    request = request_for(situation, section, f=name)
    situation.done = {"file": name, "text": True}
    lines = _lines(situation, name)
    return task(
        request,
        f"I'll show the content of {name}.",
        f"{reading(name)}print(text)",
        lambda _: f"The content of {name} is shown above.",
        lambda printed: printed.splitlines() == lines,
        names=(name,),
    )


def some_lines(situation: Situation, name: str = "", section: str = "") -> Task | None:
    """Show the first or the last lines of a text file."""
    rng = situation.rng
    name = _choose(situation, name)
    if not name:
        return None
    which = rng.choice(("first", "last"))
    number = rng.choice((1, 2, 2, 3, 3, 3, 4, 5, 5, 6, 8, 10, 20))
    written = SMALL_WORDS[number] if rng.random() < 0.3 else str(number)
    request = request_for(situation, f"{section}{which}{' line' if number == 1 else ' lines'}", f=name, n=written)
    situation.done = {"file": name, "text": True}
    lines = _lines(situation, name)
    wanted = lines[:number] if which == "first" else lines[max(len(lines) - number, 0) :]
    part = f"[:{number}]" if which == "first" else f"[-{number}:]"
    said = f"The {which} line of {name} is" if number == 1 else f"The {which} {number} lines of {name} are"
    return task(
        request,
        f"I'll show the {which} {'line' if number == 1 else f'{number} lines'} of {name}.",
        f'{reading(name)}print("\\n".join(text.splitlines(){part}))',
        lambda _: f"{said} shown above.",
        lambda printed: printed.splitlines() == wanted,
        names=(name,),
    )


def line_count(situation: Situation, name: str = "", section: str = "line count") -> Task | None:
    """Count the lines of a text file."""
    name = _choose(situation, name)
    if not name:
        return None
    request = request_for(situation, section, f=name)
    situation.done = {"file": name, "text": True}
    lines = _lines(situation, name)
    return task(
        request,
        f"I'll count the lines of {name}.",
        f"{reading(name)}print(len(text.splitlines()))",
        lambda printed: f"{name} has {printed} {'line' if printed == '1' else 'lines'}.",
        lambda printed: int(printed) == len(lines),
        names=(name,),
    )


# -- searching --------------------------------------------------------------------------------------------------------


def _searched(situation: Situation, lines: Sequence[str]) -> tuple[str, str]:
    """Return a text that mostly is in one of the lines, and how a request puts it."""
    rng = situation.rng
    words = [word.strip(".,:;()!?\"'{}[]") for line in lines for word in line.split()]
    words = [word for word in words if len(word) > 2 and '"' not in word and "\\" not in word]
    word = made_up_name(rng) if not words or rng.random() < 0.1 else rng.choice(words)
    if rng.random() < 0.1:
        word = rng.choice((word.lower(), word.capitalize()))
    return word, rng.choice(("{}", "{}", '"{}"', '"{}"', "'{}'", "the word {}", 'the word "{}"')).format(word)


def search(situation: Situation, name: str = "", section: str = "search") -> Task | None:
    """Show the lines of a text file that contain a text."""
    name = _choose(situation, name)
    if not name:
        return None
    lines = _lines(situation, name)
    word, said = _searched(situation, lines)
    request = request_for(situation, section, f=name, t=said)
    situation.done = {"file": name, "text": True}
    code = (
        f"{reading(name)}for number, line in enumerate(text.splitlines(), 1):\n"
        f'    if "{word}".lower() in line.lower():\n        print(f"{{number}}: {{line}}")'
    )
    truth = [f"{place + 1}: {lines[place]}" for place in range(len(lines)) if word.lower() in lines[place].lower()]

    def answer(printed: str) -> str:
        return repeated(f'The lines of {name} with "{word}"', printed) if printed else f'No line has "{word}".'

    message = f'I\'ll search {name} for "{word}".'
    return task(request, message, code, answer, lambda printed: printed.splitlines() == truth, names=(name, word))


# -- JSON -------------------------------------------------------------------------------------------------------------
