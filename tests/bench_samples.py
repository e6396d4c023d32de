"""Runs as a benchmark leaves them, made up by a seed: records, environments and transcripts, without any model."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

from offline_interpreter.bench.records import (
    RECORDS,
    TRANSCRIPTS,
    Environment,
    Record,
    RecordFile,
    Status,
    Tokens,
    add_environment,
)
from offline_interpreter.records import (
    Approved,
    Artifact,
    ArtifactFound,
    CellEnd,
    CellStart,
    Event,
    Output,
    OutputMade,
    ReplyStats,
    StepTaken,
    TurnEnd,
    TurnStart,
    TurnStats,
    event_json,
    value_json,
)
from offline_interpreter.transcript import FIRST

FAMILIES = ("tables", "charts", "numbers", "documents", "pictures", "text", "learning", "networks")
HOST = Environment(
    id="env-1",
    host="bench-desk",
    system="Linux-6.1-x86_64",
    cpu="Example CPU 3000 @ 2.40GHz",
    cores=8,
    memory_bytes=32_000_000_000,
    gpus=(),
    versions={"offline-interpreter": "0.1.0", "python": "3.12.4", "llama-cpp-python": "0.3.36"},
    llama_flags="CPU : SSE3 = 1 | AVX = 1 | AVX2 = 1",
    settings={"protocol": "json", "temperature": "0.0", "context": "8192"},
    suites={"core": "", "humaneval": "Probably in training data."},
)


@dataclass(frozen=True)
class Sample:
    """A made-up model: how often it solves a task, and how long a token takes."""

    name: str
    skill: float
    token_s: float
    file_bytes: int
    quantization: str = "Q4_K_M"

    @property
    def sha256(self) -> str:
        return (self.name.encode().hex() * 8)[:64]


SAMPLES = (
    Sample("qwen2.5-coder-7b", 0.80, 0.120, 4_683_000_000),
    Sample("qwen2.5-coder-3b", 0.77, 0.052, 1_930_000_000),
    Sample("qwen2.5-coder-1.5b", 0.52, 0.028, 986_000_000),
    Sample("granite-3.3-2b", 0.43, 0.040, 1_545_000_000),
    Sample("smollm2-135m", 0.03, 0.006, 144_800_000, "Q8_0"),
    Sample("starter", 0.31, 0.0007, 5_100_000, "Q8_0"),
)


def write_run(
    folder: Path,
    models: Sequence[Sample] = SAMPLES,
    *,
    tasks: int = 64,
    repeats: int = 1,
    suite: str = "core",
    environment: Environment = HOST,
    seed: int = 0,
    transcripts: bool = True,
) -> Path:
    """Write a run of ``tasks`` tasks by each model; return its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    add_environment(folder, environment)
    lines = []
    for model in models:
        for number in range(tasks):
            for repeat in range(repeats):
                draw = Random(f"{seed} {model.name} {suite} {number} {repeat}")
                made = record_of(model, number, repeat, draw, suite=suite, environment=environment.id)
                if transcripts and made.status != "not_run":
                    path = f"{TRANSCRIPTS}/{model.name}-{suite}-{made.task}-{repeat}/transcript.jsonl"
                    write_transcript(folder / path, made)
                    made = replace(made, transcript=path)
                lines.append(json.dumps(value_json(made)) + "\n")
    with (folder / RECORDS).open("a", encoding="utf-8") as file:
        file.writelines(lines)
    return folder


def add_record(folder: Path, record: Record) -> None:
    file = RecordFile(folder)
    file.append(record)
    file.close()


