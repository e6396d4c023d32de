"""Is a model what its publisher made? Its files' sizes, their headers, and their SHA-256.

A file with another SHA-256 is set aside as ``<file>.bad``, so that nothing takes it for a model again. What is expected
is told by the store; where nobody told a SHA-256, none is compared. Whether llama.cpp can load a model is not known.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from offline_interpreter.errors import ModelMissing, ModelUnusable
from offline_interpreter.models import receipts
from offline_interpreter.models.catalogue import ModelFile
from offline_interpreter.models.gguf import shards
from offline_interpreter.models.store import RECORD, UNFINISHED, HeldModel, Store, size_of
from offline_interpreter.models.work import OnWork, Work, ignore

_CHUNK_BYTES = 1 << 20


def verify(store: Store, model: HeldModel, *, full: bool, on_work: OnWork = ignore) -> HeldModel:
    """Check a held model, and return it with the SHA-256 of every file that was hashed.

    Quick: the sizes, and the headers. ``full``: also every byte; a file that nobody told a SHA-256 of gets the one
    that is found, so that it is compared the next time. Raises ``ModelMissing`` where a file is missing or not whole,
    ``ModelUnusable`` where one is damaged.
    """
    check_sizes(model)
    shards(model.path)
    if not full:
        return model
    files = []
    for file in model.files:
        path = model.folder / file.name
        found = sha256_of(path, on_work)
        check_sha256(path, file, found)
        receipts.remember(path, found)
        files.append(replace(file, sha256=found))
    verified = replace(model, files=tuple(files))
    if verified != model:
        store.record(verified)
    return verified


def check_before_load(model: HeldModel, on_work: OnWork = ignore) -> None:
    """Raise as ``verify`` does unless a model may be loaded: its files are hashed once, and again when they changed."""
    check_sizes(model)
    for file in model.files:
        path = model.folder / file.name
        if file.sha256 and not receipts.holds(path, file.sha256):
            check_sha256(path, file, sha256_of(path, on_work))
            receipts.remember(path, file.sha256)


def check_sizes(model: HeldModel) -> None:
    """Raise ``ModelMissing`` unless all files of a model are there, with their sizes."""
    remedy = f"Run `offline-interpreter models pull {model.id}` to complete it, or import its file again."
    for number, file in enumerate(model.files, 1):
        size = size_of(model.folder / file.name)
        if size is None:
            part = f"part {number} of {len(model.files)}: " if len(model.files) > 1 else "its file "
            raise ModelMissing(f"The model {model.id!r} is not complete. Missing {part}{file.name}.", remedy)
        if size != file.size_bytes:
            cause = f"The model {model.id!r} is not whole. {file.name} is {size} bytes, needs {file.size_bytes}."
            raise ModelMissing(cause, remedy)
    if (model.folder / UNFINISHED).is_file() and not (model.folder / RECORD).is_file():
        raise ModelMissing(f"The pull of the model {model.id!r} was not finished.", remedy)


def sha256_of(path: Path, on_work: OnWork = ignore) -> str:
    """Return the SHA-256 of a file, in hex. Raises ``ModelUnusable`` when it cannot be read."""
    digest = hashlib.sha256()
    chunk = memoryview(bytearray(_CHUNK_BYTES))
    try:
        with path.open("rb", buffering=0) as file:
            total, done = path.stat().st_size, 0
            while count := file.readinto(chunk):
                digest.update(chunk[:count])
                done += count
                on_work(Work("check", path.name.removesuffix(".part"), done, total))
    except OSError as error:
        raise ModelUnusable(f"The model file {str(path)!r} cannot be read: {error.strerror}.") from error
    return digest.hexdigest()


def check_sha256(path: Path, file: ModelFile, found: str, bad: Path | None = None) -> None:
    """Set a file aside, as ``bad``, and raise ``ModelUnusable`` unless it has the SHA-256 that it must have."""
    if found == file.sha256 or not file.sha256:
        return
    receipts.forget(path)
    moved = set_aside(path, bad or path.with_name(path.name + ".bad"))
    raise ModelUnusable(
        f"Damaged: {file.name} has another SHA-256: expected {file.sha256[:12]}…, got {found[:12]}…{moved}.",
        "Pull or import it again.",
    )


def set_aside(path: Path, bad: Path) -> str:
    """Rename a file that is no good, and return the words that say so: none where it cannot be renamed."""
    with suppress(OSError):
        path.replace(bad)
        return f"; moved to {bad.name}"
    return ""
