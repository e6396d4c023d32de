"""Running pip on the connected machine: what it says goes to a log, what went wrong becomes one line.

What the person has configured for pip (a mirror, a proxy, certificates) holds. It knows nothing of bundles.
"""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from offline_interpreter.errors import BundleError

_NO_INDEX = re.compile(r"after connection broken by|Failed to establish a new connection|No route to host")
_STEP = re.compile(r"\s*\[(\d+)/(\d+)\] ")
_ERROR = re.compile(r"(?:^|\W)(?:\w*[Ee]rror|ERROR): |CMake Error")
_MOST_LINE = 200


def _nothing(_done: int, _total: int) -> None:
    pass


def run_pip(
    what: str,
    arguments: Sequence[str],
    log: Path,
    *,
    settings: Mapping[str, str] | None = None,
    step: Callable[[int, int], None] = _nothing,
) -> None:
    """Run pip with these arguments; ``step`` is told the steps of a build. Raises ``BundleError`` that names ``what``.

    ``settings`` are added to the environment. The log is removed when all went well.
    """
    if importlib.util.find_spec("pip") is None:
        raise BundleError("pip is not installed in this Python, and a bundle is made with it.", "Run `ensurepip`.")
    command = [sys.executable, "-I", "-m", "pip", *arguments, "--disable-pip-version-check", "--progress-bar", "off"]
    environment = {**os.environ, **(settings or {})}
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w", encoding="utf-8") as kept:
        child = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, errors="replace",
        )  # fmt: skip
        with child:
            try:
                for line in child.stdout or ():
                    kept.write(line)
                    if found := _STEP.match(line):
                        step(int(found[1]), int(found[2]))
            except BaseException:
                child.terminate()
                raise
    if child.returncode:
        raise _failure(what, log)
    log.unlink()


def _failure(what: str, log: Path) -> BundleError:
    text = log.read_text(encoding="utf-8")
    remedy = f"The whole log: {log}"
    if _NO_INDEX.search(text):
        return BundleError(f"{what}: no package index can be reached. `bundle create` needs one.", remedy)
    lines = text.splitlines()
    found = [line.strip() for line in lines if _ERROR.search(line)] or [line.strip() for line in lines if line.strip()]
    reason = found[0][:_MOST_LINE].removeprefix("ERROR: ").rstrip(".") if found else "pip gave no reason"
    return BundleError(f"{what}: {reason}.", remedy)
