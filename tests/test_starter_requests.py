"""The starter model and requests that it was not made from, on the whole line: four of five are to be solved.

Run as a script it prints how a model does: ``python tests/test_starter_requests.py --model FILE``.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from fnmatch import fnmatch
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from offline_interpreter.api import find_model, open_session
from offline_interpreter.config import STARTER, Options
from offline_interpreter.engines.llama.engine import LlamaEngine
from offline_interpreter.records import CellStart, Event, OutputMade, TurnEnd

for package in ("pandas", "PIL", "openpyxl", "matplotlib", "segno", "pypdfium2"):
    pytest.importorskip(package)

from starter_requests import CASES, FAMILIES, NO_SKILL, Case, holds, holds_in_order  # noqa: E402

if TYPE_CHECKING:
    from offline_interpreter.engines.base import Engine

REACHED = 0.82  # by the built-in model: 73 of 86, less two for days on which they differ; raised with each training
THREADS = 2


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the last request of a case led to; ``lacks`` says in a word each what was not as it should be."""

    case: Case
    answer: str
    code: str
    printed: str  # without errors, for a line number there is no answer
    errors: str
    lacks: tuple[str, ...]


# -- one case -----------------------------------------------------------------------------------------------------


def solve(case: Case, folder: Path, engine: Engine) -> Outcome:
    """Put the files of ``case`` into ``folder``, ask, and judge the last answer."""
    for make in case.files:
        make(folder)
    options = Options(workspace=folder, approval="auto", max_steps=6, timeout_s=60)
    with closing(open_session(options, engine=engine)) as session:
        for ask in case.asks[:-1]:
            list(session.turn(ask))
        before = states(folder)
        events = list(session.turn(case.asks[-1]))
    made = [path for path, state in states(folder).items() if before.get(path) != state]
    return judge(case, folder, events, made)


def states(folder: Path) -> dict[str, tuple[int, int]]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.name: (path.stat().st_mtime_ns, path.stat().st_size) for path in files}


def judge(case: Case, folder: Path, events: Sequence[Event], made: Sequence[str]) -> Outcome:
    end = events[-1]
    assert isinstance(end, TurnEnd)
    code = "\n".join(event.code for event in events if isinstance(event, CellStart))
    outputs = [event for event in events if isinstance(event, OutputMade)]
    printed = printed_by([event for event in outputs if event.output.kind != "error"])
    errors = printed_by([event for event in outputs if event.output.kind == "error"])
    lacks = [f"status {end.status}"] if end.status != "answered" else []
    lacks += refusal_lacks(case, end.answer, code)
    lacks += text_lacks(case, f"{end.answer}\n{printed}" if case.shown else end.answer)
    lacks += [f"file {pattern}" for pattern in case.makes if not any(fnmatch(name, pattern) for name in made)]
    if case.code_any and not any(part.lower() in code.lower() for part in case.code_any):
        lacks.append("code")
    if case.check and not is_right(case, folder):
        lacks.append("check")
    return Outcome(case, end.answer, code, printed, errors, tuple(lacks))


def printed_by(outputs: Sequence[OutputMade]) -> str:
    by_cell = groupby(outputs, key=lambda made: made.cell)
    return "\n".join("".join(made.output.text for made in of_cell) for _, of_cell in by_cell)


def refusal_lacks(case: Case, answer: str, code: str) -> Iterator[str]:
    refused = NO_SKILL in answer
    if case.refuses and (code or not refused):
        yield "refusal"
    if refused and not case.refuses and case.family != "conversation":  # there, the way to other models may be shown
        yield "skill"


def text_lacks(case: Case, text: str) -> Iterator[str]:
    if not text.strip():
        yield "answer"
    yield from (repr(each) for each in case.says if not holds(text, each))
    if case.says_any and not any(holds(text, each) for each in case.says_any):
        yield f"any of {case.says_any}"
    yield from (f"no {each!r}" for each in case.never if holds(text, each))
    if case.order and not holds_in_order(text, case.order):
        yield f"order {case.order}"


def is_right(case: Case, folder: Path) -> bool:
    assert case.check
    try:
        return case.check(folder)
    except Exception:  # a file is not there, or is not what its name says
        return False


# -- all cases ----------------------------------------------------------------------------------------------------


def solve_all(model: Path, room: Path) -> Iterator[Outcome]:
    with closing(LlamaEngine(model, threads=THREADS)) as engine:
        for number, case in enumerate(CASES, 1):
            folder = room / f"{number:02}"
            folder.mkdir()
            yield solve(case, folder, engine)


