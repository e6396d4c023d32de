"""Functions of numbers: absolute values, logarithms, angles, digits of pi, numbers of combinations, hypotenuses."""

from __future__ import annotations

from starter.templates import Fact

# Per function: its weight, and what it is.
FUNCTIONS: dict[str, tuple[float, Fact]] = {}
