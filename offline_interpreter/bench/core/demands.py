"""How a check says what is missing: it demands, and the first demand that is not met becomes the line of its verdict.

A question's look at an attempt raises ``Lacking``; ``question`` makes a check of it that never raises, since what an
attempt left may be broken in any way. What files and answers hold is read elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from textwrap import dedent
from typing import NoReturn, TypeVar

from offline_interpreter.bench.tasks import Attempt, Question, Solution

MOST_CHARS = 200  # of a verdict

Look = Callable[[Attempt], None]
Chosen = TypeVar("Chosen")


class Lacking(Exception):
    """What an attempt lacks, in one line."""


def lack(line: str) -> NoReturn:
    """Say that an attempt does not solve the task. Raises ``Lacking``."""
    raise Lacking(line)


def require(holds: object, line: str) -> None:
    """Demand that something holds; ``line`` says what is missing otherwise. Raises ``Lacking``."""
    if not holds:
        raise Lacking(line)


def require_one(choices: Iterable[Chosen], look: Callable[[Chosen], None], nothing: str) -> None:
    """Demand that ``look`` passes for one of the choices; without any choice ``nothing`` is what is missing.

    Raises ``Lacking`` with what the first of them lacks.
    """
    first: Exception | None = None
    for choice in choices:
        try:
            look(choice)
        except Exception as error:  # a broken file among good ones
            first = first or error
        else:
            return
    if first is None:
        raise Lacking(nothing)
    raise first


def question(request: str, look: Look, reference: Solution, wrong: Solution | str) -> Question:
    """Put a question together. ``wrong`` as a text: the reference's cells, and this for an answer."""
    wrong = Solution(reference.code, wrong) if isinstance(wrong, str) else wrong
    return Question(request, _never_raising(look), reference, wrong)


def solution(code: str | Iterable[str], answer: str) -> Solution:
    """Make a solution of one cell or of several, whose common indentation is taken away."""
    cells = [code] if isinstance(code, str) else code
    return Solution(tuple(dedent(cell).strip("\n") for cell in cells), answer)


def _never_raising(look: Look) -> Callable[[Attempt], str]:
    def check(attempt: Attempt) -> str:
        try:
            look(attempt)
        except Lacking as lacking:
            return _one_line(str(lacking))
        except Exception as error:  # libraries raise anything for a file that was made to break them
            return _one_line(f"What was left cannot be read: {type(error).__name__}: {error}")
        return ""

    return check


def _one_line(text: str) -> str:
    return " ".join(text.split())[:MOST_CHARS] or "Something is missing."
