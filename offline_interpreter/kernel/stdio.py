"""In the child: the standard streams of cells, and their repair after a cell has closed or replaced them.

Whole lines are written to the pipes at once, by Python as by C code, so that lines of threads and processes do not
mix; the beginning of a line follows within ``PARTIAL_LINE_S``. Gathering small pieces is the host's work. What a cell
leaves behind in other descriptors is not looked at.
"""

from __future__ import annotations

import ctypes
import fcntl
import io
import os
import select
import sys
import threading
from contextlib import suppress
from typing import Any

PARTIAL_LINE_S = 0.05

_write = os.write  # bound before a cell can replace it
_LOWEST_SPARE = 100  # the spare descriptors stand above those that cells like to close
_LINE_BUFFERED = 1  # _IOLBF of the C library


class PipeWriter(io.RawIOBase):
    """Writes all of what it is given to a descriptor, even where another process made that non-blocking."""

    def __init__(self, descriptor: int, name: str) -> None:
        super().__init__()
        self._descriptor = descriptor
        self.name = name

    def fileno(self) -> int:
        """Return the descriptor, for programs that a cell starts."""
        return self._descriptor

    def writable(self) -> bool:
        """Say that this is a stream to write to."""
        return True

    def write(self, data: Any) -> int:
        """Write the whole buffer; return its size in bytes."""
        with memoryview(data) as view, view.cast("B") as rest:
            start = 0
            while start < len(rest):
                try:
                    start += _write(self._descriptor, rest[start : start + (1 << 20)])
                except BlockingIOError:
                    _wait_writable(self._descriptor)
            return start


def _wait_writable(descriptor: int) -> None:
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT)
    poll.poll()


class Stdio:
    """Standard input, output and error of the child."""

    def __init__(self) -> None:
        self._spares = {fd: fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, _LOWEST_SPARE) for fd in (0, 1, 2)}
        self._streams: dict[str, io.TextIOWrapper] = {}
        self._flush_c = _line_buffer_c()
        self._cell_runs = threading.Event()
        self._restore()
        os.register_at_fork(before=self.flush)  # else both processes would write what is held
        threading.Thread(target=self._flush_partial_lines, daemon=True, name="partial lines").start()

    def begin_cell(self) -> None:
        """Put the descriptors and ``sys``'s streams back to what they were, if a cell changed them."""
        self._restore()
        self._cell_runs.set()

    def end_cell(self) -> None:
        """Write out what is left of the cell."""
        self.flush()
        self._cell_runs.clear()

    def flush(self) -> None:
        """Hand to the pipes what a cell's own stream objects and the C library still hold."""
        for stream in (sys.stdout, sys.stderr, *self._streams.values()):
            try:
                stream.flush()
            except Exception:  # noqa: S112 - whatever object a cell has put there
                continue
        self._flush_c(None)

    def _restore(self) -> None:
        for descriptor, spare in self._spares.items():
            if not _same_file(descriptor, spare):
                os.dup2(spare, descriptor)
        for descriptor, name in ((1, "stdout"), (2, "stderr")):
            stream = self._streams.get(name)
            if stream is None or stream.closed or vars(stream):  # such as ``sys.stdout.write = …``
                stream = self._streams[name] = _text_stream(descriptor, name)
            setattr(sys, name, stream)
            setattr(sys, f"__{name}__", stream)

    def _flush_partial_lines(self) -> None:
        pause = threading.Event()  # never set; a cell may have replaced ``time.sleep``
        while self._cell_runs.wait():
            pause.wait(PARTIAL_LINE_S)
            for stream in list(self._streams.values()):
                with suppress(OSError, ValueError):  # closed by the cell
                    stream.flush()


def _same_file(descriptor: int, other: int) -> bool:
    try:
        return os.path.sameopenfile(descriptor, other)
    except OSError:
        return False


def _text_stream(descriptor: int, name: str) -> io.TextIOWrapper:
    raw = PipeWriter(descriptor, f"<{name}>")
    # The raw stream needs no buffer below the one that gathers a line.
    return io.TextIOWrapper(raw, encoding="utf-8", errors="backslashreplace", line_buffering=True)


def _line_buffer_c() -> Any:
    """Have the C library write whole lines at once, as to a terminal; return its ``fflush``."""
    library = ctypes.CDLL(None)
    with suppress(ValueError):  # a C library that names its stream otherwise: its lines come when the cell ends
        library.setvbuf(ctypes.c_void_p.in_dll(library, "stdout"), None, _LINE_BUFFERED, 0)
    return library.fflush
