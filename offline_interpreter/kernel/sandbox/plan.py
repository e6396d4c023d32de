"""On the host: what a child may see and use, written down for the launcher.

A plan holds paths and numbers only; it decides nothing that ``launcher`` could decide otherwise.
"""

from __future__ import annotations

import json
import marshal
import os
import stat
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from offline_interpreter.config import LEAST_MEMORY_BYTES
from offline_interpreter.kernel.disk import spare_bytes
from offline_interpreter.kernel.sandbox.places import KERNEL_FOLDER, homes, protected_places, python_folders
from offline_interpreter.machine import free_memory_bytes
from offline_interpreter.records import Limits

LAUNCHER = Path(__file__).with_name("launcher.py")

_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/opt", "/nix/store", "/var/cache/fontconfig")
_MACHINE = ("/proc", "/sys/devices/system", "/sys/fs/cgroup")
_PRIVATE = ("/tmp", "/var/tmp", "/run", "/home", "/root", "/mnt", "/media")  # noqa: S108 - replaced by empty ones
_TEMPORARY = ("/tmp", "/var/tmp")  # noqa: S108 - the private ones
_ALSO_WRITABLE = ("/dev/shm", "/dev/pts")  # noqa: S108 - the private ones
_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")

_READ_AND_ENTER = stat.S_IROTH | stat.S_IXOTH
_OPEN_FILES = 4096
_SMALL_BYTES = 64 << 20
_MEMORY_SHARE = 0.8  # of what is free, by default
_PROCESSES_WITHOUT_NAMESPACE = 8192  # there all processes of the person count


@dataclass(frozen=True)
class Layers:
    """Which layers are used; seccomp, limits and dropped capabilities always are."""

    namespaces: bool
    landlock: bool


@dataclass(frozen=True)
class Access:
    """What cells may reach beyond the workspace."""

    read: tuple[Path, ...] = ()
    write: tuple[Path, ...] = ()
    network: bool = False


@dataclass(frozen=True)
class Plan:
    """A child to be started under a launcher."""

    workspace: Path
    python: str
    layers: Layers
    access: Access
    limits: Limits

    @contextmanager
    def launch(
        self, program: Sequence[str], pipes: Mapping[str, int], scratch: str = ""
    ) -> Iterator[tuple[list[str], int]]:
        """Yield the command that confines itself and then runs ``program``, and a descriptor that it must inherit.

        ``pipes`` are the descriptors it gets, among them ``event`` and ``lifetime``. ``scratch`` is a folder for
        temporary files where there is no private ``/tmp``.
        """
        view = self._view()
        plan = {
            "command": list(program),
            "folder": str(self.workspace.resolve()),
            "pipes": list(pipes.values()),
            "event": pipes["event"],
            "lifetime": pipes["lifetime"],
            "namespaces": self.layers.namespaces,
            "landlock": self.layers.landlock,
            "network": self.access.network,
            "view": view,
            "landlock_read": self._landlock_read(view),
            "landlock_write": self._landlock_write(view, scratch),
            "limits": self._process_limits(),
        }
        with os.fdopen(os.memfd_create("plan"), "w+b") as file:  # it may be longer than an argument
            file.write(marshal.dumps(plan))
            file.seek(0)
            yield [sys.executable, "-I", "-S", "-X", "utf8", str(LAUNCHER), str(file.fileno())], file.fileno()

    def places(self) -> str:
        """Return a text that changes with the folders that a child could see and change if it were started now."""
        return json.dumps(self._view())

    def _view(self) -> dict[str, Any]:
        workspace = self.workspace.resolve()
        writable = {workspace, *(path.resolve() for path in self.access.write if path.exists())}
        protected = [path for root in writable for path in protected_places(root, self.python)]
        # A folder that is a mount itself cannot be renamed, nor can what is protected in it be replaced that way.
        roots = tuple(writable)
        writable |= {each for path in protected for each in path.parents if any(map(each.is_relative_to, roots))}
        readable = {KERNEL_FOLDER, *protected, *(path.resolve() for path in self.access.read if path.exists())}
        readable |= {path for path in python_folders(self.python) if path.is_dir() and not _is_visible(path)}
        hidden = _hidden(workspace)
        home = next((str(path) for path in homes()), "/tmp")  # noqa: S108 - the private one
        return {
            "hidden": hidden,
            "home": home,
            "read": sorted(str(path) for path in readable - writable),
            "write": sorted(map(str, writable)),
            "temporary_bytes": _temporary_bytes(),
            "processes": self.limits.processes,
        }

    def _landlock_read(self, view: dict[str, Any]) -> list[str]:
        devices = ("/dev",) if self.layers.namespaces else _DEVICES
        # What lies in a folder that cells write to they can read; a rule of its own could be led elsewhere by a link.
        others = [path for path in view["read"] if not any(Path(path).is_relative_to(each) for each in view["write"])]
        return [*_SYSTEM, *_MACHINE, *devices, *public_settings("/etc"), *others]

    def _landlock_write(self, view: dict[str, Any], scratch: str) -> list[str]:
        private = [os.path.realpath(scratch)] if scratch else []
        if self.layers.namespaces:
            private = [*map(os.path.realpath, _TEMPORARY), *_ALSO_WRITABLE, view["home"]]
        return [*view["write"], *private, *_DEVICES]

    def _process_limits(self) -> dict[str, int]:
        processes = self.limits.processes if self.layers.namespaces else _PROCESSES_WITHOUT_NAMESPACE
        return {
            # The child lowers it with its first cell, when a model is loaded that takes its part.
            "memory_bytes": memory_bytes(self.limits),
            "processes": processes,
            "file_bytes": self.limits.disk_bytes or spare_bytes(self.workspace),
            "open_files": _OPEN_FILES,
            "core_bytes": 0,
        }


