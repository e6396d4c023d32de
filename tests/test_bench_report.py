from __future__ import annotations

import csv
import json
import os
import re
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from bench_samples import HOST, PIXEL, SAMPLES, Sample, add_record, record_of, unloadable, write_run, write_transcript

from offline_interpreter.bench.attempts import MOST_CHARS, MOST_ENTRIES, MOST_FIGURE_BYTES, read_attempt
from offline_interpreter.bench.choice import advice, cautions, choices
from offline_interpreter.bench.page_data import page_data
from offline_interpreter.bench.records import Record, Tokens
from offline_interpreter.bench.report import load_summary, write_report
from offline_interpreter.bench.statistics import pass_at_k, wilson
from offline_interpreter.bench.summary import Row, summarize
from offline_interpreter.errors import UsageError

BIG, SMALL = Sample("big-7b", 0.8, 0.1, 4_000_000_000), Sample("small-1b", 0.8, 0.01, 800_000_000)


def made(number: int = 0, **changes: object) -> Record:
    plain = replace(record_of(BIG, number, 0, Random(number)), status="solved", first_try=True, repairs=0, reason="")
    return replace(plain, **changes)  # type: ignore[arg-type]


def row_of(records: list[Record]) -> Row:
    (row,) = summarize(records, {HOST.id: HOST}).rows
    return row


# -- quality ----------------------------------------------------------------------------------------------------------


def test_what_is_not_run_counts_neither_as_tried_nor_as_failed() -> None:
    row = row_of([made(1), made(2, status="failed"), made(3, status="not_run"), made(4, status="timeout")])
    assert (row.quality.share.solved, row.quality.share.tried, row.quality.tasks) == (1, 3, 3)
    assert (row.quality.not_run, row.quality.timeouts, row.quality.failed) == (1, 1, 1)
    assert row.quality.share.interval == wilson(1, 3)


def test_an_attempt_that_broke_is_not_solved() -> None:
    row = row_of([made(1), made(2, status="error")])
    assert (row.quality.share.value, row.quality.errors) == (0.5, 1)
    assert any("counted as not solved: 1 attempt." in line for line in cautions([row]))


def test_first_try_and_repair_are_told_apart() -> None:
    row = row_of([made(1), made(2, first_try=False, repairs=2), made(3, status="failed", first_try=False, repairs=1)])
    assert (row.quality.first_try, row.quality.after_repair, row.quality.mean_repairs) == (1, 1, 1.0)


def test_pass_at_k_averages_over_tasks() -> None:
    outcomes = [("solved", "failed", "failed"), ("failed",) * 3, ("solved",) * 3]
    records = [
        made(number, status=status, repeat=repeat)
        for number, task in enumerate(outcomes)
        for repeat, status in enumerate(task)
    ]
    quality = row_of(records).quality
    assert quality.pass_1 == pytest.approx((1 / 3 + 0 + 1) / 3)
    assert (quality.k, quality.pass_k) == (3, pytest.approx((pass_at_k(3, 1, 3) + 0 + 1) / 3))


def test_an_unfinished_repeat_does_not_count_for_pass_at_k() -> None:
    quality = row_of([made(1, repeat=0, status="failed"), made(1, repeat=1), made(2, repeat=0)]).quality
    assert (quality.k, quality.pass_k, quality.pass_k_tasks) == (2, 1.0, 1)


# -- speed ------------------------------------------------------------------------------------------------------------


def test_rates_are_means_over_attempts_and_leave_out_what_was_known() -> None:
    tokens = [Tokens(prompt=900, cached=800, generated=40, prompt_s=2.0, generation_s=4.0)]
    tokens.append(Tokens(prompt=900, cached=700, generated=40, prompt_s=2.0, generation_s=2.0))
    tokens.append(Tokens(prompt=900, cached=900, generated=0))
    speed = row_of([made(number, tokens=each) for number, each in enumerate(tokens)]).speed
    assert speed is not None
    assert speed.prompt_per_s is not None
    assert speed.generation_per_s is not None
    assert (speed.prompt_per_s.mean, speed.prompt_per_s.count) == (75.0, 2)
    assert (speed.generation_per_s.mean, speed.generation_per_s.sd) == (15.0, pytest.approx(50**0.5))


