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


def first(request: str, files: list[str], window_tokens: int = 8192) -> str:
    room = prompt.request_room(window_tokens, count)
    return prompt.first_user_text(request, today=date(2026, 11, 21), files=files, room=room)


def test_first_request_carries_date_and_files() -> None:
    assert first("Sum it.", ["a.csv", "b.csv"]) == "Today: 2026-11-21 (Saturday)\nFiles: a.csv, b.csv\n\nSum it."
    assert first("Sum it.", []) == "Today: 2026-11-21 (Saturday)\nFiles: none\n\nSum it."


def test_long_list_of_files_is_cut_and_counted() -> None:
    assert "28.csv, 29.csv and 70 more\n" in first("x", [f"{n:02}.csv" for n in range(100)])


def test_files_that_a_request_names_are_listed_first_but_in_their_order() -> None:
    files = [f"{n:02}.csv" for n in range(100)]
    assert "00.csv" in first("x", files)
    assert "28.csv, 75.csv and 70 more\n" in first("How many rows has 75.csv?", files)
    assert "28.csv, 75.CSV and 70 more\n" in first("rows of 75", [name.replace("75.csv", "75.CSV") for name in files])


def test_names_of_files_take_little_of_a_small_window() -> None:
    short, long = [f"{n:02}.csv" for n in range(9)], [f"below/{n:09}.csv" for n in range(9)]
    assert first("x", [*short, *long], 1000).split("\n")[1] == (
        "Files: 00.csv, 01.csv, 02.csv, 03.csv, 04.csv, 05.csv, 06.csv, 07.csv, 08.csv, below/000000000.csv,"
        " below/000000001.csv and 7 more"
    )
    assert "Files: a.csv and 1 more\n" in first("x", ["a.csv", "b" * 60], 1000)
    assert "Files: 2, with long names\n" in first("x", ["a" * 60, "b" * 60], 1000)


def test_later_request_names_what_the_person_changed() -> None:
    room = prompt.request_room(1000, count)
    assert prompt.user_text("Go on.", room=room) == "Go on."
    text = prompt.user_text("Go on.", [Artifact("new.csv", "created", 3)], ["Variables are lost."], room=room)
    assert text == "Variables are lost.\nFiles created: new.csv\n\nGo on."
    many = [Artifact(f"{n:02}.csv", "deleted", 0) for n in range(50)]
    assert prompt.user_text("x", many, room=room) == (
        "Files deleted: 00.csv, 01.csv, 02.csv, 03.csv, 04.csv and 45 more\n\nx"
    )


@given(st.lists(st.text(min_size=1, max_size=200), max_size=60, unique=True), st.integers(100, 20_000))
def test_names_of_files_have_the_room_that_they_are_given(names: list[str], window_tokens: int) -> None:
    room = prompt.request_room(window_tokens, count)
    text = room.listing(names)
    assert count(text) <= room.tokens + len(", with long names")
    assert (text == "none") == (not names)


def test_observation_of_output_files_and_figures() -> None:
    observed = Observed(
        text="17797\n",
        figures=("f.png",),
        artifacts=(Artifact("a.png", "created", 1), Artifact("b.csv", "modified", 1), Artifact("c", "deleted", 0)),
    )
    assert observe(observed) == (
        "Output:\n17797\nFiles created: a.png\nFiles modified: b.csv\nFiles deleted: c\nFigures shown: 1"
    )


def test_observation_of_many_files_keeps_to_its_budget() -> None:
    made = tuple(Artifact(f"{n:032x}.dat", "created", 1) for n in range(90))
    assert count(observe(Observed(artifacts=made), budget=500)) <= 250
    assert "and 78 more" in observe(Observed(artifacts=made), budget=500)


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
