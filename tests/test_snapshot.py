"""Files as they were before a cell, and putting them back. A cell here is what happens between before and after."""

import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from offline_interpreter.cancel import Cancel
from offline_interpreter.records import Event, Limits, Notice
from offline_interpreter.undone import FileLeft, FilesUndone
from offline_interpreter.workspace.scan import Workspace
from offline_interpreter.workspace.snapshot import Snapshot

ROOT_USER = hasattr(os, "geteuid") and os.geteuid() == 0


class Desk:
    """A workspace with its snapshot."""

    def __init__(self, root: Path, store: Path, limits: Limits) -> None:
        self.root = root
        self.store = store
        self.watched = Workspace(root)
        self.snapshot = Snapshot(self.watched, store, limits)
        self.cells = 0

    def cell(self, act: Callable[[], object], cancel: Cancel | None = None) -> list[Event]:
        self.cells += 1
        self.watched.settle()
        events = list(self.snapshot.before_cell(self.cells, cancel))
        act()
        self.watched.changed()
        self.snapshot.after_cell()
        return events

    def undo(self, *cells: int) -> FilesUndone:
        return self.snapshot.undo(cells or (self.cells,))

    def reopened(self) -> "Desk":
        again = Desk(self.root, self.store, Limits())
        again.cells = self.cells
        return again


@pytest.fixture
def root(tmp_path: Path) -> Path:
    path = tmp_path / "workspace"
    path.mkdir()
    return path


@pytest.fixture
def make_desk(tmp_path: Path, root: Path) -> Callable[..., Desk]:
    return lambda **limits: Desk(root, tmp_path / "session" / "preimages", Limits(**limits))


Make = Callable[..., Desk]


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def notices(events: list[Event]) -> list[str]:
    return [event.text for event in events if isinstance(event, Notice)]


def stored_bytes(desk: Desk) -> int:
    return sum(path.stat().st_size for path in desk.store.rglob("*") if path.is_file() and path.suffix != ".jsonl")


# -- restoring ----------------------------------------------------------------------------------------------------


def test_modified_file_is_bit_equal_again_with_mode_and_time(root: Path, make_desk: Make) -> None:
    path = root / "a.bin"
    path.write_bytes(bytes(range(256)))
    path.chmod(0o640)
    os.utime(path, ns=(1, 1_234_567_890_123_456_789))
    desk = make_desk()

    def change() -> None:
        path.write_bytes(b"other")
        path.chmod(0o777)

    desk.cell(change)
    assert desk.undo() == FilesUndone(restored=("a.bin",))
    assert path.read_bytes() == bytes(range(256))
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert path.stat().st_mtime_ns == 1_234_567_890_123_456_789


def test_large_file_is_bit_equal_again(root: Path, make_desk: Make) -> None:
    data = os.urandom(3 << 20)
    (root / "a.bin").write_bytes(data)
    desk = make_desk()
    desk.cell(lambda: os.truncate(root / "a.bin", 7))
    desk.undo()
    assert (root / "a.bin").read_bytes() == data


def test_change_that_hides_its_time_is_seen_and_undone(root: Path, make_desk: Make) -> None:
    write(root / "a", "one")
    desk = make_desk()

    def change() -> None:
        before = (root / "a").stat()
        write(root / "a", "two")
        os.utime(root / "a", ns=(before.st_atime_ns, before.st_mtime_ns))

    desk.cell(change)
    assert desk.undo().restored == ("a",)
    assert (root / "a").read_text() == "one"


def test_created_file_and_its_folder_are_removed(root: Path, make_desk: Make) -> None:
    desk = make_desk()
    desk.cell(lambda: write(root / "new" / "deep" / "a", "x"))
    assert desk.undo() == FilesUndone(removed=("new/deep/a",))
    assert list(root.iterdir()) == []


def test_folder_that_a_cell_removed_comes_back(root: Path, make_desk: Make) -> None:
    write(root / "d" / "e" / "a", "1")
    (root / "d" / "empty").mkdir()
    (root / "d").chmod(0o750)
    desk = make_desk()
    desk.cell(lambda: subprocess.run(["rm", "-r", root / "d"], check=True))
    assert desk.undo().restored == ("d/e/a",)
    assert (root / "d" / "empty").is_dir()
    assert stat.S_IMODE((root / "d").stat().st_mode) == 0o750


def test_file_that_became_a_folder_is_a_file_again(root: Path, make_desk: Make) -> None:
    write(root / "a", "file")
    desk = make_desk()

    def change() -> None:
        (root / "a").unlink()
        write(root / "a" / "b", "x")

    desk.cell(change)
    desk.undo()
    assert (root / "a").read_text() == "file"


