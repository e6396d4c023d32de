"""A walk through the header of a GGUF file, in bounded time and memory; what it finds there is up to ``gguf``."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from typing import Any, BinaryIO

from offline_interpreter.errors import ModelUnusable

MOST_HEADER_BYTES = 128 << 20  # a vocabulary of 262,000 tokens takes 16 MB, the tokenizer's source 33 MB more
MOST_BYTES_KEPT = 64 << 20  # what all that is kept may take, roughly reckoned
AGAIN = "Get the file again."
_CHUNK_BYTES = 1 << 20
_LENGTH = struct.Struct("<Q")
_COST_OF_NAME, _COST_OF_ELEMENT, _COST_OF_BYTE = 512, 40, 4  # bytes of memory, at most


class Walk:
    """A walk through a file's header, forwards only, that never leads beyond the file or ``MOST_HEADER_BYTES``.

    It reads chunks and maps nothing: a file that shrinks while it is mapped kills the process.
    """

    def __init__(self, file: BinaryIO, name: str) -> None:
        self.name = name
        self.size_bytes = os.fstat(file.fileno()).st_size
        self._file = file
        self._chunk, self._chunk_offset = b"", 0
        self._at = 0  # in the chunk, or beyond it after a hop
        self._room_bytes = MOST_BYTES_KEPT

    @property
    def position(self) -> int:
        """How many bytes of the file were passed."""
        return self._chunk_offset + self._at

    def damaged(self, how: str) -> ModelUnusable:
        """Return the error that says how the file is damaged."""
        return ModelUnusable(f"{self.name!r} is damaged: {how}.", AGAIN)

    def number(self, letter: str) -> Any:
        """Take one number of a kind, by its letter in ``struct``."""
        return self._unpack("<" + letter, 0)[0]

    def numbers(self, letter: str, count: int) -> tuple[Any, ...]:
        """Take several numbers of a kind."""
        return self._unpack(f"<{count}{letter}", count * _COST_OF_ELEMENT)

    def names(self, count: int, what: str, most_bytes: int) -> Iterator[str]:
        """Yield names that differ; the caller takes what follows each before the next."""
        seen: set[str] = set()
        for _ in range(count):
            (length,) = self._unpack("<Q", _COST_OF_NAME)
            if not 0 < length <= most_bytes:
                raise self.damaged(f"the name of a {what} has {length} bytes")
            name = self.take(length).decode("utf-8", "backslashreplace")
            if name in seen:
                raise self.damaged(f"the {what} {name!r} stands there twice")
            seen.add(name)
            yield name

    def take(self, count: int) -> bytes:
        """Take so many bytes."""
        return bytes(self._unpack(f"{count}s", count * _COST_OF_BYTE)[0])

    def hop(self, count: int) -> None:
        """Pass so many bytes."""
        self.expect(count)
        self._at += count

    def hop_texts(self, count: int) -> None:
        """Pass so many texts."""
        self.expect(count * _LENGTH.size)
        unpack = _LENGTH.unpack_from
        while count:
            self._load(_LENGTH.size)
            chunk, at = self._chunk, self._at
            last = len(chunk) - _LENGTH.size
            while count and at <= last:  # the hot loop: once for each token of a vocabulary
                at += _LENGTH.size + unpack(chunk, at)[0]
                count -= 1
            self._at = at
            self.expect(0)

    def hop_distinct_texts(self, count: int) -> None:
        """Hop over texts, of which no two may be the same; empty ones do not count."""
        self.expect(count * _LENGTH.size)
        seen: set[int] = set()  # of 64 bits each: that two different texts have the same is unlikely
        for _ in range(count):
            self._load(_LENGTH.size)
            (length,) = _LENGTH.unpack_from(self._chunk, self._at)
            self._at += _LENGTH.size
            self.expect(length)
            if 0 < length <= _CHUNK_BYTES:
                self._load(length)
                mark = hash(self._chunk[self._at : self._at + length])
                if mark in seen:
                    raise self.damaged("a token stands twice in its vocabulary")
                seen.add(mark)
            self._at += length

    def expect(self, count: int) -> None:
        """Raise unless ``count`` bytes more can belong to the header."""
        end = self.position + count
        if end > self.size_bytes:
            cause = f"{self.name!r} is cut short or damaged: its header leads beyond its {self.size_bytes} bytes."
            raise ModelUnusable(cause, AGAIN)
        if end > MOST_HEADER_BYTES:
            raise self.damaged(f"its header is longer than {MOST_HEADER_BYTES} bytes")

    def _unpack(self, form: str, cost_bytes: int) -> tuple[Any, ...]:
        self._room_bytes -= cost_bytes
        if self._room_bytes < 0:
            raise self.damaged("its header holds more than any model needs")
        size = struct.calcsize(form)
        self._load(size)
        values = struct.unpack_from(form, self._chunk, self._at)
        self._at += size
        return values

    def _load(self, count: int) -> None:
        """Have the next ``count`` bytes in the chunk."""
        self.expect(count)
        if self._at + count <= len(self._chunk):
            return
        self._chunk_offset, self._at = self.position, 0
        self._file.seek(self._chunk_offset)
        self._chunk = self._file.read(max(_CHUNK_BYTES, count))
        if len(self._chunk) < count:
            raise self.damaged("it became shorter while it was read")
