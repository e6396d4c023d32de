"""Names that are taken for others: how they are misremembered, what is closest to them, and the code that finds it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from random import Random

from starter.phrasing import mistyped

NEAR = 0.5  # the least likeness, by ``difflib``, of what is taken for the name meant


def look(things: str, names: str, wrong: str) -> str:
    """Return the code that shows what there is, and what of it comes closest to a wrong name."""
    return (
        "import difflib\n"
        f"names = {{name.lower(): name for name in {names}}}\n"
        f'closest = difflib.get_close_matches("{wrong}".lower(), names, 1, {NEAR})\n'
        f'print("{things}:", ", ".join(names.values()))\n'
        'print("Closest:", ", ".join(names[name] for name in closest) or "none")'
    )


def closest(wrong: str, names: Iterable[str]) -> str:
    """Return the name that is most like the wrong one, or ""; of two equally alike ones neither."""

    def likeness(name: str) -> float:
        return difflib.SequenceMatcher(None, name.lower(), wrong.lower()).ratio()

    ranked = sorted(names, key=likeness, reverse=True)
    if not ranked or likeness(ranked[0]) < NEAR:
        return ""
    return "?" if len(ranked) > 1 and likeness(ranked[1]) > likeness(ranked[0]) - 0.02 else ranked[0]


def similar(rng: Random, name: str) -> str:
    """Return what somebody could take the name for: another case, a blank for a line, a letter more or less, a part."""
    forms = [name.lower(), name.capitalize(), name.upper(), name.title()] * 2
    forms += [name.replace("_", " "), name.replace(" ", "_"), name.replace("-", "_"), name.replace("_", "")]
    forms += [name + "s", name.removesuffix("s"), mistyped(rng, name), mistyped(rng, name), mistyped(rng, name.lower())]
    forms += [part for part in name.replace("-", "_").replace(" ", "_").split("_") if len(part) > 3]
    forms.append(f"{name}_{rng.choice(('total', 'id', 'name', 'eur', 'value'))}")
    return rng.choice([form for form in forms if form != name] or [name + "s"])
