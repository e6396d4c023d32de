"""Offline Interpreter: a local model writes Python, a local IPython shell runs it, no network is used.

``from offline_interpreter import interpreter`` gives an ``Interpreter`` ready to use; it opens nothing until its first
request. Names are loaded when they are used, so that importing the package costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from offline_interpreter.api import open_session
    from offline_interpreter.config import Options
    from offline_interpreter.conversation import Interpreter
    from offline_interpreter.session import Session

    interpreter: Interpreter

__version__ = "0.1.0"
__all__ = ["Interpreter", "Options", "Session", "__version__", "interpreter", "open_session"]

_HOMES = {
    "Interpreter": "offline_interpreter.conversation",
    "Options": "offline_interpreter.config",
    "Session": "offline_interpreter.session",
    "open_session": "offline_interpreter.api",
}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name == "interpreter":
        value: Any = import_module("offline_interpreter.conversation").Interpreter()
    elif name in _HOMES:
        value = getattr(import_module(_HOMES[name]), name)
    else:
        raise AttributeError(f"module 'offline_interpreter' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
