"""The commands ``models …`` as processes: what they print, how they end, and signals."""

from __future__ import annotations

import hashlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from loopback_hub import COMMIT, Fault, Hub, loopback_hub
from pty_program import Program
from synthetic import write_model

from offline_interpreter.models.catalogue import known_models

COMMAND = (sys.executable, "-m", "offline_interpreter", "models")
REPO = "someone/noise-GGUF"


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    ours = ("XDG_", "OFFLINE_INTERPRETER_", "HF_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    kept["NO_PROXY"] = "*"
    return {**kept, "HOME": str(tmp_path / "home"), "OFFLINE_INTERPRETER_MODELS": str(tmp_path / "models")}


@pytest.fixture
def noise(tmp_path: Path) -> Path:
    return write_model(tmp_path / "noise.gguf")


@pytest.fixture
def hub(noise: Path, environment: dict[str, str]) -> Iterator[Hub]:
    with loopback_hub() as hub:
        hub.files[f"{REPO}/noise.gguf"] = noise.read_bytes()
        environment["HF_ENDPOINT"] = hub.url
        yield hub


def run(environment: dict[str, str], *arguments: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [*COMMAND, *arguments], env=environment, capture_output=True, timeout=120, start_new_session=True, check=False
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def know(tmp_path: Path, noise: Path, notes: str = "") -> None:
    data = noise.read_bytes()
    folder = tmp_path / "home" / ".config" / "offline-interpreter"
    folder.mkdir(parents=True)
    (folder / "models.toml").write_text(
        f'schema = 1\n[[model]]\nid = "tiny"\nrepo_id = "{REPO}"\nrevision = "{COMMIT}"\nlicense = "research-only"\n'
        f'context = 2048\n{notes}\n[[model.files]]\nname = "noise.gguf"\nsize = {len(data)}\n'
        f'sha256 = "{hashlib.sha256(data).hexdigest()}"\n'
    )


def test_list_fits_a_terminal_and_tells_size_license_state_and_fit(environment: dict[str, str]) -> None:
    code, out, err = run(environment, "list")
    lines = out.splitlines()
    assert (code, err) == (0, "")
    assert lines[0].split() == ["MODEL", "SIZE", "LICENSE", "STATE", "FIT"]
    assert max(map(len, lines)) < 80
    listed = {line.split()[0]: line for line in lines[1 : len(known_models()) + 2]}
    assert list(listed) == ["starter", *(entry.id for entry in known_models())]
    assert re.fullmatch(
        r"qwen2\.5-coder-3b +2\.1 GB  qwen-research +- +(fits|partly.*|does not fit|unknown)",
        listed["qwen2.5-coder-3b"],
    )
    assert "qwen2.5-coder-3b: Non-commercial" in out


def test_list_shows_what_is_held_beside_the_catalogue(environment: dict[str, str], noise: Path) -> None:
    assert run(environment, "import", str(noise))[0] == 0
    out = run(environment, "list")[1]
    assert re.search(r"^noise +\d+ kB  unknown +ready +fits$", out, re.MULTILINE)
    os.utime(Path(environment["OFFLINE_INTERPRETER_MODELS"]) / "noise" / "noise.gguf")
    assert re.search(r"^noise .* unchecked +fits$", run(environment, "list")[1], re.MULTILINE)


def test_model_is_pulled_and_used(environment: dict[str, str], hub: Hub, tmp_path: Path, noise: Path) -> None:
    know(tmp_path, noise, 'notes = "Not for sale."')
    code, out, err = run(environment, "pull", "tiny")
    assert (code, out) == (0, "tiny is in the store. Use it: offline-interpreter --model tiny\n")
    assert err.splitlines()[0] == "tiny: license research-only. Not for sale."
    assert [line.split()[0] for line in err.splitlines()[1:]] == ["Fetching", "Checking"]
    assert run(environment, "pull", "tiny")[1] == "tiny is in the store already, and as it should be.\n"
    assert run(environment, "path", "tiny")[1] == f"{tmp_path}/models/tiny/noise.gguf\n"
    assert run(environment, "verify", "tiny")[:2] == (0, "tiny: every byte is right\n")
    ask = [sys.executable, "-m", "offline_interpreter", "-m", "tiny", "--plain", "--max-steps", "1", "-y", "hello"]
    (tmp_path / "work").mkdir()
    turn = subprocess.run(ask, cwd=tmp_path / "work", env=environment, capture_output=True, timeout=120, check=False)
    assert turn.returncode in {0, 4}  # noise that follows its schema


def test_any_file_is_pulled_under_a_name(environment: dict[str, str], hub: Hub) -> None:
    code, out, _ = run(environment, "pull", f"{REPO}:noise.gguf", "--id", "mine", "--revision", COMMIT)
    assert (code, out) == (0, "mine is in the store. Use it: offline-interpreter --model mine\n")
    shown = run(environment, "show", "mine")[1]
    assert f"  source   {REPO} at {COMMIT}\n" in shown
    assert "  state    ready\n" in shown


def test_pull_of_an_architecture_that_is_not_known_says_so(
    environment: dict[str, str], hub: Hub, tmp_path: Path
) -> None:
    path = write_model(tmp_path / "mystery.gguf", architecture="mystery")
    hub.files[f"{REPO}/mystery.gguf"] = path.read_bytes()
    code, _, err = run(environment, "pull", f"{REPO}:mystery.gguf")
    assert code == 0
    assert "Note: The model 'mystery.gguf' cannot be loaded: this build of llama.cpp does not know" in err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["pull", "nonsense"], 2, "No model 'nonsense' in the catalogue."),
        (["pull", "starter"], 2, "'starter' is built in"),
        (["pull", "qwen3.5-4b", "--id", "x"], 2, "A model of the catalogue keeps its id"),
        (["pull", "owner/name"], 2, "'owner/name' names no file of a repository"),
        (["verify", "nonsense"], 3, "No model 'nonsense' in the store."),
        (["rm", "nonsense"], 3, "No model 'nonsense' in the store."),
        (["default", "nonsense"], 3, "No model 'nonsense' in the store."),
        (["path", "qwen3.5-4b"], 3, "No model 'qwen3.5-4b' in the store."),
        (["show", "nonsense"], 3, "No model 'nonsense' in the store or the catalogue."),
        (["import", "/"], 2, "'/' is a folder. Name a GGUF file in it."),
        (["import", "none.gguf"], 3, "There is no model file 'none.gguf'."),
    ],
)
def test_mistake_gets_one_line(environment: dict[str, str], arguments: list[str], code: int, message: str) -> None:
    found, out, err = run(environment, *arguments)
    assert (found, out) == (code, "")
    assert err.startswith(f"offline-interpreter: {message}")
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"HF_HUB_OFFLINE": "1"}, "HF_HUB_OFFLINE is set, which forbids any download."),
        ({"HF_ENDPOINT": "http://127.0.0.1:9"}, "Cannot reach 127.0.0.1:9 (Connection refused)."),
        ({"OFFLINE_INTERPRETER_MODELS": "/dev/null/models"}, "The store '/dev/null/models' cannot be written to:"),
    ],
)
def test_pull_that_cannot_be_gets_one_line(
    environment: dict[str, str], hub: Hub, variables: dict[str, str], message: str
) -> None:
    code, out, err = run(environment | variables, "pull", "qwen2.5-coder-0.5b")
    assert (code, out) == (1, "")
    assert err.startswith(f"offline-interpreter: {message}")
    assert len(err.splitlines()) == 1


