"""The records of a run: one JSON line a task that was run, and what it was run on.

A run's folder holds ``records.jsonl`` (append-only), ``environment.json``, ``transcripts/`` and, after a report,
``report.md``, ``report.csv``, ``report.json`` and ``report.html``. Nothing here computes a figure from records.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeVar, get_args

from offline_interpreter.errors import UsageError
from offline_interpreter.records import value_json

RECORDS = "records.jsonl"
ENVIRONMENTS = "environment.json"
TRANSCRIPTS = "transcripts"

Status = Literal["solved", "failed", "timeout", "not_run", "error"]


class Key(NamedTuple):
    """What identifies a record: a run never makes two with the same key."""

    sha256: str
    quantization: str
    suite: str
    task: str
    seed: int
    repeat: int


@dataclass(frozen=True, slots=True)
class Tokens:
    """Token counts of all replies of a task, and the seconds that they took by phase.

    ``cached`` of the ``prompt`` tokens were not evaluated again: the rate of reading is
    ``(prompt - cached) / prompt_s``, that of writing ``generated / generation_s``. The schema forced ``forced`` of the
    generated tokens; of the ``drafted`` ones ``accepted`` were the model's choice.
    """

    prompt: int = 0
    cached: int = 0
    generated: int = 0
    forced: int = 0
    drafted: int = 0
    accepted: int = 0
    prompt_s: float = 0.0
    generation_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Record:
    """One task that one model was asked, or, with an empty ``task``, a model that cannot be loaded.

    ``status``: ``failed`` was judged; ``timeout`` did not end within the task's limit; ``not_run`` lacks a package;
    ``error`` was broken by something else. ``reason`` is "" for ``solved``, else one line. ``repairs`` counts the cells
    that failed on the way; ``first_try``: solved without one. ``valid_steps`` of ``steps`` were whole steps.
    ``answer_s``: from the request to the end of the turn. ``first_token_s``: to the first token of the first step,
    the system prompt being read already. ``load_s``: of the model, by the process that ran this task. ``rss_bytes``:
    the peak of that process during the turn, with weights that are mapped into it, without what inputs and checks of
    tasks took; ``vram_bytes``: what it took of GPUs. ``context_tokens``: the window. ``threads``: that
    computed. Figures that are not known are 0. ``parallel`` tasks ran at a time (speed counts only where it is 1);
    ``host_load``: the machine's load average of the last minute when the task began. ``transcript`` is relative to the
    run's folder, "" if there is none; figures that cells showed lie beside it in ``figures/``. ``prompt_hash``: of the
    system prompt. ``environment``: an id of the environments.
    """

    model: str
    sha256: str
    quantization: str
    file_bytes: int
    suite: str
    task: str
    family: str
    difficulty: str
    seed: int
    repeat: int
    status: Status
    reason: str
    first_try: bool = False
    repairs: int = 0
    steps: int = 0
    valid_steps: int = 0
    answer_s: float = 0.0
    first_token_s: float = 0.0
    load_s: float = 0.0
    tokens: Tokens = field(default_factory=Tokens)
    rss_bytes: int = 0
    vram_bytes: int = 0
    context_tokens: int = 0
    threads: int = 0
    parallel: int = 1
    host_load: float = 0.0
    transcript: str = ""
    prompt_hash: str = ""
    environment: str = ""

    @property
    def key(self) -> Key:
        """What identifies this record."""
        return Key(self.sha256, self.quantization, self.suite, self.task, self.seed, self.repeat)


@dataclass(frozen=True, slots=True)
class Environment:
    """What a part of a run was made on. Figures of speed from two of them are not to be mixed.

    ``id`` is a digest of all other fields. ``gpus`` are names with their memory. ``versions``: distribution → version;
    ``llama_flags``: what llama.cpp says of its build. ``settings``: options of the run that change what is measured
    (threads, context, protocol, …), as texts. ``suites``: name → what a reader must know of it ("" if nothing).
    """

    id: str
    host: str
    system: str
    cpu: str
    cores: int
    memory_bytes: int
    gpus: tuple[str, ...]
    versions: dict[str, str]
    llama_flags: str
    settings: dict[str, str]
    suites: dict[str, str]


# -- files --------------------------------------------------------------------------------------------------------


def read_records(folder: Path) -> list[Record]:
    """Return the records of a run's folder, oldest first; a last line that was cut while it was written is left out.

    Raises ``UsageError`` when there are none, or when a line is no record.
    """
    path = folder / RECORDS
    try:
        return [record for record, _ in _lines(path)]
    except FileNotFoundError as error:
        raise UsageError(
            f"There is no run in {str(folder)!r}.", "Name the folder given to `bench run --out`."
        ) from error


def read_environments(folder: Path) -> dict[str, Environment]:
    """Return what a run was made on, by id; none if there is no file. Raises ``UsageError`` if it is damaged."""
    path = folder / ENVIRONMENTS
    if not path.exists():
        return {}
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        return {name: _of_json(Environment, value) for name, value in values.items()}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise UsageError(f"{str(path)!r} cannot be read: {error}.", "Is the folder that of a run?") from error


def add_environment(folder: Path, environment: Environment) -> None:
    """Write an environment beside those that are there; the file is whole at any moment."""
    known = read_environments(folder)
    if environment.id in known:
        return
    path = folder / ENVIRONMENTS
    part = path.with_suffix(".part")
    values = {name: value_json(each) for name, each in [*known.items(), (environment.id, environment)]}
    part.write_text(json.dumps(values, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    part.replace(path)


class RecordFile:
    """The records of a run that goes on: those that are there, and one that writes more.

    Only one process may hold it. A last line that was cut while it was written is removed.
    """

    def __init__(self, folder: Path) -> None:
        """Open or make the file. Raises ``UsageError`` when another run writes to it, or a line of it is no record."""
        self.path = folder / RECORDS
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_CLOEXEC", 0), 0o644)
        except OSError as error:
            raise UsageError(
                f"{str(self.path)!r} cannot be written: {error.strerror}.", "Name another --out."
            ) from error
        try:
            _lock(self._fd, folder)
            found = list(_lines(self.path))
        except BaseException:
            os.close(self._fd)
            raise
        self.records = [record for record, _ in found]
        os.ftruncate(self._fd, sum(size for _, size in found))

    def append(self, record: Record) -> None:
        """Write one record; it is on the disk when this returns. Raises ``UsageError`` when that cannot be."""
        text = json.dumps(value_json(record), ensure_ascii=False) + "\n"
        line = memoryview(text.encode("utf-8", "backslashreplace"))
        try:
            while line:
                line = line[os.write(self._fd, line) :]
            os.fsync(self._fd)
        except OSError as error:
            remedy = "Make room; the same command goes on."
            raise UsageError(f"{str(self.path)!r} cannot be written: {error.strerror}.", remedy) from error
        self.records.append(record)

    def close(self) -> None:
        """Close the file, and with it the lock."""
        os.close(self._fd)


def _lock(fd: int, folder: Path) -> None:
    try:
        import fcntl
    except ImportError:  # Windows: no lock
        return
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise UsageError(f"Another run writes to {str(folder)!r}.", "Wait for it, or name another --out.") from error


def _lines(path: Path) -> Iterator[tuple[Record, int]]:
    """Yield the record and the bytes of each whole line."""
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.endswith(b"\n"):
                return
            try:
                yield _record_of_json(json.loads(line)), len(line)
            except (ValueError, TypeError, KeyError, AttributeError) as error:
                raise UsageError(
                    f"Line {number} of {str(path)!r} is no record: {error}.", "Remove that line."
                ) from error


def _record_of_json(value: Mapping[str, Any]) -> Record:
    if value["status"] not in get_args(Status):
        raise ValueError(f"its status is {value['status']!r}")
    return _of_json(Record, {**value, "tokens": _of_json(Tokens, value["tokens"])})


_T = TypeVar("_T", Record, Tokens, Environment)
_KINDS: dict[str, type | tuple[type, ...]] = {
    "str": str,
    "int": int,
    "float": (int, float),
    "bool": bool,
    "Status": str,
}


def _of_json(kind: type[_T], value: Mapping[str, Any]) -> _T:
    """Make a value of its JSON. Raises ``ValueError`` or ``TypeError`` when a field is missing, unknown or wrong."""
    for each in fields(kind):
        expected = _KINDS.get(str(each.type))
        if expected and each.name in value and not isinstance(value[each.name], expected):
            raise ValueError(f"{each.name!r} is {value[each.name]!r}")
    made: Any = kind  # which checks the names
    result: _T = made(**{name: tuple(each) if isinstance(each, list) else each for name, each in value.items()})
    return result
