"""The tour through the example data, as a new user would take it, with no network at all."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def without_network() -> list[str]:
    """Return what starts a program in a network of its own that leads nowhere, where the machine allows it."""
    unshare = shutil.which("unshare")
    if unshare and subprocess.run([unshare, "-rn", "true"], check=False, capture_output=True).returncode == 0:
        return [unshare, "-rn"]
    return []


def test_tour_answers_every_request_without_a_network(tmp_path: Path) -> None:
    command = [*without_network(), sys.executable, str(ROOT / "examples" / "tour.py")]
    folders = dict.fromkeys(("HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME"), str(tmp_path))
    environment = {**os.environ, **folders}
    ran = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    requests = [line for line in ran.stdout.splitlines() if line.startswith("> ")]
    assert len(requests) >= 8
    for figure in ("17797", "441", "24", "1290"):
        assert figure in ran.stdout, ran.stdout
    assert ".png" in ran.stderr
