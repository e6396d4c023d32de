"""The catalogue: what it holds, what a person may add, and what it says of a broken file."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from offline_interpreter.errors import UsageError
from offline_interpreter.models.catalogue import (
    HubSource,
    ModelEntry,
    ModelFile,
    PackageSource,
    known_models,
    load_catalogue,
)

ENTRY = """
schema = 1

[[model]]
id = "tiny"
repo_id = "someone/tiny-GGUF"
revision = "0123456789abcdef0123456789abcdef01234567"
license = "mit"
context = 4096
kv_bytes_per_token_f16 = 1024
notes = "For trying things."
[[model.files]]
name = "tiny-00001-of-00002.gguf"
size = 30
sha256 = "00000000000000000000000000000000000000000000000000000000000000aa"
[[model.files]]
name = "tiny-00002-of-00002.gguf"
size = 12
sha256 = "00000000000000000000000000000000000000000000000000000000000000bb"
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_built_in_ids_are_unique() -> None:
    ids = [entry.id for entry in load_catalogue()]
    assert ids
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("entry", load_catalogue(), ids=lambda entry: entry.id)
def test_built_in_entry_is_pinned(entry: ModelEntry) -> None:
    if isinstance(entry.source, HubSource):
        assert re.fullmatch(r"[0-9a-f]{40}", entry.source.revision)
    else:
        assert re.fullmatch(r"\d+(\.\d+)+", entry.source.revision)
    assert entry.license
    for file in entry.files:
        assert re.fullmatch(r"[0-9a-f]{64}", file.sha256)
        assert file.size_bytes > 1_000_000
        assert file.name.endswith(".gguf")


def test_no_two_built_in_files_are_the_same() -> None:
    hashes = [file.sha256 for entry in load_catalogue() for file in entry.files]
    assert len(set(hashes)) == len(hashes)


def test_a_license_that_forbids_something_comes_with_a_note() -> None:
    restricted = [entry for entry in load_catalogue() if entry.license not in {"apache-2.0", "mit"}]
    assert [entry.id for entry in restricted] == ["qwen2.5-coder-3b"]
    assert "Non-commercial" in restricted[0].notes


def test_own_entry_is_read_whole(tmp_path: Path) -> None:
    assert load_catalogue(write(tmp_path, ENTRY))[-1] == ModelEntry(
        id="tiny",
        source=HubSource("someone/tiny-GGUF", "0123456789abcdef0123456789abcdef01234567"),
        license="mit",
        context=4096,
        files=(
            ModelFile("tiny-00001-of-00002.gguf", 30, "0" * 62 + "aa"),
            ModelFile("tiny-00002-of-00002.gguf", 12, "0" * 62 + "bb"),
        ),
        kv_bytes_per_token_f16=1024,
        notes="For trying things.",
    )


