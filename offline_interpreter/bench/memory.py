"""How much memory this process took: of the machine, and of its GPUs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_CLEAR = Path("/proc/self/clear_refs")
_STATUS = Path("/proc/self/status")
_CLEAR_PEAK = "5"  # proc_pid_clear_refs(5)


def restart_peak() -> None:
    """Let ``peak_rss_bytes`` count from now on, where the system can; elsewhere it counts from the process's start."""
    with suppress(OSError):
        _CLEAR.write_text(_CLEAR_PEAK, encoding="ascii")


def peak_rss_bytes() -> int:
    """Return the most that was resident, files that are mapped included; 0 where that is not known."""
    peak = _status_bytes("VmHWM:")
    if peak:
        return peak
    try:
        import resource
    except ImportError:  # Windows
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _status_bytes(name: str) -> int:
    with suppress(OSError, ValueError, IndexError):
        for line in _STATUS.read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith(name):
                return int(line.split()[1]) * 1024
    return 0


class OwnMemory:
    """The memory of this process, but for what grew while something beside the point was done."""

    def __init__(self) -> None:
        self._left_out = 0

    @contextmanager
    def left_out(self) -> Iterator[None]:
        """Do not count what stays resident of what is done inside."""
        before = _status_bytes("VmRSS:")
        try:
            yield
        finally:
            self._left_out += max(_status_bytes("VmRSS:") - before, 0)

    def peak_bytes(self) -> int:
        """Return the peak since ``restart_peak``, without what is left out."""
        return max(peak_rss_bytes() - self._left_out, 0)


class GpuMemory:
    """What is taken of GPUs from now on, by this process or another one that begins meanwhile."""

    def __init__(self) -> None:
        self._free_before = sum(_free())

    def taken_bytes(self) -> int:
        """Return how much less is free than at the beginning; 0 without a GPU."""
        return max(self._free_before - sum(_free()), 0)


def _free() -> tuple[int, ...]:
    from offline_interpreter.engines.llama.gpus import free_gpu_bytes

    return free_gpu_bytes()
