"""Engines that write a given reply: the tokens are forced upon them, all the work of choosing is done.

Each raises the logit of the next token of the reply before it chooses, so that all decode the same tokens whatever the
model would say. A player reads the conversation once and then writes the reply as often as it is asked to.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from measuring.transcripts import Transcript
from offline_interpreter.cancel import Cancel
from offline_interpreter.engines.llama.binding import library
from offline_interpreter.engines.llama.context import BATCH_TOKENS, Context
from offline_interpreter.engines.llama.drafts import Drafts
from offline_interpreter.engines.llama.grammar import Constraint
from offline_interpreter.engines.llama.loader import Weights
from offline_interpreter.engines.llama.loop import Means, Writing
from offline_interpreter.engines.llama.sampling import Chooser, Logits
from offline_interpreter.engines.llama.tokens import TokenLog, common_prefix
from offline_interpreter.records import Sampling
from offline_interpreter.steps import STEP_SCHEMA, write_step

CERTAIN = 1e6  # a logit that nothing else comes near


@dataclass(frozen=True, slots=True)
class Part:
    """What is played: the tokens of a conversation, and those of the reply that follows it."""

    name: str
    prompt: Sequence[int]
    reply: Sequence[int]
    least_tokens: int = 0

    def cut(self, tokens: int) -> Part:
        """Return the same with a shorter reply."""
        return Part(self.name, self.prompt, self.reply[:tokens])


@dataclass(slots=True)
class Run:
    """One reply that was written: seconds in all and, as far as it is known, in the model; what was guessed."""

    tokens: int
    seconds: float
    decode_s: float = 0.0
    drafted: int = 0
    accepted: int = 0
    gaps_ms: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Tokens a second."""
        return self.tokens / self.seconds


class Player(Protocol):
    """Writes the reply of a part."""

    name: str

    def play(self, part: Part) -> Run:
        """Read what is new of the conversation, then write the reply; only this is timed."""
        ...


def make_part(weights: Weights, transcript: Transcript) -> Part:
    """Return a transcript as tokens: those that the grammar forces where it does, the vocabulary's own elsewhere."""
    prompt = TokenLog(weights.template, weights.vocabulary).prompt(transcript.messages)
    constraint = weights.grammar.constraint(STEP_SCHEMA)
    rest, reply = write_step(transcript.step).encode(), list[int]()
    coming: list[int] = []  # of the vocabulary, up to what the grammar forces next
    while True:
        taken = constraint.forced()
        if taken:
            coming = []
        elif not constraint.finished:
            coming = coming or weights.vocabulary.content_tokens(rest.decode())
            taken = [coming.pop(0)]
            constraint.advance(taken)
        else:
            return Part(transcript.name, prompt, reply, transcript.least_tokens)
        reply += taken
        written = b"".join(weights.vocabulary.pieces[token] for token in taken)
        if not rest.startswith(written):
            raise ValueError(f"{transcript.name}: {written!r} is not what follows: {rest[:40]!r}")
        rest = rest[len(written) :]


# -- our engine -----------------------------------------------------------------------------------------------------


class Teacher(Chooser):
    """Chooses as always, from logits in which the next token of the reply is certain."""

    def __init__(self, sampling: Sampling, part: Part, drafts: Drafts) -> None:
        super().__init__(sampling)
        self._part = part
        self._drafts = drafts

    def choose(self, logits: Logits, allowed: Any = None) -> int:
        """Return the next token of the reply."""
        place = len(self._drafts.tokens) - len(self._part.prompt)
        logits[self._part.reply[place]] = CERTAIN
        return super().choose(logits, allowed)


class Unforced:
    """A constraint that never says what must follow."""

    def __init__(self, constraint: Constraint) -> None:
        self._constraint = constraint

    def __getattr__(self, name: str) -> Any:
        return getattr(self._constraint, name)

    def forced(self) -> list[int]:
        """Say nothing."""
        return []


