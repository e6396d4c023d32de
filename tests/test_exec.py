"""``exec``: files as cells of one confined kernel: streams, exit codes, what it refuses, what it leaves behind."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pty_program import Program

COMMAND = (sys.executable, "-m", "offline_interpreter", "exec")
FAR_TOO_LONG = "987654.25"  # seconds, in the command line of a process that is to be found


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "OFFLINE_INTERPRETER_"))}
    return {**kept, "HOME": str(tmp_path / "home"), "OFFLINE_INTERPRETER_STATE": str(tmp_path / "state")}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "work"
    path.mkdir()
    return path


def write(folder: Path, **sources: str) -> list[str]:
    for name, source in sources.items():
        (folder / f"{name}.py").write_text(source)
    return [f"{name}.py" for name in sources]


def run(
    folder: Path, environment: dict[str, str], *arguments: str, stdin: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    """Run without a terminal: a session of its own has none to open."""
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=folder,
        env=environment,
        input=stdin,
        capture_output=True,
        timeout=120,
        start_new_session=True,
        check=False,
    )


def test_output_goes_where_a_program_would_write_it(folder: Path, environment: dict[str, str]) -> None:
    source = "import sys\nprint('\\x1b[1mone\\x1b[0m', end='')\nprint('two', file=sys.stderr)\n40 + 2"
    ran = run(folder, environment, *write(folder, a=source))
    assert (ran.stdout, ran.stderr, ran.returncode) == (b"\x1b[1mone\x1b[0m\n42\n", b"two\n", 0)


def test_files_share_their_variables_and_go_on_after_a_failure(folder: Path, environment: dict[str, str]) -> None:
    ran = run(folder, environment, *write(folder, a="x = 41", b="print(x)\n1 / 0", c="print(x + 1)"))
    assert ran.returncode == 4
    assert ran.stdout == b"41\n42\n"
    assert ran.stderr.decode().splitlines()[-2:] == ["ZeroDivisionError: division by zero", "b.py failed."]
    assert "Cell 2, line 2" in ran.stderr.decode()


def test_fail_fast_stops_at_the_first_failure(folder: Path, environment: dict[str, str]) -> None:
    ran = run(folder, environment, "--fail-fast", *write(folder, a="print(1)", b="raise OSError", c="print(3)"))
    assert (ran.stdout, ran.returncode) == (b"1\n", 4)


@pytest.mark.parametrize("arguments", [["-"], []])
def test_standard_input_is_one_cell(folder: Path, environment: dict[str, str], arguments: list[str]) -> None:
    ran = run(folder, environment, *arguments, stdin=b"\xef\xbb\xbfn = 6\nprint(n * 7)\n\n!echo done")
    assert (ran.stdout, ran.stderr, ran.returncode) == (b"42\ndone\n", b"", 0)


def test_long_output_is_whole(folder: Path, environment: dict[str, str]) -> None:
    ran = run(folder, environment, "-", stdin=b"for n in range(100_000): print(n)")
    assert ran.stdout.splitlines() == [b"%d" % n for n in range(100_000)]


def test_json_is_events_and_nothing_else(folder: Path, environment: dict[str, str]) -> None:
    ran = run(folder, environment, "--json", *write(folder, a="print(1)", b="1 / 0"))
    events = [json.loads(line) for line in ran.stdout.splitlines()]
    one_cell = ["cell_start", "output", "cell_end"]
    assert [event["kind"] for event in events] == [*one_cell, *one_cell, "notice"]
    assert [event["status"] for event in events if event["kind"] == "cell_end"] == ["ok", "error"]
    assert (ran.stderr, ran.returncode) == (b"", 4)


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("nowhere.py", "'nowhere.py' cannot be read: No such file or directory."),
        ("folder.py", "'folder.py' cannot be read: Is a directory."),
        ("latin.py", "'latin.py' is not UTF-8 text (at byte 3)."),
    ],
)
def test_file_that_cannot_be_read_is_said_before_anything_runs(
    folder: Path, environment: dict[str, str], name: str, complaint: str
) -> None:
    (folder / "folder.py").mkdir()
    (folder / "latin.py").write_bytes(b"# k\xe4se")
    ran = run(folder, environment, *write(folder, first="open('made', 'w')"), name)
    assert ran.returncode == 2
    assert ran.stderr.decode() == f"offline-interpreter: {complaint} Nothing was run.\n"
    assert not (folder / "made").exists()


def test_files_that_a_cell_makes_are_named(folder: Path, environment: dict[str, str]) -> None:
    ran = run(folder, environment, "-", stdin=b"_ = open('made.txt', 'w').write('x')")
    assert "made.txt  (created" in ran.stderr.decode()
    assert (folder / "made.txt").read_text() == "x"


def test_workspace_may_be_another_folder(tmp_path: Path, folder: Path, environment: dict[str, str]) -> None:
    other = tmp_path / "other"
    other.mkdir()
    ran = run(folder, environment, "-w", str(other), *write(folder, a="_ = open('made.txt', 'w').write('x')"))
    assert ran.returncode == 0
    assert (other / "made.txt").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="cells are confined on Linux only")
def test_cells_are_confined(tmp_path: Path, folder: Path, environment: dict[str, str]) -> None:
    outside = tmp_path / "outside"
    source = f"import socket\ntry: socket.socket()\nexcept OSError as error: print(error)\nopen({str(outside)!r}, 'w')"
    ran = run(folder, environment, "-", stdin=source.encode())
    assert b"denied" in ran.stdout
    assert not outside.exists()


def test_time_limit_is_told_with_its_flag(folder: Path, environment: dict[str, str]) -> None:
    ran = run(folder, environment, "--timeout", "0.3", "-", stdin=b"import time\ntime.sleep(60)")
    assert ran.returncode == 4
    assert "the time limit (--timeout)" in ran.stderr.decode()


@pytest.mark.skipif(sys.platform != "linux", reason="cells are limited on Linux only")
def test_memory_limit_is_told_with_its_flag(folder: Path, environment: dict[str, str]) -> None:
    ran = run(folder, environment, "--memory", "512M", *write(folder, a="x = bytearray(1 << 30)", b="print('on')"))
    assert (ran.stdout, ran.returncode) == (b"on\n", 4)
    assert "Memory ran out: a cell may use 512M (--memory)." in ran.stderr.decode().splitlines()


def test_crash_of_the_interpreter_is_survived(folder: Path, environment: dict[str, str]) -> None:
    ran = run(folder, environment, *write(folder, a="import os\nos._exit(3)", b="print('on')"))
    assert (ran.stdout, ran.returncode) == (b"on\n", 4)
    assert "Variables are lost, files remain." in ran.stderr.decode()


def test_input_fails_where_nobody_sits(folder: Path, environment: dict[str, str]) -> None:
    ran = run(folder, environment, *write(folder, a="input('Name? ')"))
    assert ran.returncode == 4
    assert "input" in ran.stderr.decode()


def test_figures_are_kept_and_no_folder_without_them(tmp_path: Path, folder: Path, environment: dict[str, str]) -> None:
    pytest.importorskip("matplotlib")
    write(
        folder,
        a="import sys\n_ = open(sys.path[-1] + '/m.py', 'w').write('')\nimport m",
        b="import matplotlib.pyplot as plt\n_ = plt.plot([1, 2])",
    )
    assert run(folder, environment, "a.py").returncode == 0
    assert list((tmp_path / "state" / "sessions").iterdir()) == []
    ran = run(folder, environment, "b.py")
    (path,) = (tmp_path / "state").rglob("*.png")
    assert ran.stdout == b""
    assert ran.stderr.decode().endswith("/figures/cell-1-1.png\n")
    assert path.read_bytes().startswith(b"\x89PNG")


def test_interrupt_stops_the_cell_and_what_follows(folder: Path, environment: dict[str, str]) -> None:
    names = write(folder, a="print('in', flush=True)\nimport time\ntime.sleep(60)", b="print('never')")
    process = subprocess.Popen(
        [*COMMAND, *names],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    with process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == b"in\n"
        process.send_signal(signal.SIGINT)
        assert process.stdout.read() == b""
        assert b"Interrupted after" in process.stderr.read()
    assert process.returncode == 130


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="reads /proc")
def test_no_child_outlives_the_command(folder: Path, environment: dict[str, str]) -> None:
    source = f"import subprocess\nchild = subprocess.Popen(['sleep', '{FAR_TOO_LONG}'])\nprint(child.poll())"
    ran = run(folder, environment, "-", stdin=source.encode())
    assert ran.stdout == b"None\n"
    marks = (FAR_TOO_LONG.encode(), str(folder).encode())  # what was started, and the interpreter itself
    assert [line for line in command_lines() if any(mark in line for mark in marks)] == []


DAEMON = """
import os, time
if not os.fork():
    os.setsid()
    if os.fork(): os._exit(0)
    os.execvp('sleep', ['sleep', MARK])
