#!/usr/bin/env python3
"""Measures the kernel: starts, round trips, floods, memory, stops; and ipykernel over TCP beside it, in turns.

    python scripts/measure_kernel.py
    python -m venv /tmp/ipykernel && /tmp/ipykernel/bin/pip install ipykernel
    python scripts/measure_kernel.py --against /tmp/ipykernel/bin/python --out measured.json

ipykernel is no dependency of this project: make an environment for it as above, of the same Python. Each figure is
taken in a process of its own, once a round, of the one kernel and then of the other; told are medians over the rounds,
with the lowest and the highest, and the median of the ratios within a round. Leave the machine alone meanwhile.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from statistics import median

SCRIPTS = Path(__file__).resolve().parent
OWN = SCRIPTS / "measuring" / "own_kernel.py"
OTHER = SCRIPTS / "measuring" / "ipykernel_side.py"
TASK_S = 300

# Of each task what it measures: the key in its answer, in words, and the most that the ratio should be.
Figure = tuple[str, str, str, float | None]
TASKS: dict[str, tuple[Figure, ...]] = {
    "start": (
        ("first_cell_s", "start to first cell, s", "cold", 0.32),
        ("child_mb", "memory of the interpreter, MB", "after one cell", None),
        ("tree_mb", "memory of all its processes, MB", "after one cell", None),
        ("parent_mb", "memory of the parent, MB", "after one cell", None),
    ),
    "restart": (("first_cell_s", "restart to first cell, s", "with the spare", None),),
    "round_trips": (("round_trip_ms", "round trip of a trivial cell, ms", "median of 200", 0.1),),
    "lines": (
        ("seconds", "flood as lines, s", "50 MB, or --megabytes", 0.5),
        ("grown_mb", "growth of the parent, MB", "flood as lines", None),
    ),
    "one_print": (
        ("seconds", "flood in one print, s", "50 MB, or --megabytes", None),
        ("grown_mb", "growth of the parent, MB", "flood in one print", None),
    ),
    "endless": (
        ("grown_mb", "growth of the parent, MB", "5 s of an endless flood", None),
        ("stopped_s", "interrupt to result, s", "of an endless flood", None),
    ),
    "interrupt": (("stopped_s", "interrupt to result, s", "of a pure-Python loop", None),),
}
Answer = dict[str, float]


def main() -> int:
    """Measure all tasks, print the table, and write it as JSON if a file is named."""
    arguments = _arguments()
    sides = {"own": (sys.executable, OWN)}
    if arguments.against:
        sides["ipykernel"] = (arguments.against, OTHER)
    else:
        print("Without --against PYTHON nothing is measured beside; --help says how to make one.\n", file=sys.stderr)
    answers: dict[str, dict[str, list[Answer]]] = {side: {task: [] for task in TASKS} for side in sides}
    for _ in range(arguments.rounds):
        for task in TASKS:
            for side, (python, script) in sides.items():
                answers[side][task].append(_ask(python, script, task, arguments))
    rows = [row for task in TASKS for row in _rows(task, answers)]
    _print_table(rows)
    if arguments.out:
        measured = {"machine": _machine(), "rounds": arguments.rounds, "figures": rows}
        arguments.out.write_text(json.dumps(measured, indent=1), encoding="utf-8")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--against", metavar="PYTHON", help="a Python that has ipykernel")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--megabytes", type=int, default=50, help="of a flood")
    parser.add_argument("--sandbox", default="auto", help="how the own kernel is confined")
    parser.add_argument("--out", type=Path, help="a JSON file for all figures")
    return parser.parse_args()


def _machine() -> dict[str, object]:
    return {"cores": os.cpu_count(), "python": platform.python_version(), "platform": platform.platform()}


def _ask(python: str, script: Path, task: str, arguments: argparse.Namespace) -> Answer:
    command = [python, str(script), task, str(arguments.megabytes * 1_000_000), arguments.sandbox]
    done = subprocess.run(command, capture_output=True, text=True, timeout=TASK_S, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{script.name} {task} failed:\n{done.stderr}")
    answer: Answer = json.loads(done.stdout.splitlines()[-1])
    return answer


def _rows(task: str, answers: dict[str, dict[str, list[Answer]]]) -> list[dict[str, object]]:
    rows = []
    for key, name, detail, most in TASKS[task]:
        own = [answer[key] for answer in answers["own"][task]]
        row: dict[str, object] = {"name": name, "detail": detail, "own": own}
        # A restart without a spare is a cold start.
        others = answers.get("ipykernel", {}).get("start" if task == "restart" else task, [])
        if others:
            row["ipykernel"] = [answer[key] for answer in others]
            row["ratio"] = median(mine / max(other[key], 1e-9) for mine, other in zip(own, others, strict=True))
            row["ratio_at_most"] = 0.1 if task == "restart" else most
        rows.append(row)
    return rows


def _print_table(rows: list[dict[str, object]]) -> None:
    print(f"{'':<34} {'':<24} {'own':>22} {'ipykernel':>22} {'ratio':>7}  at most")
    for row in rows:
        cells = [_spread(row.get(side)) for side in ("own", "ipykernel")]
        ratio = f"{row['ratio']:.3f}" if "ratio" in row else ""
        most = row.get("ratio_at_most") or ""
        print(f"{row['name']:<34} {row['detail']:<24} {cells[0]:>22} {cells[1]:>22} {ratio:>7}  {most}")


def _spread(values: object) -> str:
    if not isinstance(values, list):
        return ""
    return f"{median(values):.3g} ({min(values):.3g} – {max(values):.3g})"


if __name__ == "__main__":
    sys.exit(main())
