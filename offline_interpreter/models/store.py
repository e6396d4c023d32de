"""The store: the models that this machine holds, as plain files that can be copied with any tool.

    models/<id>/<file>.gguf     the model's files
    models/<id>/model.json      where they come from, and what size and SHA-256 each must have
    models/<id>/pull.json       the same of a pull that is not finished; it becomes ``model.json`` by a rename
    models/<id>/<file>.part     what such a pull has got of a file
    models/<id>/<file>.bad      a file that was found damaged
    models/.default             the id of the model that is loaded when nothing else is named

A folder without ``model.json`` that holds GGUF files was filled by hand: it is a model too, whose files are told by
the catalogue if its id stands there. It does not fetch, hash or load anything: see ``hub``, ``verify``.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from offline_interpreter.config import DEFAULT_MODEL_FILE, default_model, models_folder
from offline_interpreter.errors import StoreError, UsageError
from offline_interpreter.models import locks, receipts
from offline_interpreter.models.catalogue import NAME, ModelFile, known_models

RECORD, UNFINISHED = "model.json", "pull.json"
UNKNOWN_LICENSE = "unknown"

State: TypeAlias = Literal["ready", "unchecked", "incomplete"]


@dataclass(frozen=True)
class HeldModel:
    """A model in a store: its folder, and what its files must be.

    ``files`` are in the order of their parts; the ``sha256`` of one is empty where nobody told it. ``source`` is a
    repository (``owner/name``), a package (``package NAME``) or where a file was imported from; ``revision`` the
    commit of a repository or the version of a package, else empty.
    """

    id: str
    folder: Path
    files: tuple[ModelFile, ...]
    license: str = UNKNOWN_LICENSE
    revision: str = ""
    source: str = ""

    @property
    def path(self) -> Path:
        """Return the file to load: of a split model its first part."""
        return self.folder / self.files[0].name

    @property
    def paths(self) -> tuple[Path, ...]:
        """Return all its files."""
        return tuple(self.folder / file.name for file in self.files)

    @property
    def size_bytes(self) -> int:
        """Return the size that all its files together must have."""
        return sum(file.size_bytes for file in self.files)


class Store:
    """The models below one folder; nothing is made before something is put there."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or models_folder()

    def models(self) -> tuple[HeldModel, ...]:
        """Return all models by their ids, also those of which files are missing."""
        try:
            names = sorted(path.name for path in self.folder.iterdir())
        except (FileNotFoundError, NotADirectoryError):
            return ()
        except OSError as error:
            raise StoreError(f"The store {str(self.folder)!r} cannot be read: {error.strerror}.") from error
        return tuple(filter(None, map(self.find, names)))

    def find(self, model_id: str) -> HeldModel | None:
        """Return the model of an id, or None if nothing of it is here."""
        if not NAME.fullmatch(model_id):
            return None
        folder = self.folder / model_id
        return read_record(folder, RECORD) or read_record(folder, UNFINISHED) or _filled_by_hand(folder)

    def owner(self, path: Path) -> HeldModel | None:
        """Return the model that a file is part of, or None if the file is not in this store."""
        folder = Path(os.path.abspath(path)).parent  # noqa: PTH100 - a link into the store is not followed
        model = self.find(folder.name) if folder.parent == Path(os.path.abspath(self.folder)) else None  # noqa: PTH100
        return model if model and any(file.name == path.name for file in model.files) else None

    def state(self, model: HeldModel) -> State:
        """Return how a model is, by what can be said without reading it.

        ``ready``: its files were hashed, and have not changed since. ``unchecked``: they have the right sizes.
        ``incomplete``: one is missing or of another size, or their pull was not finished.
        """
        unfinished = (model.folder / UNFINISHED).is_file() and not (model.folder / RECORD).is_file()
        if unfinished or any(size_of(model.folder / file.name) != file.size_bytes for file in model.files):
            return "incomplete"
        checked = (receipts.holds(model.folder / file.name, file.sha256) for file in model.files)
        return "ready" if all(checked) else "unchecked"

    # -- changes ----------------------------------------------------------------------------------------------------

    def prepare(self, model_id: str) -> Path:
        """Make and return the folder of a model. Raises ``StoreError``, ``UsageError`` for what is no id."""
        check_id(model_id)
        with self.changing():
            (self.folder / model_id).mkdir(parents=True, exist_ok=True)
        return self.folder / model_id

    @contextmanager
    def working_on(self, model_id: str) -> Iterator[None]:
        """Keep other processes from changing a model meanwhile. Raises ``StoreError`` if one does."""
        check_id(model_id)
        with self.changing():
            self.folder.mkdir(parents=True, exist_ok=True)
            with locks.alone(self.folder / f".{model_id}.lock", f"The model {model_id!r}"):
                yield

    def record(self, model: HeldModel) -> None:
        """Write what a model's files must be, when they are all there. Raises ``StoreError``."""
        self.plan(model)
        self.finish(model)

    def plan(self, model: HeldModel) -> None:
        """Write what the files of a model will be, before they are fetched. Raises ``StoreError``."""
        with self.changing():
            write_whole(model.folder / UNFINISHED, record_text(model))

    def finish(self, model: HeldModel) -> None:
        """Make a planned model one that is held, when all its files are there. Raises ``StoreError``."""
        with self.changing():
            (model.folder / UNFINISHED).replace(model.folder / RECORD)

    def remove(self, model: HeldModel) -> None:
        """Remove a model and all that is left of its pulls; a file that is only linked stays where it is.

        Raises ``StoreError`` while a process has it loaded, or works on it.
        """
        with self.working_on(model.id), locks.unused(model.paths, f"The model {model.id!r}"):
            if model.folder.is_symlink():
                model.folder.unlink()
            else:
                shutil.rmtree(model.folder)
        if self.default() == model.id:
            self.set_default(None)

    def default(self) -> str | None:
        """Return the id of the model to load when nothing else is named, or None."""
        return default_model(self.folder)

    def set_default(self, model_id: str | None) -> None:
        """Name the model to load when nothing else is named; None for the one that is built in."""
        with self.changing():
            if model_id is None:
                (self.folder / DEFAULT_MODEL_FILE).unlink(missing_ok=True)
            else:
                self.folder.mkdir(parents=True, exist_ok=True)
                write_whole(self.folder / DEFAULT_MODEL_FILE, model_id + "\n")

    def changing(self) -> _Changing:
        """Return a context in which a failure to write is a ``StoreError`` that says why."""
        return _Changing(self.folder)


