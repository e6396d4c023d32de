"""Generates examples in processes of their own and packs them into batches of like length.

The seeds go on from where an earlier run stopped, so that nothing is learned twice.
"""

from __future__ import annotations

import gc
import itertools
import multiprocessing
import os
import queue
import signal
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from starter.examples import Example, conversation_example, copy_example
from starter.painting import skip_painting
from starter.sessions import FAMILIES, talk
from starter.tokenizer import Tokenizer

if TYPE_CHECKING:
    from multiprocessing.queues import Queue

WAITING = 16384  # examples made ahead, at most: enough to go on with while the network is compiled
CHUNK = 16  # examples that a process hands over at a time
# Lengths that examples are padded to. Some, since the matrix library prepares itself anew for each shape it meets.
WIDTHS = (*range(64, 256, 16), *range(256, 512, 32), *range(512, 1024, 64), *range(1024, 2049, 256))
SCORED_BATCHES = 2  # so much larger are the batches in which it is only seen what the network knows
SMOOTHED_EXAMPLES = 2000
AGAIN_AFTER = 4000  # others that it got wrong, one comes again: that costs neither making it nor looking at it
COPY_SHARE = 0.05
Arrays = tuple[np.ndarray, np.ndarray]  # an example: tokens (uint16), weights (float32)
Missed = Callable[[Tensor, Tensor], Tensor]  # (tokens, weights) to which of the examples the network gets wrong
REQUESTS = ((1, 76), (2, 19), (3, 3), (5, 1), (9, 1))  # of a conversation, with weights


@dataclass(frozen=True, slots=True)
class Source:
    """What examples are made from: the pieces, the window in tokens, and where the seeds begin.

    ``more`` are factors of the shares of families; ``workers`` is the number of processes that share the seeds.
    """

    vocabulary: Path
    context: int
    first_seed: int
    more: Mapping[str, float] = field(default_factory=dict)
    workers: int = 1


def make_example(seed: int, tokenizer: Tokenizer, source: Source) -> Example:
    """Return the example of a seed; one that is longer than the context is cut."""
    rng = Random(f"example {seed}")
    if rng.random() < COPY_SHARE:
        return copy_example(rng, tokenizer)
    requests = rng.choices([number for number, _ in REQUESTS], [weight for _, weight in REQUESTS])[0]
    family, window = _family(rng, source.more), source.context
    conversation = talk(seed, held_out=False, requests=requests, window=window, count=tokenizer.count, family=family)
    example = conversation_example(rng, tokenizer, conversation.turns)
    return Example(example.tokens[: source.context], example.weights[: source.context])


def _arrays(example: Example) -> Arrays:
    """Return an example as it is handed from one process to another, in a tenth of the time that lists take."""
    return np.array(example.tokens, np.uint16), np.array(example.weights, np.float32)


def _family(rng: Random, more: Mapping[str, float]) -> str:
    """Return the family of the first request; none is wanted where all keep their shares."""
    if not more:
        return ""
    weights = {family: more.get(family, 1.0) * sum(part.share for part in parts) for family, parts in FAMILIES.items()}
    return rng.choices(list(weights), list(weights.values()))[0]


def _generate(chunks: Queue[list[Arrays]], source: Source, worker: int) -> None:
    signal.signal(signal.SIGINT, lambda *_: None)  # the training, which gets it too, ends this
    os.nice(19)  # the threads that learn wait for one another: what interrupts one of them holds up all
    gc.set_threshold(50_000)  # what charts leave behind is collected less often: a tenth faster
    skip_painting()
    tokenizer = Tokenizer(source.vocabulary)
    parent = multiprocessing.parent_process()
    chunk: list[Arrays] = []
    for seed in itertools.count(source.first_seed + worker, source.workers):
        try:
            chunk.append(_arrays(make_example(seed, tokenizer, source)))
        except Exception as error:  # hours of training do not end for one
            print(f"Seed {seed} makes no example: {error!r}", flush=True)
        if len(chunk) == CHUNK:
            if parent is not None and not parent.is_alive():
                return
            chunks.put(chunk)
            chunk = []


@dataclass(frozen=True, slots=True)
class Choice:
    """What is learned from: what the network gets wrong, ``times`` in all, and a share of what it knows."""

    batch_tokens: int
    known_share: float
    times: int


class Batches:
    """An endless source of batches; use it as a context manager, which ends the generating processes."""

    def __init__(self, source: Source, choice: Choice, missed: Missed) -> None:
        self.examples_taken = 0
        self.share_missed = 1.0  # of the examples that were just made
        self._choice = choice
        self._missed = missed
        self._dice = Random(f"batches {source.first_seed}")
        spawn = multiprocessing.get_context("spawn")
        self._queue: Any = spawn.Queue(maxsize=WAITING // CHUNK)
        self._workers = [
            spawn.Process(target=_generate, args=(self._queue, source, worker), daemon=True)
            for worker in range(source.workers)
        ]

    def __enter__(self) -> Batches:
        for worker in self._workers:
            worker.start()
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.terminate()
        for worker in self._workers:
            worker.join()

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield (tokens, weights), each (batch, width + 1), padded with tokens of no weight."""
        return (batch for _, batch in _of_like_length(self._worth_learning(self._taken()), self._choice.batch_tokens))

    def _worth_learning(self, examples: Iterable[Arrays]) -> Iterator[Arrays]:
        """Yield those that the network does not know yet, again much later, and some that it does."""
        again: list[tuple[Arrays, int]] = []
        for group, batch in _of_like_length(examples, self._choice.batch_tokens * SCORED_BATCHES):
            missed = self._missed(*batch).tolist()
            self.share_missed += (sum(missed) - self.share_missed * len(group)) / SMOOTHED_EXAMPLES
            for example, wrong in zip(group, missed, strict=True):
                if wrong or self._dice.random() < self._choice.known_share:
                    yield example
                if wrong and self._choice.times > 1:
                    again.append((example, self._choice.times - 1))
            while len(again) > AGAIN_AFTER:
                place = self._dice.randrange(len(again))
                again[place], again[-1] = again[-1], again[place]
                example, times = again.pop()
                yield example
                if times > 1:
                    again.append((example, times - 1))

    def _taken(self) -> Iterator[Arrays]:
        while True:
            try:
                chunk: list[Arrays] = self._queue.get(timeout=60)
            except queue.Empty:
                if not any(worker.is_alive() for worker in self._workers):
                    raise RuntimeError("The generating processes ended; their error stands above.") from None
            else:
                self.examples_taken += len(chunk)
                yield from chunk


def _of_like_length(examples: Iterable[Arrays], tokens: int) -> Iterator[tuple[list[Arrays], tuple[Tensor, Tensor]]]:
    """Yield groups of examples, and stacked, as soon as they are about so many tokens with their padding."""
    waiting: dict[int, list[Arrays]] = {width: [] for width in WIDTHS}
    for example in examples:
        width = next(width for width in WIDTHS if len(example[0]) <= width + 1)
        waiting[width].append(example)
        if (len(waiting[width]) + 1) * width > tokens:
            yield waiting[width], _stacked(waiting[width], width + 1)
            waiting[width] = []


def _stacked(group: list[Arrays], time: int) -> tuple[Tensor, Tensor]:
    tokens = np.zeros((len(group), time), np.int64)
    weights = np.zeros((len(group), time), np.float32)
    for row, (own_tokens, own_weights) in enumerate(group):
        tokens[row, : len(own_tokens)] = own_tokens
        weights[row, : len(own_weights)] = own_weights
    return torch.from_numpy(tokens), torch.from_numpy(weights)
