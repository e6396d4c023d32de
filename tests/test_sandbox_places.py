"""Which workspaces are refused, what is protected in one, and how Pythons are found."""

import sys
from pathlib import Path

import pytest

from offline_interpreter.errors import WorkspaceRefused
from offline_interpreter.kernel.process import child_environment
from offline_interpreter.kernel.sandbox import places
from offline_interpreter.kernel.sandbox.plan import public_settings


@pytest.fixture
def workspace(tmp_path):
    (tmp_path / "work").mkdir()
    return tmp_path / "work"


def test_a_folder_of_its_own_is_taken(workspace, tmp_path):
    places.refuse_workspace(workspace, kept=[tmp_path / "models"])


@pytest.mark.parametrize("folder", ["/", f"{Path.home()}/..", str(Path.home()), str(Path.home().parent)])
def test_the_machine_and_the_home_are_refused(folder):
    with pytest.raises(WorkspaceRefused):
        places.refuse_workspace(Path(folder), kept=[])


def test_a_home_by_a_link_is_refused(tmp_path):
    (tmp_path / "link").symlink_to(Path.home())
    with pytest.raises(WorkspaceRefused, match="home"):
        places.refuse_workspace(tmp_path / "link", kept=[])


def test_a_folder_with_keys_is_refused(workspace):
    (workspace / ".ssh").mkdir()
    with pytest.raises(WorkspaceRefused, match="ssh") as caught:
        places.refuse_workspace(workspace, kept=[])
    assert "--workspace-anyway" in caught.value.remedy


@pytest.mark.parametrize("kept", ["work/models", "work", "."])
def test_a_folder_with_models_or_sessions_is_refused(workspace, tmp_path, kept):
    with pytest.raises(WorkspaceRefused, match="belongs to this program"):
        places.refuse_workspace(workspace, kept=[tmp_path / kept])


def test_the_running_python_is_refused():
    with pytest.raises(WorkspaceRefused, match="running Python"):
        places.refuse_workspace(places.KERNEL_FOLDER, kept=[])


def test_the_person_may_insist_but_not_on_the_whole_machine(workspace):
    (workspace / ".ssh").mkdir()
    places.refuse_workspace(workspace, kept=[workspace], anyway=True)
    with pytest.raises(WorkspaceRefused):
        places.refuse_workspace(Path("/"), kept=[], anyway=True)


def test_what_the_host_runs_later_is_protected(workspace):
    for path in (".git/config", "a/b/.git/config", "venv/pyvenv.cfg", "conda/conda-meta/history"):
        (workspace / path).parent.mkdir(parents=True)
        (workspace / path).touch()
    (workspace / "offline-interpreter.toml").touch()
    (workspace / "submodule").mkdir()
    (workspace / "submodule" / ".git").write_text("gitdir: elsewhere")
    found = [str(path.relative_to(workspace)) for path in places.protected_places(workspace, sys.executable)]
    assert found == [".git", "a/b/.git", "conda", "offline-interpreter.toml", "submodule/.git", "venv"]


def test_what_editors_and_shells_obey_is_protected(workspace):
    for name in (".vscode", ".idea", ".devcontainer", ".husky", ".hg", ".svn"):
        (workspace / name).mkdir()
    (workspace / ".envrc").touch()
    assert len(places.protected_places(workspace, sys.executable)) == 7


def test_nothing_outside_is_protected_by_a_link(workspace):
    (workspace / ".git").symlink_to("/etc")
    assert places.protected_places(workspace, sys.executable) == []


def test_the_folders_of_an_environment_are_its_own_and_its_base(tmp_path):
    for path in ("base/bin", "venv/bin", "venv/lib/python3.12/site-packages", "source"):
        (tmp_path / path).mkdir(parents=True)
    (tmp_path / "base/bin/python3.12").touch()
    (tmp_path / "venv/bin/python").symlink_to(tmp_path / "base/bin/python3.12")
    (tmp_path / "venv/pyvenv.cfg").write_text(f"home = {tmp_path / 'base/bin'}\n")
    (tmp_path / "venv/lib/python3.12/site-packages/editable.pth").write_text(f"{tmp_path / 'source'}\nimport os\n/\n")
    found = places.python_folders(str(tmp_path / "venv/bin/python"))
    assert found == [tmp_path / "venv", tmp_path / "base", tmp_path / "source"]


def test_no_secret_and_no_folder_of_the_workspace_is_in_the_environment(workspace):
    given = {
        "AWS_SECRET_ACCESS_KEY": "secret",
        "LD_PRELOAD": f"{workspace}/planted.so",
        "LD_LIBRARY_PATH": f"{workspace}:.:/opt/lib:",
        "PATH": f"{workspace}/bin::/bin:bin",
        "LC_ALL": "C",
    }
    found = child_environment(given, "/env/bin/python", [workspace.parent / "other", workspace])
    assert (found["LD_LIBRARY_PATH"], found["PATH"], found["LC_ALL"]) == ("/opt/lib", "/env/bin:/bin", "C")
    assert not {"AWS_SECRET_ACCESS_KEY", "LD_PRELOAD"} & set(found)


def test_settings_that_only_their_owner_may_read_are_not_shown(tmp_path):
    for path in ("shown/a", "shown/deep/b", "mixed/public", "mixed/secret", "mixed/deep/c", "closed/d", "top"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch(0o644)
    (tmp_path / "mixed" / "secret").chmod(0o640)
    (tmp_path / "closed").chmod(0o750)
    (tmp_path / "mixed" / "link").symlink_to(tmp_path / "mixed" / "secret")
    (tmp_path / "mixed" / "zone").symlink_to("/usr/share")
    found = {str(Path(path).relative_to(tmp_path)) for path in public_settings(str(tmp_path))}
    assert found == {"shown", "mixed/public", "mixed/deep", "mixed/zone", "top"}
    assert public_settings(str(tmp_path / "shown")) == (str(tmp_path / "shown"),)
