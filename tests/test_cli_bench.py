"""``bench`` as a person uses it: from the command to the report, and what is said when it cannot be."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from synthetic import write_model

from offline_interpreter.bench.records import read_records

ROOT = Path(__file__).parent.parent
REPORT = {"report.html", "report.md", "report.csv", "report.json"}


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "OFFLINE_INTERPRETER_"))}
    return {**kept, "HOME": str(tmp_path / "home"), "PYTHONPATH": str(ROOT)}


def bench(environment: dict[str, str], folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "offline_interpreter", "bench", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_a_run_ends_with_a_report_that_can_be_made_again_and_compared(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    ran = bench(environment, tmp_path, "run", "--models", "starter,references", "--limit", "3", "--out", "run")
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout == "Report: run/report.html\n"
    assert {path.name for path in (tmp_path / "run").iterdir()} == REPORT | {
        "records.jsonl",
        "environment.json",
        "transcripts",
    }
    lines = ran.stderr.splitlines()
    assert lines[0] == "starter: 3 tasks"
    assert lines[1].startswith("  starter ▕███       ▏ 1 / 3 · ")
    assert " left" in lines[1]
    assert any(line.startswith("references: 3 of 3 solved, in ") for line in lines)
    assert not any("\x1b" in line for line in lines)

    report = bench(environment, tmp_path, "report", "run", "--out", "other")
    assert report.stdout == "Report: other/report.html\n"
    assert {path.name for path in (tmp_path / "other").iterdir()} == REPORT

    compared = bench(environment, tmp_path, "compare", "run", "run")
    assert compared.returncode == 0
    assert "references" in compared.stdout


def test_the_script_is_the_command(tmp_path: Path, environment: dict[str, str]) -> None:
    script = ROOT / "scripts" / "benchmark_models.py"
    asked = [
        sys.executable,
        str(script),
        "--models",
        "references",
        "--tasks",
        "numbers-*",
        "--limit",
        "1",
        "--out",
        "run",
    ]
    ran = subprocess.run(asked, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    assert ran.stdout == "Report: run/report.html\n"


def test_a_public_set_comes_from_a_file_and_is_told_apart(tmp_path: Path, environment: dict[str, str]) -> None:
    rows = [
        {"question": f"What is {n} plus 1, 2?", "answer": f"{n}+1=<<{n}+1={n + 1}>>{n + 1}\n#### {n + 1}"}
        for n in (1, 2)
    ]
    (tmp_path / "my, set.jsonl").write_text("\n".join(map(json.dumps, rows)))
    asked = ["--models", "references", "--suite", "gsm8k=my, set.jsonl", "--out", "run"]
    ran = bench(environment, tmp_path, "run", *asked)
    assert "references: 2 of 2 solved" in ran.stderr
    assert "probably in training data" in (tmp_path / "run" / "report.md").read_text()


def test_the_same_tasks_are_asked_in_both_protocols(tmp_path: Path, environment: dict[str, str]) -> None:
    model = write_model(tmp_path / "noise.gguf", context=8192)
    environment = {**environment, "OFFLINE_INTERPRETER_MAX_TOKENS": "100"}
    asked = ["--models", str(model), "--limit", "2"]
    for protocol in ("json", "fenced"):
        ran = bench(environment, tmp_path, "run", *asked, "--protocol", protocol, "--out", protocol)
        assert ran.returncode == 0, ran.stderr
    json_run, fenced_run = (read_records(tmp_path / protocol) for protocol in ("json", "fenced"))
    assert [record.task for record in json_run] == [record.task for record in fenced_run]
    assert json_run[0].prompt_hash != fenced_run[0].prompt_hash
    assert {record.status for record in fenced_run} == {"failed"}
    mixed = bench(environment, tmp_path, "run", *asked, "--protocol", "json", "--out", "fenced")
    assert "holds a run with another protocol: 'fenced', not 'json'." in mixed.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--models", "starter"], 2, "--out"),
        (["--out", "run"], 2, "--models"),
        (["--models", "no-such-model", "--out", "run"], 3, "No model 'no-such-model'"),
        (["--models", "starter", "--suite", "humaneval", "--out", "run"], 2, "There is no suite 'humaneval'"),
        (["--models", "starter", "--suite", "mbpp=none.json", "--out", "run"], 2, "'none.json' cannot be read"),
        (["--models", "starter", "--tasks", "none-*", "--out", "run"], 2, "No task matches 'none-*'"),
        (["--models", "starter", "--jobs", "0", "--out", "run"], 2, "--jobs"),
        (["--models", "starter", "--out", "file/run"], 2, "cannot be written"),
    ],
)
def test_a_mistake_is_told_in_one_line(
    tmp_path: Path, environment: dict[str, str], arguments: list[str], code: int, said: str
) -> None:
    (tmp_path / "file").write_text("")
    ran = bench(environment, tmp_path, "run", *arguments)
    assert ran.returncode == code
    assert said in ran.stderr
    assert "Traceback" not in ran.stderr
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("command", [["report", "none"], ["compare", "none", "none"]])
def test_a_folder_without_a_run_is_told(tmp_path: Path, environment: dict[str, str], command: list[str]) -> None:
    ran = bench(environment, tmp_path, *command)
    assert ran.returncode == 2
    assert "There is no run in 'none'." in ran.stderr
