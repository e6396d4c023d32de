"""What a run is made on: the machine, the versions, the build of llama.cpp, and the settings."""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from offline_interpreter import __version__
from offline_interpreter.bench.records import Environment
from offline_interpreter.machine import usable_cores
from offline_interpreter.plain_text import size_text
from offline_interpreter.records import value_json

_ID_CHARS = 12
_DISTRIBUTIONS = ("llama-cpp-python", "llguidance", "numpy", "ipython", "pandas", "matplotlib", "scikit-learn")


def describe_environment(settings: Mapping[str, str], suites: Mapping[str, str]) -> Environment:
    """Return this machine, with what was set and what a reader must know of the suites."""
    found = Environment(
        id="",
        host=platform.node(),
        system=platform.platform(),
        cpu=_cpu(),
        cores=usable_cores(),
        memory_bytes=_memory_bytes(),
        gpus=_gpus(),
        versions={"offline-interpreter": __version__, "python": platform.python_version()} | _versions(),
        llama_flags=_llama_flags(),
        settings=dict(settings),
        suites=dict(suites),
    )
    text = json.dumps(value_json(found), sort_keys=True)
    return replace(found, id=hashlib.sha256(text.encode()).hexdigest()[:_ID_CHARS])


def _cpu() -> str:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            name, _, value = line.partition(":")
            if name.strip() in ("model name", "Model", "cpu model"):
                return " ".join(value.split())
    return platform.processor() or platform.machine()


def _memory_bytes() -> int:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # Windows
        return 0


def _versions() -> dict[str, str]:
    found = {}
    for name in _DISTRIBUTIONS:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def _gpus() -> tuple[str, ...]:
    from offline_interpreter.engines.llama.gpus import devices, gpu_is_usable, gpus_in_use

    found = gpus_in_use(devices()) if gpu_is_usable() else ()
    return tuple(f"{gpu.name}, {size_text(gpu.total_bytes)}" for gpu in found)


def _llama_flags() -> str:
    from offline_interpreter.engines.llama.binding import library

    flags: bytes = library().llama_print_system_info()
    return flags.decode("utf-8", "replace").strip(" |")
