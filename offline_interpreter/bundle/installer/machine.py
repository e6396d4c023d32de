"""This machine beside what a bundle was made for: Python, platform, C library, processor, libraries.

It says what does not match and does not decide what to do about it. Free space is asked here too.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import platform
import re
import shutil
import struct
import sys
import sysconfig
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .layout import Manifest

# What the environment is made with, and what the program cannot do without; some systems leave parts of Python out.
_MODULES = ("ctypes", "ssl", "venv", "zlib")


@dataclass(frozen=True)
class Machine:
    """What a bundle must match: ``python`` and ``platform`` are tags, ``glibc`` is empty where there is none."""

    python: str
    platform: str
    glibc: str
    cpu_features: frozenset[str]


def this_machine() -> Machine:
    """Return what this Python and this machine are."""
    return Machine(python_tag(), platform_tag(), glibc_version(), cpu_features())


def python_tag() -> str:
    """Return the tag of this Python: cp311, and cp313t for one without the global lock."""
    short = {"cpython": "cp", "pypy": "pp"}.get(sys.implementation.name, sys.implementation.name)
    free_threaded = "t" if sysconfig.get_config_var("Py_GIL_DISABLED") else ""
    return f"{short}{sys.version_info[0]}{sys.version_info[1]}{free_threaded}"


def platform_tag() -> str:
    """Return the tag of this platform: linux_x86_64."""
    tag = re.sub(r"[-.]", "_", sysconfig.get_platform())
    is_narrow = struct.calcsize("P") == 4
    return {"linux_x86_64": "linux_i686", "linux_aarch64": "linux_armv7l"}.get(tag, tag) if is_narrow else tag


def glibc_version() -> str:
    """Return the version of the GNU C library, or nothing where the system has another one."""
    try:
        return (os.confstr("CS_GNU_LIBC_VERSION") or "").removeprefix("glibc ")
    except (AttributeError, ValueError, OSError):
        return ""


def cpu_features() -> frozenset[str]:
    """Return what the processor can do, in the words of ``/proc/cpuinfo``."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return frozenset()
    found = re.search(r"^(?:flags|Features)\s*:(.*)$", text, re.MULTILINE)
    return frozenset(found[1].split()) if found else frozenset()


def numbers(version: str) -> tuple[int, ...]:
    """Return a version as numbers that can be compared."""
    return tuple(int(number) for number in re.findall(r"\d+", version))


def can_load(library: str) -> bool:
    """Return whether a shared library is here, and of the version whose name follows its own, if one does."""
    name, _, version = library.partition(" ")
    try:
        ctypes.CDLL(name)
        mapped = Path("/proc/self/maps").read_text(encoding="utf-8", errors="surrogateescape")
        found = re.search(rf"(/\S*/{re.escape(name)}\S*)$", mapped, re.MULTILINE)
        return not version or found is None or version.encode() + b"\0" in Path(found[1]).read_bytes()
    except OSError:
        return False


def mismatches(manifest: Manifest, here: Machine, has_library: Callable[[str], bool] = can_load) -> list[str]:
    """Return a line for each thing in which a machine is not what the bundle was made for."""
    lines = []
    if (manifest.python, manifest.platform) != (here.python, here.platform):
        lines.append(
            f"Bundle is for {_pair(manifest.python, manifest.platform)}; this is {_pair(here.python, here.platform)}."
        )
        lines[0] += _other_python(manifest.python) if manifest.platform == here.platform else ""
        return lines  # the rest would be asked of the wrong machine
    lines += _glibc(manifest.glibc, here.glibc)
    lacking = [feature for feature in manifest.cpu_features if feature not in here.cpu_features]
    if lacking:
        lines.append(
            f"Bundle needs a processor with {', '.join(manifest.cpu_features)} ({manifest.cpu}); this one lacks "
            f"{', '.join(lacking)}. Create it with --cpu baseline."
        )
    missing = [library for library in manifest.libraries if not has_library(library)]
    if missing:
        lines.append(f"Bundle needs {', '.join(missing)}, which this machine lacks. Install what holds them.")
    modules = [name for name in _MODULES if importlib.util.find_spec(name) is None]
    if modules:
        lines.append(f"This Python lacks {', '.join(modules)} of its own library. Install all of Python.")
    return lines


def _pair(python: str, platform_: str) -> str:
    return f"{python} {platform_.replace('_', ' ', 1)}"


def _other_python(tag: str) -> str:
    found = re.fullmatch(r"cp3(\d+)", tag)
    return f" Name another Python: PYTHON=python3.{found[1]} sh install.sh" if found else ""


def _glibc(wanted: str, found: str) -> list[str]:
    if not wanted or (found and numbers(found) >= numbers(wanted)):
        return []
    what = f"has {found}" if found else f"has another C library ({platform.libc_ver()[0] or 'not glibc'})"
    return [f"Bundle needs glibc {wanted} or newer; this machine {what}. Create it on a system as old as this one."]


def existing(path: Path) -> Path:
    """Return the folder that is there of a path that may not be."""
    while not path.is_dir():
        path = path.parent
    return path


def lacking_space(needs: dict[Path, int]) -> list[str]:
    """Return a line for each file system that has too little space for the bytes that folders on it will take."""
    systems: dict[int, tuple[Path, int]] = {}
    for path, size in needs.items():
        folder = existing(path)
        device = folder.stat().st_dev
        systems[device] = (folder, systems.get(device, (folder, 0))[1] + size)
    return [
        f"{str(folder)!r} needs {size / 1e9:.2f} GB free and has {free / 1e9:.2f} GB."
        for folder, size in systems.values()
        if (free := shutil.disk_usage(folder).free) < size
    ]
