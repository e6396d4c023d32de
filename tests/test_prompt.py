"""What the model reads, and what is trimmed."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from offline_interpreter import prompt
from offline_interpreter.prompt import Observed, observation_text
from offline_interpreter.records import Artifact, CellResult, Message

OK = CellResult("ok", 0.1)


def count(text: str) -> int:
    return -(-len(text) // 4)


def observe(observed: Observed, result: CellResult = OK, budget: int = 200) -> str:
    return observation_text(observed, result, budget=budget, count=count)


def test_system_prompt_depends_on_packages_and_instructions_alone() -> None:
    first = prompt.system_prompt(["pandas", "Numpy"], "Speak German.")
    assert first == prompt.system_prompt(["Numpy", "pandas"], " Speak German.\n")
    assert "Installed packages: Numpy, pandas." in first
    assert first.endswith("Speak German.")


def test_first_request_carries_date_and_files() -> None:
    text = prompt.first_user_text("Sum it.", today=date(2026, 11, 21), files=["a.csv", "b.csv"])
    assert text == "Today: 2026-11-21 (Saturday)\nFiles: a.csv, b.csv\n\nSum it."


def test_long_list_of_files_is_cut_and_counted() -> None:
    text = prompt.first_user_text("x", today=date(2026, 1, 1), files=[f"{n}.csv" for n in range(100)])
    assert "29.csv and 70 more" in text


def test_later_request_names_what_the_person_changed() -> None:
    assert prompt.user_text("Go on.") == "Go on."
    text = prompt.user_text("Go on.", [Artifact("new.csv", "created", 3)])
    assert text == "Files created: new.csv\n\nGo on."


def test_observation_of_output_files_and_figures() -> None:
    observed = Observed(
        text="17797\n",
        figures=("f.png",),
        artifacts=(Artifact("a.png", "created", 1), Artifact("b.csv", "modified", 1), Artifact("c", "deleted", 0)),
    )
    assert observe(observed) == (
        "Output:\n17797\nFiles created: a.png\nFiles modified: b.csv\nFiles deleted: c\nFigures shown: 1"
    )


def test_observation_of_silence_says_so() -> None:
    assert observe(Observed()) == "The cell ran and printed nothing."


def test_observation_of_error_and_lost_state() -> None:
    text = observe(Observed(text="1\n", error="KeyError: 'x'"), CellResult("died", 2.0, state_lost=True))
    assert text == (
        "Output:\n1\nError:\nKeyError: 'x'\nThe interpreter died while the cell ran.\nVariables are lost; files remain."
    )


def test_edited_code_stands_before_its_output() -> None:
    text = observe(Observed(text="2", ran_instead="print(2)"))
    assert text == "The person changed the code; this ran instead:\nprint(2)\nOutput:\n2"


@given(st.integers(0, 5000), st.integers(20, 500))
def test_long_output_keeps_head_and_tail_within_its_budget(length: int, budget: int) -> None:
    output = "".join(chr(97 + n % 26) for n in range(length))
    text = observe(Observed(text=output, path="out.txt"), budget=budget)
    assert count(text) <= budget + 40
    if count(output) <= budget:
        assert output in text
    else:
        assert text.startswith("Output:\n" + output[:10])
        assert text.endswith(output[-10:])
        assert "characters left out; all of it is in out.txt" in text


def test_output_that_was_cut_before_counts_all_that_is_missing() -> None:
    text = observe(Observed(text="H" * 500 + "T" * 500, cut_at=500, omitted_chars=9_000), budget=50)
    shown = text.count("H") + text.count("T")
    assert 0 < shown < 1_000
    assert f"{9_000 + 1_000 - shown} characters left out" in text


def conversation(turns: int, chars: int = 400) -> list[Message]:
    turn = [Message("user", "u" * chars), Message("assistant", "a" * chars)]
    return [Message("system", "s" * 40), *(turn * turns)]


def test_history_that_fits_is_left_alone() -> None:
    messages = conversation(3)
    assert prompt.fit(messages, window_tokens=10_000, count=count) == messages


def test_oldest_turns_go_until_half_of_the_window_is_used() -> None:
    messages = [*conversation(10), Message("user", "now")]
    kept = prompt.fit(messages, window_tokens=2_000, count=count)
    assert kept[0] == messages[0]
    assert kept[1].role == "user"
    assert kept[-1] == Message("user", "now")
    used = sum(count(message.text) + prompt.MESSAGE_OVERHEAD_TOKENS for message in kept)
    assert 600 < used <= 1_000


def test_running_turn_keeps_its_request_and_last_observation() -> None:
    turn = [Message("user", "request")]
    for number in range(6):
        turn += [Message("assistant", f"step {number}"), Message("observation", f"{number}" * 1_000)]
    kept = prompt.fit([Message("system", "s"), *turn], window_tokens=1_000, count=count)
    assert [message.role for message in kept] == ["system", *(message.role for message in turn)]
    assert kept[-1] == turn[-1]
    assert "left out" in kept[3].text
    assert sum(count(message.text) + prompt.MESSAGE_OVERHEAD_TOKENS for message in kept) <= 900
