"""One measurement of ipykernel over TCP in a process of its own: ``ipykernel_side.py TASK BYTES …``; prints JSON.

Run by a Python that has ipykernel; imports nothing of the project.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from statistics import median
from typing import Any

from jupyter_client.manager import KernelManager
from memory_of import highest_mb, resident_mb, tree_of
from shared import ENDLESS, FLOOD_S, LOOP, LOOP_S, ROUND_TRIPS, floods

READY_S = 60
ANSWER_S = 240


class Other:
    """A kernel and its client."""

    def __init__(self) -> None:
        self.manager: Any = KernelManager()
        self.manager.start_kernel()
        self.client: Any = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=READY_S)

    def run(self, code: str) -> int:
        """Run a cell to its end, on both channels; return the characters it put out."""
        asked, chars = self.client.execute(code), 0
        while True:
            message = self.client.get_iopub_msg(timeout=ANSWER_S)
            if message["parent_header"].get("msg_id") != asked:
                continue
            if message["msg_type"] == "stream":
                chars += len(message["content"]["text"])
            elif message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
                break
        while self.client.get_shell_msg(timeout=ANSWER_S)["parent_header"].get("msg_id") != asked:
            pass
        return chars

    def close(self) -> None:
        """End the kernel."""
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


def start(began: float, other: Other) -> dict[str, float]:
    """Come from nothing to the result of a cell; tell what is in memory then."""
    other.run("1")
    first_cell_s = time.perf_counter() - began
    sizes = [resident_mb(pid) for pid in tree_of(other.manager.provisioner.process.pid)]
    return {"first_cell_s": first_cell_s, "child_mb": sizes[0], "tree_mb": sum(sizes), "parent_mb": resident_mb()}


def round_trips(other: Other) -> dict[str, float]:
    """Run cells that do next to nothing."""
    other.run("1")
    times = []
    for number in range(ROUND_TRIPS):
        began = time.perf_counter()
        other.run(f"x = {number}")
        times.append(time.perf_counter() - began)
    return {"round_trip_ms": median(times) * 1000}


def flood(other: Other, code: str) -> dict[str, float]:
    """Take much output of one cell; how much of it arrives is told and not demanded."""
    other.run("1")
    before, began = resident_mb(), time.perf_counter()
    chars = other.run(code)
    seconds = time.perf_counter() - began
    return {"seconds": seconds, "grown_mb": max(highest_mb() - before, 0.0), "chars": float(chars)}


def stop(other: Other, code: str, after_s: float) -> dict[str, float]:
    """Interrupt a cell that does not end by itself."""
    other.run("1")
    before, asked = resident_mb(), [0.0]

    def ask() -> None:
        asked[0] = time.perf_counter()
        other.manager.interrupt_kernel()

    timer = threading.Timer(after_s, ask)
    timer.start()
    other.run(code)
    return {"stopped_s": time.perf_counter() - asked[0], "grown_mb": max(highest_mb() - before, 0.0)}


def main() -> None:
    """Take the measurement that is named."""
    task, size_bytes = sys.argv[1], int(sys.argv[2])
    began = time.perf_counter()
    other = Other()
    if task in floods(size_bytes):
        answer = flood(other, floods(size_bytes)[task])
    elif task in {"endless", "interrupt"}:
        answer = stop(other, *((ENDLESS, FLOOD_S) if task == "endless" else (LOOP, LOOP_S)))
    elif task == "round_trips":
        answer = round_trips(other)
    else:
        answer = start(began, other)
    other.close()
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
