"""What a model needs, and what of it fits: bytes of memory, tokens of window, layers on GPUs.

Pure functions of a header and of what is free. The cache of keys and values is reckoned as llama.cpp (the one in
llama-cpp-python 0.3.36) allocates it for one sequence: to the byte for the architectures of the catalogue, and as if
every layer held everything for others, which is an upper bound unless they keep an index beside it. What computing
takes is not reckoned: a reserve stands for it, and for the small states of recurrent layers.

It reads no file and measures no machine, and takes a GPU that shares main memory for one with memory of its own.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from offline_interpreter.models.gguf import TENSOR_TYPES, Header

CacheType: TypeAlias = Literal["f16", "q8_0", "q4_0"]

USUAL_CONTEXTS = (32_768, 16_384, 8_192, 4_096)
LEAST_GPU_CONTEXT = 8_192  # no smaller window is taken so that all layers fit on GPUs
MOST_RESERVE_BYTES, LEAST_RESERVE_BYTES = 1 << 30, 64 << 20
ALL_LAYERS = -1
MOST_KV_BYTES_PER_TOKEN = 1 << 18  # the most of the catalogue, of a model with 32 billion parameters

FITS, FITS_PARTLY, FITS_NOT, UNKNOWN = "fits", "partly on the GPU", "does not fit", "unknown"


@dataclass(frozen=True)
class Memory:
    """The bytes that are free: of main memory, and of each GPU."""

    main_bytes: int
    gpu_bytes: tuple[int, ...] = ()


@dataclass(frozen=True)
class Plan:
    """The tokens of the window to open, and how many layers llama.cpp is told to put on GPUs."""

    context_tokens: int
    gpu_layers: int


def plan(header: Header, memory: Memory, *, context_tokens: int | None = None, gpu_layers: int | None = None) -> Plan:
    """Return how to load a model; what is None is chosen, and no window is larger than the model was trained for.

    The window is the largest usual one with which all layers fit on GPUs, if that is not a small one; else the largest
    that fits; else the smallest. Of layers as many are chosen as fit; ``ALL_LAYERS`` asks for all of them.
    """
    trained = _Facts(header).number("context_length") or USUAL_CONTEXTS[-1]
    windows = [tokens for tokens in USUAL_CONTEXTS if tokens <= trained] or [trained]
    if context_tokens is not None:
        windows = [max(1, min(context_tokens, trained))]
    trials = [_try(header, memory, tokens, gpu_layers) for tokens in windows]
    fitting = [trial for trial in trials if trial.fits]
    on_gpus = [trial for trial in fitting if trial.on_gpus and trial.plan.context_tokens >= LEAST_GPU_CONTEXT]
    return (on_gpus + fitting + trials[-1:])[0].plan


def verdict(header: Header, memory: Memory) -> str:
    """Say in a few words whether a model can be loaded with the memory that is free: see ``FITS`` and its like."""
    costs = _layer_costs(header, USUAL_CONTEXTS[-1])
    if not costs:
        return UNKNOWN
    chosen = plan(header, memory)
    if not _try(header, memory, chosen.context_tokens, chosen.gpu_layers).fits:
        return FITS_NOT
    partly = 0 < chosen.gpu_layers < len(costs)
    return f"{FITS_PARTLY}: {chosen.gpu_layers} layers" if partly else FITS


def rough_verdict(size_bytes: int, kv_bytes_per_token: int | None, memory: Memory) -> str:
    """Say the same of a model of which only the size is known, and perhaps what a token takes in its cache (f16).

    Where the answer depends on what is not known, it is ``UNKNOWN``.
    """
    cached = [USUAL_CONTEXTS[-1] * (kv_bytes_per_token or bound) for bound in (0, MOST_KV_BYTES_PER_TOKEN)]
    least, most = (size_bytes + cache for cache in cached)
    room = _gpu_room(memory)
    if most <= room or (not room and most + MOST_RESERVE_BYTES <= memory.main_bytes):
        return FITS
    if room and most + MOST_RESERVE_BYTES <= memory.main_bytes + room:
        return FITS_PARTLY
    return FITS_NOT if least + MOST_RESERVE_BYTES > memory.main_bytes + room else UNKNOWN


def kv_cache_bytes(header: Header, context_tokens: int, cache_type: CacheType = "f16") -> int | None:
    """Return the bytes that the cache of keys and values takes, or None if the header does not say enough.

    The sum over layers of cells × (the row of keys + the row of values), llama-kv-cache.cpp. A layer with a sliding
    window has as many cells as any other: so does llama.cpp unless told otherwise (``swa_full``).
    """
    layers = _layers(header)
    return None if layers is None else sum(_cache_bytes(layer, context_tokens, cache_type) for layer in layers)


def reserve_bytes(header: Header) -> int:
    """Return what to keep free for computing: as much as the weights take, at least 64 MiB and at most 1 GiB.

    Its buffers grow with a model's width and vocabulary, as the weights do.
    """
    return min(MOST_RESERVE_BYTES, max(LEAST_RESERVE_BYTES, header.tensor_bytes))


# -- one way to load ----------------------------------------------------------------------------------------------

_BLOCK = re.compile(r"blk\.(\d+)\.")
_IN_MAIN_MEMORY = {"token_embd", "position_embd", "token_types", "per_layer_token_embd"}  # LLM_TENSOR_LAYER_INPUT


class _Trial(NamedTuple):
    plan: Plan
    fits: bool
    on_gpus: bool  # all layers are


def _try(header: Header, memory: Memory, context_tokens: int, gpu_layers: int | None) -> _Trial:
    costs = _layer_costs(header, context_tokens)
    if not costs:
        return _Trial(Plan(context_tokens, gpu_layers or 0), fits=False, on_gpus=False)
    room = _gpu_room(memory)
    if gpu_layers is None:
        count = _affordable(costs, room)
    else:
        count = len(costs) if gpu_layers < 0 else min(gpu_layers, len(costs))
    moved = sum(costs[:count])
    cache = kv_cache_bytes(header, context_tokens) or 0
    copied = _copied_bytes(header) if count else 0
    left = header.tensor_bytes + cache + reserve_bytes(header) + copied - moved
    fits = moved <= room and left <= memory.main_bytes
    return _Trial(Plan(context_tokens, count), fits, on_gpus=count == len(costs))


def _gpu_room(memory: Memory) -> int:
    return sum(max(0, free - MOST_RESERVE_BYTES) for free in memory.gpu_bytes)


def _layer_costs(header: Header, context_tokens: int) -> list[int]:
    """Return the bytes that each layer takes on a GPU, or nothing if the header does not say enough.

    They are in the order in which llama.cpp moves them: the output, then the last block to the first. The embeddings
    of tokens stay in main memory.
    """
    weights: Counter[int] = Counter()
    output = _copied_bytes(header)
    for tensor in header.tensors:
        block = _BLOCK.match(tensor.name)
        if block:
            weights[int(block[1])] += tensor.size_bytes
        elif tensor.name.partition(".")[0] not in _IN_MAIN_MEMORY:
            output += tensor.size_bytes
    layers = [
        weights[number] + _cache_bytes(layer, context_tokens, "f16")
        for number, layer in enumerate(_layers(header) or [])
    ]
    return [output, *reversed(layers)] if layers else []


def _copied_bytes(header: Header) -> int:
    """Return the size of the embeddings of tokens if they serve for the output too: a GPU then gets a copy."""
    sizes = {tensor.name: tensor.size_bytes for tensor in header.tensors}
    return 0 if "output.weight" in sizes else sizes.get("token_embd.weight", 0)


def _affordable(costs: list[int], room_bytes: int) -> int:
    count = 0
    for cost in costs:
        room_bytes -= cost
        if room_bytes < 0:
            break
        count += 1
    return count if count > 1 else 0  # the output alone is not worth the way


# -- what a layer caches ------------------------------------------------------------------------------------------

_TYPES = {stored.name: stored for stored in TENSOR_TYPES.values()}
_CELLS_STEP = 256
_MOST_LAYERS = 512  # LLAMA_MAX_LAYERS
_MOST_NUMBER = 1 << 32
_HYBRIDS = {"qwen3next", "qwen35", "qwen35moe"}  # only every n-th layer of these has attention
_USUAL_INTERVAL = 4


class _Layer(NamedTuple):
    """The numbers that a layer keeps of each token: of its keys, and of its values."""

    keys: int
    values: int


def _cache_bytes(layer: _Layer, context_tokens: int, cache_type: CacheType) -> int:
    stored = _TYPES[cache_type]
    blocks = sum(_steps(row, stored.block_elements) for row in layer)
    return _steps(context_tokens, _CELLS_STEP) * _CELLS_STEP * blocks * stored.block_bytes


def _steps(count: int, step: int) -> int:
    return -(-count // step)


def _layers(header: Header) -> list[_Layer] | None:
    """Return what each layer keeps of a token, or None if the header does not say enough."""
    facts = _Facts(header)
    count = facts.number("block_count") or 0
    if not 0 < count <= _MOST_LAYERS:
        return None
    heads = facts.numbers("attention.head_count", count)
    shared = facts.numbers("attention.head_count_kv", count) or heads
    keys, values = _widths(facts, "key", heads), _widths(facts, "value", heads)
    if not shared or not keys or not values:
        return None
    return [
        _Layer(shared[number] * keys[number], shared[number] * values[number]) if attends else _Layer(0, 0)
        for number, attends in enumerate(_attending(facts, count))
    ]


def _widths(facts: _Facts, which: str, heads: list[int]) -> list[int]:
    """Return the width of a head in each layer; those with a sliding window may have one of their own (gemma4)."""
    whole = facts.number("embedding_length")
    full = facts.number(f"attention.{which}_length") or (whole // max(heads) if whole and any(heads) else 0)
    sliding = facts.number(f"attention.{which}_length_swa") or full
    slides = facts.array("attention.sliding_window_pattern", len(heads))
    if not full or not slides:
        return [max(full, sliding)] * len(heads) if full else []
    return [sliding if slides_here else full for slides_here in slides]


def _attending(facts: _Facts, count: int) -> list[bool]:
    """Return which layers have a cache of their own: others are recurrent, or use that of an earlier one (gemma4)."""
    first_sharing = count - (facts.number("attention.shared_kv_layers") or 0)
    interval = facts.number("full_attention_interval") or _USUAL_INTERVAL
    if facts.architecture not in _HYBRIDS:
        interval = 1
    recurrent = facts.array("attention.recurrent_layers", count) or [(index + 1) % interval for index in range(count)]
    return [index < first_sharing and not recurrent[index] for index in range(count)]


class _Facts:
    """The numbers of a header that stand under its architecture's name; what is no sensible number is not there."""

    def __init__(self, header: Header) -> None:
        self.architecture = header.architecture
        self._header = header

    def number(self, name: str) -> int | None:
        return _sensible(self._header.scalars.get(f"{self.architecture}.{name}"))

    def array(self, name: str, count: int) -> list[int]:
        """Return a number for each of ``count`` layers, or nothing."""
        given = self._header.arrays.get(f"{self.architecture}.{name}", ())
        numbers = [number for number in map(_sensible, given) if number is not None]
        return numbers if len(numbers) == len(given) == count else []

    def numbers(self, name: str, count: int) -> list[int]:
        """Return a number for each of ``count`` layers, which may be given as one for all, or nothing."""
        number = self.number(name)
        return self.array(name, count) if number is None else [number] * count


def _sensible(value: object) -> int | None:
    return int(value) if isinstance(value, int) and 0 <= value <= _MOST_NUMBER else None
