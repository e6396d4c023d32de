"""Whether the binding describes the library's structures as they are: their known defaults, read through it.

Structures of llama.cpp change from release to release, and ctypes does not notice: what is meant for one field then
lands in another. A change that leaves these values where they are does not show: one behind the last field that is not
zero, or among neighbors that are equal.
"""

from __future__ import annotations

import ctypes
from typing import Any

from offline_interpreter.errors import EngineError

PINNED_BINDING = "llama-cpp-python==0.3.36"


def _table(text: str) -> dict[str, int]:
    return {name: int(value) for name, value in (entry.split() for entry in text.split(";"))}


# Values of the pinned version, all fields in their order; a pointer counts as 1, and as 0 if it is null.
CONTEXT_DEFAULTS = _table(
    "n_ctx 512; n_batch 2048; n_ubatch 512; n_seq_max 1; n_rs_seq 0; n_outputs_max 0; n_outputs_max_per_seq 1;"
    "n_threads 4; n_threads_batch 4; ctx_type 0; rope_scaling_type -1; pooling_type -1; attention_type -1;"
    "flash_attn_type -1; rope_freq_base 0; rope_freq_scale 0; yarn_ext_factor -1; yarn_attn_factor -1;"
    "yarn_beta_fast -1; yarn_beta_slow -1; yarn_orig_ctx 0; defrag_thold -1; cb_eval 0; cb_eval_user_data 0;"
    "type_k 1; type_v 1; abort_callback 0; abort_callback_data 0; embeddings 0; offload_kqv 1; no_perf 1;"
    "op_offload 1; swa_full 1; kv_unified 0; samplers 0; n_samplers 0; ctx_other 0"
)
MODEL_DEFAULTS = _table(
    "devices 0; tensor_buft_overrides 0; n_gpu_layers -1; split_mode 1; load_mode -1; lazy_mode 1; main_gpu 0;"
    "tensor_split 0; progress_callback 0; progress_callback_user_data 0; kv_overrides 0; vocab_only 0;"
    "check_tensors 0; use_extra_bufts 1; no_host 0; no_alloc 0; load_mtp 0"
)
BATCH_OF_ONE = _table("n_tokens 0; token 1; embd 0; pos 1; n_seq_id 1; seq_id 1; logits 1")


def check_binding(functions: Any) -> None:
    """Raise ``EngineError`` unless the structures that the library returns have the known values in their fields."""
    context = _call(functions, "llama_context_default_params")
    model = _call(functions, "llama_model_default_params")
    batch = _call(functions, "llama_batch_init", 1, 0, 1)
    free = functions._lib["llama_batch_free"]
    free.argtypes, free.restype = [_Room], None
    free(batch)
    check_fields(functions.llama_context_params.from_buffer_copy(context), CONTEXT_DEFAULTS)
    check_fields(functions.llama_model_params.from_buffer_copy(model), MODEL_DEFAULTS)
    check_fields(functions.llama_batch.from_buffer_copy(batch), BATCH_OF_ONE)


def check_fields(structure: ctypes.Structure, known: dict[str, int]) -> None:
    """Raise ``EngineError`` with the first field of ``known`` that a structure lacks or has with another value."""
    for name, value in known.items():
        found = getattr(structure, name, "missing")
        if not isinstance(found, (int, float, str)):
            found = int(bool(found))
        if found != value:
            where = f"{type(structure).__name__}.{name}"
            raise EngineError(
                f"This llama.cpp library and its binding do not fit together ({where} is {found}, not {value}).",
                f"Reinstall {PINNED_BINDING}.",
            )


class _Room(ctypes.Structure):
    """More room than any of the structures takes: the library fills as much as it has, wherever the binding's end."""

    _fields_ = [("bytes", ctypes.c_ubyte * 1024)]


def _call(functions: Any, name: str, *arguments: int) -> _Room:
    function = functions._lib[name]  # an object of its own, so that the binding's keeps its types
    function.restype = _Room
    room: _Room = function(*arguments)
    return room
