from __future__ import annotations

import math
from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest

from offline_interpreter.bench.statistics import (
    Interval,
    Spread,
    mcnemar_exact,
    median_interval,
    pass_at_k,
    percentile,
    spread,
    wilson,
    wilson_clustered,
)

COUNTS = st.integers(1, 400).flatmap(lambda trials: st.tuples(st.integers(0, trials), st.just(trials)))


@given(COUNTS)
def test_wilson_is_the_interval_that_scipy_computes(counts: tuple[int, int]) -> None:
    expected = binomtest(*counts).proportion_ci(0.95, method="wilson")
    found = wilson(*counts)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-12)


@given(COUNTS)
def test_an_interval_holds_its_share_and_stays_between_0_and_1(counts: tuple[int, int]) -> None:
    found = wilson(*counts)
    assert 0 <= found.low <= counts[0] / counts[1] <= found.high <= 1


def test_without_trials_nothing_is_known() -> None:
    assert wilson(0, 0) == Interval(0.0, 1.0)
    assert wilson_clustered([], []) == Interval(0.0, 1.0)


@given(st.lists(st.booleans(), min_size=1, max_size=80))
def test_with_one_trial_for_each_task_clusters_change_nothing(solved: list[bool]) -> None:
    assert wilson_clustered([int(each) for each in solved], [1] * len(solved)) == wilson(sum(solved), len(solved))


def test_repeats_that_always_agree_tell_no_more_than_one() -> None:
    once = wilson(12, 20)
    again = wilson_clustered([5] * 12 + [0] * 8, [5] * 20)
    assert (again.low, again.high) == pytest.approx((once.low, once.high), abs=1e-9)
    assert wilson_clustered([3] * 20, [3] * 20) == wilson(20, 20)


def test_repeats_that_are_drawn_anew_count_as_trials() -> None:
    draws = np.random.default_rng(0).binomial(10, 0.4, 200)
    found, naive = wilson_clustered(draws.tolist(), [10] * 200), wilson(int(draws.sum()), 2000)
    assert found.high - found.low == pytest.approx(naive.high - naive.low, rel=0.2)


@given(st.integers(1, 9).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n), st.integers(1, n))))
def test_pass_at_k_is_the_share_of_draws_with_a_success(counts: tuple[int, int, int]) -> None:
    trials, successes, k = counts
    draws = list(combinations([True] * successes + [False] * (trials - successes), k))
    assert pass_at_k(trials, successes, k) == pytest.approx(sum(map(any, draws)) / len(draws))


def test_pass_at_1_is_the_share_of_successes() -> None:
    assert pass_at_k(200, 57, 1) == pytest.approx(57 / 200)


@pytest.mark.parametrize("counts", [(5, 2, 6), (5, 6, 1), (5, 2, 0), (0, 0, 1)])
def test_pass_at_k_needs_as_many_trials(counts: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="not defined"):
        pass_at_k(*counts)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60), st.floats(0, 1))
def test_percentiles_are_those_of_numpy(values: list[float], share: float) -> None:
    assert percentile(values, share) == pytest.approx(float(np.quantile(values, share)), abs=1e-6)


@pytest.mark.parametrize("count", [6, 25, 64, 999, 1000, 5000])
def test_the_interval_of_a_median_is_that_of_binomial_ranks(count: int) -> None:
    found = median_interval(list(range(1, count + 1)))
    assert found is not None
    rank = int(found.low)
    assert found.high == count + 1 - rank
    assert binom.cdf(rank - 1, count, 0.5) <= 0.0252 < binom.cdf(rank, count, 0.5) + 0.002


def test_the_interval_of_few_values_is_all_of_them() -> None:
    assert median_interval([3.0, 1.0, 2.0]) == Interval(1.0, 3.0)
    assert median_interval([]) is None


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=60))
def test_a_spread_is_mean_and_sample_deviation(values: list[float]) -> None:
    found = spread(values)
    assert found is not None
    assert (found.mean, found.sd) == pytest.approx((np.mean(values), np.std(values, ddof=1)), abs=1e-4)


def test_of_nothing_there_is_no_figure() -> None:
    assert (percentile([], 0.5), spread([]), spread([4.0])) == (None, None, Spread(4.0, 0.0, 1))


@pytest.mark.parametrize(("first", "second"), [(0, 0), (1, 0), (3, 3), (0, 6), (2, 11), (17, 4), (300, 250)])
def test_chance_is_that_of_a_coin(first: int, second: int) -> None:
    expected = binomtest(first, first + second, 0.5).pvalue if first + second else 1.0
    assert mcnemar_exact(first, second) == pytest.approx(expected)


def test_chance_counts_every_way_that_coins_can_fall() -> None:
    falls = [sum(fall) for fall in product((0, 1), repeat=9)]
    assert mcnemar_exact(2, 7) == pytest.approx(sum(abs(fall - 4.5) >= 2.5 for fall in falls) / len(falls))
    assert math.isclose(mcnemar_exact(0, 5), 2 / 32)
