"""In the child: limits of one process. That many processes share them is for others to see."""

from __future__ import annotations

import resource

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_LIMITS = {
    # The address space is no measure: libraries reserve gigabytes that they never use.
    "memory_bytes": resource.RLIMIT_DATA,
    "processes": resource.RLIMIT_NPROC,
    "file_bytes": resource.RLIMIT_FSIZE,
    "open_files": resource.RLIMIT_NOFILE,
    "core_bytes": resource.RLIMIT_CORE,
}


def apply(limits: dict[str, Any]) -> None:
    """Set the named limits, for good; none is raised."""
    for name, wanted in limits.items():
        kind = _LIMITS[name]
        _, hard = resource.getrlimit(kind)
        least = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        try:
            resource.setrlimit(kind, (least, least))
        except ValueError:  # more open already
            pass
