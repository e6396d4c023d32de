"""What a bundle is made from besides models: the project, the releases it is tested with, how to build its engine.

In a checkout they are files of it; where the program is installed they are part of it.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import importlib.metadata
import io
import re
import zipfile
from pathlib import Path

from packaging.markers import Marker
from packaging.utils import canonicalize_name

from offline_interpreter.errors import BundleError

PROJECT = "offline-interpreter"

_PACKAGE = Path(__file__).parent.parent
_DATA = _PACKAGE / "data"
_NOT_OF_A_WHEEL = {"INSTALLER", "REQUESTED", "direct_url.json", "RECORD"}
_TIME = (1980, 1, 1, 0, 0, 0)  # the same content gives the same wheel


def checkout() -> Path | None:
    """Return the folder of the source that runs, or None if the program is installed."""
    root = _PACKAGE.parent
    return root if (root / "pyproject.toml").is_file() and (root / "requirements.lock").is_file() else None


def installer_folder() -> Path:
    """Return the folder of the modules that are carried."""
    return Path(__file__).parent / "installer"


def template(name: str) -> str:
    """Return a text that is carried, with places to fill in: ``@NAME@``."""
    return (_DATA / "bundle" / name).read_text(encoding="utf-8")


def engine_recipe() -> Path:
    """Return what CMake reads to build an engine for another machine; a second file lies beside it."""
    root = checkout()
    return (root / "scripts" if root else _DATA) / "portable_engine.cmake"


def locked_versions(markers: dict[str, str]) -> dict[str, str]:
    """Return the releases that the project is tested with, by name, as far as their conditions hold."""
    path = (checkout() or _DATA) / "requirements.lock"
    found: dict[str, str] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        pin, _, condition = line.partition(";")
        name, _, version = pin.strip().partition("==")
        if version and (not condition or Marker(condition).evaluate(markers)):
            found[canonicalize_name(name)] = version
    return found


def repack(folder: Path) -> Path:
    """Write the wheel of the program as it is installed here into a folder; return its path.

    Raises ``BundleError`` if a file is not what was installed.
    """
    installed = importlib.metadata.distribution(PROJECT)
    target = folder / f"{PROJECT.replace('-', '_')}-{installed.version}-py3-none-any.whl"
    rows = []
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as wheel:
        for file in sorted(installed.files or (), key=str):
            if ".." in file.parts or file.name in _NOT_OF_A_WHEEL or file.suffix == ".pyc":
                continue
            data = Path(str(file.locate())).read_bytes()
            found = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode("ascii")
            if file.hash is not None and file.hash.value != found:
                raise BundleError(f"{str(file)!r} was changed since it was installed.", "Install the program anew.")
            wheel.writestr(zipfile.ZipInfo(str(file), _TIME), data, zipfile.ZIP_DEFLATED)
            rows.append([str(file), f"sha256={found}", str(len(data))])
        record = next(
            f"{Path(row[0]).parent}/RECORD" for row in rows if re.fullmatch(r"[^/]+\.dist-info/WHEEL", row[0])
        )
        wheel.writestr(zipfile.ZipInfo(record, _TIME), _record_text([*rows, [record, "", ""]]), zipfile.ZIP_DEFLATED)
    return target


def _record_text(rows: list[list[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
