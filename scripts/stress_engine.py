#!/usr/bin/env python3
"""Writes random replies under the schema of a step, and looks whether each of them is one.

    python scripts/stress_engine.py --replies 10000 --vocabulary ggml-vocab-qwen2.gguf --vocabulary starter.gguf

The models are tiny ones of random weights, one with each vocabulary that is given, or one with a generated vocabulary
of 152 thousand tokens. Bounds, temperatures and guesses vary; a reply that was cut must be a step when it is closed.
Exit code 1 when one is not.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from measuring.shapes import TINY, shape_file

from offline_interpreter.cancel import Cancel
from offline_interpreter.engines.llama.context import Context
from offline_interpreter.engines.llama.drafts import Drafts
from offline_interpreter.engines.llama.loader import Weights, acquire, release
from offline_interpreter.engines.llama.loop import Means, Writing
from offline_interpreter.engines.llama.sampling import Chooser
from offline_interpreter.engines.llama.tokens import TokenLog, common_prefix
from offline_interpreter.errors import OfflineInterpreterError
from offline_interpreter.records import Finish, Message, Sampling
from offline_interpreter.steps import STEP_SCHEMA, close_step, parse_step

WINDOW = 1024
MOST_TOKENS = 200
SHORT_CHARS = 24  # of the fields in half of the replies, so that some are whole


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
    drafts = {True: Drafts(cost=0.0), False: Drafts(cost=None)}
    ended: Counter[str] = Counter()
    tokens, wrong, started = 0, 0, time.perf_counter()
    for number in range(replies):
        writing, finish, complaint = _reply(weights, context, drafts[random.random() < 0.7], random)
        ended[finish] += 1
        tokens += len(writing.tokens)
        if complaint:
            wrong += 1
            print(f"reply {number}: {complaint}: {writing.text!r}", flush=True)
    context.free()
    seconds = time.perf_counter() - started
    told = ", ".join(f"{count} {finish}" for finish, count in ended.most_common())
    print(
        f"{weights.path.stem}: {replies} replies, {tokens} tokens, {seconds:.0f} s; {told}; {wrong} wrong", flush=True
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
    constraint = weights.grammar.constraint(random.choice((STEP_SCHEMA, _shortened(STEP_SCHEMA))))
    means = Means(
        context,
        weights.vocabulary,
        constraint,
        Chooser(sampling),
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
    return writing, finish, _complaint(writing, finish, "".join(pieces), weights)


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
