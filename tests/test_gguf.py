"""Headers are written here byte by byte: what is wrong with them is what is tested."""

from __future__ import annotations

import ctypes
import math
import random
import struct
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from synthetic import CHATML, write_model

from offline_interpreter.engines.llama.binding import library
from offline_interpreter.errors import ModelMissing, ModelUnusable
from offline_interpreter.models.gguf import (
    MOST_ELEMENTS_KEPT,
    MOST_TEXT_BYTES_KEPT,
    TENSOR_TYPES,
    Split,
    check_file,
    join,
    read_header,
    shards,
)

STARTER = Path(__file__).parent.parent / "offline_interpreter/data/starter.gguf"
MB = 10**6
U8, I8, U16, I16, U32, I32, F32, BOOL, TEXT, ARRAY, U64, I64, F64 = range(13)
LETTERS = {U8: "B", I8: "b", U16: "H", I16: "h", U32: "I", I32: "i", F32: "f", BOOL: "?", U64: "Q", I64: "q", F64: "d"}
F32_TENSOR, F16_TENSOR, Q8_0_TENSOR = 0, 1, 8


def text(value: str | bytes) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return struct.pack("<Q", len(data)) + data


def plain(kind: int, value: Any) -> bytes:
    return text(value) if kind == TEXT else struct.pack("<" + LETTERS[kind], value)


def entry(key: str, kind: int, value: Any) -> bytes:
    return text(key) + struct.pack("<I", kind) + plain(kind, value)


def array(key: str, kind: int, values: list[Any]) -> bytes:
    return text(key) + struct.pack("<IIQ", ARRAY, kind, len(values)) + b"".join(plain(kind, value) for value in values)


def tensor(name: str, shape: tuple[int, ...], kind: int = F32_TENSOR, offset: int = 0) -> bytes:
    return text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, kind, offset)


def header(*entries: bytes, tensors: tuple[bytes, ...] = (), version: int = 3) -> bytes:
    start = b"GGUF" + struct.pack("<IQQ", version, len(tensors), len(entries))
    return start + b"".join(entries) + b"".join(tensors)


def padded(data: bytes, alignment: int = 32) -> bytes:
    return data + b"\0" * (-len(data) % alignment)


def small_model() -> bytes:
    """Return a file with something of everything."""
    entries = [
        entry("general.architecture", TEXT, "llama"),
        entry("tokenizer.chat_template", TEXT, CHATML),
        *(entry(f"plain.{kind}", kind, 1) for kind in LETTERS),
        array("words", TEXT, ["", "a", "bc"]),
        array("short", I32, [-1, 2]),
        entry("general.alignment", U32, 64),
    ]
    tensors = (tensor("a", (3,)), tensor("b.weight", (32, 2, 1, 1), Q8_0_TENSOR, 64))
    return padded(header(*entries, tensors=tensors), 64) + b"\0" * (64 + 68)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.gguf"


def read(path: Path, data: bytes) -> Any:
    path.write_bytes(data)
    return read_header(path)


@contextmanager
def memory_below(limit_bytes: int) -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < limit_bytes


# -- what is read -------------------------------------------------------------------------------------------------


def test_the_starter_model_is_read_to_its_last_byte() -> None:
    read = read_header(STARTER)
    last = read.tensors[-1]
    assert (read.architecture, read.version, read.split) == ("llama", 3, None)
    assert "add_generation_prompt" in read.template
    assert read.lengths["tokenizer.ggml.tokens"] == 2048
    assert STARTER.stat().st_size - (read.data_offset + last.offset + last.size_bytes) < read.alignment


def test_a_model_that_llama_cpp_loads_is_read(path: Path) -> None:
    read = read_header(write_model(path, context=512))
    assert read.scalars["llama.context_length"] == 512
    assert read.template == CHATML
    assert {tensor.type.name for tensor in read.tensors} == {"f32"}


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        *((U8, 255), (I8, -128), (U16, 65535), (I16, -2), (U32, 2**32 - 1), (I32, -3), (U64, 2**64 - 1), (I64, -1)),
        *((F32, 0.5), (F64, 0.1), (BOOL, True), (BOOL, False), (TEXT, ""), (TEXT, "naïve 🙂")),
    ],
)
def test_plain_values_are_kept(path: Path, kind: int, value: Any) -> None:
    kept = read(path, header(entry("key", kind, value))).scalars["key"]
    assert (type(kept), kept) == (type(value), value)


