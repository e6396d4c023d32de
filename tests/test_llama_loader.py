from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from synthetic import gguf_bytes, write_model, write_parts

from offline_interpreter.cancel import Cancel
from offline_interpreter.engines.llama.gpus import gpu_is_usable
from offline_interpreter.engines.llama.loader import acquire, release
from offline_interpreter.errors import EngineError, ModelMissing, ModelUnusable
from offline_interpreter.models.fit import ALL_LAYERS
from offline_interpreter.records import Progress


def ignore(progress: Progress) -> None:
    del progress


def test_a_missing_file_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match=r"none\.gguf"):
        acquire(tmp_path / "none.gguf", None, ignore, None)


@pytest.mark.parametrize(
    ("start", "verdict"),
    [
        (b"", "is empty"),
        (b"\n<!DOCTYPE html><html>", "is a web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0", "is a Git LFS pointer"),
        (b"PK\x03\x04", "is not a GGUF file"),
    ],
)
def test_what_is_no_model_is_called_by_its_name(tmp_path: Path, start: bytes, verdict: str) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(start)
    with pytest.raises(ModelUnusable, match=verdict):
        acquire(path, None, ignore, None)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names are always Unicode")
def test_a_name_that_is_no_text_is_no_obstacle(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9.gguf")
    release(acquire(write_model(path), None, ignore, None))


def test_a_part_that_is_not_there_is_named(tmp_path: Path) -> None:
    facts = {"general.architecture": "llama", "split.no": 0, "split.count": 2}
    (tmp_path / "m-00001-of-00002.gguf").write_bytes(gguf_bytes(facts, {}))
    with pytest.raises(ModelMissing, match=r"Missing part 2 of 2: m-00002-of-00002\.gguf"):
        acquire(tmp_path / "m-00001-of-00002.gguf", None, ignore, None)


@pytest.mark.parametrize("given", [0, 1])
def test_a_model_in_parts_is_loaded_whichever_is_named(tmp_path: Path, given: int) -> None:
    paths = write_parts(tmp_path)
    weights = acquire(paths[given], None, ignore, None)
    assert weights.files == paths
    release(weights)


def test_a_folder_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(ModelUnusable, match="cannot be read"):
        acquire(tmp_path, None, ignore, None)


@pytest.mark.parametrize("kept_bytes", [4, 100, 3000, -5000, -1])
def test_a_file_that_was_cut_says_so(tmp_path: Path, kept_bytes: int) -> None:
    path = write_model(tmp_path / "model.gguf")
    path.write_bytes(path.read_bytes()[:kept_bytes])
    with pytest.raises(ModelUnusable, match="is cut short"):
        acquire(path, None, ignore, None)


def test_a_byte_without_a_token_is_damage(tmp_path: Path) -> None:
    path = write_model(tmp_path / "model.gguf", spaced=True)
    path.write_bytes(path.read_bytes().replace(b"<0x0A>", b"<0xGG>"))
    with pytest.raises(ModelUnusable, match="no token for the byte 0x0A"):
        acquire(path, None, ignore, None)


def test_an_unknown_architecture_is_named(tmp_path: Path) -> None:
    path = write_model(tmp_path / "model.gguf", architecture="newfangled")
    with pytest.raises(ModelUnusable, match="does not know the architecture 'newfangled'"):
        acquire(path, None, ignore, None)


def test_a_failed_load_prints_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = write_model(tmp_path / "model.gguf", architecture="newfangled")
    with pytest.raises(ModelUnusable):
        acquire(path, None, ignore, None)
    assert capfd.readouterr() == ("", "")


def test_a_load_prints_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    release(acquire(write_model(tmp_path / "model.gguf"), None, ignore, None))
    assert capfd.readouterr() == ("", "")


def test_weights_are_shared_until_the_last_gives_them_back(tmp_path: Path) -> None:
    path = write_model(tmp_path / "model.gguf")
    (tmp_path / "link.gguf").symlink_to(path)
    first, second = acquire(path, None, ignore, None), acquire(tmp_path / "link.gguf", None, ignore, None)
    assert first is second
    release(first)
    assert acquire(path, None, ignore, None) is second
    release(second)
    release(second)
    third = acquire(path, None, ignore, None)
    assert third is not second
    release(third)


@pytest.mark.skipif(gpu_is_usable(), reason="a GPU is used here")
def test_without_a_gpu_layers_make_no_difference(tmp_path: Path) -> None:
    path = write_model(tmp_path / "model.gguf")
    first, second = acquire(path, None, ignore, None), acquire(path, ALL_LAYERS, ignore, None)
    assert first is second
    release(first)
    release(second)


@pytest.mark.parametrize("requested", [None, 300])
def test_the_usual_window_does_not_depend_on_who_came_first(tmp_path: Path, requested: int | None) -> None:
    weights = acquire(write_model(tmp_path / "model.gguf", context=9000), None, ignore, None, requested)
    assert weights.usual_tokens == 8192
    release(weights)


def test_a_file_that_was_replaced_is_loaded_anew(tmp_path: Path) -> None:
    path = write_model(tmp_path / "model.gguf", context=512)
    old = acquire(path, None, ignore, None)
    path.unlink()  # the old weights stay mapped
    new = acquire(write_model(path, context=1024), None, ignore, None)
    assert (old.trained_tokens, new.trained_tokens) == (512, 1024)
    release(old)
    release(new)


def test_progress_rises_to_the_end(tmp_path: Path) -> None:
    seen: list[Progress] = []
    release(acquire(write_model(tmp_path / "model.gguf"), None, seen.append, None))
    assert {progress.stage for progress in seen} == {"load"}
    assert [progress.done for progress in seen] == sorted({progress.done for progress in seen})
    assert seen[-1] == Progress("load", 100, 100)


def test_a_cancelled_load_stops_and_leaves_nothing(tmp_path: Path) -> None:
    path, cancel = write_model(tmp_path / "model.gguf"), Cancel()
    with pytest.raises(EngineError, match="stopped"):
        acquire(path, None, lambda progress: cancel.request(), cancel)
    release(acquire(path, None, ignore, None))


def test_an_error_of_the_one_who_watches_comes_out(tmp_path: Path) -> None:
    def watch(progress: Progress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        acquire(write_model(tmp_path / "model.gguf"), None, watch, None)
