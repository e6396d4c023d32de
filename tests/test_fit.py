"""What the cache takes is compared with what llama.cpp itself logs of models of several kinds."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from synthetic import write_model
from zeros import write_zeros

from offline_interpreter.models.catalogue import load_catalogue
from offline_interpreter.models.fit import (
    ALL_LAYERS,
    MOST_KV_BYTES_PER_TOKEN,
    CacheType,
    Memory,
    Plan,
    kv_cache_bytes,
    plan,
    reserve_bytes,
    rough_verdict,
    verdict,
)
from offline_interpreter.models.gguf import TENSOR_TYPES, Header, Tensor, read_header

MIB, GIB = 1 << 20, 1 << 30
INT8 = next(stored for stored in TENSOR_TYPES.values() if stored.name == "i8")


def header(architecture: str, facts: dict[str, Any], tensors: dict[str, int] | None = None) -> Header:
    """Return a header that says ``facts`` under its architecture's name, and has tensors of so many bytes."""
    told = {f"{architecture}.{name}": value for name, value in facts.items()}
    scalars = {"general.architecture": architecture} | told
    return Header(
        path=Path("model.gguf"),
        size_bytes=0,
        version=3,
        scalars={name: value for name, value in scalars.items() if not isinstance(value, tuple)},
        arrays={name: value for name, value in scalars.items() if isinstance(value, tuple)},
        lengths={},
        tensors=tuple(Tensor(name, (size,), INT8, 0, size) for name, size in (tensors or {}).items()),
        alignment=32,
        data_offset=0,
        split=None,
    )


# -- the cache ----------------------------------------------------------------------------------------------------

# Loads models and opens a window of each: prints how many MiB llama.cpp says that the cache takes.
LOGGED_SIZES = """
import ctypes, json, re, sys
import llama_cpp.llama_cpp as lib

log = []
keep = lib.llama_log_callback(lambda level, text, data: log.append(text.decode("utf-8", "replace")))
lib.llama_log_set(keep, ctypes.c_void_p(0))
sizes = []
for path, tokens, cache_type in json.loads(sys.argv[1]):
    log.clear()
    model = lib.llama_model_load_from_file(path.encode(), lib.llama_model_default_params())
    parameters = lib.llama_context_default_params()
    parameters.n_ctx, parameters.type_k, parameters.type_v = tokens, cache_type, cache_type
    context = model and lib.llama_init_from_model(model, parameters)
    if not context:
        sys.exit("".join(log))
    sizes.append(sum(map(float, re.findall(r"llama_kv_cache: size = +([0-9.]+) MiB", "".join(log)))))
    lib.llama_free(context)
    lib.llama_model_free(model)
print(json.dumps(sizes))
"""
TYPES: dict[CacheType, int] = {"f16": 1, "q8_0": 8, "q4_0": 2}  # as ggml counts them


def wide(width: int, shared_heads: int) -> dict[str, Any]:
    lengths = dict.fromkeys(("attention.key_length", "attention.value_length", "rope.dimension_count"), width)
    return lengths | {"attention.head_count_kv": shared_heads}


SLIDING = {
    **wide(128, 1),
    "attention.head_count_kv": [4, 4, 1] * 2,
    "attention.sliding_window_pattern": [True, True, False] * 2,
    **dict.fromkeys(("attention.key_length_swa", "attention.value_length_swa", "rope.dimension_count_swa"), 64),
}
HYBRID = wide(64, 2) | {"rope.dimension_count": 16}
# Of each: architecture, layers, facts; then the window and how the cache is stored.
CACHES: dict[str, tuple[str, int, dict[str, Any], int, CacheType]] = {
    "golden": ("llama", 16, wide(256, 4), 8192, "q4_0"),
    "one head for all": ("llama", 3, {"attention.head_count_kv": 1}, 8192, "f16"),
    "a head for each": ("llama", 3, {"attention.head_count_kv": 4}, 8192, "f16"),
    "wide heads": ("llama", 3, wide(64, 2), 8192, "f16"),
    "q8_0": ("llama", 3, wide(64, 2), 8192, "q8_0"),
    "a window of no whole steps": ("llama", 3, wide(64, 2), 4000, "f16"),
    "hybrid": ("qwen35", 8, HYBRID, 8192, "f16"),
    "hybrid with an interval": ("qwen35", 6, HYBRID | {"full_attention_interval": 2}, 8192, "f16"),
    "sliding": ("gemma4", 6, SLIDING, 8192, "f16"),
    "sliding and shared": ("gemma4", 6, SLIDING | {"attention.shared_kv_layers": 3}, 8192, "q8_0"),
}


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("models")
    return {
        name: write_zeros(folder / f"{name}.gguf", architecture, layers, facts)
        for name, (architecture, layers, facts, _tokens, _type) in CACHES.items()
    }


