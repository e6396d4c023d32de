"""Take a model into the store that lies on a disk already: by a copy, or by a link to where it is.

A file of the catalogue is recognized by its SHA-256, whatever its name. The model is made in a folder of its own
beside the others and gets its place by a rename, so that it is there whole or not at all. Whether llama.cpp can load it
is not known here.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from offline_interpreter.errors import ModelUnusable, StoreError, UsageError
from offline_interpreter.models import disk, locks, receipts
from offline_interpreter.models.catalogue import ModelEntry, ModelFile, known_models
from offline_interpreter.models.gguf import Header, shards
from offline_interpreter.models.pull import id_of_file
from offline_interpreter.models.store import HeldModel, Store, check_id
from offline_interpreter.models.verify import sha256_of
from offline_interpreter.models.work import OnWork, Work, ignore

_STAGE = ".import-"
_CHUNK_BYTES = 1 << 20


def import_model(
    store: Store,
    path: Path,
    *,
    model_id: str | None = None,
    link: bool = False,
    check: Callable[[Path], None] | None = None,
    on_work: OnWork = ignore,
) -> HeldModel:
    """Put the model that the file ``path`` is, or is a part of, into the store; return it as it is held.

    ``model_id`` None: that of the catalogue, or one made of the file's name. ``check`` may refuse the model, before
    anything is copied, by an exception. Raises ``ModelMissing`` and
    ``ModelUnusable`` for files that are no whole model, ``StoreError`` where the id is taken, ``UsageError``.
    """
    parts = shards(path)
    if model_id is not None:
        check_id(model_id)
    if check is not None:
        check(parts[0].path)
    owner = store.owner(path)
    if owner:
        raise UsageError(f"{path.name!r} is in the store already: it belongs to {owner.id!r}.")
    with store.changing():
        store.folder.mkdir(parents=True, exist_ok=True)
        with locks.alone(store.folder / f"{_STAGE}lock", "Another import"):
            for left in store.folder.glob(f"{_STAGE}*/"):  # of an import that was killed
                shutil.rmtree(left, ignore_errors=True)
            stage = Path(tempfile.mkdtemp(prefix=_STAGE, dir=store.folder))
            try:
                files = _take_in(parts, stage, link=link, on_work=on_work)
                return _settle(store, stage, _named(stage, files, path, model_id))
            finally:
                shutil.rmtree(stage, ignore_errors=True)


def _take_in(parts: Sequence[Header], stage: Path, *, link: bool, on_work: OnWork) -> tuple[ModelFile, ...]:
    """Put the files into the stage, under names that the store allows."""
    if not link:
        disk.check_room(stage, sum(part.size_bytes for part in parts))
    files = []
    for part in parts:
        name = _allowed_name(part.path.name)
        if link:
            (stage / name).symlink_to(os.path.abspath(part.path))  # noqa: PTH100 - a link that is named is kept
            sha256 = sha256_of(stage / name, on_work)
        else:
            with disk.explained(stage / name, part.size_bytes):
                sha256 = _copy(part.path, stage / name, part.size_bytes, on_work)
        files.append(ModelFile(name, part.size_bytes, sha256))
    return tuple(files)


def _allowed_name(name: str) -> str:
    return (re.sub(r"[^A-Za-z0-9._+-]+", "-", name.removesuffix(".gguf")).strip("._+-") or "model") + ".gguf"


def _copy(source: Path, target: Path, size_bytes: int, on_work: OnWork) -> str:
    """Copy a file, and return the SHA-256 of what was copied."""
    digest = hashlib.sha256()
    try:
        file = source.open("rb", buffering=0)
    except OSError as error:
        raise ModelUnusable(f"The model file {str(source)!r} cannot be read: {error.strerror}.") from error
    with file, target.open("wb", buffering=0) as copy:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
            disk.write_all(copy, chunk)
            on_work(Work("copy", source.name, copy.tell(), size_bytes))
        os.fsync(copy.fileno())
    if target.stat().st_size != size_bytes:
        raise ModelUnusable(f"{source.name} changed while it was copied.", "Import it again.")
    return digest.hexdigest()


def _named(stage: Path, files: tuple[ModelFile, ...], path: Path, model_id: str | None) -> HeldModel:
    """Return the model that the files in the stage are, with the names that the catalogue gives them."""
    entry = _recognized(files)
    source = f"file {path.name}"
    if entry is None:
        model_id = model_id or id_of_file(files[0].name)
        if any(model_id == known.id for known in known_models()):
            raise UsageError(f"The catalogue calls another file {model_id!r}.", "Choose another name with --id.")
        return HeldModel(model_id, stage, files, source=source)
    for file, known_file in zip(files, entry.files, strict=True):
        (stage / file.name).rename(stage / known_file.name)
    return HeldModel(model_id or entry.id, stage, entry.files, entry.license, entry.source.revision, source)


def _recognized(files: Sequence[ModelFile]) -> ModelEntry | None:
    hashes = [file.sha256 for file in files]
    return next((entry for entry in known_models() if [file.sha256 for file in entry.files] == hashes), None)


def _settle(store: Store, stage: Path, model: HeldModel) -> HeldModel:
    """Give a staged model its place, unless it is there already."""
    settled = replace(model, folder=store.folder / model.id)
    with store.working_on(model.id):
        held = store.find(model.id)
        if held and store.state(held) != "incomplete":
            if [file.sha256 for file in held.files] != [file.sha256 for file in model.files]:
                raise StoreError(f"There is another model {model.id!r}.", "Remove it, or choose a name with --id.")
            return held
        store.record(model)
        stage.chmod(0o755)
        if settled.folder.exists():
            shutil.rmtree(settled.folder)
        stage.rename(settled.folder)
    for file in settled.files:
        receipts.remember(settled.folder / file.name, file.sha256)
    return settled