def record_of(
    model: Sample, number: int, repeat: int, draw: Random, *, suite: str = "core", environment: str = HOST.id
) -> Record:
    family = FAMILIES[number % len(FAMILIES)]
    hardness = Random(number).uniform(-0.25, 0.25)
    status: Status = "solved" if draw.random() < model.skill - hardness else "failed"
    if status == "failed" and draw.random() < 0.15:
        status = "timeout"
    if number % 32 == 31:
        status = "not_run"
    reasons = {
        "solved": "",
        "failed": "The answer names 41 instead of 42.",
        "timeout": "No answer within 600 s.",
        "not_run": "It needs cv2, which is not installed: install the extra 'gallery'.",
    }
    repairs = draw.choice((0, 0, 0, 1, 2))
    generated, prompt = draw.randint(60, 400), draw.randint(300, 900)
    generation_s, prompt_s = generated * model.token_s * draw.uniform(0.9, 1.1), prompt * model.token_s / 6
    ran = status != "not_run"
    return Record(
        model=model.name,
        sha256=model.sha256,
        quantization=model.quantization,
        file_bytes=model.file_bytes,
        suite=suite,
        task=f"{family}-{number // len(FAMILIES) + 1:02}",
        family=family,
        difficulty=("easy", "medium", "hard")[number % 3],
        seed=0,
        repeat=repeat,
        status=status,
        reason=reasons[status],
        first_try=status == "solved" and not repairs,
        repairs=repairs if ran else 0,
        steps=repairs + 2 if ran else 0,
        valid_steps=repairs + 2 if ran else 0,
        answer_s=generation_s + prompt_s + draw.uniform(0.3, 1.5) if ran else 0.0,
        first_token_s=prompt_s * 0.8 if ran else 0.0,
        load_s=0.2 + model.file_bytes / 1.2e9,
        tokens=Tokens(prompt + 800, 800, generated, 20, 30, 12, prompt_s, generation_s) if ran else Tokens(),
        rss_bytes=int(model.file_bytes * 1.15) + 420_000_000 if ran else 0,
        context_tokens=8192,
        threads=8,
        host_load=7.9,
        prompt_hash="5eed",
        environment=environment,
    )


def unloadable(name: str, reason: str) -> Record:
    return Record(name, "", "", 0, "", "", "", "", 0, 0, "error", reason, environment=HOST.id)


PIXEL = bytes.fromhex(  # a PNG of one
    "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b55"
    "0000000a49444154789c63680000008200815dd439f50000000049454e44ae426082"
)


def write_transcript(
    path: Path, record: Record, *, request: str = "", printed: str = "", answer: str = "", figure: bytes = b""
) -> None:
    """Write what a turn of this record's outcome looks like; its last cell may show a figure."""
    request = request or f"What is the total of the column amount in {record.task}.csv?"
    code = f'import pandas as pd\n\ndf = pd.read_csv("{record.task}.csv")\nprint(df["amount"].sum())'
    events: list[Event] = [TurnStart(request, 1)]
    for cell in range(1, record.repairs + 2):
        wrong = cell <= record.repairs
        shown = code.replace("amount", "amuont") if wrong else code
        events += [
            StepTaken("code", "I add up the amounts.", shown, cut=False, finish="complete", stats=ReplyStats()),
            Approved("run", shown),
            CellStart(cell, shown),
            OutputMade(cell, Output("error", "KeyError: 'amuont'", "KeyError"))
            if wrong
            else OutputMade(cell, Output("stream", printed or "41\n", "stdout")),
            CellEnd(cell, "error" if wrong else "ok", 0.3, False, ""),
        ]
    if figure:
        (path.parent / "figures").mkdir(parents=True)
        (path.parent / "figures/cell-1-1.png").write_bytes(figure)
        shown = Output("display", "<Figure size 640x480>", path="somewhere/else/cell-1-1.png")
        events.append(OutputMade(record.repairs + 1, shown))
    events.append(ArtifactFound(record.repairs + 1, Artifact("total.csv", "created", 1200)))
    said = answer or ("The total is **42**." if record.status == "solved" else "The total is **41**.")
    if record.status != "timeout":
        events.append(StepTaken("answer", said, "", cut=False, finish="complete", stats=ReplyStats()))
    ended = "answered" if record.status != "timeout" else "interrupted"
    events.append(TurnEnd(ended, said, TurnStats(steps=record.steps)))
    records: list[dict[str, Any]] = [
        {"kind": "session", "version": "0.1.0", "model": record.model},
        {"kind": "message", "role": "system", "text": "You write Python."},
        *map(event_json, events),
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    head, lines = FIRST, []
    for seq, each in enumerate(records):  # as Transcript writes them, which waits for the disk
        stamped = {"seq": seq, "prev": head, "at": "2026-11-27T10:00:00+00:00", **each}
        lines.append(json.dumps(stamped).encode())
        head = hashlib.sha256(lines[-1]).hexdigest()
    path.write_bytes(b"".join(line + b"\n" for line in lines))