os.wait()
print('started', flush=True)
AFTER
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only namespaces end what has left its group")
@pytest.mark.parametrize(
    ("after", "arguments", "end"),
    [
        ("", [], None),
        ("os._exit(1)", [], None),
        ("time.sleep(600)", ["--timeout", "0.5"], None),
        ("while True: pass", [], signal.SIGINT),
        ("while True: pass", [], signal.SIGTERM),
        ("while True: pass", [], signal.SIGKILL),
    ],
)
def test_no_daemon_outlives_the_command(
    folder: Path, environment: dict[str, str], after: str, arguments: list[str], end: signal.Signals | None
) -> None:
    mark = f"98765{os.getpid()}"
    names = write(folder, a=DAEMON.replace("MARK", repr(mark)).replace("AFTER", after))
    with subprocess.Popen(
        [*COMMAND, "--sandbox", "strict", *arguments, *names],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"started\n"
        if end is not None:
            process.send_signal(end)
        process.communicate(timeout=60)
    deadline = time.monotonic() + 20
    while any(mark.encode() in line or str(folder).encode() in line for line in command_lines()):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def command_lines() -> list[bytes]:
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines.append(path.read_bytes())
        except OSError:
            continue
    return lines


RUN = """
import sys
sys.argv = ["offline-interpreter", "exec", *ARGUMENTS]
from offline_interpreter.cli.main import main
try:
    main()
finally:
    print(sorted({"llama_cpp", "llguidance", "IPython", "rich", "jsonschema"} & sys.modules.keys()), file=sys.stderr)
"""


def test_no_model_is_touched(folder: Path, environment: dict[str, str]) -> None:
    code = RUN.replace("ARGUMENTS", repr(write(folder, a="print('ran')")))
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=environment, capture_output=True, text=True, check=True
    )
    assert (ran.stdout, ran.stderr) == ("ran\n", "[]\n")


