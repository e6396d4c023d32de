from __future__ import annotations

import csv
import io
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import click
import pytest
from synthetic import write_model, write_recurrent_model

from offline_interpreter.api import find_model
from offline_interpreter.bench.environment import describe_environment
from offline_interpreter.bench.speed import Rate, SpeedPlan, SpeedRun, Speeds, SpeedTest, measure_speed
from offline_interpreter.bench.speed_report import FORMS, speed_text
from offline_interpreter.cancel import Cancel
from offline_interpreter.cli.speed import speed
from offline_interpreter.errors import ModelMissing, UsageError

SMALL = SpeedPlan(prompts=(16, 200), generations=(8,), depths=(0, 40), threads=(1, 2), repeats=2)
MEASURED = Speeds(
    "model",
    "llama 7B Q4_K - Medium",
    4_000_000_000,
    7_000_000_000,
    1.5,
    4096,
    left_out=(SpeedTest("pp", 2048, 4096, 4),),
    rates=[Rate(SpeedTest("tg", 64, 2048, 4), (9.0, 11.0), 5_000_000_000, 0)],
    whole=True,
)


def ignore(run: SpeedRun) -> None:
    del run


@pytest.fixture(scope="module")
def starter() -> Speeds:
    return measure_speed(find_model("starter"), SMALL, ignore, Cancel())


def test_each_length_is_measured_at_each_depth_with_each_number_of_threads(starter: Speeds) -> None:
    assert [(rate.test.name, rate.test.threads) for rate in starter.rates] == [
        (name, threads)
        for threads in (1, 2)
        for name in ("pp16", "pp200", "tg8", "pp16 @ d40", "pp200 @ d40", "tg8 @ d40")
    ]
    assert starter.whole


def test_a_test_has_as_many_rates_as_repeats_and_the_warm_up_is_none_of_them(starter: Speeds) -> None:
    assert {len(rate.per_s) for rate in starter.rates} == {2}
    assert all(per_s > 0 for rate in starter.rates for per_s in rate.per_s)


def test_reading_many_tokens_at_once_is_quicker_than_writing_them(starter: Speeds) -> None:
    rates = {rate.test.name: rate.spread.mean for rate in starter.rates if rate.test.threads == 1}
    assert rates["pp200"] > rates["tg8"]


def test_the_peak_of_memory_holds_the_weights(starter: Speeds) -> None:
    assert min(rate.rss_bytes for rate in starter.rates) > starter.size_bytes > 4_000_000
    assert starter.parameters > 4_000_000


def test_every_run_is_told_before_it_begins(tmp_path: Path) -> None:
    told: list[SpeedRun] = []
    plan = SpeedPlan(prompts=(16,), generations=(4,), depths=(0,), threads=(1,), repeats=2)
    measure_speed(write_model(tmp_path / "model.gguf"), plan, told.append, Cancel())
    assert [(run.test.name, run.number, run.run) for run in told] == [
        (name, number, run) for number, name in ((1, "pp16"), (2, "tg4")) for run in (0, 1, 2)
    ]


def test_a_model_that_forgets_no_part_is_measured_at_its_depth(tmp_path: Path) -> None:
    plan = SpeedPlan(prompts=(16,), generations=(4,), depths=(32,), threads=(1,), repeats=2)
    speeds = measure_speed(write_recurrent_model(tmp_path / "model.gguf"), plan, ignore, Cancel())
    assert [len(rate.per_s) for rate in speeds.rates] == [2, 2]


def test_what_is_longer_than_the_training_is_left_out_and_said(tmp_path: Path) -> None:
    plan = SpeedPlan(prompts=(64, 300), generations=(), depths=(0, 200), threads=(1,), repeats=1)
    speeds = measure_speed(write_model(tmp_path / "model.gguf", context=256), plan, ignore, Cancel())
    assert [rate.test.name for rate in speeds.rates] == ["pp64"]
    assert [test.name for test in speeds.left_out] == ["pp300", "pp64 @ d200", "pp300 @ d200"]


def test_where_no_test_is_short_enough_that_is_one_line(tmp_path: Path) -> None:
    path = write_model(tmp_path / "model.gguf", context=256)
    with pytest.raises(UsageError, match="trained for 256 tokens, and no test is that short"):
        measure_speed(path, SpeedPlan(prompts=(512,), generations=()), ignore, Cancel())
    with pytest.raises(UsageError, match="nothing to measure"):
        measure_speed(path, SpeedPlan(prompts=(), generations=()), ignore, Cancel())


def test_what_was_finished_before_a_stop_is_kept(tmp_path: Path) -> None:
    cancel = Cancel()

    def stop_in_second_test(run: SpeedRun) -> None:
        if run.number == 2 and run.run == 1:
            cancel.request()

    speeds = measure_speed(write_model(tmp_path / "model.gguf"), SMALL, stop_in_second_test, cancel)
    assert ([rate.test.name for rate in speeds.rates], speeds.whole) == (["pp16"], False)


def test_a_missing_model_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing):
        measure_speed(tmp_path / "none.gguf", SMALL, ignore, Cancel())


# -- forms ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["table", "md"])
def test_the_tables_have_mean_and_deviation(form: str) -> None:
    text = speed_text(MEASURED, describe_environment({}, {}), form, 80)
    assert "tg64 @ d2048" in text
    assert "10.0 ± 1.4" in text
    assert "pp2048 @ d4096" in text
    if form == "table":
        assert max(map(len, text.splitlines())) <= 80


def test_csv_and_json_have_every_figure() -> None:
    environment = describe_environment({}, {})
    (line,) = csv.DictReader(io.StringIO(speed_text(MEASURED, environment, "csv", 80)))
    value = json.loads(speed_text(MEASURED, environment, "json", 80))
    assert float(line["tokens_per_s_mean"]) == value["rates"][0]["tokens_per_s"]["mean"] == 10.0
    assert value["rates"][0]["samples"] == [9.0, 11.0]
    assert value["environment"]["cpu"] == line["cpu"]
    assert value["left_out"] == ["pp2048 @ d4096"]


# -- the command ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
def test_the_command_prints_one_form_on_standard_output(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["starter", "--prompt", "16", "--generate", "4", "--depth", "0", "--repeats", "2", "--format", form]
    assert speed.main(arguments, standalone_mode=False) == 0
    printed = capsys.readouterr()
    assert "pp16" in printed.out
    assert printed.err == ""


@pytest.mark.parametrize("value", ["x", "64;128", "-1", "0", "1.5", "9" * 30])
def test_what_is_no_list_of_numbers_is_refused(value: str) -> None:
    with pytest.raises(click.BadParameter, match="no list of whole numbers from 1 on"):
        speed.main(["starter", f"--prompt={value}"], standalone_mode=False)


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_ctrl_c_ends_it_with_what_was_measured() -> None:
    code = "import sys; from offline_interpreter.cli.speed import speed; sys.exit(speed.main(standalone_mode=False))"
    many = ["starter", "--prompt", "16", "--generate", "256", "--depth", "0", "--repeats", "100000", "--format", "json"]
    command = [sys.executable, "-c", code, *many]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    maps = Path(f"/proc/{process.pid}/maps")
    while process.poll() is None and "starter.gguf" not in maps.read_text():  # the model is loaded, or being so
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate()
    assert (process.returncode, err) == (130, "")
    assert out == "" or json.loads(out)["whole"] is False
