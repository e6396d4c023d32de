"""Import: a copy or a link, whole or not at all, recognized whatever its name."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import numpy as np
import pytest
from synthetic import gguf_bytes, write_model

from offline_interpreter.engines.llama.loader import check_known
from offline_interpreter.errors import ModelMissing, ModelUnusable, OfflineInterpreterError, StoreError, UsageError
from offline_interpreter.models.importing import import_model
from offline_interpreter.models.store import HeldModel, Store
from offline_interpreter.models.work import Work


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setenv("OFFLINE_INTERPRETER_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return Store(tmp_path / "models")


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write_parts(folder: Path, stem: str = "big") -> list[Path]:
    paths = []
    for number in range(3):
        weights = np.full(1000, number, np.float32)
        facts = {"general.architecture": "llama", "split.no": number, "split.count": 3}
        paths.append(folder / f"{stem}-{number + 1:05}-of-00003.gguf")
        paths[-1].write_bytes(gguf_bytes(facts, {f"weights.{number}": weights}))
    return paths


def know(tmp_path: Path, *paths: Path) -> None:
    """Write a catalogue of one's own that names these files as one model."""
    lines = ["schema = 1", "[[model]]", 'id = "known"', 'repo_id = "someone/known"', f'revision = "{"a" * 40}"']
    lines += ['license = "apache-2.0"', "context = 4096"]
    for number, path in enumerate(paths, 1):
        name = f"known-{number:05}-of-{len(paths):05}.gguf" if len(paths) > 1 else "known.gguf"
        lines += ["[[model.files]]", f'name = "{name}"', f"size = {path.stat().st_size}", f'sha256 = "{sha256(path)}"']
    folder = tmp_path / "config" / "offline-interpreter"
    folder.mkdir(parents=True)
    (folder / "models.toml").write_text("\n".join(lines))


def left_over(store: Store) -> list[str]:
    return [path.name for path in store.folder.iterdir() if path.name.startswith(".")]


def test_file_is_copied_and_ready(store: Store, tmp_path: Path) -> None:
    path = write_model(tmp_path / "Noise-Q4.gguf")
    model = import_model(store, path, check=check_known)
    assert (model.id, model.source, model.license) == ("noise-q4", "file Noise-Q4.gguf", "unknown")
    assert store.find("noise-q4") == model
    assert store.state(model) == "ready"
    assert model.path.read_bytes() == path.read_bytes()
    assert not model.path.is_symlink()
    assert left_over(store) == []


def test_linked_file_stays_where_it_is(store: Store, tmp_path: Path) -> None:
    path = write_model(tmp_path / "noise.gguf")
    model = import_model(store, path, link=True)
    assert model.path.is_symlink()
    assert model.path.resolve() == path.resolve()
    assert store.state(model) == "ready"
    path.unlink()
    assert store.state(model) == "incomplete"


def test_file_of_the_catalogue_is_recognized_whatever_its_name(store: Store, tmp_path: Path) -> None:
    path = write_model(tmp_path / "download (1).gguf")
    know(tmp_path, path)
    model = import_model(store, path)
    assert (model.id, model.license, model.revision) == ("known", "apache-2.0", "a" * 40)
    assert model.path.name == "known.gguf"
    assert store.state(model) == "ready"


def test_all_parts_of_a_split_model_are_taken_whichever_is_named(store: Store, tmp_path: Path) -> None:
    paths = write_parts(tmp_path)
    know(tmp_path, *paths)
    model = import_model(store, paths[1])
    assert model.id == "known"
    assert [path.read_bytes() for path in model.paths] == [path.read_bytes() for path in paths]


def test_part_that_is_missing_is_named(store: Store, tmp_path: Path) -> None:
    paths = write_parts(tmp_path)
    paths[1].unlink()
    with pytest.raises(ModelMissing, match=r"Missing part 2 of 3: big-00002-of-00003\.gguf"):
        import_model(store, paths[0])
    assert store.models() == ()


def test_name_that_the_store_cannot_hold_is_made_one(store: Store, tmp_path: Path) -> None:
    model = import_model(store, write_model(tmp_path / "..my model é.gguf"))
    assert (model.id, model.path.name) == ("my-model", "my-model.gguf")
    assert store.find("my-model") == model


def test_id_of_ones_own(store: Store, tmp_path: Path) -> None:
    assert import_model(store, write_model(tmp_path / "noise.gguf"), model_id="mine").id == "mine"
    with pytest.raises(UsageError, match="is no id of a model"):
        import_model(store, tmp_path / "noise.gguf", model_id="../mine")


