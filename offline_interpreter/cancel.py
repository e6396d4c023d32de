"""A request to stop, handed to whoever works: the one value that threads and signal handlers may change."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Cancel:
    """A request to stop, seen by the worker that is asked to. Setting it is safe in a signal handler."""

    __slots__ = ("_calls", "requested")

    def __init__(self) -> None:
        self.requested = False
        self._calls: tuple[Callable[[], None], ...] = ()

    def request(self) -> None:
        """Ask the worker to stop at its next look."""
        self.requested = True
        for call in self._calls:
            call()

    @contextmanager
    def calling(self, call: Callable[[], None]) -> Iterator[None]:
        """Have ``call`` called by a request, inside of the ``with``: for workers that cannot look. It must be quick."""
        self._calls = (*self._calls, call)
        try:
            if self.requested:
                call()
            yield
        finally:
            self._calls = tuple(other for other in self._calls if other is not call)
