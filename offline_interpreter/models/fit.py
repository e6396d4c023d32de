"""What a model needs, and what of it fits: bytes of memory, layers on a GPU, tokens of context.

Pure functions of a header and of figures of the machine. The cache is reckoned as llama.cpp (the one in
llama-cpp-python 0.3.36) allocates it for one sequence; layers of an architecture that it treats in a way not known
here count as full ones, which is an upper bound. What computing takes beside weights and cache is a reserve.

It does not measure the machine or read files, knows nothing of several GPUs, and counts layers that run in loops
(nanbeige) once. ``None`` means that a header does not say enough. A split model is given as ``join(shards(path))``.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from offline_interpreter.models.gguf import TENSOR_TYPES, Header

CacheType: TypeAlias = Literal["f32", "f16", "bf16", "q8_0", "q5_1", "q5_0", "q4_1", "q4_0", "iq4_nl"]
Verdict: TypeAlias = Literal["fits", "partly on the GPU", "does not fit", "unknown"]

USUAL_CONTEXTS = (32_768, 16_384, 8_192, 4_096)
MICRO_BATCH_TOKENS = 512
MOST_RESERVE_BYTES, LEAST_RESERVE_BYTES = 1 << 30, 64 << 20


@dataclass(frozen=True)
class Fit:
    """Whether a model fits; ``gpu_layers`` is what llama.cpp is told, ``needed_bytes`` what it takes in all."""

    verdict: Verdict
    gpu_layers: int = 0
    needed_bytes: int | None = None

    def __str__(self) -> str:
        """Return the verdict for a table: "fits", or "partly on the GPU: 12 layers"."""
        layers = f": {self.gpu_layers} layers" if self.verdict == "partly on the GPU" else ""
        return self.verdict + layers


def fit(
    header: Header,
    context_tokens: int,
    free_bytes: int,
    gpu_free_bytes: int = 0,
    cache_type: CacheType = "f16",
    *,
    swa_full: bool = True,
) -> Fit:
    """Return whether a model fits with that context: on the GPU as far as possible, the rest in main memory."""
    needed = needed_bytes(header, context_tokens, cache_type, swa_full=swa_full)
    if needed is None:
        return Fit("unknown")
    costs = _gpu_costs(header, context_tokens, cache_type, swa_full)
    layers = _affordable(costs, gpu_free_bytes - reserve_bytes(header))
    spared = sum(costs[:layers]) - _copied_bytes(header) if layers else 0
    if needed - spared > free_bytes:
        return Fit("does not fit", 0, needed)
    return Fit("partly on the GPU" if 0 < layers < len(costs) else "fits", layers, needed)


def needed_bytes(
    header: Header, context_tokens: int, cache_type: CacheType = "f16", *, swa_full: bool = True
) -> int | None:
    """Return the bytes of weights, cache and reserve together."""
    cache = kv_cache_bytes(header, context_tokens, cache_type, swa_full=swa_full)
    return header.tensor_bytes + cache + reserve_bytes(header) if cache is not None and header.tensors else None


def reserve_bytes(header: Header) -> int:
    """Return what to keep free for computing: as much as the weights take, at least 64 MiB and at most 1 GiB.

    The buffers grow with a model's width and vocabulary, as its weights do.
    """
    return min(MOST_RESERVE_BYTES, max(LEAST_RESERVE_BYTES, header.tensor_bytes))


def layers_on_gpu(
    header: Header,
    context_tokens: int,
    gpu_free_bytes: int,
    cache_type: CacheType = "f16",
    *,
    swa_full: bool = True,
) -> int:
    """Return how many layers to tell llama.cpp to put on the GPU: 0, if a header does not say enough.

    It counts the output layer as the first one and then from the last layer to the first, each with its share of the
    cache; a model that fits whole has one layer more than blocks. Token embeddings stay in main memory.
    """
    costs = _gpu_costs(header, context_tokens, cache_type, swa_full)
    return _affordable(costs, gpu_free_bytes - reserve_bytes(header))


def largest_context(header: Header, free_bytes: int, cache_type: CacheType = "f16", *, swa_full: bool = True) -> int:
    """Return the largest usual context that the model was trained for and that fits.

    Where none does, or the header does not say enough, that is the smallest usual one. A model trained for less gets
    all it knows.
    """
    trained = _Facts(header).number("context_length") or USUAL_CONTEXTS[-1]
    for tokens in USUAL_CONTEXTS:
        needed = needed_bytes(header, tokens, cache_type, swa_full=swa_full)
        if tokens <= trained and needed is not None and needed <= free_bytes:
            return tokens
    return min(USUAL_CONTEXTS[-1], trained)


def kv_cache_bytes(
    header: Header,
    context_tokens: int,
    cache_type: CacheType = "f16",
    micro_batch: int = MICRO_BATCH_TOKENS,
    *,
    swa_full: bool = True,
) -> int | None:
    """Return the bytes that the cache of keys and values takes, or None if the header does not say enough.

    Σ over layers of cells × (the row of keys + the row of values), llama-kv-cache.cpp. A layer with a sliding window
    has as many cells as the others with ``swa_full``, as llama.cpp does unless told otherwise; without it, those of its
    window and a micro-batch (llama-kv-cache-iswa.cpp). Recurrent layers count as nothing: they hold one small state.
    """
    layers = _layers(header)
    if layers is None:
        return None
    return sum(_layer_bytes(layer, context_tokens, cache_type, None if swa_full else micro_batch) for layer in layers)


# -- the cache of a layer -----------------------------------------------------------------------------------------


class _Layer(NamedTuple):
    """The elements of one cell's keys and values, and the tokens of the sliding window, if there is one."""

    keys: int
    values: int
    window: int | None


