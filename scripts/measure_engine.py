#!/usr/bin/env python3
"""Measures the engine against the stock binding: the same tokens, the same library and threads, in turns.

    python scripts/measure_engine.py --out measured.json
    python scripts/measure_engine.py --shape fast --only replies --repeats 9
    python scripts/measure_engine.py --model smollm2.gguf --vocabulary ggml-vocab-qwen2.gguf

Models of a shape have random weights and the speed of real ones. Every reply is a fixed transcript that is forced upon
the engines, so that none is luckier than another. Figures are medians of ratios within one round, with the lowest and
the highest, beside what is aimed at; exit code 1 when one misses. Leave the machine alone meanwhile: ten minutes.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import time
from importlib import metadata
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from measuring.free_running import measure_free_running
from measuring.replies import Pace, measure_ablations, measure_replies
from measuring.shapes import FAST, FOLDER, HALF_BILLION, SHAPES, shape_file
from measuring.targets import Rounds, compare, missed
from measuring.transcripts import FEW, TRANSCRIPTS
from measuring.waits import measure_waits

from offline_interpreter.engines.llama.context import choose_threads
from offline_interpreter.engines.llama.loader import Weights, acquire, release
from offline_interpreter.machine import usable_cores

Figures = dict[str, Any]

SLOW_BYTES = 200 << 20  # a model of this size reads and writes some tens of tokens a second: little of it is asked for
NAMES = [transcript.name for transcript in TRANSCRIPTS]
PARTS = {
    "replies": "tokens a second beside the stock binding, with and without its grammar",
    "ablations": "what forced tokens give, and what is spent outside of the model",
    "waits": "to the first token: of a prompt, of a turn that goes on, of a prefix on disk; to a stop",
    "free": "a real model's own replies, with guesses and without",
}


def main() -> int:
    """Measure what was asked for, print tables of it, write all of it as JSON; return 1 when a target is missed."""
    arguments = _arguments()
    if arguments.processor_time:
        setattr(time, "perf_counter", time.process_time)  # noqa: B010 - everywhere, also in the engine
    paths = {path.stem: path for path in arguments.model}
    shapes = arguments.shape or ([] if paths else [FAST.name, HALF_BILLION.name])
    paths |= {name: shape_file(SHAPES[name], arguments.vocabulary) for name in shapes}
    measured: Figures = {"machine": _machine(), "processor_time": arguments.processor_time}
    measured |= {"repeats": arguments.repeats, "models": {}}
    for name, path in paths.items():
        started = time.perf_counter()
        print(f"\n## {name} ({path.stat().st_size / 1e6:.0f} MB)\n", flush=True)
        measured["models"][name] = _measure(name, path, arguments)
        print(f"({time.perf_counter() - started:.0f} s)", flush=True)
        if arguments.out:
            arguments.out.write_text(json.dumps(measured, indent=1), encoding="utf-8")
    for line in missed(measured):
        print(f"Missed: {line}")
    return 1 if missed(measured) else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="parts:\n" + "\n".join(f"  {name:10} {what}" for name, what in PARTS.items()),
    )
    parser.add_argument(
        "--shape", action="append", choices=SHAPES, help="a model of random weights; default: fast and 0.5B"
    )
    parser.add_argument("--model", action="append", type=Path, default=[], help="a real GGUF")
    parser.add_argument("--only", action="append", choices=PARTS, help="a part of it; default: all that fits the time")
    parser.add_argument("--reply", action="append", choices=NAMES, help="of the replies only these")
    parser.add_argument("--vocabulary", type=Path, help="a GGUF whose vocabulary the shapes get")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.5, help="that the stock binding writes of each reply (1.5)")
    parser.add_argument("--threads", type=int)
    parser.add_argument(
        "--processor-time",
        action="store_true",
        help="count what the processor spent instead of the time that passed: for a busy machine, with --threads 1",
    )
    parser.add_argument("--out", type=Path, help="a JSON file for all figures")
    return parser.parse_args()


def _machine() -> Figures:
    facts = {"cores": usable_cores(), "python": platform.python_version(), "platform": platform.platform()}
    return facts | {name: _version(name) for name in ("llama-cpp-python", "llguidance")}


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"


def _measure(name: str, path: Path, arguments: argparse.Namespace) -> Figures:
    started = time.perf_counter()
    weights = acquire(path, None, lambda _: None, None)
    figures: Figures = {"load_s": time.perf_counter() - started}
    figures["threads"] = choose_threads(arguments.threads, weights.size_bytes, usable_cores())
    try:
        rounds: Rounds = {}
        for part in arguments.only or _usual_parts(path):
            found, found_rounds = _measure_part(part, weights, path, arguments, figures["threads"])
            figures |= found
            rounds |= found_rounds
        return figures | {"compared": compare(name, rounds)}
    finally:
        release(weights)


def _usual_parts(path: Path) -> list[str]:
    real = path.parent != FOLDER
    return ["replies", *([] if _is_slow(path) else ["ablations"]), "waits", *(["free"] if real else [])]


def _is_slow(path: Path) -> bool:
    return path.stat().st_size > SLOW_BYTES


def _measure_part(
    part: str, weights: Weights, path: Path, arguments: argparse.Namespace, threads: int
) -> tuple[Figures, Rounds]:
    pace = Pace(arguments.repeats, arguments.seconds)
    match part:
        case "replies":
            usual = FEW if _is_slow(path) else TRANSCRIPTS
            asked = [transcript for transcript in TRANSCRIPTS if transcript.name in (arguments.reply or ())]
            return measure_replies(weights, path, asked or usual, pace, threads)
        case "ablations":
            return measure_ablations(weights, path, FEW[:2], pace, threads)
        case "waits":
            return measure_waits(path, pace.rounds, threads)
        case _:
            return measure_free_running(path, threads)


if __name__ == "__main__":
    sys.exit(main())
