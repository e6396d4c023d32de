"""Tier B, where ``under`` has made the machine one without user namespaces: only what its message says gets through.

Attacks that could reach the machine itself, if the confinement failed, are not tried.
"""

import os
import sys
from contextlib import closing

import pytest
from attempts import CONTROLLED, HARMFUL, OTHERS
from conftest import run

from offline_interpreter.errors import KernelError
from offline_interpreter.kernel.manager import Kernel
from offline_interpreter.kernel.sandbox.landlock import abi_version
from offline_interpreter.kernel.sandbox.plan import Access, Layers, Plan
from offline_interpreter.kernel.sandbox.selftest import _record
from offline_interpreter.records import Limits

# What the message says: names of processes, whether a file exists, and what lies in the workspace.
SAID = {"processes of the host", "keys"}
IN_THE_WORKSPACE = {name for name in OTHERS if name.startswith(("git", "environment", "project", "editor", "shell"))}


@pytest.fixture(scope="module")
def tier_b(tmp_path_factory):
    os.environ["HOST_PASSWORD"] = "secret-5f1c-of-the-host"
    with closing(Kernel(tmp_path_factory.mktemp("tier-b"), limits=Limits(grace_s=5))) as kernel:
        assert kernel.confinement.tier == "B"
        yield kernel


def clean(kernel) -> None:
    code = "import os\nfor name in ('link', 'leak', 'mine', 'planted.c', 'planted.so'):\n  "
    run(kernel, code + "if os.path.lexists(name): os.unlink(name)")


@pytest.mark.parametrize("name", sorted(CONTROLLED.keys() - SAID))
def test_what_would_trip_a_canary_does_not(tier_b, canaries, name):
    canaries.reset()
    clean(tier_b)
    _, text = run(tier_b, canaries.prelude(target=canaries.victim.pid) + CONTROLLED[name])
    assert canaries.touched_by(name, text) == [], text


@pytest.mark.parametrize("name", sorted(OTHERS.keys() - HARMFUL - IN_THE_WORKSPACE - SAID))
def test_nothing_else_gets_through(tier_b, canaries, name):
    if name in {"kill the victim", "descriptor by a signal"} and abi_version() < 6:
        pytest.skip("the message says so on this Linux")
    canaries.reset()
    clean(tier_b)
    result, text = run(tier_b, canaries.prelude(target=canaries.victim.pid) + OTHERS[name])
    assert canaries.touched_by(name, text) == [], text
    assert result.status in {"ok", "error"}


def test_strict_refuses_and_says_why(tmp_path):
    with pytest.raises(KernelError, match="namespaces: Operation not permitted"):
        _ = Kernel(tmp_path, sandbox="strict").confinement


def test_a_workspace_with_the_running_python_is_refused(tmp_path):
    (tmp_path / "pyvenv.cfg").touch()
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").symlink_to(sys.executable)
    with pytest.raises(KernelError, match="lies in the workspace"):
        _ = Kernel(tmp_path.parent, python=str(tmp_path / "bin" / "python")).confinement


def test_a_test_that_passed_before_the_machine_changed_is_made_again(tmp_path, monkeypatch):
    monkeypatch.setenv("OFFLINE_INTERPRETER_CACHE", str(tmp_path / "cache"))
    (tmp_path / "work").mkdir()
    layers = Layers(namespaces=True, landlock=True)
    record = _record(Plan(tmp_path / "work", sys.executable, layers, Access(), Limits()))
    record.parent.mkdir(parents=True)
    record.touch()
    with closing(Kernel(tmp_path / "work")) as kernel:
        assert kernel.confinement.tier == "A"
        with pytest.raises(KernelError, match="Try again"):
            run(kernel, "1")
    with closing(Kernel(tmp_path / "work")) as kernel:
        assert (kernel.confinement.tier, run(kernel, "print(1)")[1]) == ("B", "1\n")


def test_a_folder_of_the_home_is_the_childs_own(tier_b):
    assert run(tier_b, "from pathlib import Path; (Path.home() / 'x').write_text('1'); print(1)")[1] == "1\n"


WORKS = {
    "copy": "import shutil; open('a', 'w').write('1'); shutil.copy2('a', 'b')",
    "git": "import subprocess; subprocess.run(['git', 'init', '-q', 'new'], check=True)",
    "sqlite": "import sqlite3; sqlite3.connect('d').execute('create table t(a)')",
    "temporary": "import tempfile; tempfile.TemporaryFile().write(b'1'); tempfile.mkdtemp()",
    "pandas": "import pandas as pd; pd.DataFrame({'a': [1]}).to_csv('t.csv'); assert pd.read_csv('t.csv').a.sum() == 1",
    "matplotlib": "import matplotlib.pyplot as plt; plt.plot([1]); plt.savefig('p.png')",
    "subprocess": "import subprocess; assert subprocess.run(['expr', '1'], stdout=-1).stdout == b'1\\n'",
    "threads": "from concurrent.futures import ThreadPoolExecutor as T; assert list(T(4).map(int, '1')) == [1]",
    "sklearn": """
from sklearn.ensemble import RandomForestClassifier
from joblib import parallel_backend
with parallel_backend('threading', n_jobs=2):
    RandomForestClassifier(4, n_jobs=2).fit([[0], [1]], [0, 1]).predict([[1]])""",
}


@pytest.mark.parametrize("name", WORKS)
def test_it_works(tier_b, name):
    if name in {"pandas", "matplotlib", "sklearn"}:
        pytest.importorskip(name)
    result, text = run(tier_b, WORKS[name])
    assert result.status == "ok", text
