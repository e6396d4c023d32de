"""A finding: what a check saw, how bad that is, and what can be done; and how checks are made so that none fails."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from offline_interpreter.errors import OfflineInterpreterError

State: TypeAlias = Literal["ok", "note", "problem"]


@dataclass(frozen=True)
class Finding:
    """What one check saw.

    ``state``: ``problem`` when something is broken, ``note`` when something could be better. ``remedy`` is a sentence;
    ``commands`` are lines to be typed, or put into a file, as they stand. ``data`` is the same for programs.
    """

    name: str
    state: State
    text: str
    remedy: str = ""
    commands: tuple[str, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)


Check: TypeAlias = Callable[[], Iterable[Finding]]


def examine(name: str, check: Check) -> tuple[Finding, ...]:
    """Return what a check finds; when it fails, that is the last finding."""
    found: list[Finding] = []
    try:
        found.extend(check())
    except OfflineInterpreterError as error:
        found.append(Finding(name, "problem", error.cause, error.remedy))
    except Exception as error:  # whatever it was, the other checks are still to be made
        found.append(Finding(name, "problem", f"This check failed: {type(error).__name__}: {error}."))
    return tuple(found)
