#!/usr/bin/env python3
r"""Writes random replies under the schema of a step, and looks whether each of them is one.

    python scripts/stress_engine.py --replies 10000 --vocabulary ggml-vocab-qwen2.gguf \
        --vocabulary ggml-vocab-llama-spm.gguf --vocabulary offline_interpreter/data/starter.gguf

The models are tiny ones of random weights, one with each vocabulary that is given, or one with a generated vocabulary
of 152 thousand tokens; the replies are divided among them. Bounds, temperatures and guesses vary, and some guesses are
lies. A reply that was cut must be a step when it is closed; what was streamed must be the text of its tokens; every
token that the schema did not force must be the one that was chosen from the logits of its place, guessed or not; and
the cache must hold what was written. Exit code 1 when anything of this is not so.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent))

from measuring.shapes import TINY, shape_file

from offline_interpreter.cancel import Cancel
from offline_interpreter.engines.llama.context import Context
from offline_interpreter.engines.llama.drafts import Drafts
from offline_interpreter.engines.llama.grammar import Constraint
from offline_interpreter.engines.llama.loader import Weights, acquire, release
from offline_interpreter.engines.llama.loop import Means, Writing
from offline_interpreter.engines.llama.sampling import Chooser, Logits
from offline_interpreter.engines.llama.tokens import TokenLog, common_prefix
from offline_interpreter.errors import OfflineInterpreterError
from offline_interpreter.records import Finish, Message, Sampling
from offline_interpreter.steps import STEP_SCHEMA, close_step, parse_step

WINDOW = 1024
MOST_TOKENS = 200
SHORT_CHARS = 24  # of the fields in half of the replies, so that some are whole


class Liar(Drafts):
    """Guesses what is ``known`` to be written next, and lies now and then: with any token that stood somewhere."""

    def __init__(self, random: Random) -> None:
        super().__init__()
        self.known: Sequence[int] = ()
        self._random = random

    def propose(self, unread: int, room: int, valid: Callable[[list[int]], int]) -> list[int]:
        """Return some tokens, whatever the schema says of them."""
        del unread, valid
        place, share = len(self.tokens), self._random.choice((0.0, 0.1, 0.5, 1.0))
        guess = self.known[place : place + min(room, self._random.randrange(16))]
        return [self._random.choice(self.tokens) if self._random.random() < share else token for token in guess]


class Recorder(Chooser):
    """Remembers what was chosen, in order."""

    def __init__(self, sampling: Sampling) -> None:
        super().__init__(sampling)
        self._chosen: list[int] = []

    def choose(self, logits: Logits, allowed: Any = None) -> int:
        """Choose as always."""
        if allowed is not None:
            self._chosen.pop()  # what was chosen freely was refused
        self._chosen.append(super().choose(logits, allowed))
        return self._chosen[-1]

    def chose(self, tokens: Sequence[int], constraint: Constraint) -> bool:
        """Tell whether ``tokens`` are what was chosen and, where there was no choice, what the schema forces."""
        chosen, forced = iter(self._chosen), constraint.forced()
        for token in tokens:
            if forced:
                if token != forced.pop(0):
                    return False
                continue
            if token != next(chosen, None):
                return False
            constraint.advance([token])
            forced = constraint.forced()
        return True


def main() -> int:
    """Write the replies, print what came of them, and return 1 when one was no step."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--replies", type=int, default=10_000)
    parser.add_argument("--vocabulary", action="append", type=Path, default=[])
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    vocabularies = arguments.vocabulary or [None]
    wrong = 0
    for vocabulary in vocabularies:
        weights = acquire(shape_file(TINY, vocabulary), None, lambda _: None, None)
        wrong += _stress(weights, arguments.replies // len(vocabularies), Random(arguments.seed))
        release(weights)
    return 1 if wrong else 0


def _stress(weights: Weights, replies: int, random: Random) -> int:
    context = Context(weights, WINDOW, 1)
    drafts = (Drafts(cost=0.0), Drafts(cost=None), Liar(random))
    ended: Counter[str] = Counter()
    tokens, drafted, accepted, wrong, started = 0, 0, 0, 0, time.perf_counter()
    for number in range(replies):
        writing, finish, complaint = _reply(weights, context, random.choice(drafts), random)
        ended[finish] += 1
        tokens += len(writing.tokens)
        drafted += writing.drafted
        accepted += writing.accepted
        if complaint:
            wrong += 1
            print(f"reply {number}: {complaint}: {writing.text!r}", flush=True)
    context.free()
    seconds = time.perf_counter() - started
    told = ", ".join(f"{count} {finish}" for finish, count in ended.most_common())
    guessed = f"{accepted} of {drafted} guesses right"
    print(
        f"{weights.path.stem}: {replies} replies, {tokens} tokens, {guessed}; {told}; {wrong} wrong; {seconds:.0f} s",
        flush=True,
    )
    return wrong


def _reply(weights: Weights, context: Context, drafts: Drafts, random: Random) -> tuple[Writing, Finish, str]:
    """Write a reply, and return it with how it ended and what is wrong with it."""
    words = " ".join(random.choice(("sum", "of", "sales", "=", "\n", "π", "<|im_end|>")) for _ in range(20))
    prompt = TokenLog(weights.template, weights.vocabulary).prompt([Message("user", words)])
    sampling = Sampling(
        temperature=random.choice((0.0, 0.7, 1.5, 4.0)),
        min_p=random.choice((0.0, 0.05)),
        top_p=random.choice((0.9, 1.0)),
        repetition_penalty=random.choice((1.0, 1.3)),
        seed=random.randrange(1 << 30),
        max_tokens=random.randint(1, MOST_TOKENS),
    )
    request = Request(prompt, sampling, random.choice((STEP_SCHEMA, _shortened(STEP_SCHEMA))))
    if isinstance(drafts, Liar):
        plain, *_ = _write(weights, context, Drafts(cost=None), request)
        drafts.known = [*prompt, *plain.tokens]
    writing, finish, complaint = _write(weights, context, drafts, request)
    held = common_prefix(context.held, [*prompt, *writing.tokens])
    if held != min(len(context.held), len(prompt) + len(writing.tokens)):
        complaint = complaint or "the cache holds something else"
    return writing, finish, complaint


class Request(NamedTuple):
    """What is to be written."""

    prompt: list[int]
    sampling: Sampling
    schema: dict[str, Any]


def _write(weights: Weights, context: Context, drafts: Drafts, request: Request) -> tuple[Writing, Finish, str]:
    prompt, sampling, schema = request
    chooser = Recorder(sampling)
    means = Means(
        context,
        weights.vocabulary,
        weights.grammar.constraint(schema),
        chooser,
        drafts,
        sampling.max_tokens,
        Cancel(),
        lambda _: None,
    )
    drafts.begin(prompt)
    cached = context.keep(min(common_prefix(context.held, prompt), len(prompt) - 1))
    writing = Writing(means)
    pieces: list[str] = []
    finish = _drain(writing.write(prompt[cached:]), pieces)
    complaint = _complaint(writing, finish, "".join(pieces), weights)
    if not chooser.chose(writing.tokens, weights.grammar.constraint(schema)):
        complaint = complaint or "not all of its tokens were chosen or forced"
    return writing, finish, complaint


def _drain(stream: Any, pieces: list[str]) -> Finish:
    while True:
        try:
            pieces.append(next(stream))
        except StopIteration as end:
            finish: Finish = end.value
            return finish


def _complaint(writing: Writing, finish: Finish, streamed: str, weights: Weights) -> str:
    joined = b"".join(weights.vocabulary.pieces[token] for token in writing.tokens)
    if streamed != writing.text or streamed != joined.decode("utf-8", "ignore"):
        return "the streamed text is not that of its tokens"
    try:
        parse_step(streamed if finish == "complete" else close_step(streamed))
    except OfflineInterpreterError as error:
        return str(error)
    return ""


def _shortened(schema: dict[str, Any]) -> dict[str, Any]:
    def shorten(value: dict[str, Any]) -> dict[str, Any]:
        return {**value, "maxLength": SHORT_CHARS} if "maxLength" in value else value

    text: dict[str, Any] = json.loads(json.dumps(schema), object_hook=shorten)
    return text


if __name__ == "__main__":
    sys.exit(main())
