"""A run: every model asked every task, each once, and a record of each; what is recorded already is not asked again.

Models come one after the other; of one model ``jobs`` tasks may run at a time, each in a process of its own. Records
are written by this process alone, as they come, so that a run that is stopped or killed loses only what it was at. It
makes no report and prints nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from multiprocessing.connection import wait
from pathlib import Path
from typing import Literal, Protocol

from offline_interpreter.bench.asking import host_load, prompt_hash, record_of
from offline_interpreter.bench.environment import describe_environment
from offline_interpreter.bench.records import Environment, Record, RecordFile, add_environment, read_environments
from offline_interpreter.bench.subjects import Subject
from offline_interpreter.bench.suites import Item, Selection, items, load_suites, tasks_by_name
from offline_interpreter.bench.tasks import Suite, Task
from offline_interpreter.bench.worker import Job, Loaded, Unusable, Worker, interrupts_held_off
from offline_interpreter.bench.workplace import workplace
from offline_interpreter.config import Options
from offline_interpreter.errors import UsageError

LATE_S = 600.0  # beyond a task's limit, for its check; then its process is ended
_LOOK_S = 1.0
_SUITE_MARK = "suite "

_SETTINGS = (
    "context",
    "threads",
    "gpu_layers",
    "protocol",
    "temperature",
    "min_p",
    "top_p",
    "repetition_penalty",
    "seed",
    "max_tokens",
    "max_steps",
    "custom_instructions",
)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run does: whom it asks what, under which options, and the folder ``out`` for what comes of it."""

    subjects: tuple[Subject, ...]
    selection: Selection
    options: Options
    out: Path
    jobs: int = 1


class Watcher(Protocol):
    """Is told how a run goes."""

    def begin(self, subject: Subject, records: Sequence[Record], total: int) -> None:
        """Take that a model's turn comes; ``records`` of ``total`` are there already."""
        ...

    def loaded(self, subject: Subject, seconds: float) -> None:
        """Take that the model is ready."""
        ...

    def took(self, record: Record) -> None:
        """Take what came of a task, or why the model cannot be loaded."""
        ...

    def end(self, subject: Subject) -> None:
        """Take that nothing is left to ask this model."""
        ...


def run(plan: Plan, watcher: Watcher) -> list[Record]:
    """Ask all that is not recorded in ``plan.out``; return the records that the plan asks for, old and new.

    Raises ``UsageError`` when the folder is held by another run, or holds a run with other settings.
    """
    suites = load_suites(plan.selection.suites)
    wanted = items(list(suites.values()), plan.selection)
    environment = describe_environment(_settings(plan, suites), {name: suite.note for name, suite in suites.items()})
    file = RecordFile(plan.out)
    try:
        _refuse_other_settings(plan.out, environment)
        add_environment(plan.out, environment)
        with workplace() as work:
            means = _Means(plan, file, watcher, tasks_by_name(list(suites.values())), work)
            for subject in plan.subjects:
                _ModelRun(subject, _base(subject, plan, environment), means).go(wanted)
        asked = {(subject.sha256, subject.quantization) for subject in plan.subjects}
        return [record for record in file.records if (record.sha256, record.quantization) in asked]
    finally:
        file.close()


def _settings(plan: Plan, suites: dict[str, Suite]) -> dict[str, str]:
    settings = {name: str(getattr(plan.options, name)) for name in _SETTINGS}
    return settings | {f"{_SUITE_MARK}{name}": suite.digest for name, suite in suites.items()}


def _refuse_other_settings(out: Path, environment: Environment) -> None:
    """Refuse a folder with records that these could not be compared with."""
    now = environment.settings | {"version": environment.versions["offline-interpreter"]}
    for known in read_environments(out).values():
        then = known.settings | {"version": known.versions.get("offline-interpreter", "")}
        for name in sorted(now.keys() & then.keys()):
            if now[name] != then[name]:
                difference = f"another {name}: {then[name]!r}, not {now[name]!r}"
                what = f"other tasks in its {name}" if name.startswith(_SUITE_MARK) else difference
                raise UsageError(f"{str(out)!r} holds a run with {what}.", "Name another --out.")


