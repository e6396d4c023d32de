#!/usr/bin/env python3
"""Loads a model whose header has random damage, many times: each must load, or end in one clear error.

    python scripts/stress_loader.py --damaged 5000

Every file is loaded by a process of its own, which then writes a few tokens. Told are those that crashed, raised
anything but the package's own errors, took long, or took more memory than an undamaged one by 100 MB. Exit code 1
when there are any.
"""

from __future__ import annotations

import argparse
import os
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from importlib import resources
from pathlib import Path
from random import Random

from offline_interpreter.cancel import Cancel
from offline_interpreter.engines.llama.binding import library
from offline_interpreter.engines.llama.engine import LlamaEngine
from offline_interpreter.errors import OfflineInterpreterError
from offline_interpreter.models.gguf import read_header
from offline_interpreter.records import Message, Sampling
from offline_interpreter.steps import STEP_SCHEMA

MOST_FLIPS = 4  # of bytes in a file
MOST_SECONDS = 30
MOST_EXTRA_BYTES = 100_000_000
LOADED, REFUSED, RAISED = 0, 10, 11


def main() -> int:
    """Load damaged copies of a model; print what came of them, and return 1 when any did harm."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--damaged", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--model", type=Path, default=resources.files("offline_interpreter") / "data" / "starter.gguf")
    arguments = parser.parse_args()
    library()  # once for all processes
    whole = arguments.model.read_bytes()
    header_bytes = len(whole) - read_header(arguments.model).tensor_bytes
    random, ended, harm = Random(arguments.seed), Counter[str](), 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "damaged.gguf"
        path.write_bytes(whole)
        _, usual_bytes = _outcome(path)
        for number in range(arguments.damaged):
            path.write_bytes(_damaged(whole, header_bytes, random))
            outcome, most_bytes = _outcome(path)
            if most_bytes > usual_bytes + MOST_EXTRA_BYTES:
                outcome = f"{most_bytes / 1e6:.0f} MB"
            ended[outcome] += 1
            if outcome not in ("loaded", "refused"):
                harm += 1
                Path(f"damaged-{arguments.seed}-{number}.gguf").write_bytes(path.read_bytes())
                print(f"file {number}: {outcome}", flush=True)
    print(", ".join(f"{count} {outcome}" for outcome, count in ended.most_common()))
    return 1 if harm else 0


def _damaged(whole: bytes, header_bytes: int, random: Random) -> bytes:
    data = bytearray(whole)
    for _ in range(random.randint(1, MOST_FLIPS)):
        data[random.randrange(header_bytes)] = random.randrange(256)
    return bytes(data)


def _outcome(path: Path) -> tuple[str, int]:
    """Return what a process did with a file, and the most memory that it took."""
    child = os.fork()
    if not child:
        signal.alarm(MOST_SECONDS)
        os._exit(_try(path))
    _, status, used = os.wait4(child, 0)
    names = {LOADED: "loaded", REFUSED: "refused", RAISED: "another exception"}
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        return "too long" if number == signal.SIGALRM else signal.Signals(number).name, used.ru_maxrss * 1024
    return names[os.WEXITSTATUS(status)], used.ru_maxrss * 1024


def _try(path: Path) -> int:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        engine = LlamaEngine(path, threads=1)
        messages = [Message("user", "What is 37 * 481?")]
        for _ in engine.stream(messages, STEP_SCHEMA, Sampling(max_tokens=12), Cancel(), lambda _: None):
            pass
    except OfflineInterpreterError:
        return REFUSED
    except Exception:
        traceback.print_exc()
        return RAISED
    return LOADED


if __name__ == "__main__":
    started = time.perf_counter()
    code = main()
    print(f"{time.perf_counter() - started:.0f} s")
    sys.exit(code)
