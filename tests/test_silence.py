"""Every command is silent on the network: run as a process, under a watch of its system calls."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from pty_program import Program

from offline_interpreter.api import find_model
from offline_interpreter.cli.main import group
from offline_interpreter.doctor import strace
from offline_interpreter.doctor.airgap import control_attempt
from offline_interpreter.doctor.calls import Call
from offline_interpreter.doctor.watch import WAYS, Unwatchable, Way, watch

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="system calls are watched on Linux alone")

PROGRAM = (sys.executable, "-m", "offline_interpreter")

# Which arguments each command is run with. What fails, as for a bundle that is none, must be silent too.
RUNS: dict[str, list[list[str]]] = {
    "": [["--help"], ["--version"], ["-y", "What is 37 * 481?"], ["What is 37 * 481?"], ["--bogus"], []],
    "ask": [["-y", "--json", "-m", "mine", "What is 18 % of 2450?"], ["-m", "qwen3.5-4b", "hi"], ["-c", "hi"]],
    "exec": [["cell.py"], ["--json", "cell.py"], ["nowhere.py"], ["--sandbox", "off", "cell.py"]],
    "models list": [[]],
    "models show": [["mine"], ["qwen3.5-4b"], ["nothing"]],
    "models import": [["model.gguf", "--id", "other"], ["--link", "model.gguf"], ["cell.py"]],
    "models verify": [[], ["--quick"], ["mine"]],
    "models rm": [["mine"], ["nothing"]],
    "models default": [["mine"], [], ["starter"]],
    "models path": [["mine"], ["starter"], ["qwen3.5-4b"]],
    "bench run": [["--models", "references", "--tasks", "numbers-product", "--out", "run"], ["--models", "nothing"]],
    "bench report": [["."]],
    "bench compare": [[".", "."]],
    "bench speed": [["starter", "--prompt", "64", "--generate", "", "--depth", "0", "--repeats", "1"]],
    "bundle verify": [["."]],
    "bundle install": [["."]],
    "cache show": [[]],
    "cache clear": [[]],
    "doctor": [[], ["--json"]],
}
RUN_CELLS = {"", "ask", "exec", "bench run"}  # strace alone sees what is tried in a confined cell
MAY_ASK = {"models pull", "bundle create"}


def paths(group: click.Group, above: str = "") -> Iterator[str]:
    for name, command in group.commands.items():
        path = f"{above} {name}".strip()
        if isinstance(command, click.Group):
            yield from paths(command, path)
        else:
            yield path


def works(way: Way) -> bool:
    try:
        control_attempt(way)
    except Unwatchable:
        return False
    return True


@pytest.fixture(scope="module")
def ways() -> list[Way]:
    """Return the ways of watching that work here, the quicker one first."""
    found = [way for way in reversed(WAYS) if works(way)]
    return found or pytest.skip("no watch of system calls works here")


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "OFFLINE_", "HF_"))}
    return {**kept, "HOME": str(tmp_path / "home")}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A workspace, and a store that holds one model."""
    work = tmp_path / "work"
    work.mkdir()
    work.joinpath("cell.py").write_text("print(6 * 7)")
    held = tmp_path / "home/.local/share/offline-interpreter/models/mine"
    held.mkdir(parents=True)
    for path in (work / "model.gguf", held / "model.gguf"):
        shutil.copy(find_model("starter"), path)
    return work


def test_every_command_is_watched_here_or_may_ask() -> None:
    assert set(paths(group)) == (RUNS.keys() - {""}) | MAY_ASK


@pytest.mark.parametrize("path", RUNS)
def test_the_command_is_silent(path: str, ways: list[Way], folder: Path, environment: dict[str, str]) -> None:
    way = ways[-1 if path in RUN_CELLS else 0]
    for given in RUNS[path]:
        arguments = [*path.split(), *given]
        ran = watch(way, [*PROGRAM, *arguments], folder=folder, environment=environment)
        assert ran.attempts == (), arguments
        assert ran.status is not None, arguments
        assert b"wrong in the program itself" not in ran.stderr, (arguments, ran.stderr)


