"""Text files that are changed and saved: under a new name, or under their own where the request is to change them.

What only orders, numbers or rewrites lines is shown, unless it is to be saved.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from offline_interpreter.records import Code
from starter.dialogue import Situation, Task
from starter.families.text_kinds import Values
from starter.families.text_requests import Subject, literal, written
from starter.families.text_samples import PHRASES, small_files
from starter.families.text_slots import slot
from starter.names import file_name
from starter.phrasing import SLOT, say

NAME = "text"
NEW_ENDINGS = ("_new", "_2", "_clean", "_sorted", "_changed", "_copy", "_upper", "-new", "-edited", "_v2", "_result")
NEW_STEMS = ("result", "output", "new", "clean", "sorted", "changed", "copy", "edited", "final", "result2")
SHOWN_LENGTH = 180  # characters of a changed file that is shown, not saved

Lines = Callable[[list[str], Values], list[str]]


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a file: its code makes ``text`` or ``lines`` of ``text``; ``saves``: it is saved without a word."""

    section: str
    message: str
    code: str
    truth: Lines
    weight: float
    saves: bool = False
    lead: str = ""

    @property
    def made(self) -> str:
        """The expression of the new content."""
        return "text" if self.code.startswith("text = ") else '"\\n".join(lines) + "\\n"'


def _caseless(line: str) -> str:
    return "".join(chr(ord(sign) + 32) if "A" <= sign <= "Z" else sign for sign in line)


def _in_order(lines: list[str], _: Values) -> list[str]:
    placed: list[str] = []
    for line in lines:
        place = len(placed)
        while place and _caseless(placed[place - 1]) > _caseless(line):
            place -= 1
        placed.insert(place, line)
    return placed


def _holding(line: str, values: Values) -> bool:
    return re.search(re.escape(values["part"]), line, re.IGNORECASE) is not None


CHANGES = {
    "replace": Change(
        "file replace",
        "replace <a!> by <b!> in <s>",
        "text = text.replace(<a!>, <b!>)",
        lambda lines, values: [values["b"].join(line.split(values["a"])) for line in lines],
        7,
        saves=True,
    ),
    "upper": Change(
        "file upper",
        "write <s> in upper case",
        "text = text.upper()",
        lambda lines, _: [re.sub(r"[a-z]", lambda match: chr(ord(match[0]) - 32), line) for line in lines],
        2.5,
    ),
    "lower": Change(
        "file lower",
        "write <s> in lower case",
        "text = text.lower()",
        lambda lines, _: [_caseless(line) for line in lines],
        2,
    ),
    "sort": Change(
        "file sort",
        "sort the lines of <s>",
        "lines = sorted(text.splitlines(), key=str.lower)",
        _in_order,
        4,
        lead="The sorted lines",
    ),
}
COUNT_LINES = "print(sum(<part!>.lower() in line.lower() for line in text.splitlines()))"


def make(situation: Situation) -> Task | None:
    """Return a task about a text file of the folder, or None where there is none."""
    files = small_files(situation)
    if not files:
        return None
    rng = situation.rng
    name = rng.choice(list(files))
    subject = Subject(files[name], name)
    weights = [change.weight for change in CHANGES.values()]
    for _ in range(20):
        if rng.random() < 0.1:
            task = _count_lines(situation, subject)
        else:
            task = _change(situation, subject, rng.choices(tuple(CHANGES), weights)[0])
        if task:
            return task
    return None


def follow_up(situation: Situation) -> Task | None:
    """Return the request to save the lines that were shown last."""
    if "lines" not in situation.done:
        return None
    rng, content = situation.rng, situation.done["lines"]
    target = _new_name(situation, situation.done["file"])
    request = say(rng, PHRASES["save follow"].pick(rng, situation.held_out), {"o": _name_text(situation, target)})
    situation.done = {}
    situation.contents[target] = content.encode()
    return _saving(request, "", f"I'll save the lines as {target}.", '"\\n".join(lines) + "\\n"', target)


# -- lines that hold a text --------------------------------------------------------------------------------------------