def at_terminal(folder: Path, environment: dict[str, str], source: str) -> Program:
    write(folder, a=source)
    arguments = ["-w", str(folder), str(folder / "a.py")]
    return Program(RUN.replace("ARGUMENTS", repr(arguments)), env=environment)


def test_input_is_asked_of_the_person_at_the_terminal(folder: Path, environment: dict[str, str]) -> None:
    with at_terminal(folder, environment, "name = input('Name? ')\nprint('hi', name)") as program:
        program.wait_for("Name? ")
        program.type("Ada\r")
        program.wait_for("hi Ada")
        assert program.end() == 0


def test_terminal_obeys_nothing_that_a_cell_prints(folder: Path, environment: dict[str, str]) -> None:
    source = "print('\\x1b]0;title\\x07\\x1b[2Jplain')\nprint('50 %', end='\\r', flush=True)\nprint('99 %')"
    with at_terminal(folder, environment, source) as program:
        assert program.end() == 0
    assert "plain\r\n50 %\r99 %\r\n" in program.screen
    assert "\x1b" not in program.screen


def test_nothing_to_run_at_a_terminal_is_said(environment: dict[str, str]) -> None:
    with Program(RUN.replace("ARGUMENTS", "[]"), env=environment) as program:
        program.wait_for("There is nothing to run.")
        assert program.end() == 2
