"""The host's handle on one child process: its start, its pipes, signals to it, its end.

The child leads a process group of its own; an interrupt and a kill reach all of the group. It is killed when its
handle is collected, when the host exits, and by the operating system when the host is killed (see ``link``). Where it
is confined with namespaces, what answers to the host is ``sandbox.supervisor``, and all that cells started dies with
it; elsewhere processes that left the group are out of reach here.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import weakref
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, suppress
from pathlib import Path
from typing import Any

from offline_interpreter.errors import KernelError
from offline_interpreter.kernel.collector import Collector, Item
from offline_interpreter.kernel.memory import TreeMemory
from offline_interpreter.kernel.protocol import UNACKNOWLEDGED, encode_message
from offline_interpreter.kernel.sandbox.places import homes
from offline_interpreter.kernel.sandbox.plan import Plan

ENTRY = Path(__file__).with_name("child.py")
CHECK_S = 0.5  # how often a silent child is looked at
RETRY_S = 0.01  # when the command pipe is full
CLOSE_S = 0.5  # given to an idle child to write its files and leave
REAP_S = 5.0  # a killed process may hang in the operating system
SETTLE_S = 0.3  # for a supervisor to tell how the interpreter ended


class Wake:
    """A request to a waiting thread that other threads and signal handlers may make."""

    def __init__(self) -> None:
        self.descriptor, self._writer = os.pipe()
        os.set_blocking(self.descriptor, False)
        os.set_blocking(self._writer, False)
        self.requested = False
        self.close = weakref.finalize(self, _close_all, [self.descriptor, self._writer])

    def request(self) -> None:
        """Set the request and wake the thread."""
        self.requested = True
        with suppress(OSError):  # full: it is awake already; closed: nobody waits
            os.write(self._writer, b".")

    def clear(self) -> None:
        """Forget the request."""
        self.requested = False
        with suppress(BlockingIOError):
            while os.read(self.descriptor, 512):
                pass


class Child:
    """A process that runs cells."""

    def __init__(
        self, python: str, workspace: Path, folders: Mapping[str, str], wake: Wake, plan: Plan | None = None
    ) -> None:
        """Start the process, confined by ``plan``; do not wait for it. ``folders`` are those that ``serve`` is told of.

        Raises ``KernelError`` if ``python`` cannot be run.
        """
        commands, events, acknowledgements, lifetime = os.pipe(), os.pipe(), os.pipe(), os.pipe()
        stdout, stderr = os.pipe(), os.pipe()
        theirs = [commands[0], events[1], acknowledgements[0], lifetime[0]]
        ours = [commands[1], events[0], acknowledgements[1], lifetime[1], stdout[0], stderr[0]]
        names = ("command", "event", "acknowledgement", "lifetime")
        pipes = dict(zip(names, theirs, strict=True))
        self._is_supervised = plan is not None and plan.layers.namespaces
        self.is_confined = plan is not None
        self.interrupts = 0  # that were sent
        self.places = plan.places() if plan is not None else ""
        given = json.dumps({**pipes, **({"lifetime": -1} if self._is_supervised else {}), **folders})
        program = [absolute(python), "-I", "-X", "utf8", str(ENTRY), given]
        writable = (workspace, *(plan.access.write if plan else ()))
        environment = child_environment(os.environ, python, writable)
        self._scratch: tempfile.TemporaryDirectory[str] | None = None
        try:
            with ExitStack() as held:
                passed = [*theirs]
                if plan is not None:
                    program, plan_file = held.enter_context(self._confined(plan, program, pipes, environment))
                    passed.append(plan_file)
                self._process = subprocess.Popen(
                    program,
                    # A launcher must not find its libraries in a folder that cells write to.
                    cwd=workspace if plan is None else "/",
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=stdout[1],
                    stderr=stderr[1],
                    pass_fds=passed,
                    start_new_session=True,
                )
        except OSError as error:
            _close_all(ours)
            raise KernelError(
                f"No cell can be run with the Python {python!r} in {str(workspace)!r}: {error.strerror}.",
                "Check both paths.",
            ) from error
        finally:
            _close_all([*theirs, stdout[1], stderr[1]])
        self._hold(ours, wake)

    def _confined(
        self, plan: Plan, program: list[str], pipes: Mapping[str, int], environment: dict[str, str]
    ) -> AbstractContextManager[tuple[list[str], int]]:
        """Return what ``plan.launch`` does; have the environment name folders that the child may use."""
        _check_runnable(program[0])
        if not plan.layers.namespaces:
            self._scratch = tempfile.TemporaryDirectory(prefix="cells-", ignore_cleanup_errors=True)
        scratch = self._scratch.name if self._scratch else ""
        environment |= _private_folders(scratch)
        return plan.launch(program, pipes, scratch)

    def _hold(self, ours: list[int], wake: Wake) -> None:
        for descriptor in ours:
            os.set_blocking(descriptor, False)
        self._ours = ours
        self._command, events, self._acknowledgement, _lifetime, stdout, stderr = ours
        self._collector = Collector(events=events, stdout=stdout, stderr=stderr, wake=wake.descriptor)
        self._unsent = bytearray()
        folders = ("/tmp", "/var/tmp", "/dev/shm") if self._is_supervised else ()  # noqa: S108 - the private ones
        self.memory = TreeMemory(self._process.pid, folders)
        self._end = weakref.finalize(self, _end, self._process, ours, os.getpid())
        self.is_ready = False
        self.is_over = False

    def send(self, message: Mapping[str, Any]) -> None:
        """Send a message; what the pipe does not take at once follows with the next ``receive``."""
        self._unsent += encode_message(message)
        self._push()

    def _push(self) -> None:
        try:
            while self._unsent:
                del self._unsent[: os.write(self._command, self._unsent)]
        except BlockingIOError:
            pass
        except BrokenPipeError:  # the child has ended, which its event pipe tells
            self._unsent.clear()

    def receive(self, timeout_s: float) -> Item | None:
        """Return the next output or message, waiting up to ``timeout_s``; None if there is none yet.

        ``is_over`` is set when there will be none any more, but what ``rest`` returns.
        """
        self._push()
        item = self._collector.next_item(min(timeout_s, RETRY_S if self._unsent else CHECK_S))
        if isinstance(item, dict) and item["type"] not in UNACKNOWLEDGED:
            with suppress(OSError):  # a child that forges messages fills the pipe, or has ended
                os.write(self._acknowledgement, b".")
        if item is None and (not self._collector.is_open or self.has_ended()):
            self.is_over = True
        return item

    def has_ended(self) -> bool:
        """Say whether the process has ended, looking at it now."""
        self.is_over = self.is_over or not self._is_running()
        return self.is_over

    def rest(self) -> list[Item]:
        """End a child that is over; return what is left in its pipes."""
        if self._is_supervised:
            self._await_end(SETTLE_S)
        self.kill()
        return self._collector.rest()

    def _is_running(self) -> bool:
        if sys.platform == "darwin":  # has no ``waitid``: there only the end of the event pipe tells
            return True
        try:
            # Without reaping it: its number must stay taken until its whole group has been killed.
            return os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None
        except ChildProcessError:
            return False

    def interrupt(self) -> None:
        """Send SIGINT to the child and to what its cell started; it may come after the cell has ended."""
        self.interrupts += 1
        _signal_group(self._process, signal.SIGINT)

    def kill(self) -> None:
        """Kill the child and its group at once; its pipes can still be read."""
        _signal_group(self._process, signal.SIGKILL)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(REAP_S)
        self.is_over = True

    def close(self) -> None:
        """End an idle child: it gets a moment to write what its files hold, then it is killed."""
        if self._end.alive:
            self._ours.remove(self._command)
            os.close(self._command)
            self._await_end(CLOSE_S)
        self.discard()

    def _await_end(self, timeout_s: float) -> None:
        deadline = time.monotonic() + timeout_s
        while self._is_running() and time.monotonic() < deadline:
            time.sleep(RETRY_S / 2)

    def discard(self) -> None:
        """Kill the child if it lives, and close its pipes."""
        self._end()
        if self._scratch is not None:
            self._scratch.cleanup()

    @property
    def ending(self) -> str:
        """How the process of a killed or dead child ended, in words."""
        status = self._process.returncode
        if status is None or status >= 0:
            return f"with exit status {status or 0}"
        return f"by signal {signal.Signals(-status).name}"


_KEPT_NAMES = """
    HOME USER LOGNAME SHELL TERM LANG LANGUAGE TZ PATH LD_LIBRARY_PATH CUDA_VISIBLE_DEVICES OMP_NUM_THREADS
    OPENBLAS_NUM_THREADS MKL_NUM_THREADS NUMEXPR_NUM_THREADS LOKY_MAX_CPU_COUNT
