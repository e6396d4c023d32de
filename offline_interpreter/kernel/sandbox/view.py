"""In the child: the file system as cells see it, built in a mount namespace of its own.

All is read-only; temporary folders and the home are empty and private; devices are the harmless ones; ``/proc`` shows
the processes of the namespace alone. What the plan names is put back, to be read or to be written. What can be read
outside these folders is left to Landlock.
"""

from __future__ import annotations

import os

from .system import attach_tree, clone_tree, mount, set_mount_attributes, set_tree_attributes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_NOSUID, _NODEV, _NOEXEC = 2, 4, 8  # the same for mount(2) and mount_setattr(2), as are 1 for read-only
_READ_ONLY = 1
_MS_REC_PRIVATE = 0x4000 | 0x40000
_DEVICES = ("null", "zero", "full", "random", "urandom")
_DEVICE_LINKS = {"fd": "/proc/self/fd", "stdin": "fd/0", "stdout": "fd/1", "stderr": "fd/2", "ptmx": "pts/ptmx"}
_OWN_PID_MAX = (6, 14)  # the first Linux where each PID namespace has a number of its own


def build(plan: dict[str, Any]) -> None:
    """Mount everything. ``plan``: see ``plan.View``."""
    mount("none", "/", "", _MS_REC_PRIVATE)
    devices = {name: clone_tree(f"/dev/{name}") for name in _DEVICES}
    writable = set(plan["write"])
    # Cells of another session may put links into folders that they write to, just now.
    exact = {path for path in (*plan["read"], *writable) if any(_is_in(path, folder) for folder in writable)}
    folders = {path: clone_tree(path, exactly=path in exact) for path in sorted({*plan["read"], *writable}, key=_depth)}
    set_mount_attributes("/", _READ_ONLY | _NOSUID | _NODEV, recursive=True)
    for path, size_bytes in plan["hidden"].items():
        _mount_empty(path, size_bytes)
    os.makedirs(plan["home"], exist_ok=True)
    _mount_devices(devices, plan["temporary_bytes"])
    for path, tree in folders.items():
        set_tree_attributes(tree, _NOSUID | _NODEV | (0 if path in writable else _READ_ONLY))
        if not os.path.lexists(path):
            os.makedirs(path)
        if path not in exact and os.path.islink(path):  # what it stands for has its own place
            os.close(tree)
        else:
            attach_tree(tree, path, exactly=path in exact)
    _mount_processes(plan["processes"])


def _depth(path: str) -> int:
    return path.count("/")


def _is_in(path: str, folder: str) -> bool:
    return f"{path}/".startswith(f"{folder}/")


def _mount_empty(path: str, size_bytes: int) -> None:
    mode = "1777" if path.endswith("tmp") else "755"
    mount("tmpfs", path, "tmpfs", _NOSUID | _NODEV, f"mode={mode},size={size_bytes}")


def _mount_devices(devices: dict[str, int], size_bytes: int) -> None:
    mount("tmpfs", "/dev", "tmpfs", _NOSUID | _NOEXEC, "mode=755,size=65536")
    for name, tree in devices.items():
        os.mknod(f"/dev/{name}")
        attach_tree(tree, f"/dev/{name}")
    for name, target in _DEVICE_LINKS.items():
        os.symlink(target, f"/dev/{name}")
    os.mkdir("/dev/shm")  # noqa: S108 - this is a new one
    mount("tmpfs", "/dev/shm", "tmpfs", _NOSUID | _NODEV, f"mode=1777,size={size_bytes}")  # noqa: S108
    os.mkdir("/dev/pts")
    try:
        mount("devpts", "/dev/pts", "devpts", _NOSUID | _NOEXEC, "newinstance,ptmxmode=0666,mode=0620")
    except OSError:  # without pseudo-terminals, then
        pass
    set_mount_attributes("/dev", _READ_ONLY | _NOSUID | _NOEXEC)


def _mount_processes(most: int) -> None:
    mount("proc", "/proc", "proc", _NOSUID | _NODEV | _NOEXEC)
    release = os.uname().release.split(".")
    # Elsewhere this would be the number of the whole machine, and root may set it.
    if release[0].isdecimal() and tuple(map(_leading_number, release[:2])) >= _OWN_PID_MAX:
        with open("/proc/sys/kernel/pid_max", "w", encoding="ascii") as file:
            file.write(str(max(most, 301)))  # less is refused
    set_mount_attributes("/proc", _READ_ONLY | _NOSUID | _NODEV | _NOEXEC)


def _leading_number(text: str) -> int:
    digits = text[: len(text) - len(text.lstrip("0123456789"))]
    return int(digits or 0)
