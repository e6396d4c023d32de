"""In the child: run the cells that the host sends, one after the other, until it closes the command pipe.

What a cell may have changed of the process (descriptors, streams, signal handlers, ``input``) is put back before the
next one. A cell that ends the process ends it: the host notices. Nothing here confines a cell.
"""

from __future__ import annotations

import builtins
import gc
import getpass
import json
import os
import sys
import threading
from typing import Any

from .lines import LineWatch
from .link import Interrupts, Link, Pipes, end_with_host
from .protocol import Message
from .short_traceback import short_traceback
from .stdio import Stdio

_NOBODY = "Nobody is there to answer: give the value in the code instead of asking for it."
_ELSEWHERE = "Only the cell itself can ask the person, not a thread or a process that it started."
_exit_now = os._exit
MAX_PROMPT_CHARS = 10_000


def main(arguments: str) -> None:
    """Serve cells over the pipes that ``arguments`` (JSON) name."""
    given = json.loads(arguments)
    packages_dir, wheelhouse = given.pop("packages_dir"), given.pop("wheelhouse")
    pipes = Pipes(**given)
    end_with_host(pipes.lifetime)
    server = Server(pipes)
    try:
        server.load_shell(packages_dir, wheelhouse)
    except ImportError as error:
        server.link.send_apart({"type": "failed", "text": f"{type(error).__name__}: {error}"})
        return
    gc.enable()
    # Only now, when all that runs before cells is loaded, can files of the workspace be imported.
    sys.path.insert(0, "")
    if packages_dir:
        sys.path.append(packages_dir)
    server.serve()


def _limit_memory(most_bytes: int) -> None:
    """Lower what this process may take to ``most_bytes``, for good; 0 leaves it as it is."""
    if most_bytes and sys.platform == "linux":
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        if hard == resource.RLIM_INFINITY or hard > most_bytes:
            resource.setrlimit(resource.RLIMIT_DATA, (most_bytes, most_bytes))


class Server:
    """Runs cells in one shell."""

    def __init__(self, pipes: Pipes) -> None:
        self._stdio = Stdio()
        self._interrupts = Interrupts()
        self._interrupts.install()
        self.link = Link(pipes, self._interrupts, self._stdio.flush)
        self._requests = 0

    def load_shell(self, packages_dir: str, wheelhouse: str) -> None:
        """Import IPython and make the shell; raises ImportError where this Python has none."""
        from .shell import CellShell

        self._shell = CellShell(self.link.send, wheelhouse=wheelhouse, packages_dir=packages_dir)
        self._lines = LineWatch(self.link.send_line)

    def serve(self) -> None:
        """Run what the host sends until it closes the pipe."""
        self.link.send_apart({"type": "ready"})
        while (command := self.link.receive()) is not None:
            if command["type"] == "run":
                self._run(command)

    def _run(self, command: Message) -> None:
        self._stdio.begin_cell()
        self._restore()
        self._interrupts.await_all(command["interrupts"])
        _limit_memory(command["memory_bytes"])
        self.link.cell = command["cell"]
        self._lines.begin(command["cell"], command["number"])
        ok = False
        try:
            ok = self._run_armed(command["code"], command["number"])
        except KeyboardInterrupt:  # it came between the code and here: there is nothing to show of it
            self._interrupts.armed = False
        except BaseException as error:  # what gets through IPython ends the cell, and not the child
            self._interrupts.armed = False
            self.link.send({"type": "error", "name": type(error).__name__, "text": short_traceback(error)})
        self._lines.end()
        self._stdio.end_cell()
        if self.link.is_forked:  # a process that the cell forked and did not end
            _exit_now(0 if ok else 1)
        self.link.send_apart({"type": "done", "cell": command["cell"], "ok": ok})
        self.link.cell = ""

    def _run_armed(self, code: str, number: int) -> bool:
        self._interrupts.armed = True
        try:
            return self._shell.run(code, number)
        finally:
            self._interrupts.armed = False

    def _restore(self) -> None:
        self._interrupts.install()
        builtins.input = self._input
        getpass.getpass = self._getpass

    # -- asking the person ----------------------------------------------------------------------------------------

    def _input(self, prompt: object = "", /) -> str:
        """Ask the person for a line."""
        return self._ask(str(prompt), secret=False)

    def _getpass(self, prompt: object = "Password: ", stream: object = None, **_: Any) -> str:
        """Ask the person for a line that is not shown."""
        return self._ask(str(prompt), secret=True)

    def _ask(self, prompt: str, *, secret: bool) -> str:
        if self.link.is_forked or threading.current_thread() is not threading.main_thread():
            raise EOFError(_ELSEWHERE)
        self._requests += 1
        request = self._requests
        self.link.send({"type": "input", "request": request, "prompt": prompt[:MAX_PROMPT_CHARS], "secret": secret})
        while (reply := self.link.receive()) is not None:
            if reply["type"] == "reply" and reply["cell"] == self.link.cell and reply["request"] == request:
                if reply["text"] is None:
                    raise EOFError(_NOBODY)
                return str(reply["text"])
        _exit_now(0)  # the host has gone
        raise AssertionError