@pytest.fixture(scope="module")
def logged_mib(models: dict[str, Path]) -> dict[str, float]:
    cases = [(str(models[name]), tokens, TYPES[stored]) for name, (*_, tokens, stored) in CACHES.items()]
    program = [sys.executable, "-c", LOGGED_SIZES, json.dumps(cases)]
    ended = subprocess.run(program, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr[-2000:]
    return dict(zip(CACHES, json.loads(ended.stdout), strict=True))


@pytest.mark.parametrize("name", CACHES)
def test_the_cache_is_as_large_as_llama_cpp_says(
    name: str, models: dict[str, Path], logged_mib: dict[str, float]
) -> None:
    *_, tokens, stored = CACHES[name]
    size_bytes = kv_cache_bytes(read_header(models[name]), tokens, stored)
    assert size_bytes is not None
    assert size_bytes / MIB == pytest.approx(logged_mib[name], abs=0.011)  # the log rounds two figures


def test_the_golden_case_takes_144_mib() -> None:
    facts = {"block_count": 64, "attention.head_count": 24, "attention.head_count_kv": 4}
    lengths = {"attention.key_length": 256, "attention.value_length": 256, "full_attention_interval": 4}
    assert kv_cache_bytes(header("qwen35", facts | lengths), 8192, "q4_0") == 144 * MIB


@pytest.mark.parametrize(
    ("facts", "layers"),
    [
        ({"attention.head_count_kv": (0, 2, 0, 2)}, 2),
        ({"attention.head_count_kv": 2, "attention.recurrent_layers": (True, True, True, False)}, 1),
        ({"attention.head_count_kv": 2, "attention.recurrent_layers": (True, False)}, 4),
        ({"attention.head_count_kv": 2, "attention.shared_kv_layers": 9}, 0),
    ],
)
def test_layers_without_a_cache_of_their_own_take_nothing(facts: dict[str, Any], layers: int) -> None:
    known = {"block_count": 4, "attention.head_count": 4, "attention.key_length": 64, "attention.value_length": 64}
    assert kv_cache_bytes(header("newfangled", known | facts), 256) == layers * 256 * 2 * (64 + 64) * 2


def test_where_layers_slide_is_not_said_the_wider_heads_count() -> None:
    known = {"block_count": 1, "attention.head_count": 1, "attention.key_length": 64, "attention.value_length": 64}
    sliding = {"attention.key_length_swa": 128, "attention.value_length_swa": 32, "attention.sliding_window_pattern": 6}
    assert kv_cache_bytes(header("newfangled", known | sliding), 256) == 256 * (128 + 64) * 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"block_count": None},
        {"block_count": 0},
        {"block_count": 1 << 40},
        {"block_count": "many"},
        {"attention.head_count": None},
        {"attention.head_count": (4, 4, 4)},
        {"attention.head_count": -4},
        {"attention.head_count": 0},
        {"embedding_length": None},
        {"embedding_length": 2.5},
    ],
)
def test_a_header_that_does_not_say_enough_has_no_figure(wrong: dict[str, Any]) -> None:
    facts = {"block_count": 2, "attention.head_count": 4, "embedding_length": 64}
    assert kv_cache_bytes(header("llama", facts), 256) == 2 * 256 * (64 + 64) * 2
    told = {name: value for name, value in (facts | wrong).items() if value is not None}
    assert kv_cache_bytes(header("llama", told), 256) is None


