"""Which file a name means, and what tells a model from any other."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from synthetic import write_model

from offline_interpreter.bench.subjects import REFERENCES, find_subjects, quantization
from offline_interpreter.errors import ModelMissing, ModelUnusable
from offline_interpreter.models.gguf import read_header


def quiet(name: str, done: int, total: int) -> None:
    pass


def test_a_file_is_told_by_its_checksum_and_size(tmp_path: Path) -> None:
    path = write_model(tmp_path / "noise.gguf")
    (subject,) = find_subjects([str(path)], quiet)
    assert (subject.name, subject.path) == ("noise", path)
    assert subject.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert subject.file_bytes == path.stat().st_size


def test_the_starter_has_its_name_and_its_quantization() -> None:
    (subject,) = find_subjects(["starter"], quiet)
    assert (subject.name, subject.quantization) == ("starter", "Q8_0")


def test_without_a_word_on_it_the_quantization_is_that_of_most_bytes(tmp_path: Path) -> None:
    header = read_header(write_model(tmp_path / "noise.gguf"))
    assert "general.file_type" not in header.scalars
    assert quantization(header) == "F32"


def test_solutions_are_no_file() -> None:
    (subject,) = find_subjects([REFERENCES], quiet)
    assert (subject.name, subject.path, subject.file_bytes) == ("references", None, 0)


def test_how_far_the_reading_is_is_told(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    path = write_model(tmp_path / "noise.gguf")
    find_subjects([str(path)], lambda *each: told.append(each))
    size = path.stat().st_size
    assert told[-1] == ("noise", size, size)


def test_a_name_that_means_nothing_is_an_error() -> None:
    with pytest.raises(ModelMissing, match="no-such-model"):
        find_subjects(["starter", "no-such-model"], quiet)


def test_a_file_that_is_no_model_is_left_to_its_load(tmp_path: Path) -> None:
    path = tmp_path / "page.gguf"
    path.write_text("<html>")
    (subject,) = find_subjects([str(path)], quiet)
    assert (subject.quantization, subject.file_bytes) == ("", 6)


def test_a_file_that_cannot_be_read_is_an_error() -> None:
    with pytest.raises(ModelUnusable, match=r"/proc/self/mem.* cannot be read"):
        find_subjects(["/proc/self/mem"], quiet)
