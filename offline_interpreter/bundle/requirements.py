"""Which wheels a program needs on a target: its requirements, theirs, and so on, fetched without any other.

pip decides the conditions of requirements (``python_version < '3.11'``) by the Python that runs it, whatever target it
is told. So they are decided here, and pip only fetches: one release of each package, the one that the project is
tested with where there is one. That everything fits together is checked, not solved.
"""

from __future__ import annotations

import email.parser
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import Version

from offline_interpreter.errors import BundleError, UsageError

# Gets the wheels of these requirements into the folder, and nothing else.
Fetch = Callable[[list[str]], None]


@dataclass(frozen=True)
class Wheel:
    """A wheel: its file, normalized name, version, what its metadata says it requires, its size when installed."""

    path: Path
    name: str
    version: Version
    requires: tuple[Requirement, ...]
    unpacked_bytes: int

    @property
    def pin(self) -> str:
        """Return the requirement that only this release meets."""
        return f"{self.name}=={self.version}"

    @property
    def glibc(self) -> int:
        """Return the least minor version of glibc 2 that its name asks for, 0 if it asks for none."""
        old = {"manylinux1": 5, "manylinux2010": 12, "manylinux2014": 17}
        minors = []
        for tag in parse_wheel_filename(self.path.name)[3]:
            family, _, rest = tag.platform.partition("_")
            if family in old:
                minors.append(old[family])
            elif family == "manylinux":
                minors.append(int(rest.split("_")[1]))
        return min(minors, default=0)


def read_wheel(path: Path) -> Wheel | None:
    """Return what a file is, or None if it is no whole wheel. Every byte of it is read."""
    try:
        name, version, *_ = parse_wheel_filename(path.name)
        with zipfile.ZipFile(path) as held:
            if held.testzip() is not None:
                return None
            metadata = next(
                one for one in held.namelist() if one.count("/") == 1 and one.endswith(".dist-info/METADATA")
            )
            size = sum(member.file_size for member in held.infolist())
            message = email.parser.BytesHeaderParser().parsebytes(held.read(metadata))
        requires = tuple(Requirement(text) for text in message.get_all("Requires-Dist") or ())
        return Wheel(path, name, version, requires, size)
    except (OSError, zipfile.BadZipFile, EOFError, StopIteration, InvalidWheelFilename, InvalidRequirement):
        return None


class Collection:
    """Collects into a folder the wheels that requirements need on a target."""

    def __init__(self, folder: Path, markers: Mapping[str, str], locked: Mapping[str, str], fetch: Fetch) -> None:
        self._folder, self._markers, self._locked, self._fetch = folder, markers, locked, fetch
        self._read: dict[Path, Wheel] = {}

    def collect(self, roots: Iterable[str]) -> dict[str, Wheel]:
        """Return the wheels by name; those that are there and right are not fetched. Raises ``BundleError``."""
        wanted: dict[str, list[Requirement]] = {}
        seen: set[tuple[str, str]] = set()
        level = [_parsed(text) for text in roots]
        while level:
            for requirement in level:
                wanted.setdefault(canonicalize_name(requirement.name), []).append(requirement)
            self._get_missing({canonicalize_name(one.name): one for one in level})
            level = [one for parent in level for one in self._required_by(parent, seen)]
        chosen = {name: wheel for name in wanted if (wheel := self._held(name, wanted[name][0])) is not None}
        _refuse_unmet(wanted, chosen)
        return chosen

    def _get_missing(self, wanted: Mapping[str, Requirement]) -> None:
        missing = {name: one for name, one in wanted.items() if self._held(name, one) is None}
        if missing:
            self._fetch([self._pin(name, one) for name, one in missing.items()])
        for name, one in missing.items():
            if self._held(name, one) is None:
                raise BundleError(f"No wheel of {self._pin(name, one)!r} was found that fits the target.")

    def _pin(self, name: str, requirement: Requirement) -> str:
        return f"{name}=={self._locked[name]}" if name in self._locked else f"{name}{requirement.specifier}"

    def _held(self, name: str, requirement: Requirement) -> Wheel | None:
        """Return the newest wheel of a name that is in the folder and is the locked or the required release."""
        fitting = Requirement(self._pin(name, requirement)).specifier
        found = [wheel for wheel in self._wheels(name) if fitting.contains(wheel.version, prereleases=True)]
        return max(found, key=lambda wheel: wheel.version, default=None)

    def _wheels(self, name: str) -> Iterator[Wheel]:
        for path in sorted(self._folder.glob("*.whl")):
            if canonicalize_name(path.name.split("-")[0]) != name:
                continue
            wheel = self._read.get(path) or read_wheel(path)
            if wheel is not None:
                self._read[path] = wheel
                yield wheel

    def _required_by(self, parent: Requirement, seen: set[tuple[str, str]]) -> Iterator[Requirement]:
        name = canonicalize_name(parent.name)
        wheel = self._held(name, parent)
        for extra in ("", *sorted(parent.extras)):
            if wheel is None or (name, extra) in seen:
                continue
            seen.add((name, extra))
            for requirement in wheel.requires:
                if self._holds(requirement, extra):
                    yield requirement

    def _holds(self, requirement: Requirement, extra: str) -> bool:
        """Return whether a condition holds with an extra; what holds without it was followed before."""
        marker = requirement.marker
        if marker is None:
            return not extra
        alone = marker.evaluate({**self._markers, "extra": ""})
        return alone if not extra else not alone and marker.evaluate({**self._markers, "extra": extra})


def _parsed(text: str) -> Requirement:
    try:
        return Requirement(text)
    except InvalidRequirement as error:
        remedy = "Write it as pip takes it: seaborn, 'scipy>=1.1'"
        raise UsageError(f"{text!r} is not the name of a package.", remedy) from error


def _refuse_unmet(wanted: Mapping[str, list[Requirement]], chosen: Mapping[str, Wheel]) -> None:
    for name, requirements in wanted.items():
        for requirement in requirements:
            if not requirement.specifier.contains(chosen[name].version, prereleases=True):
                asked = f"{requirement.name}{requirement.specifier}"
                raise BundleError(
                    f"Packages do not fit together: {asked} is needed, and {chosen[name].pin} was chosen."
                )
