"""What files may grow by while a cell runs."""

from contextlib import closing

import pytest

from offline_interpreter.kernel.disk import DiskGrowth, spare_bytes
from offline_interpreter.kernel.manager import Kernel
from offline_interpreter.records import Limits, Output

MIB = 1 << 20
MANY_FILES = """
kept = 1
for number in range(10_000):
    with open(f'file-{number}', 'wb') as file:
        file.write(bytes(4 << 20))
"""


@pytest.fixture(params=["auto", "off"])
def kernel(request, tmp_path):
    with closing(Kernel(tmp_path, sandbox=request.param, limits=Limits(disk_bytes=40 * MIB, grace_s=5))) as kernel:
        yield kernel


def run(kernel, code):
    outputs, running = [], kernel.execute(code, timeout_s=60)
    while True:
        try:
            item = next(running)
        except StopIteration as end:
            return end.value, outputs
        if isinstance(item, Output):
            outputs.append(item)


def test_many_files_are_too_much_and_variables_stay(kernel):
    result, outputs = run(kernel, MANY_FILES)
    assert (result.status, result.state_lost) == ("error", False)
    assert outputs[-1].text == "The disk filled by more than 40M while the cell ran (--disk), and so it was stopped."
    assert run(kernel, "print(kept)")[1] == [Output("stream", "1\n", "stdout")]


def test_one_file_is_too_large_by_itself(tmp_path):
    with closing(Kernel(tmp_path, sandbox="auto", limits=Limits(disk_bytes=40 * MIB))) as kernel:
        result, outputs = run(kernel, "import os; open('a', 'w').close(); os.truncate('a', 50 << 20)")
    assert result.status == "error"
    assert "File too large" in outputs[-1].text


def test_what_can_be_spared_leaves_something(tmp_path):
    assert spare_bytes(tmp_path) > 0
    assert DiskGrowth(tmp_path, 0).most_bytes > 0
    assert not DiskGrowth(tmp_path, 0).is_too_much()


def test_a_folder_that_is_gone_is_no_disk_that_fills(tmp_path):
    (tmp_path / "gone").mkdir()
    growth = DiskGrowth(tmp_path / "gone", 0)
    (tmp_path / "gone").rmdir()
    assert not growth.is_too_much()
    assert not DiskGrowth(tmp_path / "gone", 0).is_too_much()
