"""The doctor: what it finds on this machine and on made-up ones, and that it outlives what is broken."""

import json
import os
import shutil
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest

from offline_interpreter.api import find_model
from offline_interpreter.config import Options
from offline_interpreter.doctor import airgap, confinement, engine, listener, models, strace, surroundings, watch
from offline_interpreter.doctor.calls import Call
from offline_interpreter.doctor.engine import Asked, check_engine
from offline_interpreter.doctor.findings import Finding, examine
from offline_interpreter.errors import UsageError
from offline_interpreter.models.fit import Memory
from offline_interpreter.view.findings import finding_lines, summary

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="system calls are watched on Linux alone")

CPU = {"kind": 0, "free_bytes": 1, "total_bytes": 2, "name": "A processor"}
LIBRARY = {"version": "0.3.36", "system": "CPU : AVX2 = 1 | FMA = 0 | OPENMP = 1 | ", "gpu": False, "devices": [CPU]}
WORKS = Asked({**LIBRARY, "computes": True})
NAMESPACES_FAIL = "tier A: namespaces: Operation not permitted"


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "OFFLINE_INTERPRETER_"))}
    return {**kept, "HOME": str(tmp_path / "home"), "COLUMNS": "80"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "work"
    path.mkdir()
    return path


def doctor(
    folder: Path, environment: dict[str, str], *options: str, prefix: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    command = [*prefix, sys.executable, "-m", "offline_interpreter", "doctor", *options]
    return subprocess.run(
        command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )


def findings_of(ran: subprocess.CompletedProcess[str], name: str) -> list[dict]:
    return [finding for finding in json.loads(ran.stdout)["findings"] if finding["name"] == name]


# -- the command --------------------------------------------------------------------------------------------------


def test_a_table_tells_all_and_fits_the_screen(environment, folder):
    ran = doctor(folder, environment)
    assert ran.returncode == 0, ran.stdout
    lines = ran.stdout.splitlines()
    names = [line[9:20].strip() for line in lines if line[:9].strip() in {"ok", "note"}]
    wanted = ["Python", "packages", "llama.cpp", "GPU", "memory", "models", "sandbox", "terminal", "disk", "folders"]
    assert list(dict.fromkeys(names)) == wanted
    assert [line for line in lines if len(line) > 80 and " " in line.strip()] == []
    assert lines[-1].startswith("Everything works.")


def test_json_is_the_same_as_data(environment, folder):
    data = json.loads(doctor(folder, environment, "--json").stdout)
    assert data["works"] is True
    by_name = {finding["name"]: finding for finding in data["findings"]}
    assert by_name["llama.cpp"]["data"]["computes"] is True
    assert by_name["Python"]["data"]["executable"] == sys.executable
    assert by_name["sandbox"]["data"]["tier"] in {"A", "B", "C", "off"}
    assert {"state", "text", "remedy", "commands"} <= by_name["disk"].keys()


def test_it_leaves_nothing_behind(tmp_path, environment, folder):
    doctor(folder, environment)
    left = [path for path in (tmp_path / "home").rglob("*") if path.is_file()]
    assert [path for path in left if path.parent.name != "sandbox"] == []  # that a self-test has passed is remembered


def test_settings_that_cannot_be_read_are_a_problem_among_others(tmp_path, environment, folder):
    settings = tmp_path / "home/.config/offline-interpreter/config.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text("model = [")
    ran = doctor(folder, environment, "--json")
    assert ran.returncode == 1
    assert "cannot be read" in findings_of(ran, "settings")[0]["text"]
    assert findings_of(ran, "llama.cpp")[0]["state"] == "ok"


def test_a_folder_that_is_gone_is_a_problem_among_others(folder, environment):
    gone = ("sh", "-c", 'rmdir "$PWD" && exec "$@"', "sh")
    ran = doctor(folder, environment, "--json", prefix=gone)
    assert ran.returncode == 1, ran.stderr
    assert "does not exist any more" in findings_of(ran, "folders")[0]["text"]
    assert findings_of(ran, "llama.cpp")[0]["state"] == "ok"


def test_a_default_model_that_is_not_here_is_a_problem_with_a_remedy(environment, folder):
    ran = doctor(folder, {**environment, "OFFLINE_INTERPRETER_MODEL": "qwen3.5-4b"}, "--json")
    used = findings_of(ran, "models")[0]
    assert (ran.returncode, used["state"]) == (1, "problem")
    assert "qwen3.5-4b" in used["text"]
    assert used["remedy"]


def test_a_state_folder_that_cannot_be_made_is_a_problem(tmp_path, environment, folder):
    (tmp_path / "file").write_text("")
    ran = doctor(folder, {**environment, "OFFLINE_INTERPRETER_STATE": str(tmp_path / "file" / "state")}, "--json")
    broken = [finding for finding in findings_of(ran, "folders") if finding["state"] == "problem"]
    assert ran.returncode == 1
    assert [finding["data"]["for"] for finding in broken] == ["sessions"]
    assert "OFFLINE_INTERPRETER_STATE" in broken[0]["remedy"]


def test_a_home_is_said_to_be_no_workspace(tmp_path, environment):
    (tmp_path / "home").mkdir()
    ran = doctor(tmp_path / "home", environment, "--json")
    assert [f["state"] for f in findings_of(ran, "folders") if f["data"]["for"] == "workspace"] == ["note"]
    assert findings_of(ran, "sandbox")[0]["state"] != "problem"


def test_a_planted_module_is_not_run(folder, environment):
    for name in ("json.py", "offline_interpreter.py", "llama_cpp.py"):
        (folder / name).write_text("open('ran', 'w')")
    command = [Path(sys.executable).with_name("offline-interpreter"), "doctor", "--airgap"]
    if not command[0].exists():
        pytest.skip("the command is not installed beside this Python")
    subprocess.run(command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=True)
    assert not (folder / "ran").exists()


# -- checks that fail ---------------------------------------------------------------------------------------------


def test_a_check_that_raises_is_a_finding():
    def broken():
        yield Finding("x", "ok", "so far")
        raise RuntimeError("no such thing")

    failed = Finding("x", "problem", "This check failed: RuntimeError: no such thing.")
    assert examine("x", broken) == (Finding("x", "ok", "so far"), failed)


def test_an_error_of_ours_keeps_its_remedy():
    def broken():
        raise UsageError("This is wrong.", "Do that.")

    assert examine("x", broken) == (Finding("x", "problem", "This is wrong.", "Do that."),)


# -- llama.cpp and GPUs -------------------------------------------------------------------------------------------


def machine(folder: Path, vendor: str, *, driver: bool = True, kind: str = "0x030200") -> Path:
    """Write what Linux tells of a machine with one device."""
    device = folder / "sys/bus/pci/devices/0000:01:00.0"
    device.mkdir(parents=True)
    (device / "vendor").write_text(f"{vendor}\n")
    (device / "class").write_text(f"{kind}\n")
    if driver:
        told = folder / "proc/driver/nvidia/gpus/0000:01:00.0"
        told.mkdir(parents=True)
        (folder / "proc/driver/nvidia/version").write_text("NVRM version: NVIDIA UNIX")
        (told / "information").write_text("Model: \t\t NVIDIA H100 80GB HBM3\nIRQ: 1\n")
    return folder


def gpu_finding(asked: Asked, system: Path) -> Finding:
    return next(finding for finding in check_engine(asked, system) if finding.name == "GPU")


def test_features_of_the_processor_are_those_that_are_used():
    assert engine.processor_features(LIBRARY["system"]) == ["AVX2"]


def test_a_gpu_that_lies_idle_comes_with_the_command_that_builds_for_it(tmp_path):
    found = gpu_finding(WORKS, machine(tmp_path, "0x10de"))
    assert found.state == "note"
    assert found.text.startswith("NVIDIA H100 80GB HBM3 is not used")
    command = found.commands[0]
    assert "--backend cuda" in command or command.startswith('CMAKE_ARGS="-DGGML_CUDA=on" ')


def test_a_gpu_of_amd_is_built_for_by_vulkan(tmp_path):
    found = gpu_finding(WORKS, machine(tmp_path, "0x1002", driver=False))
    assert found.text.startswith("AMD GPU is not used")
    assert found.commands[0].startswith('CMAKE_ARGS="-DGGML_VULKAN=on" ')
    assert found.commands[0].endswith("llama-cpp-python==0.3.36")


def test_without_a_driver_the_driver_comes_first(tmp_path):
    found = gpu_finding(WORKS, machine(tmp_path, "0x10de", driver=False))
    assert "driver" in found.text
    assert found.commands == ()


def test_a_build_for_gpus_that_finds_none_is_told(tmp_path):
    asked = Asked({**LIBRARY, "computes": True, "gpu": True})
    assert "does not find it" in gpu_finding(asked, machine(tmp_path, "0x10de")).text


def test_other_devices_are_no_gpus(tmp_path):
    assert engine.idle_gpus(machine(tmp_path, "0x10de", kind="0x020000")) == []


def test_a_gpu_in_use_is_told_with_its_memory(tmp_path):
    gpu = {"kind": 1, "free_bytes": 70_000_000_000, "total_bytes": 80_000_000_000, "name": "NVIDIA H100"}
    asked = Asked({**LIBRARY, "computes": True, "gpu": True, "devices": [gpu, CPU]})
    assert gpu_finding(asked, tmp_path).text == "NVIDIA H100: 70 GB of 80 GB free."
    assert asked.free_gpu_bytes == (70_000_000_000,)


def test_a_library_that_kills_its_process_is_a_problem(tmp_path):
    found = next(check_engine(Asked(LIBRARY, "was ended by SIGILL"), tmp_path))
    assert found.state == "problem"
    assert "another" not in found.text
    assert "processor" in found.text
    assert "--no-binary llama-cpp-python" in found.commands[0]


def test_a_probe_that_dies_is_outlived(tmp_path, environment, folder):
    planted = tmp_path / "planted/llama_cpp"
    planted.mkdir(parents=True)
    (planted / "__init__.py").write_text(f"import os, signal; os.kill(os.getpid(), {int(signal.SIGILL)})")
    ran = doctor(folder, {**environment, "PYTHONPATH": str(planted.parent)}, "--json")
    assert ran.returncode == 1
    assert "SIGILL" in findings_of(ran, "llama.cpp")[0]["text"]
    assert findings_of(ran, "folders")


def test_a_library_that_is_missing_is_told_with_a_remedy(tmp_path, environment, folder):
    planted = tmp_path / "planted/llama_cpp"
    planted.mkdir(parents=True)
    (planted / "__init__.py").write_text("raise ImportError('libcuda.so.1 cannot be opened')")
    ran = doctor(folder, {**environment, "PYTHONPATH": str(planted.parent)}, "--json")
    found = findings_of(ran, "llama.cpp")[0]
    assert "libcuda.so.1" in found["text"]
    assert found["remedy"]


# -- the sandbox --------------------------------------------------------------------------------------------------


def setting(system: Path, name: str, value: str) -> Path:
    path = system / "proc/sys" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{value}\n")
    return system


def remedy(reasons: str, system: Path) -> confinement._Remedy:
    return next(confinement.remedies_for(reasons, system))


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="needs users")
def test_apparmor_is_answered_by_a_profile(tmp_path):
    setting(tmp_path, "kernel/apparmor_restrict_unprivileged_userns", "1")
    found = list(confinement.remedies_for("tier A: view: Permission denied (/)", tmp_path, user=1000))
    assert "AppArmor" in found[0].text
    assert os.path.realpath(sys.executable) in found[0].commands[0]
    assert "userns," in found[0].commands[0]
    assert found[0].commands[1].startswith("sudo apparmor_parser -r ")
    assert list(confinement.remedies_for("tier A: view: Permission denied (/)", tmp_path, user=0)) == []


@pytest.mark.skipif(shutil.which("apparmor_parser") is None, reason="apparmor_parser is not installed")
def test_the_profile_is_one_that_apparmor_reads(tmp_path):
    written = subprocess.run(
        ["sh", "-c", confinement.apparmor_command("/usr/bin/a python").partition(" | ")[0]],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    if not Path("/etc/apparmor.d/abi/4.0").exists():  # an older one knows no user namespaces
        written = written.replace("4.0", "3.0").replace("userns,", "")
    (tmp_path / "profile").write_text(written)
    read = subprocess.run(
        ["apparmor_parser", "--skip-kernel-load", "--skip-cache", "--names", tmp_path / "profile"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert read.stdout.strip() == "offline-interpreter"


@pytest.mark.parametrize(
    ("name", "value", "command"),
    [
        ("user/max_user_namespaces", "0", "user.max_user_namespaces=15000"),
        ("user/max_net_namespaces", "0", "user.max_net_namespaces=15000"),
        ("kernel/unprivileged_userns_clone", "0", "kernel.unprivileged_userns_clone=1"),
    ],
)
def test_settings_in_the_way_come_with_the_command_that_changes_them(tmp_path, name, value, command):
    assert remedy(NAMESPACES_FAIL, setting(tmp_path, name, value)).commands == (f"sudo sysctl -w {command}",)


def test_a_container_is_named_only_where_it_forbids(tmp_path):
    (tmp_path / ".dockerenv").write_text("")
    assert "container" in remedy(NAMESPACES_FAIL, tmp_path).text
    assert list(confinement.remedies_for("tier A: namespaces: No space left on device", tmp_path)) == []


def test_landlock_that_is_switched_off_is_switched_on_by_the_command_line(tmp_path):
    modules = tmp_path / "sys/kernel/security/lsm"
    modules.parent.mkdir(parents=True)
    modules.write_text("capability,yama,apparmor")
    assert (
        "lsm=landlock,capability,yama,apparmor" in remedy("tier B: landlock: Function not implemented", tmp_path).text
    )


@pytest.mark.skipif(
    subprocess.run(["unshare", "-Ur", "true"], capture_output=True, check=False).returncode != 0
    if shutil.which("unshare")
    else True,
    reason="user namespaces cannot be made here",
)
def test_where_namespaces_are_off_it_says_so_and_what_to_do(environment, folder):
    switch_off = ("unshare", "-Ur", "sh", "-c", 'echo 0 >/proc/sys/user/max_user_namespaces; exec "$@"', "sh")
    ran = doctor(folder, environment, "--json", prefix=switch_off)
    found = findings_of(ran, "sandbox")[0]
    if found["data"]["tier"] == "B":
        assert found["state"] == "note"
        assert "tier A: namespaces: No space left on device" in found["text"]
        assert found["commands"] == ["sudo sysctl -w user.max_user_namespaces=15000"]
    else:
        assert found["state"] == "problem"


@pytest.mark.parametrize(
    ("tier", "mode", "state"),
    [
        ("A", "strict", "ok"),
        ("B", "auto", "note"),
        ("B", "strict", "problem"),
        ("C", "auto", "problem"),
        ("C", "network-only", "note"),
        ("off", "network-only", "problem"),
        ("off", "off", "note"),
    ],
)
def test_less_confinement_than_is_asked_for_is_a_problem(tier, mode, state):
    assert confinement.state_of(tier, mode) == state


# -- models and surroundings --------------------------------------------------------------------------------------


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setenv("OFFLINE_INTERPRETER_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("OFFLINE_INTERPRETER_CACHE", str(tmp_path / "cache"))
    return tmp_path / "models"


def hold(store: Path, name: str) -> Path:
    path = store / name / "model.gguf"
    path.parent.mkdir(parents=True)
    shutil.copy(find_model("starter"), path)
    return path


def models_found(main_bytes: int = 8 << 30) -> dict[str, Finding]:
    found = models.check_models(Options(), Memory(main_bytes))
    return {str(finding.data.get("id", "used")): finding for finding in found}


def test_models_are_told_with_state_and_fit(store):
    hold(store, "mine")
    found = models_found()
    assert found["starter"].state == "ok"
    assert (found["mine"].state, found["mine"].data["fit"]) == ("ok", "fits")
    assert found["mine"].commands == ("offline-interpreter models verify mine",)


def test_a_model_that_does_not_fit_is_a_note(store):
    hold(store, "mine")
    found = models_found(main_bytes=1 << 20)["mine"]
    assert (found.state, found.data["fit"]) == ("note", "does not fit")


def test_a_model_that_is_no_model_is_a_problem(store):
    hold(store, "mine").write_text("<!doctype html>")
    found = models_found()["mine"]
    assert found.state == "problem"
    assert "model.gguf" in found.text


def test_packages_that_are_usual_are_those_of_the_extra():
    assert {"pandas", "matplotlib", "scikit-learn"} <= set(surroundings.recommended_packages())


def test_a_python_without_ipython_is_a_problem(tmp_path):
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "bare"], check=True)
    python = str(tmp_path / "bare/bin/python")
    found = next(surroundings.check_packages(Options(python=python)))
    assert found.state == "problem"
    assert found.commands == (f"{python} -m pip install ipython",)


def test_the_nearest_folder_that_is_there_is_found(tmp_path):
    assert surroundings.existing(tmp_path / "a" / "b") == tmp_path


# -- the table ----------------------------------------------------------------------------------------------------


def test_texts_are_folded_and_commands_are_not():
    command = "sudo " + "x" * 100
    lines = list(finding_lines(Finding("disk", "note", "word " * 30, "Do this.", (command,)), 80))
    assert lines[-1].strip() == command
    assert max(map(len, lines[:-1])) <= 80
    assert lines[0].startswith("note     disk       word")
    assert "→ Do this." in lines[-2]


def test_what_a_terminal_would_obey_is_taken_out():
    lines = list(finding_lines(Finding("x", "ok", "a \x1b[31mred\x1b[0m name", "", ("run \x1b]0;t\x07this",)), 80))
    assert "\x1b" not in "".join(lines)


def test_the_last_line_counts():
    ok, note, problem = (Finding("x", state, "") for state in ("ok", "note", "problem"))
    assert summary([ok, ok]) == "Everything works."
    assert summary([ok, note]) == "Everything works. 1 note."
    assert summary([problem, note, problem]) == "2 problems. 1 note."


# -- the watch ----------------------------------------------------------------------------------------------------

REACH_OUT = """
import os, socket, threading
def attempt(reach):
    try:
        reach()
    except OSError:
        pass
def reach():
    attempt(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(("192.0.2.1", 9)))
    attempt(lambda: socket.socket(socket.AF_INET6, socket.SOCK_DGRAM).connect(("2001:db8::1", 53)))
    attempt(lambda: socket.socket(socket.AF_UNIX).connect("/nowhere/socket"))
    attempt(lambda: socket.socket(socket.AF_UNIX).connect("\\0abstract"))
    attempt(lambda: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"secret", "/nowhere/sendto"))
    attempt(lambda: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendmsg([b"x"], [], 0, "/nowhere/sendmsg"))
    first, second = socket.socketpair()
    first.send(b"not sa_family=AF_INET")
    first.sendmsg([b"x"])
thread = threading.Thread(target=reach)
if os.fork() == 0:
    thread.start()
    thread.join()
    os._exit(0)
os.wait()
"""
REACHED = {
    ("socket", "AF_INET", ""),
    ("connect", "AF_INET", "192.0.2.1 port 9"),
    ("socket", "AF_INET6", ""),
    ("connect", "AF_INET6", "2001:db8::1 port 53"),
    ("connect", "AF_UNIX", "/nowhere/socket"),
    ("connect", "AF_UNIX", "@abstract"),
    ("sendto", "AF_UNIX", "/nowhere/sendto"),
    ("sendmsg", "AF_UNIX", "/nowhere/sendmsg"),
}


@pytest.fixture(params=watch.WAYS)
def way(request):
    try:
        airgap.control_attempt(request.param)
    except watch.Unwatchable as error:
        pytest.skip(str(error))
    return request.param


def watched(way, code, tmp_path, **options):
    command = [sys.executable, "-I", "-S", "-c", code]
    return watch.watch(way, command, folder=tmp_path, environment={"PATH": os.defpath}, **options)


@linux_only
def test_every_attempt_is_seen_with_process_and_address(way, tmp_path):
    seen = watched(way, REACH_OUT, tmp_path)
    assert {(call.call, call.family, call.target) for call in seen.calls} == REACHED
    assert {call.is_attempt for call in seen.calls} == {True}
    assert {call.process for call in seen.calls} <= {"python", "python3", Path(sys.executable).resolve().name}
    assert seen.status == 0


@linux_only
def test_what_reaches_nowhere_is_not_seen_and_its_end_is(way, tmp_path):
    seen = watched(way, "import sys; print('out'); print('err', file=sys.stderr); sys.exit(7)", tmp_path)
    assert (seen.calls, seen.status, seen.stdout, seen.stderr) == ((), 7, b"out\n", b"err\n")


@linux_only
def test_a_command_that_does_not_end_is_killed(way, tmp_path):
    seen = watched(way, "import time; print('began', flush=True); time.sleep(600)", tmp_path, timeout_s=2.0)
    assert (seen.status, seen.stdout) == (None, b"began\n")


@linux_only
def test_a_turn_is_proved_to_be_silent(way):
    turn = airgap.watched_turn(way)
    found = airgap.judge(way, turn, airgap.control_attempt(way))
    assert found.state == "ok", found
    assert found.text.startswith("0 attempts in a whole turn")
    assert found.data["attempts"] == []
    assert found.data["control"]["target"] == "192.0.2.1 port 9"


@linux_only
def test_the_proof_is_made_without_strace_too(tmp_path, environment, folder):
    ran = doctor(folder, {**environment, "PATH": str(tmp_path)}, "--airgap", "--json")
    found = findings_of(ran, "network")[0]
    assert (found["state"], found["data"]["way"]) == ("ok", "seccomp"), found


@linux_only
def test_a_strace_that_may_not_trace_is_passed_over(tmp_path, environment, folder):
    (tmp_path / "strace").write_text("#!/bin/sh\necho 'strace: ptrace: Operation not permitted' >&2; exit 1\n")
    (tmp_path / "strace").chmod(0o755)
    ran = doctor(folder, {**environment, "PATH": str(tmp_path)}, "--airgap", "--json")
    found = findings_of(ran, "network")[0]
    assert (found["state"], found["data"]["way"]) == ("ok", "seccomp"), found


def runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@linux_only
def test_an_interrupt_leaves_no_process_behind(way, tmp_path):
    code = (
        "import os, signal, subprocess, sys, threading, time\n"
        "from pathlib import Path\n"
        "from offline_interpreter.doctor.watch import watch\n"
        "log = Path('log')\n"
        "def interrupt():\n"
        "    while not log.exists(): time.sleep(0.05)\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "threading.Thread(target=interrupt, daemon=True).start()\n"
        'sleep = \'import os, time; open("log", "w").write(str(os.getpid())); time.sleep(600)\'\n'
        f"watch({way!r}, [sys.executable, '-c', sleep], folder=Path.cwd(), environment=dict(os.environ))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "KeyboardInterrupt" in done.stderr
    pid = int((tmp_path / "log").read_text())
    ends_at = time.monotonic() + 20
    while runs(pid):
        assert time.monotonic() < ends_at
        time.sleep(0.05)


@linux_only
def test_attempts_are_a_problem_that_names_them(way, tmp_path, environment, folder):
    planted = tmp_path / "planted"
    planted.mkdir()
    (planted / "sitecustomize.py").write_text(
        "import os, socket, sys\nif 'What is 37 * 481?' in sys.orig_argv:\n"
        "    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(('192.0.2.7', 7))\n"
    )
    path = environment["PATH"] if way == "strace" else str(tmp_path)
    ran = doctor(folder, {**environment, "PATH": path, "PYTHONPATH": str(planted)}, "--airgap", "--json")
    found = findings_of(ran, "network")[0]
    assert (ran.returncode, found["state"], found["data"]["way"]) == (1, "problem", way)
    assert found["text"].startswith("2 attempts to reach a network")
    assert "connect 192.0.2.7 port 7" in found["text"]


def test_a_turn_that_failed_proves_nothing():
    turn = watch.Watched(1, (), b'{"kind": "turn_end", "status": "error"}\n', b"first\nlast words\n")
    found = airgap.judge("strace", turn, Call(1, "python", "connect", "AF_INET", "192.0.2.1 port 9"))
    assert found.state == "problem"
    assert "nothing is proved" in found.text
    assert "last words" in found.text


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("7<a b> socket(AF_INET, SOCK_STREAM, 0) = 3", [Call(7, "a b", "socket", "AF_INET")]),
        ("7     socket(AF_PACKET, SOCK_RAW, 0) = -1 EPERM", [Call(7, "", "socket", "AF_PACKET")]),
        ("7<x> socket(AF_UNIX, SOCK_STREAM, 0) = 3", []),
        ("7<x> connect(3, 0x7ffd, 16) = -1 EFAULT (Bad address)", [Call(7, "x", "connect", "unknown")]),
        ('7<x> sendto(3, ""..., 9, 0, NULL, 0) = 9', []),
        (
            "7<x> connect(3, {sa_family=AF_INET, sin_port=htons(80), "
            'sin_addr=inet_addr("10.0.0.1")}, 16 <unfinished ...>',
            [Call(7, "x", "connect", "AF_INET", "10.0.0.1 port 80")],
        ),
        ("7<x> <... connect resumed>) = 0", []),
        ("7<x> +++ exited with 0 +++", []),
        ("7<x> io_uring_setup(4, {flags=0}) = 3", [Call(7, "x", "io_uring_setup", "unknown")]),
    ],
)
def test_lines_of_strace(line, expected):
    assert strace.read([line]) == expected


NOTIFIED, ALLOWED = 0x7FC00000, 0x7FFF0000
ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}


def verdict(machine: str, number: int, *arguments: int, of: int | None = None) -> int:
    """Run the filter over one call, with a small interpreter of classic BPF."""
    given = [*arguments, 0, 0, 0, 0, 0, 0][:6]
    data = struct.pack("<IIQ6Q", number, ARCHITECTURES[machine] if of is None else of, 0, *given)
    program, place, value = listener.build(machine), 0, 0
    while True:
        code, if_true, if_false, constant = program[place]
        place += 1
        if code == 0x20:
            value = struct.unpack_from("<I", data, constant)[0]
        elif code == 0x54:
            value &= constant
        elif code == 0x06:
            return constant
        else:
            place += if_true if value == constant else if_false


@pytest.mark.parametrize(
    ("machine", "socket", "connect", "sendto"), [("x86_64", 41, 42, 44), ("aarch64", 198, 203, 206)]
)
def test_the_filter_tells_of_what_may_reach_out(machine, socket, connect, sendto):
    assert verdict(machine, socket, 1) == ALLOWED
    assert [verdict(machine, socket, family) for family in (2, 10, 16, 17, 40)] == [NOTIFIED] * 5
    assert verdict(machine, connect) == NOTIFIED
    assert verdict(machine, sendto, 3, 4, 5, 6, 0) == ALLOWED
    assert verdict(machine, sendto, 3, 4, 5, 6, 0x1000) == verdict(machine, sendto, 3, 4, 5, 6, 1 << 32) == NOTIFIED
    assert {verdict(machine, number) for number in (0, 1, 9, 63, 222)} == {ALLOWED}


def test_the_filter_tells_of_other_architectures_too():
    assert verdict("x86_64", 41 | 0x40000000, 2) == NOTIFIED  # x32
    assert verdict("x86_64", 359, of=0x40000003) == NOTIFIED  # socket of i386
    assert verdict("x86_64", 41, of=0x40000003) == ALLOWED
    assert verdict("aarch64", 281, of=0x40000028) == NOTIFIED
