"""The llama.cpp library: loaded once in a process, with its log kept instead of printed.

The log is global to the library: what is kept may stem from any model of this process.
"""

from __future__ import annotations

import ctypes
import os
import re
from collections import deque
from functools import cache
from typing import Any

from offline_interpreter.engines.llama.selftest import check_binding
from offline_interpreter.errors import EngineError

_ERROR = 4  # ggml_log_level
_KEPT_LINES = 100

# GNU's OpenMP lets waiting threads spin for milliseconds, unless it is told otherwise before it is loaded. Beside
# another busy process that made reading a prompt with two threads four times slower than letting them sleep.
_SPIN_VARIABLE, _SPIN_COUNT = "GOMP_SPINCOUNT", "1000"

_log: deque[str] = deque(maxlen=_KEPT_LINES)
_callbacks: list[Any] = []  # the library holds bare pointers to them


@cache
def library() -> Any:
    """Return the plain ctypes functions of llama.cpp, ready for use.

    They are typed as ``Any``, for the binding's annotations describe ctypes and not what a caller passes. Raises
    ``EngineError`` when the library cannot be loaded, or is not the one that the binding describes.
    """
    given = os.environ.get(_SPIN_VARIABLE)
    os.environ.setdefault(_SPIN_VARIABLE, _SPIN_COUNT)
    try:
        import llama_cpp.llama_cpp as functions  # 0.3 s
    except (ImportError, OSError, RuntimeError, AttributeError) as error:
        raise EngineError(f"llama.cpp cannot be loaded: {error}.", "Reinstall llama-cpp-python.") from error
    finally:
        if given is None:
            os.environ.pop(_SPIN_VARIABLE, None)  # it was meant for this library, not for children
    check_binding(functions)
    _callbacks.append(functions.llama_log_callback(_keep))
    functions.llama_log_set(_callbacks[-1], ctypes.c_void_p(0))
    functions.llama_backend_init()
    return functions


def _keep(level: int, text: bytes, _: ctypes.c_void_p) -> None:
    if level == _ERROR:
        _log.append(text.decode("utf-8", "replace").strip())


def forget_log() -> None:
    """Drop what was kept, so that what is kept next belongs to what is done next."""
    _log.clear()


def complaint() -> str:
    """Return what llama.cpp gave as the reason of a failure, or an empty text.

    It is its first line since ``forget_log``, without the names of functions: later ones say less and less.
    """
    return re.sub(r"^(\w+: |error loading model: )*", "", _log[0]).rstrip(".") if _log else ""
