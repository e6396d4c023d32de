"""Tier B, made by leaving the namespaces out: only what its message says gets through.

Attacks on processes are not tried: the first process of the machine itself would be among their targets.
"""

import sys
from contextlib import closing

import pytest
from attempts import CONTROLLED
from conftest import run

from offline_interpreter.kernel.manager import Kernel
from offline_interpreter.kernel.sandbox.landlock import abi_version
from offline_interpreter.kernel.sandbox.plan import Access, Layers, Plan
from offline_interpreter.kernel.sandbox.tiers import Confinement
from offline_interpreter.records import Limits

SAID = {"processes of the host"}

pytestmark = pytest.mark.skipif(abi_version() == 0, reason="this machine has no Landlock")


@pytest.fixture(scope="module")
def tier_b(tmp_path_factory):
    workspace = tmp_path_factory.mktemp("tier-b")
    plan = Plan(workspace, sys.executable, Layers(namespaces=False, landlock=True), Access(), Limits())
    with closing(Kernel(workspace)) as kernel:
        kernel._confinement = Confinement("B", "", plan)
        yield kernel


@pytest.mark.parametrize("name", sorted(CONTROLLED.keys() - SAID))
def test_what_would_trip_a_canary_does_not(tier_b, canaries, name):
    canaries.reset()
    run(tier_b, "import os\nfor name in ('link', 'leak', 'mine'):\n  if os.path.lexists(name): os.unlink(name)")
    _, text = run(tier_b, canaries.prelude() + CONTROLLED[name])
    assert canaries.touched_by(name, text) == [], text


@pytest.mark.parametrize(
    "code",
    [
        "import shutil; open('a', 'w').write('1'); shutil.copy2('a', 'b')",
        "import subprocess; subprocess.run(['git', 'init', '-q', 'new'], check=True)",
        "import sqlite3; sqlite3.connect('d').execute('create table t(a)')",
        "import tempfile; tempfile.TemporaryFile().write(b'1')",
    ],
)
def test_it_works(tier_b, code):
    result, text = run(tier_b, code)
    assert result.status == "ok", text
