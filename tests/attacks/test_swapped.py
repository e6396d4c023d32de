"""Folders that are swapped for links between the making of a plan and its use, as cells of another session may do."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import SECRET

from offline_interpreter.kernel.sandbox import system
from offline_interpreter.kernel.sandbox.landlock import abi_version
from offline_interpreter.kernel.sandbox.plan import Access, Layers, Plan
from offline_interpreter.records import Limits

LOOK = """
import os
for folder, _, files in os.walk('.', followlinks=True):
    for name in files: print(open(os.path.join(folder, name)).read())
open('sub/written', 'w')
"""


@pytest.fixture
def secret_folder(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "secret.txt").write_text(SECRET)
    return tmp_path / "elsewhere"


def launch(plan: Plan, code: str, meanwhile) -> str:
    """Start ``code`` as a plan says, after ``meanwhile``; return what it printed, and why it was not started."""
    reader, event = os.pipe()
    lifetime, held = os.pipe()
    program = [sys.executable, "-I", "-c", code]
    with plan.launch(program, {"event": event, "lifetime": lifetime}) as (command, plan_file):
        meanwhile()
        done = subprocess.run(
            command,
            pass_fds=[event, lifetime, plan_file],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            cwd="/",
            check=False,
        )
    os.close(event)
    with os.fdopen(reader) as said:
        answer = said.read()
    for descriptor in (lifetime, held):
        os.close(descriptor)
    return answer + done.stdout.decode() + done.stderr.decode()


@pytest.mark.parametrize("namespaces", [True, False])
@pytest.mark.parametrize("what", ["sub", "environment", "workspace"])
def test_a_link_in_the_place_of_a_folder_leads_nowhere(tmp_path, secret_folder, what, namespaces):
    if not namespaces and abi_version() == 0:
        pytest.skip("this machine has no Landlock")
    workspace = tmp_path / "workspace"
    for path in ("sub/.git/config", "environment/pyvenv.cfg"):
        (workspace / path).parent.mkdir(parents=True)
        (workspace / path).touch()
    plan = Plan(workspace, sys.executable, Layers(namespaces=namespaces, landlock=True), Access(), Limits())

    def swap():
        swapped = workspace if what == "workspace" else workspace / what
        swapped.rename(tmp_path / "away")
        swapped.symlink_to(secret_folder)

    said = launch(plan, LOOK, swap)
    assert SECRET not in said
    assert not (secret_folder / "written").exists()


def test_as_many_places_can_be_protected_as_there_are(tmp_path):
    for number in range(1500):
        (tmp_path / f"{number:0100}" / ".git").mkdir(parents=True)
    plan = Plan(tmp_path, sys.executable, Layers(namespaces=True, landlock=abi_version() > 0), Access(), Limits())
    said = launch(plan, f"open('{7:0100}/.git/config', 'w')", lambda: None)
    assert "Read-only file system" in said


@pytest.mark.parametrize("path", ["link", "link/inner", "folder/link"])
def test_no_link_is_followed_where_the_place_must_be_exact(tmp_path, path):
    (tmp_path / "folder" / "inner").mkdir(parents=True)
    (tmp_path / "link").symlink_to("folder")
    (tmp_path / "folder" / "link").symlink_to("inner")
    with pytest.raises(OSError, match=r"symbolic links|Not a directory"):
        system.open_exactly(str(tmp_path / path))


def test_an_exact_place_is_that_of_its_path(tmp_path):
    (tmp_path / "file").touch()
    reference = system.open_exactly(str(tmp_path / "file"))
    assert Path(f"/proc/self/fd/{reference}").resolve() == tmp_path / "file"
    os.close(reference)
