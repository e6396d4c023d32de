"""The engine's wheel for a target: built once from source, and kept in the cache folder apart from others.

It is built for this architecture only, with what the processor level allows, and so that it needs little of
the other system. How old a C library will do is this machine's matter: it is read from what was built.
"""

from __future__ import annotations

import re
import shutil
import tempfile
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from offline_interpreter.bundle.elf import Needs, read_needs
from offline_interpreter.bundle.installer.layout import Show
from offline_interpreter.bundle.installer.machine import glibc_version
from offline_interpreter.bundle.pip import run_pip
from offline_interpreter.bundle.sources import engine_recipe
from offline_interpreter.bundle.target import LEVELS, Target
from offline_interpreter.config import prefixes_folder
from offline_interpreter.errors import BundleError

ENGINE = "llama-cpp-python"

_LEFT_OUT = ("LLAVA_BUILD", "LLAMA_BUILD_TOOLS", "LLAMA_BUILD_TESTS", "LLAMA_BUILD_EXAMPLES", "LLAMA_BUILD_SERVER")
_CXX = "libstdc++.so.6"
_DRIVER = "libcuda.so.1"  # is loaded when there is work for it

# Parts of the GNU C library, whose version is looked at instead.
_OF_GLIBC = re.compile(r"(libc|libm|libdl|librt|libpthread|ld-linux[\w-]*)\.so\.\d+")
_LIBRARY = re.compile(r".*\.so(\.\d+)*")


@dataclass(frozen=True)
class Engine:
    """A built engine: its wheel, the least minor version of glibc 2, and other libraries that a machine must have.

    A library may be followed by the name of a version of it, as ``libstdc++.so.6 GLIBCXX_3.4.29``.
    """

    wheel: Path
    glibc: int
    libraries: tuple[str, ...]


def get_engine(version: str, target: Target, show: Show) -> Engine:
    """Return the engine of a version for a target, building it if it was not built yet. Raises ``BundleError``."""
    folder = engine_folder(version, target)
    if not (wheels := sorted(folder.glob("*.whl"))):
        wheels = [_build(version, target, folder, show)]
    return look_into(wheels[0], target)


def engine_folder(version: str, target: Target) -> Path:
    """Return the folder of an engine, whose name changes with all that decides what is built."""
    recipe = engine_recipe()
    content = b"".join(path.read_bytes() for path in (recipe, recipe.with_name("engine_only.cmake")))
    content += " ".join((glibc_version(), *target.cpu_features)).encode()
    kind = f"{target.machine}-{target.backend}-{target.cpu}"
    return prefixes_folder().with_name("wheels") / f"bundle-{version}-{kind}-{zlib.crc32(content):08x}"


def look_into(wheel: Path, target: Target) -> Engine:
    """Return what a wheel of the engine needs of a machine."""
    with zipfile.ZipFile(wheel) as held:
        paths = [path for path in held.namelist() if _LIBRARY.fullmatch(path)]
        needs = [read_needs(held.read(path)) for path in paths]
    own = {PurePosixPath(path).name for path in paths}
    named = {name for need in needs for name in need.libraries if name not in own and not _OF_GLIBC.fullmatch(name)}
    named |= {_DRIVER} if target.backend == "cuda" else set()
    together = Needs(frozenset(named), frozenset(version for need in needs for version in need.versions))
    glibc = together.newest("GLIBC")
    return Engine(wheel, glibc[1] if glibc else 0, tuple(sorted(_with_version(name, together) for name in named)))


def _with_version(library: str, needs: Needs) -> str:
    newest = needs.newest("GLIBCXX") if library == _CXX else ()
    return f"{library} GLIBCXX_{'.'.join(map(str, newest))}" if newest else library


def _build(version: str, target: Target, folder: Path, show: Show) -> Path:
    if shutil.which("nvcc") is None and target.backend == "cuda":
        raise BundleError("The cuda backend needs the CUDA toolkit, and there is no nvcc here.", "Use --backend cpu.")
    if not any(map(shutil.which, ("c++", "g++", "clang++"))):
        raise BundleError("Building the engine needs a C++ compiler, and none is here.", "Install one, as g++.")
    folder.mkdir(parents=True, exist_ok=True)
    stage = f"Building the engine for {target.machine} {target.cpu}, once"
    show(stage, 0, 0)
    with tempfile.TemporaryDirectory(dir=folder, prefix="building-") as building:
        run_pip(
            "The engine could not be built",
            # Without its cache: it would take, and leave there, a wheel that was built in another way.
            [
                "wheel",
                "-v",
                "--no-deps",
                "--no-cache-dir",
                "--no-binary",
                ENGINE,
                "-w",
                building,
                f"{ENGINE}=={version}",
            ],
            folder / "build.log",
            settings={"CMAKE_ARGS": "", "SKBUILD_CMAKE_DEFINE": ";".join(_defines(target))},
            step=lambda done, total: show(stage, done, total),
        )
        built = next(Path(building).glob("*.whl"))
        return built.replace(folder / built.name)


def _defines(target: Target) -> list[str]:
    level = LEVELS[target.machine][target.cpu]
    every = {name for names in LEVELS[target.machine].values() for name in names}
    return [
        f"CMAKE_PROJECT_llama_cpp_INCLUDE={engine_recipe()}",
        *(f"{name}=OFF" for name in _LEFT_OUT),
        f"GGML_CUDA={_switch(target.backend == 'cuda')}",
        f"GGML_NATIVE={_switch(target.cpu == 'native')}",
        *(f"GGML_{name}={_switch(name in level)}" for name in sorted(every) if target.cpu != "native"),
    ]


def _switch(on: bool) -> str:
    return "ON" if on else "OFF"
