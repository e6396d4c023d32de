"""The header of a GGUF file: what its model is, and whether the file holds all of it.

Numbers, texts and short arrays are kept; long arrays, as vocabularies are, are hopped over. Every length, type and
offset is checked before it is used, so that a file that is cut short, damaged or hostile gets a line that says so, in
bounded time and memory. The format: github.com/ggml-org/ggml/blob/master/docs/gguf.md.

It does not look at the weights (zeroed ones pass: a checksum tells), and does not know which architectures llama.cpp
can run, or what any key means but those of splitting and alignment.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, NamedTuple, TypeAlias

from offline_interpreter.errors import ModelMissing, ModelUnusable
from offline_interpreter.models.gguf_walk import AGAIN, Walk

MOST_ELEMENTS_KEPT = 1024  # of an array: one element a layer, and no vocabulary
MOST_TEXT_BYTES_KEPT = 1 << 20  # the longest chat templates have 30 kB

Scalar: TypeAlias = bool | int | float | str


class TensorType(NamedTuple):
    """How a tensor's elements are stored: in blocks of ``block_elements`` that take ``block_bytes`` each."""

    name: str
    block_elements: int
    block_bytes: int


# Number, name, elements and bytes of a block, as in llama-cpp-python 0.3.36; numbers left out were withdrawn.
_TYPES = """
0 f32 1 4; 1 f16 1 2; 2 q4_0 32 18; 3 q4_1 32 20; 6 q5_0 32 22; 7 q5_1 32 24; 8 q8_0 32 34; 9 q8_1 32 36;
10 q2_K 256 84; 11 q3_K 256 110; 12 q4_K 256 144; 13 q5_K 256 176; 14 q6_K 256 210; 15 q8_K 256 292;
16 iq2_xxs 256 66; 17 iq2_xs 256 74; 18 iq3_xxs 256 98; 19 iq1_s 256 50; 20 iq4_nl 32 18;
21 iq3_s 256 110; 22 iq2_s 256 82; 23 iq4_xs 256 136; 24 i8 1 1; 25 i16 1 2; 26 i32 1 4; 27 i64 1 8;
28 f64 1 8; 29 iq1_m 256 56; 30 bf16 1 2; 34 tq1_0 256 54; 35 tq2_0 256 66; 39 mxfp4 32 17;
40 nvfp4 64 36; 41 q1_0 128 18; 42 q2_0 64 18
"""
TENSOR_TYPES = {
    int(number): TensorType(name, int(elements), int(size))
    for number, name, elements, size in (row.split() for row in _TYPES.split(";"))
}


class Tensor(NamedTuple):
    """Where a tensor lies: ``offset`` counts from the data's beginning, ``shape`` names the fastest dimension first."""

    name: str
    shape: tuple[int, ...]
    type: TensorType
    offset: int
    size_bytes: int


@dataclass(frozen=True)
class Split:
    """Which part of how many a file is; ``number`` counts from 0, though names count from 1."""

    number: int
    count: int


@dataclass(frozen=True)
class Header:
    """What a GGUF file says of its model.

    ``arrays`` holds arrays of numbers and truth values with up to ``MOST_ELEMENTS_KEPT`` elements; ``lengths`` the
    number of elements of every other array, and of bytes of texts too long to keep. ``data_offset`` is where the
    tensors begin, in bytes from the file's beginning.
    """

    path: Path
    size_bytes: int
    version: int
    scalars: dict[str, Scalar]
    arrays: dict[str, tuple[Scalar, ...]]
    lengths: dict[str, int]
    tensors: tuple[Tensor, ...]
    alignment: int
    data_offset: int
    split: Split | None

    @property
    def architecture(self) -> str:
        """Return the model's family as llama.cpp calls it, or an empty text: later parts of a split do not say."""
        return str(self.scalars.get("general.architecture", ""))

    @property
    def template(self) -> str:
        """Return the chat template, or an empty text."""
        return str(self.scalars.get("tokenizer.chat_template", ""))

    @property
    def tensor_bytes(self) -> int:
        """Return the size of all tensors together."""
        return sum(tensor.size_bytes for tensor in self.tensors)


# -- files --------------------------------------------------------------------------------------------------------

PART_NAME = re.compile(r"(.+)-\d{5}-of-(\d{5})\.gguf", re.DOTALL)  # what all parts share, and how many there are


def check_file(path: Path) -> None:
    """Raise ``ModelMissing`` or ``ModelUnusable`` unless ``path`` is a file that begins as a GGUF does."""
    with _open(path):
        pass


