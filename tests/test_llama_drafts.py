from __future__ import annotations

from collections.abc import Callable

import pytest

from offline_interpreter.engines.llama.drafts import (
    BATCH_STEP,
    MATCHES,
    MOST_GUESSED,
    QUICK_COST,
    QUICK_TYPES,
    USUAL_COST,
    Drafts,
    cost_on_cpu,
)
from offline_interpreter.models.gguf import TENSOR_TYPES, Tensor

ONCE = list(range(100, 140))
LONG = max(MATCHES)


def all_valid(tokens: list[int]) -> int:
    return len(tokens)


def known(*tokens: int, cost: float | None = 0.1) -> Drafts:
    """Return what knows ``tokens`` as if all of them were a reply."""
    drafts = Drafts(cost=cost)
    drafts.begin(tokens)
    drafts._start = 0
    return drafts


def propose(
    drafts: Drafts, unread: int = 1, room: int = 100, valid: Callable[[list[int]], int] = all_valid
) -> list[int]:
    return drafts.propose(unread, room, valid)


def test_what_followed_before_is_proposed() -> None:
    guess = propose(known(*ONCE, 1, 2, 3, *ONCE[:LONG]))
    assert guess
    assert guess == ONCE[LONG : LONG + len(guess)]


def test_nothing_is_proposed_where_nothing_was_the_same() -> None:
    assert propose(known(*ONCE)) == []


def test_the_latest_of_equal_matches_is_followed() -> None:
    line = ONCE[:LONG]
    assert propose(known(*line, 7, 7, *line, 8, 8, *line))[0] == 8


def test_the_longer_of_two_matches_is_followed() -> None:
    line = ONCE[:LONG]
    assert propose(known(*line, 7, 7, *line[-3:], 8, 8, *line))[0] == 7


def test_what_repeats_itself_goes_on_repeating() -> None:
    guess = propose(known(*ONCE, *(1, 2) * LONG))
    assert guess == [(1, 2)[index % 2] for index in range(len(guess))]
    assert len(guess) > 2


@pytest.mark.parametrize("room", [0, 1, 2])
def test_no_more_is_proposed_than_there_is_room_for(room: int) -> None:
    assert len(propose(known(*ONCE, *ONCE[:LONG]), room=room)) == room


@pytest.mark.parametrize("allowed", [0, 1, 2])
def test_what_the_schema_does_not_allow_is_not_proposed(allowed: int) -> None:
    assert len(propose(known(*ONCE, *ONCE[:LONG]), valid=lambda _: allowed)) == allowed


@pytest.mark.parametrize("unread", range(1, 9))
def test_a_guess_fills_a_batch_of_fours(unread: int) -> None:
    length = len(propose(known(*ONCE, *ONCE[:LONG]), unread=unread))
    assert 0 < length <= MOST_GUESSED
    assert (unread + length) % BATCH_STEP == 0


TYPES = {stored.name: stored for stored in TENSOR_TYPES.values()}


def tensor(stored: str, size_bytes: int) -> Tensor:
    return Tensor("t", (size_bytes,), TYPES[stored], 0, size_bytes)


def test_what_a_token_more_costs_depends_on_how_weights_are_stored() -> None:
    assert cost_on_cpu([tensor("q4_0", 100)]) == pytest.approx(QUICK_COST)
    assert cost_on_cpu([tensor("q4_1", 100)]) == pytest.approx(USUAL_COST)
    assert cost_on_cpu([tensor("q4_K", 300), tensor("q6_K", 100)]) == pytest.approx(
        QUICK_COST * 0.75 + USUAL_COST * 0.25
    )
    assert TYPES.keys() >= QUICK_TYPES


def lengths_of(drafts: Drafts) -> int:
    return len(propose(drafts))


def test_the_cheaper_a_token_is_the_more_are_guessed() -> None:
    lengths = [lengths_of(known(*ONCE, *ONCE[:LONG], cost=cost)) for cost in (0.0, 0.3, 0.5, 0.9)]
    assert lengths == sorted(lengths, reverse=True)
    assert (lengths[0], lengths[-1]) == (MOST_GUESSED, 0)


def test_a_long_match_is_trusted_sooner_than_a_short_one() -> None:
    long, short = known(*ONCE, 1, 2, *ONCE[:LONG], cost=0.5), known(*ONCE, 1, 2, *ONCE[:3], cost=0.5)
    assert lengths_of(long) > lengths_of(short) == 0


def test_guesses_that_would_have_been_right_make_longer_ones() -> None:
    drafts = known(*ONCE * 3, 1, 2, *ONCE[:LONG], cost=0.4)
    before = lengths_of(drafts)
    drafts.follow(ONCE[LONG : LONG + 20])
    assert lengths_of(drafts) > before > 0


def test_guesses_that_would_have_been_wrong_make_an_end() -> None:
    drafts = known(*ONCE, 1, *ONCE[:3], cost=0.1)
    assert lengths_of(drafts) > 0
    for index in range(40):
        drafts.follow([200 + index, *ONCE[:3]])
    assert lengths_of(drafts) == 0


def test_a_new_reply_begins_without_prejudice() -> None:
    drafts = known(*ONCE, 1, *ONCE[:3], cost=0.1)
    for index in range(40):
        drafts.follow([200 + index, *ONCE[:3]])
    drafts.begin([*drafts.tokens])
    drafts.follow([1, *ONCE[:3]])
    assert lengths_of(drafts) > 0


def test_a_new_prompt_forgets_what_differs() -> None:
    drafts = known(1, 2, 3, 4, 5, 6)
    drafts.begin([1, 2, 3, 9])
    drafts.follow([1, 2, 3])
    assert drafts.tokens == [1, 2, 3, 9, 1, 2, 3]
    assert propose(drafts)[0] == 9


def test_places_that_were_overwritten_are_not_followed() -> None:
    drafts = known(*ONCE, 1, 2, 3, 4)
    drafts.begin([*ONCE, 5, 6])
    drafts.follow([1, 2, 3])
    assert propose(drafts) == []


def test_what_was_taken_back_leaves_what_it_hid() -> None:
    prompt = [*ONCE, 1, 2, 3]
    drafts = known(*prompt)
    drafts.follow([*ONCE[:LONG], 7, 7])  # a reply that is written anew: the place in the prompt is the latest again
    drafts.begin(prompt)
    drafts.follow(ONCE[:LONG])
    assert propose(drafts)[0] == ONCE[LONG]


def test_a_model_that_cannot_take_back_what_it_read_is_not_given_guesses() -> None:
    assert propose(known(*ONCE, *ONCE[:LONG], cost=None)) == []


def test_a_field_begins_without_a_guess() -> None:
    drafts = Drafts(cost=0.1)
    drafts.begin([*ONCE, *ONCE])  # the frame of a step, and what stood in it the last time
    drafts.follow(ONCE[:LONG], forced=LONG)
    assert propose(drafts) == []
    drafts.follow(ONCE[LONG : LONG + 3])
    assert propose(drafts)[0] == ONCE[LONG + 3]


def test_what_is_forced_teaches_nothing() -> None:
    drafts, other = known(*ONCE, 1, *ONCE[:3]), known(*ONCE, 1, *ONCE[:3])
    drafts.follow(ONCE[3:30], forced=27)
    other.follow(ONCE[3:30])
    assert drafts.tokens == other.tokens
    assert drafts._right == MATCHES != other._right
