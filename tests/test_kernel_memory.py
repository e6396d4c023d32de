from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import closing

import pytest

from offline_interpreter.kernel.manager import Kernel
from offline_interpreter.kernel.memory import TreeMemory
from offline_interpreter.records import Limits, Output

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what processes take")

MIB = 1 << 20
LIMIT = Limits(memory_bytes=400 * MIB)
HOLD = "b = bytearray({0} << 20)\nb[::4096] = bytes(1) * len(b[::4096])\nimport time; time.sleep(60)"
MANY = f"""
import subprocess, sys, time
program = {HOLD.format(150)!r}
held = [subprocess.Popen([sys.executable, "-c", program]) for _ in range(5)]
time.sleep(60)
"""
SHARED = """
import os, time
data = bytearray(200 << 20)
data[::4096] = bytes(1) * len(data[::4096])
for _ in range(6):
    if not os.fork():
        sum(data[::4096])
        time.sleep(1)
        os._exit(0)
time.sleep(1.5)
print("done")
"""
IN_FILES = """
import time
for name in ("a", "b", "c"):
    open(f"/dev/shm/{name}", "wb").write(bytes(200 << 20))
time.sleep(60)
"""


@pytest.fixture(params=["auto", "off"])
def kernel(request, tmp_path):
    with closing(Kernel(tmp_path, sandbox=request.param, limits=LIMIT)) as kernel:
        yield kernel


def outputs(kernel: Kernel, code: str) -> list[Output]:
    return [item for item in kernel.execute(code, timeout_s=50) if isinstance(item, Output)]


def test_processes_that_take_too_much_together_are_killed_and_the_flag_is_named(kernel):
    (error,) = outputs(kernel, MANY)
    assert error.kind == "error"
    assert "400M are allowed (--memory)" in error.text
    assert outputs(kernel, "print('next')")[0].text == "next\n"


def test_memory_that_processes_share_counts_once(kernel):
    assert [output.text for output in outputs(kernel, SHARED)] == ["done\n"]


def test_files_that_are_kept_in_memory_count(tmp_path):
    with closing(Kernel(tmp_path, limits=LIMIT)) as kernel:
        if kernel.confinement.tier != "A":
            pytest.skip("no private folders in memory here")
        assert "are allowed (--memory)" in outputs(kernel, IN_FILES)[-1].text


def test_a_tree_is_counted_with_all_its_descendants():
    inner = HOLD.format(100)
    middle = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {inner!r}])"
    process = subprocess.Popen([sys.executable, "-c", middle])
    try:
        deadline, taken = time.monotonic() + 20, 0
        while taken < 100 * MIB and time.monotonic() < deadline:
            taken = TreeMemory(process.pid).above(1)
            time.sleep(0.05)
        assert 100 * MIB <= taken < 200 * MIB
    finally:
        subprocess.run(["pkill", "-P", str(process.pid)], check=False)
        process.kill()
        process.wait()


def test_a_process_that_is_gone_takes_nothing():
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    assert TreeMemory(process.pid).above(0) == 0
    assert TreeMemory(os.getpid()).above(1 << 60) == 0
