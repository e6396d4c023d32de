"""Everything that the model reads: the system prompt, the person's requests, observations, and what is trimmed.

The only module that shortens the history. It does not know how an engine turns messages into tokens; it is given a
function that counts them. The starter model is trained on exactly these texts: a change of a form here is a change
of its training data.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from importlib import resources
from pathlib import PurePath
from typing import NamedTuple

from offline_interpreter.records import Artifact, CellResult, Message

Count = Callable[[str], int]  # text -> tokens

WINDOW_FULL = 0.90  # of the window: above it the oldest turns go …
WINDOW_KEPT = 0.50  # … until this much is used
OBSERVATION_SHARE = 0.25  # of the window, at most, for one observation
SHORT_OBSERVATION_TOKENS = 60  # what an older observation of the running turn keeps when room is needed
MESSAGE_OVERHEAD_TOKENS = 8  # what a chat template adds to a message, about
HEAD_SHARE = 0.6  # of a shortened text; the rest is its tail
SAMPLE_CHARS = 2_000  # from which the tokens of a longer text are estimated
LEAST_CHARS = 40  # no text is cut below this
LISTED_FILES = 30
NAMES_SHARE = 0.03  # of the window, at most, for the names of files beside a request …
NAME_SHARE = 0.01  # … and for one of them
LISTED_PACKAGES = 150


def system_prompt(packages: Sequence[str], custom_instructions: str = "") -> str:
    """Return the system prompt: rules, packages of the kernel's Python, the person's own instructions.

    It depends on nothing else, so that its evaluation can be kept: the folder and the date are in ``user_text``.
    """
    text = resources.files("offline_interpreter").joinpath("data/system_prompt.md").read_text(encoding="utf-8").strip()
    if packages:
        text += "\n\nInstalled packages: " + ", ".join(sorted(packages, key=str.lower)[:LISTED_PACKAGES]) + "."
    if custom_instructions.strip():
        text += "\n\nThe person's instructions:\n" + custom_instructions.strip()
    return text


def first_user_text(request: str, *, today: date, files: Sequence[str], room: Room) -> str:
    """Return the first user message of a session: the date, the names of the files in the folder, the request."""
    return f"Today: {today:%Y-%m-%d} ({today:%A})\nFiles: {room.listing(files, request)}\n\n{request}"


def user_text(request: str, changes: Sequence[Artifact] = (), notes: Sequence[str] = (), *, room: Room) -> str:
    """Return a later user message; ``changes`` are what the person did to the files since the last turn.

    ``notes`` say what else happened since. Names of files get a third of the room: what was said is there as well.
    """
    lines = [*notes, *_change_lines(changes, replace(room, tokens=room.tokens // 3), request)]
    return "\n".join([*lines, "", request]) if lines else request


@dataclass(frozen=True, slots=True)
class Room:
    """How many ``tokens`` the names of files may have in a message, how many one name, and what counts them.

    A small model loses its way among names that are many or long.
    """

    tokens: int
    name_tokens: int
    count: Count

    def listing(self, files: Sequence[str], request: str = "") -> str:
        """Name those of ``files`` that fit, in their order, and tell how many do not.

        Those that ``request`` names come first, then short ones of the folder itself.
        """
        if not files:
            return "none"
        asked, left, listed = request.casefold(), self.tokens, set()

        def rank(path: str) -> tuple[bool, int, int]:
            return PurePath(path).stem.casefold() not in asked, path.count("/"), len(path.encode())

        for path in sorted(files, key=rank)[:LISTED_FILES]:
            tokens = self.count(f"{path}, ")
            if tokens <= min(left, self.name_tokens):
                left -= tokens
                listed.add(path)
        if not listed:
            return f"{len(files)}, with long names"
        more = len(files) - len(listed)
        return ", ".join(path for path in files if path in listed) + (f" and {more} more" if more else "")


def request_room(window_tokens: int, count: Count) -> Room:
    """Return the room for names of files beside a request, in a window of ``window_tokens``."""
    return Room(int(window_tokens * NAMES_SHARE), int(window_tokens * NAME_SHARE), count)


# -- observations -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Observed:
    """What a cell did, as far as the model is told.

    ``text`` is its printed output and results in order; ``omitted_chars`` were left out of its middle at ``cut_at``
    already, because the output was long. ``path`` names the file with all of it. ``error`` is the short traceback.
    ``limits_met`` are lines on limits that the cell met. ``ran_instead`` is the code that the person made of
    the step's.
    """

    text: str = ""
    error: str = ""
    path: str = ""
    cut_at: int = 0
    omitted_chars: int = 0
    figures: tuple[str, ...] = ()
    artifacts: tuple[Artifact, ...] = ()
    ran_instead: str = ""
    limits_met: tuple[str, ...] = ()


_ENDINGS = {
    "interrupted": "The person interrupted the cell. Variables are kept.",
    "timeout": "The cell ran out of time after {seconds:.0f} s (--timeout) and was stopped.",
    "died": "The interpreter died while the cell ran.",
}


def observation_text(observed: Observed, result: CellResult, *, budget: int, count: Count) -> str:
    """Return what the model is told of a cell, in at most about ``budget`` tokens.

    The output is shortened in its middle, errors keep their end, and the file with the whole output is named.
    """
    parts = []
    if observed.ran_instead:
        parts.append(f"The person changed the code; this ran instead:\n{observed.ran_instead}")
    if observed.text.strip():
        parts.append("Output:\n" + _shorten_output(observed, budget, count).strip("\n"))
    if observed.error:
        parts.append("Error:\n" + shorten(observed.error.strip(), max(budget // 2, 40), count, head_share=0.2))
    parts += observed.limits_met
    if result.status in _ENDINGS:
        parts.append(_ENDINGS[result.status].format(seconds=result.seconds))
    if result.state_lost:
        parts.append("Variables are lost; files remain.")
    parts += _change_lines(observed.artifacts, Room(budget // 4, budget // 25, count))
    if observed.figures:
        parts.append(f"Figures shown: {len(observed.figures)}")
    return "\n".join(parts) if parts else "The cell ran and printed nothing."


def _change_lines(artifacts: Sequence[Artifact], room: Room, request: str = "") -> list[str]:
    lines = []
    for change in ("created", "modified", "deleted"):
        paths = [artifact.path for artifact in artifacts if artifact.change == change]
        if paths:
            lines.append(f"Files {change}: {room.listing(paths, request)}")
    return lines


def _shorten_output(observed: Observed, budget: int, count: Count) -> str:
    text = observed.text
    if not observed.omitted_chars:
        return shorten(text, budget, count, path=observed.path)
    gap = _Gap(text[: observed.cut_at], text[observed.cut_at :], observed.omitted_chars, observed.path)
    return _cut_middle(gap, budget, count, HEAD_SHARE)


def shorten(text: str, budget: int, count: Count, *, head_share: float = HEAD_SHARE, path: str = "") -> str:
    """Cut the middle out of ``text`` so that about ``budget`` tokens remain; say how much was left out, and where."""
    if len(text) <= SAMPLE_CHARS * 50 and count(text) <= budget:
        return text
    half = len(text) // 2
    return _cut_middle(_Gap(text[:half], text[half:], 0, path), budget, count, head_share)


class _Gap(NamedTuple):
    """A text with a hole in it: ``omitted`` characters lie between ``head`` and ``tail``."""

    head: str
    tail: str
    omitted: int
    path: str

    def closed_to(self, front: int, back: int) -> str:
        """Keep ``front`` characters of the head and ``back`` of the tail, and say what is left out between them."""
        first = self.head[:front]
        last = self.tail[max(len(self.tail) - back, 0) :]
        left_out = self.omitted + len(self.head) - len(first) + len(self.tail) - len(last)
        where = f"; all of it is in {self.path}" if self.path else ""
        note = f"\n… {left_out} characters left out{where} …\n" if left_out else ""
        return first + note + last


def _cut_middle(gap: _Gap, budget: int, count: Count, head_share: float) -> str:
    sample = (gap.head + gap.tail)[:SAMPLE_CHARS]
    room = max(int(budget * len(sample) / max(count(sample), 1)), LEAST_CHARS)
    text = gap.closed_to(int(room * head_share), room - int(room * head_share))
    while room > LEAST_CHARS and count(text) > budget:
        room = int(room * 0.8)
        text = gap.closed_to(int(room * head_share), room - int(room * head_share))
    return text


# -- trimming -----------------------------------------------------------------------------------------------------


def observation_budget(window_tokens: int) -> int:
    """Return how many tokens one observation may have in a window of ``window_tokens``."""
    return int(window_tokens * OBSERVATION_SHARE)


def fit(messages: Sequence[Message], *, window_tokens: int, count: Count) -> list[Message]:
    """Return the messages that are sent: all of them while they fill less than 90 % of the window.

    Otherwise the oldest turns go until half is used; when the running turn alone is too long, its older
    observations are shortened. The system message and the running turn's request always stay.
    """
    sizes = [count(message.text) + MESSAGE_OVERHEAD_TOKENS for message in messages]
    total = sum(sizes)
    if total <= window_tokens * WINDOW_FULL:
        return list(messages)
    starts = [index for index, message in enumerate(messages) if message.role == "user"]
    first = 1 if messages and messages[0].role == "system" else 0
    cut = first
    for start in starts:
        if total - sum(sizes[first:start]) <= window_tokens * WINDOW_KEPT:
            cut = start
            break
        cut = start
    kept = [*messages[:first], *messages[cut:]]
    return _shorten_older(kept, window_tokens, count)


def _shorten_older(messages: list[Message], window_tokens: int, count: Count) -> list[Message]:
    kept = list(messages)
    sizes = [count(message.text) + MESSAGE_OVERHEAD_TOKENS for message in kept]
    for index in range(len(kept) - 1):
        if sum(sizes) <= window_tokens * WINDOW_FULL:
            break
        if kept[index].role == "observation":
            kept[index] = replace(kept[index], text=shorten(kept[index].text, SHORT_OBSERVATION_TOKENS, count))
            sizes[index] = count(kept[index].text) + MESSAGE_OVERHEAD_TOKENS
    return kept