def read_header(path: Path) -> Header:
    """Read and check the header of one file; of a split model that is one part.

    Raises ``ModelMissing`` when there is no such file, and ``ModelUnusable`` when it is no GGUF file, its header is
    damaged or nothing that llama.cpp reads, or its tensors end beyond the file.
    """
    with _open(path) as file:
        return _read(Walk(file, path.name), path)


def shards(path: Path) -> tuple[Header, ...]:
    """Read and check all files of the model that ``path`` is a part of, in their order: one, if it is not split.

    Raises as ``read_header`` does, and ``ModelMissing`` with the first part that is not beside the given one.
    """
    given = read_header(path)
    if given.split is None:
        return (given,)
    count = given.split.count
    match = PART_NAME.fullmatch(path.name)
    if not match or int(match[2]) != count:
        name = f"NAME-{given.split.number + 1:05}-of-{count:05}.gguf"
        raise ModelUnusable(f"{path.name!r} is one of {count} parts.", f"Name it {name}, and the others alike.")
    names = (f"{match[1]}-{number:05}-of-{count:05}.gguf" for number in range(1, count + 1))
    parts = tuple(_read_part(path.with_name(name), number, count) for number, name in enumerate(names))
    tensors = [tensor.name for part in parts for tensor in part.tensors]
    if not len(set(tensors)) == len(tensors) == parts[0].scalars.get("split.tensors.count", len(tensors)):
        raise ModelUnusable(f"The parts of {parts[0].path.name!r} do not belong together.", "Get them all again.")
    return parts


def join(parts: Sequence[Header]) -> Header:
    """Return the header of a whole model: that of its first part, with the tensors and the size of all parts."""
    tensors = tuple(tensor for part in parts for tensor in part.tensors)
    return replace(parts[0], tensors=tensors, size_bytes=sum(part.size_bytes for part in parts))


def verdict(start: bytes) -> str:
    """Say what a file is, by its first bytes, that does not begin as a GGUF does."""
    text = start.lstrip().lower()
    if not text:
        return "is empty"
    if text.startswith((b"<!doctype", b"<html", b"<?xml")):
        return "is a web page, not a model"
    if text.startswith(b"version https://git-lfs"):
        return "is a Git LFS pointer, not a model"
    return "is not a GGUF file"


@contextmanager
def _open(path: Path) -> Iterator[BinaryIO]:
    try:
        with path.open("rb") as file:
            start = file.read(512)
            if not start.startswith(b"GGUF"):
                raise ModelUnusable(f"{path.name!r} {verdict(start)}.", "Get the GGUF file itself.")
            yield file
    except FileNotFoundError as error:
        raise ModelMissing(f"There is no model file {str(path)!r}.", "Name a GGUF file by its path.") from error
    except OSError as error:
        raise ModelUnusable(f"The model file {str(path)!r} cannot be read: {error.strerror}.") from error


def _read_part(path: Path, number: int, count: int) -> Header:
    try:
        part = read_header(path)
    except ModelMissing as error:
        cause = f"Missing part {number + 1} of {count}: {path.name}."
        raise ModelMissing(cause, "Put it beside the others.") from error
    if part.split != Split(number, count):
        raise ModelUnusable(f"{path.name!r} is not part {number + 1} of {count}.", AGAIN)
    return part


# -- the header ---------------------------------------------------------------------------------------------------

_TOKENS = "tokenizer.ggml.tokens"  # over one that stands there twice llama.cpp ends the process
_TEXT, _ARRAY = 8, 9  # kinds of values; the others are numbers and truth values
_LETTERS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_SMALLEST_ENTRY, _SMALLEST_TENSOR = 14, 25  # a name of one letter, and the least that goes with it
_MOST_KEY_BYTES, _MOST_NAME_BYTES = 255, 63  # none is known with more than 60


