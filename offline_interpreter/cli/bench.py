"""``offline-interpreter bench``: models compared on this machine, to see which one it should run."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from offline_interpreter.cli.options import HELP_NAMES
from offline_interpreter.cli.speed import speed

if TYPE_CHECKING:
    from offline_interpreter.bench.runner import Plan

EXIT_INTERRUPTED = 130
DEFAULT_CONTEXT_TOKENS = 8192  # the same on every machine, so that what a model sees does not depend on free memory

_FOLDER = click.Path(path_type=Path)


@click.group(context_settings=HELP_NAMES)
def bench() -> None:
    """Compare models on this machine: how much they solve, how fast, with how much memory."""


@bench.command("run", context_settings=HELP_NAMES)
@click.option(
    "--models",
    metavar="A,B,…",
    required=True,
    multiple=True,
    help="starter, catalogue ids, or paths of GGUF files; `references` plays the solutions of the tasks.",
)
@click.option(
    "--suite",
    "suites",
    metavar="S,S,…",
    multiple=True,
    help="core, humaneval=FILE, mbpp=FILE, gsm8k=FILE [default: core].",
)
@click.option(
    "--tasks", "patterns", metavar="T,T,…", multiple=True, help="Only these tasks: ids, or patterns such as tables-*."
)
@click.option(
    "--repeats", metavar="N", type=click.IntRange(1), default=1, help="Ask each task N times, over other inputs."
)
@click.option("--seed", metavar="S", type=int, default=0, help="Of the tasks' inputs [default: 0].")
@click.option("--limit", metavar="N", type=click.IntRange(1), help="N tasks of each suite at most, spread over it.")
@click.option(
    "--jobs",
    metavar="N",
    type=click.IntRange(1),
    default=1,
    help="Tasks at a time; speed counts with 1 only [default: 1].",
)
@click.option(
    "--context", metavar="N", type=int, help=f"Tokens of the model's window [default: {DEFAULT_CONTEXT_TOKENS}]."
)
@click.option("--threads", metavar="N", type=int, help="Threads that compute [default: the physical cores].")
@click.option("--gpu-layers", metavar="auto|all|none|N", help="Layers of the model to put on GPUs [default: auto].")
@click.option(
    "--temperature", metavar="T", type=float, help="Above 0, repeats of a model's replies differ [default: 0]."
)
@click.option(
    "--protocol",
    type=click.Choice(["json", "fenced"]),
    default="json",
    help="Have models write code as a JSON string, or as a block behind a JSON header [default: json].",
)
@click.option(
    "--out", metavar="DIR", required=True, type=_FOLDER, help="Folder of the run: records, transcripts, report."
)
def run_tasks(**flags: Any) -> int:
    """Ask every model every task, and write a report.

    What is recorded in DIR is not asked again: after Ctrl-C or a crash the same command goes on.
    """
    from offline_interpreter.bench.progress import RunProgress
    from offline_interpreter.bench.report import write_report
    from offline_interpreter.bench.runner import run

    progress = RunProgress(sys.stderr)
    out: Path = flags["out"]
    try:
        run(_plan(progress, **flags), progress)
    except KeyboardInterrupt:
        progress.close()
        click.echo(f"Stopped. What was done is recorded in {out}; the same command goes on.", err=True)
        return EXIT_INTERRUPTED
    finally:
        progress.close()
    write_report([out], out)
    click.echo(f"Report: {out / 'report.html'}")
    return 0


def _plan(progress: Any, **flags: Any) -> Plan:
    from offline_interpreter.bench.runner import Plan
    from offline_interpreter.bench.subjects import find_subjects
    from offline_interpreter.bench.suites import CORE, Selection, load_suites
    from offline_interpreter.config import load_options

    selection = Selection(
        suites=tuple(_split(flags["suites"])) or (CORE,),
        patterns=tuple(_split(flags["patterns"])),
        limit=flags["limit"] or 0,
        repeats=flags["repeats"],
        seed=flags["seed"],
    )
    load_suites(selection.suites)  # what is wrong with them is said before large files are read
    names = ("context", "threads", "gpu_layers", "temperature", "protocol")
    options = load_options({"python": sys.executable, **{name: flags[name] for name in names}})
    if options.context is None:
        options = replace(options, context=DEFAULT_CONTEXT_TOKENS)
    subjects = find_subjects(_split(flags["models"]), progress.reading)
    return Plan(tuple(subjects), selection, options, flags["out"], flags["jobs"])


def _split(given: tuple[str, ...]) -> list[str]:
    """Return what was given between commas, or in several options; a file with a comma in its name stays whole."""
    names = [[each] if Path(each.partition("=")[2] or each).is_file() else each.split(",") for each in given]
    return [name.strip() for parts in names for name in parts if name.strip()]


@bench.command("report", context_settings=HELP_NAMES)
@click.argument("folders", metavar="DIR...", nargs=-1, required=True, type=_FOLDER)
@click.option("--out", metavar="DIR", type=_FOLDER, help="Folder of the report [default: the first DIR].")
def write(folders: tuple[Path, ...], out: Path | None) -> int:
    """Write one report over the runs in DIR…: report.html, report.md, report.csv and report.json."""
    from offline_interpreter.bench.report import write_report

    out = out or folders[0]
    write_report(folders, out)
    click.echo(f"Report: {out / 'report.html'}")
    return 0


@bench.command("compare", context_settings=HELP_NAMES)
@click.argument("first", metavar="A", type=_FOLDER)
@click.argument("second", metavar="B", type=_FOLDER)
def compare_runs(first: Path, second: Path) -> int:
    """Compare the runs in A and B task by task: what one solved and the other did not, and whether that is chance."""
    from offline_interpreter.bench.compare import compare, comparison_lines

    for line in comparison_lines(compare(first, second)):
        click.echo(line)
    return 0


bench.add_command(speed)