def table_of(outcomes: Sequence[Outcome]) -> str:
    asked = Counter(outcome.case.family for outcome in outcomes)
    solved = Counter(outcome.case.family for outcome in outcomes if not outcome.lacks)
    lines = [f"{family:<20}{solved[family]:>3} of {asked[family]:>2}" for family in FAMILIES]
    share = solved.total() / len(outcomes)
    return "\n".join([*lines, f"{'all':<20}{solved.total():>3} of {len(outcomes):>2} ({share:.0%})"])


def report_of(outcome: Outcome) -> str:
    return "\n".join(
        [
            f"-- {outcome.case.family}: {' / '.join(outcome.case.asks)}",
            f"lacks: {', '.join(outcome.lacks)}",
            f"code: {outcome.code or 'none'}",
            f"printed: {outcome.printed[-600:].rstrip() or 'nothing'}",
            f"errors: {outcome.errors[-400:] or 'none'}",
            f"answer: {outcome.answer}",
        ]
    )


def failures_of(outcomes: Sequence[Outcome]) -> str:
    return "\n\n".join(report_of(outcome) for outcome in outcomes if outcome.lacks)


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Outcome]]:
    room = tmp_path_factory.mktemp("cases")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OFFLINE_INTERPRETER_STATE", str(tmp_path_factory.mktemp("state")))
        yield list(solve_all(find_model(STARTER), room))


def share_solved(outcomes: Sequence[Outcome]) -> float:
    return sum(not outcome.lacks for outcome in outcomes) / len(outcomes)


def test_no_fewer_requests_are_solved_than_were(outcomes: list[Outcome]) -> None:
    assert share_solved(outcomes) >= REACHED, f"{table_of(outcomes)}\n\n{failures_of(outcomes)}"


# -- the set is sound ---------------------------------------------------------------------------------------------


def test_every_family_has_its_requests() -> None:
    counts = Counter(case.family for case in CASES)
    assert set(counts) == set(FAMILIES)
    assert min(counts.values()) >= 5
    assert counts.total() >= 60


def test_no_request_is_there_twice() -> None:
    assert [asks for asks, times in Counter(case.asks for case in CASES).items() if times > 1] == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.asks[-1])
def test_a_case_can_be_failed(case: Case) -> None:
    assert case.refuses or case.says or case.says_any or case.order or case.check


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.asks[-1])
def test_no_request_gives_its_answer_away(case: Case) -> None:
    request = "\n".join(case.asks)
    figures = [each for each in (*case.says, *case.says_any) if any(letter.isdigit() for letter in each)]
    assert [each for each in (*case.says, *figures) if holds(request, each)] == []
    assert not (case.order and holds_in_order(request, case.order))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.asks[-1])
def test_nothing_is_there_before_it_is_asked_for(case: Case, tmp_path: Path) -> None:
    for make in case.files:
        make(tmp_path)
    assert not case.check or not is_right(case, tmp_path)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("It is **23,562**.", "23562"),
        ("59.900000000000006", "59.9"),
        ("It is 68.46666666666667.", "68.47"),
        ("- Rent: 780.00", "780"),
        ("r = \N{MINUS SIGN}0.98", "-0.98"),
        ("On `2026-01-04`, a Sunday.", "2026-01-04"),
        ("Yes, it is.", "yes"),
    ],
)
def test_a_right_answer_is_seen(text: str, wanted: str) -> None:
    assert holds(text, wanted)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("It is 123.", "12"),
        ("It is 12.5.", "12"),
        ("Nothing here.", "no"),
        ("68.4", "68.47"),
        ("S03", "3"),
        ("2, 1", "-2"),
    ],
)
def test_a_wrong_answer_is_seen(text: str, wanted: str) -> None:
    assert not holds(text, wanted)


# -- by hand ------------------------------------------------------------------------------------------------------


def main() -> None:
    parser = argparse.ArgumentParser(description="Ask a model the requests of starter_requests.py.")
    parser.add_argument("--model", type=Path, default=find_model(STARTER), help="a GGUF file; the starter by default")
    model = parser.parse_args().model
    with tempfile.TemporaryDirectory() as room:
        os.environ["OFFLINE_INTERPRETER_STATE"] = str(Path(room) / "state")
        outcomes = list(solve_all(model, Path(room)))
    print(failures_of(outcomes), table_of(outcomes), sep="\n\n")  # noqa: T201


if __name__ == "__main__":
    main()
