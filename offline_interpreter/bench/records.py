"""The records of a run: one JSON line a task that was run, and what it was run on.

A run's folder holds ``records.jsonl`` (append-only), ``environment.json``, ``transcripts/`` and, after a report,
``report.md``, ``report.csv``, ``report.json`` and ``report.html``. Nothing here computes a figure from records.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

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
    ``answer_s``: from the request to the end of the turn. ``first_token_s``: to the first token of the first step.
    ``load_s``: of the model, by the process that ran this task. ``rss_bytes``: the peak of that process during the
    task, weights that are mapped into it included; ``vram_bytes``: what it took of GPUs. Figures that are not known are
    0. ``parallel`` tasks ran at a time (speed is comparable only where it is 1); ``host_load``: the load average of the
    last minute when the task began. ``transcript`` is relative to the run's folder, "" if there is none.
    ``environment`` is a key of ``environment.json``.
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
    ``llama_flags``: what llama.cpp says of its build. ``settings``: options of the run that change what is measured.
    ``suites``: name → what a reader must know of it ("" if nothing).
    """

    id: str
    host: str
    system: str
    cpu: str
    cores: int
    memory_bytes: int
    gpus: tuple[str, ...]
    threads: int
    context_tokens: int
    versions: dict[str, str]
    llama_flags: str
    settings: dict[str, str]
    suites: dict[str, str]
