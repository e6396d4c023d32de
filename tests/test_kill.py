"""SIGKILL at random moments of a turn: what was written is whole, and the session goes on."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from offline_interpreter.api import open_session
from offline_interpreter.config import Options
from offline_interpreter.engines.base import ScriptedEngine
from offline_interpreter.records import Answer
from offline_interpreter.steps import parse_step
from offline_interpreter.transcript import read_transcript

MOMENTS = 50
LONGEST_S = 0.8  # a turn of the victim takes about 0.2 s once its kernel is up

VICTIM = """
import itertools, sys
from pathlib import Path
from offline_interpreter.api import open_session
from offline_interpreter.config import Options
from offline_interpreter.engines.base import ScriptedEngine
from offline_interpreter.records import Answer, Code

def replies():
    for number in itertools.count():
        counting = f"for n in range(2000): print({number}, n, 'é' * 40)"
        yield Code("Counting.", f"{counting}\\nopen('f{number}', 'w').write('x')")
        yield Answer("Counted. " * 50)

session = open_session(Options(workspace=Path(sys.argv[1]), approval="auto"), engine=ScriptedEngine(replies()))
print(session.cells.folder.path, flush=True)
while True:
    for event in session.turn("Count."):
        pass
"""


@pytest.mark.parametrize("batch", range(5))
def test_killed_session_is_whole_and_resumes(batch: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OFFLINE_INTERPRETER_STATE", str(tmp_path / "state"))
    chance = random.Random(batch)
    for moment in range(MOMENTS // 5):
        workspace = tmp_path / str(moment)
        workspace.mkdir()
        folder = kill_after(chance.uniform(0, LONGEST_S), workspace)
        assert_resumes(folder, workspace)


def kill_after(seconds: float, workspace: Path) -> Path:
    victim = subprocess.Popen([sys.executable, "-c", VICTIM, str(workspace)], stdout=subprocess.PIPE, text=True)
    with victim:
        assert victim.stdout is not None
        folder = Path(victim.stdout.readline().strip())
        time.sleep(seconds)
        victim.send_signal(signal.SIGKILL)
    return folder


def assert_resumes(folder: Path, workspace: Path) -> None:
    path = folder / "transcript.jsonl"
    complete = path.read_bytes().count(b"\n")
    assert sum(1 for _ in read_transcript(path)) == complete
    session = open_session(Options(workspace=workspace), engine=ScriptedEngine([Answer("on")]), resume=folder)
    list(session.turn("Go on."))
    session.close()
    assert sum(1 for _ in read_transcript(path)) > complete
    assert parse_step(session.messages[-1].text) == Answer("on")
    sides = [message.role == "assistant" for message in session.messages[1:]]
    assert sides == [bool(number % 2) for number in range(len(sides))]