@pytest.mark.parametrize("path", sorted(MAY_ASK | {"models", "bundle"}))
def test_help_of_what_may_ask_is_silent(path: str, ways: list[Way], folder: Path, environment: dict[str, str]) -> None:
    ran = watch(ways[0], [*PROGRAM, *path.split(), "--help"], folder=folder, environment=environment)
    assert ran.attempts == ()
    assert ran.status == 0


def test_a_pull_is_seen_by_the_same_watch(ways: list[Way], folder: Path, environment: dict[str, str]) -> None:
    nowhere = {**environment, "HF_ENDPOINT": "http://127.0.0.1:9"}
    ran = watch(ways[0], [*PROGRAM, "models", "pull", "qwen2.5-coder-1.5b"], folder=folder, environment=nowhere)
    assert "127.0.0.1 port 9" in {call.target for call in ran.attempts}
    assert ran.status == 1


@pytest.mark.parametrize("way", WAYS)
def test_a_turn_is_silent_by_each_way_of_watching(way: Way, folder: Path, environment: dict[str, str]) -> None:
    try:
        ran = watch(way, [*PROGRAM, "-y", "What is 37 * 481?"], folder=folder, environment=environment)
    except Unwatchable as error:
        pytest.skip(str(error))
    assert b"17797" in ran.stdout
    assert ran.attempts == ()


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_what_a_confined_cell_tries_is_seen_by_strace(folder: Path, environment: dict[str, str]) -> None:
    folder.joinpath("cell.py").write_text("import socket\nsocket.socket(socket.AF_INET)")
    ran = watch("strace", [*PROGRAM, "exec", "cell.py"], folder=folder, environment=environment)
    assert {(call.call, call.family) for call in ran.attempts} == {("socket", "AF_INET")}
    assert ran.status == 4


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_a_chat_is_silent(tmp_path: Path, folder: Path, environment: dict[str, str]) -> None:
    command = strace.command("strace", tmp_path / "log", [*PROGRAM, "-w", str(folder)])
    with Program(f"import os; os.execvp('strace', {command!r})", env={"HOME": environment["HOME"]}) as program:
        program.wait_for("Type a request")
        program.type("What is 37 * 481?\r")
        program.wait_for("Run it?")
        program.type("y\r")
        program.wait_for("37 * 481 = 17797")
        program.wait_for("\x1b[?2004h")  # the line editor is ready
        program.type("\x04")
        assert program.end() == 0
    lines = (tmp_path / "log").read_text().splitlines()
    assert [call for call in strace.read(lines) if call.is_attempt] == []


# -- the switches -------------------------------------------------------------------------------------------------

ASK_THE_HUB = """
import os
from offline_interpreter import silence
silence.{function}()
from huggingface_hub import constants
print(constants.HF_HUB_OFFLINE, constants.HF_HUB_DISABLE_TELEMETRY, constants.HF_HUB_DISABLE_XET)
"""


def hub_says(function: str, environment: dict[str, str]) -> list[bool]:
    command = [sys.executable, "-c", ASK_THE_HUB.format(function=function)]
    said = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    return [word == "True" for word in said.split()]


def test_the_hub_is_forbidden_and_told_to_be_silent(environment: dict[str, str]) -> None:
    assert hub_says("keep_silent", environment) == [True, True, True]


def test_who_downloads_is_let_through_and_still_silent(environment: dict[str, str]) -> None:
    assert hub_says("let_the_hub_through", environment) == [False, True, True]


def test_what_the_person_has_set_stays(environment: dict[str, str]) -> None:
    own = {**environment, "HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_XET": "0"}
    assert hub_says("let_the_hub_through", own) == [True, True, False]


# -- what is an attempt -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (Call(1, "x", "socket", "AF_INET"), True),
        (Call(1, "x", "socket", "AF_NETLINK"), True),
        (Call(1, "x", "connect", "AF_INET", "127.0.0.1 port 80"), True),
        (Call(1, "x", "connect", "AF_UNIX", "/run/systemd/resolve/io.systemd.Resolve"), True),
        (Call(1, "x", "connect", "AF_UNIX", "@/tmp/.X11-unix/X0"), True),
        (Call(1, "x", "connect", "AF_UNIX", "/var/run/nscd/socket"), False),
        (Call(1, "x", "io_uring_setup", "unknown"), True),
    ],
)
def test_only_the_cache_of_user_names_is_no_attempt(call: Call, expected: bool) -> None:
    assert call.is_attempt is expected