@pytest.mark.parametrize(("weights", "reserved"), [(4 * MIB, 64 * MIB), (500 * MIB, 500 * MIB), (9 * GIB, GIB)])
def test_what_computing_takes_is_bounded(weights: int, reserved: int) -> None:
    assert reserve_bytes(header("llama", {}, {"output.weight": weights})) == reserved


# -- the plan -----------------------------------------------------------------------------------------------------


def model(trained: int = 131_072, *, tied: bool = False) -> Header:
    """Return one of 32 blocks of 100 MiB, whose cache takes 128 KiB a token; its output and its embeddings: 400 MiB."""
    facts = {"context_length": trained, "block_count": 32, "attention.head_count": 32, "attention.head_count_kv": 8}
    facts |= {"attention.key_length": 128, "attention.value_length": 128}
    tensors = {f"blk.{number}.ffn_up.weight": 100 * MIB for number in range(32)} | {"token_embd.weight": 400 * MIB}
    return header("llama", facts, tensors if tied else tensors | {"output.weight": 400 * MIB})


WEIGHTS = 4000 * MIB


@pytest.mark.parametrize(
    ("requested", "trained", "free_bytes", "chosen"),
    [
        (None, 131_072, 96 * GIB, 32_768),
        (None, 16_384, 96 * GIB, 16_384),
        (None, 20_000, 96 * GIB, 16_384),
        (None, 2_048, 96 * GIB, 2_048),
        (None, 131_072, WEIGHTS + GIB + 4 * GIB, 32_768),
        (None, 131_072, WEIGHTS + GIB + 4 * GIB - 1, 16_384),
        (None, 131_072, WEIGHTS + GIB + 1 * GIB, 8_192),
        (None, 131_072, 1 * GIB, 4_096),
        (6_000, 131_072, 1 * GIB, 6_000),
        (6_000, 2_048, 96 * GIB, 2_048),
    ],
)
def test_the_window_is_what_was_asked_for_or_what_fits(
    requested: int | None, trained: int, free_bytes: int, chosen: int
) -> None:
    assert plan(model(trained), Memory(free_bytes), context_tokens=requested) == Plan(chosen, 0)