def test_what_ran_beside_others_has_quality_and_no_speed() -> None:
    row = row_of([made(1, parallel=4, answer_s=99.0), made(2, answer_s=2.0)])
    assert row.speed is not None
    assert (row.speed.attempts, row.speed.left_out, row.speed.answer_p95_s) == (1, 1, 2.0)
    assert row.quality.share.tried == 2
    assert row_of([made(1, parallel=4)]).speed is None


def test_threads_are_not_mixed_in_a_figure_of_speed() -> None:
    row = row_of([made(1, threads=8, answer_s=1.0), made(2, threads=8, answer_s=1.0), made(3, threads=1, answer_s=9.0)])
    assert row.speed is not None
    assert (row.speed.answer_p95_s, row.speed.left_out) == (1.0, 1)


def test_machines_are_never_mixed() -> None:
    other = replace(HOST, id="env-2", host="server")
    records = [made(1, answer_s=1.0), made(1, environment="env-2", answer_s=5.0)]
    summary = summarize(records, {HOST.id: HOST, other.id: other})
    assert [(group.host, len(group.rows)) for group in summary.groups] == [("bench-desk", 1), ("server", 1)]
    assert [row.speed.answer_p50_s for row in summary.rows if row.speed] == [1.0, 5.0]


def test_a_busy_machine_is_pointed_out() -> None:
    assert any("busy" in line for line in cautions([row_of([made(1, host_load=14.0)])]))
    assert not any("busy" in line for line in cautions([row_of([made(1, host_load=8.1)])]))


# -- rows -------------------------------------------------------------------------------------------------------------


def test_a_folder_that_is_given_twice_counts_once(tmp_path: Path) -> None:
    write_run(tmp_path, SAMPLES[:2], tasks=10, transcripts=False)
    once, twice = load_summary([tmp_path]), load_summary([tmp_path, tmp_path])
    assert twice.rows == once.rows
    assert (once.duplicates, twice.duplicates) == (0, 20)


def test_settings_that_change_answers_make_rows_of_their_own_and_say_so() -> None:
    other = replace(HOST, id="env-2", settings={**HOST.settings, "protocol": "fenced"})
    summary = summarize([made(1), made(1, environment="env-2")], {HOST.id: HOST, other.id: other})
    assert {row.label for row in summary.rows} == {"big-7b · protocol json", "big-7b · protocol fenced"}


def test_another_suite_of_the_same_run_does_not_part_a_row() -> None:
    one = replace(HOST, settings={**HOST.settings, "suite core": "digest", "threads": "None"})
    both = replace(HOST, id="env-2", settings={**one.settings, "suite humaneval": "other", "threads": "4"})
    summary = summarize([made(1), made(2, environment="env-2")], {one.id: one, both.id: both})
    assert [(row.label, row.quality.tasks) for row in summary.rows] == [("big-7b", 2)]


def test_a_suite_that_changed_makes_rows_of_their_own() -> None:
    one = replace(HOST, settings={**HOST.settings, "suite core": "first"})
    other = replace(HOST, id="env-2", settings={**HOST.settings, "suite core": "second"})
    summary = summarize([made(1), made(2, environment="env-2")], {one.id: one, other.id: other})
    assert {row.label for row in summary.rows} == {"big-7b · suite core first", "big-7b · suite core second"}


def test_a_file_is_one_model_whatever_it_is_called() -> None:
    row = row_of([made(1), made(2, model="the same file")])
    assert (row.label, row.quality.tasks) == ("big-7b", 2)


def test_short_names_tell_models_apart() -> None:
    names = ("Qwen-7B-Instruct-Q4_K_M", "Qwen-7B-Instruct-Q8_0", "SmolLM2-135M-Instruct-Q8_0")
    kinds = ("Q4_K_M", "Q8_0", "Q8_0")
    records = [made(1, model=n, sha256=n, quantization=q) for n, q in zip(names, kinds, strict=True)]
    shorts = {row.short for row in summarize(records, {HOST.id: HOST}).rows}
    assert shorts == {"Qwen-7B-Instruct-Q4_K_M", "Qwen-7B-Instruct-Q8_0", "SmolLM2-135M"}


# -- advice -----------------------------------------------------------------------------------------------------------


def rows_of(*outcomes: tuple[Sample, str], answer_s: float = 0.0) -> list[Row]:
    letters = {"s": "solved", "f": "failed"}
    records = [
        replace(record_of(sample, number, 0, Random(number)), status=letters[letter], answer_s=100 * sample.token_s)
        for sample, text in outcomes
        for number, letter in enumerate(text)
    ]
    return list(summarize(records, {HOST.id: HOST}).rows)


