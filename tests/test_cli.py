"""The command, as a process: streams, exit codes, pipes, signals, and what it does not import."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from synthetic import write_model

from offline_interpreter import __version__
from offline_interpreter.errors import ModelMissing

COMMAND = (sys.executable, "-m", "offline_interpreter")


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "OFFLINE_INTERPRETER_"))}
    return {**kept, "HOME": str(tmp_path / "home")}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "work"
    path.mkdir()
    return path


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


def request_of(ran: subprocess.CompletedProcess[bytes]) -> str:
    events = [json.loads(line) for line in ran.stdout.splitlines()]
    return next(event["text"] for event in events if event["kind"] == "turn_start")


def test_version_is_told(folder: Path, environment: dict[str, str]) -> None:
    ran = run(folder, environment, "--version")
    assert ran.stdout.decode() == f"offline-interpreter, version {__version__}\n"
    assert ran.returncode == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["ask", "--help"],
        ["models", "--help"],
        ["models", "list", "--help"],
        ["cache", "--help"],
        ["exec", "--help"],
    ],
)
def test_every_command_has_help(folder: Path, environment: dict[str, str], arguments: list[str]) -> None:
    ran = run(folder, environment, *arguments)
    assert ran.stdout.startswith(b"Usage: ")
    assert len(ran.stdout.splitlines()) > 3


def test_question_is_answered_by_executed_code(folder: Path, environment: dict[str, str]) -> None:
    ran = run(folder, environment, "-y", "What is 37 * 481?")
    assert ran.returncode == 0
    assert "17797" in ran.stdout.decode()
    assert "481" in ran.stderr.decode()
    transcript = next((folder.parent / "home").rglob("transcript.jsonl")).read_text()
    outputs = [json.loads(line) for line in transcript.splitlines() if '"kind": "output"' in line]
    assert "17797" in outputs[0]["output"]["text"]


@pytest.mark.parametrize("arguments", [["-y", "What is 1 + 1?"], ["exec", "/dev/null"], []])
def test_a_current_folder_that_is_gone_is_told(folder: Path, environment: dict[str, str], arguments: list[str]) -> None:
    gone = ["sh", "-c", 'rmdir "$PWD" && exec "$@"', "sh", *COMMAND, *arguments]
    ran = subprocess.run(gone, cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    assert ran.returncode == 2
    expected = "offline-interpreter: The current folder does not exist any more. Change to another one, with cd.\n"
    assert ran.stderr.decode() == expected


def test_unquoted_words_are_one_request(folder: Path, environment: dict[str, str]) -> None:
    ran = run(folder, environment, "-y", "--json", "What", "is", "37", "*", "481?")
    assert request_of(ran) == "What is 37 * 481?"


def test_request_may_begin_with_a_command_word(folder: Path, environment: dict[str, str]) -> None:
    ran = run(folder, environment, "ask", "-y", "--json", "models", "list")
    assert request_of(ran) == "models list"


def test_json_is_events_and_nothing_else(folder: Path, environment: dict[str, str]) -> None:
    ran = run(folder, environment, "--json", "-y", "What is 37 * 481?")
    kinds = [json.loads(line)["kind"] for line in ran.stdout.splitlines()]
    assert kinds[0] in ("turn_start", "progress")
    assert kinds[-1] == "turn_end"
    assert {"step", "approval", "cell_start", "output", "cell_end"} <= set(kinds)


def test_without_permission_code_is_shown_and_not_run(folder: Path, environment: dict[str, str]) -> None:
    ran = run(folder, environment, "What is 37 * 481?")
    assert ran.returncode == 5
    assert "17797" not in ran.stdout.decode()
    assert "-y" in ran.stderr.decode()


def test_request_may_come_from_a_pipe(folder: Path, environment: dict[str, str]) -> None:
    ran = run(folder, environment, "--json", "-y", stdin=b"What is 37 * 481?\n")
    assert request_of(ran) == "What is 37 * 481?"


def test_short_input_stands_before_the_request(folder: Path, environment: dict[str, str]) -> None:
    ran = run(folder, environment, "--json", "-y", "Count the lines", stdin=b"a\nb\n")
    assert request_of(ran) == "a\nb\n\nCount the lines"


def test_long_input_is_saved_in_the_workspace(folder: Path, environment: dict[str, str]) -> None:
    table = b"".join(b"%d,%d\n" % (n, n * n) for n in range(5000))
    ran = run(folder, environment, "--json", "-y", "How many rows?", stdin=table)
    assert (folder / "stdin.csv").read_bytes() == table
    assert "stdin.csv" in request_of(ran)


def test_missing_model_is_one_line(folder: Path, environment: dict[str, str]) -> None:
    for name in ("qwen3.5-4b", "nowhere.gguf", "what-is-this"):
        ran = run(folder, environment, "--model", name, "hello")
        assert ran.returncode == 3, name
        assert len(ran.stderr.decode().strip().splitlines()) == 1
        assert name in ran.stderr.decode()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--max-steps", "0", "x"], "max_steps"),
        (["--workspace", "nowhere", "x"], "nowhere"),
        (["--bogus", "x"], "--bogus"),
        (["--gpu-layers", "many", "x"], "It must be auto, all, none or a number of layers."),
        (["--timeout", "soon", "x"], "soon"),
        (["--memory", "lots", "x"], "It must be a size"),
        (["--processes", "2", "x"], "It must be at least 16."),
        (["--output-limit", "1 byte", "x"], "'output_limit'"),
        ([], "no request"),
    ],
)
def test_wrong_usage_is_one_clear_error(
    folder: Path, environment: dict[str, str], arguments: list[str], complaint: str
) -> None:
    ran = run(folder, environment, *arguments)
    assert ran.returncode == 2
    assert complaint in ran.stderr.decode()
    assert "Traceback" not in ran.stderr.decode()


def test_python_without_ipython_is_one_clear_line(folder: Path, environment: dict[str, str]) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", "bare"], cwd=folder, check=True)
    ran = run(folder, environment, "--python", "bare/bin/python", "-y", "--plain", "What is 37 * 481?")
    assert ran.returncode == 1
    assert "No module named 'IPython'" in ran.stderr.decode()
    assert "bare/bin/python -m pip install ipython" in ran.stderr.decode()
    assert "Traceback" not in ran.stderr.decode()


def test_python_that_is_not_there_is_one_clear_line(folder: Path, environment: dict[str, str]) -> None:
    ran = run(folder, environment, "--python", "nowhere/python", "-y", "--plain", "What is 37 * 481?")
    assert ran.returncode == 1
    assert "nowhere/python" in ran.stderr.decode()
    assert len(ran.stderr.decode().strip().splitlines()) == 1


def test_file_that_is_no_model_is_refused(folder: Path, environment: dict[str, str]) -> None:
    (folder / "page.gguf").write_text("<!doctype html><html></html>")
    ran = run(folder, environment, "--model", "page.gguf", "hello")
    assert ran.returncode == 1
    assert len(ran.stderr.decode().strip().splitlines()) == 1
    assert "page.gguf" in ran.stderr.decode()


def test_models_list_names_the_catalogue(folder: Path, environment: dict[str, str]) -> None:
    ran = run(folder, environment, "models", "list")
    assert ran.returncode == 0
    assert "starter" in ran.stdout.decode()
    assert "qwen3.5-4b" in ran.stdout.decode()


def test_what_was_evaluated_is_shown_and_cleared(folder: Path, environment: dict[str, str]) -> None:
    prefixes = folder / "cache" / "prefixes"
    environment = {**environment, "OFFLINE_INTERPRETER_CACHE": str(folder / "cache")}
    assert run(folder, environment, "cache", "show").stdout.decode() == f"Nothing is kept. Folder: {prefixes}\n"
    model = write_model(folder / "noise.gguf", context=4096)
    os.truncate(model, 40 << 20)  # prompts of small models are not kept
    run(folder, environment, "-m", str(model), "-y", "--max-steps", "1", "What is 37 * 481?")
    shown = run(folder, environment, "cache", "show").stdout.decode()
    assert "noise.gguf" in shown
    assert " MB  last used 20" in shown
    assert run(folder, environment, "cache", "clear").stdout.startswith(b"Removed 1 file ")
    assert run(folder, environment, "cache", "clear").stdout == b"Nothing was kept.\n"


def test_model_in_its_folder_is_found_by_its_id(tmp_path: Path, folder: Path, environment: dict[str, str]) -> None:
    from offline_interpreter.api import find_model

    models = tmp_path / "models"
    held = models / "my-model"
    held.mkdir(parents=True)
    held.joinpath("weights.gguf").symlink_to(find_model("starter"))
    ran = run(folder, {**environment, "OFFLINE_INTERPRETER_MODELS": str(models)}, "-m", "my-model", "-y", "2 + 2")
    assert ran.returncode == 0
    with pytest.raises(ModelMissing):
        find_model("my-model")


def test_interrupt_ends_the_turn(folder: Path, environment: dict[str, str]) -> None:
    process = subprocess.Popen(
        [*COMMAND, "-y", "--json", "What is 37 * 481?"],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    with process:
        assert process.stdout is not None
        while b"turn_start" not in process.stdout.readline():
            pass
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
    end = json.loads(rest.splitlines()[-1])
    assert end["kind"] == "turn_end"
    assert (end["status"], process.returncode) in {("interrupted", 130), ("answered", 0)}


def test_reader_that_leaves_is_no_error_of_ours(folder: Path, environment: dict[str, str]) -> None:
    process = subprocess.Popen(
        [*COMMAND, "-y", "--json", "What is 37 * 481?"],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    with process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert b"Traceback" not in process.stderr.read()


def test_no_child_outlives_the_command(folder: Path, environment: dict[str, str]) -> None:
    marker = f"marker{time.time_ns()}"
    run(folder, {**environment, "MARKER": marker}, "-y", "What is 37 * 481?")
    left = []
    for entry in Path("/proc").glob("[0-9]*/environ"):
        try:
            if marker.encode() in entry.read_bytes():
                left.append(entry)
        except OSError:
            continue
    assert left == []


BUG = """
import click, sys
from offline_interpreter.cli import main
@main.group.command()
def broken():
    raise RuntimeError("a bug")
sys.argv = ["offline-interpreter", "broken"]
main.main()
"""


def test_bug_of_ours_is_one_line_and_a_log(folder: Path, environment: dict[str, str]) -> None:
    ran = subprocess.run([sys.executable, "-c", BUG], capture_output=True, text=True, env=environment, check=False)
    assert ran.returncode == 1
    assert len(ran.stderr.strip().splitlines()) == 1
    log = Path(ran.stderr.split("Details: ")[1].strip())
    assert "RuntimeError: a bug" in log.read_text()
