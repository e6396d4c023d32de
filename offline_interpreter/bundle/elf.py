"""What a shared library needs of the system that loads it: other libraries, and how new a C library.

It reads the dynamic section and the needed versions of a 64-bit little-endian ELF file; layout: the System V ABI,
chapters 4 and 5, and the Linux Standard Base for symbol versions. Nothing is loaded.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from offline_interpreter.errors import BundleError

_LOAD, _DYNAMIC = 1, 2
_NEEDED, _STRINGS, _VERSIONS, _VERSION_COUNT = 1, 5, 0x6FFFFFFE, 0x6FFFFFFF


@dataclass(frozen=True)
class Needs:
    """The names of the libraries that one needs, and pairs of a library and the name of a version of its symbols."""

    libraries: frozenset[str]
    versions: frozenset[tuple[str, str]] = frozenset()

    def newest(self, family: str) -> tuple[int, ...]:
        """Return the newest version of a family of names, as of ``GLIBC_2.34``; nothing if there is none."""
        named = (re.fullmatch(rf"{family}_([\d.]+)", version) for _, version in self.versions)
        return max((tuple(map(int, found[1].split("."))) for found in named if found), default=())


class _Segment:
    """A part of the file, and where it lies in memory."""

    def __init__(self, header: tuple[int, ...]) -> None:
        self.kind, _, self.offset, self.address, _, self.size, *_ = header


def read_needs(data: bytes) -> Needs:
    """Return what a library needs. Raises ``BundleError`` for what is no such file."""
    try:
        return _read(data)
    except (struct.error, ValueError, IndexError) as error:
        raise BundleError("A library of the engine cannot be read: it is no 64-bit ELF file.") from error


def _read(data: bytes) -> Needs:
    if data[:6] != b"\x7fELF\x02\x01":
        raise ValueError(data[:6])
    segments = list(_segments(data))
    dynamic = next((segment for segment in segments if segment.kind == _DYNAMIC), None)
    entries = list(_entries(data, dynamic)) if dynamic else []
    fields = dict(entries)
    if _STRINGS not in fields:
        return Needs(frozenset())
    strings = _offset(segments, fields[_STRINGS])
    libraries = {_text(data, strings + value) for tag, value in entries if tag == _NEEDED}
    if _VERSIONS not in fields:
        return Needs(frozenset(libraries))
    versions = _versions(data, _offset(segments, fields[_VERSIONS]), fields[_VERSION_COUNT], strings)
    return Needs(frozenset(libraries), frozenset(versions))


def _segments(data: bytes) -> Iterator[_Segment]:
    (start,) = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<HH", data, 54)
    for number in range(count):
        yield _Segment(struct.unpack_from("<IIQQQQQQ", data, start + number * size))


def _entries(data: bytes, dynamic: _Segment) -> Iterator[tuple[int, int]]:
    for position in range(dynamic.offset, dynamic.offset + dynamic.size, 16):
        tag, value = struct.unpack_from("<qQ", data, position)
        yield tag, value


def _offset(segments: list[_Segment], address: int) -> int:
    for segment in segments:
        if segment.kind == _LOAD and segment.address <= address < segment.address + segment.size:
            return address - segment.address + segment.offset
    raise ValueError(address)


def _versions(data: bytes, position: int, count: int, strings: int) -> Iterator[tuple[str, str]]:
    """Yield each library with the name of each version that is asked of it."""
    for _ in range(count):
        _, names, library, first, following = struct.unpack_from("<HHIII", data, position)
        place = position + first
        for _ in range(names):
            _, _, _, name, step = struct.unpack_from("<IHHII", data, place)
            yield _text(data, strings + library), _text(data, strings + name)
            place += step
        position += following


def _text(data: bytes, position: int) -> str:
    return data[position : data.index(b"\0", position)].decode("ascii")
