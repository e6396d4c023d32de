"""The commands of a fresh clone: what they pass on, when they set up, what they say when something is missing."""

import fcntl
import os
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parent.parent
SCRIPTS = [*sorted((ROOT / "scripts").glob("[a-z]*")), ROOT / ".ci" / "run"]
SHELL_SCRIPTS = [path for path in SCRIPTS if path.is_file() and b"bash" in path.read_bytes()[:200]]

# What set-up may use of any machine; Pythons and compilers are added by the tests.
TOOLS = ["bash", "cat", "cksum", "cut", "dirname", "env", "getconf", "grep", "mkdir", "mktemp", "mv", "readlink", "rm"]
TOOLS += ["rmdir", "sed", "tail", "tr", "uname"]

# Stands where the program would: it shows what reached it.
PROGRAM = """#!/usr/bin/env bash
printf '<%s>' "$@"
printf '\\n%s\\n' "$PWD"
cat
exit 7
"""

# Stands where pip would: it fetches the file that is named, once.
FETCHER = """#!/usr/bin/env bash
while [[ $1 != -d ]]; do shift; done
mkdir -p "$2" && mv "$ARCHIVE" "$2/"
"""

GET_SAMPLES = 'source "$1/scripts/environment.sh"; get_samples; ls "$engine_source"; engine_source=; get_samples'
MAKE_WHOLE = 'source "$1/scripts/environment.sh"; backend=cpu; engine=$(engine_name); stamp >"$1/stamp"'

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone whose path has a space, set up as far as its stamp says."""
    folder = tmp_path / "a clone"
    shutil.copytree(ROOT / "scripts", folder / "scripts", ignore=shutil.ignore_patterns("starter", "__pycache__"))
    for name in ("pyproject.toml", "requirements.lock"):
        shutil.copy(ROOT / name, folder)
    programs = folder / ".venv" / "bin"
    programs.mkdir(parents=True)
    (folder / ".venv" / "made-by-scripts").touch()
    (programs / "python").symlink_to(sys.executable)
    (programs / "offline-interpreter").write_text(PROGRAM)
    (programs / "offline-interpreter").chmod(0o755)
    make_whole(folder)
    return folder


def make_whole(clone: Path) -> None:
    subprocess.run(["bash", "-euc", MAKE_WHOLE, "-", str(clone)], check=True)
    whole = clone / ".venv" / "whole"
    whole.mkdir(exist_ok=True)
    (clone / "stamp").rename(whole / "data")


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A folder of programs: all that the machine has to offer."""
    folder = tmp_path / "programs"
    folder.mkdir()
    for tool in TOOLS:
        (folder / tool).symlink_to(shutil.which(tool) or tool)
    return folder


@pytest.fixture
def run(clone: Path, machine: Path, tmp_path: Path) -> Run:
    def run_script(*arguments: str, **options: str) -> "subprocess.CompletedProcess[str]":
        environment = {"PATH": str(machine), "HOME": str(tmp_path / "home"), "PIP_NO_INDEX": "1"}
        environment.update({name: value for name, value in options.items() if name.isupper()})
        command = options.get("command", str(clone / "scripts" / "run"))
        stdin, cwd = options.get("stdin", ""), options.get("cwd", str(tmp_path))
        return subprocess.run(
            [command, *arguments], input=stdin, cwd=cwd, env=environment, capture_output=True, text=True, check=False
        )

    return run_script


def add_python(machine: Path, before: str) -> None:
    """Put a Python on the machine that runs ``before`` ahead of whatever it is asked to run."""
    program = f'#!/bin/sh\nexec "{sys.executable}" -I -c "import sys; {before}; exec(sys.argv[1])" "$3"\n'
    (machine / "python3").write_text(program)
    (machine / "python3").chmod(0o755)


def test_arguments_reach_the_program_unchanged(run: Run) -> None:
    done = run("-y", "two  words", "", 'it\'s "quoted" $HOME *', "--", "-n", "a\nb")
    assert done.stdout.startswith('<-y><two  words><><it\'s "quoted" $HOME *><--><-n><a\nb>\n')
    assert done.stderr == ""


def test_exit_code_is_that_of_the_program(run: Run) -> None:
    assert run().returncode == 7


