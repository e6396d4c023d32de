"""What the engine is meant to reach, and whether what was measured reaches it."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Rounds = dict[str, list[float]]  # a figure -> what each round gave for it


@dataclass(frozen=True, slots=True)
class Target:
    """A bound for the median of a figure; ``models``: the only shapes that it is meant for."""

    figure: str
    bound: float
    at_least: bool
    models: frozenset[str] = frozenset()

    def met(self, value: float) -> bool:
        """Tell whether a median is within the bound."""
        return value >= self.bound if self.at_least else value <= self.bound


TARGETS = (
    Target("ours ÷ stock", 1.2, at_least=True, models=frozenset({"fast"})),
    Target("ours ÷ stock", 1.1, at_least=True),
    Target("ours ÷ stock grammar", 5, at_least=True, models=frozenset({"fast"})),
    Target("repair: drafts ÷ none", 2, at_least=True),
    Target("first code: drafts ÷ none", 0.98, at_least=True),
    Target("outside the model, ms a token", 0.3, at_least=False),
    Target("outside the model, sampled, ms a token", 0.6, at_least=False),
    Target("warm turn ÷ full prompt", 0.03, at_least=False),
    Target("prefix from disk ÷ system prompt read", 0.01, at_least=False),
    Target("cancel, s", 0.2, at_least=False),
)


def compare(model: str, rounds: Rounds) -> list[dict[str, Any]]:
    """Print every figure with its spread beside its target, and return the same."""
    compared = []
    print("\n| figure | median | lowest–highest | target | |\n| --- | --- | --- | --- | --- |")
    for figure, values in rounds.items():
        target = _target(model, figure)
        row = {"figure": figure} | spread(values)
        row |= {"target": target.bound, "met": target.met(row["median"])} if target else {}
        bound = f"{'≥' if target.at_least else '≤'} {target.bound:g}" if target else ""
        verdict = ("met" if row["met"] else "MISSED") if target else ""
        print(f"| {figure} | {row['median']:.3g} | {row['low']:.3g}–{row['high']:.3g} | {bound} | {verdict} |")
        compared.append(row)
    print(flush=True)
    return compared


def _target(model: str, figure: str) -> Target | None:
    """Return the first target for a figure that is meant for this model."""
    fitting = (target for target in TARGETS if target.figure == figure)
    return next((target for target in fitting if not target.models or model in target.models), None)


def spread(values: Sequence[float]) -> dict[str, Any]:
    """Return the median, the lowest and the highest of some values."""
    return {"median": statistics.median(values), "low": min(values), "high": max(values), "rounds": len(values)}


def missed(measured: Mapping[str, Any]) -> list[str]:
    """Return which figures of which models are not within their targets."""
    return [
        f"{name}: {row['figure']} {row['median']:.3g}"
        for name, figures in measured["models"].items()
        for row in figures["compared"]
        if not row.get("met", True)
    ]
