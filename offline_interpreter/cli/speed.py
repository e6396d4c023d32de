"""``offline-interpreter bench speed``: how fast one model reads and writes on this machine."""

from __future__ import annotations

import shutil
import sys
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from offline_interpreter.cli.options import HELP_NAMES

if TYPE_CHECKING:
    from offline_interpreter.bench.speed import SpeedRun, Speeds

EXIT_INTERRUPTED = 130
MOST_TOKENS = 1 << 24


Counts = tuple[int, ...]


def _counts(least: int) -> Callable[[click.Context, click.Parameter, str | None], Counts | None]:
    """Return what reads whole numbers from ``least`` on that stand between commas; None where nothing was given."""

    def read(ctx: click.Context, param: click.Parameter, value: str | None) -> Counts | None:
        if value is None:
            return None
        parts = [part.strip() for part in value.split(",") if part.strip()]
        if not all(part.isdecimal() and least <= int(part) <= MOST_TOKENS for part in parts):
            raise click.BadParameter(f"{value!r} is no list of whole numbers from {least} on, like 64,512.", ctx, param)
        return tuple(dict.fromkeys(map(int, parts)))

    return read


@click.command("speed", context_settings=HELP_NAMES)
@click.argument("model", metavar="MODEL")
@click.option("--prompt", metavar="N,N,…", callback=_counts(1), help="Tokens to read [default: 64,512,2048].")
@click.option("--generate", metavar="N,N,…", callback=_counts(1), help="Tokens to write [default: 64,256].")
@click.option("--depth", metavar="N,N,…", callback=_counts(0), help="Tokens that stand before them [default: 0,2048].")
@click.option(
    "--threads", metavar="N,N,…", callback=_counts(1), help="Threads that compute [default: as in a session]."
)
@click.option("--repeats", metavar="N", type=click.IntRange(1), default=5, help="Runs of each test [default: 5].")
@click.option("--gpu-layers", metavar="auto|all|none|N", default="auto", help="Layers to put on GPUs [default: auto].")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "md", "csv", "json"]),
    default="table",
    help="How it is printed [default: table].",
)
def speed(model: str, form: str, **flags: Any) -> int:
    """Measure how fast MODEL reads and writes, over lengths, depths and threads.

    As llama-bench does: each test is run once to warm up, then --repeats times; the figures are tokens per second, as
    mean ± standard deviation, and the peak of memory. `pp512` reads 512 tokens, `tg64` writes 64, `@ d2048` after 2,048
    others. An empty list, as in --generate "", leaves tests out. Ctrl-C stops; what was measured is shown.
    """
    from offline_interpreter.bench.environment import describe_environment
    from offline_interpreter.bench.speed_report import speed_text

    speeds = _measured(model, **flags)
    if speeds is None:
        return EXIT_INTERRUPTED
    settings = {"gpu_layers": flags["gpu_layers"]}
    width = shutil.get_terminal_size().columns
    click.echo(speed_text(speeds, describe_environment(settings, {}), form, width))
    return 0 if speeds.whole else EXIT_INTERRUPTED


def _measured(model: str, **flags: Any) -> Speeds | None:
    """Measure in a thread, so that Ctrl-C is heard while llama.cpp computes; None: it was stopped while it loaded."""
    from offline_interpreter.api import find_model
    from offline_interpreter.bench.speed import SpeedPlan, measure_speed
    from offline_interpreter.cancel import Cancel
    from offline_interpreter.chat.terminal import interrupts
    from offline_interpreter.config import gpu_layer_count
    from offline_interpreter.errors import EngineError
    from offline_interpreter.view.status import StatusLine

    path, cancel = find_model(model), Cancel()
    given = {"prompts": flags["prompt"], "generations": flags["generate"], "depths": flags["depth"]}
    given |= {"threads": flags["threads"], "repeats": flags["repeats"]}
    plan = SpeedPlan(
        **{name: value for name, value in given.items() if value is not None},
        gpu_layers=gpu_layer_count(flags["gpu_layers"]),
    )
    line = StatusLine(sys.stderr, lambda: shutil.get_terminal_size().columns)
    line.show(lambda seconds: f"Loading the model {seconds:.0f} s · Ctrl-C stops")
    started = time.monotonic()

    def tell(run: SpeedRun) -> None:
        line.show(_telling(run), since=started)

    try:
        with interrupts(cancel.request, None):
            return _in_thread(lambda: measure_speed(path, plan, tell, cancel))
    except EngineError:
        if cancel.requested:
            return None
        raise
    finally:
        line.close()


def _telling(run: SpeedRun) -> Callable[[float], str]:
    threads = f"{run.test.threads} thread{'s' * (run.test.threads != 1)}"
    part = f"run {run.run} of {run.runs}" if run.run else "warm-up"
    text = f"{run.test.name}, {threads} · {part} · test {run.number} of {run.tests}"
    return lambda seconds: f"{text} · {seconds:.0f} s · Ctrl-C stops"


def _in_thread(work: Callable[[], Speeds]) -> Speeds:
    """Return what ``work`` returns, or raise what it raises."""
    done: list[Speeds] = []
    raised: list[BaseException] = []

    def run() -> None:
        try:
            done.append(work())
        except BaseException as error:  # raised again below, in the thread that waits
            raised.append(error)

    worker = threading.Thread(target=run, name="speed", daemon=True)
    worker.start()
    worker.join()
    if raised:
        raise raised[0]
    return done[0]