def test_entry_may_come_from_a_package(tmp_path: Path) -> None:
    text = re.sub(r"repo_id = .*\n", 'package = "llm-tiny"\n', ENTRY)
    text = re.sub(r"revision = .*\n", 'version = "1.2.post3"\n', text)
    entry = load_catalogue(write(tmp_path, text))[-1]
    assert entry.source == PackageSource("llm-tiny", "1.2.post3")
    assert entry.source.name == "package llm-tiny"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("repo_id =", 'package = "tiny"\nversion = "1"\nrepo_id =', r"model 'tiny': the key 'repo_id' is not known"),
        ("repo_id =", 'package = "tiny"\nrepo_id =', r"model 'tiny': 'version' is missing"),
        ("repo_id =", 'package = "tiny @ file:///x"\nrepo_id =', r"'package' is 'tiny @ .*the name of a package"),
        (
            "repo_id =",
            'package = "tiny"\nversion = "--pre"\nrepo_id =',
            r"'version' is '--pre'.*the version of a package",
        ),
    ],
)
def test_package_is_named_and_pinned(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        load_catalogue(write(tmp_path, ENTRY.replace(old, new)))


def test_catalogue_of_ones_own_lies_beside_the_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert known_models() == load_catalogue()
    (tmp_path / "offline-interpreter").mkdir()
    own = write(tmp_path, ENTRY).rename(tmp_path / "offline-interpreter" / "models.toml")
    assert known_models() == load_catalogue(own)
    assert known_models()[-1].id == "tiny"


def test_size_is_that_of_all_files(tmp_path: Path) -> None:
    assert load_catalogue(write(tmp_path, ENTRY))[-1].size_bytes == 42


def test_own_entries_follow_the_built_in_ones(tmp_path: Path) -> None:
    assert load_catalogue(write(tmp_path, ENTRY))[:-1] == load_catalogue()


def test_own_entry_replaces_the_one_of_its_id_in_its_place(tmp_path: Path) -> None:
    first = load_catalogue()[0]
    entries = load_catalogue(write(tmp_path, ENTRY.replace('"tiny"', f'"{first.id}"')))
    assert entries[0].source.name == "someone/tiny-GGUF"
    assert entries[1:] == load_catalogue()[1:]


def test_what_may_be_left_out(tmp_path: Path) -> None:
    text = re.sub(r"(kv_bytes_per_token_f16|notes) = .*\n", "", ENTRY)
    entry = load_catalogue(write(tmp_path, text))[-1]
    assert (entry.kv_bytes_per_token_f16, entry.notes) == (None, "")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("schema = 1", "", r"'schema' is missing"),
        ("schema = 1", "schema = 2", r"schema 2 is not known"),
        ("[[model]]", "[model]", r"'model' is .*one table or more"),
        ('id = "tiny"\n', "", r"model 1: 'id' is missing"),
        ('"tiny"', '"../tiny"', r"model 1: 'id' is '../tiny'"),
        ("someone/tiny-GGUF", "tiny-GGUF", r"model 'tiny': 'repo_id' is 'tiny-GGUF'"),
        ("0123456789abcdef0123456789abcdef01234567", "main", r"model 'tiny': 'revision' is 'main'.*40 hex digits"),
        ('license = "mit"', 'license = ""', r"model 'tiny': 'license' is ''"),
        ("context = 4096", "context = true", r"model 'tiny': 'context' is True"),
        ("context = 4096", "contexts = 4096", r"model 'tiny': 'context' is missing"),
        ("notes =", "note =", r"model 'tiny': the key 'note' is not known"),
        ("kv_bytes_per_token_f16 = 1024", "kv_bytes_per_token_f16 = 0", r"'kv_bytes_per_token_f16' is 0"),
        ("00002-of-00002.gguf", "00001-of-00002.gguf", r"model 'tiny': the file '.*' stands there twice"),
        ("tiny-00001", "/etc/tiny-00001", r"model 'tiny', files 1: 'name' is '/etc/"),
        ("size = 12", "size = -12", r"model 'tiny', files 2: 'size' is -12"),
        ("00bb", "00b", r"model 'tiny', files 2: 'sha256' is .*64 hex digits"),
        ("context = 4096", "context = ", r"is not TOML: .*line 9"),
    ],
)
def test_broken_file_is_named_with_its_entry(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in ENTRY
    path = write(tmp_path, ENTRY.replace(old, new))
    with pytest.raises(UsageError, match=message) as raised:
        load_catalogue(path)
    assert str(path) in raised.value.cause


def test_same_id_twice_in_one_file_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, ENTRY + ENTRY.replace("schema = 1", ""))
    with pytest.raises(UsageError, match="the id 'tiny' stands there twice"):
        load_catalogue(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nothing\.toml cannot be read: No such file"):
        load_catalogue(tmp_path / "nothing.toml")


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(b"GGUF\xff\xfe\x00")
    with pytest.raises(UsageError, match="is not TOML"):
        load_catalogue(path)