class OurPlayer:
    """The decode loop of this project: with its guesses and what the schema forces, or without."""

    def __init__(
        self,
        name: str,
        context: Context,
        weights: Weights,
        *,
        drafts: bool = True,
        forced: bool = True,
        heat: float = 0.0,
    ) -> None:
        self.name = name
        self._context = context
        self._weights = weights
        self._drafts = Drafts(cost=context.token_cost if drafts else None)
        self._forced = forced
        self._heat = heat

    def play(self, part: Part) -> Run:
        """Write the reply; see ``Player``."""
        context, sampling = self._context, Sampling(temperature=self._heat, max_tokens=len(part.reply))
        _read(part.prompt, context.held, context.keep, context.evaluate)
        constraint: Any = self._weights.grammar.constraint(STEP_SCHEMA)
        self._drafts.begin(part.prompt)
        means = Means(
            context,
            self._weights.vocabulary,
            constraint if self._forced else Unforced(constraint),
            Teacher(sampling, part, self._drafts),
            self._drafts,
            sampling.max_tokens,
            Cancel(),
            lambda _: None,
        )
        writing, gaps = Writing(means), list[float]()
        decode_s, started = context.decode_s, time.perf_counter()
        last = started
        for _ in writing.write(part.prompt[-1:]):
            now = time.perf_counter()
            gaps.append(1e3 * (now - last))
            last = now
        seconds = time.perf_counter() - started
        if writing.tokens != list(part.reply):
            raise ValueError(f"{self.name} wrote something else than {part.name!r}.")
        return Run(len(writing.tokens), seconds, context.decode_s - decode_s, writing.drafted, writing.accepted, gaps)


def _read(
    prompt: Sequence[int], held: Sequence[int], keep: Callable[[int], int], evaluate: Callable[[Sequence[int]], object]
) -> None:
    """Bring all but the last token of a prompt into a cache; that one is the first to be evaluated in the reply."""
    wanted = list(prompt[:-1])
    kept = keep(common_prefix(list(held), wanted))
    for start in range(kept, len(wanted), BATCH_TOKENS):
        evaluate(wanted[start : start + BATCH_TOKENS])


# -- the stock binding ------------------------------------------------------------------------------------------------


class StockPlayer:
    """``llama_cpp.Llama``: its ``eval`` and ``sample``, the loop of its ``generate``, without its detokenisation.

    With ``schema`` its own grammar of that schema; ``most_tokens`` then bounds how much of a reply is written.
    """

    def __init__(
        self, name: str, model: Any, *, schema: Mapping[str, Any] | None = None, most_tokens: int = 1 << 30
    ) -> None:
        self.name = name
        self._model = model
        self._schema = json.dumps(without_lengths(schema)) if schema else ""
        self._most_tokens = most_tokens

    def play(self, part: Part) -> Run:
        """Write the reply, or its beginning; see ``Player``."""
        from llama_cpp import LlamaGrammar

        model = self._model
        _read(part.prompt, model.input_ids[: model.n_tokens], self._keep, model.eval)
        grammar = LlamaGrammar.from_json_schema(self._schema, verbose=False) if self._schema else None
        reply = part.reply[: self._most_tokens]
        started = time.perf_counter()
        sampler = model._init_sampler(temp=0.0, grammar=grammar)
        model.eval(part.prompt[-1:])
        for left, token in enumerate(reply, start=1 - len(reply)):
            row = library().llama_get_logits_ith(model.ctx, -1)
            row[token] = CERTAIN
            chosen = sampler.sample(model._ctx, -1)
            if chosen != token:
                raise ValueError(f"{self.name} chose another token than {part.name!r} has.")
            if left:  # after the last one nothing is chosen
                model.eval([token])
        return Run(len(reply), time.perf_counter() - started)

    def _keep(self, count: int) -> int:
        self._model.n_tokens = min(count, self._model.n_tokens)
        return int(self._model.n_tokens)


def without_lengths(schema: Any) -> Any:
    """Return a schema without the bounds of its texts: with them the stock binding crashes."""
    if isinstance(schema, list):
        return [without_lengths(item) for item in schema]
    if isinstance(schema, dict):
        return {name: without_lengths(value) for name, value in schema.items() if name != "maxLength"}
    return schema


def stock_model(path: str, threads: int, context: int) -> Any:
    """Return the stock binding's model, set as ours is."""
    from llama_cpp import Llama

    return Llama(path, n_ctx=context, n_threads=threads, n_threads_batch=threads, n_batch=512, verbose=False)