def test_verify_names_each_model_and_fails_if_one_is_bad(
    environment: dict[str, str], noise: Path, tmp_path: Path
) -> None:
    assert run(environment, "verify") == (0, "There is no model in the store.\n", "")
    for name in ("bad", "good"):
        run(environment, "import", str(noise), "--id", name)
    path = tmp_path / "models" / "bad" / "noise.gguf"
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    assert run(environment, "verify", "--quick")[0] == 0
    code, out, _ = run(environment, "verify")
    assert code == 1
    assert re.fullmatch(r"bad: Damaged: .*moved to noise\.gguf\.bad\..*\ngood: every byte is right\n", out)


def test_verify_says_when_there_was_nothing_to_compare_with(
    environment: dict[str, str], noise: Path, tmp_path: Path
) -> None:
    (tmp_path / "models" / "hand").mkdir(parents=True)
    noise.rename(tmp_path / "models" / "hand" / "noise.gguf")
    told = "hand: nobody told its SHA-256: it is noted, to be compared the next time\n"
    assert run(environment, "verify")[:2] == (0, told)
    assert run(environment, "verify")[:2] == (0, "hand: every byte is right\n")


def test_default_is_chosen_shown_and_taken_back(environment: dict[str, str], noise: Path) -> None:
    assert run(environment, "default")[1] == "starter\n"
    run(environment, "import", str(noise))
    assert run(environment, "default", "noise")[1] == "noise is used when no model is named.\n"
    assert run(environment, "default")[1] == "noise\n"
    assert "Used when none is named: noise." in run(environment, "list")[1]
    assert run(environment, "rm", "noise")[0] == 0
    assert run(environment, "default")[1] == "starter\n"