def _base(subject: Subject, plan: Plan, environment: Environment) -> Record:
    return Record(
        model=subject.name,
        sha256=subject.sha256,
        quantization=subject.quantization,
        file_bytes=subject.file_bytes,
        suite="",
        task="",
        family="",
        difficulty="",
        seed=plan.selection.seed,
        repeat=0,
        status="error",
        reason="",
        parallel=plan.jobs,
        prompt_hash=prompt_hash(plan.options),
        environment=environment.id,
    )


@dataclass(frozen=True, slots=True)
class _Means:
    """What all models of a run have in common."""

    plan: Plan
    file: RecordFile
    watcher: Watcher
    tasks: dict[tuple[str, str], Task]
    work: Path


class _ModelRun:
    """The part of a run that asks one model. ``base`` is what each of its records begins with."""

    def __init__(self, subject: Subject, base: Record, means: _Means) -> None:
        self._subject = subject
        self._base = base
        self._plan = means.plan
        self._file = means.file
        self._watcher = means.watcher
        self._tasks = means.tasks
        self._work = means.work
        self._waiting: deque[Item] = deque()
        self._workers: list[Worker] = []

    def go(self, wanted: Sequence[Item]) -> None:
        """Ask what of ``wanted`` is not recorded."""
        recorded = {record.key: record for record in self._file.records}
        keys = [replace(self._base, **item._asdict()).key for item in wanted]
        there = [recorded[key] for key in keys if key in recorded]
        self._watcher.begin(self._subject, there, len(wanted))
        for item, key in zip(wanted, keys, strict=True):
            if key in recorded:
                continue
            missing = [name for name in self._tasks[item.suite, item.task].packages if find_spec(name) is None]
            if missing:
                self._keep(item, "not_run", f"It needs {', '.join(missing)}, which is not installed.")
            else:
                self._waiting.append(item)
        try:
            self._ask_all()
        finally:
            for worker in self._workers:
                worker.kill()
        self._watcher.end(self._subject)

    def _ask_all(self) -> None:
        for _ in range(min(self._plan.jobs, len(self._waiting))):
            self._start()
        while self._workers:
            ready = wait([worker.connection for worker in self._workers], _LOOK_S)
            for worker in [worker for worker in self._workers if worker.connection in ready]:
                self._hear(worker)
            for worker in [worker for worker in self._workers if worker.is_late]:
                self._lose(worker)

    def _start(self) -> None:
        spec = self._plan.selection.suites
        path = self._subject.path
        options = replace(self._plan.options, model=str(path)) if path else self._plan.options
        job = Job(self._subject, spec, options, self._base, self._work, self._plan.out)
        with interrupts_held_off():
            self._workers.append(Worker(job))

    def _hear(self, worker: Worker) -> None:
        told = worker.receive()
        match told:
            case Loaded():
                self._watcher.loaded(self._subject, told.seconds)
                self._give(worker)
            case Record():
                self._file.append(told)
                self._watcher.took(told)
                self._give(worker)
            case Unusable():
                self._fail_load(told.reason)
            case None if worker.is_loaded:
                self._lose(worker)
            case None:
                self._fail_load(f"The process that loaded it {worker.ending}.")

    def _give(self, worker: Worker) -> None:
        if not self._waiting:
            self._workers.remove(worker)
            worker.close()
            return
        item = self._waiting.popleft()
        worker.give(item, self._tasks[item.suite, item.task].time_limit_s + LATE_S)

    def _lose(self, worker: Worker) -> None:
        """Record that a worker died over its item, or that it did not end; start another one for what is left."""
        self._workers.remove(worker)
        is_late = worker.is_late
        worker.kill()
        if worker.item is not None:
            reason = "It did not end, nor did its check." if is_late else f"The model's process {worker.ending}."
            self._keep(worker.item, "timeout" if is_late else "error", reason)
        if self._waiting:
            self._start()

    def _keep(self, item: Item, status: Literal["not_run", "error", "timeout"], reason: str) -> None:
        base = record_of(self._base, self._tasks[item.suite, item.task], item)
        record = replace(base, status=status, reason=reason, host_load=host_load())
        self._file.append(record)
        self._watcher.took(record)

    def _fail_load(self, reason: str) -> None:
        """Record that the model cannot be loaded, once, and ask it nothing more."""
        self._waiting.clear()
        record = replace(self._base, reason=reason)
        if record.key not in {known.key for known in self._file.records}:
            self._file.append(record)
        self._watcher.took(record)
        for worker in self._workers:
            worker.kill()
        self._workers.clear()
