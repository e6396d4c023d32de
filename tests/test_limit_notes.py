"""Which limit a cell met, from what it put out."""

import pytest

from offline_interpreter.limit_notes import LimitNotes, size_as_option
from offline_interpreter.records import Limits, Output

FORKING = "Cell 1, line 1:\n    os.fork()\nBlockingIOError: [Errno 11] Resource temporarily unavailable"
READING = "Cell 1, line 1:\n    os.read(pipe, 1)\nBlockingIOError: [Errno 11] Resource temporarily unavailable"


@pytest.mark.parametrize(
    ("output", "flag"),
    [
        (Output("error", "MemoryError", "MemoryError"), "--memory"),
        (Output("error", "Unable to allocate 8 TiB", "_ArrayMemoryError"), "--memory"),
        (Output("error", "OSError: [Errno 12] Cannot allocate memory", "OSError"), "--memory"),
        (Output("error", "RuntimeError: can't start new thread", "RuntimeError"), "--processes"),
        (Output("error", FORKING, "BlockingIOError"), "--processes"),
        (Output("stream", "bash: fork: retry: Resource temporarily unavailable\n", "stderr"), "--processes"),
    ],
)
def test_a_limit_is_told_with_its_flag(output: Output, flag: str) -> None:
    notes = LimitNotes(Limits(), is_confined=True)
    notes.see(output)
    notes.see(output)
    assert [f"({flag}" in line for line in notes.lines()] == [True]


@pytest.mark.parametrize(
    "output",
    [
        Output("error", READING, "BlockingIOError"),
        Output("error", "ValueError: memory", "ValueError"),
        Output("stream", "MemoryError: Cannot allocate memory\n", "stdout"),
    ],
)
def test_other_outputs_are_no_limit(output: Output) -> None:
    notes = LimitNotes(Limits(), is_confined=True)
    notes.see(output)
    assert notes.lines() == []


def test_without_confinement_only_the_output_is_limited() -> None:
    notes = LimitNotes(Limits(), is_confined=False)
    notes.see(Output("error", "MemoryError", "MemoryError"))
    assert notes.lines() == []
    assert notes.lines("cell-1.txt") == [
        "The first 1G of the output are in cell-1.txt, the rest was not kept (--output-limit)."
    ]


@pytest.mark.parametrize(
    ("size_bytes", "text"), [(4 << 30, "4G"), (3 << 29, "1.5G"), (512 << 20, "512M"), (10_240, "10K"), (7, "7")]
)
def test_sizes_are_written_as_options_take_them(size_bytes: int, text: str) -> None:
    assert size_as_option(size_bytes) == text
