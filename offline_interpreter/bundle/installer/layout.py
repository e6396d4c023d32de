"""What lies in a bundle: the names, the manifest, the checksums, and files that are carried in parts.

    install.sh, README.txt        for the person on the other side
    manifest.json                 what the bundle is for, and the files that are installed
    SHA256SUMS                    of every other file; written last, in the form of ``sha256sum``
    installer/                    the modules beside this one
    wheels/, models/<id>/, models.toml    what is installed; large files may lie in parts: NAME.001, NAME.002
    unfinished.json               there while a bundle is made

Nothing here looks into a file that is installed, or knows this machine.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any

FORMAT = 1
MANIFEST, SUMS, UNFINISHED = "manifest.json", "SHA256SUMS", "unfinished.json"
WHEELS, MODELS, CATALOGUE, INSTALLER = "wheels", "models", "models.toml", "installer"

# The stage, and how many of how many bytes are done.
Show = Callable[[str, int, int], None]

_SUM_LINE = re.compile(r"([0-9a-f]{64}) [ *](.+)")
_NOT_WHOLE = "Copy it anew, or make it again with the same `bundle create`."


class Refused(Exception):
    """A bundle or a machine is not as it must be: each of ``lines`` says one thing, and what to do about it."""

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


@dataclass(frozen=True)
class CarriedFile:
    """A file that is installed: its path in the bundle, and the paths of its parts (of one that is whole: its own)."""

    path: str
    size_bytes: int
    sha256: str
    parts: tuple[str, ...]

    @property
    def name(self) -> str:
        """Return its name without folders."""
        return PurePosixPath(self.path).name


@dataclass(frozen=True)
class Manifest:
    """What a bundle is for, and what it holds.

    ``python`` is a tag like ``cp311``, ``platform`` one like ``linux_x86_64``, ``glibc`` the oldest version that will
    do. ``cpu_features`` are those of ``/proc/cpuinfo`` that the engine needs, ``libraries`` what must be loadable.
    ``program`` are the exact releases of which its environment is made, ``unpacked_bytes`` what they take in it.
    """

    version: str
    python: str
    platform: str
    glibc: str
    cpu: str
    cpu_features: tuple[str, ...]
    backend: str
    libraries: tuple[str, ...]
    program: tuple[str, ...]
    unpacked_bytes: int
    models: tuple[str, ...]
    files: tuple[CarriedFile, ...]

    def below(self, folder: str) -> tuple[CarriedFile, ...]:
        """Return the files below a folder of the bundle."""
        return tuple(file for file in self.files if file.path.startswith(folder + "/"))

    def to_json(self) -> str:
        """Return the text of ``manifest.json``."""
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=1, ensure_ascii=False) + "\n"


def read_manifest(bundle: Path) -> Manifest:
    """Return the manifest of a finished bundle. Raises ``Refused``."""
    if not (bundle / MANIFEST).is_file() and not (bundle / UNFINISHED).is_file():
        raise Refused(f"{str(bundle)!r} is not a bundle: it has no {MANIFEST}.")
    if (bundle / UNFINISHED).exists() or not (bundle / SUMS).is_file() or not (bundle / MANIFEST).is_file():
        raise Refused("This bundle is not finished. Run the same `bundle create` again, or copy all of it.")
    try:
        values = json.loads((bundle / MANIFEST).read_text(encoding="utf-8"))
        known = values.pop("format")
        if known == FORMAT:
            return _manifest(values)
    except OSError as error:
        raise Refused(f"{MANIFEST} cannot be read: {error.strerror}. {_NOT_WHOLE}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Refused(f"{MANIFEST} is damaged. {_NOT_WHOLE}") from error
    raise Refused(
        f"This bundle has format {known!r}, and this program reads {FORMAT}. Use the bundle's own install.sh."
    )


def _manifest(values: dict[str, Any]) -> Manifest:
    files = tuple(_carried(file) for file in values.pop("files"))
    lists = ("cpu_features", "libraries", "program", "models")
    values |= {name: tuple(str(one) for one in values[name]) for name in lists}
    values["unpacked_bytes"] = int(values["unpacked_bytes"])
    return Manifest(files=files, **values)


def _carried(values: dict[str, Any]) -> CarriedFile:
    file = CarriedFile(values["path"], int(values["size_bytes"]), values["sha256"], tuple(values["parts"]))
    if not file.parts or not all(map(_stays_inside, (file.path, *file.parts))):
        raise ValueError(file.path)
    return file


def _stays_inside(path: str) -> bool:
    parts = path.split("/")
    return "\0" not in path and not any(part in {"", ".", ".."} for part in parts)


def read_sums(bundle: Path) -> dict[str, str]:
    """Return the SHA-256 of each path that ``SHA256SUMS`` lists. Raises ``Refused``."""
    try:
        lines = (bundle / SUMS).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(f"{SUMS} cannot be read: {getattr(error, 'strerror', 'it is no text')}. {_NOT_WHOLE}") from error
    found = [_SUM_LINE.fullmatch(line) for line in lines]
    sums = {line[2]: line[1] for line in found if line is not None}
    if not sums or len(sums) != len(lines) or not all(map(_stays_inside, sums)):
        raise Refused(f"{SUMS} is damaged. {_NOT_WHOLE}")
    return sums


def sums_text(sums: dict[str, str]) -> str:
    """Return the text of ``SHA256SUMS``, which ``sha256sum -c`` reads too."""
    return "".join(f"{digest}  {path}\n" for path, digest in sorted(sums.items()))
