"""The chat in a real terminal of 80 columns: approval, Ctrl-C, input of a cell, leaving."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")

ARRIVAL_S = 30.0
PROMPT = ">"

CHAT = """
import sys
from pathlib import Path
from offline_interpreter.api import open_session
from offline_interpreter.chat.terminal import chat, person_here
from offline_interpreter.config import Options
from offline_interpreter.engines.base import ScriptedEngine
from offline_interpreter.records import Answer, Code
from offline_interpreter.view import make_view

view = make_view(plain=False, json_lines=False, out=sys.stdout, err=sys.stderr)
person = person_here()
engine = ScriptedEngine(REPLIES, piece_s=PIECE_S)
session = open_session(
    Options(workspace=Path.cwd()), engine=engine, approve=person.approve, ask_input=person.ask_input
)
chat(session, view, person)
print("left with", len(session.messages), "messages")
session.close()
"""


class Terminal:
    """A program in a tmux window of 80 × 40."""

    def __init__(self, folder: Path, *command: str) -> None:
        self._socket = str(folder / f"tmux-{time.monotonic_ns()}")  # of its own: another server may still be ending
        work = folder / "work"
        work.mkdir(exist_ok=True)
        environment = {**os.environ, "HOME": str(folder), "EDITOR": f"{sys.executable} {editor(folder)}"}
        dropped = ("TMUX", "VISUAL", "XDG_", "OFFLINE_INTERPRETER_")
        environment = {name: value for name, value in environment.items() if not name.startswith(dropped)}
        start = ("new-session", "-d", "-x", "80", "-y", "40", "-c", str(work))
        self._tmux(*start, sys.executable, *command, env=environment)
        self._tmux("set-option", "remain-on-exit", "on")

    def _tmux(self, *arguments: str, env: dict[str, str] | None = None) -> str:
        command = ["tmux", "-S", self._socket, "-f", "/dev/null", *arguments]
        return subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout

    def type(self, text: str) -> None:
        """Type ``text`` and Enter."""
        self._tmux("send-keys", "-l", text)
        self._tmux("send-keys", "Enter")

    def press(self, key: str) -> None:
        """Press one key, by tmux's name."""
        self._tmux("send-keys", key)

    @property
    def screen(self) -> str:
        """What stands on the screen."""
        return self._tmux("capture-pane", "-p", "-S", "-200")

    def wait_for(self, text: str, times: int = 1) -> str:
        """Wait until ``text`` stands on the screen so many times; return the screen."""
        ends_at = time.monotonic() + ARRIVAL_S
        while (screen := self.screen).count(text) < times:
            assert time.monotonic() < ends_at, f"{text!r} never came:\n{screen}"
            time.sleep(0.05)
        return screen

    def end(self) -> None:
        """End the terminal."""
        subprocess.run(["tmux", "-S", self._socket, "kill-server"], check=False, capture_output=True)


def scripted(folder: Path, replies: str, piece_s: float = 0.0) -> Terminal:
    """Open a chat in which ``replies`` are played."""
    program = folder / "chat.py"
    program.write_text(CHAT.replace("REPLIES", replies).replace("PIECE_S", str(piece_s)))
    return Terminal(folder, str(program))


def editor(folder: Path) -> Path:
    path = folder / "editor.py"
    path.write_text("import sys, pathlib\npathlib.Path(sys.argv[1]).write_text(\"print('edited')\")\n")
    return path


@pytest.fixture
def terminals(tmp_path: Path) -> Iterator[list[Terminal]]:
    opened: list[Terminal] = []
    yield opened
    for terminal in opened:
        terminal.end()


def test_yes_runs_the_cell_and_the_chat_goes_on(tmp_path: Path, terminals: list[Terminal]) -> None:
    replies = "[Code('Multiplying.', 'print(37 * 481)'), Answer('It is **17797**.'), Answer('Bye.')]"
    terminals.append(terminal := scripted(tmp_path, replies))
    terminal.wait_for(PROMPT)
    terminal.type("What is 37 * 481?")
    screen = terminal.wait_for("Run it?")
    assert "Multiplying." in screen
    assert "print(37 * 481)" in screen
    terminal.type("y")
    screen = terminal.wait_for("It is 17797.")
    assert screen.count("It is 17797.") == 1
    assert screen.count("Multiplying.") == 1
    terminal.type("Thanks")
    terminal.wait_for("Bye.")
    terminal.press("C-d")
    terminal.wait_for("left with 7 messages")


def test_no_with_a_reason_and_quit(tmp_path: Path, terminals: list[Terminal]) -> None:
    replies = "[Code('Deleting.', 'print(1)'), lambda m: Code(m[-1].text.split(': ')[-1], 'print(2)'), Answer('never')]"
    terminals.append(terminal := scripted(tmp_path, replies))
    terminal.wait_for(PROMPT)
    terminal.type("Clean up")
    terminal.wait_for("Run it?")
    terminal.type("n")
    terminal.wait_for("Why not?")
    terminal.type("too risky")
    terminal.wait_for("Run it?", times=2)
    assert terminal.screen.count("too risky") == 2
    terminal.type("q")
    terminal.wait_for("Stopped")
    terminal.press("C-d")
    terminal.wait_for("left with 7 messages")