@pytest.mark.parametrize(
    ("free_bytes", "tokens", "layers"),
    [
        (WEIGHTS - 400 * MIB + 4 * GIB + GIB, 32_768, 33),
        (WEIGHTS - 400 * MIB + 4 * GIB + GIB - 1, 16_384, 33),
        (WEIGHTS - 400 * MIB + 1 * GIB + GIB, 8_192, 33),
        (WEIGHTS - 400 * MIB + 1 * GIB + GIB - 1, 32_768, 19),
        (GIB + 400 * MIB + 228 * MIB, 32_768, 2),
        (GIB + 400 * MIB + 228 * MIB - 1, 32_768, 0),
        (GIB // 2, 32_768, 0),
        (0, 32_768, 0),
    ],
)
def test_as_many_layers_as_fit_lie_on_the_gpu(free_bytes: int, tokens: int, layers: int) -> None:
    assert plan(model(), Memory(96 * GIB, (free_bytes,))) == Plan(tokens, layers)


def test_what_lies_on_the_gpu_is_not_needed_in_main_memory() -> None:
    assert plan(model(), Memory(2 * GIB, (10 * GIB,))) == Plan(32_768, 33)


def test_several_gpus_share_a_model_and_each_keeps_a_reserve() -> None:
    assert plan(model(), Memory(96 * GIB, (5 * GIB, 5 * GIB))) == plan(model(), Memory(96 * GIB, (9 * GIB,)))
    assert plan(model(), Memory(96 * GIB, (GIB // 2,) * 99)) == Plan(32_768, 0)


def test_embeddings_that_serve_for_the_output_too_are_copied_to_the_gpu() -> None:
    assert plan(model(tied=True), Memory(96 * GIB, (6 * GIB,))) == plan(model(), Memory(96 * GIB, (6 * GIB,)))


@pytest.mark.parametrize(("requested", "layers"), [(0, 0), (7, 7), (33, 33), (999, 33), (ALL_LAYERS, 33)])
def test_layers_that_were_asked_for_are_given(requested: int, layers: int) -> None:
    assert plan(model(), Memory(96 * GIB, (96 * GIB,)), gpu_layers=requested) == Plan(32_768, layers)


def test_the_window_leaves_room_for_the_layers_that_were_asked_for() -> None:
    assert plan(model(), Memory(96 * GIB, (6 * GIB,)), gpu_layers=ALL_LAYERS) == Plan(8_192, 33)


def test_a_larger_window_leaves_room_for_fewer_layers() -> None:
    memory = Memory(96 * GIB, (9 * GIB,))
    assert plan(model(), memory, context_tokens=131_072).gpu_layers < plan(model(), memory).gpu_layers


def test_of_a_header_that_says_nothing_the_smallest_window_is_opened() -> None:
    assert plan(header("newfangled", {}), Memory(96 * GIB, (96 * GIB,))) == Plan(4_096, 0)


def test_a_real_header_is_enough(tmp_path: Path) -> None:
    assert plan(read_header(write_model(tmp_path / "model.gguf", context=512)), Memory(GIB)) == Plan(512, 0)


# -- in words -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("memory", "words"),
    [
        (Memory(96 * GIB), "fits"),
        (Memory(2 * GIB), "does not fit"),
        (Memory(96 * GIB, (10 * GIB,)), "fits"),
        (Memory(2 * GIB, (10 * GIB,)), "fits"),
        (Memory(96 * GIB, (4 * GIB,)), "partly on the GPU: 12 layers"),
        (Memory(96 * GIB, (GIB // 2,)), "fits"),
        (Memory(1 * GIB, (2 * GIB,)), "does not fit"),
    ],
)
def test_what_fits_is_said_in_words(memory: Memory, words: str) -> None:
    assert verdict(model(), memory) == words


def test_of_a_header_that_says_nothing_nothing_is_said() -> None:
    assert verdict(header("newfangled", {}), Memory(96 * GIB)) == "unknown"


CACHE = 4096 * 1024  # of the smallest usual window, with 1 KiB a token
BOUND = 4096 * MOST_KV_BYTES_PER_TOKEN


@pytest.mark.parametrize(
    ("kv_bytes_per_token", "memory", "words"),
    [
        (1024, Memory(10 * GIB + GIB + CACHE), "fits"),
        (1024, Memory(10 * GIB + GIB + CACHE - 1), "does not fit"),
        (None, Memory(10 * GIB + GIB + BOUND), "fits"),
        (None, Memory(10 * GIB + GIB + BOUND - 1), "unknown"),
        (None, Memory(10 * GIB + GIB), "unknown"),
        (None, Memory(10 * GIB + GIB - 1), "does not fit"),
        (1024, Memory(1 * GIB, (10 * GIB + GIB + CACHE,)), "fits"),
        (1024, Memory(8 * GIB, (10 * GIB + CACHE,)), "partly on the GPU"),
        (1024, Memory(8 * GIB, (2 * GIB,)), "does not fit"),
        (1024, Memory(96 * GIB, (GIB,)), "fits"),
    ],
)
def test_of_a_model_that_is_not_here_the_size_tells(kv_bytes_per_token: int | None, memory: Memory, words: str) -> None:
    assert rough_verdict(10 * GIB, kv_bytes_per_token, memory) == words


def test_no_model_of_the_catalogue_caches_more_than_the_bound() -> None:
    known = [entry.kv_bytes_per_token_f16 or 0 for entry in load_catalogue()]
    assert max(known) == MOST_KV_BYTES_PER_TOKEN
