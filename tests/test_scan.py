"""What a cell changed in the workspace."""

import os
from pathlib import Path

from offline_interpreter.records import Artifact
from offline_interpreter.workspace.scan import Workspace


def test_changes_of_every_kind_are_found_once(tmp_path: Path) -> None:
    (tmp_path / "old.txt").write_text("old")
    (tmp_path / "gone.bin").write_bytes(b"\0")
    workspace = Workspace(tmp_path)
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "er" / "new.csv").write_text("a,b")
    (tmp_path / "old.txt").write_text("older")
    (tmp_path / "gone.bin").unlink()
    assert workspace.changed() == [
        Artifact("deep/er/new.csv", "created", 3),
        Artifact("old.txt", "modified", 5, preexisting=True),
        Artifact("gone.bin", "deleted", 1, preexisting=True),
    ]
    assert workspace.changed() == []


def test_file_of_the_session_is_not_preexisting(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    (tmp_path / "a").write_text("1")
    workspace.changed()
    (tmp_path / "a").write_text("22")
    assert workspace.changed() == [Artifact("a", "modified", 2)]


def test_what_the_person_did_is_theirs(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    (tmp_path / "theirs").write_text("1")
    assert [artifact.path for artifact in workspace.settle()] == ["theirs"]
    (tmp_path / "theirs").unlink()
    assert workspace.changed() == [Artifact("theirs", "deleted", 1, preexisting=True)]


def test_same_size_is_still_a_change(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1")
    os.utime(tmp_path / "a", ns=(1, 1))
    workspace = Workspace(tmp_path)
    (tmp_path / "a").write_text("2")
    assert [artifact.change for artifact in workspace.changed()] == ["modified"]


def test_hidden_folders_environments_and_caches_are_not_watched(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    for folder in (".git", "env", "__pycache__"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x").write_text("1")
    (tmp_path / "env" / "pyvenv.cfg").write_text("")
    (tmp_path / ".hidden").write_text("seen, not listed")
    assert [artifact.path for artifact in workspace.changed()] == [".hidden"]
    assert workspace.files() == []


def test_links_are_seen_and_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("x")
    inside = tmp_path / "inside"
    inside.mkdir()
    workspace = Workspace(inside)
    (inside / "link").symlink_to(outside)
    assert [artifact.path for artifact in workspace.changed()] == ["link"]


def test_files_of_the_top_level_come_first(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "deep.txt").write_text("")
    (tmp_path / "z.txt").write_text("")
    assert Workspace(tmp_path).files() == ["z.txt", "a/deep.txt"]


def test_budget_ends_the_scan_and_is_said(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    for number in range(10):
        (tmp_path / "deep" / str(number)).write_text("")
    (tmp_path / "top").write_text("")
    workspace = Workspace(tmp_path, max_entries=5)
    assert not workspace.complete
    assert "top" in workspace.files()
    assert Workspace(tmp_path).complete


def test_folder_that_vanished_counts_as_deleted_files(tmp_path: Path) -> None:
    root = tmp_path / "w"
    root.mkdir()
    (root / "a").write_text("")
    workspace = Workspace(root)
    (root / "a").unlink()
    root.rmdir()
    assert [artifact.change for artifact in workspace.changed()] == ["deleted"]


def test_what_programs_obey_is_known_by_name(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    assert workspace.seen.obeyed == set()
    for path in (".git/config", "deep/.vscode/settings.json", "venv/pyvenv.cfg", ".venv/pyvenv.cfg", ".cache/x", "a/b"):
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).touch()
    (tmp_path / ".envrc").touch()
    workspace.changed()
    assert workspace.seen.obeyed == {".git", "deep/.vscode", "venv", ".venv", ".envrc"}
