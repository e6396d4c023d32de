from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Any

import pytest
from synthetic import WRITERS

from offline_interpreter.cancel import Cancel
from offline_interpreter.engines.llama.context import Context
from offline_interpreter.engines.llama.drafts import Drafts
from offline_interpreter.engines.llama.loader import Weights, acquire, release
from offline_interpreter.engines.llama.loop import (
    CYCLED_TOKENS,
    CYCLES,
    LONGEST_CYCLE,
    Means,
    Repetition,
    Writing,
)
from offline_interpreter.engines.llama.sampling import Chooser, Logits
from offline_interpreter.records import Sampling
from offline_interpreter.steps import STEP_SCHEMA, StepReader


@pytest.mark.parametrize("length", range(1, LONGEST_CYCLE + 1))
def test_a_cycle_runs_away_after_many_times(length: int) -> None:
    repetition = Repetition()
    bound = max(CYCLES * length, CYCLED_TOKENS) + length
    taken = [repetition.runs_away([index % length]) for index in range(bound)]
    assert taken.index(True) == bound - 1


def test_a_table_of_numbers_does_not_run_away() -> None:
    repetition = Repetition()
    assert not repetition.runs_away([token for row in range(500) for token in (row % 7, 100, row % 5, 100, row % 3)])


def test_a_break_starts_the_count_again() -> None:
    repetition = Repetition()
    assert not repetition.runs_away([1] * (CYCLED_TOKENS - 1) + [2] + [1] * (CYCLED_TOKENS - 1))


def test_several_tokens_at_once_count_each() -> None:
    assert Repetition().runs_away([1] * (CYCLED_TOKENS + 1))


# -- guesses -----------------------------------------------------------------------------------------------------------


class Oracle(Drafts):
    """Proposes what a reply of the same model was before, as far as ``share`` says; else something at random."""

    def __init__(self, prompt: Sequence[int], reply: Sequence[int], share: float, seed: int) -> None:
        super().__init__()
        self._known = [*prompt, *reply]
        self._share = share
        self._random = Random(seed)

    def propose(self, unread: int, room: int, valid: Callable[[list[int]], int]) -> list[int]:
        del unread, valid
        place = len(self.tokens)
        guess = self._known[place : place + min(room, 7)]
        return [token if self._random.random() < self._share else self._random.randrange(250) for token in guess]


class Recorder(Chooser):
    """Remembers what was chosen last from logits, by the numbers that it was chosen from."""

    def __init__(self, sampling: Sampling) -> None:
        super().__init__(sampling)
        self.best: list[int] = []

    def choose(self, logits: Logits, allowed: Logits | None = None) -> int:
        if allowed is not None:
            self.best.pop()  # the free choice was refused
        self.best.append(super().choose(logits, allowed))
        return self.best[-1]


PROMPT = list(b"What is 37 * 481? ") * 4


@pytest.fixture(scope="module", params=WRITERS)
def weights(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Weights]:
    write: Any = WRITERS[request.param]
    weights = acquire(write(tmp_path_factory.mktemp("models") / "noise.gguf"), None, lambda _: None, None)
    yield weights
    release(weights)


def written(weights: Weights, drafts: Drafts, sampling: Sampling, tokens: int = 1024) -> tuple[Writing, Recorder]:
    """Write a reply to ``PROMPT`` in a context of its own, and check what must hold of it."""
    context = Context(weights, tokens, 1)
    chooser = Recorder(sampling)
    constraint = weights.grammar.constraint(STEP_SCHEMA)
    means = Means(
        context, weights.vocabulary, constraint, chooser, drafts, sampling.max_tokens, Cancel(), lambda _: None
    )
    drafts.begin(PROMPT)
    writing = Writing(means)
    pieces = list(writing.write(PROMPT))
    all_tokens = [*PROMPT, *writing.tokens]
    assert drafts.tokens == all_tokens
    shared = min(len(context.held), len(all_tokens))
    assert context.held[:shared] == all_tokens[:shared]
    assert "".join(pieces) == writing.text
    assert b"".join(weights.vocabulary.pieces[token] for token in writing.tokens).startswith(writing.text.encode())
    context.free()
    return writing, chooser


@pytest.mark.parametrize("share", [0.0, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("temperature", [0.0, 1.5])
def test_no_guess_changes_what_is_written(weights: Weights, share: float, temperature: float) -> None:
    for seed in range(3):
        sampling = Sampling(temperature=temperature, seed=seed, max_tokens=100)
        plain, _ = written(weights, Drafts(cost=None), sampling)
        guessed, chooser = written(weights, Oracle(PROMPT, plain.tokens, share, seed), sampling)
        assert guessed.tokens == plain.tokens
        assert guessed.drafted > 0
        reader = StepReader()
        reader.feed(guessed.text)
        assert reader.action in ("code", "answer")
        assert len(chooser.best) == len(guessed.tokens) - guessed.forced


def test_right_guesses_are_accepted(weights: Weights) -> None:
    sampling = Sampling(max_tokens=100)
    plain, _ = written(weights, Drafts(cost=None), sampling)
    guessed, _ = written(weights, Oracle(PROMPT, plain.tokens, 1.0, 0), sampling)
    assert guessed.accepted >= 0.9 * guessed.drafted > 40


def test_wrong_guesses_are_not(weights: Weights) -> None:
    sampling = Sampling(max_tokens=100)
    plain, _ = written(weights, Drafts(cost=None), sampling)
    guessed, _ = written(weights, Oracle(PROMPT, plain.tokens, 0.0, 0), sampling)
    assert guessed.accepted < 0.2 * guessed.drafted


def test_guesses_stay_within_the_window(weights: Weights) -> None:
    sampling = Sampling(max_tokens=100)
    plain, _ = written(weights, Drafts(cost=None), sampling)
    window = len(PROMPT) + 61
    guessed, _ = written(weights, Oracle(PROMPT, plain.tokens, 1.0, 0), sampling, tokens=window)
    assert guessed.tokens == plain.tokens[: len(guessed.tokens)]
    assert window <= len(PROMPT) + len(guessed.tokens) <= window + 1
