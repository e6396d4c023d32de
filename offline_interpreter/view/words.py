"""The words of the views: sizes, times, files, progress, and how cells and turns ended.

Every function returns one line without styles, which the terminal and the plain view share. The texts that come from
files and cells are made safe here.
"""

from __future__ import annotations

from pathlib import Path

from offline_interpreter.plain_text import size_text
from offline_interpreter.records import Artifact, CellEnd, TurnEnd
from offline_interpreter.undone import Undone
from offline_interpreter.view.lines import safe

BAR_COLUMNS = 10
STOP_HINT = "Ctrl-C stops"

_STAGES = {"load": "Loading the model", "check": "Checking the model", "keep": "Keeping copies of files"}


def seconds_text(seconds: float) -> str:
    """Return a time in seconds, with tenths while they tell something."""
    return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:,.0f} s"


def counted(number: int, noun: str) -> str:
    """Return a number and its noun: 1 column, 1,200 columns."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def path_text(path: str) -> str:
    """Return a path safe to print, with the home folder as ``~``."""
    home = str(Path.home())
    return safe(f"~{path[len(home) :]}" if path.startswith(home + "/") and home != "/" else path).replace("\n", "?")


def artifact_line(artifact: Artifact) -> str:
    """Say which file a cell made or changed; a file that was there before the session is pointed out."""
    path = path_text(artifact.path)
    if artifact.preexisting and artifact.change != "created":
        return f"! {path} was {artifact.change} by this cell"
    size = "" if artifact.change == "deleted" else f", {size_text(artifact.size_bytes)}"
    return f"→ {path}  ({artifact.change}{size})"


def progress_line(stage: str, done: int, total: int, left_s: float | None) -> str:
    """Say how far loading or reading is. ``left_s`` None: not known."""
    what = _STAGES[stage] if stage in _STAGES else f"Reading {counted(total, 'token')}" if total else "Reading"
    if not total:
        return f"{what} · {STOP_HINT}"
    share = min(done / total, 1.0)
    bar = "█" * int(share * BAR_COLUMNS)
    left = "" if left_s is None else f" · {seconds_text(max(left_s, 0))} left"
    return f"{what} ▕{bar:<{BAR_COLUMNS}}▏ {share * 100:.0f} %{left} · {STOP_HINT}"


def work_line(verb: str, name: str, done_bytes: int, total_bytes: int, bytes_per_s: float) -> str:
    """Say how far work on a file is, how fast it goes and how long it will take; ``total_bytes`` 0: not known.

    The name stands last, for it is what may be cut off.
    """
    rate = f" · {size_text(int(bytes_per_s))}/s" if bytes_per_s else ""
    if not total_bytes:
        return f"{verb} {size_text(done_bytes)}{rate} · {name} · {STOP_HINT}"
    share = min(done_bytes / total_bytes, 1.0)
    bar = "█" * int(share * BAR_COLUMNS)
    left = f" · {long_time_text((total_bytes - done_bytes) / bytes_per_s)} left" if bytes_per_s else ""
    return f"{verb} ▕{bar:<{BAR_COLUMNS}}▏ {share * 100:.0f} % of {size_text(total_bytes)}{rate}{left} · {name}"


def long_time_text(seconds: float) -> str:
    """Return a time that may take hours, in its two largest units."""
    minutes, rest = divmod(int(seconds + 0.5), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if minutes else f"{rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def thinking_line(seconds: float) -> str:
    """Say that the model writes."""
    return f"thinking {seconds_text(seconds)} · {STOP_HINT}"


def running_line(seconds: float, tail: str, place: str = "") -> str:
    """Say that a cell runs; show the line of output that it has not finished, else the line of code that it is at."""
    if tail:
        return f"  {tail} · {seconds_text(seconds)}"
    if place:
        return f"  running {seconds_text(seconds)} · {STOP_HINT} · {place}"
    return f"  running {seconds_text(seconds)} · {STOP_HINT} the cell, variables stay"


def cell_ending(event: CellEnd) -> str:
    """Say how a cell ended that did not run to its end by itself; nothing of others."""
    state = "Variables are lost, files remain." if event.state_lost else "Variables are kept."
    if event.status == "interrupted":
        return f"Interrupted after {seconds_text(event.seconds)}. {state}"
    if event.status == "timeout":
        return f"Stopped after {seconds_text(event.seconds)}, the time limit (--timeout). {state}"
    if event.status == "died":
        return f"The interpreter died and starts again. {state}"
    return state if event.state_lost else ""


def turn_ending(event: TurnEnd) -> str:
    """Say why a turn ended without an answer; nothing of one that was answered."""
    if event.status == "exhausted":
        return f"The turn ended without an answer after {counted(event.stats.steps, 'step')}."
    if event.status == "repeated":
        return "The turn ended without an answer: the model wrote the same code again and again."
    if event.status in ("refused", "interrupted"):
        return "Stopped."
    return "" if event.status == "answered" else safe(event.answer)


def undo_lines(event: Undone) -> list[str]:
    """Say what an undo did, a line for each file, and that variables are as they were."""
    files = event.files
    lines = [f"↶ {path_text(path)} is as it was before" for path in files.restored]
    lines += [f"↶ {path_text(path)} was removed" for path in files.removed]
    lines += [f"! {path_text(left.path)} was left as it is: {safe(left.reason)}" for left in files.kept]
    lines += [f"! {path_text(left.path)} could not be put back: {safe(left.reason)}" for left in files.lost]
    if event.cells:
        lines.append("Variables keep the values that the cells gave them.")
    return ["The last turn was undone.", *lines]


def turn_figures(event: TurnEnd) -> str:
    """Sum up what a turn took."""
    stats = event.stats
    read = f"{counted(stats.prompt_tokens, 'token')} read ({stats.cached_tokens:,} of them known)"
    return " · ".join(
        [
            counted(stats.steps, "step"),
            counted(stats.cells, "cell"),
            read,
            f"{stats.generated_tokens:,} written",
            seconds_text(stats.seconds),
        ]
    )
