"""How the next token is chosen from logits: the most likely one, or a draw with a temperature, min-p and top-p.

It sees numbers only. Draws repeat for the same seed and the same logits.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from offline_interpreter.errors import EngineError
from offline_interpreter.records import Sampling

Logits = NDArray[np.float32]

PENALIZED_TOKENS = 64  # the latest ones, as llama.cpp does it
_REACH = 10.0  # the distance to the best logit within which nearly all chances lie, nearly always


class Chooser:
    """Chooses the tokens of one reply."""

    def __init__(self, sampling: Sampling) -> None:
        self._temperature = sampling.temperature
        self._log_min_p = math.log(sampling.min_p) if sampling.min_p > 0 else -math.inf
        self._top_p = sampling.top_p
        self._penalty = sampling.repetition_penalty
        self._random = np.random.default_rng(sampling.seed)

    def penalized(self, logits: Logits, written: Sequence[int]) -> Logits:
        """Return logits in which the latest of the tokens ``written`` are less likely: the same, without a penalty.

        Keskar et al., "CTRL" (2019), section 4.1: positive logits are divided by the penalty, negative multiplied.
        """
        if self._penalty == 1.0 or not written:
            return logits
        latest = np.unique(np.asarray(written[-PENALIZED_TOKENS:]))
        changed: Logits = logits.copy()
        scores = changed[latest]
        changed[latest] = np.where(scores > 0, scores / self._penalty, scores * self._penalty)
        return changed

    def choose(self, logits: Logits, allowed: NDArray[Any] | None = None) -> int:
        """Return a token, one of the ids in ``allowed`` if these are given. Raises ``EngineError`` on damaged logits.

        To choose freely first, and again among the allowed where that was refused, gives the same chances as to
        choose among the allowed at once, but for the bounds of min-p and top-p, which are those of the first choice
        then.
        """
        scores = logits if allowed is None else logits[allowed]
        best = int(scores.argmax())
        if math.isnan(scores[best]):  # argmax finds the first of them
            raise EngineError("The model computes no numbers: its file is damaged.", "Verify the file's checksum.")
        index = best if self._temperature <= 0 else self._draw(scores, float(scores[best]))
        return index if allowed is None else int(allowed[index])

    def _draw(self, scores: Logits, top: float) -> int:
        """Draw among the scores whose chance, before the temperature, is at least min-p of the best one's.

        With a top-p, among the likeliest of these that have this share of all chances; Holtzman et al., "The Curious
        Case of Neural Text Degeneration" (2020).
        """
        likely = np.flatnonzero(scores >= top + self._log_min_p)
        distances = scores[likely] - np.float32(top)
        if self._top_p < 1.0:
            kept = _likeliest(distances, self._top_p)
            likely, distances = likely[kept], distances[kept]
        chances = _cumulated(distances / np.float32(self._temperature))
        drawn = np.searchsorted(chances, self._random.random() * chances[-1], side="right")
        return int(likely[min(int(drawn), len(likely) - 1)])


def _likeliest(distances: Logits, share: float) -> NDArray[Any]:
    """Return the places of the likeliest that have ``share`` of all chances, from their distances to the best one."""
    chances = np.exp(distances)
    wanted = share * float(chances.sum(dtype=np.float64))
    near = distances[distances >= -_REACH]
    if float(np.exp(near).sum(dtype=np.float64)) < wanted:
        near = distances
    ordered = -np.sort(-near)  # to sort places takes ten times as long
    last = min(int(np.searchsorted(_cumulated(ordered), wanted)), len(ordered) - 1)
    return np.flatnonzero(distances >= ordered[last])


def _cumulated(distances: Logits) -> NDArray[np.float64]:
    return np.exp(distances).astype(np.float64).cumsum()


def allowed_tokens(mask: bytes, size: int) -> NDArray[Any]:
    """Return the ids whose bits are set, lowest bit first."""
    bits = np.unpackbits(np.frombuffer(mask, np.uint8), count=size, bitorder="little")
    return np.flatnonzero(bits)
