"""The catalogue: the models that are known by a short name, each with its exact files.

It reads ``models.toml``, which stands at the top level of the repository and is packed into the wheel, and
optionally a file of the person's own in the same form, whose entries replace those of the same id. Every
entry is pinned: a commit of a repository or the version of a package, and the size and SHA-256 of each file.

It does not know which models are on this machine, whether one fits into its memory, or how to fetch one; and
it does not ask any hub whether a repository still holds what the catalogue names.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

from offline_interpreter.config import user_file
from offline_interpreter.errors import UsageError
from offline_interpreter.records import StepProtocol

SCHEMA_VERSION = 1

# An id and a file's name become parts of a path in the store, so neither may lead out of its folder.
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")
REPO_ID = re.compile(rf"{NAME.pattern}/{NAME.pattern}")
_COMMIT = re.compile(r"[0-9a-f]{40}")
SHA256 = re.compile(r"[0-9a-f]{64}")
_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.!+]*")
_PROTOCOL = re.compile("json|fenced")
_LINE = re.compile(r"\S[^\n]*")


@dataclass(frozen=True)
class ModelFile:
    """One file of a model, as its publisher holds it at the pinned commit."""

    name: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True)
class HubSource:
    """A repository on a model hub, at one commit of it."""

    repo_id: str
    revision: str

    @property
    def name(self) -> str:
        """Return what to call it."""
        return self.repo_id


@dataclass(frozen=True)
class PackageSource:
    """A Python package that carries the file in its wheel, at one version of it."""

    package: str
    revision: str

    @property
    def name(self) -> str:
        """Return what to call it."""
        return f"package {self.package}"


@dataclass(frozen=True)
class ModelEntry:
    """A model that the catalogue names: where its files are, and what may be done with it.

    ``context`` is the window in tokens that it was trained for; ``kv_bytes_per_token_f16`` what one token
    takes in its KV cache, where that is known without reading the file; ``notes`` a line for the person; ``protocol``
    is how it writes code best, as `offline-interpreter bench run --protocol` measures it.
    """

    id: str
    source: HubSource | PackageSource
    license: str
    context: int
    files: tuple[ModelFile, ...]
    kv_bytes_per_token_f16: int | None = None
    notes: str = ""
    protocol: StepProtocol = "json"

    @property
    def size_bytes(self) -> int:
        """Return the size of all its files together."""
        return sum(file.size_bytes for file in self.files)


def load_catalogue(extra: Path | None = None) -> tuple[ModelEntry, ...]:
    """Return the built-in entries in their order, overridden and followed by those of the file ``extra``.

    Raises ``UsageError`` with the file and the entry when either file is missing or broken.
    """
    entries = {entry.id: entry for entry in _read_entries(_built_in_file())}
    if extra is not None:
        entries.update((entry.id, entry) for entry in _read_entries(extra))
    return tuple(entries.values())


def known_models() -> tuple[ModelEntry, ...]:
    """Return the built-in entries with those of the person's own ``models.toml`` beside ``config.toml``."""
    own = user_file().with_name("models.toml")
    return load_catalogue(own if own.is_file() else None)


def _built_in_file() -> Path:
    package = Path(__file__).parent.parent
    packed = package / "data" / "models.toml"
    return packed if packed.is_file() else package.parent / "models.toml"


def _read_entries(path: Path) -> tuple[ModelEntry, ...]:
    document = _Table(_parse(path), str(path))
    version = document.whole_number("schema")
    if version != SCHEMA_VERSION:
        raise UsageError(
            f"{path}: schema {version} is not known; this version reads schema {SCHEMA_VERSION}.",
            "Update Offline Interpreter, or the file.",
        )
    entries = tuple(_read_entry(table) for table in document.tables("model"))
    document.finish()
    _refuse_twice((entry.id for entry in entries), f"{path}: the id")
    return entries


def _parse(path: Path) -> dict[str, object]:
    try:
        parsed: dict[str, object] = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"The catalogue {path} cannot be read: {error.strerror}.", "Check the path.") from error
    except ValueError as error:  # TOMLDecodeError and UnicodeDecodeError are both ValueErrors
        raise UsageError(f"The catalogue {path} is not TOML: {error}.", "Correct that place.") from error
    return parsed


def _read_entry(table: _Table) -> ModelEntry:
    entry_id = table.text("id", NAME, "a name of letters, digits and . _ + -")
    table.where += f", model {entry_id!r}"
    entry = ModelEntry(
        id=entry_id,
        source=_read_source(table),
        license=table.text("license", _LINE, "the name of a license"),
        context=table.whole_number("context"),
        files=tuple(_read_file(file) for file in table.tables("files")),
        kv_bytes_per_token_f16=table.whole_number("kv_bytes_per_token_f16")
        if table.has("kv_bytes_per_token_f16")
        else None,
        notes=table.text("notes", _LINE, "one line of text") if table.has("notes") else "",
        protocol=_read_protocol(table),
    )
    table.finish()
    _refuse_twice((file.name for file in entry.files), f"{table.where}: the file")
    return entry


def _read_source(table: _Table) -> HubSource | PackageSource:
    if table.has("package"):
        package = table.text("package", NAME, "the name of a package")
        return PackageSource(package, table.text("version", _VERSION, "the version of a package"))
    repo_id = table.text("repo_id", REPO_ID, "a repository: owner/name")
    return HubSource(repo_id, table.text("revision", _COMMIT, "a commit: 40 hex digits"))


def _read_protocol(table: _Table) -> StepProtocol:
    is_fenced = table.has("protocol") and table.text("protocol", _PROTOCOL, "json or fenced") == "fenced"
    return "fenced" if is_fenced else "json"


def _read_file(table: _Table) -> ModelFile:
    file = ModelFile(
        name=table.text("name", NAME, "a plain file name"),
        size_bytes=table.whole_number("size"),
        sha256=table.text("sha256", SHA256, "64 hex digits"),
    )
    table.finish()
    return file


def _refuse_twice(names: Iterable[str], what: str) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise UsageError(f"{what} {name!r} stands there twice.", "Remove one.")
        seen.add(name)


class _Table:
    """One table of the file while it is read; ``where`` says which, for messages."""

    def __init__(self, values: dict[str, object], where: str) -> None:
        self.where = where
        self._values = dict(values)

    def has(self, key: str) -> bool:
        return key in self._values

    def text(self, key: str, pattern: re.Pattern[str], description: str) -> str:
        value = self._values.pop(key, None)
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise self._wrong(key, value, description)
        return value

    def whole_number(self, key: str) -> int:
        value = self._values.pop(key, None)
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise self._wrong(key, value, "a whole number above 0")
        return value

    def tables(self, key: str) -> list[_Table]:
        value = self._values.pop(key, None)
        if not isinstance(value, list) or not value or not all(isinstance(item, dict) for item in value):
            raise self._wrong(key, value, "one table or more")
        return [_Table(item, f"{self.where}, {key} {number}") for number, item in enumerate(value, 1)]

    def finish(self) -> None:
        """Refuse keys that nobody asked for: a misspelt one would otherwise be lost without a word."""
        for key in self._values:
            raise UsageError(f"{self.where}: the key {key!r} is not known.", "Correct or remove it.")

    def _wrong(self, key: str, value: object, description: str) -> UsageError:
        found = "is missing" if value is None else f"is {value!r}"
        return UsageError(f"{self.where}: {key!r} {found}.", f"It must be {description}.")
