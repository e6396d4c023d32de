"""Installing a bundle: what is refused before anything is touched, what an interruption leaves, what is there then."""

import fcntl
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest
from bundles import Maker, change_manifest, clean_environment, seal, without_network

from offline_interpreter import config
from offline_interpreter.bundle.installer import places, settle
from offline_interpreter.bundle.installer.layout import MANIFEST, SUMS, UNFINISHED
from offline_interpreter.bundle.installer.machine import Machine, can_load, mismatches, python_tag, this_machine
from offline_interpreter.bundle.installer.sums import find_extra, find_faults
from offline_interpreter.models.store import Store

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="bundles are for Linux"),
    pytest.mark.skipif(not importlib.util.find_spec("pip"), reason="pip is not installed in this environment"),
    pytest.mark.skipif(not importlib.util.find_spec("hatchling"), reason="hatchling is not installed"),
]

WEIGHTS = bytes(range(256)) * 4000
NO_NETWORK = without_network()
SCHEMA = {"files": [{"name": "weights.gguf", "size_bytes": 4, "sha256": "0" * 64}]}

Installed: TypeAlias = "tuple[Path, subprocess.CompletedProcess[str]]"
Install = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def carried(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle with a model in parts; tests copy it."""
    maker = Maker(tmp_path_factory.mktemp("maker"))
    maker.add_stand_ins()
    maker.add_model("small", WEIGHTS)
    folder = tmp_path_factory.mktemp("made") / "bundle"
    made = maker.bundle("create", str(folder), "--models", "small", "--split", "300K")
    assert made.returncode == 0, made.stderr
    return folder


@pytest.fixture
def stick(carried: Path, tmp_path: Path) -> Path:
    """A copy of the bundle as a drive without rights has it: no file is executable."""
    folder = tmp_path / "a stick"
    shutil.copytree(carried, folder)
    (folder / "install.sh").chmod(0o644)
    return folder


@pytest.fixture(scope="module")
def installed(carried: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """A home with an installation, and what was said; tests only look at it."""
    home = tmp_path_factory.mktemp("installed")
    return home, run_installer(carried, home)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def install(stick: Path, home: Path) -> Install:
    def run(*arguments: str, **settings: str) -> "subprocess.CompletedProcess[str]":
        return run_installer(stick, home, *arguments, **settings)

    return run


def run_installer(bundle: Path, home: Path, *arguments: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    environment = clean_environment(home) | {"PYTHON": sys.executable} | settings
    command = [*NO_NETWORK, "sh", str(bundle / "install.sh"), *arguments]
    return subprocess.run(command, cwd="/", env=environment, capture_output=True, text=True, check=False)


def expected_wheels(stick: Path) -> set[str]:
    files = json.loads((stick / MANIFEST).read_text())["files"]
    return {Path(file["path"]).name for file in files if file["path"].startswith("wheels/")}


def program_of(home: Path) -> Path:
    return home / ".local" / "share" / "offline-interpreter" / "program"


def refused(ran: "subprocess.CompletedProcess[str]", home: Path) -> str:
    """Return the one line of an installation that was refused, and that must have changed nothing."""
    assert ran.returncode == 1, ran.stderr
    assert list(home.iterdir()) == []
    lines = [line for line in ran.stderr.splitlines() if line.startswith("offline-interpreter: ")]
    assert len(lines) == 1, ran.stderr
    assert "Traceback" not in ran.stderr
    return lines[0].removeprefix("offline-interpreter: ")


# -- a whole installation -----------------------------------------------------------------------------------------


def test_everything_is_in_its_place(installed: Installed, carried: Path) -> None:
    home, ran = installed
    assert ran.returncode == 0, ran.stderr
    program = program_of(home)
    assert (program / "current" / "complete").is_file()
    assert os.access(program / "current" / "bin" / "offline-interpreter", os.X_OK)
    assert {path.name for path in (program / "wheels").iterdir()} == expected_wheels(carried)
    assert (home / ".local" / "bin" / "offline-interpreter").resolve().parent.parent == (program / "current").resolve()
    settings = tomllib.loads((home / ".config" / "offline-interpreter" / "config.toml").read_text())
    assert settings == {"wheelhouse": str(program / "wheels")}
    last = ran.stderr.splitlines()[-1]
    assert last == f'Start it: {home / ".local" / "bin" / "offline-interpreter"} "What is 37 * 481?"'
    assert not list(home.rglob("*.part"))


def test_models_are_joined_and_are_in_the_store_as_it_keeps_them(installed: Installed, carried: Path) -> None:
    assert len(list((carried / "models" / "small").glob("weights.gguf.0*"))) == 4
    store = Store(installed[0] / ".local" / "share" / "offline-interpreter" / "models")
    model = store.find("small")
    assert model is not None
    assert (model.license, model.source, store.state(model)) == ("apache-2.0", "owner/name", "unchecked")
    assert model.path.read_bytes() == WEIGHTS
    assert {path.name for path in model.folder.iterdir()} == {"weights.gguf", "model.json"}


def test_the_drive_is_as_it_was(installed: Installed, carried: Path) -> None:
    assert installed[1].returncode == 0
    assert find_faults(carried, lambda *_: None) + find_extra(carried) == []


def test_a_target_can_be_named_and_gets_no_link(install: Install, home: Path, tmp_path: Path) -> None:
    target = tmp_path / "some where"
    ran = install("--target", str(target))
    assert ran.returncode == 0, ran.stderr
    assert not (home / ".local" / "bin").exists()
    assert ran.stderr.splitlines()[-1].startswith(f"Start it: {target}/current/bin/offline-interpreter ")
    pins = (target / "current" / "requirements.txt").read_text()
    python = target / "current" / "bin" / "python"
    listed = subprocess.run([python, "-I", "-m", "pip", "freeze", "--all"], capture_output=True, text=True, check=True)
    names = {line.partition("==")[0].lower().replace("_", "-") for line in listed.stdout.splitlines()}
    assert names == {line.partition("==")[0] for line in pins.splitlines()}


@pytest.mark.skipif(not NO_NETWORK, reason="needs user namespaces")
def test_it_installs_from_a_read_only_drive(stick: Path, home: Path) -> None:
    mount = 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && ! touch "$1/x" 2>/dev/null'
    command = ["unshare", "-rmn", "sh", "-c", f'{mount} && sh "$1/install.sh"', "-", str(stick)]
    environment = clean_environment(home) | {"PYTHON": sys.executable}
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert (program_of(home) / "current" / "complete").is_file()


def test_settings_of_pip_and_python_do_not_matter(install: Install, home: Path, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("raise SystemExit('not ours')\n")
    ran = install(PIP_TARGET="/nowhere", PIP_REQUIRE_VIRTUALENV="1", PYTHONPATH=str(tmp_path), PYTHONHOME="/nowhere")
    assert ran.returncode == 0, ran.stderr


def test_the_command_does_the_same(stick: Path, home: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "offline_interpreter", "bundle", "install", str(stick), "--target", "program"]
    ran = subprocess.run(
        command, cwd=tmp_path, env=clean_environment(home), capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert (tmp_path / "program" / "current" / "complete").is_file()
    assert ran.stdout.splitlines()[-1].startswith("Start it: ")


# -- refusals -----------------------------------------------------------------------------------------------------

HERE = this_machine()


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({"python": "cp399"}, "Bundle is for cp399 linux x86_64; this is "),
        ({"platform": "linux_riscv64"}, f"Bundle is for {HERE.python} linux riscv64; this is {HERE.python} linux "),
        ({"glibc": "2.999"}, f"Bundle needs glibc 2.999 or newer; this machine has {HERE.glibc}. Create it on a "),
        ({"cpu_features": ["avx99"], "cpu": "v3"}, "Bundle needs a processor with avx99 (v3); this one lacks avx99. "),
        ({"libraries": ["libnowhere.so.7"]}, "Bundle needs libnowhere.so.7, which this machine lacks. "),
        ({"format": 99}, "This bundle has format 99, and this program reads 1. "),
        ({"unpacked_bytes": 1 << 60}, "GB free and has "),
    ],
)
def test_a_bundle_for_something_else_changes_nothing(
    install: Install, stick: Path, home: Path, values: dict[str, object], line: str
) -> None:
    change_manifest(stick, **values)
    assert line in refused(install(), home)


def test_another_python_is_told_by_the_script_itself(stick: Path, home: Path, tmp_path: Path) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    for tool in ("sh", "dirname", "uname", "tr"):
        (programs / tool).symlink_to(shutil.which(tool) or tool)
    command = [str(programs / "sh"), str(stick / "install.sh")]
    environment = {"PATH": str(programs), "HOME": str(home)}
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert f"Bundle is for {python_tag()} linux " in (line := refused(ran, home))
    assert "this is without Python linux" in line
    (programs / "python3").write_text("#!/bin/sh\necho cp36\n")
    (programs / "python3").chmod(0o755)
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert "this is cp36 linux" in refused(ran, home)


def test_other_c_libraries_and_python_tags_are_told() -> None:
    manifest = read_manifest_like(glibc="2.34")
    musl = Machine(HERE.python, HERE.platform, "", HERE.cpu_features)
    assert "this machine has another C library" in mismatches(manifest, musl)[0]
    threads = Machine(HERE.python + "t", HERE.platform, HERE.glibc, HERE.cpu_features)
    assert f"this is {HERE.python}t linux" in mismatches(manifest, threads)[0]
    assert mismatches(manifest, HERE) == []


def read_manifest_like(**values: object):  # type: ignore[no-untyped-def]
    from offline_interpreter.bundle.installer.layout import Manifest

    given = {"version": "1", "python": HERE.python, "platform": HERE.platform, "glibc": "2.17", "cpu": "v3"}
    given |= {"cpu_features": (), "backend": "cpu", "libraries": (), "program": (), "unpacked_bytes": 0}
    return Manifest(**{**given, "models": (), "files": (), **values})  # type: ignore[arg-type]


def test_a_version_of_a_library_is_looked_for() -> None:
    assert can_load("libc.so.6 GLIBC_2.17")
    assert not can_load("libc.so.6 GLIBC_2.999")
    assert not can_load("libnowhere.so.1")


@pytest.mark.parametrize("name", ["wheels", "models/small"])
def test_a_damaged_file_changes_nothing(install: Install, stick: Path, home: Path, name: str) -> None:
    path = max((stick / name).iterdir())
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    assert refused(install(), home).startswith(f"{name}/{path.name} is damaged: ")


def test_a_missing_part_changes_nothing(install: Install, stick: Path, home: Path) -> None:
    (stick / "models" / "small" / "weights.gguf.002").unlink()
    assert refused(install(), home) == "models/small/weights.gguf.002 is missing."


def test_an_unfinished_copy_changes_nothing(install: Install, stick: Path, home: Path) -> None:
    (stick / SUMS).unlink()
    assert "not finished" in refused(install(), home)


def test_an_unfinished_bundle_changes_nothing(install: Install, stick: Path, home: Path) -> None:
    (stick / UNFINISHED).write_text("{}")
    assert "not finished" in refused(install(), home)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 1}', '{"format": 1, "files": [{"path": "../x"}]}'])
def test_a_damaged_manifest_changes_nothing(install: Install, stick: Path, home: Path, text: str) -> None:
    (stick / MANIFEST).write_text(text)
    assert "manifest.json is damaged" in refused(install(), home)


def test_no_file_may_leave_its_folder(install: Install, stick: Path, home: Path) -> None:
    files = json.loads((stick / MANIFEST).read_text())["files"]
    files[0]["path"] = "wheels/../../x"
    change_manifest(stick, files=files)
    assert "manifest.json is damaged" in refused(install(), home)


def test_a_folder_of_somebody_else_is_refused(install: Install, home: Path, tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "thesis.txt").write_text("mine")
    assert "holds other files" in refused(install("--target", str(tmp_path / "theirs")), home)
    assert "is not a folder" in refused(install("--target", str(tmp_path / "theirs" / "thesis.txt")), home)
    assert [path.name for path in (tmp_path / "theirs").iterdir()] == ["thesis.txt"]


def test_what_was_put_beside_a_bundle_is_no_hindrance(install: Install, stick: Path, home: Path) -> None:
    (stick / "notes.txt").write_text("mine")
    assert refused(install("--check"), home) == "notes.txt does not belong to the bundle."
    assert find_faults(stick, lambda *_: None) == []  # which is all that an installation asks


def test_check_only_checks(install: Install, stick: Path, home: Path) -> None:
    ran = install("--check")
    assert (ran.returncode, list(home.iterdir())) == (0, [])
    assert "The bundle is whole. Checksum of SHA256SUMS: " in ran.stderr
    (stick / "README.txt").write_text("another")
    assert refused(install("--check"), home).startswith("README.txt is damaged")


# -- interrupted, and again ---------------------------------------------------------------------------------------


def started_until(stick: Path, home: Path, stage: str, *before: str) -> "subprocess.Popen[str]":
    """Start an installation and return it when it says that it has come to a stage."""
    environment = clean_environment(home) | {"PYTHON": sys.executable}
    command = [*before, "sh", str(stick / "install.sh")]
    child = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True, start_new_session=True)
    assert child.stderr is not None
    for line in child.stderr:
        if line.startswith(stage):
            return child
    pytest.fail(f"{stage!r} was not reached")


@pytest.mark.parametrize("stage", ["Copying packages", "Installing"])
def test_an_installation_that_was_killed_is_finished_by_the_next(
    install: Install, stick: Path, home: Path, stage: str
) -> None:
    with started_until(stick, home, stage) as child:
        os.killpg(child.pid, signal.SIGKILL)
    assert not (program_of(home) / "current").exists()
    assert not (home / ".local" / "bin").exists()
    ran = install()
    assert ran.returncode == 0, ran.stderr
    assert (program_of(home) / "current" / "complete").is_file()
    assert not list(home.rglob("*.part"))


def test_ctrl_c_ends_with_a_line(stick: Path, home: Path) -> None:
    with started_until(stick, home, "Installing") as child:
        os.killpg(child.pid, signal.SIGINT)
        said = child.stderr.read() if child.stderr else ""
    assert child.returncode == 130
    assert said.splitlines()[-1] == "Stopped. Start the same command again; it goes on where it can."
    assert "Traceback" not in said
    assert not (program_of(home) / "current").exists()


def test_again_leaves_what_is_whole(installed: Installed, carried: Path) -> None:
    home = installed[0]
    environment = (program_of(home) / "current").resolve()
    model = home / ".local" / "share" / "offline-interpreter" / "models" / "small" / "weights.gguf"
    before = (environment / "pyvenv.cfg").stat().st_ino, model.stat().st_ino
    ran = run_installer(carried, home)
    assert ran.returncode == 0, ran.stderr
    assert ((environment / "pyvenv.cfg").stat().st_ino, model.stat().st_ino) == before
    assert "Installing" not in ran.stderr
    assert "left" not in ran.stderr


def test_again_makes_good_what_was_damaged_since(install: Install, home: Path) -> None:
    assert install().returncode == 0
    program = program_of(home)
    model = home / ".local" / "share" / "offline-interpreter" / "models" / "small" / "weights.gguf"
    model.write_bytes(bytes(len(WEIGHTS)))
    wheel = next((program / "wheels").glob("rich-*"))
    wheel.write_bytes(b"")
    next((program / "current" / "lib").glob("python*/site-packages/numpy.py")).unlink()
    assert install().returncode == 0
    assert model.read_bytes() == WEIGHTS
    assert wheel.stat().st_size > 0
    assert next((program / "current" / "lib").glob("python*/site-packages/numpy.py")).is_file()


def test_what_cannot_be_installed_is_not_taken_for_whole(install: Install, stick: Path, home: Path) -> None:
    assert install().returncode == 0
    earlier = (program_of(home) / "current").resolve()
    change_manifest(stick, program=["nothing==1.0"])
    ran = install()
    assert ran.returncode == 1
    assert "The packages could not be installed: No matching distribution found for nothing==1.0" in ran.stderr
    assert (program_of(home) / "current").resolve() == earlier


def test_an_upgrade_leaves_the_earlier_one_until_it_is_whole(install: Install, stick: Path, home: Path) -> None:
    assert install().returncode == 0
    earlier = (program_of(home) / "current").resolve()
    (stick / "README.txt").write_text("a newer one")
    seal(stick)
    ran = install()
    assert ran.returncode == 0, ran.stderr
    assert (program_of(home) / "current").resolve() != earlier
    assert f"An earlier one is left in {earlier}; remove it when nothing runs from it." in ran.stderr
    assert (earlier / "complete").is_file()


def test_two_at_once_do_not_meet(installed: Installed, carried: Path) -> None:
    home = installed[0]
    with (program_of(home) / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ran = run_installer(carried, home)
    assert ran.returncode == 1
    assert "Another installation into" in ran.stderr


# -- what belongs to the person -----------------------------------------------------------------------------------


def test_the_folders_are_those_of_the_program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for given in ({}, {"XDG_DATA_HOME": "/data", "XDG_CONFIG_HOME": "/settings"}, {"OFFLINE_INTERPRETER_MODELS": "/m"}):
        with monkeypatch.context() as changed:
            for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "OFFLINE_INTERPRETER_MODELS"):
                changed.delenv(name, raising=False)
            for name, value in {"HOME": str(tmp_path), **given}.items():
                changed.setenv(name, value)
            assert places.models_folder() == config.models_folder()
            assert places.user_file() == config.user_file()


@pytest.mark.parametrize("text", ["", "# mine\ntemperature = 0.5\n", "[a]\nb = 1\n"])
def test_the_wheelhouse_is_registered_beside_other_settings(tmp_path: Path, text: str) -> None:
    path, wheels = tmp_path / "config" / "config.toml", tmp_path / 'a "folder" é'
    path.parent.mkdir()
    path.write_text(text)
    assert settle.register_wheelhouse(wheels, path) == []
    assert tomllib.loads(path.read_text()) == {**tomllib.loads(text), "wheelhouse": str(wheels)}
    assert path.read_text().endswith(text)
    assert settle.register_wheelhouse(wheels, path) == []
    assert path.read_text().count("wheelhouse =") == 1


def test_a_wheelhouse_of_the_persons_own_is_left(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('wheelhouse = "/mine"\n')
    assert "was left" in settle.register_wheelhouse(tmp_path / "wheels", path)[0]
    assert path.read_text() == 'wheelhouse = "/mine"\n'


def test_settings_that_are_a_link_stay_one(tmp_path: Path) -> None:
    (tmp_path / "kept.toml").write_text("")
    (tmp_path / "config.toml").symlink_to(tmp_path / "kept.toml")
    settle.register_wheelhouse(tmp_path / "wheels", tmp_path / "config.toml")
    assert (tmp_path / "config.toml").is_symlink()
    assert "wheelhouse" in (tmp_path / "kept.toml").read_text()


def test_another_model_of_the_same_name_is_left(install: Install, home: Path) -> None:
    folder = home / ".local" / "share" / "offline-interpreter" / "models" / "small"
    folder.mkdir(parents=True)
    (folder / "weights.gguf").write_bytes(b"mine")
    (folder / "model.json").write_text(json.dumps(SCHEMA))
    ran = install()
    assert ran.returncode == 0, ran.stderr
    assert "The store has another model 'small', which was left." in ran.stderr
    assert (folder / "weights.gguf").read_bytes() == b"mine"


def test_a_command_of_the_same_name_is_left(install: Install, home: Path) -> None:
    link = home / ".local" / "bin" / "offline-interpreter"
    link.parent.mkdir(parents=True)
    link.write_text("mine")
    ran = install()
    assert ran.returncode == 0, ran.stderr
    assert "is something else and was left" in ran.stderr
    assert link.read_text() == "mine"
