"""What both kernels are given to do. Imports nothing of the project."""

from __future__ import annotations

ROUND_TRIPS = 200
SETTLE_S = 1.5  # until a spare child is ready
FLOOD_S = 5.0  # of an endless flood
LOOP_S = 0.5
LINE_CHARS = 49

LOOP = "while True: pass"
ENDLESS = f"while True: print('x' * {LINE_CHARS})"


def floods(size_bytes: int) -> dict[str, str]:
    """Return the cells that put out ``size_bytes``, by name."""
    lines = size_bytes // (LINE_CHARS + 1)
    return {
        "lines": f"for _ in range({lines}): print('x' * {LINE_CHARS})",
        "one_print": f"print('x' * {size_bytes})",
    }
