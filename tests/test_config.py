"""Where options come from, and which source wins."""

import os
import sys
from pathlib import Path

import pytest

from offline_interpreter import config
from offline_interpreter.api import limits_of
from offline_interpreter.config import Options, byte_count, gpu_layer_count, load_options
from offline_interpreter.errors import UsageError
from offline_interpreter.records import Limits


@pytest.fixture
def user_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    path = config.user_file()
    path.parent.mkdir(parents=True)
    return path


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    path = tmp_path / "workspace"
    path.mkdir()
    return path


def test_defaults_hold_where_nothing_is_said(user_file: Path, workspace: Path) -> None:
    assert load_options({"workspace": workspace}, environment={}) == Options(workspace=workspace)


def test_each_source_overrides_the_one_before(user_file: Path, workspace: Path) -> None:
    user_file.write_text("max_steps = 1\nseed = 1\ncontext = 1000\ntemperature = 1\n")
    (workspace / config.PROJECT_FILE).write_text("seed = 2\ncontext = 2000\ntemperature = 0.5\n")
    environment = {"OFFLINE_INTERPRETER_CONTEXT": "3000", "OFFLINE_INTERPRETER_TEMPERATURE": "0.25"}
    options = load_options({"workspace": workspace, "temperature": 0.125, "model": None}, environment=environment)
    assert (options.max_steps, options.seed, options.context, options.temperature) == (1, 2, 3000, 0.125)


@pytest.mark.parametrize("name", ["approval", "model", "python", "workspace", "memory", "processes", "output_limit"])
def test_project_may_not_decide_over_safety(user_file: Path, workspace: Path, name: str) -> None:
    (workspace / config.PROJECT_FILE).write_text(f'{name} = "auto"')
    with pytest.raises(UsageError, match=f"{name}.*which a project may not"):
        load_options({"workspace": workspace}, environment={})


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("max_steps = 'many'", "must be of type int"),
        ("max_steps = true", "must be of type int"),
        ("max_steps = 0", "at least 1"),
        ("colour = 'red'", "no option"),
        ("max_steps =", "cannot be read"),
        ("approval = 'perhaps'", "ask, auto or never"),
        ("gpu_layers = 'many'", "auto, all, none or a number"),
        ("gpu_layers = -1", "auto, all, none or a number"),
        ("memory = 'plenty'", "'memory' is 'plenty'. It must be a size"),
        ("memory = '1M'", "at least 256M, or 0"),
        ("processes = 1", "at least 16"),
        ("output_limit = -1", "'output_limit' is '-1'. It must be a size"),
    ],
)
def test_wrong_settings_are_named(user_file: Path, workspace: Path, text: str, complaint: str) -> None:
    user_file.write_text(text)
    with pytest.raises(UsageError, match=complaint):
        load_options({"workspace": workspace}, environment={})


@pytest.mark.parametrize(
    ("choice", "layers"), [("auto", None), ("all", -1), ("none", 0), ("0", 0), ("12", 12), (12, 12)]
)
def test_layers_on_gpus_are_a_number_or_a_word(choice: int | str, layers: int | None) -> None:
    assert gpu_layer_count(Options(gpu_layers=choice).gpu_layers) == layers


@pytest.mark.parametrize("choice", ["", "many", "-2", "1.5", -1, True])
def test_other_layers_on_gpus_are_refused(choice: int | str) -> None:
    with pytest.raises(UsageError, match="auto, all, none or a number"):
        Options(gpu_layers=choice)


def test_a_flag_takes_layers_on_gpus_back_to_auto(user_file: Path, workspace: Path) -> None:
    user_file.write_text("gpu_layers = 12\n")
    assert load_options({"workspace": workspace}, environment={}).gpu_layers == "12"
    assert load_options({"workspace": workspace, "gpu_layers": "auto"}, environment={}).gpu_layers == "auto"


@pytest.mark.parametrize(
    ("choice", "size_bytes"),
    [
        (0, 0),
        (5_000_000_000, 5_000_000_000),
        ("4G", 4 << 30),
        ("4GiB", 4 << 30),
        ("512 mb", 512 << 20),
        ("1.5T", 3 << 39),
        ("64k", 64 << 10),
        ("100B", 100),
    ],
)
def test_sizes_are_numbers_with_units_of_1024(choice: int | str, size_bytes: int) -> None:
    assert byte_count("memory", choice) == size_bytes


@pytest.mark.parametrize("choice", ["", "G", "4X", "-1", -1, "1,5G", "1e9", "4G5", True, "inf"])
def test_other_sizes_are_refused(choice: int | str) -> None:
    with pytest.raises(UsageError, match="It must be a size"):
        byte_count("memory", choice)


def test_limits_follow_from_the_options(workspace: Path) -> None:
    limits = limits_of(Options(workspace=workspace, memory="1G", processes=64, output_limit=0))
    assert (limits.memory_bytes, limits.processes, limits.stored_bytes) == (1 << 30, 64, 0)
    assert limits_of(Options(workspace=workspace)) == Limits()


def test_missing_workspace_is_said(user_file: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not a folder"):
        load_options({"workspace": tmp_path / "nowhere"}, environment={})


def test_folders_can_be_named_by_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("OFFLINE_INTERPRETER_STATE", str(tmp_path / "s"))
    monkeypatch.setenv("OFFLINE_INTERPRETER_MODELS", str(tmp_path / "m"))
    assert (config.state_folder(), config.models_folder()) == (tmp_path / "s", tmp_path / "m")


@pytest.mark.skipif(sys.platform != "linux", reason="the platform's own folders differ")
def test_state_lies_in_the_platforms_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("OFFLINE_INTERPRETER_STATE", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert config.state_folder() == tmp_path / "offline-interpreter"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_project_file_is_waited_for_never_and_followed_nowhere(user_file: Path, workspace: Path) -> None:
    path = workspace / config.PROJECT_FILE
    os.mkfifo(path)
    with pytest.raises(UsageError, match="not a regular file"):
        load_options({"workspace": workspace}, environment={})
    path.unlink()
    (workspace.parent / "elsewhere.toml").write_text("seed = 2\n")
    path.symlink_to(workspace.parent / "elsewhere.toml")
    with pytest.raises(UsageError, match="cannot be read"):
        load_options({"workspace": workspace}, environment={})


def test_file_of_the_person_may_be_a_link(user_file: Path, workspace: Path) -> None:
    (workspace / "dotfile.toml").write_text("seed = 2\n")
    user_file.symlink_to(workspace / "dotfile.toml")
    assert load_options({"workspace": workspace}, environment={}).seed == 2
