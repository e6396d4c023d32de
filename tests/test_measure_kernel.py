"""The measurement of the kernel runs, and writes what it prints."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "scripts" / "measure_kernel.py"


@pytest.mark.slow
def test_every_figure_is_measured(tmp_path: Path) -> None:
    out = tmp_path / "measured.json"
    command = [sys.executable, str(SCRIPT), "--rounds", "1", "--megabytes", "1", "--out", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    figures = json.loads(out.read_text())["figures"]
    assert len(figures) == 13
    assert all(len(figure["own"]) == 1 for figure in figures)
    assert len(done.stdout.splitlines()) == 14
