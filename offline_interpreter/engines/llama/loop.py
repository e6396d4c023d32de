"""One reply, token by token: evaluate, choose, constrain, and go on.

A token is chosen freely first, and the constraint asked about it; only when it is refused are the allowed ones worked
out. Tokens that must follow are evaluated together with the one that made them so, and a guess at what comes then as
well: it stands as far as it is what is chosen from the logits at its place. Nothing is repaired here: a reply that is
cut is what was written so far.
"""

from __future__ import annotations

import codecs
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from offline_interpreter.cancel import Cancel
from offline_interpreter.engines.base import OnProgress
from offline_interpreter.engines.llama.context import BATCH_TOKENS, MOST_ROWS, Context
from offline_interpreter.engines.llama.drafts import Drafts
from offline_interpreter.engines.llama.grammar import Constraint
from offline_interpreter.engines.llama.sampling import Chooser, allowed_tokens
from offline_interpreter.engines.llama.tokens import common_prefix
from offline_interpreter.engines.llama.vocabulary import Vocabulary
from offline_interpreter.errors import EngineError
from offline_interpreter.records import Finish, Progress

LONGEST_CYCLE = 40  # tokens, a sentence or a line; longer repetitions are not looked for
CYCLES = 8  # a cycle that comes so often …
CYCLED_TOKENS = 256  # … and takes so many tokens is a runaway: a long rule of dashes is none


_BOUNDS = [max(CYCLES * length, CYCLED_TOKENS) for length in range(LONGEST_CYCLE + 1)]


class Repetition:
    """Notices that a reply goes round in a cycle."""

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
            found |= self._repeated[length] >= _BOUNDS[length]
        self._latest.append(token)
        return found


@dataclass(frozen=True, slots=True)
class Means:
    """What a reply is written with."""

    context: Context
    vocabulary: Vocabulary
    constraint: Constraint
    chooser: Chooser
    drafts: Drafts
    max_tokens: int
    cancel: Cancel
    progress: OnProgress
    pause: Pause | None = None


class Pause(NamedTuple):
    """Something to do as soon as so many tokens are in the cache, and no more."""

    held: int
    act: Callable[[], object]


class Writing:
    """A reply in the making: its ``tokens``, how many were ``forced`` or guessed, when the first one was chosen."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._repetition = Repetition()
        self._runs_away = False
        self._clipped = False
        self.tokens: list[int] = []
        self.text = ""
        self.forced = 0
        self.drafted = 0
        self.accepted = 0
        self._ahead: list[int] = []  # what was evaluated on a guess, and is not decided yet
        self.first_choice_at = 0.0  # by time.perf_counter; 0 before

    @property
    def ends_whole(self) -> bool:
        """No character is cut at the end: the tokens are the text."""
        return not self._decoder.getstate()[0]

    def write(self, prompt: Sequence[int]) -> Generator[str, None, Finish]:
        """Evaluate what is new of the prompt, then yield the reply piece by piece; return how it ended."""
        step = self._extend([])
        unread: Sequence[int] = [*prompt, *step]
        while True:
            yield from self._decoded(step)
            ending = self._ending(len(unread))
            if ending:
                return ending
            if unread and not self._read(unread):
                return "cancelled"
            token = self._choose()
            if token in self._means.vocabulary.end_tokens:
                return "complete"
            step = self._extend([token])
            unread = self._compare(step)

    def _extend(self, chosen: list[int]) -> list[int]:
        """Take a chosen token, and with it all that must follow; return what was taken of it."""
        constraint = self._means.constraint
        constraint.advance(chosen)
        room = max(self._means.max_tokens - len(self.tokens), 0)
        following = [*chosen, *constraint.forced()]
        step = following[:room]
        self._clipped = len(step) < len(following)
        self.tokens += step
        forced = max(len(step) - len(chosen), 0)
        self.forced += forced
        self._means.drafts.follow(step, forced)
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
        means = self._means
        self._tell(0, len(tokens))
        done = 0
        while done < len(tokens):
            if means.cancel.requested:
                return False
            part = tokens[done : done + self._next_part()]
            done += len(part)
            self._ahead = self._guess(len(part)) if done == len(tokens) else []
            if not means.context.evaluate([*part, *self._ahead], rows=1 + len(self._ahead)):
                return False
            if means.pause and len(means.context.held) == means.pause.held:
                means.pause.act()
            self._tell(done, len(tokens))
        return True

    def _next_part(self) -> int:
        """Return how many tokens to read at once: up to the pause, if that is near."""
        pause, held = self._means.pause, len(self._means.context.held)
        return min(BATCH_TOKENS, pause.held - held) if pause and held < pause.held else BATCH_TOKENS

    def _guess(self, unread: int) -> list[int]:
        """Return tokens to evaluate on trial after ``unread`` ones."""
        means = self._means
        if not self.first_choice_at:  # the beginning of a reply is forced
            return []
        room = min(means.context.tokens - len(means.context.held) - unread, BATCH_TOKENS - unread, MOST_ROWS - 1)
        guess = means.drafts.propose(unread, room, means.constraint.valid)
        self.drafted += len(guess)
        return guess

    def _compare(self, step: Sequence[int]) -> Sequence[int]:
        """Compare what was chosen with what was guessed; return what of it must be evaluated.

        A guess that was wrong is forgotten from there on; with it all that a cache cannot keep without it.
        """
        if not self._ahead:
            return step
        means = self._means
        agreed = common_prefix(step, self._ahead)
        self.accepted += agreed
        del self._ahead[:agreed]
        if agreed == len(step):
            return []
        kept = means.context.keep(len(means.context.held) - len(self._ahead))
        self._ahead = []
        return means.drafts.tokens[kept:]

    def _tell(self, done: int, total: int) -> None:
        if not self.first_choice_at:  # after it, what is read is the reply itself
            self._means.progress(Progress("prompt", done, total))

    def _choose(self) -> int:
        means = self._means
        self.first_choice_at = self.first_choice_at or time.perf_counter()
        logits = means.chooser.penalized(means.context.logits(back=len(self._ahead)), self.tokens)
        token = means.chooser.choose(logits)
        if means.constraint.allows(token):
            return token
        allowed = allowed_tokens(means.constraint.mask(), means.vocabulary.size)
        if not allowed.size:
            raise EngineError("No token can follow: the schema asks for what this vocabulary cannot write.")
        return means.chooser.choose(logits, allowed)
