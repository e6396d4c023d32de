"""Models whose weights are zeros, of several architectures and any number and width of heads.

llama.cpp loads them and opens windows of them, and that is what they are for: what it allocates depends on shapes only.
They have no vocabulary, so nothing can be asked of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from synthetic import gguf_bytes

WIDTH, HEADS, TOKENS = 32, 4, 32
_STATE, _GROUPS, _PER_LAYER = 32, 4, 16

_FEED = {"ffn_gate.weight": (WIDTH, WIDTH), "ffn_up.weight": (WIDTH, WIDTH), "ffn_down.weight": (WIDTH, WIDTH)}
_RECURRENT = {
    "attn_qkv.weight": (3 * _STATE * _GROUPS, WIDTH),
    "attn_gate.weight": (_STATE * _GROUPS, WIDTH),
    "ssm_conv1d.weight": (3 * _STATE * _GROUPS, 4),
    "ssm_dt.bias": (_GROUPS,),
    "ssm_a": (_GROUPS,),
    "ssm_beta.weight": (_GROUPS, WIDTH),
    "ssm_alpha.weight": (_GROUPS, WIDTH),
    "ssm_norm.weight": (_STATE,),
    "ssm_out.weight": (WIDTH, _STATE * _GROUPS),
}
_PER_LAYER_INPUT = {"inp_gate.weight": (_PER_LAYER, WIDTH), "proj.weight": (WIDTH, _PER_LAYER)}
_GEMMA_NORMS = ("attn_norm", "post_attention_norm", "ffn_norm", "post_ffw_norm", "post_norm")

# What an architecture wants to be told beside what all want.
_FACTS: Mapping[str, Mapping[str, Any]] = {
    "llama": {},
    "qwen35": {
        "rope.dimension_count": 16,
        "rope.dimension_sections": [8, 8, 0, 0],
        "ssm.conv_kernel": 4,
        "ssm.inner_size": _STATE * _GROUPS,
        "ssm.state_size": _STATE,
        "ssm.time_step_rank": _GROUPS,
        "ssm.group_count": _GROUPS,
    },
    "gemma4": {"attention.sliding_window": 512, "embedding_length_per_layer_input": _PER_LAYER},
}


def write_zeros(path: Path, architecture: str, layers: int, facts: Mapping[str, Any]) -> Path:
    """Write a model and return its path; ``facts`` stand in the header under the architecture's name."""
    numbers = {
        "vocab_size": TOKENS,
        "context_length": 32_768,
        "embedding_length": WIDTH,
        "block_count": layers,
        "feed_forward_length": WIDTH,
        "attention.head_count": HEADS,
        "attention.layer_norm_rms_epsilon": 1e-5,
    }
    told = numbers | _FACTS[architecture] | facts
    header = {"general.architecture": architecture, "tokenizer.ggml.model": "no_vocab"}
    header |= {f"{architecture}.{name}": value for name, value in told.items()}
    shapes = {"token_embd.weight": (TOKENS, WIDTH), "output_norm.weight": (WIDTH,)}
    if architecture == "gemma4":
        shapes["per_layer_token_embd.weight"] = (TOKENS, layers * _PER_LAYER)
        shapes["per_layer_model_proj.weight"] = (layers * _PER_LAYER, WIDTH)
        shapes["per_layer_proj_norm.weight"] = (_PER_LAYER,)
        shapes["rope_freqs.weight"] = (told["attention.key_length"] // 2,)
    for layer in range(layers):
        own = _LAYERS[architecture](told, layer)
        shapes |= {f"blk.{layer}.{name}": shape for name, shape in own.items()}
    path.write_bytes(gguf_bytes(header, {name: np.zeros(shape, np.float32) for name, shape in shapes.items()}))
    return path


def _llama(facts: Mapping[str, Any], layer: int) -> dict[str, tuple[int, ...]]:
    width = facts.get("attention.key_length", WIDTH // HEADS)
    return _norms("attn_norm", "ffn_norm") | _attention(width, facts["attention.head_count_kv"]) | _FEED


def _qwen35(facts: Mapping[str, Any], layer: int) -> dict[str, tuple[int, ...]]:
    shapes = _norms("attn_norm", "post_attention_norm") | _FEED
    if (layer + 1) % facts.get("full_attention_interval", 4):
        return shapes | _RECURRENT
    width = facts["attention.key_length"]
    shapes |= _attention(width, facts["attention.head_count_kv"]) | _head_norms(width)
    return shapes | {"attn_q.weight": (2 * HEADS * width, WIDTH)}  # half of it is a gate


def _gemma4(facts: Mapping[str, Any], layer: int) -> dict[str, tuple[int, ...]]:
    slides = facts["attention.sliding_window_pattern"][layer]
    width = facts["attention.key_length_swa" if slides else "attention.key_length"]
    attention = _attention(width, facts["attention.head_count_kv"][layer])
    return _norms(*_GEMMA_NORMS) | _head_norms(width) | attention | _FEED | _PER_LAYER_INPUT


_LAYERS = {"llama": _llama, "qwen35": _qwen35, "gemma4": _gemma4}


def _attention(width: int, shared_heads: int) -> dict[str, tuple[int, ...]]:
    return {
        "attn_q.weight": (HEADS * width, WIDTH),
        "attn_k.weight": (shared_heads * width, WIDTH),
        "attn_v.weight": (shared_heads * width, WIDTH),
        "attn_output.weight": (WIDTH, HEADS * width),
    }


def _norms(*names: str) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (WIDTH,) for name in names}


def _head_norms(width: int) -> dict[str, tuple[int, ...]]:
    return {"attn_q_norm.weight": (width,), "attn_k_norm.weight": (width,)}
