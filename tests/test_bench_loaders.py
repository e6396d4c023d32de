"""Public sets are read from a person's file, and what a model wrote is judged by their tests in the confined kernel."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import pytest

from offline_interpreter.bench.asking import run_check
from offline_interpreter.bench.function_tests import FunctionTests, function_fault
from offline_interpreter.bench.loaders import NOTE, load_set
from offline_interpreter.bench.tasks import Attempt, Ended, Question
from offline_interpreter.errors import UsageError
from offline_interpreter.kernel.manager import Kernel

HUMAN_EVAL: dict[str, Any] = {
    "task_id": "HumanEval/7",
    "prompt": (
        "import math\n\n\ndef circle(radius):\n    return math.pi * radius**2\n\n\n"
        'def ring(outer, inner):\n    """Return the area between two circles.\n    >>> ring(2, 2)\n    0.0\n    """\n'
    ),
    "entry_point": "ring",
    "canonical_solution": "    return circle(outer) - circle(inner)\n",
    "test": (
        "\n\ndef check(candidate):\n    assert candidate(2, 2) == 0\n"
        "    assert abs(candidate(2, 1) - (circle(2) - math.pi)) < 1e-9\n"
    ),
}
MBPP: dict[str, Any] = {
    "task_id": 42,
    "prompt": "Write a function to find the largest of some numbers.",
    "code": "def helper(a):\n    return a\n\ndef largest(numbers):\n    return helper(max(numbers))",
    "test_imports": ["import math"],
    "test_list": ["assert largest([1, 5, 3]) == 5", "assert largest([-math.inf, -2]) == -2"],
}
GSM8K: dict[str, Any] = {
    "question": "A box holds 1,200 pens. Half are sold, and then 12 more. How many are left?",
    "answer": "Half are 1200/2=<<1200/2=600>>600 pens.\n600-12=<<600-12=588>>588 are left.\n#### 588",
}
ROWS = {"humaneval": HUMAN_EVAL, "mbpp": MBPP, "gsm8k": GSM8K}


def write(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def question(folder: Path, name: str, **changes: Any) -> Question:
    (task,) = load_set(name, write(folder / f"{name}.jsonl", ROWS[name] | changes)).tasks
    return task.make(Random(0), folder)


@pytest.fixture
def kernel(tmp_path: Path) -> Iterator[Kernel]:
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    with closing(Kernel(workspace)) as kernel:
        yield kernel


def judge(question: Question, kernel: Kernel, folder: Path, *cells: str, answer: str = "Done.") -> str:
    def run(code: str, limit_s: float) -> Ended:
        return run_check(kernel, code, limit_s)

    for cell in cells:
        run(cell, 60)
    return question.check(Attempt(folder, answer, "", cells, (), run))


# -- files --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ROWS)
def test_a_set_is_read_from_lines_a_list_and_their_gzip(tmp_path: Path, name: str) -> None:
    lines = write(tmp_path / "set.jsonl", ROWS[name])
    as_list = tmp_path / "set.json"
    as_list.write_text(json.dumps([ROWS[name]], indent=1), encoding="utf-8")
    zipped = tmp_path / "set.jsonl.gz"
    zipped.write_bytes(gzip.compress(lines.read_bytes()))
    suites = [load_set(name, path) for path in (lines, as_list, zipped)]
    assert [len(suite.tasks) for suite in suites] == [1, 1, 1]
    assert {suite.note for suite in suites} == {NOTE}
    assert suites[0].digest == suites[2].digest != suites[1].digest
    requests = {suite.tasks[0].make(Random(0), tmp_path).request for suite in suites}
    assert len(requests) == 1


def test_tasks_are_named_as_their_set_names_them(tmp_path: Path) -> None:
    names = {name: load_set(name, write(tmp_path / name, row)).tasks[0].id for name, row in ROWS.items()}
    assert names == {"humaneval": "7", "mbpp": "42", "gsm8k": "1"}


def test_the_function_and_the_tests_are_in_the_request(tmp_path: Path) -> None:
    asked = question(tmp_path, "mbpp").request
    assert "`largest`" in asked
    assert "assert largest([1, 5, 3]) == 5" in asked
    assert "helper" not in asked


def test_the_older_form_of_mbpp_is_read(tmp_path: Path) -> None:
    row = {key: value for key, value in MBPP.items() if key not in ("prompt", "test_imports")}
    path = write(tmp_path / "set", row | {"text": "Write it.", "test_setup_code": "import math"})
    assert load_set("mbpp", path).tasks[0].make(Random(0), tmp_path).request.startswith("Write it.")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("humaneval", "", "is empty"),
        ("humaneval", "[]", "is empty"),
        ("humaneval", "{", "is not JSON"),
        ("humaneval", "\x00\x01", "is not JSON"),
        ("humaneval", json.dumps(MBPP), "Task 1 of .* has no 'entry_point'. Is it a file of humaneval?"),
        ("humaneval", "7", "Task 1 of .* has no 'prompt'"),
        ("mbpp", json.dumps(MBPP) + "\n" + json.dumps(GSM8K), "Task 2 of .* has no 'code'"),
        ("mbpp", json.dumps(MBPP | {"test_list": ["assert other()"]}), "Task 1 .*: its tests call no function"),
        ("mbpp", json.dumps(MBPP | {"code": "def ("}), "Task 1 of .* cannot be used"),
        ("mbpp", (json.dumps(MBPP) + "\n") * 2, "two tasks with the same id"),
        ("gsm8k", json.dumps(GSM8K | {"answer": "588"}), "Task 1 of .*: its answer has no '####'"),
        ("gsm8k", json.dumps(GSM8K | {"answer": "#### many"}), "Task 1 of .* cannot be used"),
    ],
)
def test_a_file_that_is_no_set_says_where_and_why(tmp_path: Path, name: str, content: str, said: str) -> None:
    path = tmp_path / "file"
    path.write_text(content)
    with pytest.raises(UsageError, match=said):
        load_set(name, path)


@pytest.mark.parametrize("content", [None, b"\x1f\x8b\x08 cut", b"\xff\xfe"])
def test_a_file_that_cannot_be_read_says_so(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "set.jsonl.gz"
    if content:
        path.write_bytes(content)
    with pytest.raises(UsageError, match=r"cannot be read|is not JSON"):
        load_set("mbpp", path)


# -- functions ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["humaneval", "mbpp"])
def test_the_reference_passes_and_the_wrong_solution_fails(tmp_path: Path, kernel: Kernel, name: str) -> None:
    asked = question(tmp_path, name)
    assert judge(asked, kernel, tmp_path, *asked.wrong.code, answer=asked.wrong.answer) != ""
    assert judge(asked, kernel, tmp_path, *asked.reference.code, answer=asked.reference.answer) == ""


def test_a_function_may_use_what_the_request_gave(tmp_path: Path, kernel: Kernel) -> None:
    cell = "def ring(outer, inner):\n    return circle(outer) - circle(inner) + 0 * math.pi"
    assert judge(question(tmp_path, "humaneval"), kernel, tmp_path, cell) == ""


def test_a_function_that_is_not_there_is_not_taken_from_the_request(tmp_path: Path, kernel: Kernel) -> None:
    assert judge(question(tmp_path, "humaneval"), kernel, tmp_path) == "There is no function `ring`."


def test_a_function_in_the_answer_counts(tmp_path: Path, kernel: Kernel) -> None:
    answer = "Here it is:\n\n```python\ndef largest(numbers):\n    return sorted(numbers)[-1]\n```\nIt takes a list."
    assert judge(question(tmp_path, "mbpp"), kernel, tmp_path, answer=answer) == ""


def test_what_was_run_counts_more_than_the_answer(tmp_path: Path, kernel: Kernel) -> None:
    answer = "```python\ndef largest(numbers):\n    return max(numbers)\n```"
    assert judge(question(tmp_path, "mbpp"), kernel, tmp_path, "def largest(numbers): return 0", answer=answer)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("return 0", "AssertionError"),
        ("raise KeyError('x')", "KeyError: 'x'"),
        ("raise SystemExit(0)", ""),
        ("import os; os._exit(0)", "The interpreter died."),
        ("import os; os.kill(os.getpid(), 9)", "The interpreter died."),
    ],
)
def test_a_function_that_fails_is_not_solved(tmp_path: Path, kernel: Kernel, body: str, said: str) -> None:
    fault = judge(question(tmp_path, "mbpp"), kernel, tmp_path, f"def largest(numbers):\n    {body}")
    assert fault
    assert said in fault


def test_a_function_gets_several_times_what_the_reference_needs(tmp_path: Path, kernel: Kernel) -> None:
    slow = "import time\n\ndef largest(numbers):\n    time.sleep({})\n    return max(numbers)\n"
    run_check(kernel, slow.format(0.4), 60)
    for reference_s, fault in ((0, "It did not end within 0.3 s."), (0.4, "")):
        tests = FunctionTests("largest", "", slow.format(reference_s), "assert largest([1, 3]) == 3", least_s=0.3)
        attempt = Attempt(tmp_path, "", "", (), (), lambda code, limit_s: run_check(kernel, code, limit_s))
        assert function_fault(tests, attempt) == fault


def test_a_set_whose_own_solution_fails_says_so(tmp_path: Path, kernel: Kernel) -> None:
    asked = question(tmp_path, "mbpp", code="def largest(numbers):\n    return 1 / 0")
    said = judge(asked, kernel, tmp_path, "def largest(numbers):\n    return max(numbers)")
    assert said == "The task's own solution does not pass here: ZeroDivisionError: division by zero"


def test_code_is_run_nowhere_but_in_the_kernel(tmp_path: Path) -> None:
    ran: list[str] = []

    def run(code: str, limit_s: float) -> Ended:
        ran.append(code)
        return Ended("", "refused", 0.0)

    mark = tmp_path / "mark"
    hostile = f"open({str(mark)!r}, 'w')\n"
    asked = question(tmp_path, "mbpp", code=hostile + MBPP["code"], test_list=[*MBPP["test_list"], hostile.strip()])
    assert "refused" in asked.check(Attempt(tmp_path, f"```python\n{hostile}```", "", (), (), run))
    assert ran
    assert not mark.exists()


# -- numbers ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "solved"),
    [
        ("588", True),
        ("There are 600 and 12 are sold.\n\n**588**", True),
        ("It is $588.00.", True),
        ("588 of 1,200", False),
        ("−588", False),
        ("five hundred", False),
        ("", False),
    ],
)
def test_the_last_number_of_the_answer_counts(tmp_path: Path, answer: str, solved: bool) -> None:
    asked = question(tmp_path, "gsm8k")

    def run(code: str, limit_s: float) -> Ended:
        raise AssertionError("nothing is run")

    assert (asked.check(Attempt(tmp_path, answer, "", (), (), run)) == "") == solved


def test_the_solutions_of_a_number_are_right_and_wrong(tmp_path: Path) -> None:
    asked = question(tmp_path, "gsm8k")
    assert "<<" not in asked.reference.answer
    assert asked.reference.answer.endswith("588")
    assert asked.wrong.answer.endswith("589")
