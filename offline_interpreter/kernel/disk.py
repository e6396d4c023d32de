"""How much the disk of the workspace fills while a cell runs.

The limit of the size of a file holds for each alone: many can fill a disk. What is free is looked at, whoever takes it:
which of the files on a disk are a cell's is not known here.
"""

from __future__ import annotations

import shutil
import time
from contextlib import suppress
from pathlib import Path

POLL_S = 0.5
_LEFT_FREE_BYTES = 2 << 30  # or half of what is free, where that is less


def spare_bytes(workspace: Path) -> int:
    """Return by how much files may grow where nobody said it."""
    free_bytes = shutil.disk_usage(workspace).free
    return free_bytes - min(_LEFT_FREE_BYTES, free_bytes // 2)


class DiskGrowth:
    """Watches the disk from now on; ``most_bytes`` may be taken of it, 0 for what it can spare."""

    def __init__(self, workspace: Path, most_bytes: int) -> None:
        self._workspace = workspace
        self._next_at = 0.0
        self._free_bytes = self.most_bytes = 0
        with suppress(OSError):  # a cell may have removed the folder that it works in
            self._free_bytes = shutil.disk_usage(workspace).free
            self.most_bytes = most_bytes or spare_bytes(workspace)

    def is_too_much(self) -> bool:
        """Say whether more has been taken; looks at most every ``POLL_S``."""
        now = time.monotonic()
        if now < self._next_at:
            return False
        self._next_at = now + POLL_S
        try:
            return self._free_bytes - shutil.disk_usage(self._workspace).free > self.most_bytes
        except OSError:
            return False