@pytest.mark.parametrize(("kind", "values"), [(I32, [-1, 0, 7]), (BOOL, [True, False]), (F32, [0.5]), (U8, [])])
def test_short_arrays_are_kept(path: Path, kind: int, values: list[Any]) -> None:
    assert read(path, header(array("key", kind, values))).arrays == {"key": tuple(values)}


@pytest.mark.parametrize(("kind", "values"), [(TEXT, ["a", "", "bcd"]), (U8, [0] * (MOST_ELEMENTS_KEPT + 1))])
def test_of_other_arrays_the_length_is_kept(path: Path, kind: int, values: list[Any]) -> None:
    kept = read(path, header(array("key", kind, values), entry("next", U32, 5)))
    assert (kept.arrays, kept.lengths, kept.scalars) == ({}, {"key": len(values)}, {"next": 5})


def test_of_a_text_too_long_to_keep_the_length_is_kept(path: Path) -> None:
    kept = read(path, header(entry("key", TEXT, "x" * (MOST_TEXT_BYTES_KEPT + 1)), entry("next", U32, 5)))
    assert (kept.lengths, kept.scalars) == ({"key": MOST_TEXT_BYTES_KEPT + 1}, {"next": 5})


def test_values_may_lie_anywhere_among_chunks(path: Path) -> None:
    words = ["x" * length for length in random.Random(0).choices(range(2000), k=5000)]
    kept = read(path, header(array("words", TEXT, words), entry("next", TEXT, "after"), array("more", TEXT, words)))
    assert (kept.lengths, kept.scalars) == ({"words": 5000, "more": 5000}, {"next": "after"})


def test_a_template_that_is_no_text_counts_as_damage_of_letters_only(path: Path) -> None:
    assert (
        read(path, header(entry("tokenizer.chat_template", TEXT, b"a\xffb"))).template == "a\N{REPLACEMENT CHARACTER}b"
    )


def test_a_header_without_a_template_or_an_architecture_has_empty_ones(path: Path) -> None:
    bare = read(path, header())
    assert (bare.template, bare.architecture, bare.tensors) == ("", "", ())


def test_version_2_is_read_as_3_is(path: Path) -> None:
    assert read(path, header(entry("key", U8, 1), version=2)).scalars == {"key": 1}


def test_tensors_say_where_they_lie(path: Path) -> None:
    first, second = read(path, small_model()).tensors
    assert (first.name, first.shape, first.type.name, first.offset, first.size_bytes) == ("a", (3,), "f32", 0, 12)
    assert (second.shape, second.type.name, second.offset, second.size_bytes) == ((32, 2, 1, 1), "q8_0", 64, 68)


def test_the_data_begins_at_its_alignment(path: Path) -> None:
    kept = read(path, small_model())
    assert (kept.alignment, kept.data_offset % 64, kept.data_offset + 64 + 68) == (64, 0, kept.size_bytes)


def test_a_tensor_without_dimensions_has_one_element(path: Path) -> None:
    assert read(path, padded(header(tensors=(tensor("a", ()),))) + b"\0" * 4).tensors[0].size_bytes == 4


def test_the_types_of_tensors_are_those_of_llama_cpp() -> None:
    ggml = library()._lib
    ggml.ggml_type_size.restype = ggml.ggml_blck_size.restype = ctypes.c_size_t
    ggml.ggml_type_name.restype = ctypes.c_char_p
    known = {
        number: (ggml.ggml_type_name(number).decode(), ggml.ggml_blck_size(number), ggml.ggml_type_size(number))
        for number in range(43)
        if ggml.ggml_type_size(number)
    }
    assert known == {number: tuple(stored) for number, stored in TENSOR_TYPES.items()}


# -- what is refused ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("look", [check_file, read_header, shards])
def test_a_missing_file_is_missing(tmp_path: Path, look: Any) -> None:
    with pytest.raises(ModelMissing, match=r"none\.gguf"):
        look(tmp_path / "none.gguf")


@pytest.mark.parametrize("look", [check_file, read_header, shards])
def test_a_folder_is_no_model(tmp_path: Path, look: Any) -> None:
    with pytest.raises(ModelUnusable, match="cannot be read"):
        look(tmp_path)