def _read(walk: Walk, path: Path) -> Header:
    _magic, version = walk.numbers("I", 2)
    if version in {2 << 24, 3 << 24}:
        raise ModelUnusable(f"{walk.name!r} is written for big-endian machines.", "Get the little-endian file.")
    if version not in {2, 3}:
        raise ModelUnusable(f"{walk.name!r} is of GGUF version {version}, not 2 or 3.", "Get a file of version 3.")
    tensor_count, entry_count = walk.number("Q"), walk.number("Q")
    walk.expect(tensor_count * _SMALLEST_TENSOR + entry_count * _SMALLEST_ENTRY)
    values = {key: _read_value(walk, key) for key in walk.names(entry_count, "key", _MOST_KEY_BYTES)}
    alignment = values.get("general.alignment", 32)
    if type(alignment) is not int or alignment < 1 or alignment & (alignment - 1):
        raise walk.damaged("its alignment is not a power of two")
    tensors = _read_tensors(walk, tensor_count, alignment)
    data_offset = _padded(walk.position, alignment) if tensors else walk.position
    needed = data_offset + max((tensor.offset + tensor.size_bytes for tensor in tensors), default=0)
    if needed > walk.size_bytes:
        raise ModelUnusable(f"{path.name!r} is cut short. File is {walk.size_bytes} bytes, needs {needed}.", AGAIN)
    return Header(
        path=path,
        version=version,
        size_bytes=walk.size_bytes,
        scalars={key: value for key, value in values.items() if not isinstance(value, (tuple, range))},
        arrays={key: value for key, value in values.items() if isinstance(value, tuple)},
        lengths={key: len(value) for key, value in values.items() if isinstance(value, range)},
        tensors=tensors,
        alignment=alignment,
        data_offset=data_offset,
        split=_split(values.get("split.no"), values.get("split.count", 0), walk),
    )


def _read_value(walk: Walk, key: str) -> Scalar | tuple[Scalar, ...] | range:
    """Return what is kept of a value: a range stands for one of that length that was hopped over."""
    kind = walk.number("I")
    if kind == _ARRAY:
        return _read_array(walk, key)
    if kind == _TEXT:
        length = walk.number("Q")
        if length <= MOST_TEXT_BYTES_KEPT:
            return walk.take(length).decode("utf-8", "replace")
        walk.hop(length)
        return range(length)
    if kind not in _LETTERS:
        raise walk.damaged(f"the key {key!r} has a value of unknown type {kind}")
    value: Scalar = walk.number(_LETTERS[kind])
    return value


def _read_array(walk: Walk, key: str) -> tuple[Scalar, ...] | range:
    kind, length = walk.number("I"), walk.number("Q")
    if kind == _TEXT:
        if key == _TOKENS:
            walk.hop_distinct_texts(length)
        else:
            walk.hop_texts(length)
        return range(length)
    if kind not in _LETTERS:
        raise walk.damaged(f"the array {key!r} is {'nested' if kind == _ARRAY else f'of unknown type {kind}'}")
    if length <= MOST_ELEMENTS_KEPT:
        return walk.numbers(_LETTERS[kind], length)
    walk.hop(length * struct.calcsize("<" + _LETTERS[kind]))
    return range(length)


def _split(number: object, count: object, walk: Walk) -> Split | None:
    if type(count) is int and count <= 1:
        return None
    if type(count) is not int or type(number) is not int or not 0 <= number < count:
        raise walk.damaged("it does not say which part of how many it is")
    return Split(number, count)


def _read_tensors(walk: Walk, count: int, alignment: int) -> tuple[Tensor, ...]:
    tensors = []
    end = 0
    for name in walk.names(count, "tensor", _MOST_NAME_BYTES):
        tensor = _read_tensor(walk, name)
        if tensor.offset != end:  # llama.cpp wants them one after the other
            raise walk.damaged(f"the tensor {name!r} begins at {tensor.offset} instead of {end}")
        end = _padded(end + tensor.size_bytes, alignment)
        tensors.append(tensor)
    return tuple(tensors)


def _read_tensor(walk: Walk, name: str) -> Tensor:
    dimensions = walk.number("I")
    if dimensions > 4:
        raise walk.damaged(f"the tensor {name!r} has {dimensions} dimensions")
    shape = walk.numbers("Q", dimensions)
    kind, offset = walk.number("I"), walk.number("Q")
    elements = math.prod(shape)
    if max(elements, *shape, 0) >= 1 << 63:
        raise walk.damaged(f"the tensor {name!r} has the impossible shape {shape}")
    if kind not in TENSOR_TYPES:
        raise walk.damaged(f"the tensor {name!r} is of unknown type {kind}")
    stored = TENSOR_TYPES[kind]
    if (shape[0] if shape else 1) % stored.block_elements:
        raise walk.damaged(f"the tensor {name!r} of shape {shape} is not in whole blocks of {stored.name}")
    return Tensor(name, shape, stored, offset, elements // stored.block_elements * stored.block_bytes)


def _padded(count: int, alignment: int) -> int:
    return -(-count // alignment) * alignment
