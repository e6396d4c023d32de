"""How answers repeat what cells printed, and how figures printed are compared with the truth."""

from __future__ import annotations

import math
from collections.abc import Mapping

LONGEST_LIST = 12  # lines that an answer repeats; of more it says that they are shown


def listed(lead: str, printed: str, verb: str = "is") -> str:
    """Return an answer that repeats the lines printed under a lead-in, or says that what it names is (are) shown."""
    lines = printed.strip().splitlines()
    if len(lines) > LONGEST_LIST:
        return f"{lead} {verb} shown above."
    return "\n".join([f"{lead}:", *lines]) if lines else f"{lead}: none."


def joined(lead: str, printed: str) -> str:
    """Return an answer that repeats what was printed on one line after a lead-in, or says that they are shown."""
    printed = printed.strip()
    return f"{lead} are shown above." if printed.count(", ") >= LONGEST_LIST else f"{lead} are: {printed or 'none'}."


def close(printed: str, truth: float) -> bool:
    """Return whether a figure printed is the truth, rounded to two places or better; nothing is nan."""
    value = float(printed)
    if math.isnan(truth) or math.isnan(value):
        return math.isnan(truth) and math.isnan(value)
    return abs(value - truth) <= 0.0051 + abs(truth) * 1e-9


def close_list(printed: str, truth: Mapping[str, float]) -> bool:
    """Return whether the lines ``name: figure`` are the truth."""
    pairs = [line.rsplit(": ", 1) for line in printed.strip().splitlines()]
    if sorted(name for name, _ in pairs) != sorted(truth):
        return False
    return all(close(figure, truth[name]) for name, figure in pairs)