def test_id_of_the_catalogue_is_kept_for_its_file(store: Store, tmp_path: Path) -> None:
    path = write_model(tmp_path / "noise.gguf")
    with pytest.raises(
        UsageError, match=r"The catalogue calls another file 'qwen3\.5-4b'\. Choose another name with --id"
    ):
        import_model(store, path, model_id="qwen3.5-4b")
    assert store.models() == ()


def test_second_import_of_the_same_file_changes_nothing(store: Store, tmp_path: Path) -> None:
    path = write_model(tmp_path / "noise.gguf")
    first = import_model(store, path)
    inode = first.path.stat().st_ino
    assert import_model(store, path) == first
    assert first.path.stat().st_ino == inode


def test_another_model_of_that_name_is_not_replaced(store: Store, tmp_path: Path) -> None:
    first = import_model(store, write_model(tmp_path / "noise.gguf"))
    content = first.path.read_bytes()
    with pytest.raises(StoreError, match=r"There is another model 'noise'\. Remove it, or choose a name with --id"):
        import_model(store, write_model(tmp_path / "noise.gguf", seed=1))
    assert first.path.read_bytes() == content


def test_model_that_is_incomplete_is_replaced(store: Store, tmp_path: Path) -> None:
    path = write_model(tmp_path / "noise.gguf")
    os.truncate(import_model(store, path).path, 10)
    model = import_model(store, path)
    assert store.state(model) == "ready"
    assert model.path.read_bytes() == path.read_bytes()


def test_file_of_the_store_is_not_imported(store: Store, tmp_path: Path) -> None:
    model = import_model(store, write_model(tmp_path / "noise.gguf"))
    with pytest.raises(UsageError, match=r"is in the store already: it belongs to 'noise'"):
        import_model(store, model.path, model_id="other")


@pytest.mark.parametrize("link", [False, True])
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"<!DOCTYPE html><html>", "is a web page, not a model"),
        (b"version https://git-lfs.github.com/spec/v1\n", "is a Git LFS pointer, not a model"),
        (b"", "is empty"),
        (None, r"is cut short\. File is \d+ bytes, needs \d+"),
    ],
)
def test_what_is_no_model_is_not_taken(
    store: Store, tmp_path: Path, content: bytes | None, message: str, link: bool
) -> None:
    path = write_model(tmp_path / "noise.gguf")
    path.write_bytes(path.read_bytes()[:-1000] if content is None else content)
    with pytest.raises(ModelUnusable, match=message):
        import_model(store, path, link=link)
    assert store.models() == ()


def test_architecture_that_this_llama_cpp_does_not_know(store: Store, tmp_path: Path) -> None:
    path = write_model(tmp_path / "noise.gguf", architecture="mystery")
    with pytest.raises(ModelUnusable, match=r"this build of llama\.cpp does not know the architecture 'mystery'"):
        import_model(store, path, check=check_known)
    assert store.models() == ()


def test_file_that_is_not_there(store: Store, tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match=r"There is no model file '.*none\.gguf'"):
        import_model(store, tmp_path / "none.gguf")


def test_interrupted_import_leaves_nothing(store: Store, tmp_path: Path) -> None:
    def interrupt(work: Work) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_model(store, write_model(tmp_path / "noise.gguf"), on_work=interrupt)
    assert store.models() == ()
    assert left_over(store) == []


def test_what_a_killed_import_left_is_cleared_away(store: Store, tmp_path: Path) -> None:
    left = store.folder / ".import-killed"
    left.mkdir(parents=True)
    (left / "noise.gguf").write_bytes(b"GGUF")
    assert store.models() == ()
    import_model(store, write_model(tmp_path / "noise.gguf"))
    assert left_over(store) == []


def test_no_room_is_said_first(store: Store, tmp_path: Path) -> None:
    path = write_model(tmp_path / "noise.gguf")
    os.truncate(path, 1 << 42)  # a file of 4 TB that takes no room itself
    with pytest.raises(StoreError, match=r"This needs 4\.4 TB, and the disk of"):
        import_model(store, path)
    assert left_over(store) == []


def test_import_replaces_a_pull_that_was_cut(store: Store, tmp_path: Path) -> None:
    path = write_model(tmp_path / "noise.gguf")
    know(tmp_path, path)
    folder = store.prepare("known")
    (folder / "known.gguf.part").write_bytes(path.read_bytes()[:1000])
    store.plan(HeldModel("known", folder, (), "mit", "a" * 40, "someone/known"))
    model = import_model(store, path)
    assert sorted(file.name for file in folder.iterdir()) == ["known.gguf", "model.json"]
    assert store.state(model) == "ready"


def test_errors_of_import_are_errors_of_a_user(store: Store, tmp_path: Path) -> None:
    with pytest.raises(OfflineInterpreterError, match="cannot be read"):
        import_model(store, tmp_path)
