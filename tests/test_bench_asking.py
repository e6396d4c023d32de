"""One task through the whole line: what is recorded of it, what is kept, and what is left behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest

from offline_interpreter.bench.asking import Asker, one_line
from offline_interpreter.bench.players import SolutionPlayer
from offline_interpreter.bench.records import Record
from offline_interpreter.bench.subjects import REFERENCES, WRONG, Subject
from offline_interpreter.bench.suites import Item
from offline_interpreter.bench.tasks import Attempt, Question, Solution, Task
from offline_interpreter.config import Options
from offline_interpreter.transcript import read_transcript

BASE = Record("played", "played", "", 0, "", "", "", "", 0, 0, "error", "")
ITEM = Item("own", "task", 5, 1)

Check = Callable[[Attempt], str]


def passes(attempt: Attempt) -> str:
    return ""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("OFFLINE_INTERPRETER_STATE", str(tmp_path / "state"))
    (tmp_path / "work").mkdir()
    yield tmp_path
    assert list((tmp_path / "work").iterdir()) == []
    assert not (tmp_path / "state" / "sessions").exists()


def ask(
    folder: Path, *code: str, check: Check = passes, answer: str = "Done.", limit_s: float = 60, plays: str = REFERENCES
) -> Record:
    def make(chance: Random, workspace: Path) -> Question:
        (workspace / "number.txt").write_text(str(chance.randrange(10**6)))
        return Question("Do it.", check, Solution(code, answer), Solution(("x = 1",), "Done otherwise."))

    task = Task("task", "family", "hard", (), make, limit_s)
    player = SolutionPlayer(Subject(plays, None, plays))
    asker = Asker(player, Options(workspace=folder), BASE, work=folder / "work", run=folder / "run")
    return asker.ask(task, ITEM)


def test_what_a_check_sees_is_what_the_model_left(folder: Path) -> None:
    seen: list[Attempt] = []

    def check(attempt: Attempt) -> str:
        seen.append(attempt)
        assert (attempt.folder / "made.txt").read_text() == (attempt.folder / "number.txt").read_text()
        assert attempt.figures[0].read_bytes().startswith(b"\x89PNG")
        assert attempt.run("print(x, end='!')", 10).printed == "7!"
        assert attempt.run("1 / 0", 10).error == "ZeroDivisionError: division by zero"
        assert attempt.run("while True: pass", 0.5).error == "It did not end within 0.5 s."
        return ""

    cells = (
        "import shutil; shutil.copy('number.txt', 'made.txt'); x = 7; print('copied')",
        "import matplotlib.pyplot as plt; plt.plot([1, 2]); plt.show()\nx",
    )
    record = ask(folder, *cells, check=check, answer="It is *made*.")
    assert (record.status, record.reason, record.first_try) == ("solved", "", True)
    (attempt,) = seen
    assert attempt.answer == "It is *made*."
    assert attempt.cells == cells
    assert attempt.printed == "copied\n7\n"


def test_a_record_says_what_was_asked_and_what_it_took(folder: Path) -> None:
    record = ask(folder, "x = 1 / 0", "print(1)")
    assert (record.suite, record.task, record.family, record.difficulty) == ("own", "task", "family", "hard")
    assert (record.seed, record.repeat) == (5, 1)
    assert (record.status, record.repairs, record.first_try) == ("solved", 1, False)
    assert (record.steps, record.valid_steps) == (3, 3)
    assert record.tokens.prompt > record.tokens.generated > 0
    assert record.answer_s > 0
    assert record.rss_bytes > 1_000_000


def test_the_transcript_and_the_figures_are_kept_with_the_run(folder: Path) -> None:
    record = ask(folder, "import matplotlib.pyplot as plt; plt.plot([1, 2]); plt.show()")
    path = folder / "run" / record.transcript
    assert [line["text"] for line in read_transcript(path) if line["kind"] == "turn_start"] == ["Do it."]
    assert len(list((path.parent / "figures").iterdir())) == 1
    assert {entry.name for entry in path.parent.iterdir()} == {"transcript.jsonl", "figures"}


def test_the_same_item_has_the_same_inputs(folder: Path) -> None:
    numbers: list[str] = []

    def check(attempt: Attempt) -> str:
        numbers.append((attempt.folder / "number.txt").read_text())
        return ""

    ask(folder, check=check)
    ask(folder, check=check)
    assert numbers[0] == numbers[1]


def test_a_check_that_finds_a_fault_fails_the_task(folder: Path) -> None:
    record = ask(folder, check=lambda attempt: "The file is\nmissing.")
    assert (record.status, record.reason, record.first_try) == ("failed", "The file is missing.", False)


def test_a_check_that_cannot_read_what_was_left_fails_the_task(folder: Path) -> None:
    record = ask(folder, check=lambda attempt: (attempt.folder / "none.txt").read_text())
    assert record.status == "failed"
    assert "FileNotFoundError" in record.reason


def test_the_wrong_solution_is_played_too(folder: Path) -> None:
    answers: list[str] = []

    def check(attempt: Attempt) -> str:
        answers.append(attempt.answer)
        return "It is wrong."

    assert ask(folder, check=check, plays=WRONG).status == "failed"
    assert answers == ["Done otherwise."]


@pytest.mark.parametrize("code", ["import time; time.sleep(600)", "while True: pass"])
def test_a_turn_beyond_its_limit_is_a_timeout(folder: Path, code: str) -> None:
    record = ask(folder, code, limit_s=3)
    assert (record.status, record.reason) == ("timeout", "It did not end within 3 s.")
    assert (folder / "run" / record.transcript).is_file()


def test_a_model_that_never_answers_fails(folder: Path) -> None:
    record = ask(folder, *(f"print({number})" for number in range(20)))
    assert record.status == "failed"
    assert "12 steps" in record.reason


def test_a_cell_that_kills_its_interpreter_is_a_repair(folder: Path) -> None:
    record = ask(folder, "import os; os.kill(os.getpid(), 9)", "print(1)")
    assert (record.status, record.repairs) == ("solved", 1)


def test_nobody_is_there_to_type(folder: Path) -> None:
    assert ask(folder, "input('Name? ')").repairs == 1


def test_memory_of_checks_is_not_counted(folder: Path) -> None:
    kept: list[bytearray] = []

    def check(attempt: Attempt) -> str:
        kept.append(bytearray(b"x") * 200_000_000)
        return ""

    def make(chance: Random, workspace: Path) -> Question:
        return Question("Do it.", check, Solution((), "Done."), Solution((), ""))

    task = Task("task", "family", "hard", (), make)
    player = SolutionPlayer(Subject(REFERENCES, None, REFERENCES))
    asker = Asker(player, Options(workspace=folder), BASE, work=folder / "work", run=folder / "run")
    first, second = (asker.ask(task, ITEM).rss_bytes for _ in range(2))
    assert abs(second - first) < 50_000_000
    kept.clear()


def test_a_reason_is_one_line_of_bounded_length() -> None:
    assert one_line("a\n  b") == "a b"
    assert len(one_line("word " * 1000)) == 300
