"""The spare child, which takes the place of one that died."""

import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from offline_interpreter.kernel.manager import Kernel
from offline_interpreter.records import Limits, Output


@pytest.fixture(params=["auto", "off"])
def kernel(request, tmp_path):
    with closing(Kernel(tmp_path, sandbox=request.param, keeps_spare=True, limits=Limits(grace_s=0.5))) as kernel:
        yield kernel


def run(kernel: Kernel, code: str) -> str:
    return "".join(item.text for item in kernel.execute(code, timeout_s=60) if isinstance(item, Output))


def wait_until(condition) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_spare_is_started_with_the_first_cell_and_not_before(kernel):
    kernel.start()
    assert kernel._spare is None
    run(kernel, "1")
    assert kernel._spare is not None
    assert kernel._spare is not kernel._child


@pytest.mark.parametrize("ending", ["crash", "restart", "a cell that does not stop"])
def test_it_takes_the_place_of_the_child(kernel, ending):
    run(kernel, "kept = 1")
    spare = kernel._spare
    if ending == "crash":
        run(kernel, "import os; os._exit(1)")
    elif ending == "restart":
        kernel.restart()
    else:
        list(kernel.execute("import signal, time; signal.signal(2, signal.SIG_IGN); time.sleep(60)", timeout_s=0.2))
    assert kernel._child is spare
    assert "NameError" in run(kernel, "kept")
    assert kernel._spare not in (None, spare)


def test_one_that_has_died_is_not_taken(kernel):
    run(kernel, "1")
    spare = kernel._spare
    spare.kill()
    kernel.restart()
    assert kernel._child is not spare
    assert run(kernel, "print(2)") == "2\n"


@pytest.mark.skipif(sys.platform != "linux", reason="nothing is protected elsewhere yet")
def test_one_that_does_not_protect_what_has_come_since_is_not_taken(tmp_path):
    with closing(Kernel(tmp_path, keeps_spare=True)) as kernel:
        if kernel.confinement.tier != "A":
            pytest.skip("nothing is protected here")
        run(kernel, "1")
        (tmp_path / ".git").mkdir()
        kernel.restart()
        assert "Read-only file system" in run(kernel, "open('.git/planted', 'w')")


@pytest.mark.parametrize("kernel", ["auto"], indirect=True)
def test_nothing_of_the_code_that_ran_reaches_it(kernel):
    if kernel.confinement.tier != "A":
        pytest.skip("temporary folders are shared here")
    run(kernel, "1")
    run(kernel, "open('/tmp/left', 'w'); open('/dev/shm/left', 'w'); import os; os._exit(0)")
    assert run(kernel, "import os; print(os.path.exists('/tmp/left'), os.path.exists('/dev/shm/left'))") == (
        "False False\n"
    )


def test_it_ends_with_the_kernel(kernel):
    run(kernel, "1")
    processes = [kernel._child._process, kernel._spare._process]
    kernel.close()
    assert all(process.returncode is not None for process in processes)
    wait_until(lambda: not any(Path(f"/proc/{process.pid}").exists() for process in processes))
