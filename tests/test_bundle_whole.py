"""The whole line: a bundle is made, copied, installed in an empty home without a network, and answers from there.

The wheels are those of this very environment, packed again as they are installed. Of the packages that cells may use,
which the answer does not need, there are stand-ins.
"""

import importlib.metadata
import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from bundles import TARGET, Maker, clean_environment, data_packages, without_network
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from wheels import write_wheel

from offline_interpreter.bundle.engine import ENGINE
from offline_interpreter.bundle.sources import PROJECT, locked_versions, repack

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="bundles are for Linux"),
    pytest.mark.skipif(not importlib.util.find_spec("pip"), reason="pip is not installed in this environment"),
    pytest.mark.skipif(not importlib.util.find_spec("hatchling"), reason="hatchling is not installed"),
]


def installed_closure() -> set[str]:
    """Return the normalized names of all that the program needs to run, of what is installed here."""
    names: set[str] = set()
    left = ["pip", "packaging", *_required(PROJECT)]
    while left:
        name = left.pop()
        if name not in names:
            names.add(name)
            left += _required(name)
    return names


def _required(project: str) -> list[str]:
    required = map(Requirement, importlib.metadata.requires(project) or [])
    return [canonicalize_name(one.name) for one in required if one.marker is None or one.marker.evaluate({"extra": ""})]


@pytest.fixture
def maker(tmp_path: Path) -> Maker:
    """A machine whose only source of packages are those that run this test."""
    made, versions, needed = Maker(tmp_path / "maker"), locked_versions(TARGET.markers()), installed_closure()
    other = {name for name in needed if name in versions and importlib.metadata.version(name) != versions[name]}
    if other:
        pytest.skip(f"{', '.join(sorted(other))} are installed here in other releases than requirements.lock has")
    for name in needed - {ENGINE}:
        repack(name, made.wheels)
    for name in data_packages() - needed:
        write_wheel(made.wheels, name.replace("-", "_"), versions[name], module=f"stand_in_{name.replace('-', '_')}")
    folder = made.engine_folder(versions[ENGINE])
    folder.mkdir(parents=True)
    repack(ENGINE, folder)
    return made


def test_what_is_carried_answers_without_a_network(maker: Maker, tmp_path: Path) -> None:
    created = maker.bundle("create", str(tmp_path / "bundle"))
    assert created.returncode == 0, created.stderr
    stick, home, work = tmp_path / "stick", tmp_path / "home", tmp_path / "work"
    shutil.copytree(tmp_path / "bundle", stick)
    shutil.rmtree(tmp_path / "bundle")
    work.mkdir()
    environment = clean_environment(home) | {"PYTHON": sys.executable, "PATH": "/usr/bin:/bin"}

    def run(*command: str) -> "subprocess.CompletedProcess[str]":
        command = (*without_network(), *command)
        return subprocess.run(command, cwd=work, env=environment, capture_output=True, text=True, check=False)

    installed = run("sh", str(stick / "install.sh"))
    assert installed.returncode == 0, installed.stderr
    shutil.rmtree(stick)
    answered = run(str(home / ".local" / "bin" / "offline-interpreter"), "-y", "What is 37 * 481?")
    assert answered.returncode == 0, answered.stderr
    assert "17797" in answered.stdout
