"""Asking the person: every key of the approval, lines for a cell, at a real terminal."""

from __future__ import annotations

from pathlib import Path

import pytest
from pty_program import Program

from offline_interpreter.view.asking import HINT, QUESTION

APPROVE = """
from offline_interpreter.records import Code
from offline_interpreter.view import TerminalApproval
approve = TerminalApproval()
print("decided:", approve(Code("Print one.", "print(1)")))
"""
ASK = """
from offline_interpreter.view import ask_line
try:
    print("got:", repr(ask_line("Name: ", {secret})))
except (EOFError, KeyboardInterrupt) as error:
    print("got:", type(error).__name__)
"""

LIVE = """
import sys
from offline_interpreter.records import CellStart
from offline_interpreter.view import ask_line, make_view
view = make_view(plain=False, json_lines=False, out=sys.stdout, err=sys.stderr)
view.show(CellStart(1, ""))
typed = sys.stdin.readline()
"""


@pytest.mark.parametrize(
    ("typed", "decision"),
    [
        ("y\r", "Run(code='print(1)')"),
        ("YES\r", "Run(code='print(1)')"),
        ("a\r", "Run(code='print(1)')"),
        ("q\r", "Stop()"),
        ("\x04", "Stop()"),
        ("n use another name\r", "Refuse(reason='use another name')"),
    ],
)
def test_key_decides(typed: str, decision: str) -> None:
    with Program(APPROVE) as program:
        program.wait_for(QUESTION)
        program.type(typed)
        program.wait_for(f"decided: {decision}")


@pytest.mark.parametrize(("typed", "reason"), [("too slow\r", "too slow"), ("\r", "")])
def test_no_asks_for_a_reason(typed: str, reason: str) -> None:
    with Program(APPROVE) as program:
        program.wait_for(QUESTION)
        program.type("n\r")
        program.wait_for("Why not?")
        program.type(typed)
        program.wait_for(f"decided: Refuse(reason={reason!r})")


@pytest.mark.parametrize("typed", ["\r", "yy\r", "print(1)\r"])
def test_anything_else_runs_nothing_and_asks_again(typed: str) -> None:
    with Program(APPROVE) as program:
        program.wait_for(QUESTION)
        program.type(typed)
        program.wait_for(HINT)
        program.wait_for(QUESTION)
        assert "decided" not in program.screen


def test_all_allows_the_rest_of_the_turn_and_no_more() -> None:
    again = 'print("second:", approve(Code("", "print(2)")))\napprove.new_turn()\napprove(Code("", "print(3)"))'
    with Program(APPROVE + again) as program:
        program.wait_for(QUESTION)
        program.type("a\r")
        program.wait_for("second: Run(code='print(2)')")
        program.wait_for(QUESTION)


def test_what_was_typed_before_the_question_allows_nothing() -> None:
    late = 'import time\nprint("thinking", flush=True)\ntime.sleep(1)\n' + APPROVE
    with Program(late) as program:
        program.wait_for("thinking")
        program.type("y\r")
        program.wait_for(QUESTION)
        program.type("q\r")
        program.wait_for("decided: Stop()")


def test_the_terminal_is_asked_when_standard_input_is_a_pipe() -> None:
    with Program(APPROVE, piped="y\n") as program:
        program.wait_for(QUESTION)
        program.type("q\r")
        program.wait_for("decided: Stop()")


def test_interrupt_is_left_to_the_caller() -> None:
    caught = "try:\n" + "".join(f"    {line}\n" for line in APPROVE.splitlines())
    with Program(caught + "except KeyboardInterrupt:\n    print('interrupted')") as program:
        program.wait_for(QUESTION)
        program.type("\x03")
        program.wait_for("interrupted")


# -- the editor ---------------------------------------------------------------------------------------------------


