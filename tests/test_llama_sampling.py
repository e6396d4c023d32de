from __future__ import annotations

import numpy as np
import pytest

from offline_interpreter.engines.llama.sampling import PENALIZED_TOKENS, Chooser, allowed_tokens
from offline_interpreter.errors import EngineError
from offline_interpreter.records import Sampling

LOGITS = np.array([0.0, 3.0, 2.0, -5.0, 1.0], np.float32)


def shares(chooser: Chooser, logits: np.ndarray, draws: int = 4000) -> np.ndarray:
    drawn = [chooser.choose(logits) for _ in range(draws)]
    return np.bincount(drawn, minlength=len(logits)) / draws


def test_without_a_temperature_the_most_likely_token_is_chosen() -> None:
    assert Chooser(Sampling()).choose(LOGITS) == 1


def test_among_the_allowed_the_most_likely_one_is_chosen() -> None:
    assert Chooser(Sampling()).choose(LOGITS, np.array([0, 3, 4])) == 4


def test_a_draw_is_one_of_the_allowed() -> None:
    chooser = Chooser(Sampling(temperature=5.0, min_p=0.0))
    assert {chooser.choose(LOGITS, np.array([0, 3])) for _ in range(500)} == {0, 3}


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_draws_follow_the_chances(temperature: float) -> None:
    chances = np.exp(LOGITS / temperature)
    drawn = shares(Chooser(Sampling(temperature=temperature, min_p=0.0)), LOGITS)
    assert drawn == pytest.approx(chances / chances.sum(), abs=0.03)


def test_min_p_leaves_out_what_is_far_less_likely_than_the_best() -> None:
    drawn = shares(Chooser(Sampling(temperature=10.0, min_p=0.1)), LOGITS)
    assert {index for index, share in enumerate(drawn) if share} == {1, 2, 4}


def test_top_p_keeps_the_likeliest_that_have_this_share() -> None:
    drawn = shares(Chooser(Sampling(temperature=10.0, min_p=0.0, top_p=0.85)), LOGITS)
    assert {index for index, share in enumerate(drawn) if share} == {1, 2}


def test_a_small_top_p_keeps_the_likeliest_token() -> None:
    drawn = shares(Chooser(Sampling(temperature=10.0, min_p=0.0, top_p=0.01)), LOGITS, 100)
    assert drawn[1] == 1.0


@pytest.mark.parametrize("spread", [0.1, 1.5, 6.0, 40.0])
@pytest.mark.parametrize("top_p", [0.05, 0.8, 0.999])
def test_top_p_keeps_as_few_as_have_this_share(spread: float, top_p: float) -> None:
    logits = (np.random.default_rng(3).standard_normal(400) * spread).astype(np.float32)
    chances = np.exp(logits.astype(np.float64) - logits.max())
    order = np.argsort(-chances, kind="stable")
    count = int(np.searchsorted(chances[order].cumsum(), top_p * chances.sum())) + 1
    chooser = Chooser(Sampling(temperature=1e6, min_p=0.0, top_p=top_p))  # so hot that all that are kept are drawn
    assert {chooser.choose(logits) for _ in range(6000)} == set(order[:count].tolist())


def test_a_penalty_makes_what_was_written_less_likely() -> None:
    chooser = Chooser(Sampling(repetition_penalty=2.0))
    assert chooser.penalized(LOGITS, [1, 3, 3]).tolist() == [0.0, 1.5, 2.0, -10.0, 1.0]
    assert chooser.choose(chooser.penalized(LOGITS, [1])) == 2


def test_a_penalty_is_over_after_a_while() -> None:
    chooser = Chooser(Sampling(repetition_penalty=2.0))
    assert chooser.penalized(LOGITS, [1, *[0] * PENALIZED_TOKENS]).tolist() == LOGITS.tolist()


def test_without_a_penalty_nothing_changes() -> None:
    assert Chooser(Sampling()).penalized(LOGITS, [1, 2]) is LOGITS


def test_the_same_seed_draws_the_same() -> None:
    first, again, other = (Chooser(Sampling(temperature=1.0, seed=seed)) for seed in (7, 7, 8))
    drawn = [[chooser.choose(LOGITS) for _ in range(50)] for chooser in (first, again, other)]
    assert drawn[0] == drawn[1] != drawn[2]


def test_impossible_tokens_do_no_harm() -> None:
    logits = np.array([-np.inf, 1.0, -np.inf], np.float32)
    assert Chooser(Sampling(temperature=1.0, min_p=0.0)).choose(logits) == 1


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_logits_that_are_no_numbers_are_an_error(temperature: float) -> None:
    with pytest.raises(EngineError, match="damaged"):
        Chooser(Sampling(temperature=temperature)).choose(np.array([0.0, np.nan, 1.0], np.float32))


def test_a_mask_is_read_from_its_lowest_bit() -> None:
    assert allowed_tokens(bytes([0b0000_0101, 0b1000_0010]), 15).tolist() == [0, 2, 9]
