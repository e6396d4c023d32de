"""Names, places and things that inputs are made of. Nothing here is about anybody.

Everything follows from the random numbers that it is given.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from pathlib import Path
from random import Random

FIRST_NAMES = (
    "Aoife", "Bashir", "Chidi", "Dolores", "Emeka", "Freya", "Goran", "Hanna", "Imani", "Jonas", "Kavita", "Lucía",
    "Marek", "Noor", "Oskar", "Priya", "Quentin", "Ruta", "Soraya", "Tomasz", "Ulrike", "Valentin", "Wanjiru",
    "Ximena", "Yusuf", "Zofia",
)  # fmt: skip
LAST_NAMES = (
    "Abara", "Brandt", "Castellano", "Dvorak", "Eriksen", "Farkas", "Gallo", "Haddad", "Ito", "Jansen", "Kowalczyk",
    "Lindqvist", "Moreau", "Nkemelu", "Okafor", "Petrov", "Quispe", "Rossi", "Santos", "Tanaka", "Ueda", "Vargas",
    "Weber", "Yilmaz", "Zhou",
)  # fmt: skip
TOWNS = (
    "Aldbrück",
    "Brenfort",
    "Corvale",
    "Dunmere",
    "Eskdale",
    "Farrow",
    "Gristad",
    "Holmvik",
    "Istria Bay",
    "Jorvale",
)
PRODUCTS = (
    "backpack", "bell", "bench", "blanket", "bowl", "candle", "chair", "clock", "desk", "kettle", "lamp", "mirror",
    "mug", "pillow", "rug", "shelf", "stool", "table", "teapot", "vase",
)  # fmt: skip
REGIONS = ("North", "South", "East", "West", "Coast", "Highlands")
WORDS = (
    "amber", "anchor", "autumn", "barley", "basket", "beacon", "branch", "bridge", "candle", "canyon", "carpet",
    "cellar", "cherry", "circle", "cloud", "copper", "coral", "cotton", "cradle", "desert", "dragon", "ember",
    "engine", "fabric", "falcon", "feather", "flame", "forest", "garden", "ginger", "glacier", "harbor", "hazel",
    "island", "ivory", "jungle", "kernel", "ladder", "lantern", "lemon", "marble", "meadow", "mirror", "mountain",
    "needle", "ocean", "orchard", "paper", "pebble", "pepper", "pigeon", "planet", "pocket", "powder", "rabbit",
    "ribbon", "river", "saddle", "salmon", "shadow", "silver", "spider", "spring", "stone", "summer", "temple",
    "thunder", "timber", "tunnel", "valley", "velvet", "violet", "walnut", "whistle", "willow", "window", "winter",
    "yellow",
)  # fmt: skip


def people(rng: Random, count: int) -> list[str]:
    """Return full names, all different."""
    names: dict[str, None] = {}
    while len(names) < count:
        names[f"{rng.choice(FIRST_NAMES)} {rng.choice(LAST_NAMES)}"] = None
    return list(names)


def days(rng: Random, first: date, last: date, count: int) -> list[date]:
    """Return days from ``first`` to ``last``, in order; some may be the same."""
    return sorted(first + timedelta(rng.randrange((last - first).days + 1)) for _ in range(count))


def csv_text(header: Sequence[str], rows: Iterable[Sequence[object]], separator: str = ",") -> str:
    """Return a table as CSV, quoted where it must be, with a line feed after each row."""
    out = io.StringIO()
    csv.writer(out, delimiter=separator, lineterminator="\n").writerows([header, *rows])
    return out.getvalue()


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a table as UTF-8 with commas."""
    path.write_text(csv_text(header, rows), "utf-8", newline="\n")
