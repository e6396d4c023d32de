"""Disks that are full or cannot be written to: a real one of 5 MB, in a namespace of its own where that works."""

from __future__ import annotations

import errno
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from offline_interpreter.errors import StoreError
from offline_interpreter.models.disk import check_room, explained

CAN_MOUNT = (
    sys.platform == "linux"
    and subprocess.run(
        ["unshare", "-rm", "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True, check=False
    ).returncode
    == 0
)

ON_A_SMALL_DISK = """
import os, subprocess, sys
from contextlib import suppress
from pathlib import Path

disk, tests = map(Path, sys.argv[1:])
sys.path.insert(0, str(tests))
from loopback_hub import loopback_hub
from test_hub import DATA, NAME, REPO, entry, file_of, gguf
from offline_interpreter.errors import StoreError
from offline_interpreter.models.importing import import_model
from offline_interpreter.models.pull import pull_entry
from offline_interpreter.models.store import Store

subprocess.run(["mount", "-t", "tmpfs", "-o", "size=5m", "none", disk], check=True)
store, other = Store(disk / "models"), disk / "other"

def fill(work):
    if work.done_bytes < work.total_bytes and not other.exists():
        with suppress(OSError):
            other.write_bytes(bytes(5 << 20))

def tell(function, *arguments, **keywords):
    try:
        function(*arguments, **keywords)
        print("done")
    except StoreError as error:
        print(error)

with loopback_hub() as hub:
    hub.files[f"{REPO}/{NAME}"] = DATA
    os.environ["HF_ENDPOINT"] = hub.url
    tell(pull_entry, store, entry(), on_work=fill)
    print(store.state(store.find("tiny")))
    tell(pull_entry, store, entry())
    other.unlink()
    hub.count_anew()
    tell(pull_entry, store, entry())
    print(store.state(store.find("tiny")), hub.sent_bytes < len(DATA))
    mine = disk.with_name("mine.gguf")
    mine.write_bytes(gguf(7, 3 << 19))
    tell(import_model, store, mine, on_work=fill)
    print([path.name for path in store.folder.iterdir()])
    other.unlink()
    tell(import_model, store, mine)
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    tell(pull_entry, store, entry())
    tell(pull_entry, store, entry(file_of(gguf(2), "x.gguf")))
    tell(import_model, store, mine)
    tell(store.remove, store.find("tiny"))
    print([model.id for model in store.models()])
"""


@pytest.mark.skipif(not CAN_MOUNT, reason="needs a namespace in which to mount")
def test_full_disk_and_one_that_cannot_be_written_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    monkeypatch.setenv("OFFLINE_INTERPRETER_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "*")
    command = ["unshare", "-rm", sys.executable, "-c", ON_A_SMALL_DISK, str(disk), str(Path(__file__).parent)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    lines = done.stdout.splitlines()
    full = "The disk is full: stopped at 1.0 MB of 3.1 MB. Free 2.1 MB and run the same command again, or set"
    unwritable = (
        f"The store '{disk}/models' cannot be written to: Read-only file system. Set OFFLINE_INTERPRETER_MODELS"
    )
    assert lines[0].startswith(full), done.stderr + done.stdout
    assert lines[1] == "incomplete"
    assert lines[2].startswith(f"This needs 2.1 MB, and the disk of '{disk}/models/tiny' has 0 B. Free some, or set")
    assert lines[3:5] == ["done", "ready True"]
    assert lines[5].startswith("The disk is full: stopped at 1.0 MB of 1.6 MB. Free 52")
    assert lines[6:9] == ["['tiny']", "done", "done"]  # the last one has nothing to write
    assert [line.startswith(unwritable) for line in lines[9:12]] == [True] * 3
    assert lines[12] == "['mine', 'tiny']"


def test_drive_that_holds_no_large_files(tmp_path: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    part = tmp_path / "part"
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, limits[1]))
    try:
        with pytest.raises(
            StoreError, match=r"^This drive cannot hold files of 5\.0 GB: FAT32 has none over 4 GiB\. Set "
        ):
            _write_on(part)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def _write_on(part: Path) -> None:
    with explained(part, 5_000_000_000), part.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(1 << 19))


def test_other_errors_are_not_explained_away(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="Input/output"), explained(tmp_path / "part", 1):
        raise OSError(errno.EIO, "Input/output error")


def test_room_that_is_there_is_no_error(tmp_path: Path) -> None:
    check_room(tmp_path, 1)
    with pytest.raises(StoreError, match="This needs"):
        check_room(tmp_path, 1 << 60)
