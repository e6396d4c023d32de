"""What lies in a workspace, read as one reads what may have been laid as a trap.

No link is followed on any level, nothing but plain files is opened, sizes and counts are bounded, and nothing is
unpickled or run. Bytes are given to whoever decodes them; pictures, documents and videos are looked at elsewhere.
"""

from __future__ import annotations

import csv
import io
import json
import os
import stat
import zipfile
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from offline_interpreter.bench.core.answers import number_of
from offline_interpreter.bench.core.demands import Lacking, lack, require
from offline_interpreter.workspace.folders import Folders

MOST_BYTES = 32_000_000  # of a file
MOST_UNPACKED_BYTES = 64_000_000  # of an archive, as its directory says and as it turns out
MOST_ENTRIES = 5_000
MOST_ROWS = 200_000

_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)


def names_in(folder: Path, *suffixes: str, but: Collection[str] = ()) -> list[str]:
    """Return the plain files of a folder and those below, by path relative to it, in order; links are left out.

    With ``suffixes``, those that end so, whatever their case. Those in ``but`` are left out, as are hidden ones.
    """
    found: list[str] = []
    seen = 0
    for at, folders, files in os.walk(folder, followlinks=False):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "__pycache__")))
        seen += len(files) + len(folders)
        require(seen <= MOST_ENTRIES, f"There are more than {MOST_ENTRIES} files.")
        for name in files:
            path = Path(at) / name
            if not name.startswith(".") and stat.S_ISREG(path.lstat().st_mode):
                found.append(path.relative_to(folder).as_posix())
    endings = tuple(suffix.casefold() for suffix in suffixes)
    kept = (name for name in found if name not in but and (not endings or name.casefold().endswith(endings)))
    return sorted(kept, key=lambda name: (name.count("/"), name))


def read(folder: Path, name: str) -> bytes:
    """Return what a file below the folder holds. Raises ``Lacking`` if it is not a plain file of bounded size."""
    try:
        with Folders(folder) as folders:
            fd, base = folders.place(name)
            with open(os.open(base, _FLAGS, dir_fd=fd), "rb") as file:  # noqa: PTH123
                status = os.fstat(file.fileno())
                require(stat.S_ISREG(status.st_mode), f"{name} is not a plain file.")
                require(status.st_size <= MOST_BYTES, f"{name} is larger than {MOST_BYTES // 1_000_000} MB.")
                return file.read(MOST_BYTES)
    except OSError as error:
        lack(f"{name} is not there, or cannot be read ({error.strerror}).")


def read_named(folder: Path, name: str) -> bytes:
    """Return what the file of that name holds, wherever in the folder it lies. Raises ``Lacking``."""
    return read(folder, named(folder, name))


def named(folder: Path, name: str) -> str:
    """Return the path of the file of that name, at the place that it says or, failing that, in any folder."""
    wanted = name.casefold()
    found = [path for path in names_in(folder) if path.casefold() == wanted]
    found = found or [path for path in names_in(folder) if path.rpartition("/")[2].casefold() == wanted]
    require(found, f"There is no file {name}.")
    return found[0]


def text_of(data: bytes) -> str:
    """Return bytes as text: UTF-8, with or without a mark. Raises ``Lacking``."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        lack("A file that was made is not UTF-8 text.")


def json_of(data: bytes) -> Any:
    """Return what a JSON file holds. Raises ``Lacking``."""
    try:
        return json.loads(text_of(data))
    except (ValueError, RecursionError):
        lack("A file that was made is not valid JSON.")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table as text: its header and its rows, each as long as the header."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def column(self, *names: str) -> list[str]:
        """Return the cells of the first column that has one of the names, whatever its case. Raises ``Lacking``."""
        plain = [_plain(name) for name in self.header]
        for name in names:
            if _plain(name) in plain:
                return [row[plain.index(_plain(name))] for row in self.rows]
        raise Lacking(f"The table has no column {names[0]} (it has {', '.join(self.header)[:80]}).")

    def figures(self, *names: str) -> list[float]:
        """Return a column's cells as numbers. Raises ``Lacking``."""
        return [figure(cell) for cell in self.column(*names)]


def _plain(name: str) -> str:
    return "".join(char for char in name.casefold() if char.isalnum())


def figure(cell: str) -> float:
    """Return the number that a cell holds, in any usual form. Raises ``Lacking``."""
    try:
        return float(cell)
    except ValueError:
        number = number_of(cell)
        if number is None:
            lack(f"{cell[:40]!r} is not a number.")
        return number


def sheet_of(data: bytes) -> Sheet:
    """Return the table in a CSV file, whose separator is the likeliest one. Raises ``Lacking``."""
    text = text_of(data)
    first = text.partition("\n")[0]
    separator = max(",;\t|", key=first.count)
    rows = [tuple(cell.strip() for cell in row) for row in csv.reader(io.StringIO(text), delimiter=separator) if row]
    require(rows, "A table that was made is empty.")
    require(len(rows) <= MOST_ROWS, f"A table that was made has more than {MOST_ROWS} rows.")
    header, *rest = rows
    width = len(header)
    return Sheet(header, tuple((*row, *[""] * (width - len(row)))[:width] for row in rest))


def archive_of(data: bytes) -> zipfile.ZipFile:
    """Return a ZIP archive that unpacks to a bounded size; office files are such archives. Raises ``Lacking``."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except zipfile.BadZipFile:
        lack("A file that was made is not a valid archive.")
    entries = archive.infolist()
    require(len(entries) <= MOST_ENTRIES, f"An archive holds more than {MOST_ENTRIES} files.")
    require(sum(entry.file_size for entry in entries) <= MOST_UNPACKED_BYTES, "An archive unpacks to far too much.")
    return archive


def unpacked(data: bytes) -> dict[str, bytes]:
    """Return what the files in a ZIP archive hold, by their names there. Raises ``Lacking``."""
    with archive_of(data) as archive:
        return {entry.filename: _bounded(archive, entry) for entry in archive.infolist() if not entry.is_dir()}


def _bounded(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    with archive.open(entry) as file:
        data = file.read(entry.file_size + 1)
    require(len(data) <= entry.file_size, "An archive holds more than it says.")
    return data
