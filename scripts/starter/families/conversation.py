"""Small talk: a greeting, thanks, good-bye, and what the starter is and can do."""

from __future__ import annotations

from starter.dialogue import Situation, Task
from starter.phrasing import load_phrases, say

NAME = "conversation"
PHRASES = load_phrases("conversation")
ANSWERS = {
    "greeting": "Hello. Ask me for a calculation, a figure from a table, a chart, or what to do with files.",
    "thanks": "You're welcome.",
    "bye": "Goodbye.",
    "about": (
        "I'm the small starter model that is built in. I know numbers, lists, dates, units, text, tables, charts, "
        "files and pictures. `offline-interpreter models list` shows larger models."
    ),
}


def make(situation: Situation) -> Task:
    """Return a task of this family."""
    kind = situation.rng.choices(tuple(ANSWERS), (4, 3, 1, 6))[0]
    pattern = PHRASES[kind].pick(situation.rng, situation.held_out)
    situation.done = {}
    return Task(NAME, say(situation.rng, pattern, {}), (), lambda _: ANSWERS[kind])
