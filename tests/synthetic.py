"""Small models with random weights, for tests: real files for the real engine that say nothing of any quality.

Their vocabulary is every byte, some runs of spaces, and ChatML's marks; a reply of theirs is noise that follows its
schema. The writer knows as much of the GGUF format as they need.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

CHATML = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
MARKS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
ATTENTION_STRENGTH = 4.0
WIDTH, FEED_WIDTH, LAYERS, HEADS = 32, 64, 2, 2

_NORMAL, _CONTROL, _BYTE = 1, 3, 6  # kinds of tokens
_TENSOR_ALIGNMENT = 32


def write_model(
    path: Path,
    *,
    seed: int = 0,
    context: int = 2048,
    template: str | None = CHATML,
    spaced: bool = False,
    architecture: str = "llama",
    scale: float = 1.0,
) -> Path:
    """Write a model and return its path; ``spaced``: a SentencePiece vocabulary that puts a space before texts."""
    vocabulary = _sentence_pieces() if spaced else _byte_pairs()
    facts = _shape(architecture, context) | vocabulary
    if template is not None:
        facts["tokenizer.chat_template"] = template
    tensors = _weights(np.random.default_rng(seed), len(facts["tokenizer.ggml.tokens"]), np.float32(scale))
    path.write_bytes(gguf_bytes(facts, tensors))
    return path


def write_parts(folder: Path, *, seed: int = 0, context: int = 2048) -> list[Path]:
    """Write a model in two files and return their paths; what it knows stands in the first one."""
    facts = _shape("llama", context) | _byte_pairs() | {"tokenizer.chat_template": CHATML}
    tensors = list(_weights(np.random.default_rng(seed), len(facts["tokenizer.ggml.tokens"]), 1.0).items())
    paths = [folder / f"noise-{number}-of-00002.gguf" for number in ("00001", "00002")]
    for number, path in enumerate(paths):
        facts["split.no"], facts["split.count"] = np.uint16(number), np.uint16(2)
        facts["split.tensors.count"] = np.int32(len(tensors))
        path.write_bytes(gguf_bytes(facts, dict(tensors[number::2])))
        facts = {}
    return paths


def write_recurrent_model(path: Path, *, seed: int = 0, context: int = 2048) -> Path:
    """Write a model that keeps one state instead of a cache, of which no part can be removed; return its path."""
    inner, state, rank, kernel = 64, 16, 2, 4
    facts = _shape("mamba", context) | _byte_pairs() | {"tokenizer.chat_template": CHATML}
    facts |= {"mamba.ssm.inner_size": inner, "mamba.ssm.state_size": state}
    facts |= {"mamba.ssm.time_step_rank": rank, "mamba.ssm.conv_kernel": kernel}
    shapes = {
        "ssm_in.weight": (2 * inner, WIDTH),
        "ssm_conv1d.weight": (inner, kernel),
        "ssm_conv1d.bias": (inner,),
        "ssm_x.weight": (rank + 2 * state, inner),
        "ssm_dt.weight": (inner, rank),
        "ssm_dt.bias": (inner,),
        "ssm_d": (inner,),
        "ssm_out.weight": (WIDTH, inner),
    }
    random = np.random.default_rng(seed)
    tensors = _outer_weights(random, len(facts["tokenizer.ggml.tokens"]), 1.0)
    for layer in range(LAYERS):
        tensors[f"blk.{layer}.attn_norm.weight"] = np.ones(WIDTH, np.float32)
        tensors[f"blk.{layer}.ssm_a"] = -np.ones((inner, state), np.float32)
        for name, shape in shapes.items():
            tensors[f"blk.{layer}.{name}"] = _matrix(random, *shape)
    path.write_bytes(gguf_bytes(facts, tensors))
    return path


def write_hybrid_model(path: Path, *, seed: int = 0, context: int = 2048) -> Path:
    """Write a model whose first layer keeps a state and whose second one a cache; return its path."""
    kernel = 3
    facts = _shape("lfm2", context) | _byte_pairs() | {"tokenizer.chat_template": CHATML}
    facts |= {"lfm2.attention.head_count_kv": [0, HEADS], "lfm2.shortconv.l_cache": kernel}
    random = np.random.default_rng(seed)
    tensors = _weights(random, len(facts["tokenizer.ggml.tokens"]), np.float32(1.0))
    tensors["token_embd_norm.weight"] = tensors.pop("output_norm.weight")
    for name in ("q", "k", "v", "output"):
        del tensors[f"blk.0.attn_{name}.weight"]
    for name in ("q", "k"):
        tensors[f"blk.1.attn_{name}_norm.weight"] = np.ones(WIDTH // HEADS, np.float32)
    shapes = {"conv": (WIDTH, kernel), "in_proj": (3 * WIDTH, WIDTH), "out_proj": (WIDTH, WIDTH)}
    for name, shape in shapes.items():
        tensors[f"blk.0.shortconv.{name}.weight"] = _matrix(random, *shape) * np.float32(ATTENTION_STRENGTH)
    path.write_bytes(gguf_bytes(facts, tensors))
    return path


def _shape(architecture: str, context: int) -> dict[str, Any]:
    numbers = {
        "context_length": context,
        "embedding_length": WIDTH,
        "block_count": LAYERS,
        "feed_forward_length": FEED_WIDTH,
        "attention.head_count": HEADS,
        "attention.head_count_kv": HEADS,
        "attention.layer_norm_rms_epsilon": 1e-5,
    }
    return {"general.architecture": architecture} | {f"{architecture}.{name}": value for name, value in numbers.items()}


def _byte_pairs() -> dict[str, Any]:
    tokens = [*MARKS, *_BYTE_LETTERS]
    merges = []
    for length in (1, 2, 4, 8, 16, 32):  # runs of up to 64 spaces in one token
        half = _BYTE_LETTERS[ord(" ")] * length
        merges.append(f"{half} {half}")
        tokens.append(half * 2)
    return {
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "gpt-2",
        "tokenizer.ggml.tokens": tokens,
        "tokenizer.ggml.token_type": [_CONTROL] * len(MARKS) + [_NORMAL] * (len(tokens) - len(MARKS)),
        "tokenizer.ggml.merges": merges,
        "tokenizer.ggml.bos_token_id": 0,
        "tokenizer.ggml.eos_token_id": 2,
        "tokenizer.ggml.add_bos_token": False,
    }


def _sentence_pieces() -> dict[str, Any]:
    words = ["\u2581", "</", "s>", *(chr(code) for code in range(33, 127))]
    tokens = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), *words]
    return {
        "tokenizer.ggml.model": "llama",
        "tokenizer.ggml.pre": "default",
        "tokenizer.ggml.tokens": tokens,
        "tokenizer.ggml.scores": [0.0] * 259 + [-1.0 - index for index in range(len(words))],
        "tokenizer.ggml.token_type": [2, _CONTROL, _CONTROL] + [_BYTE] * 256 + [_NORMAL] * len(words),
        "tokenizer.ggml.bos_token_id": 1,
        "tokenizer.ggml.eos_token_id": 2,
        "tokenizer.ggml.add_bos_token": True,
        "tokenizer.ggml.add_space_prefix": True,
    }


def _letters_of_bytes() -> list[str]:
    """Return the letter that byte-level vocabularies write for each byte: itself, or one of those after U+0100."""
    plain = {*range(33, 127), *range(161, 173), *range(174, 256)}
    others = iter(range(256, 512))
    return [chr(byte) if byte in plain else chr(next(others)) for byte in range(256)]


_BYTE_LETTERS = _letters_of_bytes()


def _weights(random: np.random.Generator, size: int, scale: float) -> dict[str, np.ndarray]:
    tensors = _outer_weights(random, size, scale)
    squares = {f"attn_{name}": (WIDTH, WIDTH) for name in ("q", "k", "v", "output")}
    feeds = {"ffn_gate": (FEED_WIDTH, WIDTH), "ffn_up": (FEED_WIDTH, WIDTH), "ffn_down": (WIDTH, FEED_WIDTH)}
    for layer in range(LAYERS):
        for name in ("attn_norm", "ffn_norm"):
            tensors[f"blk.{layer}.{name}.weight"] = np.ones(WIDTH, np.float32)
        for name, shape in (squares | feeds).items():
            # Strong, so that a reply depends on all that was read and not on its last token only.
            strength = ATTENTION_STRENGTH if name in squares else 1.0
            tensors[f"blk.{layer}.{name}.weight"] = _matrix(random, *shape) * scale * np.float32(strength)
    return tensors


def _outer_weights(random: np.random.Generator, size: int, scale: float) -> dict[str, np.ndarray]:
    return {
        "token_embd.weight": _matrix(random, size, WIDTH) * scale,
        "output.weight": _matrix(random, size, WIDTH) * scale,
        "output_norm.weight": np.ones(WIDTH, np.float32),
    }


def _matrix(random: np.random.Generator, *shape: int) -> np.ndarray:
    return (random.standard_normal(shape) / shape[-1] ** 0.5).astype(np.float32)


# -- the format: github.com/ggml-org/ggml/blob/master/docs/gguf.md --------------------------------------------------


def gguf_bytes(facts: Mapping[str, Any], tensors: Mapping[str, np.ndarray]) -> bytes:
    """Return a GGUF file of version 3; whole numbers are written as u32 or as NumPy's type says, tensors as f32."""
    header = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(facts))
    for key, value in facts.items():
        header += _text(key) + _typed(value)
    data = b""
    for name, tensor in tensors.items():
        header += _text(name) + struct.pack("<I", tensor.ndim)
        header += struct.pack(f"<{tensor.ndim}Q", *reversed(tensor.shape)) + struct.pack("<IQ", 0, len(data))
        data += _padded(tensor.tobytes())
    return _padded(header) + data


def _typed(value: Any) -> bytes:
    if isinstance(value, list):
        return struct.pack("<I", 9) + _items(value)
    kind, data = _scalar(value)
    return struct.pack("<I", kind) + data


def _items(values: Sequence[Any]) -> bytes:
    scalars = [(5, struct.pack("<i", value)) if isinstance(value, int) else _scalar(value) for value in values]
    return struct.pack("<IQ", scalars[0][0], len(scalars)) + b"".join(data for _, data in scalars)


def _scalar(value: Any) -> tuple[int, bytes]:
    if isinstance(value, bool):
        return 7, struct.pack("<?", value)
    if isinstance(value, np.uint16):
        return 2, struct.pack("<H", value)
    if isinstance(value, np.int32):
        return 5, struct.pack("<i", value)
    if isinstance(value, int):
        return 4, struct.pack("<I", value)
    if isinstance(value, float):
        return 6, struct.pack("<f", value)
    return 8, _text(value)


def _text(value: str) -> bytes:
    data = value.encode()
    return struct.pack("<Q", len(data)) + data


def _padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % _TENSOR_ALIGNMENT)


WRITERS = {"attention": write_model, "recurrent": write_recurrent_model, "hybrid": write_hybrid_model}
