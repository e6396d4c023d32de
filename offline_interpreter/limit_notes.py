"""Telling from what a cell puts out which limit it met, so that the person and the model learn the flag that sets it.

A limit of the operating system shows only as an error in the cell. What is read here decides over nothing but a line of
advice, so a cell that imitates such an error gains nothing. Limits of time are told by how a cell ends.
"""

from __future__ import annotations

from offline_interpreter.records import Limits, Output

_NO_MEMORY = "Cannot allocate memory"
_NO_PROCESS = "Resource temporarily unavailable"
_TOO_LARGE = "File too large"
_NO_THREAD = "can't start new thread"


class LimitNotes:
    """Sees the outputs of one cell; ``is_confined`` False: only what is kept of the output is limited."""

    def __init__(self, limits: Limits, *, is_confined: bool) -> None:
        self._limits = limits
        self._is_confined = is_confined
        self._out_of_memory = False
        self._out_of_processes = False
        self._out_of_disk = False

    def see(self, output: Output) -> None:
        """Look at one output, as it came."""
        if not self._is_confined:
            return
        if output.kind == "error":
            no_fork = _NO_PROCESS in output.text and "fork" in output.text
            self._out_of_memory |= output.name.endswith("MemoryError") or _NO_MEMORY in output.text
            self._out_of_disk |= _TOO_LARGE in output.text
            self._out_of_processes |= no_fork or _NO_THREAD in output.text
        elif output.name == "stderr":  # of commands that the cell started, and of its threads
            self._out_of_memory |= _NO_MEMORY in output.text
            self._out_of_disk |= _TOO_LARGE in output.text
            self._out_of_processes |= "fork: " in output.text and _NO_PROCESS in output.text

    def lines(self, cut_path: str = "") -> list[str]:
        """Return a line for each limit that was met; ``cut_path`` is the file that took the output's start only."""
        found = []
        if self._out_of_memory:
            most = self._limits.memory_bytes
            allowed = size_as_option(most) if most else "most of what was free at its start"
            found.append(f"Memory ran out: a cell may use {allowed} (--memory).")
        if self._out_of_processes:
            found.append("A cell may not have more processes and threads (--processes; each takes --memory too).")
        if self._out_of_disk:
            found.append("A file may not grow by more than the disk can spare (--disk).")
        if cut_path:
            size = size_as_option(self._limits.stored_bytes)
            found.append(f"The first {size} of the output are in {cut_path}, the rest was not kept (--output-limit).")
        return found


def size_as_option(size_bytes: int) -> str:
    """Return a size as options take it: 512M, 1.5G."""
    for unit, letter in ((1 << 40, "T"), (1 << 30, "G"), (1 << 20, "M"), (1 << 10, "K")):
        if size_bytes >= unit:
            return f"{round(size_bytes / unit, 2):g}{letter}"
    return str(size_bytes)
