"""Making a bundle: wheels, models, the installer, and what tells what they are. It uses the network, through pip.

A bundle that is being made has ``unfinished.json``, which says for what; the checksums are written when all else is
there. Started again it keeps what is right and makes the rest; it never puts two bundles into one folder.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from offline_interpreter import __version__
from offline_interpreter.bundle.carrying import TOO_LARGE_FOR_FAT, Carrier, check_drive
from offline_interpreter.bundle.installer.layout import (
    CATALOGUE,
    INSTALLER,
    MANIFEST,
    MODELS,
    SUMS,
    UNFINISHED,
    WHEELS,
    Manifest,
    Refused,
    Show,
    read_manifest,
    sums_text,
)
from offline_interpreter.bundle.installer.sums import Counter, identity, write_whole
from offline_interpreter.bundle.sources import installer_folder, template
from offline_interpreter.bundle.target import Target
from offline_interpreter.bundle.wheels import Wheels, collect_wheels
from offline_interpreter.config import STARTER, user_file
from offline_interpreter.errors import BundleError, ModelMissing, UsageError
from offline_interpreter.models.store import RECORD, HeldModel, Store

# What the wheels take, as measured for Python 3.11 to 3.13 on x86_64, and a third more.
_WHEELS_BYTES = 200_000_000

_OWN = {MANIFEST, SUMS, UNFINISHED, CATALOGUE, INSTALLER, WHEELS, MODELS, "install.sh", "README.txt"}
_BEGUN = {MANIFEST, UNFINISHED, f"{UNFINISHED}.part"}


@dataclass(frozen=True)
class Order:
    """What to carry: ids of models in the store, requirements for ``%pip install`` there, the size of parts."""

    models: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    split_bytes: int | None = None


@dataclass(frozen=True)
class Made:
    """A bundle that was made: what it is for, its size, and the checksum that stands for all of it."""

    manifest: Manifest
    size_bytes: int
    checksum: str


def create(bundle: Path, target: Target, order: Order, show: Show) -> Made:
    """Make or complete a bundle in a folder. Raises errors of ours, each one line."""
    models = [_held(model_id) for model_id in dict.fromkeys(order.models) if model_id != STARTER]
    try:
        bundle.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{str(bundle)!r} cannot be made: {error.strerror}.", "Name another folder.") from error
    try:
        with _alone(bundle):
            _claim(bundle, target)
            return _make(bundle, target, order, models, show)
    except OSError as error:
        if error.errno == errno.EFBIG:
            raise UsageError(*TOO_LARGE_FOR_FAT) from error
        where = f"{error.filename}: " if error.filename else ""
        again = "The same command goes on where it stopped."
        raise BundleError(f"The bundle is not finished: {where}{error.strerror or error}.", again) from error


@contextmanager
def _alone(bundle: Path) -> Iterator[None]:
    """Hold off a second ``create`` into the same folder; one that dies lets go."""
    folder = os.open(bundle, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise BundleError(f"Another `bundle create` into {str(bundle)!r} runs.", "Wait for it.") from error
    finally:
        os.close(folder)


def _make(bundle: Path, target: Target, order: Order, models: list[HeldModel], show: Show) -> Made:
    largest = max((file.size_bytes for model in models for file in model.files), default=0)
    check_drive(bundle, _needed_bytes(bundle, models), min(largest, order.split_bytes or largest))
    wheels = collect_wheels(bundle / WHEELS, target, order.packages, show)
    carrier = Carrier(bundle, order.split_bytes)
    for wheel in wheels.all:
        carrier.note(f"{WHEELS}/{wheel.path.name}")
    _carry_models(carrier, models, show)
    return _finish(carrier, target, wheels, models)


def _held(model_id: str) -> HeldModel:
    store = Store()
    model = store.find(model_id)
    if model is None:
        raise ModelMissing(
            f"Model {model_id!r} is not in the store.", f"Run `offline-interpreter models pull {model_id}` first."
        )
    if store.state(model) == "incomplete":
        raise ModelMissing(
            f"Model {model_id!r} is not all there.", f"Run `offline-interpreter models pull {model_id}` to complete it."
        )
    return model


def _claim(bundle: Path, target: Target) -> None:
    """Take a folder that is empty, or a bundle for the same target. Raises ``UsageError``, ``OSError``."""
    names = {path.name for path in bundle.iterdir()}
    own = _OWN | {f"{name}.part" for name in _OWN}
    if strange := sorted(names - own) or (sorted(names) if names and not names & _BEGUN else []):
        remedy = f"Name a new folder, as {str(bundle / 'offline-interpreter')!r}."
        raise UsageError(f"{str(bundle)!r} holds {strange[0]!r}, which is not of a bundle.", remedy)
    asked, before = _what_for(target), _read_what_for(bundle)
    if before not in ("", asked):
        raise UsageError(f"{str(bundle)!r} is a bundle for {before}, not for {asked}.", "Name another folder.")
    write_whole(bundle / UNFINISHED, json.dumps({"for": asked}) + "\n")


def _what_for(target: Target | Manifest) -> str:
    python = target.python_tag if isinstance(target, Target) else target.python
    return f"{python} {target.platform} {target.cpu} {target.backend}"


def _read_what_for(bundle: Path) -> str:
    """Return what an earlier ``create`` made a bundle for, or nothing where that is not told."""
    try:
        if (bundle / UNFINISHED).is_file():
            return str(json.loads((bundle / UNFINISHED).read_text(encoding="utf-8"))["for"])
        return _what_for(read_manifest(bundle))
    except (OSError, ValueError, KeyError, TypeError, Refused):
        return ""


def _needed_bytes(bundle: Path, models: list[HeldModel]) -> int:
    """Return what will be written at most, beside what is there."""
    there = sum(path.stat().st_size for path in bundle.rglob("*") if path.is_file())
    return max(0, sum(model.size_bytes for model in models) + _WHEELS_BYTES - there)


def _carry_models(carrier: Carrier, models: list[HeldModel], show: Show) -> None:
    if not models:
        return
    counter = Counter("Copying models", sum(model.size_bytes for model in models), show)
    for model in models:
        files = []
        for file in model.files:
            carried = carrier.carry(model.folder / file.name, f"{MODELS}/{model.id}/{file.name}", counter.add)
            if file.sha256 and carried.sha256 != file.sha256:
                remedy = f"Run `offline-interpreter models verify {model.id}`."
                raise BundleError(f"{file.name!r} is damaged in the store.", remedy)
            files.append(replace(file, sha256=carried.sha256))
        with tempfile.TemporaryDirectory() as folder:
            told = replace(model, folder=Store(Path(folder)).prepare(model.id), files=tuple(files))
            Store(Path(folder)).record(told)
            carrier.carry(told.folder / RECORD, f"{MODELS}/{model.id}/{RECORD}")


def _finish(carrier: Carrier, target: Target, wheels: Wheels, models: list[HeldModel]) -> Made:
    own = user_file().with_name(CATALOGUE)
    if own.is_file():
        carrier.carry(own, CATALOGUE)
    manifest = _manifest(carrier, target, wheels, models)
    for path in sorted(installer_folder().glob("*.py")):
        carrier.write(f"{INSTALLER}/{path.name}", path.read_text(encoding="utf-8"))
    for name in ("install.sh", "README.txt"):
        carrier.write(name, _filled(template(name), manifest, models))
    carrier.write(MANIFEST, manifest.to_json())
    bundle = carrier.bundle
    with suppress(OSError):  # drives without rights
        (bundle / "install.sh").chmod(0o755)
    _remove_others(bundle, carrier.sums)
    write_whole(bundle / SUMS, sums_text(carrier.sums))
    os.sync()  # the drive may be pulled out next
    (bundle / UNFINISHED).unlink()
    size = sum((bundle / path).stat().st_size for path in carrier.sums)
    return Made(manifest, size, identity(bundle))


def _manifest(carrier: Carrier, target: Target, wheels: Wheels, models: list[HeldModel]) -> Manifest:
    return Manifest(
        version=__version__,
        python=target.python_tag,
        platform=target.platform,
        glibc=f"2.{wheels.glibc}",
        cpu=target.cpu,
        cpu_features=target.cpu_features,
        backend=target.backend,
        libraries=wheels.engine.libraries,
        program=tuple(wheel.pin for wheel in wheels.program),
        unpacked_bytes=wheels.unpacked_bytes,
        models=tuple(model.id for model in models),
        files=tuple(carrier.files),
    )


def _filled(text: str, manifest: Manifest, models: list[HeldModel]) -> str:
    """Fill a manifest's values into a text that is carried, where it says ``@NAME@``."""
    values = {name: str(value) for name, value in asdict(manifest).items()} | {
        "python_version": manifest.python.replace("cp3", "3."),
        "system": manifest.platform.replace("_", " ", 1),
        "features": " ".join(manifest.cpu_features) or "any",
        "models_named": ", ".join(["starter", *(f"{model.id} ({model.license})" for model in models)]),
    }
    for name, value in values.items():
        text = text.replace(f"@{name}@", value)
    return text


def _remove_others(bundle: Path, kept: Collection[str]) -> None:
    """Remove what an earlier ``create`` left and this one does not want; all of it is of a bundle."""
    for folder, _, names in os.walk(bundle, topdown=False):
        for name in names:
            path = Path(folder) / name
            relative = path.relative_to(bundle).as_posix()
            if relative not in kept and relative not in (SUMS, UNFINISHED):
                path.unlink()
        if not any(Path(folder).iterdir()):
            Path(folder).rmdir()
