"""The figures of the reports: intervals of shares, chances of success, percentiles, means, and chance itself.

Pure functions of numbers. They know nothing of records, and round nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

Z_95 = 1.959963984540054  # the normal distribution's 97.5th percentile: two sides of 95 %


@dataclass(frozen=True, slots=True)
class Interval:
    """A range that holds the true value 95 times of 100; ``low`` and ``high`` have the unit of what they bound."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Spread:
    """The mean and the standard deviation of ``count`` values, in their unit."""

    mean: float
    sd: float
    count: int


def wilson(successes: int, trials: int) -> Interval:
    """Return the score interval of a share, between 0 and 1; of no trials, all of it.

    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927): unlike the
    normal interval it stays within 0 and 1, and says something of 0 or all successes.
    """
    return _score_interval(successes / trials, trials) if trials else Interval(0.0, 1.0)


def wilson_clustered(successes: Sequence[int], trials: Sequence[int]) -> Interval:
    """Return the interval of the share of all successes where the trials of one task are not independent.

    One pair of numbers for each task. Wilson's interval, over as many trials as independent ones would tell as much:
    the design effect is the variance of a ratio over clusters by that of as many independent trials (J. N. K. Rao and
    A. J. Scott, "A simple method for the analysis of clustered binary data", Biometrics 48, 1992), taken for no less
    than 1 and no more than the largest cluster. With one trial for each task it is Wilson's interval.
    """
    clusters, total, won = len(trials), sum(trials), sum(successes)
    if clusters < 2 or total == clusters:
        return wilson(won, total)
    share = won / total
    independent = share * (1 - share) / total
    if not independent:  # all or nothing: a task that is repeated is taken for one trial
        return _score_interval(share, clusters)
    residuals = math.fsum((s - share * n) ** 2 for s, n in zip(successes, trials, strict=True))
    variance = clusters / (clusters - 1) * residuals / total**2
    return _score_interval(share, total / min(max(variance / independent, 1.0), max(trials)))


def _score_interval(share: float, trials: float) -> Interval:
    weight = Z_95 * Z_95 / trials
    center = (share + weight / 2) / (1 + weight)
    half = Z_95 * math.sqrt(share * (1 - share) / trials + weight / (4 * trials)) / (1 + weight)
    return Interval(max(center - half, 0.0) if share > 0 else 0.0, min(center + half, 1.0) if share < 1 else 1.0)


def pass_at_k(trials: int, successes: int, k: int) -> float:
    """Return the chance that at least one of ``k`` attempts succeeds, estimated from ``trials`` of which some did.

    The unbiased estimate 1 − C(n − c, k) / C(n, k), as the product 1 − ∏(1 − k / i) for i = n − c + 1 … n; M. Chen et
    al., "Evaluating large language models trained on code", arXiv:2107.03374 (2021). Raises ``ValueError`` unless
    1 ≤ k ≤ n and 0 ≤ c ≤ n.
    """
    if not (1 <= k <= trials and 0 <= successes <= trials):
        raise ValueError(f"pass@{k} of {successes} successes in {trials} trials is not defined")
    if trials - successes < k:
        return 1.0
    return 1.0 - math.prod(1.0 - k / i for i in range(trials - successes + 1, trials + 1))


def percentile(values: Sequence[float], share: float) -> float | None:
    """Return the value below which ``share`` (0 to 1) of them lie, between two of them in proportion; None of none.

    The definition of NumPy and R: R. J. Hyndman and Y. Fan, "Sample quantiles in statistical packages" (1996), type 7.
    """
    if not values:
        return None
    ordered = sorted(values)
    position = share * (len(ordered) - 1)
    below = math.floor(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (position - below)


def median_interval(values: Sequence[float]) -> Interval | None:
    """Return the interval of the median, from two of the values; of less than six it is all of them, of none None.

    The value of rank r from either end is beyond the median with the chance of a coin: the largest r whose binomial
    tail is 2.5 % at most is taken; W. R. Thompson, "On confidence ranges for the median", Ann. Math. Statist. 7 (1936).
    """
    if not values:
        return None
    ordered, count = sorted(values), len(values)
    rank, tail = 0, 0.5**count if count < 1000 else 0.0
    if count >= 1000:  # the normal approximation: powers of a half vanish
        rank = math.floor((count - Z_95 * math.sqrt(count)) / 2)
    while 0 < tail <= 0.025:
        rank += 1
        tail += math.comb(count, rank) / 2**count
    return Interval(ordered[max(rank - 1, 0)], ordered[-max(rank, 1)])


def spread(values: Sequence[float]) -> Spread | None:
    """Return mean and standard deviation, of a sample (n − 1); of one value the deviation is 0, of none it is None."""
    if not values:
        return None
    mean = math.fsum(values) / len(values)
    if len(values) == 1:
        return Spread(mean, 0.0, 1)
    return Spread(mean, math.sqrt(math.fsum((v - mean) ** 2 for v in values) / (len(values) - 1)), len(values))


def mcnemar_exact(only_first: int, only_second: int) -> float:
    """Return how likely a difference as large as this one, or larger, is by chance: p of two sides.

    ``only_first`` and ``only_second`` count the tasks that one of two models solved and the other did not. If they
    were as good, each of these would go to either like a coin: twice the binomial tail, at most 1. Q. McNemar, "Note
    on the sampling error of the difference between correlated proportions", Psychometrika 12 (1947), in exact form.
    """
    pairs, fewer = only_first + only_second, min(only_first, only_second)
    tail = sum(math.comb(pairs, i) for i in range(fewer + 1))
    return float(min(1.0, 2 * tail / 2**pairs))