def test_folder_that_became_a_file_is_a_folder_again(root: Path, make_desk: Make) -> None:
    write(root / "a" / "b", "inner")
    desk = make_desk()

    def change() -> None:
        (root / "a" / "b").unlink()
        (root / "a").rmdir()
        write(root / "a", "file")

    desk.cell(change)
    desk.undo()
    assert (root / "a" / "b").read_text() == "inner"


def test_renamed_folder_is_renamed_back_and_no_copy_is_needed(root: Path, make_desk: Make) -> None:
    write(root / "old" / "big.bin", "x" * 2000)
    inode = (root / "old" / "big.bin").stat().st_ino
    desk = make_desk(kept_file_bytes=1000)
    desk.cell(lambda: (root / "old").rename(root / "new"))
    assert desk.undo() == FilesUndone(restored=("old/big.bin",))
    assert (root / "old" / "big.bin").stat().st_ino == inode
    assert not (root / "new").exists()


def test_links_are_kept_as_links_and_never_followed(tmp_path: Path, root: Path, make_desk: Make) -> None:
    (tmp_path / "secret").write_text("secret")
    (root / "link").symlink_to(tmp_path / "secret")
    desk = make_desk()
    desk.cell((root / "link").unlink)
    assert b"secret" not in (desk.store / "pack").read_bytes().replace(os.fsencode(tmp_path / "secret"), b"")
    desk.undo()
    assert (root / "link").readlink() == tmp_path / "secret"
    assert (tmp_path / "secret").read_text() == "secret"


def test_folder_swapped_for_a_link_lets_nothing_be_written_outside(tmp_path: Path, root: Path, make_desk: Make) -> None:
    write(root / "d" / "a", "1")
    desk = make_desk()
    desk.cell(lambda: write(root / "d" / "a", "2"))
    outside = tmp_path / "outside"
    (root / "d").rename(outside)
    (root / "d").symlink_to(outside)
    assert desk.undo().restored == ()
    assert (outside / "a").read_text() == "2"


def test_names_of_odd_bytes_come_back(root: Path, make_desk: Make) -> None:
    path = root / os.fsdecode(b"\xff\n\"'\xe9.txt")
    path.write_text("odd")
    desk = make_desk()
    desk.cell(path.unlink)
    assert desk.reopened().undo().restored == (path.name,)
    assert path.read_text() == "odd"


# -- what is the person's stays -----------------------------------------------------------------------------------


def test_file_that_the_person_changed_since_stays(root: Path, make_desk: Make) -> None:
    write(root / "a", "before")
    desk = make_desk()
    desk.cell(lambda: write(root / "a", "by the cell"))
    write(root / "a", "by the person")
    assert desk.undo() == FilesUndone(kept=(FileLeft("a", "it was changed since"),))
    assert (root / "a").read_text() == "by the person"


def test_created_file_that_the_person_changed_since_stays(root: Path, make_desk: Make) -> None:
    desk = make_desk()
    desk.cell(lambda: write(root / "a", "by the cell"))
    write(root / "a", "by the person")
    assert [left.path for left in desk.undo().kept] == ["a"]
    assert (root / "a").read_text() == "by the person"


def test_deleted_file_that_the_person_made_again_stays(root: Path, make_desk: Make) -> None:
    write(root / "a", "before")
    desk = make_desk()
    desk.cell((root / "a").unlink)
    write(root / "a", "again")
    assert [left.path for left in desk.undo().kept] == ["a"]
    assert (root / "a").read_text() == "again"


def test_what_the_person_did_between_two_cells_of_a_turn_stays(root: Path, make_desk: Make) -> None:
    write(root / "a", "before")
    desk = make_desk()
    desk.cell(lambda: write(root / "a", "cell 1"))
    write(root / "a", "person")
    desk.cell(lambda: write(root / "a", "cell 2"))
    desk.undo(1, 2)
    assert (root / "a").read_text() == "person"


def test_folder_of_the_person_stays_when_what_was_made_in_it_goes(root: Path, make_desk: Make) -> None:
    (root / "out").mkdir()
    desk = make_desk()
    desk.cell(lambda: write(root / "out" / "a", "x"))
    desk.undo()
    assert list(root.iterdir()) == [root / "out"]