def editor(folder: Path, body: str) -> dict[str, str]:
    """Return an environment whose editor runs ``body``, with the file as its first argument."""
    script = folder / "my editor"
    script.write_text(f"#!/bin/sh\n{body}\n")
    script.chmod(0o755)
    return {"EDITOR": f"'{script}' --wait", "VISUAL": ""}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("echo 'print(2)' > \"$2\"", "print(2)"),
        ('printf \'# first\\n\' | cat - "$2" > tmp; mv tmp "$2"', "# first\\nprint(1)"),
        (":", "print(1)"),
        ("test -t 0 && echo 'print(3)' > \"$2\"", "print(3)"),
        ("case $2 in *.py) echo 'print(4)' > \"$2\";; esac", "print(4)"),
    ],
)
def test_edited_code_runs(body: str, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with Program(APPROVE, env=editor(tmp_path, body), piped="") as program:
        program.wait_for(QUESTION)
        program.type("e\r")
        program.wait_for(f"decided: Run(code='{code}')")


@pytest.mark.parametrize(
    ("body", "complaint"),
    [("exit 3", "The editor failed"), (': > "$2"', "The editor left no code, so nothing runs.")],
)
def test_an_edit_that_fails_asks_again(body: str, complaint: str, tmp_path: Path) -> None:
    with Program(APPROVE, env=editor(tmp_path, body)) as program:
        program.wait_for(QUESTION)
        program.type("e\r")
        program.wait_for(complaint)
        program.wait_for(QUESTION)


@pytest.mark.parametrize("command", ["no-such-editor-at-all", "'unbalanced"])
def test_a_missing_editor_is_named_with_the_remedy(command: str) -> None:
    with Program(APPROVE, env={"VISUAL": command}) as program:
        program.wait_for(QUESTION)
        program.type("e\r")
        program.wait_for("Set EDITOR to the one that you use.")
        program.wait_for(QUESTION)


def test_interrupt_in_the_editor_does_not_end_it(tmp_path: Path) -> None:
    body = "trap 'echo caught' INT; echo editing; sleep 1; echo 'print(5)' > \"$2\""
    with Program(APPROVE, env=editor(tmp_path, body)) as program:
        program.wait_for(QUESTION)
        program.type("e\r")
        program.wait_for("editing")
        program.type("\x03")
        program.wait_for("decided: Run(code='print(5)')")


# -- lines for a cell ---------------------------------------------------------------------------------------------


def test_a_line_is_returned_without_its_end() -> None:
    with Program(ASK.format(secret=False)) as program:
        program.wait_for("Name: ")
        program.type(" Ada \r")
        program.wait_for("got: ' Ada '")


def test_a_secret_is_not_echoed() -> None:
    with Program(ASK.format(secret=True)) as program:
        program.wait_for("Name: ")
        program.type("hunter2\r")
        program.wait_for("got: 'hunter2'")
        assert program.screen.count("hunter2") == 1


def test_echo_is_back_after_a_secret() -> None:
    with Program(ASK.format(secret=True) + ASK.format(secret=False)) as program:
        program.wait_for("Name: ")
        program.type("hunter2\r")
        program.wait_for("got: ")
        program.wait_for("Name: ")
        program.type("Ada\r")
        program.wait_for("Ada\r\n")
        program.wait_for("got: 'Ada'")


@pytest.mark.parametrize(("typed", "error"), [("\x04", "EOFError"), ("\x03", "KeyboardInterrupt")])
def test_a_line_that_is_not_given_raises(typed: str, error: str) -> None:
    with Program(ASK.format(secret=False)) as program:
        program.wait_for("Name: ")
        program.type(typed)
        program.wait_for(f"got: {error}")


def test_a_prompt_cannot_move_the_cursor() -> None:
    with Program(ASK.format(secret=False).replace("Name: ", "\\x1b[2J\\x1b]0;title\\x07Name: ")) as program:
        program.wait_for("Name: ")
        assert "\x1b[2J" not in program.screen
        assert "title" not in program.screen


def test_the_live_line_is_away_while_the_person_is_asked() -> None:
    with Program(LIVE + "ask_line('Name: ', False)\nsys.stdin.readline()\nview.close()") as program:
        program.wait_for("running")
        program.type("\r")
        program.wait_for("\r\x1b[K  Name: ")
        program.type("Ada\r")
        program.wait_for("Ada\r\n")
        program.wait_for("running")
        program.type("\r")
        program.end()
        assert program.screen.endswith("\r\x1b[K")


def test_keys_are_not_echoed_into_the_live_line() -> None:
    with Program(LIVE + "view.close()\nprint('got:', typed)") as program:
        program.wait_for("running")
        program.type("typed early\r")
        program.wait_for("got: typed early")
        assert program.screen.count("typed") == 1


@pytest.mark.parametrize("before", ["", "view.close()\n"])
def test_keys_are_echoed_when_the_person_is_asked(before: str) -> None:
    with Program(LIVE + before + "ask_line('Name: ', False)") as program:
        program.wait_for("running")
        program.type("\r")
        program.wait_for("Name: ")
        program.type("Ada\r")
        program.wait_for("Ada\r\n")