def test_the_best_model_is_advised() -> None:
    found = advice(rows_of((BIG, "s" * 27 + "f" * 3), (SMALL, "s" * 9 + "f" * 21)))
    assert found.what == "Run big-7b."
    assert found.why.startswith("It solved 90 % (74–97) of 30 tasks, more than any other.")
    assert "chance" not in found.why


def test_a_quicker_model_that_chance_cannot_tell_from_the_best_is_advised() -> None:
    found = advice(rows_of((BIG, "s" * 27 + "f" * 3), (SMALL, "s" * 26 + "f" * 4)))
    assert found.what == "Run small-1b."
    assert (
        "big-7b solved 90 %, which may be chance, and half of its answers took over 10.0 s instead of 1.0 s"
        in found.why
    )


def test_a_quicker_model_that_solves_much_less_is_not_advised_though_it_may_be_chance() -> None:
    found = advice(rows_of((BIG, "s" * 15 + "f" * 9), (SMALL, "s" * 12 + "f" * 12)))
    assert (found.what, "which may be chance" in found.why) == ("Run big-7b.", True)


def test_a_few_tasks_are_too_few_to_choose_by() -> None:
    assert advice(rows_of((BIG, "ssss"), (SMALL, "ffff"))).what == "Too few tasks to choose by."


def test_where_nothing_is_solved_nothing_is_advised() -> None:
    rows = rows_of((BIG, "f" * 30), (SMALL, "f" * 30))
    assert advice(rows).what == "No model solved a task."
    assert choices(rows) == []


def test_solutions_that_a_suite_brings_are_no_models() -> None:
    played = [made(n, model="references", sha256="references", file_bytes=0) for n in range(30)]
    (group,) = summarize([*played, *(made(n, status="failed") for n in range(30))], {HOST.id: HOST}).groups
    assert [row.label for row in group.rows] == ["references", "big-7b"]
    assert advice(group.models).what == "big-7b solved no task."


def test_a_single_model_is_not_advised() -> None:
    found = advice(rows_of((BIG, "s" * 25 + "f" * 5)))
    assert (found.what, found.why) == ("Only big-7b was tried.", "It solved 83 % (66–93) of 30 tasks.")


def test_the_smallest_of_those_that_are_good_enough_is_named() -> None:
    tiny = Sample("tiny", 0.1, 0.001, 5_000_000)
    rows = rows_of((BIG, "s" * 28 + "ff"), (SMALL, "s" * 26 + "ffff"), (tiny, "s" * 5 + "f" * 25))
    assert [(each.title, each.row.label) for each in choices(rows)] == [
        ("Best quality", "big-7b"),
        ("Most solved for the time", "tiny"),
        ("Smallest with 90 % of the best quality", "small-1b"),
    ]


# -- files ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_run(tmp_path_factory.mktemp("run"), tasks=40)
    add_record(folder, unloadable("broken", "It | is cut short."))
    write_report([folder], folder)
    return folder


def test_four_files_are_written_and_nothing_else(folder: Path) -> None:
    written = {path.name for path in folder.iterdir()} - {"records.jsonl", "environment.json", "transcripts"}
    assert written == {"report.md", "report.csv", "report.json", "report.html"}


def test_the_tables_of_the_markdown_are_whole(folder: Path) -> None:
    text = (folder / "report.md").read_text("utf-8")
    for table in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}) == 1
    assert "| broken | It \\| is cut short. |" in text
    assert "**Run qwen2.5-coder-" in text


