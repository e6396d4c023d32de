"""What this machine can give: processor cores that may be used, and free memory.

Linux is asked in detail; elsewhere the figures are coarse. Nothing here knows about models.
"""

from __future__ import annotations

import os
from pathlib import Path

_CGROUP = Path("/sys/fs/cgroup")
_TOPOLOGY = "/sys/devices/system/cpu/cpu{}/topology/thread_siblings_list"
_FREE_UNKNOWN_BYTES = 4 << 30


def usable_cores() -> int:
    """Return how many threads compute well here: physical cores ∩ affinity ∩ the quota of the control group.

    Two threads that share a core are slower together than one alone.
    """
    if hasattr(os, "sched_getaffinity"):
        allowed = sorted(os.sched_getaffinity(0))
        cores = len({_read(Path(_TOPOLOGY.format(cpu))) or str(cpu) for cpu in allowed})
    else:
        cores = os.cpu_count() or 1
    return max(1, min(cores, _quota_cores(cores)))


def _quota_cores(otherwise: int) -> int:
    quota, _, period = _read(_CGROUP / "cpu.max").partition(" ")
    if not period:  # the first version of control groups
        quota = _read(_CGROUP / "cpu/cpu.cfs_quota_us")
        period = _read(_CGROUP / "cpu/cpu.cfs_period_us")
    if quota.isdigit() and period.isdigit() and int(period):
        return max(1, int(quota) // int(period))
    return otherwise


def free_memory_bytes() -> int:
    """Return how much memory can be taken without pushing others out."""
    free = [figure for figure in (_available_bytes(), group_bytes()) if figure is not None]
    return min(free, default=_FREE_UNKNOWN_BYTES)


def _available_bytes() -> int | None:
    for line in _read(Path("/proc/meminfo")).splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    except (AttributeError, ValueError, OSError):  # not a POSIX system, or one that does not tell
        return None


def group_bytes(folder: Path = _CGROUP) -> int | None:
    """Return how much memory a control group has left, or None if it has no limit.

    What it holds of files, as of a model that was read before, gives way and does not count as used.
    """
    limit, used = _read(folder / "memory.max"), _read(folder / "memory.current")
    if not (limit.isdigit() and used.isdigit()):
        return None
    lines = [line.split() for line in _read(folder / "memory.stat").splitlines()]
    of_files = sum(int(line[1]) for line in lines if line[0] in {"active_file", "inactive_file"})
    return max(int(limit) - max(int(used) - of_files, 0), 0)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""
