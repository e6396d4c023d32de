"""The program's folder: an environment for each bundle, one of which is current, and the wheels.

    <target>/0.1.0-cp311-3f2a91c0/    an environment; ``complete`` in it is written last
    <target>/current                  leads to the one that runs, and is changed in one step
    <target>/wheels/                  what ``%pip install`` takes packages from; wheels of the person's own stay there
    <target>/made-by-bundle           marks a folder that may be written to

An earlier environment stays as it is, since a session may still run from it. Models and settings: see ``settle``.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import venv
from pathlib import Path

from .layout import WHEELS, Manifest, Refused, Show
from .sums import Counter, identity, place, write_whole

COMPLETE, CURRENT, MARK = "complete", "current", "made-by-bundle"
COMMAND = "offline-interpreter"

# Loads what is compiled, so that a library that is missing or an instruction that the processor lacks shows now.
_TRY = "import llama_cpp, numpy, IPython, offline_interpreter; llama_cpp.llama_backend_init()"

# What Python compiles of them comes to the size of the packages: measured 1.47 for the data packages.
_COMPILED = 1.5


class Program:
    """The folder that the program of one bundle is installed to."""

    def __init__(self, bundle: Path, manifest: Manifest, target: Path) -> None:
        self._bundle, self._manifest = bundle, manifest
        self.target = target
        self.wheels = target / WHEELS
        self.environment = target / f"{manifest.version}-{manifest.python}-{identity(bundle)[:8]}"

    def is_complete(self) -> bool:
        """Return whether the environment was made as a whole."""
        return (self.environment / COMPLETE).is_file()

    def works(self) -> bool:
        """Return whether the environment was made as a whole and still is."""
        has_command = (self.environment / "bin" / COMMAND).is_file()
        return self.is_complete() and has_command and not self._python("-c", _TRY).returncode

    def needed_bytes(self) -> int:
        """Return what will be written below the target at most."""
        wheels = sum(file.size_bytes for file in self._manifest.below(WHEELS) if not self._has(file.name))
        return wheels + (0 if self.is_complete() else int(self._manifest.unpacked_bytes * _COMPILED))

    def _has(self, name: str) -> bool:
        return (self.wheels / name).is_file()

    def refuse_foreign(self) -> None:
        """Raise ``Refused`` if the target is a folder of somebody else, or no folder."""
        if self.target.is_dir() and (any(self.target.iterdir()) and not (self.target / MARK).is_file()):
            raise Refused(f"{str(self.target)!r} holds other files. Name an empty or a new folder: --target DIR")
        if self.target.exists() and not self.target.is_dir():
            raise Refused(f"{str(self.target)!r} is not a folder. Name a new one: --target DIR")
        if os.pathsep in str(self.target):
            raise Refused(f"{str(self.target)!r} has a {os.pathsep!r} in it, which Python's environments cannot have.")

    def claim(self) -> None:
        """Make the target one that is ours."""
        self.target.mkdir(parents=True, exist_ok=True)
        (self.target / MARK).touch()

    def place_wheels(self, show: Show) -> None:
        """Copy the wheels. Raises ``Refused``, ``OSError``."""
        files = self._manifest.below(WHEELS)
        counter = Counter("Copying packages", sum(file.size_bytes for file in files), show)
        for file in files:
            place(self._bundle, file, self.wheels / file.name, counter.add)

    def make_environment(self) -> None:
        """Make the environment anew and install all packages from the wheels. Raises ``Refused``, ``OSError``."""
        if self.environment.exists():
            shutil.rmtree(self.environment)  # one that was interrupted, or from which something was taken
        venv.EnvBuilder(symlinks=True, with_pip=False).create(self.environment)
        pins = self.environment / "requirements.txt"
        write_whole(pins, "".join(f"{pin}\n" for pin in self._manifest.program))
        where = ["--no-index", "--find-links", str(self.wheels), "-r", str(pins)]
        quiet = ["--quiet", "--no-cache-dir", "--disable-pip-version-check", "--no-warn-script-location"]
        done = self._python(str(self._pip() / "pip"), "install", *where, *quiet)
        if done.returncode:
            raise Refused(f"The packages could not be installed: {_reason(done)}.")
        done = self._python("-c", _TRY)
        if done.returncode:
            raise Refused(f"The program was installed and does not run here: {_reason(done)}.")
        write_whole(self.environment / COMPLETE, identity(self._bundle) + "\n")

    def _pip(self) -> Path:
        pip = next((file.name for file in self._manifest.below(WHEELS) if file.name.startswith("pip-")), None)
        if pip is None:
            raise Refused("The bundle holds no wheel of pip. Make it again with `bundle create`.")
        return self.wheels / pip

    def _python(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the environment's Python, away from what the person's shell and configuration set for others."""
        own = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "PYTHON"))}
        own["PIP_CONFIG_FILE"] = os.devnull
        command = [str(self.environment / "bin" / "python"), "-I", "-X", "utf8", *arguments]
        return subprocess.run(command, env=own, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)

    def make_current(self) -> Path:
        """Let ``current`` lead to this environment, in one step; return the path of the command."""
        link = self.target / f"{CURRENT}.part"
        link.unlink(missing_ok=True)
        link.symlink_to(self.environment.name)
        link.replace(self.target / CURRENT)
        return self.target / CURRENT / "bin" / COMMAND

    def earlier(self) -> list[Path]:
        """Return the environments of other bundles that are still there."""
        others = (path.parent for path in self.target.glob(f"*/{COMPLETE}") if path.parent.name != CURRENT)
        return sorted(path for path in others if path != self.environment)


def _reason(done: subprocess.CompletedProcess[str]) -> str:
    if done.returncode < 0:
        return f"it was ended by signal {-done.returncode}"
    lines = [line.strip() for line in (done.stderr or done.stdout).splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR:")]
    return (errors or lines or ["no reason was given"])[-1].removeprefix("ERROR: ").rstrip(".")
