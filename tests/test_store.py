"""The store: what is held and how it is, by plain files that anybody may copy, cut or change."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from synthetic import write_model

from offline_interpreter.api import find_model, load_engine
from offline_interpreter.config import STARTER, Options, load_options
from offline_interpreter.errors import ModelMissing, ModelUnusable, StoreError, UsageError
from offline_interpreter.models import receipts
from offline_interpreter.models.catalogue import ModelFile, known_models
from offline_interpreter.models.locks import Lease
from offline_interpreter.models.store import HeldModel, Store
from offline_interpreter.models.verify import check_before_load, check_sizes, verify
from offline_interpreter.records import Progress


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setenv("OFFLINE_INTERPRETER_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("OFFLINE_INTERPRETER_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return Store()


def hold(store: Store, model_id: str = "noise", seed: int = 0) -> HeldModel:
    """Put a small model into the store, with its record."""
    path = write_model(store.prepare(model_id) / "noise.gguf", seed=seed)
    data = path.read_bytes()
    file = ModelFile(path.name, len(data), hashlib.sha256(data).hexdigest())
    model = HeldModel(model_id, path.parent, (file,), "mit", "a" * 40, "someone/noise")
    store.record(model)
    return model


def damage(path: Path) -> None:
    """Change a byte of the weights, and the time of change."""
    data = bytearray(path.read_bytes())
    data[-10] ^= 1
    path.write_bytes(data)


# -- what is held -------------------------------------------------------------------------------------------------


def test_store_that_is_not_there_holds_nothing(store: Store) -> None:
    assert store.models() == ()
    assert store.find("noise") is None
    assert not store.folder.exists()


def test_what_was_recorded_is_found(store: Store) -> None:
    model = hold(store)
    assert store.find("noise") == model
    assert store.models() == (model,)
    assert (model.path, model.size_bytes) == (model.folder / "noise.gguf", model.path.stat().st_size)


def test_record_is_plain_json_without_the_place(store: Store) -> None:
    model = hold(store)
    record = json.loads((model.folder / "model.json").read_text())
    assert set(record) == {"schema", "files", "license", "revision", "source"}
    moved = store.folder.rename(store.folder.with_name("elsewhere"))
    assert Store(moved).models()[0].folder == moved / "noise"


@pytest.mark.parametrize("name", ["..", ".", "", "a/b", ".hidden", "../noise"])
def test_name_that_leads_elsewhere_is_no_id(store: Store, name: str) -> None:
    hold(store)
    assert store.find(name) is None
    with pytest.raises(UsageError):
        store.prepare(name)


def test_folder_filled_by_hand_is_a_model(store: Store) -> None:
    path = write_model(store.prepare("mine") / "b.gguf")
    model = HeldModel("mine", path.parent, (ModelFile("b.gguf", path.stat().st_size, ""),))
    assert store.models() == (model,)
    assert store.state(model) == "unchecked"


def test_file_of_the_catalogue_copied_by_hand_must_be_what_the_catalogue_says(store: Store) -> None:
    entry = known_models()[0]
    write_model(store.prepare(entry.id) / entry.files[0].name)
    model = store.find(entry.id)
    assert model is not None
    assert (model.files, model.license) == (entry.files, entry.license)
    assert store.state(model) == "incomplete"
    with pytest.raises(
        ModelMissing, match=rf"is \d+ bytes, needs {entry.size_bytes}\. Run `offline-interpreter models pu"
    ):
        find_model(entry.id)


@pytest.mark.parametrize("left", [b"", b"{", b"[]", b'{"files": []}', b'{"files": [{"name": "../x"}]}', b"\xff\xfe"])
def test_broken_record_is_none(store: Store, left: bytes) -> None:
    model = hold(store)
    (model.folder / "model.json").write_bytes(left)
    found = store.find("noise")
    assert found is not None
    assert found.files[0].sha256 == ""


def test_parts_of_a_pull_are_no_model(store: Store) -> None:
    (store.prepare("begun") / "x.gguf.part").write_bytes(b"GGUF")
    (store.prepare("bad") / "x.gguf.bad").write_bytes(b"GGUF")
    assert store.models() == ()


def test_planned_model_is_incomplete_until_it_is_finished(store: Store) -> None:
    model = hold(store)
    (model.folder / "model.json").rename(model.folder / "pull.json")
    assert store.find("noise") == model
    assert store.state(model) == "incomplete"
    with pytest.raises(ModelMissing, match="The pull of the model 'noise' was not finished"):
        find_model("noise")
    store.finish(model)
    assert find_model("noise") == model.path


def test_owner_of_a_file(store: Store, tmp_path: Path) -> None:
    model = hold(store)
    assert store.owner(model.path) == model
    assert store.owner(store.folder / ".." / "models" / "noise" / "noise.gguf") == model
    assert store.owner(model.folder / "other.gguf") is None
    assert store.owner(tmp_path / "noise.gguf") is None


# -- how it is ----------------------------------------------------------------------------------------------------


def test_model_is_hashed_once_and_again_when_it_changed(store: Store) -> None:
    model = hold(store)
    hashed: list[int] = []
    assert store.state(model) == "unchecked"
    check_before_load(model, lambda work: hashed.append(work.done_bytes))
    assert hashed[-1] == model.size_bytes
    assert store.state(model) == "ready"
    hashed.clear()
    check_before_load(model, lambda work: hashed.append(work.done_bytes))
    assert hashed == []
    os.utime(model.path)
    assert store.state(model) == "unchecked"
    check_before_load(model, lambda work: hashed.append(work.done_bytes))
    assert hashed[-1] == model.size_bytes


def test_damaged_model_is_set_aside_at_load(store: Store) -> None:
    model = hold(store)
    check_before_load(model)
    damage(model.path)
    with pytest.raises(
        ModelUnusable, match=r"^Damaged: noise\.gguf .*expected .*got .*moved to noise\.gguf\.bad\. Pull or"
    ):
        load_engine(Options(model="noise"))
    assert store.state(model) == "incomplete"
    with pytest.raises(ModelMissing, match=r"Missing its file noise\.gguf"):
        load_engine(Options(model="noise"))


def test_damaged_model_in_a_store_that_cannot_be_written_to_is_still_refused(store: Store) -> None:
    model = hold(store)
    damage(model.path)
    (model.folder / "noise.gguf.bad").mkdir()  # a name that it cannot be moved to, whoever asks
    (model.folder / "noise.gguf.bad" / "x").touch()
    for _ in range(2):
        with pytest.raises(ModelUnusable, match=r"^Damaged: .*got \w+…\. Pull or"):
            check_before_load(model)


def test_file_that_was_cut_is_not_hashed(store: Store) -> None:
    model = hold(store)
    os.truncate(model.path, 1000)
    with pytest.raises(ModelMissing, match=rf"noise\.gguf is 1000 bytes, needs {model.size_bytes}\."):
        check_before_load(model, lambda work: pytest.fail("it was hashed"))


def test_checking_at_load_is_shown_and_the_model_works(store: Store) -> None:
    hold(store)
    seen: list[Progress] = []
    engine = load_engine(Options(model="noise", context=256), progress=seen.append)
    engine.close()
    stages = [progress.stage for progress in seen]
    assert stages[0] == "check"
    assert stages[-1] == "load"


def test_path_of_a_file_in_the_store_is_checked_too(store: Store) -> None:
    model = hold(store)
    damage(model.path)
    with pytest.raises(ModelUnusable, match="Damaged: "):
        load_engine(Options(model=str(model.path)))


def test_missing_part_is_named_by_its_number(store: Store) -> None:
    model = hold(store)
    shutil.copy(model.path, model.folder / "two.gguf")
    files = (*model.files, ModelFile("two.gguf", 1, ""), ModelFile("three.gguf", 1, ""))
    with pytest.raises(ModelMissing, match=r"two\.gguf is \d+ bytes, needs 1"):
        check_sizes(HeldModel("noise", model.folder, files))
    with pytest.raises(ModelMissing, match=r"Missing part 2 of 2: three\.gguf"):
        check_sizes(HeldModel("noise", model.folder, (files[0], files[2])))


def test_receipts_that_are_broken_or_gone_cost_time_only(store: Store, tmp_path: Path) -> None:
    model = hold(store)
    check_before_load(model)
    (tmp_path / "cache" / "receipts.json").write_text("{")
    assert store.state(model) == "unchecked"
    check_before_load(model)
    assert store.state(model) == "ready"


def test_receipts_of_files_that_are_gone_are_dropped(store: Store, tmp_path: Path) -> None:
    for name in ("one", "two"):
        check_before_load(hold(store, name))
    shutil.rmtree(store.folder / "one")
    receipts.remember(store.folder / "two" / "noise.gguf", "0" * 64)
    assert len(json.loads((tmp_path / "cache" / "receipts.json").read_text())) == 1


def test_where_no_receipt_can_be_written_models_are_hashed_each_time(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("OFFLINE_INTERPRETER_CACHE", str(tmp_path / "file"))
    model = hold(store)
    check_before_load(model)
    assert store.state(model) == "unchecked"


# -- verify -------------------------------------------------------------------------------------------------------


def test_verify_reads_every_byte_whatever_was_hashed(store: Store) -> None:
    model = hold(store)
    check_before_load(model)
    status = model.path.stat()
    damage(model.path)
    os.utime(model.path, ns=(status.st_atime_ns, status.st_mtime_ns))  # as a disk does that loses bits
    assert store.state(model) == "ready"
    assert verify(store, model, full=False) == model
    with pytest.raises(ModelUnusable, match="Damaged: "):
        verify(store, model, full=True)
    assert (model.folder / "noise.gguf.bad").is_file()


def test_quick_verify_looks_at_the_header(store: Store) -> None:
    model = hold(store)
    data = model.path.read_bytes()
    model.path.write_bytes(b"GGUF\3\0\0\0" + b"\xff" * (len(data) - 8))
    with pytest.raises(ModelUnusable):
        verify(store, model, full=False)


def test_verify_notes_the_sha256_that_nobody_told(store: Store) -> None:
    path = write_model(store.prepare("mine") / "mine.gguf")
    model = store.find("mine")
    assert model is not None
    verified = verify(store, model, full=True)
    assert verified.files[0].sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert store.find("mine") == verified
    assert store.state(verified) == "ready"
    damage(path)
    with pytest.raises(ModelUnusable, match="Damaged: "):
        verify(store, verified, full=True)


# -- removing, and the default ------------------------------------------------------------------------------------


def test_removed_model_is_gone_with_all_that_is_left_of_it(store: Store) -> None:
    model = hold(store)
    (model.folder / "x.gguf.part").touch()
    store.set_default("noise")
    store.remove(model)
    assert store.models() == ()
    assert not model.folder.exists()
    assert store.default() is None


def test_linked_file_stays_when_its_model_is_removed(store: Store, tmp_path: Path) -> None:
    target = write_model(tmp_path / "mine.gguf")
    (store.prepare("mine") / "mine.gguf").symlink_to(target)
    model = store.find("mine")
    assert model is not None
    store.remove(model)
    assert target.is_file()


def test_linked_folder_stays_when_its_model_is_removed(store: Store, tmp_path: Path) -> None:
    model = hold(store)
    elsewhere = model.folder.rename(tmp_path / "elsewhere")
    model.folder.symlink_to(elsewhere)
    assert store.models() == (model,)
    store.remove(model)
    assert store.models() == ()
    assert (elsewhere / "noise.gguf").is_file()


def test_model_that_this_process_has_loaded_is_not_removed(store: Store) -> None:
    model = hold(store)
    engine = load_engine(Options(model="noise", context=256))
    with pytest.raises(StoreError, match="The model 'noise' is loaded by a process"):
        store.remove(model)
    engine.close()
    store.remove(model)
    assert store.models() == ()


LOAD = """
import sys
from offline_interpreter.api import load_engine
from offline_interpreter.config import Options
engine = load_engine(Options(model="noise", context=256))
print("loaded", flush=True)
sys.stdin.read()
engine.close()
"""


def test_model_that_another_process_has_loaded_is_not_removed(store: Store) -> None:
    model = hold(store)
    process = subprocess.Popen([sys.executable, "-c", LOAD], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"loaded\n"
        with pytest.raises(StoreError, match="is loaded by a process"):
            store.remove(model)
        process.kill()  # however it ends
    store.remove(model)


def test_lease_that_is_closed_twice_is_closed(store: Store) -> None:
    lease = Lease(hold(store).path)
    lease.close()
    lease.close()


def test_lease_on_what_is_not_there_holds_nothing(tmp_path: Path) -> None:
    Lease(tmp_path / "none").close()


def test_store_that_cannot_be_written_to_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    store = Store(tmp_path / "file" / "models")
    assert store.models() == ()
    for change in (lambda: store.prepare("x"), lambda: store.set_default("x")):
        with pytest.raises(StoreError, match=r"cannot be written to: .*Set OFFLINE_INTERPRETER_MODELS to a folder"):
            change()


def test_default_of_the_store_is_used_when_nothing_else_is_named(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flags = {"workspace": tmp_path}
    assert load_options(flags, environment={}).model == STARTER
    hold(store)
    store.set_default("noise")
    assert load_options(flags, environment={}).model == "noise"
    (tmp_path / "config" / "offline-interpreter").mkdir(parents=True)
    (tmp_path / "config" / "offline-interpreter" / "config.toml").write_text('model = "of-the-file"')
    assert load_options(flags, environment={}).model == "of-the-file"
    environment = {"OFFLINE_INTERPRETER_MODEL": "of-the-environment"}
    assert load_options(flags, environment=environment).model == "of-the-environment"
    assert load_options(flags | {"model": STARTER}, environment=environment).model == STARTER
    store.set_default(None)
    assert store.default() is None


def test_default_that_is_gone_is_said(store: Store, tmp_path: Path) -> None:
    store.set_default("gone")
    with pytest.raises(ModelMissing, match="No model 'gone'"):
        find_model(load_options({"workspace": tmp_path}, environment={}).model)


def test_what_is_missing_comes_with_what_to_do(store: Store) -> None:
    with pytest.raises(
        ModelMissing, match=r"No model 'qwen3\.5-4b' in the store\. Run `offline-interpreter models pull qwen"
    ):
        find_model("qwen3.5-4b")
    with pytest.raises(ModelMissing, match="neither a file, nor in the store, nor in the catalogue"):
        find_model("nonsense")