def test_program_runs_in_the_folder_of_the_caller(run: Run, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    assert run(cwd=str(tmp_path / "data")).stdout.splitlines()[1] == str(tmp_path / "data")


def test_stdin_reaches_the_program(run: Run) -> None:
    assert run(stdin="a,b\n1,2\n").stdout.endswith("\na,b\n1,2\n")


def test_runs_through_a_symlink(run: Run, clone: Path, tmp_path: Path) -> None:
    (tmp_path / "oi").symlink_to(clone / "scripts" / "run")
    assert run("hello", command=str(tmp_path / "oi")).stdout.startswith("<hello>")


def test_runs_without_a_home(run: Run) -> None:
    assert run("hello", HOME="").stdout.startswith("<hello>")


def test_leading_backend_is_not_passed_on(run: Run) -> None:
    assert run("--backend", "cpu", "hello").stdout.startswith("<hello>")


def test_backend_elsewhere_is_passed_on(run: Run) -> None:
    assert run("hello", "--backend", "cpu").stdout.startswith("<hello><--backend><cpu>")


@pytest.mark.parametrize(
    ("arguments", "message"), [(["rocm"], "There is no backend 'rocm'"), ([], "wants cpu or cuda")]
)
def test_wrong_backend_is_refused(run: Run, arguments: list[str], message: str) -> None:
    done = run("--backend", *arguments)
    assert (done.returncode, done.stdout) == (1, "")
    assert message in done.stderr


def test_environment_without_a_stamp_is_not_used(run: Run, clone: Path) -> None:
    shutil.rmtree(clone / ".venv" / "whole")
    assert run("hello").returncode == 1


@pytest.mark.parametrize("name", ["pyproject.toml", "requirements.lock", "scripts/engine_only.cmake"])
def test_environment_made_from_something_else_is_not_used(run: Run, clone: Path, name: str) -> None:
    with (clone / name).open("a") as file:
        file.write("# changed\n")
    assert run("hello").returncode == 1


def test_environment_of_somebody_else_is_left_alone(run: Run, clone: Path, machine: Path) -> None:
    (machine / "python3").symlink_to(sys.executable)
    shutil.rmtree(clone / ".venv" / "whole")
    (clone / ".venv" / "made-by-scripts").unlink()
    assert "was made by somebody else" in run("hello").stderr
    assert (clone / ".venv" / "bin" / "offline-interpreter").is_file()


def test_environment_for_another_backend_is_not_used(run: Run) -> None:
    assert run("--backend", "cuda", "hello").returncode == 1


def test_environment_of_a_moved_clone_is_not_used(run: Run, clone: Path) -> None:
    moved = clone.rename(clone.with_name("moved"))
    assert run("hello", command=str(moved / "scripts" / "run")).returncode == 1


def test_missing_python_is_named_with_its_package(run: Run, clone: Path) -> None:
    shutil.rmtree(clone / ".venv")
    done = run("hello")
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(
        r".*Python 3\.10 or newer is needed, and none was found\. Install one: .*python.*\n", done.stderr
    )


def test_old_python_is_named(run: Run, clone: Path, machine: Path) -> None:
    shutil.rmtree(clone / ".venv")
    add_python(machine, "sys.version_info = (3, 9, 2)")
    assert "Python 3.10 or newer is needed, and python3 is 3.9." in run("hello").stderr


def test_python_without_its_venv_module_is_named_with_the_package(run: Run, clone: Path, machine: Path) -> None:
    shutil.rmtree(clone / ".venv")
    add_python(machine, "sys.modules['ensurepip'] = None")
    assert re.search(r"Python 3\.\d+ lacks its venv module\. Install it: .*python", run("hello").stderr)


def test_python_that_the_person_names_is_the_only_one_tried(run: Run, clone: Path, machine: Path) -> None:
    shutil.rmtree(clone / ".venv")
    (machine / "python3").symlink_to(sys.executable)
    assert "/nowhere/python does not run" in run("hello", PYTHON="/nowhere/python").stderr


def test_missing_compiler_is_named_with_its_package(run: Run, clone: Path, machine: Path) -> None:
    shutil.rmtree(clone / ".venv")
    (machine / "python3").symlink_to(sys.executable)
    done = run("hello")
    assert (done.returncode, done.stdout) == (1, "")
    assert re.search(
        r"needs a C\+\+ compiler, and none works here\. Install one: .*(g\+\+|gcc-c\+\+|xcode)", done.stderr
    )


def test_failed_update_leaves_a_whole_environment_whole(run: Run, clone: Path, machine: Path, tmp_path: Path) -> None:
    shutil.rmtree(clone / ".venv" / "bin")
    subprocess.run([sys.executable, "-m", "venv", str(clone / ".venv")], check=True)
    (machine / "python3").symlink_to(sys.executable)
    project = clone / "pyproject.toml"
    engine = (clone / ".venv" / "whole" / "data").read_text().splitlines()[1]
    wheels = tmp_path / "home" / ".cache" / "offline-interpreter" / "wheels" / engine
    wheels.mkdir(parents=True)
    (wheels / "llama_cpp_python-0-py3-none-any.whl").touch()
    before = (clone / ".venv" / "whole" / "data").read_text()
    project.write_text(project.read_text() + "# changed\n")
    assert "packages could not be installed" in run("hello").stderr
    assert (clone / ".venv" / "whole" / "data").read_text() == before


def test_second_set_up_waits_for_the_first(clone: Path, machine: Path, tmp_path: Path) -> None:
    (machine / "python3").symlink_to(sys.executable)
    shutil.rmtree(clone / ".venv" / "whole")
    (clone / ".venv-setup").mkdir()
    command = [str(clone / "scripts" / "run"), "hello"]
    environment = {"PATH": str(machine), "HOME": str(tmp_path / "home")}
    with (clone / ".venv-setup" / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as second:
            assert second.stderr is not None
            assert "Waiting for it" in second.stderr.readline()
            make_whole(clone)
            fcntl.flock(lock, fcntl.LOCK_UN)
            stdout, stderr = second.communicate()
    assert stdout.startswith("<hello>")
    assert stderr == ""


@pytest.mark.parametrize(
    ("programs", "backend"),
    [
        ({"nvcc": "true", "nvidia-smi": "echo GPU 0: a GPU"}, "cuda"),
        ({"nvcc": "true", "nvidia-smi": "echo No devices were found"}, "cpu"),
        ({"nvcc": "false", "nvidia-smi": "echo GPU 0: a GPU"}, "cpu"),
        ({}, "cpu"),
    ],
)
def test_cuda_is_chosen_where_it_can_be_built_and_used(
    clone: Path, machine: Path, programs: dict[str, str], backend: str
) -> None:
    shutil.rmtree(clone / ".venv")
    for name, body in programs.items():
        (machine / name).write_text(f"#!{machine / 'bash'}\n{body}\n")
        (machine / name).chmod(0o755)
    command = ["bash", "-euc", 'source "$1/scripts/environment.sh"; choose_backend', "-", str(clone)]
    done = subprocess.run(command, env={"PATH": str(machine)}, capture_output=True, text=True, check=True)
    assert done.stdout == backend


def test_samples_for_tests_are_fetched_once(clone: Path, tmp_path: Path) -> None:
    (clone / ".venv-setup").mkdir()
    (clone / ".venv" / "bin" / "python").unlink()
    (clone / ".venv" / "bin" / "python").write_text(FETCHER)
    (clone / ".venv" / "bin" / "python").chmod(0o755)
    version = re.findall(r'"llama-cpp-python==(.*)"', (ROOT / "pyproject.toml").read_text())[0]
    vendor = tmp_path / f"llama_cpp_python-{version}" / "vendor" / "llama.cpp"
    for folder in ("models/templates", "src/models"):
        (vendor / folder).mkdir(parents=True)
        (vendor / folder / "a file").touch()
    archive = tmp_path / f"llama_cpp_python-{version}.tar.gz"
    with tarfile.open(archive, "w:gz") as file:
        file.add(vendor.parent.parent, vendor.parent.parent.name)
    environment = {**os.environ, "ARCHIVE": str(archive), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    command = ["bash", "-euc", GET_SAMPLES, "-", str(clone)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == f"{clone}/.venv-setup/source/{archive.name}\n"
    found = tmp_path / "cache" / "offline-interpreter" / "samples" / version
    assert [str(path.relative_to(found)) for path in found.rglob("*") if path.is_file()] == ["models/templates/a file"]


@pytest.mark.parametrize("script", SHELL_SCRIPTS, ids=lambda path: path.name)
def test_shell_understands_every_script(script: Path) -> None:
    done = subprocess.run(["bash", "-n", str(script)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", ["scripts/run", "scripts/test", "scripts/check", ".ci/run"])
def test_command_may_be_executed(name: str) -> None:
    assert os.access(ROOT / name, os.X_OK)


def test_lock_pins_all_that_set_up_installs() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    requirements = [*project["dependencies"], *extras["data"], *extras["dev"]]
    named = [re.split(r"[<>=; ]", requirement)[0] for requirement in requirements]
    pinned = re.findall(r"^([\w-]+)==", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    assert {name.lower() for name in named} <= {name.lower().replace("_", "-") for name in pinned}