def test_nothing_is_removed_that_may_be_the_only_copy(root: Path, make_desk: Make) -> None:
    write(root / "big", "x" * 2000)
    desk = make_desk(kept_file_bytes=1000)

    def pack() -> None:
        write(root / "packed", "2000 times x")
        (root / "big").unlink()

    desk.cell(pack)
    undone = desk.undo()
    assert undone.lost == (FileLeft("big", "too large to be kept"),)
    assert [left.path for left in undone.kept] == ["packed"]
    assert (root / "packed").exists()


def test_file_that_only_came_into_sight_is_not_removed(root: Path, make_desk: Make) -> None:
    write(root / "env" / "pyvenv.cfg", "")
    write(root / "env" / "mine.txt", "x")
    desk = make_desk()
    os.utime(root / "env" / "mine.txt")
    subprocess.run(["sleep", "0.1"], check=True)
    desk.cell((root / "env" / "pyvenv.cfg").unlink)
    assert desk.undo().removed == ()
    assert (root / "env" / "mine.txt").exists()


# -- several turns and processes ----------------------------------------------------------------------------------


def test_turns_are_undone_one_after_the_other(root: Path, make_desk: Make) -> None:
    write(root / "a", "0")
    desk = make_desk()
    for turn in "123":
        desk.cell(lambda turn=turn: write(root / "a", turn))
    for turn, left in ((3, "2"), (2, "1"), (1, "0")):
        assert desk.undo(turn).restored == ("a",)
        assert (root / "a").read_text() == left


def test_cells_of_one_turn_are_undone_together(root: Path, make_desk: Make) -> None:
    write(root / "a", "0")
    desk = make_desk()
    desk.cell(lambda: write(root / "a", "1"))
    desk.cell(lambda: write(root / "b", "1"))
    desk.cell((root / "a").unlink)
    desk.cell((root / "b").unlink)
    assert desk.undo(1, 2, 3, 4) == FilesUndone(restored=("a",))
    assert (root / "a").read_text() == "0"


def test_closed_session_keeps_what_it_needs_and_is_undone_later(root: Path, make_desk: Make) -> None:
    for name in "abc":
        write(root / name, name * 1000)
    desk = make_desk()
    desk.cell((root / "b").unlink)
    desk.snapshot.close()
    assert stored_bytes(desk) == 1000
    again = desk.reopened()
    assert again.undo(1).restored == ("b",)
    again.snapshot.close()
    assert stored_bytes(again) == 0


def test_two_turns_are_undone_by_two_processes(root: Path, make_desk: Make) -> None:
    write(root / "a", "0")
    desk = make_desk()
    desk.cell(lambda: write(root / "a", "1"))
    desk.cell(lambda: write(root / "a", "2"))
    desk.undo(2)
    desk.snapshot.close()
    assert desk.reopened().undo(1).restored == ("a",)
    assert (root / "a").read_text() == "0"


def test_cell_that_outlived_its_session_loses_nobodys_work(root: Path, make_desk: Make) -> None:
    for name in ("changed", "gone"):
        write(root / name, "before")
    desk = make_desk()
    desk.watched.settle()
    list(desk.snapshot.before_cell(1))  # the process dies here; the files change all the same
    write(root / "changed", "by somebody")
    (root / "gone").unlink()
    write(root / "new", "by somebody")
    undone = desk.reopened().undo(1)
    assert undone.restored == ("gone",)
    assert [left.path for left in undone.kept] == ["changed", "new"]
    assert (root / "changed").read_text() == "by somebody"
    assert (root / "changed.before").read_text() == "before"


# -- limits and faults --------------------------------------------------------------------------------------------


def test_nothing_is_copied_twice(root: Path, make_desk: Make) -> None:
    for name in "abc":
        write(root / name, "same" * 100)
    desk = make_desk()
    desk.cell(lambda: None)
    desk.cell(lambda: (root / "a").rename(root / "d"))
    desk.cell(lambda: None)
    assert stored_bytes(desk) == 400


def test_file_over_the_limit_is_named_once(root: Path, make_desk: Make) -> None:
    write(root / "big.csv", "x" * 3000)
    desk = make_desk(kept_file_bytes=1000)
    said = "big.csv (3 kB) is too large to be kept: a cell that changes it cannot be undone."
    assert notices(desk.cell(lambda: None)) == [said]
    assert notices(desk.cell(lambda: write(root / "big.csv", "y" * 3000))) == []
    assert desk.undo().lost == (FileLeft("big.csv", "too large to be kept"),)


