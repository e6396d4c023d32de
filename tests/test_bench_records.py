"""What is written of a run is read again as it was, and nothing that is half written is taken for a record."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from offline_interpreter.bench.environment import describe_environment
from offline_interpreter.bench.records import (
    ENVIRONMENTS,
    RECORDS,
    Key,
    Record,
    RecordFile,
    Tokens,
    add_environment,
    read_environments,
    read_records,
)
from offline_interpreter.errors import UsageError

RECORD = Record(
    model="starter",
    sha256="ab" * 32,
    quantization="Q8_0",
    file_bytes=4_790_048,
    suite="core",
    task="tables-total",
    family="tables",
    difficulty="easy",
    seed=3,
    repeat=1,
    status="failed",
    reason="The answer does not say “1 225.75”.",
    repairs=2,
    answer_s=1.25,
    tokens=Tokens(prompt=300, cached=200, generated=50, prompt_s=0.5, generation_s=1.0),
    rss_bytes=90_000_000,
    transcript="transcripts/starter/core/tables-total/transcript.jsonl",
)


def write(folder: Path, *records: Record) -> None:
    file = RecordFile(folder)
    for record in records:
        file.append(record)
    file.close()


def test_records_come_back_as_they_were(tmp_path: Path) -> None:
    records = [RECORD, replace(RECORD, repeat=2, status="solved", reason="", first_try=True)]
    write(tmp_path / "run", *records)
    assert read_records(tmp_path / "run") == records


def test_a_record_is_identified_by_model_task_and_repeat() -> None:
    assert RECORD.key == Key("ab" * 32, "Q8_0", "core", "tables-total", 3, 1)
    assert replace(RECORD, answer_s=9.0, status="solved").key == RECORD.key


@pytest.mark.parametrize("cut", [1, 40, 200])
def test_a_torn_last_line_is_dropped_and_written_over(tmp_path: Path, cut: int) -> None:
    write(tmp_path, RECORD, replace(RECORD, repeat=2))
    path = tmp_path / RECORDS
    path.write_bytes(path.read_bytes()[:-cut])
    assert read_records(tmp_path) == [RECORD]
    file = RecordFile(tmp_path)
    assert file.records == [RECORD]
    file.append(replace(RECORD, repeat=3))
    file.close()
    assert [record.repeat for record in read_records(tmp_path)] == [1, 3]


@pytest.mark.parametrize(
    "line",
    [
        "{}",
        "[]",
        "no JSON",
        '{"status": "solved"}',
        json.dumps({"status": "fine"}),
    ],
)
def test_a_line_that_is_no_record_is_named(tmp_path: Path, line: str) -> None:
    write(tmp_path, RECORD)
    with (tmp_path / RECORDS).open("a") as file:
        file.write(line + "\n")
    with pytest.raises(UsageError, match=f"Line 2 of .*{RECORDS}.* is no record"):
        read_records(tmp_path)


@pytest.mark.parametrize(("field", "value"), [("seed", "3"), ("answer_s", None), ("model", 7), ("unknown", 1)])
def test_a_field_of_another_kind_is_no_record(tmp_path: Path, field: str, value: object) -> None:
    write(tmp_path, RECORD)
    path = tmp_path / RECORDS
    path.write_text(json.dumps(json.loads(path.read_text()) | {field: value}) + "\n")
    with pytest.raises(UsageError, match="Line 1 .*" + field):
        read_records(tmp_path)


def test_one_process_writes(tmp_path: Path) -> None:
    file = RecordFile(tmp_path)
    with pytest.raises(UsageError, match="Another run writes"):
        RecordFile(tmp_path)
    file.close()
    RecordFile(tmp_path).close()


def test_a_folder_without_a_run_says_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="There is no run in"):
        read_records(tmp_path)


def test_a_folder_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be written"):
        RecordFile(tmp_path / "file")


def test_a_disk_that_is_full_is_told_and_what_was_whole_stays(tmp_path: Path) -> None:
    write(tmp_path, RECORD)
    room = (tmp_path / RECORDS).stat().st_size + 100
    program = f"""
import resource
from pathlib import Path
from offline_interpreter.bench.records import RecordFile
from offline_interpreter.errors import UsageError
file = RecordFile(Path({str(tmp_path)!r}))
resource.setrlimit(resource.RLIMIT_FSIZE, ({room}, {room}))
try:
    file.append(file.records[0])
except UsageError as error:
    print(error)
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "cannot be written: File too large. Make room" in ran.stdout
    assert read_records(tmp_path) == [RECORD]
    write(tmp_path, RECORD)
    assert read_records(tmp_path) == [RECORD, RECORD]


def test_environments_are_kept_beside_each_other(tmp_path: Path) -> None:
    first, second = describe_environment({"context": "8192"}, {"core": ""}), describe_environment({}, {})
    add_environment(tmp_path, first)
    add_environment(tmp_path, second)
    add_environment(tmp_path, first)
    assert read_environments(tmp_path) == {first.id: first, second.id: second}
    assert first.id != second.id


def test_an_environment_says_what_a_figure_depends_on() -> None:
    environment = describe_environment({}, {})
    assert environment.cores >= 1
    assert environment.cpu
    assert environment.memory_bytes > 0
    assert environment.versions["llama-cpp-python"]
    assert "=" in environment.llama_flags
    assert describe_environment({}, {}) == environment


def test_a_damaged_environment_says_so(tmp_path: Path) -> None:
    (tmp_path / ENVIRONMENTS).write_text('{"x": {"id": 7}}')
    with pytest.raises(UsageError, match="cannot be read"):
        read_environments(tmp_path)
