"""What one cell put out: on disk, for the person, for the model."""

import base64
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from offline_interpreter.cell_log import KEPT_CHARS, CellLog, SessionFolder
from offline_interpreter.records import Limits, Output


@pytest.fixture
def log_in() -> Iterator[Callable[..., CellLog]]:
    made = []

    def make(folder: Path, **limits: int) -> CellLog:
        made.append(CellLog(SessionFolder(folder), 3, Limits(**limits)))
        return made[-1]

    yield make
    for log in made:
        log.close()


def test_all_text_is_in_the_file(tmp_path: Path, log_in: Callable[..., CellLog]) -> None:
    log = log_in(tmp_path)
    for output in (
        Output("stream", "a\n", "stdout"),
        Output("result", "1", data={"text/plain": "1"}),
        Output("error", "KeyError: 'x'", "KeyError"),
    ):
        log.add(output)
    path = Path(log.close())
    assert path == tmp_path / "outputs" / "cell-3.txt"
    assert path.read_text() == "a\n1\nKeyError: 'x'\n"


def test_no_file_is_made_where_nothing_is_kept(tmp_path: Path, log_in: Callable[..., CellLog]) -> None:
    log = log_in(tmp_path, stored_bytes=0)
    assert log.add(Output("stream", "a\n", "stdout")) is not None
    assert log.close() == ""
    assert not log.was_cut
    assert list(tmp_path.iterdir()) == []


def test_silent_cell_leaves_no_file(tmp_path: Path, log_in: Callable[..., CellLog]) -> None:
    assert log_in(tmp_path).close() == ""
    assert list(tmp_path.iterdir()) == []


def test_figures_are_saved_and_named_by_path(tmp_path: Path, log_in: Callable[..., CellLog]) -> None:
    log = log_in(tmp_path)
    for number in range(2):
        data = {"image/png": base64.b64encode(b"png%d" % number).decode(), "text/plain": "<Figure>"}
        shown = log.add(Output("display", "<Figure>", data=data))
        assert shown is not None
        assert Path(shown.output.path).read_bytes() == b"png%d" % number
    assert len(log.observed([]).figures) == 2
    assert log.observed([]).text == ""


def test_damaged_figure_is_shown_as_its_text(tmp_path: Path, log_in: Callable[..., CellLog]) -> None:
    shown = log_in(tmp_path).add(Output("display", "<Figure>", data={"image/png": "a"}))
    assert shown is not None
    assert shown.output.path == ""


def test_model_gets_head_and_tail_of_a_flood(tmp_path: Path, log_in: Callable[..., CellLog]) -> None:
    log = log_in(tmp_path)
    for number in range(100_000):
        log.add(Output("stream", f"{number}\n", "stdout"))
    path = Path(log.close())
    observed = log.observed([])
    assert observed.text.startswith("0\n1\n")
    assert observed.text.endswith("99999\n")
    assert len(observed.text) == observed.cut_at + KEPT_CHARS == 2 * KEPT_CHARS
    assert len(observed.text) + observed.omitted_chars == path.stat().st_size


def test_person_sees_output_up_to_the_cap_and_one_announcement(tmp_path: Path, log_in: Callable[..., CellLog]) -> None:
    log = log_in(tmp_path, shown_chars=10)
    shown = [log.add(Output("stream", "abcd", "stdout")) for _ in range(5)]
    assert [None if each is None else (each.output.text, each.omitted) for each in shown] == [
        ("abcd", False),
        ("abcd", False),
        ("ab", True),
        None,
        None,
    ]


def test_error_after_the_cap_is_still_shown(tmp_path: Path, log_in: Callable[..., CellLog]) -> None:
    log = log_in(tmp_path, shown_chars=1)
    log.add(Output("stream", "abcd", "stdout"))
    assert log.add(Output("error", "boom", "E")) is not None
    assert log.observed([]).error == "boom\n"


def test_file_stops_at_its_cap(tmp_path: Path, log_in: Callable[..., CellLog]) -> None:
    log = log_in(tmp_path, stored_bytes=5)
    log.add(Output("stream", "abc", "stdout"))
    log.add(Output("stream", "defg", "stdout"))
    assert Path(log.close()).read_text() == "abcde"


def test_model_sees_no_escapes_and_no_overwritten_lines(tmp_path: Path, log_in: Callable[..., CellLog]) -> None:
    log = log_in(tmp_path)
    log.add(Output("stream", "\x1b[31mred\x1b[0m\n 10%\r100%\n", "stdout"))
    assert log.observed([]).text == "red\n100%\n"