def test_linked_model_is_removed_and_its_file_stays(environment: dict[str, str], noise: Path) -> None:
    assert run(environment, "import", "--link", str(noise))[0] == 0
    assert run(environment, "rm", "noise")[1].startswith("noise is removed (")
    assert noise.is_file()
    assert run(environment, "path")[1] == environment["OFFLINE_INTERPRETER_MODELS"] + "\n"


def start(environment: dict[str, str], *arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*COMMAND, *arguments], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )


def wait_for(condition: object) -> None:
    deadline = time.monotonic() + 60
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("kind", ["hang", "slow"])
def test_interrupted_pull_says_how_to_go_on_and_goes_on(
    environment: dict[str, str], hub: Hub, tmp_path: Path, noise: Path, kind: str
) -> None:
    noise.write_bytes(noise.read_bytes() + b"\0" * (3 << 20))
    hub.files[f"{REPO}/noise.gguf"] = noise.read_bytes()
    know(tmp_path, noise)
    hub.faults = [Fault("hang", "HEAD")] if kind == "hang" else [Fault("slow", at=1 << 20)]
    part = tmp_path / "models" / "tiny" / "noise.gguf.part"
    with start(environment, "pull", "tiny") as pulling:
        wait_for(lambda: hub.requests if kind == "hang" else part.is_file() and part.stat().st_size)
        pulling.send_signal(signal.SIGINT)
        _, err = pulling.communicate(timeout=60)
    assert pulling.returncode == 130
    assert re.search(
        rb"^Stopped( at [\d.]+ MB of 3\.\d MB)?\. Run the same command again to go on\.$", err, re.MULTILINE
    )
    hub.count_anew()
    assert run(environment, "pull", "tiny")[0] == 0
    assert hub.sent_bytes == noise.stat().st_size - (0 if kind == "hang" else 1 << 20)
    assert run(environment, "verify", "tiny")[0] == 0


def test_pull_that_was_killed_is_gone_on_with(
    environment: dict[str, str], hub: Hub, tmp_path: Path, noise: Path
) -> None:
    noise.write_bytes(noise.read_bytes() + b"\0" * (3 << 20))
    hub.files[f"{REPO}/noise.gguf"] = noise.read_bytes()
    know(tmp_path, noise)
    hub.faults = [Fault("slow", at=1 << 20)]
    part = tmp_path / "models" / "tiny" / "noise.gguf.part"
    with start(environment, "pull", "tiny") as pulling:
        wait_for(lambda: part.is_file() and part.stat().st_size)
        refused = run(environment, "pull", "tiny")
        pulling.kill()
    assert refused[0] == 1
    assert f"is being worked on by process {pulling.pid}." in refused[2]
    assert re.search(r"^tiny .* incomplete ", run(environment, "list")[1], re.MULTILINE)
    assert run(environment, "path", "tiny")[0] == 3
    assert run(environment, "pull", "tiny")[0] == 0
    assert run(environment, "verify", "tiny")[0] == 0


def test_client_says_nothing_of_its_own(environment: dict[str, str], hub: Hub, tmp_path: Path, noise: Path) -> None:
    know(tmp_path, noise)
    hub.faults = [Fault("close", at=1000)]
    code, out, err = run(environment, "pull", "tiny")
    assert (code, out) == (0, "tiny is in the store. Use it: offline-interpreter --model tiny\n")
    assert [line.split()[0] for line in err.splitlines()] == ["Fetching", "Checking"]


def test_terminal_shows_rate_and_time_left(environment: dict[str, str], hub: Hub, tmp_path: Path, noise: Path) -> None:
    noise.write_bytes(noise.read_bytes() + b"\0" * (3 << 20))
    hub.files[f"{REPO}/noise.gguf"] = noise.read_bytes()
    know(tmp_path, noise)
    hub.faults = [Fault("slow", at=1 << 20)]
    code = (
        "import sys; sys.argv[1:] = ['models', 'pull', 'tiny']\nfrom offline_interpreter.cli.main import main; main()"
    )
    with Program(code, env=environment) as program:
        program.wait_for("s left")
        program.wait_for("tiny is in the store")
        assert program.end() == 0
    assert re.search(r"Fetching ▕█+ +▏ \d+ % of 3\.\d MB · [\d.]+ [kM]B/s · \d+ s left · noise\.gguf", program.screen)