def test_edit_and_all_of_this_turn(tmp_path: Path, terminals: list[Terminal]) -> None:
    replies = "[Code('One.', 'print(1)'), Code('Two.', 'print(22)'), Code('Three.', 'print(333)'), Answer('Done.')]"
    terminals.append(terminal := scripted(tmp_path, replies))
    terminal.wait_for(PROMPT)
    terminal.type("Count")
    terminal.wait_for("Run it?")
    terminal.type("e")
    terminal.wait_for("edited")
    terminal.wait_for("Run it?", times=2)
    terminal.type("a")
    screen = terminal.wait_for("Done.")
    assert "333" in screen
    assert screen.count("Run it?") == 2


def test_interrupt_stops_the_reply(tmp_path: Path, terminals: list[Terminal]) -> None:
    terminals.append(terminal := scripted(tmp_path, "[Answer('word ' * 2000), Answer('Fine.')]", piece_s=0.05))
    terminal.wait_for(PROMPT)
    terminal.type("Talk")
    terminal.wait_for("word")
    terminal.press("C-c")
    terminal.wait_for("Stopped")
    terminal.type("And now?")
    terminal.wait_for("Fine.")


def test_interrupt_stops_the_cell_and_keeps_variables(tmp_path: Path, terminals: list[Terminal]) -> None:
    sleeping = "x = 7\nprint('begun')\nimport time\ntime.sleep(99)"
    replies = f"[Code('Sleeping.', {sleeping!r}), Code('', 'print(\"x is\", x)'), Answer('Awake.')]"
    terminals.append(terminal := scripted(tmp_path, replies))
    terminal.wait_for(PROMPT)
    terminal.type("Sleep")
    terminal.wait_for("Run it?")
    terminal.type("y")
    terminal.wait_for("begun", times=2)
    terminal.wait_for("running")
    terminal.press("C-c")
    terminal.wait_for("Stopped")
    terminal.type("Wake up")
    terminal.wait_for("Run it?", times=2)
    terminal.type("y")
    terminal.wait_for("x is 7")
    terminal.wait_for("Awake.")


def test_cell_may_ask_the_person(tmp_path: Path, terminals: list[Terminal]) -> None:
    replies = "[Code('', 'print(\"hi\", input(\"Name? \"))'), Answer('Met.')]"
    terminals.append(terminal := scripted(tmp_path, replies))
    terminal.wait_for(PROMPT)
    terminal.type("Meet me")
    terminal.wait_for("Run it?")
    terminal.type("y")
    terminal.wait_for("Name?", times=2)
    terminal.type("Ada")
    terminal.wait_for("hi Ada")
    terminal.wait_for("Met.")
    terminal.press("C-d")
    terminal.wait_for("left with")


def test_interrupt_at_the_question_ends_the_turn(tmp_path: Path, terminals: list[Terminal]) -> None:
    terminals.append(terminal := scripted(tmp_path, "[Code('', 'print(1)'), Answer('On.')]"))
    terminal.wait_for(PROMPT)
    terminal.type("Do it")
    terminal.wait_for("Run it?")
    terminal.press("C-c")
    terminal.wait_for("Stopped")
    terminal.type("Go on")
    terminal.wait_for("On.")


def test_command_opens_a_chat_that_can_be_gone_on_with(tmp_path: Path, terminals: list[Terminal]) -> None:
    terminals.append(terminal := Terminal(tmp_path, "-m", "offline_interpreter"))
    terminal.wait_for(f"\n{PROMPT}")
    terminal.type("What is 37 * 481?")
    terminal.wait_for("Run it?")
    terminal.type("y")
    terminal.wait_for("17797", times=2)
    terminal.press("C-d")
    screen = terminal.wait_for("Resume: offline-interpreter -c")
    assert max(map(len, screen.splitlines())) <= 80
    terminal.end()
    terminals.append(terminal := Terminal(tmp_path, "-m", "offline_interpreter", "-c"))
    terminal.wait_for(f"\n{PROMPT}")
    terminal.press("C-d")
    terminal.wait_for("saved")
    transcripts = list((tmp_path / ".local" / "state").rglob("transcript.jsonl"))
    assert len(transcripts) == 1


CRASHING = (
    "[Code('', 'a = 41'), Code('', 'import os; os._exit(3)'), Answer('Lost.'), Code('', 'print(a + 1)'), Answer('B.')]"
)


def test_cells_that_were_lost_run_again_when_the_person_says_so(tmp_path: Path, terminals: list[Terminal]) -> None:
    terminals.append(terminal := scripted(tmp_path, CRASHING))
    terminal.wait_for(PROMPT)
    terminal.type("Begin")
    terminal.wait_for("Run it?")
    terminal.type("a")
    screen = terminal.wait_for("Run the cell again that made the variables? [y/N]")
    assert "Lost." in screen
    terminal.type("y")
    screen = terminal.wait_for("Run it?", times=2)
    assert screen.count("a = 41") == 2
    terminal.type("y")
    terminal.wait_for("1 cell ran again. Their variables are back.")
    terminal.type("And now?")
    terminal.wait_for("Run it?", times=3)
    terminal.type("y")
    terminal.wait_for("42")
    terminal.wait_for("B.")
    assert terminal.screen.count("made the variables?") == 1


def test_cells_that_were_lost_do_not_run_again_otherwise(tmp_path: Path, terminals: list[Terminal]) -> None:
    terminals.append(terminal := scripted(tmp_path, CRASHING))
    terminal.wait_for(PROMPT)
    terminal.type("Begin")
    terminal.wait_for("Run it?")
    terminal.type("a")
    terminal.wait_for("[y/N]")
    terminal.press("Enter")
    terminal.type("And now?")
    terminal.wait_for("Run it?", times=2)
    terminal.type("y")
    terminal.wait_for("NameError")
    terminal.wait_for("B.")
    assert terminal.screen.count("[y/N]") == 1
