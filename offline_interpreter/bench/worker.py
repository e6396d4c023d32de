"""A process that holds one model and asks it tasks: what it does there, and how the run speaks to it.

A model of its own process is measured apart from all others, and one that crashes takes nobody with it. The process
ends with the run, however that ends.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from pathlib import Path

from offline_interpreter.bench.asking import Asker, one_line, record_of
from offline_interpreter.bench.memory import GpuMemory
from offline_interpreter.bench.players import open_player
from offline_interpreter.bench.records import Record
from offline_interpreter.bench.subjects import Subject
from offline_interpreter.bench.suites import Item, load_suites, tasks_by_name
from offline_interpreter.config import Options
from offline_interpreter.errors import OfflineInterpreterError
from offline_interpreter.machine import usable_cores

_END_S = 5.0


@dataclass(frozen=True, slots=True)
class Job:
    """What a worker is made for. ``suites`` as ``load_suites`` takes them; ``base``: see ``Asker``."""

    subject: Subject
    suites: tuple[str, ...]
    options: Options
    base: Record
    work: Path
    run: Path


@dataclass(frozen=True, slots=True)
class Loaded:
    """The model is ready."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Unusable:
    """The model cannot be loaded; ``reason`` is one line."""

    reason: str


Told = Loaded | Unusable | Record


class Worker:
    """The run's end of one worker: it is given one item at a time, and tells what came of it.

    ``connection`` can be waited for. ``item`` is what it is asked now.
    """

    def __init__(self, job: Job) -> None:
        """Start the process, which begins to load the model; ``interrupts_held_off`` is meant for this."""
        context = multiprocessing.get_context("spawn")  # llama.cpp's threads do not survive a fork
        self.connection, theirs = context.Pipe()
        self._process = context.Process(target=work, args=(theirs, job), name=f"bench {job.subject.name}", daemon=True)
        self._process.start()
        theirs.close()
        self.item: Item | None = None
        self.is_loaded = False
        self._deadline = float("inf")

    def give(self, item: Item, limit_s: float) -> None:
        """Have it ask ``item``, which must end within ``limit_s``."""
        self.item, self._deadline = item, time.monotonic() + limit_s
        with suppress(OSError):  # it has ended, which ``receive`` tells
            self.connection.send(item)

    def receive(self) -> Told | None:
        """Return what it tells; None: it has ended."""
        try:
            told: Told = self.connection.recv()
        except (EOFError, OSError):
            self._process.join(_END_S)
            return None
        if isinstance(told, Loaded):
            self.is_loaded = True
        return told

    @property
    def is_late(self) -> bool:
        """Whether what it is asked should have ended by now."""
        return time.monotonic() > self._deadline

    @property
    def ending(self) -> str:
        """How the process ended, in words."""
        code = self._process.exitcode
        if code is not None and code < 0:
            return f"was ended by {signal.Signals(-code).name}"
        return f"ended with exit status {code}"

    def kill(self) -> None:
        """End the process at once, and with it the kernel of its session."""
        self._process.kill()
        self._process.join(_END_S)
        self.connection.close()

    def close(self) -> None:
        """Let the process end, and wait for it a while."""
        with suppress(OSError):
            self.connection.send(None)
        self._process.join(_END_S)
        self.kill()


@contextmanager
def interrupts_held_off() -> Iterator[None]:
    """Hold SIGINT off until here is done what must not be left half done.

    A process started here inherits the mask, and keeps it until ``work`` is prepared. The handler is for this process,
    where a thread of a library may take what the mask keeps from this one.
    """
    resource_tracker.ensure_running()  # where starting a process does it, Python before 3.12 lets SIGINT through again
    noted: list[int] = []
    is_main = threading.current_thread() is threading.main_thread()
    handler = signal.signal(signal.SIGINT, lambda number, _: noted.append(number)) if is_main else None
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        if is_main:
            signal.signal(signal.SIGINT, handler)
        if noted:
            signal.raise_signal(signal.SIGINT)


# -- in the process -----------------------------------------------------------------------------------------------


def work(connection: Connection, job: Job) -> None:
    """Load the model, then ask it what comes through ``connection``, until that is None or the run has ended."""
    signal.signal(signal.SIGINT, lambda *_: None)  # the run, which gets it too, decides
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    threading.Thread(target=_end_with_run, name="end with the run", daemon=True).start()
    with suppress(EOFError, ConnectionError):
        _serve(connection, job)


def _serve(connection: Connection, job: Job) -> None:
    try:
        gpu = GpuMemory()
        player = open_player(job.subject, replace(job.options, threads=_threads(job)))
    except Exception as error:  # a file may break the loader in any way, and the run goes on with the next model
        connection.send(Unusable(_told(error)))
        return
    connection.send(Loaded(player.load_s))
    tasks = tasks_by_name(list(load_suites(job.suites).values()))
    asker = Asker(player, job.options, job.base, work=job.work, run=job.run)
    with closing(player):
        while (item := connection.recv()) is not None:
            task = tasks[item.suite, item.task]
            try:
                record = asker.ask(task, item)
            except Exception as error:  # a kernel that cannot start, a task whose inputs cannot be made
                record = replace(record_of(job.base, task, item), status="error", reason=_told(error))
            connection.send(replace(record, vram_bytes=gpu.taken_bytes()))


def _threads(job: Job) -> int | None:
    """Return how many threads compute here: of several workers each takes its share of the cores."""
    if job.options.threads or job.base.parallel == 1:
        return job.options.threads
    from offline_interpreter.engines.llama.context import choose_threads

    return choose_threads(None, job.subject.file_bytes, max(usable_cores() // job.base.parallel, 1))


def _told(error: Exception) -> str:
    return one_line(str(error) if isinstance(error, OfflineInterpreterError) else f"{type(error).__name__}: {error}")


def _end_with_run() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
