"""In the child: pip, which installs from a folder of wheels alone and into a folder that belongs to the session.

pip resolves against all that is installed, with a trial run; what it found is then put into the session's folder
without asking again. So nothing that is there already must be in the wheelhouse, and nothing of the kernel's own Python
is replaced. pip is run in a process of its own; it may also be a wheel in the wheelhouse. It is never pointed at a
network, whatever its arguments say. ``environment`` has a pip that cells start in other ways do nearly the same; it
finds only what the wheelhouse holds with all its dependencies.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

REMEDY = (
    "Go on with what is installed (`%pip list`), or download the wheels on a connected machine and start with "
    "`--wheelhouse DIR`."
)
_NO_PIP = (
    "pip is not installed in the Python of the cells. Its own wheel in the wheelhouse (`--wheelhouse DIR`) will do."
)

# Puts pip's own wheel first and the session's packages last on the path; both may be empty.
_RUN_PIP = """
import runpy, sys
wheel, packages = sys.argv[1:3]
sys.path[:0] = [wheel] if wheel else []
sys.path += [packages] if packages else []
sys.argv[:3] = ["pip"]
runpy.run_module("pip", run_name="__main__", alter_sys=True)
"""
_FIRST_WITH_REPORT = (22, 2)

# Where from and where to is not for a cell to say.
_SETTINGS = """
    -i --index-url --extra-index-url --pypi-url --trusted-host --proxy --cert --client-cert --cache-dir
    -t --target --prefix --root --python --report
