"""What a bundle is made from besides models: the project, the releases it is tested with, how to build its engine.

In a checkout they are files of it; where the program is installed they are part of it.
"""

from __future__ import annotations

import base64
import csv
import email
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


def repack(project: str, folder: Path) -> Path:
    """Write the wheel of a project as it is installed in this Python into a folder; return its path.

    Raises ``BundleError`` if a file is not what was installed.
    """
    installed = importlib.metadata.distribution(project)
    name = re.sub(r"[-_.]+", "_", installed.metadata["Name"])
    target = folder / f"{name}-{installed.version}-{_tags(installed)}.whl"
    rows: list[list[str]] = []
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as wheel:
        for file in sorted(installed.files or (), key=str):
            if ".." in file.parts or file.name in _NOT_OF_A_WHEEL or file.suffix == ".pyc":
                continue
            data = Path(str(file.locate())).read_bytes()
            found = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode("ascii")
            if file.hash is not None and file.hash.value != found:
                raise BundleError(f"{str(file)!r} was changed since it was installed.", "Install the program anew.")
            _add(wheel, str(file), data)
            rows.append([str(file), f"sha256={found}", str(len(data))])
        record = f"{_information(rows)}/RECORD"
        _add(wheel, record, _record_text([*rows, [record, "", ""]]).encode("utf-8"))
    return target


def _tags(installed: importlib.metadata.Distribution) -> str:
    """Return what a wheel's name says of where it fits: all tags that its metadata lists, in one."""
    wheel = email.message_from_string(installed.read_text("WHEEL") or "")
    parts = zip(*(tag.split("-") for tag in wheel.get_all("Tag", ["py3-none-any"])), strict=True)
    return "-".join(".".join(dict.fromkeys(part)) for part in parts)


def _information(rows: list[list[str]]) -> str:
    return next(row[0].split("/")[0] for row in rows if re.fullmatch(r"[^/]+\.dist-info/WHEEL", row[0]))


def _add(wheel: zipfile.ZipFile, name: str, data: bytes) -> None:
    wheel.writestr(zipfile.ZipInfo(name, _TIME), data, zipfile.ZIP_DEFLATED)


def _record_text(rows: list[list[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
