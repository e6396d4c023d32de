#!/usr/bin/env python
"""Measure what it costs to start the command, in CPU time, beside a Python that does nothing.

    .venv/bin/python scripts/measure_start.py [--runs N]

Each command is run by turns with ``python -c pass``, so that what else the machine does meets all alike. Told are the
medians in ms, and what is above the bare Python. ``--help`` may take 80 ms above it.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile

COMMANDS = (["--help"], ["--version"], ["exec", "--help"], ["models", "list"], ["cache", "show"])
BARE = [sys.executable, "-c", "pass"]


def cpu_ms(command: list[str], environment: dict[str, str]) -> float:
    """Run a command; return the CPU time that it and what it started took, in ms."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1000 * (after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=15, help="how often each command is run (15)")
    runs = parser.parse_args().runs
    commands = [BARE, *([sys.executable, "-m", "offline_interpreter", *given] for given in COMMANDS)]
    taken: list[list[float]] = [[] for _ in commands]
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "HOME": home}
        for command in commands:
            cpu_ms(command, environment)  # bytecode is written once
        for _ in range(runs):
            for times, command in zip(taken, commands, strict=True):
                times.append(cpu_ms(command, environment))
    bare = statistics.median(taken[0])
    print(f"{'python -c pass':<16}{bare:>6.0f} ms")
    for given, times in zip(COMMANDS, taken[1:], strict=True):
        median = statistics.median(times)
        print(f"{' '.join(given):<16}{median:>6.0f} ms  +{median - bare:.0f}")


if __name__ == "__main__":
    main()