"""
_DROPPED_WITH_VALUE = frozenset(_SETTINGS.split())
_DROPPED = frozenset({"--user", "--no-user", "--break-system-packages", "--require-virtualenv", "--no-input"})
_ELSEWHERE = re.compile(r"(?:^|[@+=\s])(?!file:)[a-z][a-z+]*://|^git\+|@git\+", re.IGNORECASE)
_BARE_NAME = re.compile(r"[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?")
_NOT_FOUND = ("No matching distribution found", "Could not find a version")


class CannotInstall(Exception):
    """Says in one line why nothing was installed, and what to do."""


def _distributions(**where: Any) -> Iterable[Any]:
    import importlib.metadata  # which takes as long as the rest of this folder together

    return importlib.metadata.distributions(**where)


class Pip:
    """Runs pip for cells; ``wheelhouse`` and ``packages_dir`` are folders, or empty where there is none."""

    def __init__(self, wheelhouse: str, packages_dir: str) -> None:
        self._wheelhouse = wheelhouse
        self._packages_dir = packages_dir

    def environment(self) -> dict[str, str]:
        """Return what keeps a pip that cells start in other ways off the network, and its output short."""
        settings = {
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_NO_INDEX": "1",
            "PIP_RETRIES": "0",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PIP_NO_INPUT": "1",
            "PIP_NO_CACHE_DIR": "1",
            "PIP_NO_COLOR": "1",
            "PIP_PROGRESS_BAR": "off",
            "PIP_ROOT_USER_ACTION": "ignore",
        }
        if self._wheelhouse and " " not in self._wheelhouse:  # pip reads a list there
            settings["PIP_FIND_LINKS"] = self._wheelhouse
        if self._wheelhouse and self._packages_dir:
            settings["PIP_TARGET"] = self._packages_dir
        return settings

    def run(self, arguments: list[str]) -> int:
        """Run ``pip ARGUMENTS``; return its exit status. Raises ``CannotInstall``."""
        command = next((word for word in arguments if not word.startswith("-")), "")
        if command == "install":
            given = [word for word in arguments if word != "install"]
            return self._install(list(_allowed(given)))
        pip = self._find_pip()
        if pip is None:
            return self._list_without_pip(command)
        if command in {"download", "wheel"}:
            arguments = [*_allowed(arguments), *self._sources()]
        return subprocess.call(self._line(pip[0], arguments), env=self._own_environment(), stdin=subprocess.DEVNULL)

    # -- installing -----------------------------------------------------------------------------------------------

    def _install(self, given: list[str]) -> int:
        elsewhere = next((word for word in given if _ELSEWHERE.search(word)), None)
        if elsewhere is not None:
            raise CannotInstall(f"{elsewhere!r} cannot be fetched: there is no network. {REMEDY}")
        names = [word for word in given if not word.startswith("-")]
        if not self._wheelhouse and names and all(map(_is_installed, names)):
            print(f"Already installed: {', '.join(map(_name_and_version, names))}.")  # noqa: T201 - for the cell
            return 0
        pip = self._find_pip()
        if pip is None:
            raise CannotInstall(_NO_PIP if self._wheelhouse else _no_network(names))
        if not self._packages_dir:
            raise CannotInstall(f"This session has no folder for packages. {REMEDY}")
        if pip[1] < _FIRST_WITH_REPORT:
            line = self._line(pip[0], ["install", "-q", "--upgrade", *self._sources(), *self._target(), *given])
            return self._finish(subprocess.call(line, env=self._own_environment(), stdin=subprocess.DEVNULL), [])
        return self._install_found(pip[0], given, names)

    def _install_found(self, pip: str, given: list[str], names: list[str]) -> int:
        found = self._resolve(pip, given, names)
        if found is None:
            return 1
        new = [f"{item['metadata']['name']} {item['metadata']['version']}" for item in found]
        if not found or "--dry-run" in given:
            what = f"Would install: {', '.join(new)}." if new else "Everything that was asked for is installed already."
            print(what)  # noqa: T201 - for the cell
            return 0
        for item in found:
            self._refuse_to_replace(item["metadata"]["name"], item["metadata"]["version"])
        arguments = ["install", "-q", "--upgrade", "--no-deps", "--no-warn-script-location", *self._sources()]
        arguments += [*self._target(), *(item["download_info"]["url"] for item in found)]
        line = self._line(pip, arguments)
        status = subprocess.call(line, env=self._own_environment(), stdin=subprocess.DEVNULL)
        return self._finish(status, new)

    def _resolve(self, pip: str, given: list[str], names: list[str]) -> list[Any] | None:
        """Return what pip would install; None, after it has said why, if it cannot be."""
        with tempfile.TemporaryDirectory() as folder:
            report = Path(folder, "report.json")
            trial = ["install", "-q", "--dry-run", "--report", str(report), *self._sources(), *given]
            line = self._line(pip, trial)
            tried = subprocess.run(
                line, env=self._own_environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
            )
            said = tried.stdout + tried.stderr
            if tried.returncode and not self._wheelhouse and any(line in said for line in _NOT_FOUND):
                raise CannotInstall(_no_network(names))
            sys.stderr.write(said)
            if tried.returncode:
                if any(line in said for line in _NOT_FOUND):
                    sys.stderr.write(f"There is no network: only wheels in {self._wheelhouse!r} can be installed.\n")
                return None
            found: list[Any] = json.loads(report.read_text(encoding="utf-8"))["install"]
            return found

    def _refuse_to_replace(self, name: str, version: str) -> None:
        folders = [folder for folder in sys.path if folder and folder != self._packages_dir]
        for own in _distributions(name=name, path=folders):
            raise CannotInstall(
                f"{name} {own.version} belongs to the Python of the cells and cannot be replaced by {version} here."
            )

    def _finish(self, status: int, new: list[str]) -> int:
        """Make what was installed importable at once, and say what it was."""
        importlib.invalidate_caches()
        if status:
            return status
        wanted = {_normal(name): version for name, version in (text.rsplit(" ", 1) for text in new)}
        replaced = [
            old
            for old in _distributions(path=[self._packages_dir])
            if wanted.get(_normal(old.metadata["Name"]), old.version) != old.version
        ]
        for old in replaced:  # pip forgets them in such a folder
            shutil.rmtree(str(getattr(old, "_path", "")), ignore_errors=True)
        again = " What was imported before keeps its old version until the kernel restarts." if replaced else ""
        if replaced:
            self._say_what_no_longer_fits()
        if new:
            print(f"Installed: {', '.join(new)}.{again}")  # noqa: T201 - for the cell
        return 0

    def _say_what_no_longer_fits(self) -> None:
        if (pip := self._find_pip()) is not None:
            line = self._line(pip[0], ["check"])
            checked = subprocess.run(line, env=self._own_environment(), capture_output=True, text=True, check=False)
            if checked.returncode:
                sys.stderr.write(checked.stdout)

    # -- the process ----------------------------------------------------------------------------------------------

    def _sources(self) -> list[str]:
        return ["--no-index", *(["--find-links", self._wheelhouse] if self._wheelhouse else [])]

    def _target(self) -> list[str]:
        return ["--target", self._packages_dir]

    def _line(self, pip: str, arguments: Iterable[str]) -> list[str]:
        return [sys.executable, "-I", "-X", "utf8", "-c", _RUN_PIP, pip, self._packages_dir, *arguments]

    def _own_environment(self) -> Mapping[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
        settings = self.environment()
        for name in ("PIP_TARGET", "PIP_FIND_LINKS"):  # said by arguments, where they belong
            settings.pop(name, None)
        return {**kept, **settings}

    def _find_pip(self) -> tuple[str, tuple[int, ...]] | None:
        """Return the wheel of pip (empty where it is installed) and its version; None where there is none."""
        for installed in _distributions(name="pip", path=[folder for folder in sys.path if folder]):
            return "", _numbers(installed.version)
        wheels = sorted(Path(self._wheelhouse).glob("pip-*.whl")) if self._wheelhouse else []
        newest = max(wheels, key=lambda wheel: _numbers(wheel.name.split("-")[1]), default=None)
        return (str(newest), _numbers(newest.name.split("-")[1])) if newest else None

    def _list_without_pip(self, command: str) -> int:
        if command not in {"list", "freeze"}:
            raise CannotInstall(_NO_PIP)
        between = " " if command == "list" else "=="
        found = {f"{one.metadata['Name']}{between}{one.version}" for one in _distributions()}
        print("\n".join(sorted(found, key=str.lower)))  # noqa: T201 - for the cell
        return 0


def _allowed(words: list[str]) -> Iterator[str]:
    """Yield the arguments without those that say where from and where to install."""
    left = iter(words)
    for word in left:
        name = word.partition("=")[0]
        if name in _DROPPED_WITH_VALUE:
            if "=" not in word:
                next(left, "")
        elif name not in _DROPPED:
            yield word


def _is_installed(name: str) -> bool:
    return bool(_BARE_NAME.fullmatch(name)) and any(True for _ in _distributions(name=name))


def _name_and_version(name: str) -> str:
    return f"{name} {next(iter(_distributions(name=name))).version}"


def _no_network(names: list[str]) -> str:
    missing = [name for name in names if not _is_installed(name)]
    what = ", ".join(repr(name) for name in missing) or "This"
    return f"{what} cannot be installed: there is no network. {REMEDY}"


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])
