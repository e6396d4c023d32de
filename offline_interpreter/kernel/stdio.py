"""In the child: the standard streams of cells, and their repair after a cell has closed or replaced them.

Output is written to the pipes at once and unbuffered, by Python as by C code; gathering small pieces is the host's
work. What a cell leaves behind in other descriptors is not looked at.
"""

from __future__ import annotations

import ctypes
import fcntl
import io
import os
import select
import sys
from contextlib import suppress
from typing import Any

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
                    start += os.write(self._descriptor, rest[start : start + (1 << 20)])
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
        self.restore()

    def restore(self) -> None:
        """Put the descriptors and ``sys``'s streams back to what they were, if a cell changed them."""
        for descriptor, spare in self._spares.items():
            if not _same_file(descriptor, spare):
                os.dup2(spare, descriptor)
        for descriptor, name in ((1, "stdout"), (2, "stderr")):
            stream = self._streams.get(name)
            if stream is None or stream.closed:
                stream = self._streams[name] = _text_stream(descriptor, name)
            setattr(sys, name, stream)
            setattr(sys, f"__{name}__", stream)

    def flush(self) -> None:
        """Hand to the pipes what a cell's own stream objects and the C library still hold."""
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except Exception:  # noqa: S112 - whatever object a cell has put there
                continue
        self._flush_c(None)


def _same_file(descriptor: int, other: int) -> bool:
    try:
        return os.path.sameopenfile(descriptor, other)
    except OSError:
        return False


def _text_stream(descriptor: int, name: str) -> io.TextIOWrapper:
    raw = PipeWriter(descriptor, f"<{name}>")
    # As ``python -u`` does: a raw stream below, and nothing held back.
    return io.TextIOWrapper(raw, encoding="utf-8", errors="backslashreplace", write_through=True)


def _line_buffer_c() -> Any:
    """Have the C library write whole lines at once, as to a terminal; return its ``fflush``."""
    library = ctypes.CDLL(None)
    with suppress(ValueError):  # a C library that names its stream otherwise: its lines come when the cell ends
        library.setvbuf(ctypes.c_void_p.in_dll(library, "stdout"), None, _LINE_BUFFERED, 0)
    return library.fflush
