from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from bench_samples import HOST, SAMPLES, add_record, record_of, write_run

from offline_interpreter.bench.compare import compare, comparison_lines, pair, verdict
from offline_interpreter.bench.records import Record, Status
from offline_interpreter.errors import UsageError


def records(outcomes: str, repeat: int = 0) -> list[Record]:
    """Make an attempt of each letter: s solved, f failed, t timeout, e error, n not run."""
    names: dict[str, Status] = {"s": "solved", "f": "failed", "t": "timeout", "e": "error", "n": "not_run"}
    made = [record_of(SAMPLES[0], number, repeat, Random(0)) for number in range(len(outcomes))]
    return [replace(each, status=names[letter]) for each, letter in zip(made, outcomes, strict=True)]


def test_tasks_are_won_and_lost_by_whoever_solved_them() -> None:
    paired = pair(records("ssffte"), records("sfsfss"))
    assert (len(paired.won), len(paired.lost), paired.same) == (3, 1, 2)
    assert paired.first.solved == 2
    assert paired.second.solved == 4


def test_what_one_side_did_not_try_is_not_compared() -> None:
    paired = pair(records("ssn"), records("snsss"))
    assert paired.attempts == 1
    assert (paired.won, paired.lost) == ((), ())


def test_repeats_are_paired_one_by_one_and_a_task_counts_once() -> None:
    first = [*records("ss", 0), *records("sf", 1), *records("ff", 2)]
    second = [*records("sf", 0), *records("sf", 1), *records("sf", 2), *records("ff", 3)]
    paired = pair(first, second)
    assert paired.attempts == 6
    assert (len(paired.won), len(paired.lost)) == (1, 1)


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        ("sf" * 10, "sf" * 10, "the same of 20 tasks"),
        ("f" * 4 + "s" * 20, "s" * 24, "too few to tell from chance"),
        ("f" * 10 + "s" * 8 + "f" * 6, "s" * 10 + "f" * 8 + "s" * 6, "wins 16 and loses 8 of 24 tasks"),
        ("f" * 10 + "s" * 8 + "f" * 6, "s" * 10 + "f" * 8 + "s" * 6, "no more than chance"),
        ("f" * 12 + "s" * 10, "s" * 22, "B solves more than A, and it is not chance"),
        ("s" * 22, "f" * 12 + "s" * 10, "A solves more than B, and it is not chance"),
        ("n", "s", "No task was tried in both"),
    ],
)
def test_a_difference_is_judged_against_chance(first: str, second: str, said: str) -> None:
    assert said in verdict("A", "B", pair(records(first), records(second)))


def two_runs(tmp_path: Path, first: Sequence[str], second: Sequence[str]) -> tuple[Path, Path]:
    folders = tmp_path / "a", tmp_path / "b"
    for folder, names in zip(folders, (first, second), strict=True):
        models = [replace(SAMPLES[0], name=name) for name in names]
        write_run(folder, models, tasks=24, transcripts=False)
    return folders


def test_the_same_models_of_two_runs_are_compared(tmp_path: Path) -> None:
    pairs = compare(*two_runs(tmp_path, ["one", "two"], ["three", "two", "one"]))
    assert [(each.first, each.second) for each in pairs] == [("one", "one"), ("two", "two")]
    assert all(each.paired.p == 1.0 and not each.changed for each in pairs)


def test_a_model_of_the_same_name_is_compared_though_its_file_changed(tmp_path: Path) -> None:
    a, b = two_runs(tmp_path, ["one"], ["other"])
    add_record(b, replace(record_of(SAMPLES[0], 1, 0, Random(0)), model="one", sha256="f" * 64, status="failed"))
    (found,) = compare(a, b)
    assert found.second == "one"
    assert found.changed[0].endswith("→ ffffffffffff")


def test_runs_of_one_model_each_are_compared_whatever_they_are(tmp_path: Path) -> None:
    (found,) = compare(*two_runs(tmp_path, ["one"], ["two"]))
    assert (found.first, found.second) == ("one", "two")


def test_runs_without_a_common_model_are_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no model in common: they hold one, two and five, four, three"):
        compare(*two_runs(tmp_path, ["one", "two"], ["three", "four", "five"]))


def test_a_folder_without_a_run_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"There is no run in .*nothing"):
        compare(write_run(tmp_path / "a", tasks=1), tmp_path / "nothing")


def test_the_text_says_what_else_changed_and_what_was_not_paired(tmp_path: Path) -> None:
    a = write_run(tmp_path / "a", SAMPLES[:1], tasks=24, transcripts=False)
    other = replace(HOST, id="env-2", settings={**HOST.settings, "protocol": "fenced"})
    b = write_run(tmp_path / "b", SAMPLES[:1], tasks=40, transcripts=False, seed=1, environment=other)
    text = "\n".join(comparison_lines(compare(a, b)))
    assert text.startswith("qwen2.5-coder-7b, core\n  the first run: ")
    assert "15 attempts were made on one side only" in text
    assert "protocol: json → fenced" in text
    assert "charts-0" in text
