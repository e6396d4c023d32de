"""The kernel as the session sees it: cells in, outputs and a result out, whatever a cell does.

A ``Kernel`` keeps one child process and replaces it when it dies or must be killed, if it likes by a spare one that was
started before and in which nothing ran. One cell runs at a time, driven by
whoever iterates over ``execute``; ``interrupt`` and ``close`` may come from anywhere. How cells are confined is chosen
once, before the first child starts. Nothing is known here of sessions, files or how output is shown.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Generator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from offline_interpreter.errors import KernelError
from offline_interpreter.kernel.disk import DiskGrowth
from offline_interpreter.kernel.process import CHECK_S, Child, Wake, absolute
from offline_interpreter.kernel.running import RunningCell
from offline_interpreter.kernel.sandbox.plan import Access, memory_bytes
from offline_interpreter.kernel.sandbox.selftest import forget
from offline_interpreter.kernel.sandbox.tiers import Confinement, choose_confinement
from offline_interpreter.records import AskInput, CellResult, Limits, Output, RunningLine, SandboxMode

START_S = 60.0  # for the child to load its shell, on a slow disk

_DEFAULT_LIMITS = Limits()
_NOTHING_ELSE = Access()


class Kernel:
    """Runs cells in a child process that keeps their variables."""

    def __init__(
        self,
        workspace: Path,
        *,
        limits: Limits = _DEFAULT_LIMITS,
        python: str = sys.executable,
        packages_dir: Path | None = None,
        wheelhouse: Path | None = None,
        ran_before: int = 0,
        sandbox: SandboxMode = "auto",
        access: Access = _NOTHING_ELSE,
        keeps_spare: bool = False,
    ) -> None:
        """Prepare a kernel for cells that run in ``workspace``; start nothing.

        ``python`` may belong to another environment that has IPython. ``packages_dir`` stands last on the path of
        imports; pip installs into it, from the wheels in ``wheelhouse``. Cells are numbered from ``ran_before`` + 1.
        ``access`` is what they may reach beyond the workspace. ``keeps_spare``: after the first cell, and after each
        restart, start one more child, so that a restart takes no time.
        """
        self._workspace = workspace
        self._limits = limits
        self._python = python
        self._folders = {"packages_dir": str(packages_dir or ""), "wheelhouse": str(wheelhouse or "")}
        self._sandbox = sandbox
        written = (packages_dir,) if packages_dir else ()
        read = (wheelhouse,) if wheelhouse else ()
        self._access = replace(access, read=(*access.read, *read), write=(*access.write, *written))
        self._confinement: Confinement | None = None
        self._wake = Wake()
        self._child: Child | None = None
        self._keeps_spare = keeps_spare
        self._spare: Child | None = None
        self._cells = ran_before
        self._memory_bytes = 0
        self._is_busy = False
        self._is_closed = False

    @property
    def python(self) -> str:
        """The Python that runs the cells."""
        return self._python

    @property
    def confinement(self) -> Confinement:
        """How cells are confined. Raises ``KernelError`` if they cannot be as they should."""
        if self._confinement is None:
            self._confinement = choose_confinement(
                self._sandbox, self._workspace, python=absolute(self._python), access=self._access, limits=self._limits
            )
        return self._confinement

    def start(self) -> None:
        """Start the child without waiting for it; ``execute`` does so by itself where needed."""
        self._start()

    def execute(
        self, code: str, *, timeout_s: float = 0, ask_input: AskInput | None = None
    ) -> Generator[Output | RunningLine, None, CellResult]:
        """Run one cell; yield what it puts out, as it comes, and where it is; return how it ended.

        ``timeout_s`` 0 means the limits' own. Waiting for ``ask_input``, and for the child to start, is not counted.
        Without ``ask_input``, or when it raises EOFError, ``input()`` fails in the cell; when it raises
        KeyboardInterrupt the cell is interrupted. Closing the generator interrupts the cell. Raises ``KernelError``
        if no child can be started.
        """
        if self._is_busy:
            raise KernelError("The kernel is running a cell already.", "Wait for its end, or make another kernel.")
        self._wake.clear()
        self._is_busy = True
        try:
            return (yield from self._execute(code, timeout_s or self._limits.cell_time_s, ask_input))
        finally:
            self._is_busy = False

    def interrupt(self) -> None:
        """Interrupt the running cell, if any; from any thread or a signal handler."""
        if self._is_busy:
            self._wake.request()

    def restart(self) -> None:
        """Replace the child, and with it all variables; a running cell ends as died."""
        if self._is_busy and self._child is not None:
            self._child.kill()
        else:
            if self._child is not None:
                self._child.kill()
            self._discard_dead_child()
            self._start()
            self._start_spare()

    def close(self) -> None:
        """End the child and all that its cells started; nothing can be run afterwards."""
        self._is_closed = True
        self._discard_spare()
        if self._is_busy and self._child is not None:
            self._child.kill()
        elif self._child is not None:
            self._child.close()
            self._child = None

    # -- the child ------------------------------------------------------------------------------------------------

    def _execute(
        self, code: str, limit_s: float, ask_input: AskInput | None
    ) -> Generator[Output | RunningLine, None, CellResult]:
        is_lost = self._discard_dead_child()
        child = self._start()
        if not self._await_ready(child):
            return CellResult("interrupted", 0.0, is_lost)
        self._cells += 1
        if not self._memory_bytes:  # only now, when a model is loaded that takes its part
            self._memory_bytes = memory_bytes(self._limits)
        cell = RunningCell(
            child,
            self._wake,
            limit_s=limit_s,
            grace_s=self._limits.grace_s,
            memory_bytes=self._memory_bytes,
            disk=DiskGrowth(self._workspace, self._limits.disk_bytes),
            ask_input=ask_input,
        )
        try:
            result = yield from cell.run(code, self._cells)
        except BaseException:  # the caller goes, or is interrupted itself: the cell must not run on unseen
            cell.abandon()
            raise
        finally:
            with suppress(KernelError):  # which the next cell will meet again
                if child.is_over:
                    self._discard_dead_child()
                    self._start()
                self._start_spare()
        return replace(result, state_lost=result.state_lost or is_lost)

    def _start(self) -> Child:
        if self._is_closed:
            raise KernelError("The kernel is closed.", "Make another one.")
        if self._child is None:
            self._child = self._take_spare() or self._new_child()
        return self._child

    def _new_child(self) -> Child:
        return Child(self._python, self._workspace, self._folders, self._wake, self.confinement.plan)

    def _start_spare(self) -> None:
        if self._keeps_spare and self._spare is None and not self._is_closed:
            self._spare = self._new_child()

    def _take_spare(self) -> Child | None:
        """Return the spare child, if it lives and a new one would see and be refused the same folders."""
        spare, self._spare = self._spare, None
        plan = self.confinement.plan
        if spare is None or (not spare.has_ended() and spare.places == (plan.places() if plan else "")):
            return spare
        spare.discard()
        return None

    def _discard_spare(self) -> None:
        spare, self._spare = self._spare, None
        if spare is not None:
            spare.discard()

    def _discard_dead_child(self) -> bool:
        if self._child is None or not self._child.has_ended():
            return False
        self._child.discard()
        self._child = None
        return True

    def _await_ready(self, child: Child) -> bool:
        """Wait for the child to have loaded its shell; return False if an interrupt came first."""
        deadline, said = time.monotonic() + START_S, ""
        while not child.is_ready:
            item = child.receive(CHECK_S)
            if self._wake.requested:
                return False
            if isinstance(item, Output):
                said = item.text.strip() or said
            elif item is not None and item["type"] == "ready":
                child.is_ready = True
            elif item is not None and item["type"] == "unconfined":
                self._fail_confinement(child, str(item.get("text")))
            elif item is not None or child.is_over or time.monotonic() > deadline:
                self._fail_start(child, str((item or {}).get("text") or said))
        return True

    def _fail_confinement(self, child: Child, said: str) -> NoReturn:
        child.kill()
        self._discard_dead_child()
        plan, self._confinement = self.confinement.plan, None
        if plan is not None:
            forget(plan)
        raise KernelError(
            f"Cells could not be confined: {said}.", "Try again: what this machine offers is tested anew."
        )

    def _fail_start(self, child: Child, said: str) -> NoReturn:
        child.kill()
        self._discard_dead_child()
        reason = said.splitlines()[-1] if said else f"it ended {child.ending}"
        raise KernelError(
            f"The Python {self._python!r} cannot run cells: {reason.rstrip('.')}.",
            f"Install IPython for it: {self._python} -m pip install ipython",
        )
