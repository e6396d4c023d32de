"""Honesty: requests of every other kind, and the answer that the starter does not know them."""

from __future__ import annotations

from starter.dialogue import Situation, Task
from starter.names import file_name, made_up_name
from starter.phrasing import SLOT, load_phrases, say

NAME = "honesty"
PHRASES = load_phrases("unknown")
ANSWER = (
    "I'm the small starter model, and I don't know how to do that. I know numbers, lists, dates, units, text, tables, "
    "charts, files and pictures; `offline-interpreter models list` shows larger models."
)
FILE_KINDS = {
    "image": ("png", "jpg", "jpeg", "gif"),
    "document": ("txt", "pdf", "docx", "md"),
    "audio": ("mp3", "wav"),
    "script": ("py", "ipynb", "js"),
    "file": ("txt", "pdf", "docx", "csv", "xlsx", "json", "zip"),
}


def make(situation: Situation) -> Task:
    """Return a task of this family."""
    rng = situation.rng
    pattern = PHRASES["unknown"].pick(rng, situation.held_out)
    slots = {slot: _word(situation, slot) for slot in SLOT.findall(pattern)}
    situation.done = {}
    return Task(NAME, say(rng, pattern, slots), (), lambda _: ANSWER, unknown=True)


def _word(situation: Situation, slot: str) -> str:
    rng, kind = situation.rng, slot.rstrip("2")
    if kind == "made":
        return made_up_name(rng)
    if kind == "n":
        return str(rng.choice((5, 10, 30, 100, rng.randint(2, 2000))))
    if kind in FILE_KINDS:
        endings = FILE_KINDS[kind]
        there = [name for name in situation.files if name.endswith(endings)]
        return (
            rng.choice(there)
            if there and rng.random() < 0.7
            else file_name(rng, situation.held_out, rng.choice(endings))
        )
    if kind in ("person", "place", "topic", "word", "thing", "food") and rng.random() < 0.12:
        return made_up_name(rng)
    word = PHRASES[kind].pick(rng, situation.held_out)
    return word.title() if kind in ("place", "person", "work") and rng.random() < 0.5 else word
