"""A run loses nothing and repeats nothing, however it is stopped, and one model harms no other."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from synthetic import write_model

from offline_interpreter.bench.records import RECORDS, TRANSCRIPTS, Record, read_records
from offline_interpreter.bench.runner import Plan, run
from offline_interpreter.bench.subjects import REFERENCES, WRONG, Subject, find_subjects
from offline_interpreter.bench.suites import Selection, load_suites
from offline_interpreter.bench.worker import interrupts_held_off
from offline_interpreter.config import Options
from offline_interpreter.errors import UsageError

Select = Callable[..., Plan]
EVERYWHERE = ("numbers-*", "tables-*", "text-*", "files-*")  # tasks that need nothing of the extra "gallery"


class Watch:
    """Keeps what it is told; ``on_loaded`` is called once."""

    def __init__(self, on_loaded: Callable[[], None] | None = None) -> None:
        self.begun: list[tuple[str, int, int]] = []
        self.taken: list[Record] = []
        self._on_loaded = on_loaded

    def begin(self, subject: Subject, records: Sequence[Record], total: int) -> None:
        self.begun.append((subject.name, len(records), total))

    def loaded(self, subject: Subject, seconds: float) -> None:
        act, self._on_loaded = self._on_loaded, None
        if act:
            act()

    def took(self, record: Record) -> None:
        self.taken.append(record)

    def end(self, subject: Subject) -> None:
        pass


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Select:
    monkeypatch.setenv("OFFLINE_INTERPRETER_STATE", str(tmp_path / "state"))

    def make(*names: str, out: str = "run", jobs: int = 1, context: int = 2048, **selected: object) -> Plan:
        subjects = find_subjects(names, lambda *_: None)
        selection = replace(Selection(limit=4, patterns=EVERYWHERE), **selected)  # type: ignore[arg-type]
        return Plan(tuple(subjects), selection, Options(workspace=tmp_path, context=context), tmp_path / out, jobs)

    return make


def untimed(records: Sequence[Record]) -> list[Record]:
    """Return records without what no two runs have in common."""
    return [
        replace(
            record,
            answer_s=0.0,
            first_token_s=0.0,
            load_s=0.0,
            host_load=0.0,
            rss_bytes=0,
            tokens=replace(record.tokens, prompt_s=0.0, generation_s=0.0),
        )
        for record in records
    ]


# -- what is asked ------------------------------------------------------------------------------------------------


def test_the_references_of_the_core_suite_are_all_solved(plan: Select) -> None:
    records = run(plan(REFERENCES, jobs=2, limit=0, patterns=()), Watch())
    assert len(records) == len(load_suites(["core"])["core"].tasks)
    assert [(record.task, record.reason) for record in records if record.status not in ("solved", "not_run")] == []


def test_every_model_is_asked_every_task(plan: Select) -> None:
    watch = Watch()
    records = run(plan("starter", REFERENCES, WRONG, repeats=2), watch)
    assert watch.begun == [("starter", 0, 8), ("references", 0, 8), ("wrong", 0, 8)]
    assert watch.taken == records
    assert len({record.key for record in records}) == 24
    assert {record.status for record in records if record.model == "wrong"} == {"failed"}
    starter = [record for record in records if record.model == "starter"]
    assert all(record.load_s > 0 and record.first_token_s > 0 and record.threads == 1 for record in starter)
    assert all(record.tokens.prompt > record.tokens.cached > 0 for record in starter)
    assert {record.context_tokens for record in starter} == {2048}


def test_a_repeat_has_other_inputs(plan: Select) -> None:
    settings = plan(REFERENCES, patterns=("numbers-product",), repeats=2)
    paths = [settings.out / record.transcript for record in run(settings, Watch())]
    requests = {line for path in paths for line in path.read_text().splitlines() if '"turn_start"' in line}
    assert len({line.partition('"text"')[2] for line in requests}) == 2


def test_tasks_are_selected_by_patterns(plan: Select) -> None:
    records = run(plan(REFERENCES, patterns=("core/numbers-*",), limit=2), Watch())
    assert len(records) == 2
    assert all(record.task.startswith("numbers-") for record in records)


def test_a_pattern_without_a_task_says_so(plan: Select) -> None:
    with pytest.raises(UsageError, match="No task matches"):
        run(plan(REFERENCES, patterns=("nothing-*",)), Watch())


@pytest.mark.parametrize("spec", ["cor", "humaneval", "core=FILE", "mbpp=", "core,core"])
def test_a_suite_that_is_none_says_so(spec: str) -> None:
    with pytest.raises(UsageError, match=r"no suite|twice"):
        load_suites(spec.split(","))


def test_a_task_without_its_package_is_not_run(plan: Select, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)  # as if it was not installed
    tasks = [task for task in load_suites(["core"])["core"].tasks if "pandas" in task.packages][:2]
    records = run(plan(REFERENCES, patterns=tuple(task.id for task in tasks)), Watch())
    assert [(record.status, record.reason) for record in records] == [
        ("not_run", "It needs pandas, which is not installed.")
    ] * 2


# -- stopping and going on ----------------------------------------------------------------------------------------


def test_what_is_recorded_is_not_asked_again(plan: Select) -> None:
    first = run(plan("starter"), Watch())
    watch = Watch()
    assert run(plan("starter"), watch) == first
    assert watch.taken == []
    assert watch.begun == [("starter", 4, 4)]
    assert len(run(plan("starter", limit=6), Watch())) >= 6


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "offline_interpreter", "bench", "run", *arguments]


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_killed_at_random_moments_a_run_ends_as_an_uninterrupted_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jobs: str
) -> None:
    monkeypatch.setenv("OFFLINE_INTERPRETER_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("OFFLINE_INTERPRETER_MAX_TOKENS", "100")
    noise = write_model(tmp_path / "noise.gguf", context=8192)
    asked = ["--models", f"starter,{noise}", "--tasks", ",".join(EVERYWHERE), "--limit", "5", "--jobs", jobs]
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    subprocess.run(command(*asked, "--out", str(whole)), check=True, capture_output=True)
    chance = random.Random(int(jobs))
    for _ in range(3):
        kill_later(command(*asked, "--out", str(killed)), killed / RECORDS, chance)
    subprocess.run(command(*asked, "--out", str(killed)), check=True, capture_output=True)
    expected, found = (sorted(untimed(read_records(folder)), key=lambda each: each.key) for folder in (whole, killed))
    assert found == expected
    if jobs == "1":
        assert untimed(read_records(killed)) == untimed(read_records(whole))
    assert {str(path.relative_to(killed)) for path in (killed / TRANSCRIPTS).rglob("transcript.jsonl")} == {
        record.transcript for record in found
    }
    assert not list((tmp_path / "state" / "bench").glob("*/*"))


def kill_later(arguments: list[str], records: Path, chance: random.Random) -> None:
    """Start a run; kill it some time after it has written one more record, in the middle of the next."""
    before = size(records)
    with subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while size(records) <= before and process.poll() is None:
            time.sleep(0.02)
        time.sleep(chance.uniform(0, 0.5))
        process.send_signal(signal.SIGKILL)


def size(path: Path) -> int:
    with suppress(FileNotFoundError):
        return path.stat().st_size
    return 0


def test_interrupted_a_run_says_how_to_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OFFLINE_INTERPRETER_STATE", str(tmp_path / "state"))
    out = tmp_path / "run"
    asked = command("--models", REFERENCES, "--limit", "8", "--jobs", "2", "--out", str(out))
    with subprocess.Popen(asked, stderr=subprocess.PIPE, text=True, start_new_session=True) as process:
        while not size(out / RECORDS):
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        _, said = process.communicate()
    assert process.returncode == 130
    assert "the same command goes on" in said
    assert "Traceback" not in said
    done = len(read_records(out))
    assert done >= 1
    again = subprocess.run(asked, check=True, capture_output=True, text=True)
    assert f"8 tasks, {done} of them recorded already" in again.stderr
    assert len(read_records(out)) == 8


def test_ctrl_c_while_a_worker_starts_is_the_runs_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OFFLINE_INTERPRETER_STATE", str(tmp_path / "state"))
    (tmp_path / "sitecustomize.py").write_text(
        "import os, signal, sys\nif '--multiprocessing-fork' in sys.orig_argv: os.kill(os.getpid(), signal.SIGINT)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    asked = command("--models", REFERENCES, "--tasks", "numbers-*", "--jobs", "2", "--out", str(tmp_path / "run"))
    done = subprocess.run(asked, check=False, capture_output=True, text=True)
    assert (done.returncode, "Traceback" in done.stderr) == (0, False)
    assert {record.status for record in read_records(tmp_path / "run")} == {"solved"}


def test_ctrl_c_leaves_nothing_half_started() -> None:
    done: list[str] = []
    begun = threading.Event()
    library = threading.Thread(target=lambda: (begun.wait(), signal.raise_signal(signal.SIGINT)), daemon=True)
    library.start()  # a thread of its own, whose mask lets the signal through

    def start() -> None:
        with interrupts_held_off():
            begun.set()
            library.join()
            done.append("the rest")

    with pytest.raises(KeyboardInterrupt):
        start()
    assert done == ["the rest"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())


def test_two_runs_do_not_share_a_folder(plan: Select) -> None:
    refused: list[str] = []

    def run_again() -> None:
        try:
            run(plan(REFERENCES), Watch())
        except UsageError as error:
            refused.append(error.cause)

    run(plan(REFERENCES), Watch(run_again))
    assert refused
    assert refused[0].startswith("Another run writes to")


def test_two_runs_beside_each_other_have_places_of_their_own(plan: Select) -> None:
    beside: list[Record] = []
    records = run(plan(REFERENCES), Watch(lambda: beside.extend(run(plan(REFERENCES, out="other"), Watch()))))
    assert {record.status for record in [*records, *beside]} == {"solved"}


def test_other_settings_are_refused(plan: Select) -> None:
    run(plan(REFERENCES, limit=1), Watch())
    with pytest.raises(UsageError, match="another context: '2048', not '1024'"):
        run(plan(REFERENCES, context=1024), Watch())


def test_tasks_at_a_time_change_no_record(plan: Select) -> None:
    alone = run(plan("starter"), Watch())
    beside = run(plan("starter", out="beside", jobs=3), Watch())
    assert {record.parallel for record in beside} == {3}
    expected = {record.key: record for record in untimed([replace(record, parallel=1) for record in beside])}
    assert expected == {record.key: record for record in untimed(alone)}


# -- models that break --------------------------------------------------------------------------------------------


def test_a_model_that_cannot_load_is_a_record_and_the_next_one_is_asked(plan: Select, tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF" + bytes(100))
    watch = Watch()
    records = run(plan(str(broken), REFERENCES, limit=1), watch)
    assert [(record.model, record.task, record.status) for record in records] == [
        ("broken", "", "error"),
        ("references", records[1].task, "solved"),
    ]
    assert "broken.gguf" in records[0].reason
    assert watch.taken == records
    assert len(run(plan(str(broken), REFERENCES, limit=1), Watch())) == 2


def test_a_model_whose_process_dies_loses_one_task(plan: Select) -> None:
    def kill() -> None:
        (worker,) = multiprocessing.active_children()
        os.kill(worker.pid or 0, signal.SIGKILL)

    records = run(plan(REFERENCES), Watch(kill))
    assert [record.status for record in records] == ["error", "solved", "solved", "solved"]
    assert records[0].reason == "The model's process was ended by SIGKILL."


def test_a_model_is_asked_once_whatever_it_is_called(plan: Select, tmp_path: Path) -> None:
    path = write_model(tmp_path / "noise.gguf")
    twin = tmp_path / "twin.gguf"
    twin.write_bytes(path.read_bytes())
    assert [subject.name for subject in plan(str(path), str(twin)).subjects] == ["noise"]
