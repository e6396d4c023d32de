"""Judging a function that a model wrote, by tests that come with its task, in the session's confined kernel.

The function is what the kernel has under its name; a model that wrote it into its answer only has it run from there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from offline_interpreter.bench.tasks import Attempt

REFERENCE_LIMIT_S = 300.0
LEAST_LIMIT_S = 10.0
LIMIT_FACTOR = 5.0  # of what the reference takes on this machine, at this moment

_PASSED = "all tests passed"
_BLOCK = re.compile(r"^[ \t]*```(?:python|py)?[ \t]*\n(.*?)^[ \t]*```", re.MULTILINE | re.DOTALL | re.IGNORECASE)

# Names of the task's beginning that the function may use are given to it; its own stay.
_TESTING = """
def _judge(name, given, tests):
    space = {{"__name__": "tests"}}
    exec(given, space)
    space.pop(name, None)
    for each, value in space.items():
        globals().setdefault(each, value)
    exec(tests, {{**globals(), **space}})
    print({passed!r})
_judge({name!r}, {given!r}, {tests!r})
"""
_REFERENCE = """
def _judge(reference, tests):
    space = {{"__name__": "tests"}}
    exec(reference, space)
    exec(tests, space)
    print({passed!r})
_judge({reference!r}, {tests!r})
"""


@dataclass(frozen=True, slots=True)
class FunctionTests:
    """``tests`` raise unless the function ``name`` is right; ``reference`` is one that is.

    ``given`` is code that the tests and the function may use; a function ``name`` in it is not the one that is judged.
    It gets ``least_s``, or several times what the reference takes if that is more.
    """

    name: str
    given: str
    reference: str
    tests: str
    least_s: float = LEAST_LIMIT_S


def function_fault(tests: FunctionTests, attempt: Attempt) -> str:
    """Return "" if what the model defined passes, else what is wrong with it."""
    reference = f"{tests.given}\n{tests.reference}"
    proven = attempt.run(_REFERENCE.format(reference=reference, tests=tests.tests, passed=_PASSED), REFERENCE_LIMIT_S)
    if proven.error:
        return f"The task's own solution does not pass here: {proven.error}"
    if not _is_defined(tests.name, attempt):
        return f"There is no function `{tests.name}`."
    code = _TESTING.format(name=tests.name, given=tests.given, tests=tests.tests, passed=_PASSED)
    ended = attempt.run(code, max(tests.least_s, LIMIT_FACTOR * proven.seconds))
    if ended.error:
        return ended.error
    return "" if ended.printed.rstrip().endswith(_PASSED) else "The tests did not run to their end."


def _is_defined(name: str, attempt: Attempt) -> bool:
    """Look for the function in the kernel; if it is not there, run the code of the answer."""
    look = f"assert callable({name})"
    if not attempt.run(look, LEAST_LIMIT_S).error:
        return True
    blocks = [block for block in _BLOCK.findall(attempt.answer) if name in block]
    return any(not attempt.run(f"{block}\n{look}", LEAST_LIMIT_S).error for block in blocks)
