"""What the person is told of the confinement."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from offline_interpreter.kernel.sandbox.plan import Access, Layers, Plan
from offline_interpreter.kernel.sandbox.selftest import PROBE
from offline_interpreter.kernel.sandbox.tiers import _hindrances, _message, choose_confinement
from offline_interpreter.records import Limits

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="there is no confinement elsewhere yet")


def choose(mode: str, workspace: Path, *, network: bool = False):
    access = Access(network=network)
    return choose_confinement(mode, workspace, python=sys.executable, access=access, limits=Limits())


def test_off_is_said(tmp_path):
    chosen = choose("off", tmp_path)
    assert (chosen.tier, chosen.plan) == ("off", None)
    assert chosen.message.startswith("Code is not confined")


def test_the_best_tier_is_taken(tmp_path):
    assert choose("network-only", tmp_path).tier == choose("strict", tmp_path).tier == "A"


def test_an_allowed_network_is_loud(tmp_path):
    message = choose("auto", tmp_path, network=True).message
    assert "THE NETWORK IS ALLOWED" in message
    assert "no network" not in message


def test_an_old_linux_is_told_in_tier_b():
    assert "end your other processes" in _message("B", Access(), 5)
    assert "end your other processes" not in _message("B", Access(), 6)
    assert "end your other processes" not in _message("A", Access(), 0)


def test_a_python_that_cells_could_change_is_not_run_in_tier_b(tmp_path):
    (tmp_path / "venv" / "bin").mkdir(parents=True)
    (tmp_path / "venv" / "pyvenv.cfg").touch()
    layers = Layers(namespaces=False, landlock=True)
    plan = Plan(tmp_path, str(tmp_path / "venv/bin/python"), layers, Access(), Limits())
    assert "lies in the workspace" in next(_hindrances(plan, anew=False))


def test_a_child_that_nothing_confines_tells_all_that_works(tmp_path):
    secret = tmp_path / "secret"
    secret.write_bytes(b"kept")
    reader, event = os.pipe()
    canaries = {"unix": str(tmp_path / "nobody"), "secret": str(secret), "created": str(tmp_path / "created")}
    canaries |= {"event": event, "workspace": str(tmp_path)}
    subprocess.run([sys.executable, "-I", "-S", PROBE, json.dumps(canaries)], pass_fds=[event], check=True)
    os.close(event)
    with os.fdopen(reader) as told:
        assert set(json.load(told)) == {"socket", "read", "write", "create", "chmod", "workspace"}
