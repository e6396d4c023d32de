"""Models with random weights that are as fast as real ones of their shape; what they write means nothing.

The vocabulary is that of a real GGUF when one is given, else a generated one of 152 thousand byte-level tokens.
"""

from __future__ import annotations

import itertools
import mmap
import os
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

CHATML = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
GENERATED_TOKENS = 151_936
CONTEXT = 8192
FOLDER = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "offline-interpreter" / "shapes"

_U32, _F32, _BOOL, _TEXT, _ARRAY, _I32 = 4, 6, 7, 8, 9, 5
_TYPES = {"F32": 0, "Q4_0": 2, "Q8_0": 8}
_ALIGNMENT = 32
_BLOCK = 32  # weights that share a scale
_BYTES_A_SLICE = 1 << 24


@dataclass(frozen=True, slots=True)
class Shape:
    """The dimensions of a llama, and how its matrices are stored."""

    name: str
    width: int
    layers: int
    heads: int
    shared_heads: int
    feed_width: int
    stored: str


FAST = Shape("fast", 128, 2, 4, 2, 256, "Q8_0")  # about as fast here as a real model on a GPU
HALF_BILLION = Shape("0.5B", 896, 24, 14, 2, 4864, "Q4_0")
TINY = Shape("tiny", 32, 2, 2, 2, 64, "Q8_0")  # for many replies in little time
SHAPES = {shape.name: shape for shape in (FAST, HALF_BILLION, TINY)}


