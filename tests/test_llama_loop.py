from __future__ import annotations

import pytest

from offline_interpreter.engines.llama.loop import CYCLED_TOKENS, CYCLES, LONGEST_CYCLE, Repetition


@pytest.mark.parametrize("length", range(1, LONGEST_CYCLE + 1))
def test_a_short_cycle_runs_away_after_many_times(length: int) -> None:
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
