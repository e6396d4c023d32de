"""Typing requests: the line editor at a real terminal, and plain lines from a pipe."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pty_program import Program

from offline_interpreter.chat.input import PROMPT, QUOTES, is_open, without_quotes

READ = """
import sys
from pathlib import Path
from offline_interpreter.chat.input import ChatInput
lines = ChatInput(Path("history"))
while True:
    try:
        print("read:", repr(lines.read()), flush=True)
    except EOFError:
        sys.exit("left")
"""
SHOWN = "\x1b[?2004h"  # the editor asks for bracketed paste: it is ready for keys


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("typed", "request_text"),
    [
        ("plot sales.csv\r", "plot sales.csv"),
        ("  spaces around \r", "spaces around"),
        ("a typo\x03the request\r", "the request"),
        ("first\x1b\rsecond\r", "first\nsecond"),
        ("\r\rnothing before\r", "nothing before"),
        ('"""one\rtwo\rthree"""\r', "one\ntwo\nthree"),
        ('"""\rone\r\rtwo\r"""\r', "one\n\ntwo"),
        ("\x1b[200~pasted\nlines\x1b[201~ and more\r", "pasted\nlines and more"),
        ("größe\r", "größe"),
    ],
)
def test_keys_make_a_request(typed: str, request_text: str) -> None:
    with Program(READ) as program:
        program.wait_for(SHOWN)
        program.type(typed)
        program.wait_for(f"read: {request_text!r}")


def test_several_requests_follow_each_other() -> None:
    with Program(READ) as program:
        for text in ("first", "second"):
            program.wait_for(SHOWN)
            program.type(f"{text}\r")
            program.wait_for(f"read: {text!r}")


def test_end_of_input_leaves() -> None:
    with Program(READ) as program:
        program.wait_for(SHOWN)
        program.type("\x04")
        program.wait_for("left")
        assert program.end() == 1


def test_history_outlives_the_program_and_is_private(folder: Path) -> None:
    with Program(READ) as program:
        program.wait_for(SHOWN)
        program.type("remember me\r")
        program.wait_for("read: ")
    assert stat.S_IMODE((folder / "history").stat().st_mode) == 0o600
    with Program(READ) as program:
        program.wait_for(SHOWN)
        program.type("\x1b[A\r")  # the arrow up
        program.wait_for("read: 'remember me'")


def test_history_suggests(folder: Path) -> None:
    (folder / "history").write_text("\n# 2026-01-01 00:00:00\n+plot revenue by region\n")
    with Program(READ) as program:
        program.wait_for(SHOWN)
        program.type("plot ")
        program.wait_for("revenue by region")
        program.type("\x1b[C\r")  # the arrow right takes the suggestion
        program.wait_for("read: 'plot revenue by region'")


def test_history_that_cannot_be_kept_is_no_obstacle(folder: Path) -> None:
    (folder / "history").mkdir()
    with Program(READ) as program:
        program.wait_for(SHOWN)
        program.type("still here\r")
        program.wait_for("read: 'still here'")


def test_file_names_are_completed_anywhere_in_the_request(folder: Path) -> None:
    (folder / "quarterly_figures.csv").touch()
    with Program(READ) as program:
        program.wait_for(SHOWN)
        program.type("plot quart\t")
        program.wait_for("erly_figures.csv")
        program.type(" now\r")
        program.wait_for("read: 'plot quarterly_figures.csv now'")


def test_choosing_a_file_does_not_send_the_request(folder: Path) -> None:
    (folder / "sales_2024.csv").touch()
    (folder / "sales_2025.csv").touch()
    with Program(READ) as program:
        program.wait_for(SHOWN)
        program.type("plot sal\t")
        program.wait_for("sales_2025.csv")  # the menu
        program.type("\t\r")
        program.type(" now\r")
        program.wait_for("read: 'plot sales_2024.csv now'")


@pytest.mark.parametrize("key", ["\x1bOQ", "\x18\x05"], ids=["F2", "Ctrl-X Ctrl-E"])
def test_editor_changes_the_request(key: str, folder: Path) -> None:
    editor = folder / "editor"
    editor.write_text('#!/bin/sh\nprintf "edited\\nrequest" > "$1"\n')
    editor.chmod(0o755)
    with Program(READ, env={"VISUAL": str(editor), "EDITOR": ""}) as program:
        program.wait_for(SHOWN)
        program.type("draft" + key)
        program.wait_for("edited")
        program.type("\r")
        program.wait_for("read: 'edited\\nrequest'")


def test_lines_of_a_pipe_are_requests() -> None:
    piped = 'one\n\n"""\ntwo\nthree\n"""\nlast'
    with Program(READ, piped=piped) as program:
        for text in ("one", "", "two\nthree", "last"):
            program.wait_for(f"read: {text!r}")
        program.wait_for("left")
        assert PROMPT + "read" not in program.screen


@pytest.mark.parametrize(
    ("text", "open_"),
    [("a", False), (QUOTES, True), (f"{QUOTES}a", True), (f"{QUOTES}a{QUOTES}", False), (QUOTES * 2, False)],
)
def test_triple_quotes_open_and_close(text: str, open_: bool) -> None:
    assert is_open(text) is open_


@given(st.text(st.characters(exclude_characters='"')))
def test_quotes_do_not_change_what_they_hold(text: str) -> None:
    assert without_quotes(f"{QUOTES}{text}{QUOTES}") == text.strip()
