"""The memory that a child and all that it started take together, as the operating system counts it on the host.

The limits of a process hold for it alone: many can fill the memory of the machine. Known on Linux only. A process that
has left the tree, which is possible where there is no namespace of processes, is not counted.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

POLL_S = 0.2
_MOST_SHARE = 0.1  # of the time that counting may take


class TreeMemory:
    """Counts what the process ``root`` and its descendants take; ``folders`` are those that they keep in memory."""

    def __init__(self, root: int, folders: Sequence[str] = ()) -> None:
        self._root = root
        self._folders = folders
        self._next_at = 0.0

    def above(self, limit_bytes: int) -> int:
        """Return the bytes taken if they are more than ``limit_bytes``, else 0; looks at most every ``POLL_S``.

        A page that several processes share counts once.
        """
        now = time.monotonic()
        if now < self._next_at:
            return 0
        tree = list(_tree(self._root))
        most = self._count(tree, [_status(pid) for pid in tree])
        # The exact figure takes long to get: only where the sum, which counts shared pages often, leaves a doubt.
        taken = self._count(tree, [_shares(pid) for pid in tree]) if most > limit_bytes else 0
        self._next_at = time.monotonic() + max(POLL_S, (time.monotonic() - now) / _MOST_SHARE)
        return taken if taken > limit_bytes else 0

    def _count(self, tree: Sequence[int], parts: Iterable[tuple[int, int]]) -> int:
        own, shared = (sum(column) for column in zip(*parts, strict=True)) if tree else (0, 0)
        # A file in such a folder may be mapped too, and would be counted twice.
        return own + max(shared, self._in_folders(tree))

    def _in_folders(self, tree: Sequence[int]) -> int:
        for pid in reversed(tree):  # the first ones may not be looked into
            with suppress(OSError):
                return sum(_used(f"/proc/{pid}/root{folder}") for folder in self._folders)
        return 0


def _tree(root: int) -> Iterable[int]:
    coming = [root]
    while coming:
        pid = coming.pop()
        yield pid
        with suppress(OSError):
            for thread in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208 - half as fast
                with suppress(OSError):
                    coming += map(int, Path(f"/proc/{pid}/task/{thread}/children").read_bytes().split())


def _status(pid: int) -> tuple[int, int]:
    """Return the bytes of a process, and those that it may share by name; zeros if it is gone."""
    figures = _figures(f"/proc/{pid}/status", (b"RssAnon", b"VmSwap", b"RssShmem"))
    return figures[0] + figures[1], figures[2]


def _shares(pid: int) -> tuple[int, int]:
    """Return the same with each page divided among those that share it, where that may be known."""
    try:
        figures = _figures(f"/proc/{pid}/smaps_rollup", (b"Pss_Anon", b"SwapPss", b"Pss_Shmem"), missing_ok=False)
    except OSError:
        return _status(pid)
    return figures[0] + figures[1], figures[2]


def _figures(path: str, names: Sequence[bytes], *, missing_ok: bool = True) -> list[int]:
    try:
        lines = Path(path).read_bytes().splitlines()
    except OSError:
        if not missing_ok:
            raise
        lines = []
    found = {line.partition(b":")[0]: line for line in lines}
    return [int(found[name].split()[1]) * 1024 if name in found else 0 for name in names]


def _used(folder: str) -> int:
    status = os.statvfs(folder)
    return (status.f_blocks - status.f_bfree) * status.f_frsize
