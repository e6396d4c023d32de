"""In the child: namespaces of its own for users, mounts, network, processes, IPC and the host's name.

The user keeps its number, so that files look as they do outside. The capabilities that a new user namespace gives are
needed for the mounts and dropped afterwards (``capabilities``). Needs a single thread.
"""

from __future__ import annotations

import os

from .system import unshare

NEW_NAMESPACES = {"mnt": 0x00020000, "uts": 0x04000000, "ipc": 0x08000000, "user": 0x10000000, "pid": 0x20000000}
_NEW_NETWORK = 0x40000000


def enter(*, network: bool) -> None:
    """Enter new namespaces; the next process that is forked is the first of its own. ``network`` keeps the host's."""
    user, group = os.geteuid(), os.getegid()
    unshare(sum(NEW_NAMESPACES.values()) | (0 if network else _NEW_NETWORK))
    for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
            file.write(text)