class _Changing:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __enter__(self) -> None:
        """Nothing needs to be done before."""

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, OSError):
            cause = f"The store {str(self._folder)!r} cannot be written to: {error.strerror or error}."
            raise StoreError(cause, "Set OFFLINE_INTERPRETER_MODELS to a folder that can be.") from error


def check_id(model_id: str) -> None:
    """Raise ``UsageError`` for what is no id: it becomes the name of a folder, and must not lead out of the store."""
    if not NAME.fullmatch(model_id):
        raise UsageError(f"{model_id!r} is no id of a model.", "An id has letters, digits and . _ + -")


def size_of(path: Path) -> int | None:
    """Return the size of a file in bytes, or None if there is none."""
    try:
        return path.stat().st_size if path.is_file() else None
    except OSError:
        return None


def write_whole(path: Path, text: str) -> None:
    """Write a small file so that nobody ever sees a part of it."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise


# -- what stands in a folder --------------------------------------------------------------------------------------

_SHA256 = re.compile(r"([0-9a-f]{64})?")


def record_text(model: HeldModel) -> str:
    """Return what stands in the ``model.json`` of a model."""
    values = asdict(model)
    del values["id"], values["folder"]  # the folder's name says both
    return json.dumps({"schema": 1, **values}, indent=1) + "\n"


def read_record(folder: Path, name: str) -> HeldModel | None:
    """Return what ``RECORD`` or ``UNFINISHED`` says of the model in a folder, or None if it is not there or broken."""
    try:
        values = json.loads((folder / name).read_text(encoding="utf-8"))
        files = tuple(_file(values) for values in values["files"])
        texts = {name: str(values.get(name, "")) for name in ("license", "revision", "source")}
        return HeldModel(folder.name, folder, files, **texts) if files else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None  # what is not whole was not written by ``write_whole``


def _file(values: dict[str, Any]) -> ModelFile:
    name, size, sha256 = values["name"], values["size_bytes"], values["sha256"]
    if not NAME.fullmatch(name) or type(size) is not int or not _SHA256.fullmatch(sha256):
        raise ValueError(name)
    return ModelFile(name, size, sha256)


def _filled_by_hand(folder: Path) -> HeldModel | None:
    held = list(_gguf_files(folder))
    if not held:
        return None
    entry = next((entry for entry in known_models() if entry.id == folder.name), None)
    if entry and {file.name for file in entry.files} & {file.name for file in held}:
        return HeldModel(folder.name, folder, entry.files, entry.license, entry.source.revision, entry.source.name)
    return HeldModel(folder.name, folder, tuple(held))


def _gguf_files(folder: Path) -> Iterator[ModelFile]:
    with suppress(OSError):
        for path in sorted(folder.glob("*.gguf")):
            size = size_of(path)
            if size is not None:
                yield ModelFile(path.name, size, "")
