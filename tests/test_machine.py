from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from offline_interpreter.machine import free_memory_bytes, group_bytes, usable_cores


def test_some_core_can_be_used_and_no_more_than_there_are() -> None:
    assert 1 <= usable_cores() <= (os.cpu_count() or 1)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system binds no process to a core")
def test_a_process_bound_to_one_core_uses_one() -> None:
    program = (
        "import os; from offline_interpreter.machine import usable_cores; "
        "os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}); print(usable_cores())"
    )
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "1"


@pytest.mark.skipif(not hasattr(os, "sysconf"), reason="this system does not tell its memory")
def test_free_memory_is_some_and_no_more_than_there_is() -> None:
    assert 0 < free_memory_bytes() <= os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.parametrize(
    ("limit", "used", "left"), [("1000", "900", 500), ("1000", "300", 1000), ("1000", "1500", 0), ("max", "900", None)]
)
def test_files_that_a_group_holds_in_memory_count_as_free(
    tmp_path: Path, limit: str, used: str, left: int | None
) -> None:
    (tmp_path / "memory.max").write_text(f"{limit}\n")
    (tmp_path / "memory.current").write_text(f"{used}\n")
    (tmp_path / "memory.stat").write_text("anon 100\nfile 400\ninactive_file 300\nactive_file 100\n")
    assert group_bytes(tmp_path) == left


def test_a_group_that_is_not_there_has_no_limit(tmp_path: Path) -> None:
    assert group_bytes(tmp_path) is None
