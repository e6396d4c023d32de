"""What an installation puts outside of the program's folder: models, the catalogue, a line of the settings, a link.

Whatever is there already and is not the same belongs to the person: it is left, and a line says so. The form of the
store is that of ``models.store``: a model counts once its ``model.json`` is there, which is written last.
"""

from __future__ import annotations

import json
import os
import re
from contextlib import suppress
from pathlib import Path
from typing import Any

from .layout import CATALOGUE, MODELS, CarriedFile, Manifest, Refused, Show
from .places import commands_folder
from .program import COMMAND, CURRENT
from .sums import Counter, holds, place, write_whole

RECORD, UNFINISHED = "model.json", "pull.json"

_WHEELHOUSE = re.compile(r"^[ \t]*wheelhouse[ \t]*=[ \t]*(.*?)[ \t]*$", re.MULTILINE)


class Models:
    """The models of a bundle, and the store that they go to."""

    def __init__(self, bundle: Path, manifest: Manifest, store: Path) -> None:
        self._bundle, self._store = bundle, store
        self._models = {name: manifest.below(f"{MODELS}/{name}") for name in manifest.models}

    def needed_bytes(self) -> int:
        """Return what will be written to the store at most."""
        return sum(self._missing_bytes(name, file) for name, files in self._models.items() for file in files)

    def _missing_bytes(self, name: str, file: CarriedFile) -> int:
        with suppress(OSError):
            if (self._store / name / file.name).stat().st_size == file.size_bytes:
                return 0
        return file.size_bytes

    def place(self, show: Show) -> list[str]:
        """Put the models into the store; return a line for each that is another one there and was left.

        Raises ``Refused``, ``OSError``.
        """
        if not self._models:
            return []
        counter = Counter("Copying models", sum(f.size_bytes for files in self._models.values() for f in files), show)
        notes = []
        for name, files in self._models.items():
            if self._is_another(name, files):
                again = f"`offline-interpreter models rm {name}`, then install again"
                notes.append(f"The store has another model {name!r}, which was left. To have the bundle's: {again}.")
            else:
                self._place(self._store / name, files, counter)
        return notes

    def _is_another(self, name: str, files: tuple[CarriedFile, ...]) -> bool:
        held = _record(self._store / name / RECORD)
        if held is not None:
            return bool(held != _record(self._bundle / MODELS / name / RECORD))
        ours = {file.name for file in files}
        return any(path.name not in ours for path in (self._store / name).glob("*.gguf"))

    def _place(self, folder: Path, files: tuple[CarriedFile, ...], counter: Counter) -> None:
        record = next((file for file in files if file.name == RECORD), None)
        if record is None:
            raise Refused(f"The bundle has no {MODELS}/{folder.name}/{RECORD}. Make it again with `bundle create`.")
        weights = [file for file in files if file is not record]
        if (folder / RECORD).is_file() and all(holds(folder / file.name, file) for file in weights):
            counter.add(sum(file.size_bytes for file in files))
            return
        place(self._bundle, record, folder / UNFINISHED, counter.add)
        (folder / RECORD).unlink(missing_ok=True)
        for file in weights:
            place(self._bundle, file, folder / file.name, counter.add)
        (folder / UNFINISHED).replace(folder / RECORD)


def _record(path: Path) -> Any:
    """Return what files a model must have, or None where that is not told."""
    try:
        files = json.loads(path.read_text(encoding="utf-8"))["files"]
        return sorted((file["name"], file["sha256"]) for file in files)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def place_catalogue(bundle: Path, manifest: Manifest, user_file: Path) -> list[str]:
    """Put the catalogue of whoever made the bundle beside the settings, if it has one and there is none yet."""
    file = next((file for file in manifest.files if file.path == CATALOGUE), None)
    target = user_file.with_name(CATALOGUE)
    if file is None or holds(target, file):
        return []
    if target.exists():
        return [f"You have a catalogue of your own, {str(target)!r}, which was left. The bundle's is {file.path}."]
    place(bundle, file, target, lambda _: None)
    return []


def register_wheelhouse(wheels: Path, user_file: Path) -> list[str]:
    """Name the wheels in the person's settings, unless they name others; return a line if they do."""
    path = Path(os.path.realpath(user_file))  # settings may be a link to a file that is kept elsewhere
    try:
        text = path.read_text(encoding="utf-8") if path.exists() else ""
    except (OSError, UnicodeDecodeError) as error:
        return [f"Your settings {str(path)!r} could not be read ({error}): %pip install does not know the wheels."]
    wanted = json.dumps(str(wheels), ensure_ascii=False)
    found = _WHEELHOUSE.search(text)
    if found is None:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, f"wheelhouse = {wanted}\n{text}")  # at the beginning: behind a [table] it would be part of it
    elif found[1] != wanted:
        return [f"Your settings name another wheelhouse, {found[1]}, which was left. The bundle's is {wanted}."]
    return []


def link_command(command: Path, target: Path) -> list[str]:
    """Put a link to the command where commands of a person lie, unless something else is there: then a line tells."""
    link = commands_folder() / COMMAND
    if link.is_symlink() and link.readlink() == command:
        return []
    if os.path.lexists(link) and not _leads_to(link, target):
        return [f"{str(link)!r} is something else and was left."]
    link.parent.mkdir(parents=True, exist_ok=True)
    new = link.with_name(f".{COMMAND}.part")
    new.unlink(missing_ok=True)
    new.symlink_to(command)
    new.replace(link)
    return []


def _leads_to(link: Path, target: Path) -> bool:
    return link.is_symlink() and link.readlink().is_relative_to(target / CURRENT)
