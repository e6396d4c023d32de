"""The wheels of a bundle: the project's own, the engine's, and those of all that they need, in a folder of the bundle.

It uses the network through pip. What is in the folder already and right is kept; whatever is not needed is removed,
so that the wheels of two bundles are never mixed.
"""

from __future__ import annotations

import importlib.util
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import canonicalize_name

from offline_interpreter.bundle.engine import ENGINE, Engine, get_engine
from offline_interpreter.bundle.installer.layout import Show
from offline_interpreter.bundle.pip import run_pip
from offline_interpreter.bundle.requirements import Collection, Wheel
from offline_interpreter.bundle.sources import PROJECT, checkout, locked_versions, repack
from offline_interpreter.bundle.target import Target
from offline_interpreter.config import prefixes_folder
from offline_interpreter.errors import BundleError


@dataclass(frozen=True)
class Wheels:
    """The wheels that were collected: of the program and of all, and the minor version of glibc 2 that they need."""

    program: tuple[Wheel, ...]
    all: tuple[Wheel, ...]
    glibc: int
    engine: Engine

    @property
    def unpacked_bytes(self) -> int:
        """Return what they take when they are installed."""
        return sum(wheel.unpacked_bytes for wheel in self.program)


def collect_wheels(folder: Path, target: Target, packages: Iterable[str], show: Show) -> Wheels:
    """Fill a folder with the wheels for a target, and return what they are. Raises ``BundleError``, ``OSError``.

    ``packages`` are requirements of the person's own, which the program does not need.
    """
    locked = locked_versions(target.markers())
    engine = get_engine(locked[canonicalize_name(ENGINE)], target, show)
    if target.glibc is not None and engine.glibc > target.glibc:
        raise BundleError(
            f"The engine that is built on this machine needs glibc 2.{engine.glibc}, newer than 2.{target.glibc}.",
            "Run `bundle create` on a system as old as the oldest that it is for.",
        )
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        stage = Path(temporary)
        own = _own_wheel(stage, show)
        for wheel in (own, engine.wheel):
            _put(wheel, folder)
        newest = max(engine.glibc, target.glibc or 0)
        fetcher = _Fetcher(folder, stage, target, newest, show)
        version = own.name.split("-")[1]
        roots = [f"{PROJECT}[data]=={version}", "pip"]
        collection = Collection(folder, target.markers(), locked, fetcher.fetch)
        program = collection.collect(roots)
        every = collection.collect([*roots, *packages])
    _remove_others(folder, {wheel.path.name for wheel in every.values()})
    glibc = max([engine.glibc, *(wheel.glibc for wheel in every.values())])
    return Wheels(_by_name(program), _by_name(every), glibc, engine)


def _by_name(wheels: dict[str, Wheel]) -> tuple[Wheel, ...]:
    return tuple(wheels[name] for name in sorted(wheels))


def _own_wheel(stage: Path, show: Show) -> Path:
    show("Building the program's own wheel", 0, 0)
    root = checkout()
    if root is None:
        return repack(PROJECT, stage)
    with tempfile.TemporaryDirectory(dir=stage) as built:
        isolated = [] if importlib.util.find_spec("hatchling") is None else ["--no-build-isolation"]
        arguments = ["wheel", "--no-deps", *isolated, "-w", built, str(root)]
        run_pip("The program's own wheel could not be built", arguments, _log())
        wheel = next(Path(built).glob("*.whl"))
        return wheel.replace(stage / wheel.name)


def _log() -> Path:
    return prefixes_folder().with_name("bundle.log")


def _put(wheel: Path, folder: Path) -> None:
    """Copy a wheel into the folder in one step, unless it is there with the same content; drives may know no rights."""
    there = folder / wheel.name
    if there.is_file() and there.read_bytes() == wheel.read_bytes():
        return
    new = there.with_name(there.name + ".part")
    shutil.copyfile(wheel, new)
    new.replace(there)


class _Fetcher:
    """Fetches wheels by pip for a target into a folder."""

    def __init__(self, folder: Path, stage: Path, target: Target, newest_glibc: int, show: Show) -> None:
        self._folder, self._stage, self._show = folder, stage, show
        platforms = (option for tag in target.platforms(newest_glibc) for option in ("--platform", tag))
        self._for_target = ["--implementation", "cp", "--python-version", target.python, *platforms]
        self._fetched = 0

    def fetch(self, pins: list[str]) -> None:
        """Get these releases, without what they require. Raises ``BundleError``."""
        self._show("Fetching packages", self._fetched, 0)
        self._fetched += len(pins)
        arguments = ["download", "--no-deps", "--only-binary", ":all:", "-d", str(self._stage), *self._for_target]
        run_pip("Packages could not be fetched", [*arguments, *pins], _log())
        for wheel in sorted(self._stage.glob("*.whl")):
            _put(wheel, self._folder)
            wheel.unlink()


def _remove_others(folder: Path, kept: Iterable[str]) -> None:
    for path in folder.iterdir():
        if path.name not in kept:
            path.unlink()