def memory_bytes(limits: Limits) -> int:
    """Return what cells may take: what the limits say, else most of what is free at this moment."""
    return limits.memory_bytes or max(int(free_memory_bytes() * _MEMORY_SHARE), LEAST_MEMORY_BYTES)


def _is_visible(folder: Path) -> bool:
    real = folder.resolve()
    return real == Path("/") or any(real.is_relative_to(path) for path in _SYSTEM)


def _hidden(workspace: Path) -> dict[str, int]:
    """Return the folders that are replaced by empty ones, with the size of each; none lies in another."""
    wanted = {Path(path).resolve() for path in _PRIVATE} | set(homes())
    wanted = {path for path in wanted if path.is_dir() and path not in (Path("/"), workspace)}
    outermost = [path for path in wanted if not any(parent in wanted for parent in path.parents)]
    large = Path("/tmp").resolve()  # noqa: S108 - not used here
    return {str(path): _temporary_bytes() if path == large else _SMALL_BYTES for path in sorted(outermost)}


@lru_cache
def public_settings(folder: str) -> tuple[str, ...]:
    """Return what below ``folder`` anybody may read: the folder itself, or what of it is no secret of its owner's.

    Looked up once: what comes later is not shown, unless the folder that it lies in is.
    """
    found, _ = _public(folder, os.path.realpath(folder))
    return tuple(found)


def _public(folder: str, root: str) -> tuple[list[str], bool]:
    found, is_whole = [], True
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            public, whole = _public_entry(entry, root)
            found += public
            is_whole &= whole
        return ([folder] if is_whole else found), is_whole
    return [], False


def _public_entry(entry: os.DirEntry[str], root: str) -> tuple[list[str], bool]:
    if entry.is_symlink():  # what it stands for is looked at in its own place
        return ([] if _is_below(os.path.realpath(entry.path), root) else [entry.path]), True
    mode = entry.stat(follow_symlinks=False).st_mode
    if entry.is_dir(follow_symlinks=False):
        return _public(entry.path, root) if mode & _READ_AND_ENTER == _READ_AND_ENTER else ([], False)
    is_public = bool(mode & stat.S_IROTH)
    return ([entry.path] if is_public else []), is_public


def _is_below(path: str, folder: str) -> bool:
    return f"{path}/".startswith(f"{folder}/")


def _temporary_bytes() -> int:
    return min(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 8, 4 << 30)
