"""Model files to weights in memory, shared by all engines of a process that name the same file.

A file is looked at before llama.cpp is given it, and a load that fails says why. Whether weights are what their
publisher made is not known here: a checksum tells that.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Sequence
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import Any

from offline_interpreter.cancel import Cancel
from offline_interpreter.engines.base import OnProgress
from offline_interpreter.engines.llama.binding import complaint, forget_log, library
from offline_interpreter.engines.llama.drafts import GPU_COST, cost_on_cpu
from offline_interpreter.engines.llama.gpus import free_gpu_bytes, gpu_is_usable
from offline_interpreter.engines.llama.grammar import Grammar, make_grammar
from offline_interpreter.engines.llama.template import ChatTemplate
from offline_interpreter.engines.llama.vocabulary import Vocabulary
from offline_interpreter.errors import EngineError, ModelUnusable
from offline_interpreter.machine import free_memory_bytes
from offline_interpreter.models.fit import Memory, plan
from offline_interpreter.models.gguf import check_file, join, shards
from offline_interpreter.models.locks import Lease
from offline_interpreter.records import Progress


class Weights:
    """A loaded model with what depends on it alone: ``files`` are its parts, ``users`` counts the engines that hold it.

    ``usual_tokens`` is the window that fitted into memory when it was loaded; ``on_gpu``: some of its layers are;
    ``token_cost`` is that of a token more in a batch, in passes over the model; ``lease`` keeps the files from being
    removed from the store.
    """

    def __init__(
        self,
        files: Sequence[Path],
        pointer: Any,
        usual_tokens: int,
        lease: Lease,
        *,
        on_gpu: bool,
        token_cost: float,
    ) -> None:
        lib = library()
        self.files = files
        if lib.llama_model_has_encoder(pointer):
            raise ModelUnusable(f"{self.path.name!r} translates one text into another: such models are not supported.")
        self.pointer = pointer
        self.usual_tokens = usual_tokens
        self.on_gpu = on_gpu
        self.token_cost = token_cost
        self.users = 0
        self.lease = lease
        self.size_bytes: int = lib.llama_model_size(pointer)
        self.trained_tokens: int = lib.llama_model_n_ctx_train(pointer)
        source = (lib.llama_model_chat_template(pointer, None) or b"").decode("utf-8", "replace")
        self.vocabulary = Vocabulary(lib.llama_model_get_vocab(pointer), source)
        self.template = ChatTemplate(source, bos=self.vocabulary.bos, eos=self.vocabulary.eos)

    @property
    def path(self) -> Path:
        """The file, or the first of them."""
        return self.files[0]

    @cached_property
    def grammar(self) -> Grammar:
        """What turns schemas into constraints over this vocabulary: up to a second for a large one."""
        return make_grammar(self.vocabulary)

    def free(self) -> None:
        """Give the memory back; no context of this model may be left."""
        self.lease.close()
        library().llama_model_free(self.pointer)


# -- sharing ------------------------------------------------------------------------------------------------------

_Key = tuple[Path, int, int, int | None]  # path, size, time of change, layers on GPUs as they were asked for

_shared: dict[_Key, Weights] = {}
_lock = threading.Lock()  # also keeps the complaints of two loads apart


def acquire(
    path: Path,
    gpu_layers: int | None,
    progress: OnProgress,
    cancel: Cancel | None,
    context_tokens: int | None = None,
) -> Weights:
    """Return the weights in ``path``, loaded unless an engine of this process holds them already.

    ``gpu_layers`` None stands for as many as fit on GPUs beside a window of ``context_tokens`` (None: of a usual one),
    ``fit.ALL_LAYERS`` for all. Each call needs one ``release``. Raises ``ModelMissing``, ``ModelUnusable``, or
    ``EngineError`` when ``cancel`` stopped it.
    """
    check_file(path)
    path = path.resolve()
    status = path.stat()
    gpu_layers = gpu_layers if gpu_is_usable() else 0
    key = (path, status.st_size, status.st_mtime_ns, gpu_layers)
    with _lock:
        if key not in _shared:
            _shared[key] = _load(path, gpu_layers, context_tokens, _Watch(progress, cancel))
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


def _load(path: Path, gpu_layers: int | None, context_tokens: int | None, watch: _Watch) -> Weights:
    watch(0, None)  # a large header takes a while
    parts = shards(path)
    header = join(parts)
    memory = Memory(free_memory_bytes(), free_gpu_bytes())
    layers = plan(header, memory, context_tokens=context_tokens, gpu_layers=gpu_layers).gpu_layers
    usual_tokens = plan(header, memory, gpu_layers=layers).context_tokens
    token_cost = GPU_COST if layers else cost_on_cpu(header.tensors)
    files = [part.path for part in parts]
    lease = Lease(header.path)
    with ExitStack() as undo:  # whatever goes wrong, the memory goes back
        undo.callback(lease.close)
        pointer = _load_file(header.path, layers, watch)
        undo.callback(library().llama_model_free, pointer)
        weights = Weights(files, pointer, usual_tokens, lease, on_gpu=layers != 0, token_cost=token_cost)
        weights.grammar  # noqa: B018 - it is made here, where a wait is expected
        undo.pop_all()
    return weights


def _load_file(path: Path, gpu_layers: int, watch: _Watch) -> Any:
    lib = library()
    forget_log()
    parameters = lib.llama_model_default_params()
    parameters.progress_callback = callback = lib.llama_progress_callback(watch)
    parameters.n_gpu_layers = gpu_layers
    pointer = lib.llama_model_load_from_file(os.fsencode(path), parameters)  # UTF-8 on Windows, too
    del callback  # it had to live until here
    if watch.error:
        raise watch.error
    if not pointer:
        raise EngineError("Loading the model was stopped.") if watch.stopped else _unusable(path)
    return pointer


def check_known(path: Path) -> None:
    """Raise ``ModelUnusable`` unless this llama.cpp knows the architecture and the vocabulary of a model.

    Its weights are not read.
    """
    lib = library()
    with _lock:
        forget_log()
        parameters = lib.llama_model_default_params()
        parameters.vocab_only = True
        pointer = lib.llama_model_load_from_file(str(path).encode(), parameters)
        if not pointer:
            raise _unusable(path)
        lib.llama_model_free(pointer)


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
        return self.error is None and not self.stopped

    @property
    def stopped(self) -> bool:
        return self._cancel is not None and self._cancel.requested


def _unusable(path: Path) -> ModelUnusable:
    line = complaint() or "llama.cpp gives no reason"
    unknown = re.search(r"unknown model architecture: ('.*')", line)
    if unknown:
        line = f"this build of llama.cpp does not know the architecture {unknown[1]}"
    return ModelUnusable(f"The model {path.name!r} cannot be loaded: {line}.")
