"""How fast one model reads and writes here, over lengths, depths and threads, as llama-bench measures it.

``pp512`` reads 512 tokens of a prompt, ``tg64`` writes 64 tokens one by one, ``@ d2048`` after 2,048 others. The model
is driven as the engine drives it: its batches, its cache, its attention. Tokens are random and nothing is sampled or
held to a schema, so that figures depend on lengths alone. No task is asked, and nothing is printed.
"""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Literal

from offline_interpreter.bench.memory import GpuMemory, peak_rss_bytes, restart_peak
from offline_interpreter.bench.statistics import Spread, spread
from offline_interpreter.cancel import Cancel
from offline_interpreter.errors import EngineError, UsageError
from offline_interpreter.machine import usable_cores
from offline_interpreter.records import Progress

if TYPE_CHECKING:
    from offline_interpreter.engines.llama.loader import Weights

REPEATS = 5
PROMPTS, GENERATIONS, DEPTHS = (64, 512, 2048), (64, 256), (0, 2048)
_WARM_UP_TOKENS = 4
_SEED = 0


@dataclass(frozen=True, slots=True)
class SpeedTest:
    """Reading (``pp``) or writing (``tg``) so many ``tokens`` after ``depth`` others, with ``threads``."""

    kind: Literal["pp", "tg"]
    tokens: int
    depth: int
    threads: int

    @property
    def name(self) -> str:
        """What llama-bench calls it: tg64 @ d2048."""
        return f"{self.kind}{self.tokens}" + (f" @ d{self.depth}" if self.depth else "")

    @property
    def window(self) -> int:
        """How many tokens are held at its end."""
        return self.depth + self.tokens


@dataclass(frozen=True, slots=True)
class SpeedPlan:
    """What to measure: each length at each depth with each number of threads (empty: what the engine would take)."""

    prompts: tuple[int, ...] = PROMPTS
    generations: tuple[int, ...] = GENERATIONS
    depths: tuple[int, ...] = DEPTHS
    threads: tuple[int, ...] = ()
    repeats: int = REPEATS
    gpu_layers: int | None = None

    def tests(self, threads: Iterable[int]) -> list[SpeedTest]:
        """Return all tests, in the order in which they are run."""
        kinds = [("pp", length) for length in self.prompts] + [("tg", length) for length in self.generations]
        return [
            SpeedTest("pp" if kind == "pp" else "tg", length, depth, count)
            for count in threads
            for depth in self.depths
            for kind, length in kinds
        ]


@dataclass(frozen=True, slots=True)
class Rate:
    """The tokens per second of each run of a test, and the memory that was taken up to its end, in bytes."""

    test: SpeedTest
    per_s: tuple[float, ...]
    rss_bytes: int
    vram_bytes: int

    @property
    def spread(self) -> Spread:
        """Mean and standard deviation."""
        found = spread(self.per_s)
        assert found is not None
        return found


@dataclass(slots=True)
class Speeds:
    """What was measured of a model, as it grows. ``description`` is llama.cpp's: family, size and quantization.

    ``size_bytes`` of its weights. ``left_out`` tests need a longer window than the model was trained for. ``whole``: it
    was not stopped.
    """

    name: str
    description: str
    size_bytes: int
    parameters: int
    load_s: float
    trained_tokens: int
    left_out: tuple[SpeedTest, ...]
    rates: list[Rate] = field(default_factory=list)
    whole: bool = False


@dataclass(frozen=True, slots=True)
class SpeedRun:
    """A run that begins: the ``number`` (from 1) of its test of ``tests``; ``run`` 0 is the warm-up of ``runs``."""

    test: SpeedTest
    number: int
    tests: int
    run: int
    runs: int


def measure_speed(path: Path, plan: SpeedPlan, tell: Callable[[SpeedRun], None], cancel: Cancel) -> Speeds:
    """Load a model and run all tests; return what was finished when ``cancel`` stopped it.

    Each test is run once to warm up, then ``plan.repeats`` times. Raises ``ModelMissing``, ``ModelUnusable``,
    ``EngineError``, or ``UsageError`` when there is no test, or none that fits into the window of the model's training.
    """
    if not plan.tests([1]):
        raise UsageError("There is nothing to measure.", "Give --prompt or --generate a length.")
    restart_peak()
    gpus = GpuMemory()
    with _loaded(path, plan, cancel) as (weights, load_s):
        tests = plan.tests(plan.threads or [_usual_threads(weights)])
        fitting = [test for test in tests if test.window <= weights.trained_tokens]
        if not fitting:
            trained = f"{path.name!r} was trained for {weights.trained_tokens:,} tokens"
            raise UsageError(f"{trained}, and no test is that short.", "Ask for smaller --prompt, --generate, --depth.")
        left_out = tuple(test for test in tests if test not in fitting)
        speeds = _describe(path, weights, load_s, left_out)
        for number, (test, lane) in enumerate(_with_lanes(weights, fitting, cancel), 1):
            per_s = []
            for run in range(plan.repeats + 1):
                tell(SpeedRun(test, number, len(fitting), run, plan.repeats))
                seconds = lane.run(test, warm_up=run == 0)
                if seconds is None:
                    return speeds
                per_s += [test.tokens / seconds] if run else []
            speeds.rates.append(Rate(test, tuple(per_s), peak_rss_bytes(), gpus.taken_bytes()))
    speeds.whole = True
    return speeds


