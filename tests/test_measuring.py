"""The scripts that measure and try out the engine run, and say what they found; what they find is not looked at."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import resources
from pathlib import Path

import pytest
from synthetic import write_model

ROOT = Path(__file__).parent.parent
STARTER = str(resources.files("offline_interpreter") / "data" / "starter.gguf")
sys.path.insert(0, str(ROOT / "scripts"))

from measuring.targets import compare, missed  # noqa: E402


def run(script: str, *arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "scripts" / script), *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("part", "figure"),
    [
        ("replies", "ours ÷ stock"),
        ("ablations", "outside the model, ms a token"),
        ("free", "free: drafts ÷ none"),
    ],
)
def test_each_part_is_measured_and_written_down(tmp_path: Path, part: str, figure: str) -> None:
    options = ("--model", STARTER, "--only", part, "--repeats", "1", "--seconds", "0.01", "--out", "found.json")
    done = run("measure_engine.py", *options, folder=tmp_path)
    assert done.returncode in (0, 1), done.stderr
    assert f"| {figure} |" in done.stdout
    compared = json.loads((tmp_path / "found.json").read_text())["models"]["starter"]["compared"]
    assert figure in {row["figure"] for row in compared}


def test_waits_are_measured_where_the_window_is_large_enough(tmp_path: Path) -> None:
    model = str(write_model(tmp_path / "noise.gguf", context=8192))
    done = run("measure_engine.py", "--model", model, "--only", "waits", "--repeats", "1", folder=tmp_path)
    assert done.returncode in (0, 1), done.stderr
    assert "| warm turn ÷ full prompt |" in done.stdout
    assert "| prefix from disk ÷ system prompt read |" in done.stdout


def test_random_replies_are_steps(tmp_path: Path) -> None:
    done = run("stress_engine.py", "--replies", "12", "--vocabulary", STARTER, folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "12 replies" in done.stdout
    assert "0 wrong" in done.stdout


def test_damaged_models_are_told(tmp_path: Path) -> None:
    done = run("stress_loader.py", "--damaged", "6", folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert list(tmp_path.iterdir()) == []


def test_medians_are_compared_with_what_is_aimed_at(capsys: pytest.CaptureFixture[str]) -> None:
    rounds = {"ours ÷ stock": [1.3, 1.15, 0.9], "cancel, s": [0.1, 0.3, 0.3], "full prompt, s": [1.0]}
    compared = compare("fast", rounds)
    assert [row.get("met") for row in compared] == [False, False, None]
    assert compare("0.5B", {"ours ÷ stock": [1.15]})[0]["met"]
    assert missed({"models": {"fast": {"compared": compared}}}) == ["fast: ours ÷ stock 1.15", "fast: cancel, s 0.3"]
    assert "| ours ÷ stock | 1.15 | 0.9–1.3 | ≥ 1.2 | MISSED |" in capsys.readouterr().out
