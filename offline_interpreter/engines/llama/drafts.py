"""Guesses at what the model writes next: what followed the last time that the same few tokens were written.

A guess costs little where it is wrong and saves a pass over the model for every token where it is right, as when a
cell is written again with a line changed. How far to guess, and whether at all, follows from how the last guesses
did. Nothing here knows whether a guess may stand: who asks compares it with what the model chooses.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from offline_interpreter.engines.llama.tokens import common_prefix

MATCHES = (8, 3)  # tokens that must be the same as before: the longer match is the better guess
STEP = 4  # a batch of four takes no longer than one of two: measured on CPUs, where kernels go by fours
LONGEST = 4 * STEP - 1  # beside the token that is read in any case
LONGEST_PAUSE = 64  # tokens


class Drafts:
    """The tokens that were read and written, and what to guess after them.

    ``able`` False: nothing is guessed, for a model that cannot take back what it read.
    """

    def __init__(self, *, able: bool = True) -> None:
        self.tokens: list[int] = []
        self._able = able
        self._after: dict[tuple[int, ...], int] = {}  # some tokens -> the place after their last occurrence
        self._length = STEP - 1
        self._misses = 0
        self._pause_until = 0  # this many tokens

    def begin(self, tokens: Sequence[int]) -> None:
        """Take the tokens of a prompt; what they share with those before is not looked at again."""
        del self.tokens[common_prefix(self.tokens, tokens) :]
        self._length, self._misses, self._pause_until = STEP - 1, 0, 0
        self.follow(tokens[len(self.tokens) :])

    def follow(self, tokens: Sequence[int]) -> None:
        """Take what was written."""
        known = self.tokens
        for token in tokens:
            place = len(known)
            for length in MATCHES:
                if place >= length:
                    self._after[tuple(known[place - length :])] = place
            known.append(token)

    def propose(self, unread: int, room: int, valid: Callable[[list[int]], int]) -> list[int]:
        """Return what may follow, to be read in one batch with ``unread`` tokens; at most ``room`` tokens.

        ``valid`` tells how many of some tokens the schema allows to follow; more are only there to fill a batch.
        """
        if not self._able or len(self.tokens) < self._pause_until:
            return []
        length = min((unread + self._length) // STEP * STEP - unread, room)
        guess = self._continuation(length) if length > 0 else []
        allowed = valid(guess) if guess else 0
        if not allowed:
            return []
        return guess[: -(-(unread + allowed) // STEP) * STEP - unread]

    def _continuation(self, length: int) -> list[int]:
        known = self.tokens
        for match in MATCHES:
            key = known[-match:]
            place = self._after.get(tuple(key), 0)
            if 0 < place < len(known) and known[place - match : place] == key:  # else the tokens there have changed
                guess = known[place : place + length]
                while len(guess) < length:  # it repeats itself from here on
                    guess.append(guess[len(guess) - len(known) + place])
                return guess
        return []

    def judge(self, guessed: int, accepted: int) -> None:
        """Learn from a guess: go further after one that was right, pause after one that was wrong from the start."""
        if accepted == guessed:
            self._length = min(2 * self._length + 1, LONGEST)
        elif 2 * accepted < guessed:
            self._length = STEP - 1
        if accepted:
            self._misses = 0
        else:
            self._misses += 1
            self._pause_until = len(self.tokens) + min(2 << self._misses, LONGEST_PAUSE)
