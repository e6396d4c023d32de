"""Bundles for tests: real ones, made by the command and pip without a network, of small stand-ins for other packages.

The program's own wheel and pip's are real; what is installed from such a bundle can be imported, and does nothing.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from wheels import write_wheel

from offline_interpreter.bundle.engine import ENGINE, engine_folder
from offline_interpreter.bundle.installer.layout import MANIFEST, SUMS, sums_text
from offline_interpreter.bundle.sources import locked_versions, repack
from offline_interpreter.bundle.target import Target, parse_target
from offline_interpreter.models.catalogue import ModelFile
from offline_interpreter.models.store import HeldModel, Store

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parent.parent
TARGET = parse_target(None, None, None, "cpu")
MODULES = {"ipython": "IPython", "llama-cpp-python": "llama_cpp"}
ENGINE_TEXT = "def llama_backend_init():\n    pass\n"


class Maker:
    """A machine that bundles are made on: its home, a folder that pip takes wheels from, a store."""

    def __init__(self, folder: Path) -> None:
        self.home, self.wheels = folder / "home", folder / "index"
        self.wheels.mkdir(parents=True)
        self.environment = clean_environment(self.home) | {
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": self.wheels.as_uri(),
            "PIP_CONFIG_FILE": os.devnull,
        }
        self.cache = self.home / ".cache" / "offline-interpreter"
        self.store = Store(self.home / ".local" / "share" / "offline-interpreter" / "models")

    def bundle(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "offline_interpreter", "bundle", *arguments]
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)

    def add_stand_ins(self) -> None:
        """Write a wheel for each package that the program names, and have an engine built for the usual target."""
        versions = locked_versions(TARGET.markers())
        for name in sorted(needed_packages()):
            version = versions[name]
            if name != ENGINE:
                write_wheel(self.wheels, name.replace("-", "_"), version, module=MODULES.get(name, ""))
        repack("pip", self.wheels)
        self.have_engine(versions[ENGINE])

    def have_engine(self, version: str, target: Target = TARGET) -> Path:
        folder = self.engine_folder(version, target)
        folder.mkdir(parents=True)
        write_wheel(folder, "llama_cpp_python", version, module="llama_cpp", text=ENGINE_TEXT)
        return folder

    def engine_folder(self, version: str, target: Target = TARGET) -> Path:
        return self.cache / "wheels" / engine_folder(version, target).name

    def add_model(self, model_id: str, data: bytes, *, license_: str = "apache-2.0") -> HeldModel:
        folder = self.store.prepare(model_id)
        (folder / "weights.gguf").write_bytes(data)
        file = ModelFile("weights.gguf", len(data), hashlib.sha256(data).hexdigest())
        model = HeldModel(model_id, folder, (file,), license_, "0" * 40, "owner/name")
        self.store.record(model)
        return model


def needed_packages() -> set[str]:
    """Return the normalized names of what the program requires here, with what its cells may use."""
    return _names(_project()["dependencies"]) | data_packages()


def data_packages() -> set[str]:
    """Return the normalized names of what cells may use."""
    return _names(_project()["optional-dependencies"]["data"])


def _project() -> dict[str, Any]:
    project: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return project


def _names(requirements: list[str]) -> set[str]:
    required = map(Requirement, requirements)
    return {canonicalize_name(one.name) for one in required if one.marker is None or one.marker.evaluate()}


def clean_environment(home: Path) -> dict[str, str]:
    """Return an environment in which ``home`` is an empty home, and nothing of this machine's settings holds."""
    home.mkdir(parents=True, exist_ok=True)
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
    return {**kept, "HOME": str(home)}


def without_network() -> list[str]:
    """Return what to put before a command so that it has no network, if that is possible here."""
    unshare = shutil.which("unshare")
    if unshare and subprocess.run([unshare, "-rn", "true"], check=False, capture_output=True).returncode == 0:
        return [unshare, "-rn"]
    return []


def change_manifest(bundle: Path, **values: object) -> None:
    """Change values of a bundle's manifest, and its line in the checksums: as a bundle made for something else."""
    path = bundle / MANIFEST
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))
    seal(bundle)


def seal(bundle: Path) -> None:
    """Write the checksums of a bundle anew."""
    paths = (path.relative_to(bundle).as_posix() for path in bundle.rglob("*") if path.is_file() and path.name != SUMS)
    sums = {path: hashlib.sha256((bundle / path).read_bytes()).hexdigest() for path in paths}
    (bundle / SUMS).write_text(sums_text(sums))


def tree(folder: Path) -> dict[str, bytes]:
    """Return the content of all files below a folder."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
