"""How work on large files is shown."""

from __future__ import annotations

import io

import pytest

from offline_interpreter.models.work import Work
from offline_interpreter.view.words import long_time_text, work_line
from offline_interpreter.view.working import WorkLine


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59.4, "59 s"), (59.6, "1 min 0 s"), (160, "2 min 40 s"), (3599, "59 min 59 s"), (5000, "1 h 23 min")],
)
def test_long_times_have_two_units(seconds: float, text: str) -> None:
    assert long_time_text(seconds) == text


def test_line_says_how_far_how_fast_and_how_long() -> None:
    line = work_line("Fetching", "x.gguf", 500_000_000, 2_000_000_000, 12_500_000)
    assert line == "Fetching ▕██        ▏ 25 % of 2.0 GB · 12 MB/s · 2 min 0 s left · x.gguf"


def test_line_says_no_more_than_is_known() -> None:
    assert work_line("Checking", "x.gguf", 1, 4_000, 0.0) == "Checking ▕          ▏ 0 % of 4 kB · x.gguf"
    assert work_line("Fetching", "x 1.2", 3_000, 0, 1_000) == "Fetching 3 kB · 1 kB/s · x 1.2 · Ctrl-C stops"


def test_share_is_never_above_all() -> None:
    assert "100 %" in work_line("Copying", "x", 9, 8, 0.0)


def test_where_no_line_can_live_each_file_gets_one() -> None:
    stream = io.StringIO()
    line = WorkLine(stream)
    for done in range(3):
        line.show(Work("fetch", "x\x1b[2J.gguf", done, 2_000_000))
    line.show(Work("check", "y.gguf", 0, 0))
    line.close()
    assert stream.getvalue().splitlines() == ["Fetching x.gguf (2.0 MB)", "Checking y.gguf"]
    assert line.last == Work("check", "y.gguf", 0, 0)
