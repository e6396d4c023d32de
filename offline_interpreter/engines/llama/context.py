"""One evaluated sequence of tokens: what llama.cpp holds in its cache, and the logits of the last token.

``held`` always says what is in the cache, also after a failure. It knows nothing of messages or replies.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from offline_interpreter.engines.llama.binding import complaint, forget_log, library
from offline_interpreter.errors import EngineError, ModelUnusable

if TYPE_CHECKING:
    from offline_interpreter.engines.llama.loader import Weights

BATCH_TOKENS = 512  # the most that one call evaluates
USUAL_CONTEXTS = (32_768, 16_384, 8_192, 4_096)
SMALL_MODEL_BYTES = 32 << 20  # threads spend more time waiting for each other than computing with less than this
FREE_SHARE = 3  # the cache may take one part in three of the memory that is free

_SEQUENCE = 0


def choose_context_tokens(requested: int | None, trained: int, bytes_per_token: int, free_bytes: int) -> int:
    """Return how large a window to open.

    What was asked for, up to what the model was trained for; else the largest of the usual sizes that it was trained
    for and whose cache fits into a third of the free memory. A model trained for less than these gets all it knows.
    """
    if requested is not None:
        return max(1, min(requested, trained))
    known = [size for size in USUAL_CONTEXTS if size <= trained]
    fitting = [size for size in known if size * bytes_per_token * FREE_SHARE <= free_bytes]
    return max(fitting, default=min(USUAL_CONTEXTS[-1], trained))


def choose_threads(requested: int | None, model_bytes: int, cores: int) -> int:
    """Return how many threads to compute with: what was asked for, else one a core, or one for a small model.

    Measured beside another busy process: 4 MB of weights took 0.7 ms a token with one thread, 6 to 60 ms with two.
    """
    return requested or (1 if model_bytes < SMALL_MODEL_BYTES else cores)


class Context:
    """A window of ``tokens`` tokens over shared weights; ``held`` are the tokens evaluated so far."""

    def __init__(self, weights: Weights, tokens: int, threads: int) -> None:
        lib = library()
        parameters = lib.llama_context_default_params()
        parameters.n_ctx = tokens
        parameters.n_batch = parameters.n_ubatch = min(BATCH_TOKENS, tokens)
        parameters.n_outputs_max = 1  # the logits of a whole batch would take hundreds of megabytes
        parameters.n_threads = parameters.n_threads_batch = threads
        parameters.no_perf = True
        forget_log()
        self._pointer = lib.llama_init_from_model(weights.pointer, parameters)
        if not self._pointer:
            raise EngineError(
                f"No window of {tokens} tokens can be opened: {complaint() or 'too little memory'}.",
                "Ask for a smaller one with --context.",
            )
        if not lib.llama_get_memory(self._pointer):
            self.free()
            raise ModelUnusable(f"{weights.path.name!r} is no model that writes text.")
        self.held: list[int] = []
        self.tokens = tokens
        self._batch = _Batch(min(BATCH_TOKENS, tokens))
        self._row = ctypes.c_float * weights.vocabulary.size

    def keep(self, count: int) -> int:
        """Forget all but the first ``count`` tokens; return how many are left: none, if a part cannot be removed.

        Recurrent and hybrid models only forget everything.
        """
        lib = library()
        memory = lib.llama_get_memory(self._live())
        count = min(count, len(self.held))
        if not count or not lib.llama_memory_seq_rm(memory, _SEQUENCE, count, -1):
            lib.llama_memory_clear(memory, False)
            count = 0
        del self.held[count:]
        return count

    def evaluate(self, tokens: Sequence[int]) -> None:
        """Append ``tokens``, a batch at most; the logits are then those of the last one."""
        self._batch.fill(tokens, position=len(self.held))
        forget_log()
        status = library().llama_decode(self._live(), self._batch.value)
        if status:
            self.keep(0)  # what a failed call left behind is not known
            reason = complaint() or f"status {status}"
            raise EngineError(f"llama.cpp failed to evaluate {len(tokens)} tokens: {reason}.")
        self.held += tokens

    def logits(self) -> NDArray[np.float32]:
        """Return the logits of the last token: a view that the next call overwrites."""
        row = library().llama_get_logits_ith(self._live(), -1)
        buffer: Any = self._row.from_address(ctypes.addressof(row.contents))
        return np.frombuffer(buffer, np.float32)

    def _live(self) -> Any:
        if not self._pointer:
            raise EngineError("The engine is closed.")
        return self._pointer

    def free(self) -> None:
        """Give the memory back; calling it again does nothing."""
        if self._pointer:
            library().llama_free(self._pointer)
            self._pointer = None


class _Batch:
    """The arrays of one ``llama_decode`` call, made once: tokens of one sequence, of which the last gives logits."""

    def __init__(self, capacity: int) -> None:
        lib = library()
        self._tokens = np.zeros(capacity, np.int32)
        self._positions = np.zeros(capacity, np.int32)
        self._counts = np.ones(capacity, np.int32)
        self._wanted = np.zeros(capacity, np.int8)
        self._sequence = (ctypes.c_int32 * 1)(_SEQUENCE)
        sequence = ctypes.cast(self._sequence, ctypes.POINTER(ctypes.c_int32))
        self._sequences = (ctypes.POINTER(ctypes.c_int32) * capacity)(*[sequence] * capacity)
        self.value = lib.llama_batch(
            token=_pointer(self._tokens, ctypes.c_int32),
            pos=_pointer(self._positions, ctypes.c_int32),
            n_seq_id=_pointer(self._counts, ctypes.c_int32),
            seq_id=ctypes.cast(self._sequences, ctypes.POINTER(ctypes.POINTER(ctypes.c_int32))),
            logits=_pointer(self._wanted, ctypes.c_int8),
        )

    def fill(self, tokens: Sequence[int], *, position: int) -> None:
        count = len(tokens)
        self._tokens[:count] = tokens
        self._positions[:count] = np.arange(position, position + count)
        self._wanted[:count] = 0
        self._wanted[count - 1] = 1
        self.value.n_tokens = count


def _pointer(array: NDArray[Any], kind: Any) -> Any:
    return array.ctypes.data_as(ctypes.POINTER(kind))
