"""Cells' output on the streams of a program, and what a terminal is spared."""

import io
from itertools import product

import pytest

from offline_interpreter.records import Notice, Output, OutputMade
from offline_interpreter.view import StreamsView
from offline_interpreter.view.streams import LiveFilter

OBEYED = "a\x1b[31mred\x1b[0m\x1b]8;;http://x\x1b\\link\x1b]0;t\x07 b\x1bPq\x1b\\\x1b(Bc\r1\r2\x9b1md\te\n"


class Screen(io.StringIO):
    """A terminal that remembers."""

    def isatty(self) -> bool:
        """Say yes."""
        return True


@pytest.mark.parametrize("size", [1, 2, 3, 5, 1000])
def test_sequences_are_taken_out_wherever_chunks_end(size: int) -> None:
    feed = LiveFilter()
    pieces = [feed.feed(OBEYED[start : start + size]) for start in range(0, len(OBEYED), size)]
    assert "".join(pieces) + feed.flush() == "aredlink bc\r1\r2d\te\n"


def test_plain_text_is_never_held_back() -> None:
    feed = LiveFilter()
    assert [feed.feed(text) for text in ("Na", "me", "? ", "50 %\r")] == ["Na", "me", "? ", "50 %\r"]


def test_sequence_that_never_ends_holds_back_a_little_only() -> None:
    feed = LiveFilter()
    shown = feed.feed("\x1b]0;" + "x" * 10_000) + feed.feed("\nseen\n")
    assert shown.endswith("seen\n")
    assert "\x1b" not in shown


def stream(text: str, name: str = "stdout") -> OutputMade:
    return OutputMade(1, Output("stream", text, name))


@pytest.mark.parametrize(("out_is_screen", "err_is_screen"), list(product((True, False), repeat=2)))
def test_lines_of_ours_do_not_go_on_with_a_cells(out_is_screen: bool, err_is_screen: bool) -> None:
    out = Screen() if out_is_screen else io.StringIO()
    err = Screen() if err_is_screen else io.StringIO()
    view = StreamsView(out, err)
    view.show(stream("open"))
    view.show(Notice("told"))
    view.show(OutputMade(1, Output("result", "42")))
    both = out_is_screen and err_is_screen
    assert err.getvalue() == ("\ntold\n" if both else "told\n")
    assert out.getvalue() == ("open42\n" if both else "open\n42\n")


def test_figures_are_named_and_errors_shown_on_the_second_stream() -> None:
    out, err = io.StringIO(), io.StringIO()
    view = StreamsView(out, err)
    view.show(OutputMade(1, Output("display", "<Figure>", path="/nowhere/cell-1-1.png")))
    view.show(OutputMade(1, Output("error", "ValueError: no", "ValueError")))
    view.show(stream("warned\n", "stderr"))
    assert out.getvalue() == ""
    assert err.getvalue() == "→ /nowhere/cell-1-1.png\nValueError: no\nwarned\n"
