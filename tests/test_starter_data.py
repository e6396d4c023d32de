"""The generator of the starter's training data: what it promises, on a sample small enough for every run."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, cast

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

pytest.importorskip("pandas", reason="the extra 'data' is not installed")
pytest.importorskip("matplotlib", reason="the extra 'data' is not installed")

from starter.dialogue import Played, Situation, Task, WrongTruth, play  # noqa: E402
from starter.examples import conversation_example, step_parts  # noqa: E402
from starter.execution import Workbench  # noqa: E402
from starter.families import unknown  # noqa: E402
from starter.names import file_name, is_held_out  # noqa: E402
from starter.phrasing import ALTERNATIVES, FOLDER, SLOT, Phrases, expand, load_phrases, mistyped, say  # noqa: E402
from starter.sessions import FAMILIES, Conversation, make_situation, talk  # noqa: E402
from starter.tables import make_table  # noqa: E402

from offline_interpreter.records import Answer, Code  # noqa: E402
from offline_interpreter.steps import parse_step, write_step  # noqa: E402

if TYPE_CHECKING:
    from starter.tokenizer import Tokenizer

PER_FAMILY = 8
# Sections of what only occurs inside of a request, whose other words are kept for evaluation.
PARTS_OF_REQUESTS = ("save", "next step", "line", "pronoun", "before", "between", "up to", "below", "sorts")
# Cells leave pictures to the garbage collector, which finds them open.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")


def characters(text: str) -> int:
    return len(text)


@cache
def conversation(family: str, seed: int, held_out: bool = False) -> Conversation:
    return talk(seed, held_out=held_out, requests=2, window=2048, count=characters, family=family)


def turns(family: str) -> list[Played]:
    return [turn for seed in range(PER_FAMILY) for turn in conversation(family, seed).turns]


@pytest.mark.parametrize("family", [family for family in FAMILIES if family != "conversation"])
def test_each_family_yields_requests_of_its_own(family: str) -> None:
    assert all(conversation(family, seed).turns[0].task.family == family for seed in range(PER_FAMILY))


def test_conversation_yields_small_talk_and_requests_that_go_on() -> None:
    found = [conversation("conversation", seed).turns for seed in range(PER_FAMILY)]
    assert any(turns[0].task.family == "conversation" for turns in found)
    assert any(len(turns) > 1 and turns[1].task.family == "conversation" for turns in found)


@pytest.mark.parametrize("family", FAMILIES)
def test_same_seed_gives_same_conversation(family: str) -> None:
    again = talk(3, held_out=False, requests=2, window=2048, count=characters, family=family)
    assert [turn.messages for turn in again.turns] == [turn.messages for turn in conversation(family, 3).turns]


@pytest.mark.parametrize("family", FAMILIES)
def test_every_reply_is_a_step_and_the_last_an_answer(family: str) -> None:
    for turn in turns(family):
        steps = [parse_step(message.text) for message in turn.messages if message.role == "assistant"]
        assert all(isinstance(step, Code) for step in steps[:-1])
        assert isinstance(steps[-1], Answer)


@pytest.mark.parametrize("family", FAMILIES)
def test_replies_and_what_they_reply_to_alternate(family: str) -> None:
    for seed in range(PER_FAMILY):
        roles = [message.role for turn in conversation(family, seed).turns for message in turn.messages]
        assert all((role == "assistant") == (index % 2 == 1) for index, role in enumerate(roles))


@pytest.mark.parametrize("family", FAMILIES)
def test_figures_of_answers_come_from_an_output(family: str) -> None:
    for turn in turns(family):
        printed = "".join(message.text for message in turn.messages if message.role == "observation")
        assert all(figure in printed for figure in turn.figures)


@pytest.mark.parametrize("family", ["dates and units"])
def test_calculations_answer_with_a_figure(family: str) -> None:
    assert all(conversation(family, seed).turns[0].figures for seed in range(PER_FAMILY))


def test_unknown_requests_run_nothing_and_name_the_way_to_larger_models() -> None:
    for seed in range(PER_FAMILY):
        turn = conversation("honesty", seed).turns[0]
        assert turn.task.unknown
        assert not turn.task.cells
    assert "offline-interpreter models list" in unknown.ANSWER


class Letters:
    """A tokenizer of one token a character, in place of llama.cpp's."""

    def encode(self, text: str) -> list[int]:
        return [1000 + ord(letter) for letter in text]

    def count(self, text: str) -> int:
        return len(text)


def with_slips(count: int) -> Played:
    found = (conversation("repair", seed).turns[0] for seed in range(200))
    return next(turn for turn in found if turn.task.slips == count)


@pytest.mark.parametrize("count", [1, 2])
def test_nothing_is_learned_from_a_slip_and_all_from_what_follows(count: int) -> None:
    turn = with_slips(count)
    example = conversation_example(Random(0), cast("Tokenizer", Letters()), [turn])
    learned = [token - 1000 for token, weight in zip(example.tokens, example.weights, strict=True) if weight >= 1]
    steps = [message for message in turn.messages if message.role == "assistant"]
    parts = [text for step in steps[count:] for text, forced in step_parts(parse_step(step.text)) if not forced]
    assert "".join(map(chr, learned)) == "".join(parts)


def test_after_a_slip_the_cell_is_written_anew_and_after_two_the_error_is_told() -> None:
    once, twice = with_slips(1), with_slips(2)
    assert all("\nCell " in turn.messages[2].text for turn in (once, twice))
    assert once.messages[3].text.startswith('{"action": "code", "message": "That cell failed.')
    assert "\nCell " not in once.messages[4].text
    answer = parse_step(twice.answer)
    assert isinstance(answer, Answer)
    error = answer.message.removeprefix("It failed twice. The last error was: ")
    assert error != answer.message
    assert error in twice.messages[4].text.splitlines()


