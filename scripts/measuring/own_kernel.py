"""One measurement of the kernel in a process of its own: ``own_kernel.py TASK BYTES SANDBOX``; prints JSON."""

from __future__ import annotations

import json
import sys
import tempfile
import threading
import time
from contextlib import closing
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from memory_of import highest_mb, resident_mb, tree_of
from shared import ENDLESS, FLOOD_S, LOOP, LOOP_S, ROUND_TRIPS, SETTLE_S, floods

from offline_interpreter.kernel.manager import Kernel
from offline_interpreter.records import CellResult, Output


def _run(kernel: Kernel, code: str) -> tuple[CellResult, int]:
    """Run a cell; return its result and the characters it put out."""
    running, chars = kernel.execute(code), 0
    while True:
        try:
            item = next(running)
        except StopIteration as end:
            return end.value, chars
        if isinstance(item, Output):
            chars += len(item.text)


def start(kernel: Kernel) -> dict[str, float]:
    """Come from nothing to the result of a cell; tell what is in memory then."""
    began = time.perf_counter()
    _run(kernel, "1")
    first_cell_s = time.perf_counter() - began
    assert kernel._child is not None
    tree = tree_of(kernel._child._process.pid)
    sizes = [resident_mb(pid) for pid in tree]
    return {"first_cell_s": first_cell_s, "child_mb": sizes[-1], "tree_mb": sum(sizes), "parent_mb": resident_mb()}


def restart(kernel: Kernel) -> dict[str, float]:
    """Restart, with a spare child that stands ready."""
    _run(kernel, "1")
    time.sleep(SETTLE_S)
    began = time.perf_counter()
    kernel.restart()
    _run(kernel, "1")
    return {"first_cell_s": time.perf_counter() - began}


def round_trips(kernel: Kernel) -> dict[str, float]:
    """Run cells that do next to nothing."""
    _run(kernel, "1")
    times = []
    for number in range(ROUND_TRIPS):
        began = time.perf_counter()
        _run(kernel, f"x = {number}")
        times.append(time.perf_counter() - began)
    return {"round_trip_ms": median(times) * 1000}


def flood(kernel: Kernel, code: str, size_bytes: int) -> dict[str, float]:
    """Take much output of one cell."""
    _run(kernel, "1")
    before, began = resident_mb(), time.perf_counter()
    _, chars = _run(kernel, code)
    seconds = time.perf_counter() - began
    assert chars >= size_bytes, f"only {chars} of {size_bytes} arrived"
    return {"seconds": seconds, "grown_mb": max(highest_mb() - before, 0.0)}


def stop(kernel: Kernel, code: str, after_s: float) -> dict[str, float]:
    """Interrupt a cell that does not end by itself."""
    _run(kernel, "1")
    before, asked = resident_mb(), [0.0]

    def ask() -> None:
        asked[0] = time.perf_counter()
        kernel.interrupt()

    timer = threading.Timer(after_s, ask)
    timer.start()
    result, _ = _run(kernel, code)
    ended = time.perf_counter()
    assert (result.status, result.state_lost) == ("interrupted", False)
    return {"stopped_s": ended - asked[0], "grown_mb": max(highest_mb() - before, 0.0)}


def main() -> None:
    """Take the measurement that is named."""
    task, size_bytes, sandbox = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    with tempfile.TemporaryDirectory() as folder:
        options: dict[str, Any] = {"sandbox": sandbox, "keeps_spare": task == "restart"}
        with closing(Kernel(Path(folder), **options)) as kernel:
            _ = kernel.confinement  # its self-test is made once a boot
            if task in floods(size_bytes):
                answer = flood(kernel, floods(size_bytes)[task], size_bytes)
            elif task in {"endless", "interrupt"}:
                answer = stop(kernel, *((ENDLESS, FLOOD_S) if task == "endless" else (LOOP, LOOP_S)))
            else:
                answer = {"start": start, "restart": restart, "round_trips": round_trips}[task](kernel)
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
