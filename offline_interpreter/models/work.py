"""Work on a model's files that takes its time: what is being done, and how far it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias


@dataclass(frozen=True)
class Work:
    """``total_bytes`` 0 means that it is not known. ``name`` is that of the file."""

    kind: Literal["fetch", "unpack", "copy", "check"]
    name: str
    done_bytes: int
    total_bytes: int


OnWork: TypeAlias = Callable[[Work], None]


def ignore(work: Work) -> None:
    """Take note of nothing."""
    del work
