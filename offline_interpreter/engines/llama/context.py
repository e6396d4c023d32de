"""One evaluated sequence of tokens: what llama.cpp holds in its cache, and the logits of the last token.

``held`` always says what is in the cache, also after a failure. It knows nothing of messages or replies.
"""

from __future__ import annotations

import ctypes
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from offline_interpreter.cancel import Cancel
from offline_interpreter.engines.llama.binding import complaint, forget_log, library
from offline_interpreter.errors import EngineError, ModelUnusable

if TYPE_CHECKING:
    from offline_interpreter.engines.llama.loader import Weights

BATCH_TOKENS = 128  # the most that one call evaluates: without flash attention buffers grow with it and the window
MOST_ROWS = 16  # of logits: those of a whole batch would take hundreds of megabytes
SMALL_MODEL_BYTES = 32 << 20  # threads spend more time waiting for each other than computing with less than this

_SEQUENCE = 0
_STOPPED = 2  # what llama_decode returns then


def choose_threads(requested: int | None, model_bytes: int, cores: int) -> int:
    """Return how many threads to compute with: what was asked for, else one a core, or one for a small model.

    Measured beside another busy process: 4 MB of weights took 0.7 ms a token with one thread, 6 to 60 ms with two.
    """
    return requested or (1 if model_bytes < SMALL_MODEL_BYTES else cores)


class Context:
    """A window of ``tokens`` tokens over shared weights; ``held`` are the tokens evaluated so far.

    ``token_cost`` is that of a token more in a batch, in passes over the model; None where it cannot be taken back.
    """

    def __init__(self, weights: Weights, tokens: int, threads: int) -> None:
        lib = library()
        parameters = lib.llama_context_default_params()
        parameters.n_ctx = tokens
        parameters.n_batch = parameters.n_ubatch = min(BATCH_TOKENS, tokens)
        parameters.n_outputs_max = MOST_ROWS
        # On CPUs it reads a few tokens one by one, at twice to four times the time after a long prompt.
        parameters.flash_attn_type = (
            lib.LLAMA_FLASH_ATTN_TYPE_AUTO if weights.on_gpu else lib.LLAMA_FLASH_ATTN_TYPE_DISABLED
        )
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
        self.decode_s = 0.0  # spent in the model so far
        self.forgets_parts = not (
            lib.llama_model_is_recurrent(weights.pointer) or lib.llama_model_is_hybrid(weights.pointer)
        )
        self.token_cost = weights.token_cost if self.forgets_parts else None
        self._stop = _StopFlag(self._pointer)
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

    @contextmanager
    def stopped_by(self, cancel: Cancel) -> Iterator[None]:
        """Let a request of ``cancel`` end what is being evaluated, within some layers of the model.

        A GPU computes a batch to its end.
        """
        self._stop.lower()
        with cancel.calling(self._stop.raise_):
            yield

    def evaluate(self, tokens: Sequence[int], rows: int = 1) -> bool:
        """Append ``tokens``, a batch at most; the logits are then those of the last ``rows`` of them.

        False: it was stopped, and ``held`` says how far it came.
        """
        started = time.perf_counter()
        self._batch.fill(tokens, position=len(self.held), rows=rows)
        forget_log()
        status = library().llama_decode(self._live(), self._batch.value)
        self.decode_s += time.perf_counter() - started
        if status == _STOPPED:
            self._hold_again(tokens)
        elif status:
            self.keep(0)  # what a failed call left behind is not known
            reason = complaint() or f"status {status}"
            raise EngineError(f"llama.cpp failed to evaluate {len(tokens)} tokens: {reason}.")
        else:
            self.held += tokens
        return not status

    def _hold_again(self, tokens: Sequence[int]) -> None:
        """Take what a stopped call has finished for held: whole parts of its batch, if any."""
        lib = library()
        last = lib.llama_memory_seq_pos_max(lib.llama_get_memory(self._live()), _SEQUENCE)
        self.held += tokens[: max(last + 1 - len(self.held), 0)]
        self.keep(last + 1 if self.forgets_parts else 0)

    def logits(self, back: int = 0) -> NDArray[np.float32]:
        """Return the logits of the last token, or of the one ``back`` before: a view that the next call overwrites."""
        started = time.perf_counter()
        row = library().llama_get_logits_ith(self._live(), -1 - back)  # a GPU is waited for here
        self.decode_s += time.perf_counter() - started
        buffer: Any = self._row.from_address(ctypes.addressof(row.contents))
        return np.frombuffer(buffer, np.float32)

    def state_bytes(self) -> int:
        """Return how large ``state`` would be."""
        size: int = library().llama_state_seq_get_size(self._live(), _SEQUENCE)
        return size

    def state(self) -> memoryview:
        """Return what the cache holds, to be given to ``load_state`` of a context like this one."""
        size = self.state_bytes()
        buffer = (ctypes.c_uint8 * size)()
        written = library().llama_state_seq_get_data(self._live(), buffer, size, _SEQUENCE)
        if written != size:
            raise EngineError(f"llama.cpp gave {written} bytes of its state instead of {size}.")
        return memoryview(buffer).cast("B")

    def load_state(self, tokens: Sequence[int], state: memoryview) -> bool:
        """Take the evaluation of ``tokens`` for one's own, instead of what was held; False: it does not fit.

        ``state`` is read where it lies; its memory must be writable, as ctypes wants it.
        """
        lib = library()
        self.keep(0)
        if len(tokens) > self.tokens:
            return False
        buffer = (ctypes.c_uint8 * len(state)).from_buffer(state)
        forget_log()
        if lib.llama_state_seq_set_data(self._live(), buffer, len(state), _SEQUENCE) != len(state):
            self.keep(0)
            return False
        self.held = list(tokens)
        return True

    def _live(self) -> Any:
        if not self._pointer:
            raise EngineError("The engine is closed.")
        return self._pointer

    def free(self) -> None:
        """Give the memory back; calling it again does nothing."""
        if self._pointer:
            library().llama_free(self._pointer)
            self._pointer = None


class _StopFlag:
    """What llama.cpp asks between two operations: a text in C, which is raised while it is not empty.

    It asks by the C library's own ``strlen``: a function of Python would wait for the interpreter each time.
    """

    def __init__(self, context: Any) -> None:
        self._text = ctypes.create_string_buffer(2)
        lib = library()
        self._ask = lib.ggml_abort_callback(ctypes.cast(_strlen(), ctypes.c_void_p).value)
        lib.llama_set_abort_callback(context, self._ask, ctypes.addressof(self._text))

    def raise_(self) -> None:
        self._text[0] = b"x"

    def lower(self) -> None:
        self._text[0] = b"\0"


def _strlen() -> Any:
    return ctypes.CDLL("msvcrt" if sys.platform == "win32" else None).strlen


class _Batch:
    """The arrays of one ``llama_decode`` call, made once: tokens of one sequence, of which the last give logits."""

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

    def fill(self, tokens: Sequence[int], *, position: int, rows: int) -> None:
        count = len(tokens)
        self._tokens[:count] = tokens
        self._positions[:count] = np.arange(position, position + count)
        self._wanted[:count] = 0
        self._wanted[count - rows : count] = 1
        self.value.n_tokens = count


def _pointer(array: NDArray[Any], kind: Any) -> Any:
    return array.ctypes.data_as(ctypes.POINTER(kind))
