"""The names of the packages that cells can import, for the system prompt.

Read from the folders of the kernel's Python without importing anything or starting it, but for asking a foreign Python
once where its folders are. Names are normal forms of the distributions' names (``scikit-learn``), which may differ
from the names of their modules.
"""

from __future__ import annotations

import json
import re
import site
import subprocess
import sys
from functools import lru_cache
from pathlib import Path

from offline_interpreter.errors import KernelError

# What works below other packages, or installs them, and is not imported for work itself.
_PLUMBING = """
    annotated-doc annotated-types anyio asttokens attrs certifi cffi charset-normalizer colorama comm contourpy cycler
    debugpy decorator diskcache distlib et-xmlfile exceptiongroup executing filelock fonttools fsspec h11 hatchling
    hf-xet httpcore huggingface-hub idna iniconfig ipykernel ipython ipython-pygments-lexers jedi
    jsonschema-specifications kiwisolver llama-cpp-python llguidance markdown-it-py markupsafe matplotlib-inline mdurl
    mypy-extensions nest-asyncio offline-interpreter packaging parso pathspec pexpect pip platformdirs pluggy
    prompt-toolkit ptyprocess pure-eval pycparser pyparsing pyproject-hooks pytokens pyzmq referencing rpds-py
    setuptools shellingham six sniffio sortedcontainers stack-data threadpoolctl tomli tornado traitlets typer
    typer-slim typing-extensions typing-inspection tzdata uv virtualenv wcwidth wheel zipp
"""
NOT_FOR_WORK = frozenset(_PLUMBING.split())

_ASK_FOLDERS = "import json, site; print(json.dumps(site.getsitepackages()))"
_ASK_TIMEOUT_S = 30


def installed_packages(python: str) -> list[str]:
    """Return the sorted names of the distributions in the folders of ``python``.

    Raises ``KernelError`` if a foreign Python does not say where its folders are.
    """
    is_own = Path(python).absolute() == Path(sys.executable).absolute()
    folders = tuple(site.getsitepackages()) if is_own else _ask_folders(python)
    return list(_names_in(tuple((folder, _changed_at(folder)) for folder in folders)))


@lru_cache
def _ask_folders(python: str) -> tuple[str, ...]:
    try:
        asked = subprocess.run(
            [python, "-I", "-c", _ASK_FOLDERS], capture_output=True, check=True, timeout=_ASK_TIMEOUT_S
        )
        return tuple(json.loads(asked.stdout))
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise KernelError(f"The Python {python!r} cannot be run.", "Check the path.") from error


def _changed_at(folder: str) -> int:
    try:
        return Path(folder).stat().st_mtime_ns
    except FileNotFoundError:
        return 0


@lru_cache
def _names_in(folders: tuple[tuple[str, int], ...]) -> tuple[str, ...]:
    """Return the names found; each folder comes with the time of its last change, as the key of the cache."""
    entries = [entry.name for folder, changed_at in folders if changed_at for entry in Path(folder).iterdir()]
    names = {_distribution(entry) for entry in entries} - NOT_FOR_WORK - {""}
    return tuple(sorted(name for name in names if not name.startswith("types-")))


def _distribution(entry: str) -> str:
    """Return the distribution whose metadata is kept under the name ``entry``; an empty text if it is none."""
    found = re.fullmatch(r"([A-Za-z0-9][\w.]*?)(?:-[^-].*)?\.(?:dist-info|egg-info)", entry)
    return re.sub(r"[-_.]+", "-", found[1]).lower() if found else ""
