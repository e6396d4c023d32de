"""Generates examples in a process of its own and packs them into batches of like length.

The seeds go on from where an earlier run stopped, so that nothing is learned twice.
"""

from __future__ import annotations

import itertools
import multiprocessing
import queue
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from offline_interpreter.prompt import observation_budget
from starter.examples import Example, conversation_example, copy_example
from starter.painting import skip_painting
from starter.sessions import talk
from starter.tokenizer import Tokenizer

if TYPE_CHECKING:
    from multiprocessing.queues import Queue

WAITING = 512  # examples made ahead
# Lengths that examples are padded to. Few, since the matrix library prepares itself anew for each shape it meets.
WIDTHS = (128, 192, 256, 320, 384, 512, 768, 1024, 1536, 2048)
COPY_SHARE = 0.03
REQUESTS = ((1, 64), (2, 26), (3, 6), (4, 2), (6, 1), (9, 1))  # of a conversation, with weights


def make_example(seed: int, tokenizer: Tokenizer, context: int) -> Example:
    """Return the example of a seed; one that is longer than the context is cut."""
    rng = Random(f"example {seed}")
    if rng.random() < COPY_SHARE:
        return copy_example(rng, tokenizer)
    requests = rng.choices([number for number, _ in REQUESTS], [weight for _, weight in REQUESTS])[0]
    budget = observation_budget(context)
    conversation = talk(seed, held_out=False, requests=requests, budget=budget, count=tokenizer.count)
    example = conversation_example(rng, tokenizer, conversation.turns)
    return Example(example.tokens[:context], example.weights[:context])


def _generate(examples: Queue[Example], vocabulary: Path, first_seed: int, context: int) -> None:
    skip_painting()
    tokenizer = Tokenizer(vocabulary)
    parent = multiprocessing.parent_process()
    for seed in itertools.count(first_seed):
        if parent is not None and not parent.is_alive():
            return
        try:
            example = make_example(seed, tokenizer, context)
        except Exception as error:  # hours of training do not end for one
            print(f"Seed {seed} makes no example: {error!r}", flush=True)
        else:
            examples.put(example)


class Batches:
    """An endless source of batches; use it as a context manager, which ends the generating process."""

    def __init__(self, vocabulary: Path, *, first_seed: int, context: int, batch_tokens: int) -> None:
        self.examples_used = 0
        self._batch_tokens = batch_tokens
        spawn = multiprocessing.get_context("spawn")
        self._queue: Any = spawn.Queue(maxsize=WAITING)
        arguments = (self._queue, vocabulary, first_seed, context)
        self._worker = spawn.Process(target=_generate, args=arguments, daemon=True)

    def __enter__(self) -> Batches:
        self._worker.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._worker.terminate()
        self._worker.join()

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield (tokens, weights), each (batch, time), padded with tokens of no weight."""
        waiting: dict[int, list[Example]] = {width: [] for width in WIDTHS}
        while True:
            example = self._take()
            width = next(width for width in WIDTHS if len(example.tokens) <= width)
            waiting[width].append(example)
            if len(waiting[width]) * width >= self._batch_tokens:
                self.examples_used += len(waiting[width])
                yield _stacked(waiting[width], width)
                waiting[width] = []

    def _take(self) -> Example:
        while True:
            try:
                example: Example = self._queue.get(timeout=60)
            except queue.Empty:
                if not self._worker.is_alive():
                    raise RuntimeError("The generating process ended; its error stands above.") from None
            else:
                return example


def _stacked(group: list[Example], time: int) -> tuple[Tensor, Tensor]:
    tokens = torch.zeros(len(group), time, dtype=torch.long)
    weights = torch.zeros(len(group), time)
    for row, example in enumerate(group):
        tokens[row, : len(example.tokens)] = torch.tensor(example.tokens)
        weights[row, : len(example.weights)] = torch.tensor(example.weights)
    return tokens, weights
