"""The transcript of one attempt, as much of it as a reader needs: the request, cells, outputs, files, the answer.

What models and cells wrote is hostile: control characters and signs that reorder a line go, long texts lose their
middle, and a reader's budget bounds the whole. Nothing is escaped here: who shows it does so.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from offline_interpreter.errors import TranscriptBroken
from offline_interpreter.plain_text import size_text, without_escapes
from offline_interpreter.transcript import read_transcript

MOST_CHARS = 3_000  # of one text
MOST_ENTRIES = 60  # of one attempt; 12 steps have about 50
LONGEST_FILE_BYTES = 16 << 20
MOST_FIGURE_BYTES = 200_000
FIGURES = "figures"  # beside a transcript

_PNG = b"\x89PNG\r\n\x1a\n"
_REORDERING = re.compile(r"[\u2028-\u202e\u2066-\u2069\ud800-\udfff]")

EntryKind = Literal["request", "says", "code", "output", "error", "figure", "file", "note", "answer"]


@dataclass(frozen=True, slots=True)
class Entry:
    """A part of an attempt: ``text``, and what is said of it in a few words; the text of a figure is a data URI."""

    kind: EntryKind
    text: str
    about: str = ""


def read_attempt(path: Path) -> list[Entry]:
    """Return the parts of an attempt in their order; a note stands where something is left out or cannot be read."""
    try:
        if path.stat().st_size > LONGEST_FILE_BYTES:
            return [Entry("note", f"The transcript has {size_text(path.stat().st_size)}: too much for this page.")]
        entries = _bounded(_joined(_entries(path)))
        return [_fit(each) for each in entries]
    except (OSError, TranscriptBroken, KeyError, TypeError, AttributeError, ValueError):
        return [Entry("note", "The transcript is missing or damaged.")]


def _fit(entry: Entry) -> Entry:
    text = entry.text if entry.kind == "figure" else shortened(plain(entry.text))
    return Entry(entry.kind, text, plain(entry.about))


def _bounded(entries: list[Entry]) -> list[Entry]:
    if len(entries) <= MOST_ENTRIES:
        return entries
    half = MOST_ENTRIES // 2
    left_out = Entry("note", f"{len(entries) - 2 * half} parts are left out here.")
    return [*entries[:half], left_out, *entries[-half:]]


def plain(text: str) -> str:
    """Return a text without anything that a screen obeys."""
    return _REORDERING.sub("\ufffd", without_escapes(text))


def shortened(text: str) -> str:
    """Return a text without its middle if it is long."""
    if len(text) <= MOST_CHARS:
        return text
    head, tail = MOST_CHARS * 2 // 3, MOST_CHARS // 3
    return f"{text[:head]}\n… {len(text) - head - tail:,} characters are left out …\n{text[-tail:]}"


def _entries(path: Path) -> Iterator[Entry]:
    for record in read_transcript(path):
        kind = record.get("kind")
        if kind == "turn_start":
            yield Entry("request", record["text"])
        elif kind == "step":
            yield Entry("answer" if record["action"] == "answer" else "says", record["message"])
        elif kind == "cell_start":
            yield Entry("code", record["code"], f"cell {record['cell']}")
        elif kind == "output":
            yield _output(record["output"], path.parent / FIGURES)
        elif kind == "cell_end" and record["status"] not in ("ok", "error"):  # an error was put out
            yield Entry("note", f"The cell ended: {record['status']}, after {record['seconds']:.1f} s.")
        elif kind == "artifact":
            artifact = record["artifact"]
            size = "" if artifact["change"] == "deleted" else f", {size_text(artifact['size_bytes'])}"
            yield Entry("file", artifact["path"], f"{artifact['change']}{size}")
        elif kind == "notice":
            yield Entry("note", record["text"])
        elif kind == "turn_end" and record["status"] != "answered":
            yield Entry("note", f"The turn ended without an answer of the model: {record['status']}.")


def _output(output: dict[str, Any], figures: Path) -> Entry:
    if output["kind"] == "error":
        return Entry("error", output["text"], output["name"])
    if output["kind"] == "stream":
        return Entry("output", output["text"], output["name"])
    name = Path(output["path"]).name
    if not name:
        return Entry("output", output["text"], output["kind"])
    picture = _picture(figures / name)
    return Entry("figure", picture, name) if picture else Entry("output", output["text"], f"figure {name}")


def _picture(path: Path) -> str:
    """Return a PNG file as a data URI, or an empty text: it is missing, too large, a link, or something else."""
    if path.is_symlink() or not path.is_file() or path.stat().st_size > MOST_FIGURE_BYTES:
        return ""
    data = path.read_bytes()
    return f"data:image/png;base64,{base64.b64encode(data).decode()}" if data.startswith(_PNG) else ""


def _joined(entries: Iterator[Entry]) -> list[Entry]:
    """Make one of the pieces of a stream."""
    joined: list[Entry] = []
    for entry in entries:
        last = joined[-1] if joined else None
        if last and (last.kind, last.about) == (entry.kind, entry.about) == ("output", entry.about):
            joined[-1] = Entry("output", last.text + entry.text, entry.about)
        else:
            joined.append(entry)
    return joined
