"""Memory of processes as Linux tells it, in MB of a million bytes. Imports nothing of the project."""

from __future__ import annotations

from pathlib import Path


def resident_mb(pid: int | str = "self") -> float:
    """Return what a process holds in memory now."""
    return _figure(pid, "VmRSS")


def highest_mb(pid: int | str = "self") -> float:
    """Return the most that a process has held."""
    return _figure(pid, "VmHWM")


def tree_of(pid: int) -> list[int]:
    """Return a process and all that it started, the outermost first."""
    found = [pid]
    for each in found:
        for path in Path(f"/proc/{each}/task").glob("*/children"):
            found += map(int, path.read_text().split())
    return found


def _figure(pid: int | str, name: str) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1]) * 1024 / 1e6
    return 0.0
