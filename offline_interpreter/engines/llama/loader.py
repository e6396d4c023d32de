"""Model files to weights in memory, shared by all engines of a process that name the same file.

A file is looked at before llama.cpp is given it, and a load that fails says why. Whether weights are what their
publisher made is not known here: a checksum tells that.
"""

from __future__ import annotations

import ctypes
import re
import threading
from functools import cached_property
from pathlib import Path
from typing import Any

from offline_interpreter.engines.base import OnProgress
from offline_interpreter.engines.llama.binding import complaint, forget_log, library
from offline_interpreter.engines.llama.grammar import Grammar, make_grammar
from offline_interpreter.engines.llama.template import ChatTemplate
from offline_interpreter.engines.llama.vocabulary import Vocabulary
from offline_interpreter.errors import EngineError, ModelUnusable
from offline_interpreter.models.gguf import check_file
from offline_interpreter.records import Cancel, Progress

_MARKS_OF_DAMAGE = ("not within the file bounds", "failed to read")


class Weights:
    """A loaded model with what depends on it alone; ``users`` counts the engines that hold it."""

    def __init__(self, path: Path, pointer: Any) -> None:
        lib = library()
        if lib.llama_model_has_encoder(pointer):
            raise ModelUnusable(f"{path.name!r} translates one text into another: such models are not supported.")
        self.path = path
        self.pointer = pointer
        self.users = 0
        self.size_bytes: int = lib.llama_model_size(pointer)
        self.trained_tokens: int = lib.llama_model_n_ctx_train(pointer)
        source = (lib.llama_model_chat_template(pointer, None) or b"").decode("utf-8", "replace")
        self.vocabulary = Vocabulary(lib.llama_model_get_vocab(pointer), source)
        self.template = ChatTemplate(source, bos=self.vocabulary.bos, eos=self.vocabulary.eos)

    @cached_property
    def grammar(self) -> Grammar:
        """What turns schemas into constraints over this vocabulary: up to a second for a large one."""
        return make_grammar(self.vocabulary)

    @cached_property
    def cache_bytes_per_token(self) -> int:
        """The memory that one token of context takes in half precision: two vectors a layer.

        An upper bound: layers with a sliding window, or without attention, take less.
        """
        lib = library()
        heads = lib.llama_model_n_head(self.pointer)
        width = lib.llama_model_n_embd(self.pointer) // max(heads, 1)
        widths = sum(int(self.fact(f"attention.{name}_length") or width) for name in ("key", "value"))
        layers: int = lib.llama_model_n_layer(self.pointer)
        shared_heads: int = lib.llama_model_n_head_kv(self.pointer)
        return layers * shared_heads * widths * 2

    def fact(self, key: str) -> str:
        """Return a value of the file's header under its architecture's name, or an empty text."""
        return self._header("{}.{}".format(self._header("general.architecture"), key))

    def _header(self, key: str) -> str:
        buffer = ctypes.create_string_buffer(256)
        length = library().llama_model_meta_val_str(self.pointer, key.encode(), buffer, len(buffer))
        return buffer.value.decode("utf-8", "replace") if length > 0 else ""

    def free(self) -> None:
        """Give the memory back; no context of this model may be left."""
        library().llama_model_free(self.pointer)


# -- sharing ------------------------------------------------------------------------------------------------------

_Key = tuple[Path, int, int, int | None]  # path, size, time of change, layers on the GPU

_shared: dict[_Key, Weights] = {}
_lock = threading.Lock()  # also keeps the complaints of two loads apart


def acquire(path: Path, gpu_layers: int | None, progress: OnProgress, cancel: Cancel | None) -> Weights:
    """Return the weights in ``path``, loaded unless an engine of this process holds them already.

    ``gpu_layers`` None leaves the choice to llama.cpp: all that a GPU takes. Each call needs one ``release``. Raises
    ``ModelMissing``, ``ModelUnusable``, or ``EngineError`` when ``cancel`` stopped it.
    """
    check_file(path)
    path = path.resolve()
    status = path.stat()
    key = (path, status.st_size, status.st_mtime_ns, gpu_layers)
    with _lock:
        if key not in _shared:
            _shared[key] = _load(path, gpu_layers, progress, cancel)
        _shared[key].users += 1
    progress(Progress("load", 100, 100))
    return _shared[key]


def release(weights: Weights) -> None:
    """Give weights back; the last one to do so frees them."""
    with _lock:
        weights.users -= 1
        if weights.users:
            return
        for key in [key for key, shared in _shared.items() if shared is weights]:
            del _shared[key]
        weights.free()


# -- loading ------------------------------------------------------------------------------------------------------


def _load(path: Path, gpu_layers: int | None, progress: OnProgress, cancel: Cancel | None) -> Weights:
    lib = library()
    forget_log()
    watch = _Watch(progress, cancel)
    parameters = lib.llama_model_default_params()
    parameters.progress_callback = callback = lib.llama_progress_callback(watch)
    if gpu_layers is not None:
        parameters.n_gpu_layers = gpu_layers
    pointer = lib.llama_model_load_from_file(str(path).encode(), parameters)
    del callback  # it had to live until here
    if watch.error:
        raise watch.error
    if not pointer:
        if cancel and cancel.requested:
            raise EngineError("Loading the model was stopped.")
        raise _unusable(path)
    try:
        weights = Weights(path, pointer)
        weights.grammar  # noqa: B018 - it is made here, where a wait is expected
    except BaseException:  # whatever it was, the memory goes back
        lib.llama_model_free(pointer)
        raise
    return weights


class _Watch:
    """Called by llama.cpp while it loads: passes the progress on, and stops the load when asked to."""

    def __init__(self, progress: OnProgress, cancel: Cancel | None) -> None:
        self.error: BaseException | None = None
        self._progress = progress
        self._cancel = cancel
        self._shown = -1

    def __call__(self, share: float, _: Any) -> bool:
        try:
            percent = min(int(share * 100), 99)  # the vocabulary comes after
            if percent > self._shown:
                self._shown = percent
                self._progress(Progress("load", percent, 100))
        except BaseException as error:  # it cannot pass through C: the load stops, and it is raised then
            self.error = error
        return self.error is None and not (self._cancel and self._cancel.requested)


def _unusable(path: Path) -> ModelUnusable:
    line = complaint() or "llama.cpp gives no reason"
    unknown = re.search(r"unknown model architecture: ('.*')", line)
    if unknown:
        line = f"this build of llama.cpp does not know the architecture {unknown[1]}"
    elif any(mark in line for mark in _MARKS_OF_DAMAGE):
        line = f"the file is cut short or damaged ({line})"
    return ModelUnusable(f"The model {path.name!r} cannot be loaded: {line}.")
