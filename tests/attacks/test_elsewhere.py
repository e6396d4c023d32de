"""The attacks as an ordinary user made for the run, and in the lower tiers, which ``under`` makes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import TIER

FOLDER = Path(__file__).parent
AS_ROOT = pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
USER = pytest.param(["--user"], id="user", marks=[AS_ROOT, pytest.mark.slow])

pytestmark = pytest.mark.skipif(bool(os.environ.get(TIER)), reason="these run in another test already")


def run_under(conditions: list[str], tier: str, *files: str) -> None:
    command = [sys.executable, str(FOLDER / "under.py"), *conditions, *(str(FOLDER / file) for file in files)]
    environment = {**os.environ, "PYTHONPATH": str(FOLDER.parents[1]), TIER: tier}
    command += ["-q", "--tb=short", "-m", ""]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout


@AS_ROOT
@pytest.mark.slow
def test_an_ordinary_user_gets_no_further():
    run_under(["--user"], "A", "")


@pytest.mark.parametrize("who", [pytest.param([], id="same"), USER])
def test_tier_b_lets_through_only_what_it_says(who):
    run_under([*who, "--no-namespaces"], "B", "test_tier_b.py")


@pytest.mark.parametrize("who", [pytest.param([], id="same", marks=pytest.mark.slow), USER])
def test_tier_c_lets_through_only_what_it_says(who):
    run_under([*who, "--no-landlock"], "C", "test_tier_c.py")


@pytest.mark.parametrize("who", [pytest.param([], id="same", marks=pytest.mark.slow), USER])
def test_tier_c_without_namespaces_keeps_the_network_out(who):
    run_under([*who, "--no-landlock", "--no-namespaces"], "C", "test_tier_c.py")
