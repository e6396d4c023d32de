"""Names that must be copied: of files and columns, real-looking or made up.

Names are split by a checksum: one in eight is kept for evaluation and never met in training.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from random import Random

from starter.phrasing import load_phrases

WORDS = load_phrases("names")
STYLE_ENDINGS = ("_2023", "_2024", "2025", "-2022", "_q1", "_q3", "_final", "_old", "_v2", "_jan", "_march", "-new")
STYLE_BEGINNINGS = ("my_", "all_", "raw_", "monthly_", "daily-", "store_", "clean_", "2024_", "my ")
UNITS = ("eur", "usd", "kg", "cm", "total", "id", "pct", "min", "2023", "2024", "km")
QUALITIES = ("unit", "net", "gross", "total", "avg", "first", "home")


def is_held_out(name: str) -> bool:
    """Return whether a name is kept for evaluation."""
    return zlib.crc32(name.encode()) % 8 == 0


def choose_name(rng: Random, words: Sequence[str], held_out: bool, made_up: float = 0.25) -> str:
    """Return a word of the list, or a made-up one, of the wanted side."""
    while True:
        name = made_up_name(rng) if rng.random() < made_up else rng.choice(words)
        if rng.random() < 0.12:
            ending = f"{rng.choice('_-')}{rng.choice(words)}" if rng.random() < 0.6 else str(rng.randrange(1, 99))
            name += ending
        if is_held_out(name) == held_out:
            return name


def made_up_name(rng: Random) -> str:
    """Return a word that nobody has seen."""
    return "".join(rng.choice(WORDS["syllable"].train) for _ in range(rng.choice((2, 2, 3))))


def column_name(rng: Random, words: Sequence[str], held_out: bool) -> str:
    """Return a column's name in one of the styles that people use."""
    name = choose_name(rng, words, held_out)
    chance = rng.random()
    if chance < 0.1:
        name = f"{name}_{rng.choice(UNITS)}"
    elif chance < 0.16:
        name = f"{rng.choice(QUALITIES)}{rng.choice('_ ')}{name}"
    if rng.random() < 0.2:
        name = name.capitalize() if rng.random() < 0.6 else name.title()
    return name


def file_name(rng: Random, held_out: bool, ending: str = "csv") -> str:
    """Return a file's name."""
    stem = choose_name(rng, WORDS["file"].train, held_out, made_up=0.2)
    chance = rng.random()
    if chance < 0.15:
        stem += rng.choice(STYLE_ENDINGS)
    elif chance < 0.25:
        stem = rng.choice(STYLE_BEGINNINGS) + stem
    if rng.random() < 0.12:
        stem = stem.capitalize() if rng.random() < 0.7 else stem.upper()
    return f"{stem}.{ending}"
