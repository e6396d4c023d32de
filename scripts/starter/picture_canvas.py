"""A change of a picture, and the picture that it is asked for: what the modules of changes have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random

Size = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Canvas:
    """The picture that a change is drawn for: its width and height; and chance."""

    rng: Random
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a picture ``image``.

    ``section`` of the phrasings asks for it, with ``slots`` filled; ``said`` is how the message words it ({} for the
    picture); ``ending`` goes to the new file's name; ``module`` of Pillow is needed besides Image; ``size`` computes
    the result's size from the one before, right within ``slack`` pixels; ``format`` is the ending of another format.
    """

    section: str
    said: str
    ending: str
    line: str = ""
    size: Callable[[int, int], Size] = lambda width, height: (width, height)
    slots: Mapping[str, str] = field(default_factory=dict)
    module: str = ""
    slack: float = 1.0
    format: str = ""


Maker = Callable[[Canvas], Change]


def always(change: Change) -> Maker:
    """Return what makes the same change of every picture."""
    return lambda _: change
