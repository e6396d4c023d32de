"""Public sets of tasks from a file that the person names: HumanEval, MBPP and GSM8K.

None of them is shipped, and all are probably in what models were trained on. A file is JSON lines or one JSON list,
gzipped or not. Functions are judged by the set's own tests in the session's confined kernel; they get several times
what the set's own solution takes there. The code of a file is never run anywhere else.
"""

from __future__ import annotations

import ast
import gzip
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from offline_interpreter.bench.function_tests import FunctionTests, function_fault
from offline_interpreter.bench.tasks import Attempt, Question, Solution, Suite, Task
from offline_interpreter.errors import UsageError

NOTE = "probably in training data"

Row = Mapping[str, Any]

_NUMBER = re.compile(r"[-−]?(?:\d[\d,]*(?:\.\d+)?|\.\d+)")
_CALCULATION = re.compile(r"<<.*?>>")
_DIGEST_CHARS = 16


def load_set(name: str, path: Path) -> Suite:
    """Read the set ``name``, a key of ``SETS``. Raises ``UsageError`` that names the file and the place."""
    data = _read(path)
    make_task = SETS[name]
    tasks = []
    for number, row in enumerate(_rows(data, path), 1):
        try:
            tasks.append(make_task({"task_id": number, **row}))
        except (KeyError, TypeError, ValueError, AttributeError, SyntaxError) as error:
            what = f"has no {error}" if isinstance(error, KeyError) else f"cannot be used: {error}"
            raise UsageError(f"Task {number} of {str(path)!r} {what}.", f"Is it a file of {name}?") from error
    if len({task.id for task in tasks}) < len(tasks):
        raise UsageError(f"{str(path)!r} has two tasks with the same id.", "Remove one.")
    return Suite(name, tuple(tasks), hashlib.sha256(data).hexdigest()[:_DIGEST_CHARS], NOTE)


def _read(path: Path) -> bytes:
    try:
        data = path.read_bytes()
        return gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data
    except (OSError, EOFError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UsageError(f"The set {str(path)!r} cannot be read: {reason}.", "Check the path.") from error


def _rows(data: bytes, path: Path) -> list[Row]:
    try:
        text = data.decode("utf-8-sig")
        if text.lstrip().startswith("["):
            rows = json.loads(text)
        else:
            rows = [json.loads(line) for line in text.split("\n") if line.strip()]
    except ValueError as error:
        raise UsageError(f"The set {str(path)!r} is not JSON: {error}.", "Give JSON lines, or one list.") from error
    if not rows:
        raise UsageError(f"The set {str(path)!r} is empty.")
    return [row if isinstance(row, dict) else {} for row in rows]


# -- functions ----------------------------------------------------------------------------------------------------


def _human_eval(row: Row) -> Task:
    given, name = str(row["prompt"]), str(row["entry_point"])
    reference = given + row["canonical_solution"]
    tests = FunctionTests(name, given, reference, f"{row['test']}\ncheck({name})\n")
    request = (
        "Write this Python function, and run a cell that defines it under the same name:\n\n"
        f"```python\n{given.strip()}\n```"
    )
    task_id = str(row["task_id"]).rpartition("/")[2]
    return _function_task(task_id, request, tests, wrong=f"{given}    return None\n")


def _mbpp(row: Row) -> Task:
    reference, tests = str(row["code"]), [str(test) for test in row["test_list"]]
    name = _tested_function(reference, tests)
    prelude = "\n".join([*row.get("test_imports", ()), row.get("test_setup_code", "")]).strip()
    text = str(row["prompt"] if "prompt" in row else row["text"])
    request = (
        f"{text.strip()} Run a cell that defines it under the name `{name}`. It must pass these tests:\n\n"
        "```python\n" + "\n".join(tests) + "\n```"
    )
    checks = FunctionTests(name, prelude, reference, "\n".join(tests) + "\n")
    return _function_task(
        str(row["task_id"]), request, checks, wrong=f"def {name}(*values, **named):\n    return None\n"
    )


def _tested_function(reference: str, tests: list[str]) -> str:
    """Return the name of the function of ``reference`` that the tests call."""
    defined = [node.name for node in ast.parse(reference).body if isinstance(node, (ast.FunctionDef, ast.ClassDef))]
    called = {node.id for test in tests for node in ast.walk(ast.parse(test)) if isinstance(node, ast.Name)}
    for name in reversed(defined):
        if name in called:
            return name
    raise ValueError("its tests call no function of its code")


def _function_task(task_id: str, request: str, tests: FunctionTests, *, wrong: str) -> Task:
    question = Question(
        request,
        partial(function_fault, tests),
        Solution((tests.reference,), f"`{tests.name}` is defined."),
        Solution((wrong,), f"`{tests.name}` is defined."),
    )
    return Task(task_id, "functions", "medium", (), partial(_same, question))


# -- numbers ------------------------------------------------------------------------------------------------------


def _gsm8k(row: Row) -> Task:
    steps, mark, result = str(row["answer"]).rpartition("####")
    if not mark:
        raise ValueError("its answer has no '####'")
    expected = _as_number(result)
    steps = _CALCULATION.sub("", steps).strip()
    question = Question(
        f"{str(row['question']).strip()}\n\nEnd your answer with the number alone on its last line.",
        partial(_number_fault, expected),
        Solution((f"print({expected!r})",), f"{steps}\n\n{result.strip()}"),
        Solution((f"print({expected + 1!r})",), f"{steps}\n\n{expected + 1:g}"),
    )
    return Task(str(row["task_id"]), "word problems", "medium", (), partial(_same, question))


def _number_fault(expected: float, attempt: Attempt) -> str:
    found = _NUMBER.findall(attempt.answer)
    if not found:
        return "The answer has no number."
    said = _as_number(found[-1])
    return "" if abs(said - expected) < 1e-6 * max(1.0, abs(expected)) else f"The answer is {said:g}, not {expected:g}."


def _as_number(text: str) -> float:
    return float(text.strip().replace(",", "").replace("−", "-").lstrip("$"))


def _same(question: Question, _chance: Random, _folder: Path) -> Question:
    return question


SETS: dict[str, Callable[[Row], Task]] = {"humaneval": _human_eval, "mbpp": _mbpp, "gsm8k": _gsm8k}
