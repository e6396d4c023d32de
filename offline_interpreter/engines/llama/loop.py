"""One reply, token by token: evaluate, choose, constrain, and go on.

A token is chosen freely first, and the constraint asked about it; only when it is refused are the allowed ones worked
out. Tokens that must follow are evaluated together with the one that made them so. Nothing is repaired here: a reply
that is cut is what was written so far.
"""

from __future__ import annotations

import codecs
import time
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass

from offline_interpreter.engines.base import OnProgress
from offline_interpreter.engines.llama.context import Context
from offline_interpreter.engines.llama.grammar import Constraint
from offline_interpreter.engines.llama.sampling import Chooser, allowed_tokens
from offline_interpreter.engines.llama.vocabulary import Vocabulary
from offline_interpreter.errors import EngineError
from offline_interpreter.records import Cancel, Finish, Progress

PREFILL_TOKENS = 128  # read at once between two looks at the cancel
LONGEST_CYCLE = 8  # tokens; longer repetitions are not looked for
CYCLES = 64  # a cycle that comes so often …
CYCLED_TOKENS = 256  # … and takes so many tokens is a runaway: a long rule of dashes is none


class Repetition:
    """Notices that a reply goes round in a short cycle."""

    def __init__(self) -> None:
        self._latest: deque[int] = deque(maxlen=LONGEST_CYCLE)
        self._repeated = [0] * (LONGEST_CYCLE + 1)  # by length of the cycle: tokens equal to those one cycle before

    def runs_away(self, tokens: Sequence[int]) -> bool:
        """Take more tokens; tell whether a cycle has come too often by now."""
        return max([self._take(token) for token in tokens], default=False)

    def _take(self, token: int) -> bool:
        found = False
        for length, before in enumerate(reversed(self._latest), start=1):
            self._repeated[length] = self._repeated[length] + 1 if before == token else 0
            found |= self._repeated[length] >= max(CYCLES * length, CYCLED_TOKENS)
        self._latest.append(token)
        return found


@dataclass(frozen=True, slots=True)
class Means:
    """What a reply is written with."""

    context: Context
    vocabulary: Vocabulary
    constraint: Constraint
    chooser: Chooser
    max_tokens: int
    cancel: Cancel
    progress: OnProgress


class Writing:
    """A reply in the making: its ``tokens``, how many of them were ``forced``, when the first one was chosen."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._repetition = Repetition()
        self._runs_away = False
        self._clipped = False
        self.tokens: list[int] = []
        self.text = ""
        self.forced = 0
        self.first_choice_at = 0.0  # by time.perf_counter; 0 before

    @property
    def ends_whole(self) -> bool:
        """No character is cut at the end: the tokens are the text."""
        return not self._decoder.getstate()[0]

    def write(self, prompt: Sequence[int]) -> Generator[str, None, Finish]:
        """Evaluate what is new of the prompt, then yield the reply piece by piece; return how it ended."""
        step = self._extend([])
        unread = [*prompt, *step]
        while True:
            yield from self._decoded(step)
            ending = self._ending(len(unread))
            if ending:
                return ending
            if not self._read(unread):
                return "cancelled"
            token = self._choose()
            if token in self._means.vocabulary.end_tokens:
                return "complete"
            step = unread = self._extend([token])

    def _extend(self, chosen: list[int]) -> list[int]:
        """Take a chosen token, and with it all that must follow; return what was taken of it."""
        constraint = self._means.constraint
        constraint.advance(chosen)
        room = max(self._means.max_tokens - len(self.tokens), 0)
        following = [*chosen, *constraint.forced()]
        step = following[:room]
        self._clipped = len(step) < len(following)
        self.tokens += step
        self.forced += len(step) - len(chosen)
        self._runs_away = self._repetition.runs_away(step)
        return step

    def _decoded(self, step: Sequence[int]) -> Iterator[str]:
        pieces = self._means.vocabulary.pieces
        text = self._decoder.decode(b"".join(pieces[token] for token in step))
        self.text += text
        if text:
            yield text

    def _ending(self, unread: int) -> Finish | None:
        means = self._means
        if means.constraint.finished and not self._clipped:
            return "complete"
        if means.cancel.requested:
            return "cancelled"
        if self._runs_away:
            return "runaway"
        full = len(means.context.held) + unread > means.context.tokens
        return "length" if full or len(self.tokens) >= means.max_tokens else None

    def _read(self, tokens: Sequence[int]) -> bool:
        """Evaluate ``tokens``, saying how far it is with the prompt; return False when it was stopped."""
        self._tell(0, len(tokens))
        for start in range(0, len(tokens), PREFILL_TOKENS):
            if self._means.cancel.requested:
                return False
            self._means.context.evaluate(tokens[start : start + PREFILL_TOKENS])
            self._tell(min(start + PREFILL_TOKENS, len(tokens)), len(tokens))
        return True

    def _tell(self, done: int, total: int) -> None:
        if not self.first_choice_at:  # after it, what is read is the reply itself
            self._means.progress(Progress("prompt", done, total))

    def _choose(self) -> int:
        means = self._means
        self.first_choice_at = self.first_choice_at or time.perf_counter()
        logits = means.context.logits()
        token = means.chooser.choose(logits)
        if means.constraint.allows(token):
            return token
        allowed = allowed_tokens(means.constraint.mask(), means.vocabulary.size)
        if not allowed.size:
            raise EngineError("No token can follow: the schema asks for what this vocabulary cannot write.")
        return means.chooser.choose(logits, allowed)
