from __future__ import annotations

from contextlib import closing

import pytest

from offline_interpreter.kernel.lines import AFTER_S
from offline_interpreter.kernel.manager import Kernel
from offline_interpreter.records import Output, RunningLine

LONG_S = AFTER_S + 1.0  # a machine may be busy


@pytest.fixture(scope="module", params=["auto", "off"])
def kernel(request, tmp_path_factory):
    with closing(Kernel(tmp_path_factory.mktemp("workspace"), sandbox=request.param)) as kernel:
        yield kernel


def items(kernel: Kernel, code: str) -> list[Output | RunningLine]:
    return list(kernel.execute(code, timeout_s=60))


def places(kernel: Kernel, code: str) -> list[tuple[int, str]]:
    return [(item.line, item.text) for item in items(kernel, code) if isinstance(item, RunningLine)]


def test_the_line_of_a_long_cell_is_told(kernel):
    assert places(kernel, f"import time\nx = 1\ntime.sleep({LONG_S})  # wait") == [(3, f"time.sleep({LONG_S})  # wait")]


def test_a_line_is_that_of_the_cell_and_not_of_what_it_calls(kernel):
    code = f"import time\ndef wait():\n    for _ in range({LONG_S * 100:.0f}):\n        time.sleep(0.01)\nwait()"
    assert places(kernel, code) == [(5, "wait()")]


def test_each_line_is_told_once_and_in_order(kernel):
    code = f"import time\ntime.sleep({LONG_S})\ntime.sleep({LONG_S})\ntime.sleep({LONG_S})"
    assert [line for line, _ in places(kernel, code)] == [2, 3, 4]


def test_a_short_cell_tells_none(kernel):
    assert not any(places(kernel, f"x = {number}") for number in range(20))


def test_the_line_of_a_magic_is_that_of_its_code(kernel):
    assert places(kernel, f"import time\n%time time.sleep({LONG_S})") == [(2, f"%time time.sleep({LONG_S})")]


def test_a_cell_that_forges_lines_harms_nobody(kernel):
    code = """
import gc, time
link = next(o for o in gc.get_objects() if type(o).__name__ == "Link")
for line in (0, -1, 10 ** 9, "x", None, [1], True, 1.5):
    link.send({"type": "line", "line": line})
print("done")
"""
    got = items(kernel, code)
    assert [item.text for item in got if isinstance(item, Output)] == ["done\n"]
    assert all(item.line == 1 for item in got if isinstance(item, RunningLine))  # True counts as 1


def test_a_cell_that_replaces_what_the_thread_uses_is_still_seen(kernel):
    code = f"import sys, time\nsleep = time.sleep\ntime.sleep = sys._current_frames = None\nsleep({LONG_S})"
    assert places(kernel, code) == [(4, f"sleep({LONG_S})")]
    items(kernel, "import importlib; importlib.reload(time)")


def test_a_forked_process_tells_nothing(kernel):
    code = f"import os, time\nif not os.fork():\n    time.sleep({LONG_S})\n    os._exit(0)\nos.wait()"
    assert {line for line, _ in places(kernel, code)} <= {2, 5}
