"""The suite ``core``: every reference, really run, passes its check, every wrong one fails, inputs follow the seed."""

from __future__ import annotations

import base64
import importlib.util
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random
from typing import NoReturn

import pytest

from offline_interpreter.bench.core import TASKS
from offline_interpreter.bench.core.answers import holds_number, numbers
from offline_interpreter.bench.tasks import Attempt, Question, Solution, Task
from offline_interpreter.kernel.manager import Kernel
from offline_interpreter.records import Output

SEEDS = (1, 2)
FAMILIES = {
    "numbers",
    "lists",
    "dates and units",
    "text",
    "tables",
    "charts",
    "files",
    "documents",
    "pictures and codes",
    "video",
    "models and networks",
    "repair",
    "honesty",
}

# Cells of all tasks share one kernel: what the last one defined is gone before the next one begins.
ENTER = """
import os as _os
_os.chdir({folder!r})
get_ipython().reset(new_session=False)
"""


def is_missing(package: str) -> bool:
    return importlib.util.find_spec(package) is None


def cases() -> list[object]:
    found: list[object] = []
    for task in TASKS:
        missing = [package for package in task.packages if is_missing(package)]
        marks = [pytest.mark.skip(reason=f"{task.id} needs {', '.join(missing)}")] if missing else []
        found += [pytest.param(task, seed, id=f"{task.id}-{seed}", marks=marks) for seed in SEEDS]
    return found


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("workspace")


@pytest.fixture(scope="module")
def kernel(workspace: Path) -> Iterator[Kernel]:
    with closing(Kernel(workspace)) as kernel:
        yield kernel


def not_run(code: str, limit_s: float) -> NoReturn:
    raise AssertionError("a check of this suite runs no code")


def attempt(folder: Path, answer: str, printed: str = "", figures: tuple[Path, ...] = ()) -> Attempt:
    return Attempt(folder, answer, printed, (), figures, not_run)


def made(task: Task, seed: int, folder: Path) -> Question:
    folder.mkdir()
    return task.make(Random(f"{task.id} {seed}"), folder)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def played(kernel: Kernel, folder: Path, solution: Solution) -> Attempt:
    """Run the cells of a solution in its folder, and return what it leaves behind."""
    outputs = list(run(kernel, ENTER.format(folder=str(folder))))
    for code in solution.code:
        outputs += run(kernel, code)
    printed = "".join(output.text for output in outputs if output.kind == "stream" and output.name == "stdout")
    figures = []
    for number, output in enumerate(output for output in outputs if "image/png" in output.data):
        figures.append(folder.parent / f"{folder.name}-{number}.png")
        figures[-1].write_bytes(base64.b64decode(output.data["image/png"]))
    return attempt(folder, solution.answer, printed, tuple(figures))


def run(kernel: Kernel, code: str) -> Iterator[Output]:
    for output in kernel.execute(code, timeout_s=120):
        if isinstance(output, Output):
            assert output.kind != "error", output.text
            yield output


@pytest.mark.parametrize(("task", "seed"), cases())
def test_the_reference_passes_and_the_wrong_one_fails(
    task: Task, seed: int, kernel: Kernel, workspace: Path, tmp_path: Path
) -> None:
    place = workspace / f"{task.id}-{seed}"
    question = made(task, seed, place)
    again = made(task, seed, workspace / f"{task.id}-{seed}-wrong")
    assert contents(workspace / f"{task.id}-{seed}-wrong") == contents(place)
    assert again.request == question.request
    assert question.check(attempt(place, "")) != ""

    right = played(kernel, place, question.reference)
    assert question.check(right) == ""
    known = f"{right.printed} {question.request}"
    figures = re.findall(r"(?<![\w.,#])-?\d(?:[\d,.]*\d)?", right.answer)
    assert [figure for figure in figures if not any(holds_number(known, number) for number in numbers(figure))] == []

    if question.wrong.code == question.reference.code:
        wrong = attempt(place, question.wrong.answer, right.printed, right.figures)
    else:
        wrong = played(kernel, workspace / f"{task.id}-{seed}-wrong", question.wrong)
    verdict = question.check(wrong)
    assert verdict
    assert "\n" not in verdict
    assert "cannot be read:" not in verdict


@pytest.mark.parametrize("task", TASKS, ids=[task.id for task in TASKS])
def test_seeds_differ(task: Task, tmp_path: Path) -> None:
    if any(is_missing(package) for package in task.packages):
        pytest.skip(f"{task.id} needs {', '.join(task.packages)}")
    questions = [made(task, seed, tmp_path / str(seed)) for seed in SEEDS]
    asked = [
        (question.request, contents(tmp_path / str(seed))) for question, seed in zip(questions, SEEDS, strict=True)
    ]
    assert asked[0] != asked[1]


def test_ids_are_unique() -> None:
    assert len({task.id for task in TASKS}) == len(TASKS) >= 66


def test_every_family_is_there() -> None:
    assert {task.family for task in TASKS} == FAMILIES


def test_difficulties_are_spread() -> None:
    shares = Counter(task.difficulty for task in TASKS)
    assert set(shares) == {"easy", "medium", "hard"}
    assert min(shares.values()) >= 0.25 * len(TASKS)
