"""Texts: what is asked of a quoted text or a small text file, and what is made of it."""

from __future__ import annotations

import re
from random import Random

from offline_interpreter.records import Code
from starter.dialogue import Situation, Task
from starter.families import text_files
from starter.families.text_changes import CHANGES
from starter.families.text_forms import TURNS
from starter.families.text_kinds import COUNTS, Kind, Values
from starter.families.text_questions import OCCURRENCES, WORDS_OF_TEXTS
from starter.families.text_requests import Subject, literal, written
from starter.families.text_samples import PHRASES, lay_files, sample, small_files
from starter.families.text_slots import slot
from starter.phrasing import SLOT

NAME = "text"
KINDS: dict[str, Kind] = {**COUNTS, **TURNS, **CHANGES, **OCCURRENCES, **WORDS_OF_TEXTS}
WEIGHTS = [kind.weight for kind in KINDS.values()]
FILE_CHANGES_SHARE = 0.17
LONGEST_OUTPUT = 200  # characters: it is copied into the answer
MOST_LINES = 12  # of an output that the answer repeats
SHORT_FILE = 180  # characters of a file that is shown as a whole
SAME_COUNTS = (TURNS["upper"], TURNS["lower"], CHANGES["reverse"], CHANGES["reverse words"])
prepare = lay_files


def make(situation: Situation) -> Task:
    """Return a task of this family."""
    rng = situation.rng
    if rng.random() < FILE_CHANGES_SHARE and (task := text_files.make(situation)):
        return task
    while True:
        name = rng.choices(tuple(KINDS), WEIGHTS)[0]
        subject = _subject(situation, KINDS[name])
        task = _task(situation, KINDS[name], subject) if subject else None
        if task:
            return task


def follow_up(situation: Situation) -> Task | None:
    """Return a request about the text of the request before, which is in ``text`` still, or one that saves it."""
    rng, subject = situation.rng, situation.done.get("text")
    if not isinstance(subject, Subject):
        return text_files.follow_up(situation)
    for _ in range(20):
        pattern, name = PHRASES["follow up"].pick(rng, situation.held_out).split(" => ")
        kind = KINDS[name]
        if situation.done.get("counts") and name not in COUNTS:
            continue
        if rng.random() < 0.4:
            longer = PHRASES[kind.section].pick(rng, situation.held_out)
            pattern = pattern if longer.startswith(".<t>") else longer
        if len(subject.text) > SHORT_FILE and not kind.keeps:
            continue
        task = _task(situation, kind, subject, pattern, known=True)
        if task:
            return task
    return None


def _subject(situation: Situation, kind: Kind) -> Subject | None:
    """Return the text or the file that a request of this kind is about; None where the folder has no such file."""
    rng = situation.rng
    shape = rng.choices(tuple(kind.shapes), tuple(kind.shapes.values()))[0]
    if shape == "none":
        return Subject("", "")
    if "file" not in shape:
        return Subject(sample(rng, shape, situation.held_out), "", word=shape == "word")
    files = small_files(situation)
    if shape == "short file":
        files = {name: text for name, text in files.items() if len(text) <= SHORT_FILE}
    if not files:
        return None
    name = rng.choice(list(files))
    return Subject(files[name], name)


def _task(situation: Situation, kind: Kind, subject: Subject, pattern: str = "", *, known: bool = False) -> Task | None:
    """Return the task of a kind, or None where it does not suit the text."""
    rng = situation.rng
    pattern = pattern or PHRASES[kind.section].pick(rng, situation.held_out)
    pattern = re.sub(r"<(what|one|form)>", lambda match: kind.nouns[match[1]], pattern)
    typed, values = _slots(rng, kind, subject.text, situation.held_out)
    if values is None:
        return None
    truth = str(kind.truth(subject.text, values)).strip()
    if not truth or len(truth) > LONGEST_OUTPUT or truth.count("\n") > 2 * MOST_LINES:
        return None
    request = written(situation, pattern, subject, typed, known=known)
    code = _filled(kind.full_code, {**values, "text": "" if known or not subject.text else subject.line})
    situation.done = {"text": subject, "counts": not kind.keeps} if _goes_on(kind) and subject.text else {}
    answer = _filled(kind.answer, {**values, **subject.names})
    return Task(
        NAME,
        request,
        [Code(_filled(kind.message, {**values, **subject.names}), code)],
        lambda outputs: said(answer, outputs[0]),
        lambda outputs: outputs[0].strip() == truth,
        names=tuple(name for name in (subject.file or subject.text,) if name and not known and "\n" not in name),
    )


def said(answer: str, printed: str) -> str:
    """Return the answer with what was printed; many lines are not repeated."""
    out = printed.strip()
    if out.count("\n") >= MOST_LINES:
        return f"{answer.partition(':')[0]} are shown above."
    if "\n" in out:
        answer = answer.replace(": <out>", ":\n<out>")
    answer = answer.replace("+s", "" if out == "1" else "s")
    for place, part in enumerate(out.split()[:2] if "<out 0>" in answer else ()):
        answer = answer.replace(f"<out {place}>", part)
    return answer.replace("<out>", out)


def _goes_on(kind: Kind) -> bool:
    """Return whether it is plain what a question after this kind is about; after a change only what is the same."""
    return kind.keeps or kind in SAME_COUNTS


def _slots(rng: Random, kind: Kind, text: str, held_out: bool) -> tuple[dict[str, str], Values | None]:
    """Return what the request and the code have for each slot of the kind; None for the code's where none suits."""
    wanted = [name for name in dict.fromkeys(re.findall(r"<(\w+)!?>", kind.code + kind.message)) if name not in OWN]
    typed: dict[str, str] = {}
    values: dict[str, str] = {}
    for name in wanted:
        made = slot(rng, name, kind.section, text, held_out)
        if made is None:
            return typed, None
        typed |= made.typed
        values |= made.values
    return typed, values


OWN = ("text", "s", "S", "t", "out")


def _filled(pattern: str, values: Values) -> str:
    """Return a pattern with its slots filled: ``<x>`` as it is, ``<x!>`` as code."""
    pattern = re.sub(r"<(\w+)!>", lambda match: literal(values[match[1]]), pattern)
    return SLOT.sub(lambda match: values.get(match[1], match[0]), pattern)