@pytest.mark.parametrize("look", [check_file, read_header, shards])
@pytest.mark.parametrize(
    ("start", "verdict"),
    [
        (b"", "is empty"),
        (b"\n<!DOCTYPE html><html>", "is a web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0", "is a Git LFS pointer"),
        (b"PK\x03\x04", "is not a GGUF file"),
        (b"GGU", "is not a GGUF file"),
    ],
)
def test_what_is_no_model_is_called_by_its_name(path: Path, look: Any, start: bytes, verdict: str) -> None:
    path.write_bytes(start)
    with pytest.raises(ModelUnusable, match=verdict):
        look(path)


@pytest.mark.parametrize(("version", "verdict"), [(1, "version 1"), (4, "version 4"), (3 << 24, "big-endian")])
def test_other_versions_are_named(path: Path, version: int, verdict: str) -> None:
    with pytest.raises(ModelUnusable, match=verdict):
        read(path, header(version=version))


NESTED = text("key") + struct.pack("<IIQIQ", ARRAY, ARRAY, 1, U8, 0)
SPLIT_WRONG = header(entry("split.no", U16, 3), entry("split.count", U16, 3))
SPLIT_HALF = header(entry("split.count", U16, 3))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (header(NESTED), "the array 'key' is nested"),
        (header(text("key") + struct.pack("<IIQ", ARRAY, 77, 1)), "the array 'key' is of unknown type 77"),
        (header(text("key") + struct.pack("<IQ", 13, 0)), "the key 'key' has a value of unknown type 13"),
        (header(entry("key", U8, 1), entry("key", U8, 2)), "the key 'key' stands there twice"),
        (header(entry("", U64, 1)), "the name of a key has 0 bytes"),
        (header(entry("k" * 256, U8, 1)), "the name of a key has 256 bytes"),
        (header(entry("general.alignment", U32, 48)), "alignment"),
        (header(entry("general.alignment", U32, 0)), "alignment"),
        (header(entry("general.alignment", TEXT, "32")), "alignment"),
        (header(entry("general.alignment", BOOL, True)), "alignment"),
        (header(tensors=(tensor("a", (8,)), tensor("a", (8,), offset=32))), "the tensor 'a' stands there twice"),
        (header(tensors=(tensor("t" * 64, (8,)),)), "the name of a tensor has 64 bytes"),
        (header(tensors=(tensor("a", (1, 1, 1, 1, 1)),)), "the tensor 'a' has 5 dimensions"),
        (header(tensors=(tensor("a", (2**32, 2**32)),)), "impossible shape"),
        (header(tensors=(tensor("a", (0, 2**63)),)), "impossible shape"),
        (header(tensors=(tensor("a", (8,), 4),)), "the tensor 'a' is of unknown type 4"),
        (header(tensors=(tensor("a", (8,), 10**9),)), "unknown type 1000000000"),
        (header(tensors=(tensor("a", (33,), Q8_0_TENSOR),)), "not in whole blocks of q8_0"),
        (header(tensors=(tensor("a", (8,), offset=32),)), "begins at 32 instead of 0"),
        (header(tensors=(tensor("a", (9,)), tensor("b", (8,), offset=32))), "begins at 32 instead of 64"),
        (SPLIT_WRONG, "which part of how many"),
        (SPLIT_HALF, "which part of how many"),
    ],
)
def test_damage_is_named(path: Path, data: bytes, reason: str) -> None:
    with pytest.raises(ModelUnusable, match=reason) as caught:
        read(path, padded(data) + b"\0" * 256)
    assert caught.value.remedy
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "data",
    [
        b"GGUF",
        b"GGUF" + struct.pack("<IQQ", 3, 10**15, 0),
        b"GGUF" + struct.pack("<IQQ", 3, 0, 10**15),
        b"GGUF" + struct.pack("<IQQ", 3, 2**64 - 1, 2**64 - 1),
        header(text("key") + struct.pack("<IQ", TEXT, 2**64 - 1)),
        header(text("key") + struct.pack("<IIQ", ARRAY, U8, 2**64 - 1)),
        header(text("key") + struct.pack("<IIQ", ARRAY, F64, 2**61)),
        header(text("key") + struct.pack("<IIQ", ARRAY, TEXT, 2**60)),
        header(text("key") + struct.pack("<IIQQ", ARRAY, TEXT, 1, 2**64 - 1)),
        header(text("key") + struct.pack("<IIQ", ARRAY, U32, 1000)),
    ],
)
def test_lengths_beyond_the_file_fail_at_once(path: Path, data: bytes) -> None:
    with memory_below(4 * MB), pytest.raises(ModelUnusable, match="cut short or damaged"):
        read(path, data)


