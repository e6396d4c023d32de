"""What the person is told of the confinement."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from offline_interpreter.kernel.sandbox.plan import Access
from offline_interpreter.kernel.sandbox.selftest import PROBE
from offline_interpreter.kernel.sandbox.tiers import choose_confinement
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
