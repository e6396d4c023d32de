"""Runs generated cells for real, in this process, and builds what the product would observe of them.

In the process and not in a kernel child, since it has to run dozens of cells a second. It is no sandbox: it runs only
code that the repository's own families wrote. The process's working folder is the bench's folder while a cell runs.
"""

from __future__ import annotations

import contextlib
import io
import linecache
import os
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from offline_interpreter.kernel.short_traceback import short_traceback
from offline_interpreter.prompt import Observed
from offline_interpreter.records import CellResult
from offline_interpreter.workspace.scan import Workspace


@dataclass(frozen=True, slots=True)
class Ran:
    """What a cell did, as ``prompt.observation_text`` takes it."""

    observed: Observed
    result: CellResult


class Workbench:
    """A folder in which cells run, with variables kept from cell to cell."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._workspace = Workspace(folder)
        self._variables: dict[str, Any] = {"__name__": "__main__"}
        self._cells = 0

    def run(self, code: str) -> Ran:
        """Run a cell; an exception becomes an error text as the kernel words it."""
        self._cells += 1
        name = f"<Cell {self._cells}>"
        linecache.cache[name] = (len(code), None, code.splitlines(keepends=True), name)
        printed, error = io.StringIO(), ""
        with _working_in(self.folder), contextlib.redirect_stdout(printed), warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)  # short cells leave files to the garbage collector
            try:
                exec(compile(code, name, "exec"), self._variables)  # noqa: S102 - see the module's docstring
            except Exception as problem:
                error = _error_text(problem)
        artifacts = tuple(self._workspace.changed())
        observed = Observed(text=printed.getvalue(), error=error, artifacts=artifacts, figures=_close_figures())
        return Ran(observed, CellResult("error" if error else "ok", 0.0))

    def files(self) -> list[str]:
        """Return the files in the folder, as the product lists them."""
        return self._workspace.files()


@contextlib.contextmanager
def _working_in(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def _error_text(problem: Exception) -> str:
    """Return the short traceback of a cell, as the kernel words it: without the frame of this module."""
    own = problem.__traceback__
    return short_traceback(problem.with_traceback(own.tb_next if own else None))


def _close_figures() -> tuple[str, ...]:
    """Close the figures that a cell left open, which the kernel shows; return one name for each."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is None:
        return ()
    names = tuple(f"figure-{number}" for number in pyplot.get_fignums())
    pyplot.close("all")
    return names
