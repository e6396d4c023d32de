#!/usr/bin/env python3
"""Measures the engine against the stock binding: the same tokens, the same library and threads, in turns.

    python scripts/measure_engine.py --shape fast --shape 0.5B
    python scripts/measure_engine.py --model offline_interpreter/data/starter.gguf
    python scripts/measure_engine.py --vocabulary ggml-vocab-qwen2.gguf --repeats 7 --out measured.json

Models of a shape have random weights and the speed of real ones. Every reply is a fixed transcript that is forced upon
the engines, so that none is luckier than another. Figures are medians, with the lowest and the highest, of ratios
within one round. Leave the machine alone meanwhile.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from measuring.free_running import measure_free_running
from measuring.replies import measure_replies
from measuring.shapes import FAST, FOLDER, HALF_BILLION, SHAPES, shape_file
from measuring.waits import measure_waits

from offline_interpreter.engines.llama.context import choose_threads
from offline_interpreter.engines.llama.loader import acquire, release
from offline_interpreter.machine import usable_cores

Figures = dict[str, Any]


def main() -> int:
    """Measure what was asked for, print a table of each, and write all of it as JSON."""
    arguments = _arguments()
    paths = {path.stem: path for path in arguments.model}
    shapes = arguments.shape or ([] if paths else [FAST.name, HALF_BILLION.name])
    paths |= {name: shape_file(SHAPES[name], arguments.vocabulary) for name in shapes}
    measured: Figures = {"machine": _machine(), "repeats": arguments.repeats, "models": {}}
    for name, path in paths.items():
        print(f"\n## {name} ({path.stat().st_size / 1e6:.0f} MB)\n", flush=True)
        measured["models"][name] = _measure(path, arguments.repeats, arguments.threads)
        if arguments.out:
            arguments.out.write_text(json.dumps(measured, indent=1), encoding="utf-8")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--shape", action="append", choices=SHAPES, help="a model of random weights; default: fast and 0.5B"
    )
    parser.add_argument("--model", action="append", type=Path, default=[], help="a real GGUF")
    parser.add_argument("--vocabulary", type=Path, help="a GGUF whose vocabulary the shapes get")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--out", type=Path, help="a JSON file for all figures")
    return parser.parse_args()


def _machine() -> Figures:
    import llama_cpp
    import llguidance

    versions = {"llama-cpp-python": llama_cpp.__version__, "llguidance": llguidance.__version__}
    return {"cores": usable_cores(), "python": platform.python_version(), "platform": platform.platform()} | versions


def _measure(path: Path, repeats: int, threads: int | None) -> Figures:
    started = time.perf_counter()
    weights = acquire(path, None, lambda _: None, None)
    load_s = time.perf_counter() - started
    try:
        threads = choose_threads(threads, weights.size_bytes, usable_cores())
        figures: Figures = {"load_s": load_s, "threads": threads}
        figures |= measure_replies(weights, path, repeats, threads)
        figures |= measure_waits(path, repeats, threads)
        if path.parent != FOLDER:
            figures |= measure_free_running(path, threads)
        return figures
    finally:
        release(weights)


if __name__ == "__main__":
    sys.exit(main())
