"""Receipts: which files were hashed on this machine, and how they were then.

A file whose size and time of change are those of its receipt is not hashed again. Receipts lie in the cache folder
and not beside the models: a store that is carried to another machine is hashed there anew, and one that cannot be
written to is hashed once. To lose them costs time and nothing else.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from offline_interpreter.config import receipts_file


def holds(path: Path, sha256: str) -> bool:
    """Return whether a file was found to have this SHA-256 and has not changed since."""
    try:
        return bool(sha256) and _read().get(_key(path)) == _receipt(path, sha256)
    except OSError:
        return False


def remember(path: Path, sha256: str) -> None:
    """Note that a file has this SHA-256; where nothing can be written it is not noted."""
    with suppress(OSError):
        kept = {name: receipt for name, receipt in _read().items() if Path(name).exists()}
        _write(kept | {_key(path): _receipt(path, sha256)})


def forget(path: Path) -> None:
    """Take a receipt back, as of a file that was found damaged."""
    receipts = _read()
    if receipts.pop(_key(path), None) is not None:
        with suppress(OSError):
            _write(receipts)


def _key(path: Path) -> str:
    return os.path.abspath(path)  # noqa: PTH100 - a link stays the name that it is


def _receipt(path: Path, sha256: str) -> list[Any]:
    status = path.stat()
    return [sha256, status.st_size, status.st_mtime_ns]


def _read() -> dict[str, Any]:
    try:
        receipts = json.loads(receipts_file().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return receipts if isinstance(receipts, dict) else {}


def _write(receipts: dict[str, Any]) -> None:
    path = receipts_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}-{os.getpid()}")
    new.write_text(json.dumps(receipts, indent=1), encoding="utf-8")
    new.replace(path)
