"""What this program stands on: Python, the packages of cells, memory, the terminal, disks and folders.

Nothing is written to find out whether a folder can be written to: what the operating system says of it is believed.
"""

from __future__ import annotations

import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path

from offline_interpreter.api import sessions_folder
from offline_interpreter.config import (
    ENVIRONMENT_PREFIX,
    Options,
    models_folder,
    prefixes_folder,
    state_folder,
    user_file,
)
from offline_interpreter.doctor.findings import Finding, State
from offline_interpreter.errors import WorkspaceRefused
from offline_interpreter.kernel.packages import installed_packages
from offline_interpreter.kernel.sandbox.places import refuse_workspace
from offline_interpreter.machine import free_memory_bytes, usable_cores
from offline_interpreter.plain_text import size_text

_LITTLE_MEMORY_BYTES = 1 << 30
_LITTLE_DISK_BYTES, _NO_DISK_BYTES = 2 << 30, 64 << 20
_LEAST_COLUMNS = 60
_EXTRA = "data"
_ASK_S = 30.0


def check_python() -> Iterator[Finding]:
    """Yield which Python runs this, and where."""
    system = f"{platform.system()} {platform.release()}, {platform.machine()}"
    data = {"version": platform.python_version(), "executable": sys.executable, "system": system}
    yield Finding("Python", "ok", f"{data['version']} on {system}: {sys.executable}", data=data)


def check_packages(options: Options) -> Iterator[Finding]:
    """Yield which packages cells can use, and which of those that are recommended are missing."""
    names = installed_packages(options.python)
    pip = f"{shlex.quote(options.python)} -m pip install"
    if not _has_ipython(options.python):
        text = f"The Python that runs cells has no IPython: {options.python}"
        yield Finding("packages", "problem", text, "Install it there.", (f"{pip} ipython",))
        return
    wanted = recommended_packages()
    missing = [name for name in wanted if re.sub(r"[-_.]+", "-", name).lower() not in names]
    data = {"python": options.python, "count": len(names), "missing": missing}
    if missing:
        text = f"Cells have {len(names)} packages, and lack {', '.join(missing)}."
        remedy = "Requests that need them end in an error. Where there is a network, or with --no-index --find-links:"
        yield Finding("packages", "note", text, remedy, (f"{pip} {' '.join(missing)}",), data)
    else:
        yield Finding("packages", "ok", f"Cells have {len(names)} packages, among them all that are usual.", data=data)


def recommended_packages() -> list[str]:
    """Return the names of the packages of the extra for data, as this distribution states them; none if it does not."""
    try:
        stated = metadata.requires("offline-interpreter") or []
    except metadata.PackageNotFoundError:  # it runs from its source
        return []
    marked = (line.partition(";") for line in stated)
    names = (re.match(r"[\w.-]+", line) for line, _, mark in marked if re.search(f"extra == ['\"]{_EXTRA}['\"]", mark))
    return [name.group() for name in names if name]


def _has_ipython(python: str) -> bool:
    asked = [python, "-I", "-c", "import importlib.util, sys; sys.exit(importlib.util.find_spec('IPython') is None)"]
    return not subprocess.run(asked, stdin=subprocess.DEVNULL, timeout=_ASK_S, check=False).returncode


def check_memory() -> Iterator[Finding]:
    """Yield what is free of main memory, and the cores that a model computes on."""
    free, cores = free_memory_bytes(), usable_cores()
    text = f"{size_text(free)} free, {cores} core{'s' * (cores != 1)} to compute on."
    data = {"free_bytes": free, "cores": cores}
    if free < _LITTLE_MEMORY_BYTES:
        yield Finding("memory", "note", text, "End other programs: cells and models need more.", data=data)
    else:
        yield Finding("memory", "ok", text, data=data)


def check_terminal(environment: Mapping[str, str] = os.environ) -> Iterator[Finding]:
    """Yield what can be shown: whether there is a terminal, its size, and the characters that it takes."""
    is_terminal = sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty()
    columns, lines = shutil.get_terminal_size()
    encoding = (getattr(sys.stdout, "encoding", None) or "none").lower()
    kind = environment.get("TERM", "")
    data = {"terminal": is_terminal, "columns": columns, "lines": lines, "encoding": encoding, "kind": kind}
    text = f"{columns} × {lines}, {kind or 'of no name'}, {encoding}." if is_terminal else f"None here; {encoding}."
    if not encoding.startswith("utf"):
        remedy = "Boxes and letters of other languages are lost. Set a locale of UTF-8: LC_ALL=C.UTF-8"
        yield Finding("terminal", "note", text, remedy, data=data)
    elif is_terminal and columns < _LEAST_COLUMNS:
        yield Finding("terminal", "note", text, f"Tables and code need {_LEAST_COLUMNS} columns or more.", data=data)
    elif is_terminal and kind == "dumb":
        yield Finding("terminal", "note", text, "Set TERM to what it is, for colors and editing.", data=data)
    else:
        yield Finding("terminal", "ok", text, data=data)


# -- disks and folders --------------------------------------------------------------------------------------------


def check_disk(options: Options) -> Iterator[Finding]:
    """Yield what is free where sessions, models, evaluated prompts and cells write: a line for each file system."""
    kept: dict[int, tuple[Path, list[str]]] = {}
    temporary = Path(tempfile.gettempdir())
    for name, folder in {**_folders(), "this folder": options.workspace, "temporary files": temporary}.items():
        there = existing(folder)
        kept.setdefault(there.stat().st_dev, (there, []))[1].append(name)
    for folder, names in kept.values():
        free = shutil.disk_usage(folder).free
        text = f"{size_text(free)} free for {', '.join(names)}."
        data = {"free_bytes": free, "folder": str(folder), "for": names}
        if free < _NO_DISK_BYTES:
            yield Finding("disk", "problem", text, "Make room: nothing can be kept.", data=data)
        elif free < _LITTLE_DISK_BYTES:
            yield Finding("disk", "note", text, "Cells leave 2 GiB free, and so can write small files only.", data=data)
        else:
            yield Finding("disk", "ok", text, data=data)


def check_folders(options: Options) -> Iterator[Finding]:
    """Yield where things are kept, and whether they can be; and whether cells may work in this folder."""
    for name, folder in _folders().items():
        data = {"for": name, "folder": str(folder)}
        there = existing(folder)
        if there.is_dir() and os.access(there, os.W_OK | os.X_OK):
            yield Finding("folders", "ok", f"{name}: {folder}", data=data)
            continue
        state: State = "problem" if name == "sessions" else "note"
        variable = ENVIRONMENT_PREFIX + {"sessions": "STATE", "models": "MODELS", "prompts": "CACHE"}[name]
        text = f"{name}: {folder} cannot be written to ({there})."
        yield Finding("folders", state, text, f"Set {variable} to a folder that can be.", data=data)
    settings = user_file()
    text = f"settings: {settings}{'' if settings.exists() else ' (not there; none is needed)'}"
    yield Finding("folders", "ok", text, data={"for": "settings", "folder": str(settings)})
    try:
        refuse_workspace(options.workspace, kept=(models_folder(), sessions_folder()))
    except WorkspaceRefused as error:
        yield Finding("folders", "note", error.cause, error.remedy, data={"for": "workspace"})


def existing(folder: Path) -> Path:
    """Return the folder, or the nearest one above it that is there."""
    return next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())


def _folders() -> dict[str, Path]:
    return {"sessions": state_folder(), "models": models_folder(), "prompts": prefixes_folder()}