"""
_KEPT = frozenset(_KEPT_NAMES.split())
_PATHS = ("PATH", "LD_LIBRARY_PATH")


def child_environment(environment: Mapping[str, str], python: str, writable: Sequence[Path] = ()) -> dict[str, str]:
    """Return the environment of cells: of the person's own what is known to be harmless, and so no secret.

    Programs that cells start find the kernel's Python first, print UTF-8 and do so at once. Folders below
    ``writable`` are in no search path, as what cells wrote there would run before the child is confined.
    """
    kept = {name: value for name, value in environment.items() if name in _KEPT or name.startswith("LC_")}
    kept.setdefault("PATH", os.defpath)
    for name in _PATHS:
        if name in kept:
            kept[name] = os.pathsep.join(_outside(kept[name].split(os.pathsep), writable))
    own = os.path.dirname(absolute(python))  # noqa: PTH120 - a name has none
    if own and own not in kept["PATH"].split(os.pathsep):
        kept["PATH"] = os.pathsep.join([own, kept["PATH"]])
    return {
        **{name: value for name, value in kept.items() if value},
        "PYTHONUTF8": "1",
        "PYTHONUNBUFFERED": "1",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    }


def _outside(folders: list[str], writable: Sequence[Path]) -> list[str]:
    roots = [path.resolve() for path in writable]
    found = [(folder, Path(folder).resolve()) for folder in folders if folder.startswith("/")]
    return [folder for folder, real in found if not any(real.is_relative_to(root) for root in roots)]


def _private_folders(scratch: str) -> dict[str, str]:
    if scratch:
        return {"HOME": scratch, "TMPDIR": scratch}
    return {"HOME": str(next(iter(homes()), "/tmp"))}  # noqa: S108 - the private one


def _check_runnable(program: str) -> None:
    if not Path(program).is_file():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
    if not os.access(program, os.X_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def absolute(python: str) -> str:
    """Return a path that holds in the workspace too; a bare name is looked up in PATH."""
    if os.sep in python:
        return str(Path(python).absolute())
    return shutil.which(python, path=os.pathsep.join(_outside(os.get_exec_path(), ()))) or python


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    if process.returncode is None:  # reaped: the number may be another's by now
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)


def _end(process: subprocess.Popen[bytes], descriptors: list[int], host: int) -> None:
    if os.getpid() != host:  # a fork of the host: the child is not its own
        return
    _signal_group(process, signal.SIGKILL)
    with suppress(subprocess.TimeoutExpired):
        process.wait(REAP_S)
    _close_all(descriptors)


def _close_all(descriptors: list[int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)
