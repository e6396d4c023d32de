"""Output made fit for a terminal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offline_interpreter.plain_text import collapse_returns, without_escapes


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07a", "a"),
        ("\x1b]52;c;c2VjcmV0\x1b\\a", "a"),
        ("\x1bP1$r\x1b\\a", "a"),
        ("a\x1b[2J\x1b[1;1Hb", "ab"),
        ("\x9b31mred", "red"),
        ("\x9d0;title\x07a", "a"),
        ("\x1b(0a\x1b7b", "ab"),
        ("cut \x1b[3", "cut "),
        ("\x1b]0;never ended\nthe next line", "\nthe next line"),
        ("tab\tnew\nline", "tab\tnew\nline"),
        ("bell\x07\x00\x7f", "bell"),
    ],
)
def test_escape_sequences_are_removed(text: str, shown: str) -> None:
    assert without_escapes(text) == shown


@given(st.text())
def test_nothing_that_a_terminal_obeys_is_left(text: str) -> None:
    assert not {char for char in without_escapes(text) if (ord(char) < 32 or 127 <= ord(char) < 160)} - {"\t", "\n"}


def test_progress_bar_becomes_its_last_state() -> None:
    assert collapse_returns("10 %\r50 %\r100 %\ndone\r\n") == "100 %\ndone\n"
    assert collapse_returns("abcdef\rxy") == "xycdef"