_TYPES = {stored.name: stored for stored in TENSOR_TYPES.values()}
_CELLS_STEP = 256


def _layer_bytes(layer: _Layer, context_tokens: int, cache_type: CacheType, micro_batch: int | None) -> int:
    cells = context_tokens
    if layer.window is not None and micro_batch is not None:
        cells = min(cells, layer.window + micro_batch)
    rows = _row_bytes(layer.keys, cache_type) + _row_bytes(layer.values, cache_type)
    return _ceil(cells, _CELLS_STEP) * _CELLS_STEP * rows


def _row_bytes(elements: int, cache_type: CacheType) -> int:
    stored = _TYPES[cache_type]
    return _ceil(elements, stored.block_elements) * stored.block_bytes


def _ceil(count: int, step: int) -> int:
    return -(-count // step)


# -- layers on the GPU ----------------------------------------------------------------------------------------------

_BLOCK = re.compile(r"blk\.(\d+)\.")
_IN_MAIN_MEMORY = {"token_embd", "position_embd", "token_types", "per_layer_token_embd"}  # LLM_TENSOR_LAYER_INPUT


def _gpu_costs(header: Header, context_tokens: int, cache_type: CacheType, swa_full: bool) -> list[int]:
    """Return the bytes that each layer takes there, in the order of llama.cpp: output, last block … first block."""
    layers = _layers(header) or []
    weights: Counter[int] = Counter()
    output = _copied_bytes(header)
    for tensor in header.tensors:
        block = _BLOCK.match(tensor.name)
        if block:
            weights[int(block[1])] += tensor.size_bytes
        elif tensor.name.partition(".")[0] not in _IN_MAIN_MEMORY:
            output += tensor.size_bytes
    micro_batch = None if swa_full else MICRO_BATCH_TOKENS
    caches = [_layer_bytes(layer, context_tokens, cache_type, micro_batch) for layer in layers]
    return [output, *(weights[block] + cache for block, cache in reversed(list(enumerate(caches))))]


def _copied_bytes(header: Header) -> int:
    """Return the size of the token embeddings if they serve for the output too: the GPU then gets a copy."""
    sizes = {tensor.name: tensor.size_bytes for tensor in header.tensors}
    return 0 if "output.weight" in sizes else sizes.get("token_embd.weight", 0)


def _affordable(costs: list[int], free_bytes: int) -> int:
    for layers, cost in enumerate(costs):
        free_bytes -= cost
        if free_bytes < 0:
            return layers if layers > 1 else 0  # the output alone is not worth the way
    return len(costs) if len(costs) > 1 else 0


# -- the layers of an architecture ----------------------------------------------------------------------------------

_MOST_LAYERS = 512  # LLAMA_MAX_LAYERS
_MOST_NUMBER = 1 << 32
_RECURRENT = {"mamba", "mamba2", "rwkv6", "rwkv6qwen2", "rwkv7", "arwkv7"}
# Of these only every n-th layer has attention, unless the header says otherwise.
_INTERVALS = {"qwen3next": 4, "qwen35": 4, "qwen35moe": 4, "qwen4exp": 4, "minimax-01": 8}
# Of these all but one layer of each n have a sliding window, unless the header says otherwise: with 0 all layers, with
# 1 none but those that it names. Headers of other architectures name windows that are not used. (src/models/*.cpp)
_PERIODS = {
    **dict.fromkeys(("dots3note", "gemma4", "granite_swa", "maple", "mimo2", "spark2_5", "step35"), 1),
    **dict.fromkeys(("afmoe", "cohere2", "cohere2moe", "exaone-moe", "exaone4", "laguna", "llama4", "mellum"), 4),
    **dict.fromkeys(("muse-glimmer", "olmo2", "smallthinker"), 4),
    "gemma2": 2,
    "gemma3": 6,
    "gemma3n": 5,
    "gpt-oss": 2,
    "lfm2": 0,
    "plamo3": 8,
}
_FIRST_IS_FULL = {"cohere2moe", "laguna", "smallthinker"}  # of the others the last of each n
_WINDOWS = {"exaone4": 4096, "gemma2": 4096, "llama4": 8192}  # where the header gives none
_EXAONE4_SLIDING_LAYERS = 64  # smaller ones do not slide
_GEMMA3N_CACHED_LAYERS = 20  # the later ones use the cache of earlier ones


class _Facts:
    """The figures of a header that stand under its architecture's name; what is no sensible number is not there."""

    def __init__(self, header: Header) -> None:
        self.architecture = header.architecture
        self._header = header

    def number(self, name: str) -> int | None:
        return _sensible(self._header.scalars.get(f"{self.architecture}.{name}"))

    def numbers(self, name: str, count: int) -> list[int] | None:
        """Return a number for each layer; one that is given only once holds for all."""
        given = self._header.arrays.get(f"{self.architecture}.{name}")
        values = [self.number(name)] * count if given is None else [_sensible(value) for value in given]
        found = [value for value in values if value is not None]
        return found if len(found) == len(values) >= count else None


def _sensible(value: object) -> int | None:
    return int(value) if isinstance(value, int) and 0 <= value <= _MOST_NUMBER else None


def _layers(header: Header) -> list[_Layer] | None:
    """Return what each layer caches, or None if the header does not say enough."""
    facts = _Facts(header)
    count = facts.number("block_count") or 0
    if not 0 < count <= _MOST_LAYERS:
        return None
    if facts.architecture in _RECURRENT:
        return [_Layer(0, 0, None)] * count
    heads = facts.numbers("attention.head_count", count)
    shared = facts.numbers("attention.head_count_kv", count) or heads
    keys, values = _width(facts, "key", heads), _width(facts, "value", heads)
    if shared is None or keys is None or values is None:
        return None
    sliding_keys = facts.number("attention.key_length_swa") or keys
    sliding_values = facts.number("attention.value_length_swa") or values
    compressed = facts.number("attention.key_length_mla") and facts.number("attention.value_length_mla")
    index_keys = facts.number("attention.indexer.key_length") or 0
    layers = []
    for window, attends, heads_here in zip(_windows(facts, count), _attending(facts, count), shared, strict=False):
        key, value = (keys, values) if window is None else (sliding_keys, sliding_values)
        row = heads_here * key + index_keys, 0 if compressed else heads_here * value
        layers.append(_Layer(*row, window) if attends and heads_here else _Layer(0, 0, None))
    return layers


def _width(facts: _Facts, which: str, heads: list[int] | None) -> int | None:
    told = facts.number(f"attention.{which}_length")
    width = facts.number("embedding_length")
    return told if told is not None or width is None or not heads or not max(heads) else width // max(heads)


def _windows(facts: _Facts, count: int) -> list[int | None]:
    """Return the width of each layer's sliding window, or None for those that see all."""
    name = facts.architecture
    period = _PERIODS.get(name, 1)
    window = facts.number("attention.sliding_window")
    if window is None:
        window = _WINDOWS.get(name, 0)
    if name not in _PERIODS or not window or (name == "exaone4" and count != _EXAONE4_SLIDING_LAYERS):
        return [None] * count
    slides = facts.numbers("attention.sliding_window_pattern", 0)
    if not slides:
        told = facts.number("attention.sliding_window_pattern")
        period = period if told is None else told
        full = 0 if name in _FIRST_IS_FULL else period - 1
        slides = [not period or index % period != full for index in range(count)]
    return [window if index < len(slides) and slides[index] else None for index in range(count)]


def _attending(facts: _Facts, count: int) -> list[bool]:
    """Return which layers have a cache of their own: neither recurrent ones nor those only for drafting tokens."""
    name = facts.architecture
    last = count - (facts.number("nextn_predict_layers") or 0)
    if name == "gemma3n":
        last = min(last, _GEMMA3N_CACHED_LAYERS)
    if name == "gemma4":
        last = count - (facts.number("attention.shared_kv_layers") or 0)
    recurrent = [0] * count
    if name in _INTERVALS:
        interval = facts.number("full_attention_interval") or _INTERVALS[name]
        usual = [(index + 1) % interval for index in range(count)]
        recurrent = facts.numbers("attention.recurrent_layers", count) or usual
    return [index < last and not recurrent[index] for index in range(count)]