def test_evaluation_makes_no_slips_for_the_model() -> None:
    assert not any(conversation("repair", seed, held_out=True).turns[0].task.slips for seed in range(40))


def test_wrong_output_is_refused(tmp_path: Path) -> None:
    task = Task("arithmetic", "1 + 1", [Code("", "print(3)")], lambda _: "", agrees=lambda outputs: outputs[0] == "2\n")
    situation = make_situation(Random(0), held_out=False, table=False)
    with pytest.raises(WrongTruth):
        play(task, situation, Workbench(tmp_path), first=True, window=400, count=characters)


def test_created_files_are_observed(tmp_path: Path) -> None:
    ran = Workbench(tmp_path).run("from pathlib import Path\nPath('made.txt').touch()")
    assert [(artifact.path, artifact.change) for artifact in ran.observed.artifacts] == [("made.txt", "created")]


def test_errors_are_worded_as_the_kernel_words_them(tmp_path: Path) -> None:
    bench = Workbench(tmp_path)
    bench.run("x = 1")
    ran = bench.run("x\nprint(y)")
    assert ran.result.status == "error"
    assert ran.observed.error == "Cell 2, line 2\n    print(y)\nNameError: name 'y' is not defined"


def test_parts_of_a_step_make_the_step() -> None:
    step = Code('say "x"', 'print("a\\n")\n')
    parts = step_parts(step)
    assert "".join(text for text, _ in parts) == write_step(step)
    assert json.loads("".join(text for text, _ in parts))["code"] == step.code
    assert next(text for text, forced in parts if not forced) == "code"


# -- what is kept for evaluation ------------------------------------------------------------------------------------


def all_phrases() -> list[tuple[str, str, Phrases]]:
    files = sorted(FOLDER.glob("*.txt"))
    return [(file.stem, name, phrases) for file in files for name, phrases in load_phrases(file.stem).items()]


def wordings(patterns: Sequence[str]) -> set[str]:
    """Return all that patterns can become: their alternatives chosen in every way, compared by their words."""
    texts, waiting = set(), [pattern[1:].partition(" => ")[0] for pattern in patterns]
    while waiting:
        text = waiting.pop()
        if match := ALTERNATIVES.search(text):
            waiting += [text[: match.start()] + choice + text[match.end() :] for choice in match[1].split("|")]
        else:
            texts.add(" ".join(text.lower().rstrip(".?!").split()))
    return texts


def test_no_wording_is_both_trained_and_held_out() -> None:
    for family, section, phrases in all_phrases():
        if phrases.held_out is not phrases.train:
            assert not wordings(phrases.train) & wordings(phrases.held_out), (family, section)


def test_main_sections_keep_patterns_for_evaluation() -> None:
    for family, section, phrases in all_phrases():
        if phrases.train[0][0] in "!?." and section not in PARTS_OF_REQUESTS:
            assert phrases.held_out is not phrases.train, (family, section)


def test_training_never_draws_a_held_out_pattern() -> None:
    phrases = Phrases(["a"], ["b"])
    assert {phrases.pick(Random(seed), held_out=False) for seed in range(20)} == {"a"}
    assert {phrases.pick(Random(seed), held_out=True) for seed in range(20)} == {"b"}


@pytest.mark.parametrize("held_out", [False, True])
def test_names_of_tables_are_of_the_wanted_side(held_out: bool) -> None:
    rng = Random(5)
    stems = {file_name(rng, held_out).split(".")[0] for _ in range(50)}
    assert len(stems) > 20
    plain = [stem for stem in stems if stem.isalpha() and stem.islower()]
    assert plain
    assert all(is_held_out(stem) == held_out for stem in plain)


def test_tables_have_a_column_of_numbers_and_one_of_groups() -> None:
    for seed in range(30):
        table = make_table(Random(seed), held_out=False)
        assert table.numeric
        assert table.groups
        assert {*table.numeric, *table.groups, *table.times, *table.labels} == set(table.columns)


# -- phrasings ----------------------------------------------------------------------------------------------------


def test_all_slots_of_patterns_are_closed() -> None:
    for family, section, phrases in all_phrases():
        for pattern in (*phrases.train, *phrases.held_out):
            text = expand(Random(0), pattern)
            assert "[" not in text, (family, section, pattern)
            assert not re.search(r"<\w|\w>", SLOT.sub("", text)), (family, section, pattern)


def test_noise_never_touches_what_fills_a_slot() -> None:
    for seed in range(300):
        assert "Qx_7.csv" in say(Random(seed), "?how many rows does <f> have", {"f": "Qx_7.csv"})


def test_alternatives_nest() -> None:
    assert {expand(Random(seed), "a [b|c [d|e]]") for seed in range(40)} == {"a b", "a c d", "a c e"}


def test_typing_error_changes_one_word_outside_of_slots() -> None:
    changed = mistyped(Random(1), "what is <amount> squared")
    assert changed != "what is <amount> squared"
    assert "<amount>" in changed


def test_short_text_gets_no_typing_error() -> None:
    assert mistyped(Random(1), "3 + 4") == "3 + 4"


def test_situation_lists_its_tables_among_its_files() -> None:
    situation: Situation = make_situation(Random(2), held_out=False, table=True)
    assert {table.file for table in situation.tables} <= set(situation.files)
    assert situation.files == sorted(situation.files)
