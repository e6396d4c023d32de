"""A session over played replies and a real kernel: every way that a turn can go."""

import json
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest

from offline_interpreter.api import open_session
from offline_interpreter.chat.terminal import Person, offer_replay
from offline_interpreter.config import Options
from offline_interpreter.engines.base import Played, ScriptedEngine
from offline_interpreter.errors import ApprovalRequired, ModelUnusable, UsageError
from offline_interpreter.records import (
    Answer,
    Approve,
    Approved,
    ArtifactFound,
    CellEnd,
    Code,
    CodeDelta,
    Decision,
    Event,
    InputRequested,
    Message,
    MessageDelta,
    Notice,
    OutputMade,
    Refuse,
    Run,
    StepTaken,
    Stop,
    TurnEnd,
)
from offline_interpreter.replay import makes_variables
from offline_interpreter.session import Session
from offline_interpreter.steps import parse_step
from offline_interpreter.transcript import fold_history, read_transcript
from offline_interpreter.undone import FilesUndone, Undone
from offline_interpreter.view import TerminalApproval

Open = Callable[..., Session]


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    path = tmp_path / "workspace"
    path.mkdir()
    return path


@pytest.fixture
def open_scripted(tmp_path: Path, workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    monkeypatch.setenv("OFFLINE_INTERPRETER_STATE", str(tmp_path / "state"))
    opened: list[Session] = []

    def make(
        *replies: Played,
        approve: Approve | None = lambda step: Run(step.code),
        engine: ScriptedEngine | None = None,
        ask_input: Callable[[str, bool], str] | None = None,
        resume: Path | None = None,
        **options: object,
    ) -> Session:
        session = open_session(
            Options(workspace=workspace, **options),  # type: ignore[arg-type]
            engine=engine or ScriptedEngine(replies),
            approve=approve,
            ask_input=ask_input,
            resume=resume,
        )
        opened.append(session)
        return session

    yield make
    for session in opened:
        session.close()
        assert_alternates(session.messages)
        if session is next(each for each in reversed(opened) if each.transcript.path == session.transcript.path):
            assert fold_history(read_transcript(session.transcript.path)) == session.messages


def assert_alternates(messages: Sequence[Message]) -> None:
    assert messages[0].role == "system"
    sides = ["assistant" if message.role == "assistant" else "other" for message in messages[1:]]
    assert all(side != following for side, following in pairwise(sides)), messages
    if sides:
        assert isinstance(parse_step(messages[-1].text), Answer)


def of_kind(events: Sequence[Event], kind: type) -> list[Event]:
    return [event for event in events if isinstance(event, kind)]


def end_of(events: Sequence[Event]) -> TurnEnd:
    assert isinstance(events[-1], TurnEnd)
    assert len(of_kind(events, TurnEnd)) == 1
    return events[-1]


def observations(session: Session) -> list[str]:
    return [message.text for message in session.messages if message.role == "observation"]


def test_code_runs_and_its_output_reaches_the_model(open_scripted: Open) -> None:
    session = open_scripted(
        Code("I'll compute it.", "print(37 * 481)"), lambda messages: Answer(f"It is {messages[-1].text.split()[-1]}.")
    )
    events = list(session.turn("What is 37 * 481?"))
    assert end_of(events).status == "answered"
    assert end_of(events).answer == "It is 17797."
    assert [event.kind for event in events if event.kind not in ("message_delta", "code_delta", "progress")] == [
        "turn_start",
        "step",
        "approval",
        "cell_start",
        "output",
        "cell_end",
        "step",
        "turn_end",
    ]
    assert "".join(e.text for e in events if isinstance(e, CodeDelta)) == "print(37 * 481)"
    assert "".join(e.text for e in events if isinstance(e, MessageDelta)) == "I'll compute it.It is 17797."
    assert session.messages[1].text.endswith("\n\nWhat is 37 * 481?")
    assert observations(session) == ["Output:\n17797"]


def test_variables_live_from_turn_to_turn(open_scripted: Open) -> None:
    session = open_scripted(Code("", "x = 41"), Answer("a"), Code("", "x + 1"), Answer("b"))
    list(session.turn("one"))
    list(session.turn("two"))
    assert observations(session)[1] == "Output:\n42"
    assert session.messages[5] == Message("user", "two")


def test_refused_code_does_not_run_and_the_model_hears_why(open_scripted: Open) -> None:
    session = open_scripted(Code("", "open('made', 'w')"), Answer("fine"), approve=lambda _: Refuse("too risky"))
    events = list(session.turn("x"))
    assert end_of(events).status == "answered"
    assert observations(session) == ["The person did not allow this code. The reason: too risky"]
    assert not of_kind(events, CellEnd)


def test_quit_ends_the_turn(open_scripted: Open) -> None:
    session = open_scripted(Code("", "1"), approve=lambda _: Stop())
    events = list(session.turn("x"))
    assert end_of(events).status == "refused"
    assert parse_step(session.messages[-1].text) == Answer("Stopped by the user.")


def test_edited_code_runs_and_both_are_recorded(open_scripted: Open) -> None:
    session = open_scripted(Code("", "print(1)"), Answer("ok"), approve=lambda _: Run("print(2)"))
    events = list(session.turn("x"))
    assert of_kind(events, Approved) == [Approved("edited", "print(2)")]
    assert observations(session) == ["The person changed the code; this ran instead:\nprint(2)\nOutput:\n2"]
    assert parse_step(session.messages[2].text) == Code("", "print(1)")


def test_nobody_to_ask_ends_the_turn(open_scripted: Open) -> None:
    session = open_scripted(Code("", "1"), approve=None)
    events = list(session.turn("x"))
    assert end_of(events).status == "approval_needed"
    assert of_kind(events, Approved)[0].decision == "needed"  # type: ignore[attr-defined]


def test_approval_never_shows_code_and_runs_none(open_scripted: Open) -> None:
    session = open_scripted(Code("", "open('made', 'w')"), approval="never")
    assert end_of(list(session.turn("x"))).status == "approval_needed"
    assert session.cells.workspace.changed() == []


def test_failed_cell_is_repaired(open_scripted: Open) -> None:
    session = open_scripted(Code("", "print(1 / 0)"), Code("", "print(1 / 1)"), Answer("1.0"))
    events = list(session.turn("x"))
    assert end_of(events).status == "answered"
    assert "ZeroDivisionError" in observations(session)[0]
    assert [event.status for event in events if isinstance(event, CellEnd)] == ["error", "ok"]


def test_repeated_cell_is_told_once_and_then_stopped(open_scripted: Open) -> None:
    again = Code("", "print(1)")
    session = open_scripted(again, again, again)
    events = list(session.turn("x"))
    assert end_of(events).status == "repeated"
    assert len(of_kind(events, CellEnd)) == 1
    assert "has just run" in observations(session)[1]


def test_same_cell_after_another_is_no_repetition(open_scripted: Open) -> None:
    session = open_scripted(Code("", "print(1)"), Code("", "print(2)"), Code("", "print(1)"), Answer("ok"))
    assert end_of(list(session.turn("x"))).status == "answered"


def test_steps_run_out(open_scripted: Open) -> None:
    session = open_scripted(*(Code("", f"print({number})") for number in range(9)), max_steps=3)
    events = list(session.turn("x"))
    assert end_of(events).status == "exhausted"
    assert end_of(events).stats.steps == 3
    assert "after 3 steps" in end_of(events).answer


def test_malformed_reply_is_corrected(open_scripted: Open) -> None:
    session = open_scripted("Sure! Here you go.", '{"action": "code"}', Answer("ok"))
    events = list(session.turn("x"))
    assert end_of(events).status == "answered"
    assert "not one JSON object" in observations(session)[0]
    assert '"message" is missing' in observations(session)[1]


def test_third_malformed_reply_ends_the_turn(open_scripted: Open) -> None:
    session = open_scripted("a", "b", "c", Answer("too late"))
    events = list(session.turn("x"))
    assert end_of(events).status == "error"
    assert "does not write valid steps" in of_kind(events, Notice)[0].text  # type: ignore[attr-defined]


def test_cancel_in_the_reply_keeps_and_flags_what_was_written(open_scripted: Open) -> None:
    session = open_scripted(engine=ScriptedEngine([Code("a note", "print(1)\n" * 500)], piece_s=0.01))
    events: list[Event] = []
    for event in session.turn("x"):
        events.append(event)
        if isinstance(event, CodeDelta):
            session.cancel()
    assert end_of(events).status == "interrupted"
    step = of_kind(events, StepTaken)[0]
    assert isinstance(step, StepTaken)
    assert step.cut
    assert step.finish == "cancelled"
    assert not of_kind(events, CellEnd)
    assert isinstance(parse_step(session.messages[2].text), Code)


def test_cancel_in_the_cell_keeps_variables_and_ends_the_turn(open_scripted: Open) -> None:
    session = open_scripted(
        Code("", "x = 7\nprint('going', flush=True)\nimport time\ntime.sleep(60)"), Code("", "print(x)"), Answer("7")
    )
    events: list[Event] = []
    for event in session.turn("x"):
        events.append(event)
        if isinstance(event, OutputMade) and event.output.text.startswith("going"):
            threading.Timer(0.1, session.cancel).start()
    assert end_of(events).status == "interrupted"
    assert [event.status for event in events if isinstance(event, CellEnd)] == ["interrupted"]
    list(session.turn("y"))
    assert observations(session)[-1] == "Output:\n7"


def test_time_limit_stops_the_cell_and_the_model_goes_on(open_scripted: Open) -> None:
    session = open_scripted(Code("", "import time\ntime.sleep(60)"), Answer("ok"), timeout_s=0.3)
    events = list(session.turn("x"))
    assert end_of(events).status == "answered"
    assert "ran out of time" in observations(session)[0]
    assert "(--timeout)" in observations(session)[0]


@pytest.mark.skipif(sys.platform != "linux", reason="cells are limited on Linux only")
@pytest.mark.parametrize(
    ("code", "line"),
    [
        ("x = bytearray(2_000_000_000)", "Memory ran out: a cell may use 1G (--memory)."),
        (
            "import threading, time\nfor n in range(999): threading.Thread(target=time.sleep, args=(9,)).start()",
            "A cell may not have more processes and threads (--processes; each takes --memory too).",
        ),
    ],
)
def test_limit_that_a_cell_meets_names_its_flag(open_scripted: Open, code: str, line: str) -> None:
    session = open_scripted(Code("", code), Answer("ok"), memory="1G", processes=64)
    events = list(session.turn("x"))
    assert Notice(line) in events
    assert line in observations(session)[0].splitlines()


def test_output_beyond_its_limit_is_said(open_scripted: Open) -> None:
    session = open_scripted(Code("", "print('x' * 100_000)"), Answer("ok"), output_limit="10k")
    events = list(session.turn("x"))
    end = of_kind(events, CellEnd)[0]
    assert isinstance(end, CellEnd)
    assert Path(end.output_path).stat().st_size == 10_240
    line = f"The first 10K of the output are in {end.output_path}, the rest was not kept (--output-limit)."
    assert Notice(line) in events
    assert line in observations(session)[0].splitlines()
    assert "all of it" not in observations(session)[0]


def test_crash_of_the_child_is_survived(open_scripted: Open) -> None:
    session = open_scripted(Code("", "import os\nos._exit(3)"), Code("", "print('alive')"), Answer("ok"))
    events = list(session.turn("x"))
    assert end_of(events).status == "answered"
    assert observations(session)[0].endswith("Variables are lost; files remain.")
    assert observations(session)[1] == "Output:\nalive"
    ends = of_kind(events, CellEnd)
    assert isinstance(ends[0], CellEnd)
    assert (ends[0].status, ends[0].state_lost) == ("died", True)


def test_files_of_a_cell_are_artifacts(open_scripted: Open, workspace: Path) -> None:
    (workspace / "theirs.csv").write_text("a")
    code = "open('theirs.csv', 'w').write('bb')\nopen('new.txt', 'w').write('c')"
    session = open_scripted(Code("", code), Answer("ok"))
    events = list(session.turn("x"))
    artifacts = [event.artifact for event in events if isinstance(event, ArtifactFound)]
    assert [(each.path, each.change, each.preexisting) for each in artifacts] == [
        ("new.txt", "created", False),
        ("theirs.csv", "modified", True),
    ]
    assert "Files modified: theirs.csv" in observations(session)[0]


def test_file_that_the_person_adds_between_turns_is_theirs(open_scripted: Open, workspace: Path) -> None:
    session = open_scripted(Answer("a"), Code("", "import os\nos.remove('added.csv')"), Answer("b"))
    list(session.turn("one"))
    (workspace / "added.csv").write_text("x")
    events = list(session.turn("two"))
    assert session.messages[3].text == "Files created: added.csv\n\ntwo"
    artifact = of_kind(events, ArtifactFound)[0]
    assert isinstance(artifact, ArtifactFound)
    assert artifact.artifact.preexisting


def test_long_output_goes_to_a_file_that_the_model_is_told_of(open_scripted: Open) -> None:
    session = open_scripted(Code("", "for n in range(50_000): print(n)"), Answer("ok"))
    events = list(session.turn("x"))
    end = of_kind(events, CellEnd)[0]
    assert isinstance(end, CellEnd)
    assert Path(end.output_path).read_text().endswith("49999\n")
    assert end.output_path in observations(session)[0]
    assert len(observations(session)[0]) < 10_000
    assert any(event.omitted for event in events if isinstance(event, OutputMade))


def test_input_of_a_cell_is_asked_of_the_person(open_scripted: Open) -> None:
    session = open_scripted(
        Code("", "print('hello', input('Name? '))"), Answer("ok"), ask_input=lambda prompt, _: prompt + "Ada"
    )
    events = list(session.turn("x"))
    assert of_kind(events, InputRequested) == [InputRequested(1, "Name? ", False)]
    assert "hello Name? Ada" in observations(session)[0]


def test_turn_that_is_left_early_is_closed(open_scripted: Open) -> None:
    session = open_scripted(Code("", "import time\nprint('in', flush=True)\ntime.sleep(60)"), Answer("next"))
    with closing(session.turn("x")) as events:
        for event in events:
            if isinstance(event, OutputMade):
                break
    assert parse_step(session.messages[-1].text) == Answer("Stopped by the user.")
    assert end_of(list(session.turn("y"))).answer == "next"


def test_window_that_fills_up_drops_the_oldest_turns(open_scripted: Open) -> None:
    engine = ScriptedEngine([Answer("a" * 400) for _ in range(30)], context_tokens=2_000)
    session = open_scripted(engine=engine)
    session.set_system_message("Be brief.")
    for number in range(20):
        assert end_of(list(session.turn(f"request {number} " + "x" * 200))).status == "answered"
    assert len(session.messages) < 41
    assert session.messages[0] == Message("system", "Be brief.")


def test_request_larger_than_the_window_is_one_clear_line(open_scripted: Open) -> None:
    session = open_scripted(engine=ScriptedEngine([Answer("ok")], context_tokens=2_000))
    events = list(session.turn("x" * 20_000))
    assert end_of(events).status == "error"
    assert "raise --context" in of_kind(events, Notice)[0].text  # type: ignore[attr-defined]


def test_events_are_recorded_without_deltas(open_scripted: Open) -> None:
    session = open_scripted(Code("", "print(1)"), Answer("ok"))
    events = list(session.turn("x"))
    recorded = [record["kind"] for record in read_transcript(session.transcript.path)]
    assert [kind for kind in recorded if kind not in ("session", "message")] == [
        event.kind for event in events if event.kind not in ("progress", "message_delta", "code_delta")
    ]


def test_figures_are_files_and_not_in_the_transcript(open_scripted: Open) -> None:
    pytest.importorskip("matplotlib")
    code = "import matplotlib.pyplot as plt\nfor n in range(2):\n    plt.figure()\n    plt.plot([n, 2])"
    session = open_scripted(Code("", code), Answer("ok"))
    events = list(session.turn("x"))
    paths = [event.output.path for event in events if isinstance(event, OutputMade) and event.output.path]
    assert [Path(path).read_bytes()[:4] for path in paths] == [b"\x89PNG", b"\x89PNG"]
    assert observations(session)[0].endswith("Figures shown: 2")
    assert session.transcript.path.stat().st_size < 20_000


def test_resumed_session_goes_on_with_its_history(open_scripted: Open) -> None:
    first = open_scripted(Code("", "print(1)"), Answer("one"))
    list(first.turn("x"))
    first.close()
    second = open_scripted(Code("", "print(1 / 0)"), Answer("two"), resume=first.cells.folder.path)
    events = list(second.turn("y"))
    assert "Cell 2, line 1" in observations(second)[-1]
    assert [message.role for message in second.messages].count("user") == 2
    assert second.messages[: len(first.messages)] == first.messages
    assert next(event.cell for event in events if isinstance(event, CellEnd)) == 2


@pytest.mark.parametrize("cut", ["user", "assistant", "observation"])
def test_session_that_ended_within_a_turn_resumes(open_scripted: Open, cut: str) -> None:
    first = open_scripted(Code("", "print(1)"), Answer("one"))
    list(first.turn("x"))
    first.close()
    path = first.cells.folder.transcript
    lines = path.read_text().splitlines(keepends=True)
    last = max(number for number, line in enumerate(lines[:-3]) if json.loads(line).get("role") == cut)
    path.write_text("".join(lines[: last + 1]))
    second = open_scripted(Answer("two"), resume=first.cells.folder.path)
    assert end_of(list(second.turn("y"))).answer == "two"


def test_two_folders_have_byte_equal_system_prompts(tmp_path: Path, open_scripted: Open) -> None:
    first, second = open_scripted(), open_scripted()
    assert first.messages[0].text.encode() == second.messages[0].text.encode()
    assert str(tmp_path) not in first.messages[0].text


def test_bug_of_ours_is_raised_and_the_history_still_closed(open_scripted: Open) -> None:
    def broken(_: Code) -> Decision:
        raise RuntimeError("bug")

    session = open_scripted(Code("", "1"), approve=broken)
    with pytest.raises(RuntimeError, match="bug"):
        list(session.turn("x"))
    assert parse_step(session.messages[-1].text) == Answer("The turn ended because of an error.")


def test_approval_error_of_a_callback_counts_as_nobody_there(open_scripted: Open) -> None:
    def absent(_: Code) -> Decision:
        raise ApprovalRequired("gone home")

    session = open_scripted(Code("", "1"), approve=absent)
    assert end_of(list(session.turn("x"))).status == "approval_needed"


def test_answer_cut_at_its_length_is_kept_and_flagged(open_scripted: Open) -> None:
    session = open_scripted(Answer("x" * 400), max_tokens=50)
    events = list(session.turn("x"))
    assert end_of(events).status == "answered"
    assert 100 < len(end_of(events).answer) < 200
    assert "cut off" in of_kind(events, Notice)[0].text  # type: ignore[attr-defined]


def test_code_cut_at_its_length_does_not_run(open_scripted: Open) -> None:
    session = open_scripted(Code("", "open('made', 'w')\n" * 50), Answer("ok"), max_tokens=50)
    events = list(session.turn("x"))
    assert end_of(events).status == "answered"
    assert not of_kind(events, CellEnd)
    assert "did not run" in observations(session)[0]


# -- undo ---------------------------------------------------------------------------------------------------------


def test_undo_puts_files_back_and_forgets_the_turn(open_scripted: Open, workspace: Path) -> None:
    (workspace / "theirs.csv").write_text("a")
    code = "open('theirs.csv', 'w').write('bb')\nopen('new.txt', 'w').write('c')"
    session = open_scripted(Answer("a"), Code("", code), Answer("b"))
    list(session.turn("one"))
    before = list(session.messages)
    list(session.turn("two"))
    undone = session.undo()
    assert undone == Undone("two", (1,), FilesUndone(restored=("theirs.csv",), removed=("new.txt",)))
    assert [(path.name, path.read_text()) for path in workspace.iterdir()] == [("theirs.csv", "a")]
    assert session.messages == before


def test_turns_are_undone_until_none_is_left(open_scripted: Open, workspace: Path) -> None:
    steps = [Code("", f"open('a', 'a').write('{number}')") for number in range(3)]
    session = open_scripted(steps[0], Answer("0"), steps[1], steps[2], Answer("2"))
    list(session.turn("one"))
    list(session.turn("two"))
    assert session.undo().cells == (2, 3)
    assert (workspace / "a").read_text() == "0"
    assert session.undo().files.removed == ("a",)
    with pytest.raises(UsageError, match="no turn to undo"):
        session.undo()


def test_resumed_session_has_forgotten_what_was_undone(open_scripted: Open, workspace: Path) -> None:
    first = open_scripted(Code("", "open('a', 'w').write('1')"), Answer("1"), Code("", "open('a', 'w')"), Answer("2"))
    list(first.turn("one"))
    list(first.turn("two"))
    first.undo()
    first.close()
    second = open_scripted(resume=first.cells.folder.path)
    assert second.messages == first.messages
    assert second.undo().files.removed == ("a",)
    assert list(workspace.iterdir()) == []


def test_undo_within_a_turn_is_refused(open_scripted: Open) -> None:
    session = open_scripted(Answer("a"))
    with closing(session.turn("one")) as turn:
        next(turn)
        with pytest.raises(UsageError, match="is running"):
            session.undo()


def test_model_still_hears_of_the_persons_files_after_an_undo(open_scripted: Open, workspace: Path) -> None:
    session = open_scripted(Answer("a"), Answer("b"), Answer("c"))
    list(session.turn("one"))
    (workspace / "added.csv").write_text("x")
    list(session.turn("two"))
    session.undo()
    list(session.turn("three"))
    assert session.messages[3].text == "Files created: added.csv\n\nthree"


def test_turn_that_was_left_in_the_middle_of_a_cell_is_undone(open_scripted: Open, workspace: Path) -> None:
    code = "open('a', 'w').write('x')\nprint('made', flush=True)\nimport time\ntime.sleep(60)"
    session = open_scripted(Code("", code))
    with closing(session.turn("x")) as turn:
        next(event for event in turn if isinstance(event, OutputMade))
    assert session.undo().files.removed == ("a",)
    assert list(workspace.iterdir()) == []


# -- cells that run again -----------------------------------------------------------------------------------------

CRASH = Code("", "import os\nos._exit(3)")


def codes(session: Session) -> list[str]:
    return [cell.code for cell in session.lost_cells]


def test_successful_cells_are_lost_with_the_interpreter(open_scripted: Open) -> None:
    session = open_scripted(Code("", "a = 1"), Code("", "1 / 0"), Code("", "b = 2"), CRASH, Answer("ok"))
    for event in session.turn("x"):
        if isinstance(event, StepTaken) and event.code in ("1 / 0", "b = 2"):
            assert session.lost_cells == ()
    assert [(cell.number, cell.code) for cell in session.lost_cells] == [(1, "a = 1"), (3, "b = 2")]


def test_replay_brings_variables_back_and_the_model_hears_of_it(open_scripted: Open) -> None:
    session = open_scripted(
        Code("", "a = 1"), Code("", "b = a + 1"), CRASH, Answer("ok"), Code("", "print(a, b)"), Answer("fine")
    )
    list(session.turn("one"))
    events = list(session.replay(session.lost_cells))
    assert session.lost_cells == ()
    assert [event.kind for event in events] == [*(["step", "approval", "cell_start", "cell_end"] * 2), "notice"]
    assert [event.code for event in events if isinstance(event, StepTaken)] == ["a = 1", "b = a + 1"]
    assert events[-1] == Notice("2 cells ran again. Their variables are back.")
    recorded = [record["kind"] for record in read_transcript(session.transcript.path)]
    assert recorded[-len(events) :] == [event.kind for event in events]
    list(session.turn("two"))
    assert observations(session)[-1] == "Output:\n1 2"
    request = next(message.text for message in session.messages if message.text.endswith("\n\ntwo"))
    assert request.startswith("The lost variables of 2 cells exist again")
    assert sum("lost variables" in message.text for message in session.messages) == 1


def test_each_cell_of_a_replay_is_decided_upon(open_scripted: Open) -> None:
    decisions: dict[str, Decision] = {"a = 1": Refuse(), "b = 2": Run("b = 3"), "c = 4": Stop()}
    allowed = [True]
    session = open_scripted(
        *(Code("", code) for code in decisions),
        CRASH,
        Answer("ok"),
        Code("", "print(b, 'a' in dir())"),
        Answer("fine"),
        approve=lambda step: Run(step.code) if allowed[0] else decisions[step.code],
    )
    list(session.turn("one"))
    allowed[0] = False
    events = list(session.replay(session.lost_cells))
    assert [event.decision for event in events if isinstance(event, Approved)] == ["refused", "edited", "stopped"]
    assert events[-1] == Notice("1 cell ran again. 2 cells did not, so their variables are missing.")
    allowed[0] = True
    list(session.turn("two"))
    assert observations(session)[-1] == "Output:\n3 False"
    assert any("this ran instead:\nb = 3" in message.text for message in session.messages)


def test_replay_runs_nothing_where_nobody_allows_it(open_scripted: Open) -> None:
    first = open_scripted(Code("", "a = 1"), Answer("ok"))
    list(first.turn("one"))
    first.close()
    second = open_scripted(Answer("ok"), resume=first.cells.folder.path, approve=None)
    events = list(second.replay(second.lost_cells))
    assert not of_kind(events, CellEnd)
    assert [event.decision for event in events if isinstance(event, Approved)] == ["needed"]
    assert len(second.lost_cells) == 1
    list(second.turn("two"))
    assert not any("exist again" in message.text for message in second.messages)


def test_replay_stops_at_a_cell_that_fails(open_scripted: Open, workspace: Path) -> None:
    (workspace / "data.csv").write_text("1")
    reading = "data = open('data.csv').read()"
    session = open_scripted(Code("", "a = 1"), Code("", reading), Code("", "b = data"), CRASH, Answer("ok"))
    list(session.turn("one"))
    (workspace / "data.csv").unlink()
    events = list(session.replay(session.lost_cells))
    assert [event.status for event in events if isinstance(event, CellEnd)] == ["ok", "error"]
    assert codes(session) == [reading, "b = data"]


def test_cancel_stops_a_replay(open_scripted: Open) -> None:
    sleeping = "import time\nprint('in', flush=True)\ntime.sleep(0 if first else 60)"
    session = open_scripted(
        Code("", "first = not __import__('os').path.exists('a')\nopened = open('a', 'w')"),
        Code("", sleeping),
        Code("", "c = 3"),
        CRASH,
        Answer("ok"),
    )
    list(session.turn("one"))
    events: list[Event] = []
    for event in session.replay(session.lost_cells):
        events.append(event)
        if isinstance(event, OutputMade):
            session.cancel()
    assert [event.status for event in events if isinstance(event, CellEnd)] == ["ok", "interrupted"]
    assert codes(session) == [sleeping, "c = 3"]


def test_variables_of_a_resumed_session_are_lost_until_replay(open_scripted: Open) -> None:
    first = open_scripted(Code("", "a = 41"), Answer("ok"))
    list(first.turn("one"))
    first.close()
    second = open_scripted(Code("", "print(a + 1)"), Answer("ok"), resume=first.cells.folder.path)
    assert codes(second) == ["a = 41"]
    list(second.replay(second.lost_cells))
    list(second.turn("two"))
    assert observations(second)[-1] == "Output:\n42"


class Shown:
    """A view that remembers."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def show(self, event: Event) -> None:
        """Remember the event."""
        self.events.append(event)

    def close(self) -> None:
        """Nothing is live."""


def resumed(open_scripted: Open, cells: int) -> Session:
    first = open_scripted(*(Code("", f"v{number} = 1") for number in range(cells)), Answer("ok"))
    list(first.turn("one"))
    first.close()
    return open_scripted(resume=first.cells.folder.path, approval="auto")


@pytest.mark.parametrize(("cells", "question"), [(1, "Run the cell again that"), (2, "Run the 2 cells again that")])
def test_person_is_asked_once_before_cells_run_again(open_scripted: Open, cells: int, question: str) -> None:
    session, view, asked = resumed(open_scripted, cells), Shown(), []

    def refuse(text: str) -> bool:
        asked.append(text)
        return False

    offer_replay(session, view, Person(TerminalApproval(), lambda *_: "", refuse))
    offer_replay(session, view, Person(TerminalApproval(), lambda *_: "", refuse), session.lost_cells)
    assert asked == [f"{question} made the variables?"]
    assert view.events == []
    assert "did not want" in list(read_transcript(session.transcript.path))[-1]["text"]
    offer_replay(session, view, Person(TerminalApproval(), lambda *_: "", lambda _: True))
    assert len(of_kind(view.events, CellEnd)) == cells
    assert session.lost_cells == ()


def test_nothing_runs_again_by_itself_where_nobody_sits(open_scripted: Open) -> None:
    session, view = resumed(open_scripted, 1), Shown()
    offer_replay(session, view, None)
    assert view.events == [Notice("The variables of the cell before are gone; replay() runs it again.")]
    assert len(session.lost_cells) == 1


def test_nothing_is_lost_where_there_was_no_variable(open_scripted: Open) -> None:
    session = open_scripted(Code("", "print(1)"), CRASH, Answer("ok"))
    list(session.turn("one"))
    assert session.lost_cells == ()


@pytest.mark.parametrize(
    "code",
    ["a = 1", "import os", "from os import *", "def f(): pass", "class A: pass", "a.b = 1", "a[0] = 1", "%cd x"],
)
def test_cell_that_leaves_a_name_makes_variables(code: str) -> None:
    assert makes_variables(code)


@pytest.mark.parametrize("code", ["", "print(1)", "1 + 1", "x"])
def test_cell_that_leaves_no_name_makes_none(code: str) -> None:
    assert not makes_variables(code)


def test_cells_of_undone_turns_do_not_run_again(open_scripted: Open) -> None:
    session = open_scripted(Code("", "a = 1"), Answer("a"), Code("", "b = 2"), CRASH, Answer("b"))
    list(session.turn("one"))
    list(session.turn("two"))
    session.undo()
    assert codes(session) == ["a = 1"]


def test_files_of_a_replay_are_undone_with_the_last_turn(open_scripted: Open, workspace: Path) -> None:
    session = open_scripted(Code("", "size = open('a', 'a').write('x')"), Answer("a"), CRASH, Answer("b"))
    list(session.turn("one"))
    list(session.turn("two"))
    list(session.replay(session.lost_cells))
    assert (workspace / "a").read_text() == "xx"
    assert session.undo().cells == (2, 3)
    assert (workspace / "a").read_text() == "x"


def test_replay_within_a_turn_is_refused(open_scripted: Open) -> None:
    session = open_scripted(Code("", "a = 1"), Answer("ok"))
    with closing(session.turn("x")) as events:
        next(events)
        with pytest.raises(UsageError, match="A turn is running"):
            list(session.replay(()))


def test_what_programs_obey_is_told_when_a_cell_makes_it(open_scripted: Open) -> None:
    making = "import os\nos.makedirs('.git/hooks')\nopen('offline-interpreter.toml', 'w')\nopen('a.txt', 'w')"
    session = open_scripted(Code("", making), Code("", "print(1)"), Answer("ok"))
    notices = [event.text for event in session.turn("one") if isinstance(event, Notice)]
    assert len(notices) == 1
    assert notices[0].startswith("This cell made '.git', 'offline-interpreter.toml'.")


def test_a_model_that_cannot_be_loaded_leaves_nothing_behind(
    tmp_path: Path, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OFFLINE_INTERPRETER_STATE", str(tmp_path / "state"))
    (tmp_path / "broken.gguf").write_bytes(b"GGUF")
    with pytest.raises(ModelUnusable):
        open_session(Options(workspace=workspace, model=str(tmp_path / "broken.gguf")))
    assert list((tmp_path / "state" / "sessions").iterdir()) == []


def test_the_kernel_starts_while_the_model_loads(
    tmp_path: Path, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OFFLINE_INTERPRETER_STATE", str(tmp_path / "state"))
    folders_at_load: list[int] = []

    def loading(_progress: object) -> None:
        folders_at_load.append(len(list((tmp_path / "state" / "sessions").glob("*/packages"))))

    session = open_session(Options(workspace=workspace), progress=loading)
    session.close()
    session.engine.close()
    assert folders_at_load[:1] == [1]
