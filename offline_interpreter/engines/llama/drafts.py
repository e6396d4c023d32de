"""Guesses at what the model writes next: what followed the last time that the same few tokens were written.

A guess costs something where it is wrong and saves a pass over the model for every token where it is right, as when a
cell is written again with a line changed. How often they are right is known at no cost: with every token that is
written it is seen whether it would have been guessed. Nothing here knows whether a guess may stand: who asks compares
it with what the model chooses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from offline_interpreter.engines.llama.tokens import common_prefix
from offline_interpreter.models.gguf import Tensor

MATCHES = {12: 0.9, 6: 0.7, 3: 0.4}  # tokens that must be the same as before, and how often a guess is right, at first
MEMORY = 16  # guesses that the figures follow
MOST_GUESSED = 15
BATCH_STEP = 4  # kernels for CPUs take as long for one token more as for four
LEAST_GAIN = 0.2  # of passes, for which a guess is made

# What a token more in a batch costs, in passes over the model. On CPUs (x86-64, batches of 4 to 16) it depends on how
# the weights are stored: for some types there are kernels that read them once for several tokens, for others not yet.
GPU_COST = 0.1
QUICK_COST, USUAL_COST = 0.2, 0.45
QUICK_TYPES = frozenset({"f32", "f16", "bf16", "q4_0", "q5_0", "q8_0", "iq4_nl", "q4_K"})


def cost_on_cpu(tensors: Iterable[Tensor]) -> float:
    """Return what a token more in a batch costs on a CPU, in passes over a model of these tensors."""
    size = {True: 0, False: 0}
    for tensor in tensors:
        size[tensor.type.name in QUICK_TYPES] += tensor.size_bytes
    return (size[True] * QUICK_COST + size[False] * USUAL_COST) / max(sum(size.values()), 1)


class Drafts:
    """The tokens that were read and written, and what to guess after them.

    ``cost`` is that of reading a token more, in passes over the model; None: nothing is guessed, for a model that
    cannot take back what it read.
    """

    def __init__(self, *, cost: float | None = USUAL_COST) -> None:
        self.tokens: list[int] = []
        self._cost = cost
        self._after: dict[tuple[int, ...], int] = {}  # some tokens -> the place after their last occurrence
        self._earlier: list[list[int]] = []  # by place: the places that those in ``_after`` took the place of
        self._right = dict(MATCHES)
        self._start = (
            0  # of what is written freely: what the schema forces is the same in every reply, and tells nothing
        )

    def begin(self, tokens: Sequence[int]) -> None:
        """Take the tokens of a prompt; what they share with those before is not looked at again."""
        kept = common_prefix(self.tokens, tokens)
        while len(self.tokens) > kept:
            self._take_back()
        self._right = dict(MATCHES)
        for token in tokens[len(self.tokens) :]:
            self._append(token)
        self._start = len(self.tokens)

    def follow(self, tokens: Sequence[int], forced: int = 0) -> None:
        """Take what was written, the last ``forced`` tokens without a choice; learn how often guesses are right."""
        free = len(tokens) - forced
        for token in tokens[:free]:
            match, place = self._look()
            if match:
                self._right[match] += ((self.tokens[place] == token) - self._right[match]) / MEMORY
            self._append(token)
        for token in tokens[free:]:
            self._append(token)
            self._start = len(self.tokens)

    def _append(self, token: int) -> None:
        place, earlier = len(self.tokens), []
        for key in self._keys():
            earlier.append(self._after.get(key, 0))
            self._after[key] = place
        self._earlier.append(earlier)
        self.tokens.append(token)

    def _take_back(self) -> None:
        self.tokens.pop()
        for key, place in zip(self._keys(), self._earlier.pop(), strict=True):
            if place:
                self._after[key] = place
            else:
                del self._after[key]

    def _keys(self) -> list[tuple[int, ...]]:
        """Return the last tokens, as many as each match takes."""
        known = self.tokens
        return [tuple(known[-match:]) for match in MATCHES if len(known) >= match]

    def _look(self) -> tuple[int, int]:
        """Return how many tokens are the same as before, and the place of what followed then; zeros for none."""
        free = len(self.tokens) - self._start
        for key in self._keys():
            if len(key) <= free and (place := self._after.get(key, 0)):
                return len(key), place
        return 0, 0

    def propose(self, unread: int, room: int, valid: Callable[[list[int]], int]) -> list[int]:
        """Return what may follow, to be read in one batch with ``unread`` tokens; at most ``room`` tokens.

        ``valid`` tells how many of some tokens the schema allows to follow.
        """
        match, place = self._look()
        length = min(self._worthwhile(self._right[match], unread), room) if match else 0
        if length <= 0:
            return []
        guess = self._continuation(place, length)
        return guess[: valid(guess)]

    def _worthwhile(self, right: float, unread: int) -> int:
        """Return the length of the guess that saves the most passes, or 0 when none saves enough."""
        if self._cost is None:
            return 0
        best, best_gain = 0, LEAST_GAIN
        for length in range(-unread % BATCH_STEP or BATCH_STEP, MOST_GUESSED + 1, BATCH_STEP):
            gain = sum(right**count for count in range(1, length + 1)) - self._cost * length
            if gain > best_gain:
                best, best_gain = length, gain
        return best

    def _continuation(self, place: int, length: int) -> list[int]:
        known = self.tokens
        guess = known[place : place + length]
        while len(guess) < length:  # it repeats itself from here on
            guess.append(guess[len(guess) - len(known) + place])
        return guess
