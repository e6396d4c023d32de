"""``Interpreter``: the conversation as one Python object."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import offline_interpreter
from offline_interpreter.conversation import Interpreter
from offline_interpreter.engines.base import ScriptedEngine
from offline_interpreter.errors import ApprovalRequired, UsageError
from offline_interpreter.records import Answer, Code


@pytest.fixture(autouse=True)
def state(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OFFLINE_INTERPRETER_STATE", str(tmp_path_factory.mktemp("state")))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.fixture
def scripted(tmp_path: Path) -> Iterator[Interpreter]:
    engine = ScriptedEngine([Code("Adding.", "x = 2\nprint(x + 2)"), Answer("4"), Code("", "print(x)"), Answer("2")])
    with Interpreter(engine=engine, workspace=tmp_path, auto_run=True) as interpreter:
        yield interpreter


def test_public_names_are_these() -> None:
    assert offline_interpreter.__all__ == [
        "Interpreter",
        "Options",
        "Session",
        "__version__",
        "interpreter",
        "open_session",
    ]
    assert isinstance(offline_interpreter.interpreter, Interpreter)
    assert offline_interpreter.Interpreter is Interpreter


def test_ready_instance_survives_any_order_of_imports() -> None:
    code = (
        "from offline_interpreter import Interpreter, Session\n"
        "from offline_interpreter import interpreter\n"
        "print(type(interpreter).__name__)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "Interpreter\n"


def test_chat_returns_the_conversation_and_remembers(scripted: Interpreter) -> None:
    first = scripted.chat("Add.", display=False)
    assert [(entry["role"], entry["type"], entry["content"]) for entry in first] == [
        ("user", "message", "Add."),
        ("assistant", "message", "Adding."),
        ("assistant", "code", "x = 2\nprint(x + 2)"),
        ("computer", "console", "4\n"),
        ("assistant", "message", "4"),
    ]
    assert scripted.chat("And x?", display=False)[-2]["content"] == "2\n"
    assert scripted.messages[0]["content"] == "Add."


def test_answer_is_streamed_to_standard_output(scripted: Interpreter, capsys: pytest.CaptureFixture[str]) -> None:
    scripted.chat("Add.")
    shown = capsys.readouterr()
    assert "4" in shown.out
    assert "print(x + 2)" in shown.err


def test_what_is_wanting_about_a_model_is_said_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    engine = ScriptedEngine([Answer("a"), Answer("b")])
    engine.notes = ("No usable chat template: ChatML is used.",)
    with Interpreter(engine=engine, workspace=tmp_path) as interpreter:
        interpreter.chat("hello")
        assert capsys.readouterr().err.count("ChatML is used") == 1
        interpreter.chat("hello again")
        assert "ChatML" not in capsys.readouterr().err


def test_without_permission_code_is_not_run(tmp_path: Path) -> None:
    engine = ScriptedEngine([Code("", "open('made', 'w')")])
    with Interpreter(engine=engine, workspace=tmp_path) as interpreter, pytest.raises(ApprovalRequired):
        interpreter.chat("x", display=False)
    assert not (tmp_path / "made").exists()


def test_loaded_conversation_is_what_the_model_sees(tmp_path: Path) -> None:
    engine = ScriptedEngine([Answer("yes")])
    with Interpreter(engine=engine, workspace=tmp_path) as interpreter:
        interpreter.load([{"role": "user", "type": "message", "content": "My name is Ada."}])
        interpreter.messages += [{"role": "assistant", "type": "message", "content": "Hello."}]
        interpreter.chat("Do you know me?", display=False)
    assert engine.seen[0][1].text == "My name is Ada."
    assert len(interpreter.messages) == 4


def test_reset_forgets_conversation_and_variables(scripted: Interpreter) -> None:
    scripted.chat("Add.", display=False)
    scripted.reset()
    assert scripted.messages == []
    scripted.chat("And x?", display=False)
    assert "NameError" in scripted.messages[-2]["content"]


def test_system_message_may_be_added_to_at_any_time(tmp_path: Path) -> None:
    engine = ScriptedEngine([Answer("a"), Answer("b")])
    with Interpreter(engine=engine, workspace=tmp_path) as interpreter:
        interpreter.system_message += "\nSpeak German."
        interpreter.chat("x", display=False)
        interpreter.system_message += "\nRhyme."
        interpreter.chat("y", display=False)
    assert engine.seen[0][0].text.endswith("Speak German.")
    assert engine.seen[1][0].text.endswith("Speak German.\nRhyme.")
    assert engine.seen[1][1] == engine.seen[0][1]


def test_turning_auto_run_on_keeps_the_conversation(tmp_path: Path) -> None:
    engine = ScriptedEngine([Answer("hello"), Code("", "print(1)"), Answer("1")])
    with Interpreter(engine=engine, workspace=tmp_path) as interpreter:
        interpreter.chat("hi", display=False)
        interpreter.auto_run = True
        interpreter.chat("one", display=False)
        assert interpreter.auto_run
    assert [entry["role"] for entry in interpreter.messages].count("user") == 2


def test_session_gives_events(scripted: Interpreter) -> None:
    kinds = [event.kind for event in scripted.session.turn("x")]
    assert kinds[0] == "turn_start"
    assert kinds[-1] == "turn_end"


def test_unknown_option_is_refused() -> None:
    with pytest.raises(UsageError, match="'colour' is no option"):
        Interpreter(colour="red")


def test_broken_conversation_is_refused_and_the_current_one_kept(scripted: Interpreter) -> None:
    scripted.chat("Add.", display=False)
    with pytest.raises(UsageError):
        scripted.load([{"role": "nobody"}])
    assert scripted.messages[0]["content"] == "Add."


def test_undo_takes_back_the_files_and_the_turn(tmp_path: Path) -> None:
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    engine = ScriptedEngine([Answer("1"), Code("", "open('made', 'w')"), Answer("2")])
    with Interpreter(engine=engine, workspace=workspace, auto_run=True) as interpreter:
        interpreter.chat("one", display=False)
        interpreter.chat("two", display=False)
        assert interpreter.undo().files.removed == ("made",)
        assert [entry["content"] for entry in interpreter.messages] == ["one", "1"]
    assert list(workspace.iterdir()) == []


def test_replay_brings_variables_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    steps = [
        Code("", "a = 41"),
        Code("", "import os\nos._exit(3)"),
        Answer("lost"),
        Code("", "print(a + 1)"),
        Answer("b"),
    ]
    with Interpreter(engine=ScriptedEngine(steps), workspace=tmp_path, auto_run=True) as interpreter:
        before = list(interpreter.chat("one", display=False))
        assert [cell.code for cell in interpreter.session.lost_cells] == ["a = 41"]
        interpreter.replay()
        assert "1 cell ran again. Their variables are back." in capsys.readouterr().err
        assert interpreter.messages == before
        assert interpreter.chat("two", display=False)[-2]["content"] == "42\n"