def test_many_files_over_the_limit_are_one_line(root: Path, make_desk: Make) -> None:
    for number in range(5):
        write(root / f"{number}", "x" * (2000 + number * 1000))
    said = notices(make_desk(kept_file_bytes=1000).cell(lambda: None))
    assert said == [
        "4 (6 kB), 3 (5 kB), 2 (4 kB) and 2 more files are too large to be kept: "
        "a cell that changes them cannot be undone."
    ]


def test_all_copies_together_have_a_limit(root: Path, make_desk: Make) -> None:
    for number in range(4):
        write(root / f"{number}", f"{number}" * 600)
    desk = make_desk(kept_bytes=1500)
    assert "have reached their limit" in notices(desk.cell(lambda: None))[0]
    assert stored_bytes(desk) == 1200


def test_time_for_copies_is_limited_and_the_rest_is_tried_again(root: Path, make_desk: Make) -> None:
    write(root / "a", "x")
    desk = make_desk(keeping_s=0.0)
    assert "took too long" in notices(desk.cell(lambda: None))[0]
    again = desk.reopened()
    again.cell((root / "a").unlink)
    assert again.undo().restored == ("a",)


def test_nothing_kept_is_said(root: Path, make_desk: Make) -> None:
    write(root / "a", "x")
    desk = make_desk(kept_bytes=0)
    assert notices(desk.cell(lambda: None)) == ["No copies of files are kept: what cells change cannot be undone."]
    assert not desk.store.exists()


def test_cancel_ends_the_keeping_without_a_word(root: Path, make_desk: Make) -> None:
    write(root / "a", "x")
    cancel = Cancel()
    cancel.request()
    assert notices(make_desk().cell(lambda: None, cancel)) == []


def test_special_files_are_passed_over(root: Path, make_desk: Make) -> None:
    os.mkfifo(root / "pipe")
    desk = make_desk()
    assert desk.cell((root / "pipe").unlink) == []
    assert desk.undo().lost == (FileLeft("pipe", "no regular file"),)


@pytest.mark.skipif(ROOT_USER, reason="root reads everything")
def test_unreadable_file_is_said(root: Path, make_desk: Make) -> None:
    write(root / "a", "x")
    (root / "a").chmod(0)
    assert "reading failed" in notices(make_desk().cell(lambda: None))[0]


def test_store_that_cannot_be_made_is_said_once(tmp_path: Path, root: Path, make_desk: Make) -> None:
    (tmp_path / "session").write_text("no folder")
    desk = make_desk()
    assert "No copies of files can be made" in notices(desk.cell(lambda: write(root / "a", "x")))[0]
    assert desk.cell(lambda: None) == []
    assert desk.undo(1) == FilesUndone()


def test_damaged_copy_is_not_put_back(root: Path, make_desk: Make) -> None:
    write(root / "a", "good")
    desk = make_desk()
    desk.cell((root / "a").unlink)
    (desk.store / "pack").write_bytes(b"evil")
    assert desk.undo().lost == (FileLeft("a", "its copy was damaged"),)
    assert not (root / "a").exists()


def test_broken_journal_is_said_and_the_session_goes_on(root: Path, make_desk: Make) -> None:
    write(root / "a", "x")
    desk = make_desk()
    desk.cell(lambda: None)
    (desk.store / "journal.jsonl").write_text('["nonsense"]\n')
    assert "No copies of files can be made" in notices(desk.reopened().cell(lambda: None))[0]


def test_workspace_that_vanished_is_told_file_by_file(tmp_path: Path, root: Path, make_desk: Make) -> None:
    write(root / "a", "x")
    desk = make_desk()
    desk.cell((root / "a").unlink)
    root.rename(tmp_path / "elsewhere")
    assert [left.path for left in desk.undo().lost] == ["a"]


def test_store_inside_the_workspace_does_not_keep_itself(root: Path) -> None:
    write(root / "a", "x")
    desk = Desk(root, root / "session" / "preimages", Limits())
    for _ in range(3):
        desk.cell(lambda: None)
    assert stored_bytes(desk) == 1


@pytest.mark.skipif(not ROOT_USER or sys.platform != "linux", reason="needs to mount a small disk")
def test_full_disk_is_said_and_what_fits_is_kept(tmp_path: Path, root: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=200k", "none", disk], check=False).returncode:
        pytest.skip("may not mount")
    try:
        write(root / "a", "x")
        (root / "big").write_bytes(os.urandom(500_000))
        desk = Desk(root, disk / "preimages", Limits())
        assert "the disk is almost full" in notices(desk.cell(lambda: None))[0]
        desk.snapshot.close()
    finally:
        subprocess.run(["umount", disk], check=True)
