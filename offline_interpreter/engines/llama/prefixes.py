"""Evaluated beginnings of conversations, kept on disk: a system prompt, and a session's log for when it is resumed.

To evaluate a thousand tokens takes seconds on a CPU, to read what came of it some milliseconds. A file is used by the
same model under the same build of llama.cpp alone, and only when its checksum is right; one that is not is removed.
The folder is bounded: what was not used for longest goes first. Nothing here decides what is worth keeping.

A file: a fixed head (mark, length of the facts, length of the state, CRC-32 of both), the facts as JSON, the state. Its
name tells the model and the turns, so that however much is kept, what fits a conversation is found without a search.
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from offline_interpreter.engines.llama.tokens import Entry
from offline_interpreter.records import Message

if TYPE_CHECKING:
    from offline_interpreter.engines.llama.context import Context

MOST_BYTES = 1 << 30  # of the folder
LARGEST_SHARE = 4  # a file may take one part in four of it

_MARK = b"OIPREFIX"
_HEAD = struct.Struct("<8sIQI")
_SUFFIX = ".prefix"
_KEY_CHARS = 16  # of a model's key, in the names of its files: others need not be opened
_FORM = 2  # of the facts
_SAMPLES, _SAMPLE_BYTES, _BEGINNING_BYTES = 64, 4096, 1 << 20


@dataclass(frozen=True, slots=True)
class Prefix:
    """A file of the folder: the turns that it starts with, and all tokens whose evaluation it holds."""

    path: Path
    model: str
    entries: Sequence[Entry]
    tokens: Sequence[int]
    size_bytes: int
    used_at: float

    @property
    def turns(self) -> list[Message]:
        """The turns whose evaluation it holds."""
        return [entry.turn for entry in self.entries]


class PrefixStore:
    """The prefixes of one model in a folder, which is made when something is first kept."""

    def __init__(self, folder: Path, *, key: str, model: str, most_bytes: int = MOST_BYTES) -> None:
        self._folder = folder
        self._key = key
        self._model = model
        self._most_bytes = most_bytes

    def find(self, turns: Sequence[Message]) -> Prefix | None:
        """Return the prefix that holds the most of these turns, from the first on."""
        for count, path in reversed(list(enumerate(self._paths(turns), start=1))):
            prefix = _read_sound(path, self._key)
            if prefix and prefix.turns == [*turns[:count]]:
                return prefix
        return None

    def _paths(self, turns: Sequence[Message]) -> Iterator[Path]:
        """Yield where the evaluation of the first turn is kept, of the first two, and so on."""
        digest = hashlib.sha256(self._key.encode())
        for turn in turns:
            digest.update(json.dumps((turn.role, turn.text)).encode())
            yield self._folder / f"{self._key[:_KEY_CHARS]}-{digest.hexdigest()[:24]}{_SUFFIX}"

    def load(self, prefix: Prefix, context: Context) -> bool:
        """Bring a prefix into an empty context; False, and the file is gone, when that cannot be."""
        try:
            content = bytearray(prefix.size_bytes)
            with prefix.path.open("rb") as file:
                file.readinto(content)
            _, facts, _, checksum = _HEAD.unpack_from(content)
            body = memoryview(content)[_HEAD.size :]
            if zlib.crc32(body) == checksum and context.load_state(prefix.tokens, body[facts:]):
                os.utime(prefix.path)
                return True
        except (OSError, struct.error):
            pass
        prefix.path.unlink(missing_ok=True)
        return False

    def save(self, context: Context, entries: Sequence[Entry]) -> bool:
        """Keep all that a context holds; ``entries`` are the turns that it begins with. False: it was not kept."""
        if not entries or context.state_bytes() > self._most_bytes // LARGEST_SHARE:
            return False
        facts = {
            "form": _FORM,
            "key": self._key,
            "model": self._model,
            "turns": [(entry.turn.role, entry.turn.text, len(entry.tokens)) for entry in entries],
            "tokens": context.held,
        }
        body = json.dumps(facts, separators=(",", ":")).encode()
        state = context.state()
        head = _HEAD.pack(_MARK, len(body), len(state), zlib.crc32(state, zlib.crc32(body)))
        *_, path = self._paths([entry.turn for entry in entries])
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            _write(path, head, body, state)
            self._bound()
        except OSError:  # a full or read-only disk: nothing is lost but time
            return False
        return True

    def _bound(self) -> None:
        """Remove what was not used for longest until the folder is small enough."""
        found = [(path, path.stat()) for path in self._folder.glob(f"*{_SUFFIX}")]
        kept = 0
        for path, status in sorted(found, key=lambda each: -each[1].st_mtime):
            kept += status.st_size
            if kept > self._most_bytes:
                path.unlink(missing_ok=True)


def _write(path: Path, *parts: bytes | memoryview) -> None:
    """Write a file, whole or not at all, that nobody else may read: it holds what people said."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=_SUFFIX + ".part")
    try:
        with os.fdopen(handle, "wb") as file:
            for part in parts:
                file.write(part)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def stored(folder: Path) -> Iterator[Prefix]:
    """Yield the prefixes in a folder. What cannot be read is passed over."""
    for path in sorted(folder.glob(f"*{_SUFFIX}")):
        prefix = _read_sound(path)
        if prefix:
            yield prefix


def _read_sound(path: Path, key: str | None = None) -> Prefix | None:
    """Return what a file says of itself; None if it is not there, not sound, or of another model than ``key`` says."""
    try:
        with path.open("rb") as file:
            mark, length, state_bytes, _ = _HEAD.unpack(file.read(_HEAD.size))
            status = os.fstat(file.fileno())
            if mark != _MARK or status.st_size != _HEAD.size + length + state_bytes:
                return None
            facts: dict[str, Any] = json.loads(file.read(length))
        if facts["form"] != _FORM or (key is not None and facts["key"] != key):
            return None
        entries = _entries(facts["turns"], facts["tokens"])
        return Prefix(path, facts["model"], entries, facts["tokens"], status.st_size, status.st_mtime)
    except (OSError, ValueError, KeyError, TypeError, struct.error):
        return None


def _entries(turns: Sequence[tuple[Any, str, int]], tokens: Sequence[int]) -> list[Entry]:
    entries, end = [], 0
    for role, text, count in turns:
        entries.append(Entry(Message(role, text), tuple(tokens[end : end + count])))
        end += count
    return entries


def clear(folder: Path) -> tuple[int, int]:
    """Remove all prefixes, and what writing left behind; return how many files there were and their bytes."""
    paths = [*folder.glob(f"*{_SUFFIX}"), *folder.glob(f".*{_SUFFIX}.part")]
    size = sum(path.stat().st_size for path in paths)
    for path in paths:
        path.unlink(missing_ok=True)
    return len(paths), size


def model_key(paths: Sequence[Path], *facts: object) -> str:
    """Return what tells a model's states from those of others: its files, by samples, and ``facts`` about its use.

    A megabyte of each file's beginning and 64 samples of 4 KiB: milliseconds where the whole takes a minute. Two files
    that differ in other places only are taken for the same one.
    """
    digest = hashlib.sha256(repr(facts).encode())
    for path in paths:
        size = path.stat().st_size
        digest.update(str(size).encode())
        with path.open("rb") as file:
            digest.update(file.read(_BEGINNING_BYTES))
            for sample in range(_SAMPLES):
                file.seek(size * sample // _SAMPLES)
                digest.update(file.read(_SAMPLE_BYTES))
    return digest.hexdigest()