def test_a_cut_among_the_tensors_gives_the_size_that_is_needed(path: Path) -> None:
    whole = small_model()
    with pytest.raises(ModelUnusable, match=f"File is {len(whole) - 1} bytes, needs {len(whole)}."):
        read(path, whole[:-1])


def test_padding_after_the_last_tensor_may_be_missing(path: Path) -> None:
    data = padded(header(tensors=(tensor("a", (3,)),)))
    assert read(path, data + b"\0" * 12).size_bytes == len(data) + 12


# -- hostile files ------------------------------------------------------------------------------------------------

GIB = 1 << 30


@pytest.mark.parametrize(
    "data",
    [
        b"GGUF" + struct.pack("<IQQ", 3, 10**8, 0),
        b"GGUF" + struct.pack("<IQQ", 3, 0, 10**8),
        header(text("key") + struct.pack("<IIQ", ARRAY, TEXT, 10**9)),
        header(text("key") + struct.pack("<IQ", TEXT, 10 * GIB)),
        header(text("key") + struct.pack("<IIQ", ARRAY, U8, 10 * GIB)),
    ],
)
def test_a_large_file_does_not_make_a_long_header_likely(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    with path.open("r+b") as file:
        file.truncate(16 * GIB)  # a hole: it takes no room on the disk
    with memory_below(8 * MB), pytest.raises(ModelUnusable, match="longer than"):
        read_header(path)


@pytest.mark.parametrize(
    "entries",
    [
        [array(f"key{number}", U64, [2**60 + number] * MOST_ELEMENTS_KEPT) for number in range(2000)],
        [entry(f"key{number}", TEXT, "🙂" + "x" * (MOST_TEXT_BYTES_KEPT - 4)) for number in range(32)],
        [entry(f"{number:0255}", U8, 1) for number in range(45_000)],
    ],
    ids=["arrays", "texts", "keys"],
)
def test_what_is_kept_is_bounded(path: Path, entries: list[bytes]) -> None:
    path.write_bytes(header(*entries))
    with memory_below(100 * MB), pytest.raises(ModelUnusable, match="more than any model needs"):
        read_header(path)


def test_the_number_of_tensors_is_bounded(path: Path) -> None:
    path.write_bytes(header(tensors=tuple(tensor(f"{number:063}", (0, 0, 0, 0)) for number in range(90_000))))
    with memory_below(100 * MB), pytest.raises(ModelUnusable, match="more than any model needs"):
        read_header(path)


def test_a_large_vocabulary_takes_little_memory(path: Path) -> None:
    tokens = [f"token {number}" for number in range(250_000)]
    path.write_bytes(
        header(
            array("tokenizer.ggml.tokens", TEXT, tokens),
            array("tokenizer.ggml.token_type", I32, [1] * len(tokens)),
            array("tokenizer.ggml.merges", TEXT, tokens),
        )
    )
    with memory_below(30 * MB):
        assert read_header(path).lengths["tokenizer.ggml.tokens"] == len(tokens)


def test_flipped_bytes_are_read_or_refused(path: Path) -> None:
    whole, dice = small_model(), random.Random(0)
    assert_read_or_refused(path, (flipped(whole, dice) for _ in range(5000)))


def test_cuts_are_refused(path: Path) -> None:
    whole, dice = small_model(), random.Random(1)
    cuts = [dice.randrange(len(whole)) for _ in range(500)]
    assert assert_read_or_refused(path, (whole[:cut] for cut in cuts)) == 0


def test_noise_after_the_magic_is_refused(path: Path) -> None:
    dice = random.Random(2)
    noise = (b"GGUF" + struct.pack("<IQQ", 3, 1, 2) + dice.randbytes(dice.randrange(200)) for _ in range(1000))
    assert assert_read_or_refused(path, noise) == 0


def flipped(data: bytes, dice: random.Random) -> bytes:
    place = dice.randrange(len(data))
    return data[:place] + bytes([data[place] ^ dice.randrange(1, 256)]) + data[place + 1 :]


def assert_read_or_refused(path: Path, variants: Iterator[bytes]) -> int:
    """Return how many variants were read; every other one has raised our error, and nothing else."""
    readable = 0
    with path.open("wb") as file, memory_below(100 * MB):
        for data in variants:
            file.seek(0)
            file.write(data)
            file.truncate()
            try:
                read_header(path)
                readable += 1
            except ModelUnusable:
                pass
    return readable


# -- split models -------------------------------------------------------------------------------------------------


def write_parts(folder: Path, count: int = 3, *, title: str = "model", total: int | None = None) -> list[Path]:
    paths = []
    for number in range(count):
        entries = [entry("split.no", U16, number), entry("split.count", U16, count)]
        entries += [entry("split.tensors.count", I32, count if total is None else total)]
        entries += [entry("general.architecture", TEXT, "llama")] if number == 0 else []
        data = padded(header(*entries, tensors=(tensor(f"t{number}", (8 * (number + 1),)),)))
        paths.append(folder / f"{title}-{number + 1:05}-of-{count:05}.gguf")
        paths[-1].write_bytes(data + b"\0" * 32 * (number + 1))
    return paths


@pytest.mark.parametrize("given", [0, 1, 2])
def test_all_parts_are_read_in_order_whichever_is_given(tmp_path: Path, given: int) -> None:
    paths = write_parts(tmp_path)
    parts = shards(paths[given])
    assert [part.path for part in parts] == paths
    assert [part.split for part in parts] == [Split(number, 3) for number in range(3)]


def test_parts_join_to_one_model(tmp_path: Path) -> None:
    paths = write_parts(tmp_path)
    whole = join(shards(paths[1]))
    assert whole.architecture == "llama"
    assert [tensor.name for tensor in whole.tensors] == ["t0", "t1", "t2"]
    assert whole.tensor_bytes == 32 * (1 + 2 + 3)
    assert whole.size_bytes == sum(path.stat().st_size for path in paths)


@pytest.mark.parametrize("count", [None, 0, 1])
def test_a_model_in_one_file_is_its_only_part(path: Path, count: int | None) -> None:
    path.write_bytes(header(*([] if count is None else [entry("split.count", U16, count)])))
    assert [part.path for part in shards(path)] == [path]


@pytest.mark.parametrize(("number", "name"), [(1, "model-00002-of-00003.gguf"), (2, "model-00003-of-00003.gguf")])
def test_a_missing_part_is_named(tmp_path: Path, number: int, name: str) -> None:
    paths = write_parts(tmp_path)
    paths[number].unlink()
    with pytest.raises(ModelMissing, match=f"Missing part {number + 1} of 3: {name}."):
        shards(paths[0])


def test_a_part_that_is_cut_short_is_named(tmp_path: Path) -> None:
    paths = write_parts(tmp_path)
    paths[2].write_bytes(paths[2].read_bytes()[:-1])
    with pytest.raises(ModelUnusable, match=r"'model-00003-of-00003\.gguf' is cut short"):
        shards(paths[0])


def test_a_part_under_another_name_is_told_how_to_be_called(tmp_path: Path) -> None:
    renamed = write_parts(tmp_path)[1].rename(tmp_path / "part.gguf")
    assert read_header(renamed).split == Split(1, 3)
    with pytest.raises(ModelUnusable, match=r"NAME-00002-of-00003\.gguf"):
        shards(renamed)


def test_a_part_in_the_place_of_another_is_refused(tmp_path: Path) -> None:
    paths = write_parts(tmp_path)
    paths[1].write_bytes(paths[2].read_bytes())
    with pytest.raises(ModelUnusable, match=r"'model-00002-of-00003\.gguf' is not part 2 of 3"):
        shards(paths[0])


def test_parts_of_different_models_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelUnusable, match="do not belong together"):
        shards(write_parts(tmp_path, total=4)[0])


def test_the_size_of_a_tensor_follows_from_its_blocks() -> None:
    for stored in TENSOR_TYPES.values():
        assert stored.block_bytes / stored.block_elements <= 8
        assert math.log2(stored.block_elements).is_integer()


def test_a_token_that_stands_twice_is_damage(path: Path) -> None:
    path.write_bytes(header(array("tokenizer.ggml.tokens", TEXT, ["a", "b", "a"])))
    with pytest.raises(ModelUnusable, match="a token stands twice"):
        read_header(path)


def test_empty_tokens_and_other_texts_may_stand_twice(path: Path) -> None:
    path.write_bytes(
        header(
            array("tokenizer.ggml.tokens", TEXT, ["", "b", ""]), array("tokenizer.ggml.merges", TEXT, ["a b", "a b"])
        )
    )
    assert read_header(path).lengths["tokenizer.ggml.tokens"] == 3