def test_csv_and_json_say_the_same(folder: Path) -> None:
    with (folder / "report.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    value = json.loads((folder / "report.json").read_text("utf-8"))
    (group,) = value["groups"]
    assert len(lines) == len(group["rows"]) + 1
    for line, row in zip(lines, group["rows"], strict=False):
        assert line["model"] == row["model"]
        assert int(line["share_solved"]) == row["quality"]["share"]["solved"]
        assert float(line["generation_per_s_sd"]) == row["speed"]["generation_per_s"]["sd"]
    assert lines[-1]["cannot_load"] == "It | is cut short."
    assert value["unloadable"] == [{"model": "broken", "reason": "It | is cut short."}]


def test_what_must_be_known_of_a_suite_stands_at_its_figures(tmp_path: Path) -> None:
    write_run(tmp_path, SAMPLES[:1], tasks=4, suite="humaneval", transcripts=False)
    write_report([tmp_path], tmp_path)
    for name in ("report.md", "report.html", "report.json"):
        assert "humaneval: Probably in training data." in (tmp_path / name).read_text("utf-8")


def test_no_cell_of_the_csv_is_a_formula(tmp_path: Path) -> None:
    write_run(tmp_path, tasks=0)
    add_record(tmp_path, made(1, model="=cmd|' /C calc'!A0", family="\x1b[31m+1"))
    write_report([tmp_path], tmp_path)
    assert "'=cmd|" in (tmp_path / "report.csv").read_text("utf-8")


def test_a_folder_without_records_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "records.jsonl").touch()
    with pytest.raises(UsageError, match="No task has been run yet"):
        write_report([tmp_path], tmp_path)


def test_a_folder_that_cannot_be_written_is_one_line(folder: Path, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    place = tmp_path if os.geteuid() else Path("/proc")  # root may write everywhere else
    with pytest.raises(UsageError, match="cannot be written"):
        write_report([folder], place / "out")


def test_a_file_in_the_place_of_the_folder_is_one_line(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "out").touch()
    with pytest.raises(UsageError, match="cannot be written"):
        write_report([folder], tmp_path / "out")


# -- transcripts ------------------------------------------------------------------------------------------------------


def test_a_transcript_outside_of_the_run_is_not_read(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run", tasks=0)
    (tmp_path / "secret").write_text("secret")
    (folder / "link").symlink_to(tmp_path / "secret")
    for number, path in enumerate(["../secret", str(tmp_path / "secret"), "link"]):
        add_record(folder, made(number, transcript=path))
    assert [record.transcript for record in load_summary([folder]).rows[0].records] == [""] * 3


def test_a_missing_or_damaged_transcript_is_said(tmp_path: Path) -> None:
    (tmp_path / "damaged").write_text('{"seq": 5}\n')
    for name in ("missing", "damaged"):
        assert [entry.text for entry in read_attempt(tmp_path / name)] == ["The transcript is missing or damaged."]


def test_long_outputs_and_long_turns_lose_their_middle(tmp_path: Path) -> None:
    path = tmp_path / "transcript.jsonl"
    write_transcript(path, made(repairs=40), printed="x" * 50_000)
    entries = read_attempt(path)
    assert len(entries) == MOST_ENTRIES + 1
    assert max(len(entry.text) for entry in entries) < MOST_CHARS + 100
    assert (entries[0].kind, entries[-1].kind) == ("request", "answer")


@pytest.mark.parametrize(
    ("figure", "kind"), [(PIXEL, "figure"), (PIXEL + bytes(MOST_FIGURE_BYTES), "output"), (b"<svg>", "output")]
)
def test_a_figure_is_shown_if_it_is_a_picture_of_modest_size(tmp_path: Path, figure: bytes, kind: str) -> None:
    path = tmp_path / "transcript.jsonl"
    write_transcript(path, made(), figure=figure)
    (entry,) = [each for each in read_attempt(path) if "cell-1-1.png" in each.about]
    assert entry.kind == kind
    assert entry.text.startswith("data:image/png;base64,iVBOR" if kind == "figure" else "<Figure")


def test_a_figure_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    path = tmp_path / "run/transcript.jsonl"
    write_transcript(path, made(), figure=PIXEL)
    figure = path.parent / "figures/cell-1-1.png"
    figure.rename(tmp_path / "secret.png")
    figure.symlink_to(tmp_path / "secret.png")
    assert "figure" not in {each.kind for each in read_attempt(path)}


def test_transcripts_that_there_is_no_room_for_are_named_and_unsolved_ones_come_first(tmp_path: Path) -> None:
    folder = write_run(tmp_path, SAMPLES[:1], tasks=30)
    data = page_data(load_summary([folder]), room_chars=1_500)
    within = {attempt["status"] for attempt in data["attempts"] if "parts" in attempt}
    left_out = [attempt["file"] for attempt in data["attempts"] if "file" in attempt]
    assert within <= {"failed", "timeout"}
    assert within
    assert left_out
    assert all((folder / path).is_file() for path in left_out)