def shape_file(shape: Shape, vocabulary: Path | None = None) -> Path:
    """Return the path of a model of this shape, which is written unless it is there already."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{shape.name}-{vocabulary.stem if vocabulary else 'generated'}.gguf"
    return path if path.exists() else _write_shape(path, shape, vocabulary)


def _write_shape(path: Path, shape: Shape, vocabulary: Path | None) -> Path:
    keys, size = _copied_keys(vocabulary) if vocabulary else _generated_keys()
    keys |= {name: _value(value) for name, value in _facts(shape, vocabulary).items()}
    tensors = _tensors(shape, size)
    header = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(keys))
    header += b"".join(_text(name) + value for name, value in keys.items())
    offset = 0
    for name, (rows, columns, kind) in tensors.items():
        dimensions = (columns, rows) if rows > 1 else (columns,)
        header += _text(name) + struct.pack("<I", len(dimensions)) + struct.pack(f"<{len(dimensions)}Q", *dimensions)
        header += struct.pack("<IQ", _TYPES[kind], offset)
        offset += _padded(_size_bytes(rows * columns, kind))
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        file.write(header.ljust(_padded(len(header)), b"\0"))
        random = np.random.default_rng(0)
        for rows, columns, kind in tensors.values():
            size_bytes = sum(file.write(piece) for piece in _weights(random, rows, columns, kind))
            file.write(b"\0" * (_padded(size_bytes) - size_bytes))
    return part.replace(path)


def _facts(shape: Shape, vocabulary: Path | None) -> Mapping[str, Any]:
    facts: dict[str, Any] = {
        "general.architecture": "llama",
        "llama.context_length": CONTEXT,
        "llama.embedding_length": shape.width,
        "llama.block_count": shape.layers,
        "llama.feed_forward_length": shape.feed_width,
        "llama.attention.head_count": shape.heads,
        "llama.attention.head_count_kv": shape.shared_heads,
        "llama.attention.layer_norm_rms_epsilon": 1e-5,
    }
    return facts if vocabulary else facts | {"tokenizer.chat_template": CHATML}


def _tensors(shape: Shape, size: int) -> dict[str, tuple[int, int, str]]:
    """Return rows, columns and kind of each tensor; the embeddings serve for the output too."""
    width, shared = shape.width, shape.width // shape.heads * shape.shared_heads
    tensors = {"token_embd.weight": (size, width, shape.stored), "output_norm.weight": (1, width, "F32")}
    matrices = {
        "attn_q": (width, width),
        "attn_k": (shared, width),
        "attn_v": (shared, width),
        "attn_output": (width, width),
        "ffn_gate": (shape.feed_width, width),
        "ffn_up": (shape.feed_width, width),
        "ffn_down": (width, shape.feed_width),
    }
    for layer in range(shape.layers):
        for name in ("attn_norm", "ffn_norm"):
            tensors[f"blk.{layer}.{name}.weight"] = (1, width, "F32")
        for name, (rows, columns) in matrices.items():
            tensors[f"blk.{layer}.{name}.weight"] = (rows, columns, shape.stored)
    return tensors


def _size_bytes(count: int, kind: str) -> int:
    return count * 4 if kind == "F32" else count // _BLOCK * _block_type(kind).itemsize


def _block_type(kind: str) -> np.dtype[Any]:
    return np.dtype([("scale", "<f2"), ("weights", "u1", (32 if kind == "Q8_0" else 16,))])


def _weights(random: np.random.Generator, rows: int, columns: int, kind: str) -> Iterator[NDArray[Any]]:
    """Yield a tensor's bytes slice by slice: ones for a norm, else random weights of about unit length a row."""
    if kind == "F32":
        yield np.ones(rows * columns, "<f4")
        return
    block = _block_type(kind)
    spread = 74.0 if kind == "Q8_0" else 4.6  # of equally likely bytes, and of half bytes
    blocks = rows * columns // _BLOCK
    for start in range(0, blocks, _BYTES_A_SLICE // block.itemsize):
        count = min(blocks - start, _BYTES_A_SLICE // block.itemsize)
        piece = np.empty(count, block)
        piece["scale"] = 1 / (columns**0.5 * spread)
        piece["weights"] = random.integers(0, 256, piece["weights"].shape, np.uint8)
        yield piece


# -- vocabularies -----------------------------------------------------------------------------------------------------


def _generated_keys() -> tuple[dict[str, bytes], int]:
    """Return the keys of a byte-level vocabulary: every short word of small letters, with and without a space."""
    letters = _letters_of_bytes()
    alphabet = [letters[ord(" ")], *"etaoinsrhldcumfpgwybvkxjqz"]
    merges: list[str] = []
    tokens = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", *letters]
    before = alphabet
    while len(tokens) < GENERATED_TOKENS:
        room = GENERATED_TOKENS - len(tokens)
        pairs = list(itertools.islice(itertools.product(before, alphabet), room))
        merges += [f"{first} {second}" for first, second in pairs]
        before = [first + second for first, second in pairs]
        tokens += before
    values = {
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "gpt-2",
        "tokenizer.ggml.tokens": tokens,
        "tokenizer.ggml.token_type": [3] * 3 + [1] * (len(tokens) - 3),
        "tokenizer.ggml.merges": merges,
        "tokenizer.ggml.eos_token_id": 2,
        "tokenizer.ggml.bos_token_id": 0,
        "tokenizer.ggml.add_bos_token": False,
    }
    return {name: _value(value) for name, value in values.items()}, len(tokens)


def _letters_of_bytes() -> list[str]:
    """Return the letter that byte-level vocabularies write for each byte: itself, or one of those after U+0100."""
    plain = {*range(33, 127), *range(161, 173), *range(174, 256)}
    others = iter(range(256, 512))
    return [chr(byte) if byte in plain else chr(next(others)) for byte in range(256)]


def _copied_keys(path: Path) -> tuple[dict[str, bytes], int]:
    """Return the raw keys of a GGUF's tokenizer, and how many tokens it has."""
    keys, size = {}, 0
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        _, _, _, count = struct.unpack_from("<4sIQQ", data)
        place = 24
        for _ in range(count):
            (length,) = struct.unpack_from("<Q", data, place)
            name = data[place + 8 : place + 8 + length].decode()
            place += 8 + length
            end = _end_of_value(data, place)
            if name.startswith("tokenizer."):
                keys[name] = bytes(data[place:end])
            if name == "tokenizer.ggml.tokens":
                (size,) = struct.unpack_from("<Q", data, place + 8)
            place = end
    keys.setdefault("tokenizer.chat_template", _value(CHATML))
    return keys, size


_WIDTHS = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}


def _end_of_value(data: mmap.mmap, place: int) -> int:
    (kind,) = struct.unpack_from("<I", data, place)
    return _end_of_item(data, place + 4, kind)


def _end_of_item(data: mmap.mmap, place: int, kind: int) -> int:
    if kind in _WIDTHS:
        return place + _WIDTHS[kind]
    if kind == _TEXT:
        (length,) = struct.unpack_from("<Q", data, place)
        return place + 8 + int(length)
    inner, count = struct.unpack_from("<IQ", data, place)
    place += 12
    if inner in _WIDTHS:
        return place + int(count) * _WIDTHS[inner]
    for _ in range(count):
        place = _end_of_item(data, place, inner)
    return place


# -- the format: github.com/ggml-org/ggml/blob/master/docs/gguf.md ----------------------------------------------------


def _value(value: Any) -> bytes:
    if isinstance(value, list):
        inner = _TEXT if isinstance(value[0], str) else _I32
        items = [_text(item) if inner == _TEXT else struct.pack("<i", item) for item in value]
        return struct.pack("<IIQ", _ARRAY, inner, len(value)) + b"".join(items)
    if isinstance(value, bool):
        return struct.pack("<I?", _BOOL, value)
    if isinstance(value, int):
        return struct.pack("<II", _U32, value)
    if isinstance(value, float):
        return struct.pack("<If", _F32, value)
    return struct.pack("<I", _TEXT) + _text(value)


def _text(value: str) -> bytes:
    data = value.encode()
    return struct.pack("<Q", len(data)) + data


def _padded(count: int) -> int:
    return -(-count // _ALIGNMENT) * _ALIGNMENT
