"""The machine that a bundle is made for: Python, platform, processor, backend, and how that is asked for.

Linux with the GNU C library only: elsewhere cells are not confined, and wheels are chosen differently.
"""

from __future__ import annotations

import platform
import re
import sys
from dataclasses import dataclass

from offline_interpreter.bundle.installer.machine import cpu_features, platform_tag
from offline_interpreter.errors import UsageError

# What the engine is compiled with at each level, as CMake calls it and as /proc/cpuinfo does.
_V3 = {"SSE42": "sse4_2", "AVX": "avx", "AVX2": "avx2", "FMA": "fma", "F16C": "f16c", "BMI2": "bmi2"}
_V4 = _V3 | {"AVX512": "avx512f avx512cd avx512bw avx512dq avx512vl"}
LEVELS: dict[str, dict[str, dict[str, str]]] = {
    "x86_64": {"baseline": {}, "v3": _V3, "v4": _V4, "native": {}},
    "aarch64": {"baseline": {}, "native": {}},
}
BACKENDS = ("cpu", "cuda")

_PLATFORM = re.compile(r"(?:linux|manylinux_2_(\d+))_(x86_64|aarch64)")
_PYTHON = re.compile(r"3\.(\d{2})")
_OLDEST_PYTHON, _OLDEST_GLIBC = 10, 17

# Whatever a compiler may make use of when it is told to use this very processor.
_USED_BY_COMPILERS = re.compile(r"(sse4|avx|amx|fma|f16c|bmi|abm|movbe|adx|gfni|vaes|vpclmul|asimd|sve|i8mm|bf16).*")


@dataclass(frozen=True)
class Target:
    """What a bundle is made for. ``python`` is like 3.11, ``glibc`` the newest minor version allowed, None for any."""

    python: str
    machine: str
    glibc: int | None
    cpu: str
    backend: str

    @property
    def python_tag(self) -> str:
        """Return the tag of the Python: cp311."""
        return "cp" + self.python.replace(".", "")

    @property
    def platform(self) -> str:
        """Return the tag of the platform without its C library: linux_x86_64."""
        return f"linux_{self.machine}"

    @property
    def cpu_features(self) -> tuple[str, ...]:
        """Return what the processor must be able to do, in the words of ``/proc/cpuinfo``."""
        if self.cpu == "native":
            return tuple(sorted(filter(_USED_BY_COMPILERS.fullmatch, cpu_features())))
        return tuple(" ".join(LEVELS[self.machine][self.cpu].values()).split())

    def platforms(self, newest_glibc: int) -> list[str]:
        """Return the platform tags of wheels that fit, those for the oldest systems first."""
        old = {5: "manylinux1", 12: "manylinux2010", 17: "manylinux2014"} if self.machine == "x86_64" else {}
        old = old or {17: "manylinux2014"}
        tags = []
        for minor in range(min(old), newest_glibc + 1):
            tags += [f"manylinux_2_{minor}_{self.machine}"]
            tags += [f"{old[minor]}_{self.machine}"] if minor in old else []
        return [*tags, self.platform]

    def markers(self) -> dict[str, str]:
        """Return what the conditions of requirements are decided by, as the ``packaging`` library calls it."""
        here = f"{sys.version_info[0]}.{sys.version_info[1]}" == self.python
        full = platform.python_version() if here else f"{self.python}.0"
        return {
            "implementation_name": "cpython",
            "implementation_version": full,
            "os_name": "posix",
            "platform_machine": self.machine,
            "platform_python_implementation": "CPython",
            "platform_system": "Linux",
            "python_full_version": full,
            "python_version": self.python,
            "sys_platform": "linux",
            "extra": "",
        }


def parse_target(python: str | None, platform_: str | None, cpu: str | None, backend: str) -> Target:
    """Return the target that options name; None is what this machine is. Raises ``UsageError``."""
    here = platform_tag()
    found = _PLATFORM.fullmatch(platform_ or here)
    if found is None:
        raise UsageError(
            f"No bundle can be made for the platform {platform_ or here!r}.",
            "It must be linux_x86_64 or linux_aarch64, or manylinux_2_28_x86_64 for systems with a glibc of that age.",
        )
    glibc, machine = int(found[1]) if found[1] else None, found[2]
    if f"linux_{machine}" != here:
        raise UsageError(
            f"The engine for linux_{machine} cannot be built here, on {here}.", "Run `bundle create` on such a machine."
        )
    if glibc is not None and glibc < _OLDEST_GLIBC:
        raise UsageError(f"{platform_!r} is too old.", f"Packages are made for manylinux_2_{_OLDEST_GLIBC} or newer.")
    levels = LEVELS[machine]
    level = cpu or ("v3" if "v3" in levels else "baseline")
    if level not in levels:
        raise UsageError(f"The option 'cpu' is {level!r}.", f"On {machine} it must be one of {', '.join(levels)}.")
    return Target(_python(python), machine, glibc, level, backend)


def _python(asked: str | None) -> str:
    version = asked or f"{sys.version_info[0]}.{sys.version_info[1]}"
    found = _PYTHON.fullmatch(version)
    if found is None or int(found[1]) < _OLDEST_PYTHON:
        raise UsageError(f"The option 'python' is {version!r}.", "It must be a version from 3.10 on, like 3.11.")
    return version