def _count_lines(situation: Situation, subject: Subject) -> Task | None:
    made = slot(situation.rng, "part", "file line count", subject.text, situation.held_out)
    if made is None:
        return None
    part = made.values["part"]
    truth = sum(_holding(line, made.values) for line in subject.text.splitlines())
    pattern = PHRASES["file line count"].pick(situation.rng, situation.held_out)
    request = written(situation, pattern, subject, made.typed)
    situation.done = {"text": subject}
    return Task(
        NAME,
        request,
        [
            Code(
                f'I\'ll count the lines with "{part}" in {subject.file}.',
                subject.line + _filled(COUNT_LINES, made.values),
            )
        ],
        lambda outputs: _plural(f'{subject.file} has {outputs[0].strip()} line+s with "{part}".', truth),
        lambda outputs: int(outputs[0]) == truth,
        names=(subject.file, part),
    )


def _plural(answer: str, count: int) -> str:
    return answer.replace("+s", "" if count == 1 else "s")


# -- changes ----------------------------------------------------------------------------------------------------------


def _change(situation: Situation, subject: Subject, name: str) -> Task | None:
    rng, change = situation.rng, CHANGES[name]
    typed: dict[str, str] = {}
    values: dict[str, str] = {}
    for wanted in dict.fromkeys(re.findall(r"<(\w+)!>", change.code)):
        made = slot(rng, wanted, change.section, subject.text, situation.held_out)
        if made is None:
            return None
        typed, values = typed | made.typed, values | made.values
    lines = change.truth(subject.text.split("\n") if change.made == "text" else subject.text.splitlines(), values)
    content = "\n".join(lines) + ("" if change.made == "text" else "\n")
    if not content.strip() or len(content) > 700 or (content == subject.text and rng.random() < 0.9):
        return None
    pattern = PHRASES[change.section].pick(rng, situation.held_out)
    message = f"I'll {_filled(change.message, {**values, **subject.names})}"
    code = subject.line + _filled(change.code, values)
    chance = rng.random()
    if change.lead and chance < 0.4:
        return (
            _shown(situation, subject, change, (pattern, message, code, content))
            if len(content) < SHOWN_LENGTH
            else None
        )
    target = subject.file if chance > 0.75 else _new_name(situation, subject.file)
    if target != subject.file:
        pattern += PHRASES["save new"].pick(rng, situation.held_out)[1:]
    elif not change.saves or chance > 0.92:
        pattern += PHRASES["save same"].pick(rng, situation.held_out)[1:]
    request = written(situation, pattern, subject, {**typed, "o": _name_text(situation, target)})
    situation.done = {}
    situation.contents[target] = content.encode()
    return _saving(request, code + "\n", f"{message}.", change.made, target, names=(subject.file, target))


def _shown(situation: Situation, subject: Subject, change: Change, parts: tuple[str, str, str, str]) -> Task:
    """Return the task of showing the new lines; they may be saved by the request that follows."""
    pattern, message, code, content = parts
    request = written(situation, pattern, subject, {})
    situation.done = {"lines": content, "file": subject.file}
    shown = content.strip()
    return Task(
        NAME,
        request,
        [Code(f"{message}.", f'{code}\nprint("\\n".join(lines))')],
        lambda outputs: f"{change.lead}:\n{outputs[0].strip()}",
        lambda outputs: outputs[0].strip() == shown,
        names=(subject.file,),
    )


def _saving(request: str, code: str, message: str, made: str, target: str, *, names: tuple[str, ...] = ()) -> Task:
    saving = f'with open("{target}", "w", encoding="utf-8") as file:\n    file.write({made})\n'
    return Task(
        NAME,
        request,
        [Code(message, f'{code}{saving}print("Saved as {target}")')],
        lambda _: f"Saved as {target}.",
        lambda outputs: outputs[0].strip() == f"Saved as {target}",
        created=target,
        names=names or (target,),
    )


def _new_name(situation: Situation, file: str) -> str:
    """Return the name of a file that is not there yet."""
    rng = situation.rng
    stem, _, ending = file.rpartition(".")
    while True:
        chance = rng.random()
        if chance < 0.5:
            name = file_name(rng, situation.held_out, ending)
        else:
            name = f"{rng.choice(NEW_STEMS)}.{ending}" if chance < 0.7 else f"{stem}{rng.choice(NEW_ENDINGS)}.{ending}"
        if name.lower() not in [other.lower() for other in situation.files]:
            return name


def _name_text(situation: Situation, name: str) -> str:
    return situation.rng.choice(("{}",) * 8 + ("'{}'", '"{}"', "`{}`")).format(name)


def _filled(pattern: str, values: Values) -> str:
    pattern = re.sub(r"<(\w+)!>", lambda match: literal(values[match[1]]), pattern)
    return SLOT.sub(lambda match: values.get(match[1], match[0]), pattern)