@contextmanager
def _loaded(path: Path, plan: SpeedPlan, cancel: Cancel) -> Iterator[tuple[Weights, float]]:
    from offline_interpreter.engines.llama.loader import acquire, release

    started = time.perf_counter()
    longest = max((test.window for test in plan.tests([1])), default=1)
    weights = acquire(path, plan.gpu_layers, _ignore, cancel, longest)
    try:
        yield weights, time.perf_counter() - started
    finally:
        release(weights)


def _ignore(_progress: Progress) -> None:
    """Nobody waits for the load alone."""


def _usual_threads(weights: Weights) -> int:
    from offline_interpreter.engines.llama.context import choose_threads

    return choose_threads(None, weights.size_bytes, usable_cores())


def _describe(path: Path, weights: Weights, load_s: float, left_out: tuple[SpeedTest, ...]) -> Speeds:
    from offline_interpreter.engines.llama.binding import library

    text = ctypes.create_string_buffer(256)
    library().llama_model_desc(weights.pointer, text, len(text))
    return Speeds(
        name=path.stem,
        description=text.value.decode("utf-8", "replace"),
        size_bytes=weights.size_bytes,
        parameters=library().llama_model_n_params(weights.pointer),
        load_s=load_s,
        trained_tokens=weights.trained_tokens,
        left_out=left_out,
    )


# -- one test after the other -------------------------------------------------------------------------------------


def _with_lanes(weights: Weights, tests: Sequence[SpeedTest], cancel: Cancel) -> Iterator[tuple[SpeedTest, _Lane]]:
    """Yield each test with what runs it: the same for all tests with as many threads, for a context is costly."""
    for threads in dict.fromkeys(test.threads for test in tests):
        alike = [test for test in tests if test.threads == threads]
        lane = _Lane(weights, max(test.window for test in alike), threads, cancel)
        try:
            yield from ((test, lane) for test in alike)
        finally:
            lane.close()


class _Lane:
    """A context and the tokens that are read and written in it: the same ones each time, and without a meaning."""

    def __init__(self, weights: Weights, window: int, threads: int, cancel: Cancel) -> None:
        from offline_interpreter.engines.llama.context import BATCH_TOKENS, Context

        self._cancel = cancel
        self._batch_tokens = BATCH_TOKENS
        unwritable = weights.vocabulary.unwritable
        ordinary = [token for token in range(weights.vocabulary.size) if token not in unwritable]
        self._tokens = Random(_SEED).choices(ordinary, k=window)  # noqa: S311 - nothing is kept secret by them
        try:
            self._context = Context(weights, window, threads)
        except EngineError as error:
            raise EngineError(error.cause, "Ask for smaller --prompt, --generate, --depth.") from error

    def run(self, test: SpeedTest, *, warm_up: bool) -> float | None:
        """Return the seconds that a test takes, or None when it was stopped; a warm-up of writing is a short one."""
        writes = test.kind == "tg"
        end = test.depth + (min(_WARM_UP_TOKENS, test.tokens) if warm_up and writes else test.tokens)
        with self._context.stopped_by(self._cancel):
            kept = self._context.keep(test.depth)  # nothing, where a model cannot forget a part
            if not self._evaluate(kept, test.depth, self._batch_tokens):
                return None
            started = time.perf_counter()
            if not self._evaluate(test.depth, end, 1 if writes else self._batch_tokens):
                return None
            return time.perf_counter() - started

    def _evaluate(self, start: int, end: int, step: int) -> bool:
        """Evaluate the tokens from ``start`` to ``end``, so many at a time; False: it was stopped."""
        for first in range(start, end, step):
            if self._cancel.requested or not self._context.evaluate(self._tokens[first : min(first + step, end)]):
                return False
            if step == 1 or first + step >= end:
                self._context.logits()  # a GPU is waited for here, as it is when a token is to be chosen
        return True

    def close(self) -> None:
        """Free the context."""
        self._context.free()
