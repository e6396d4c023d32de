from __future__ import annotations

from collections.abc import Callable

import pytest

from offline_interpreter.engines.llama.drafts import LONGEST, LONGEST_PAUSE, STEP, Drafts

ONCE = list(range(100, 140))


def all_valid(tokens: list[int]) -> int:
    return len(tokens)


def known(*tokens: int, able: bool = True) -> Drafts:
    drafts = Drafts(able=able)
    drafts.begin(tokens)
    return drafts


def propose(
    drafts: Drafts, unread: int = 1, room: int = 100, valid: Callable[[list[int]], int] = all_valid
) -> list[int]:
    return drafts.propose(unread, room, valid)


def test_what_followed_before_is_proposed() -> None:
    assert propose(known(*ONCE, 1, 2, 3, *ONCE[:10])) == ONCE[10 : 10 + STEP - 1]


def test_nothing_is_proposed_where_nothing_was_the_same() -> None:
    assert propose(known(*ONCE)) == []


def test_the_latest_of_equal_matches_is_followed() -> None:
    assert propose(known(1, 2, 3, 7, 7, 1, 2, 3, 8, 8, 1, 2, 3))[0] == 8


def test_the_longer_of_two_matches_is_followed() -> None:
    line = ONCE[:8]
    assert propose(known(*line, 7, 7, *line[-3:], 8, 8, *line))[0] == 7


def test_what_repeats_itself_goes_on_repeating() -> None:
    drafts = known(*ONCE, *(1, 2) * 5)
    drafts.judge(3, 3)
    assert propose(drafts) == [1, 2, 1, 2, 1, 2, 1]


@pytest.mark.parametrize("unread", range(1, 12))
def test_a_batch_is_filled_to_a_multiple_of_the_step(unread: int) -> None:
    guess = propose(known(*ONCE, *ONCE[:12]), unread=unread)
    assert not guess or (unread + len(guess)) % STEP == 0


def test_no_more_is_proposed_than_there_is_room_for() -> None:
    assert len(propose(known(*ONCE, *ONCE[:12]), room=2)) == 2
    assert propose(known(*ONCE, *ONCE[:12]), room=0) == []


def test_what_the_schema_does_not_allow_is_not_proposed() -> None:
    assert propose(known(*ONCE, *ONCE[:12]), valid=lambda _: 0) == []


def test_a_guess_of_which_little_is_allowed_only_fills_its_batch() -> None:
    drafts = known(*ONCE, *ONCE[:12])
    drafts.judge(3, 3)
    assert len(propose(drafts)) == 2 * STEP - 1
    assert len(propose(drafts, valid=lambda _: 2)) == STEP - 1


def test_guesses_that_are_right_become_longer() -> None:
    drafts = known(*ONCE, *ONCE[:12])
    lengths = []
    for _ in range(4):
        lengths.append(len(propose(drafts)))
        drafts.judge(lengths[-1], lengths[-1])
    assert lengths == [3, 7, 15, LONGEST]


def test_a_guess_that_is_mostly_wrong_makes_them_short_again() -> None:
    drafts = known(*ONCE, *ONCE[:12])
    for _ in range(4):
        drafts.judge(7, 7)
    drafts.judge(15, 7)
    assert len(propose(drafts)) == STEP - 1


def test_after_wrong_guesses_it_pauses_ever_longer_up_to_a_bound() -> None:
    drafts = known(*ONCE, *ONCE[:12])
    pauses = []
    for _ in range(8):
        drafts.judge(3, 0)
        place = len(drafts.tokens)
        while not propose(drafts):
            drafts.follow([ONCE[len(drafts.tokens) % len(ONCE)]])
        pauses.append(len(drafts.tokens) - place)
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (4, LONGEST_PAUSE)


def test_a_new_prompt_forgets_what_differs() -> None:
    drafts = known(1, 2, 3, 4, 5, 6)
    drafts.begin([1, 2, 3, 9, 1, 2, 3])
    assert drafts.tokens == [1, 2, 3, 9, 1, 2, 3]
    assert propose(drafts)[0] == 9


def test_places_that_were_overwritten_are_not_followed() -> None:
    drafts = known(*ONCE, 1, 2, 3, 4)
    drafts.begin([*ONCE, 5, 6, 1, 2, 3])
    assert propose(drafts) == []


def test_a_model_that_cannot_take_back_what_it_read_is_not_given_guesses() -> None:
    assert propose(known(*ONCE, *ONCE[:12], able=False)) == []
