"""In a child: what the llama.cpp library here is and whether it computes, written as one JSON object.

Run as ``python -m offline_interpreter.doctor.engine_probe``: a library that was built for another processor ends its
process at the first instruction that is not known, and that must not be the one that tells of it.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from offline_interpreter.errors import OfflineInterpreterError


def main() -> None:
    """Write what is found, or the error that stands in its way; first all that needs no computing."""
    try:
        print(json.dumps(_library()), flush=True)  # noqa: T201 - the answer to the host
        print(json.dumps(_reply()), flush=True)  # noqa: T201
    except OfflineInterpreterError as error:
        print(json.dumps({"error": error.cause, "remedy": error.remedy}))  # noqa: T201


def _library() -> dict[str, Any]:
    from offline_interpreter.engines.llama.binding import library
    from offline_interpreter.engines.llama.gpus import devices, gpu_is_usable

    functions = library()
    return {
        "version": sys.modules["llama_cpp"].__version__,
        "path": str(functions._lib._name),
        "system": functions.llama_print_system_info().decode("utf-8", "replace"),
        "gpu": gpu_is_usable(),
        "devices": [device._asdict() for device in devices()],
    }


def _reply() -> dict[str, Any]:
    """Let the starter write a few tokens."""
    from offline_interpreter.api import load_engine
    from offline_interpreter.cancel import Cancel
    from offline_interpreter.config import Options
    from offline_interpreter.records import Message, Progress, Sampling
    from offline_interpreter.steps import STEP_SCHEMA

    def ignore(_progress: Progress) -> None:
        """Nobody waits for it."""

    engine = load_engine(Options())
    try:
        writing = engine.stream([Message("user", "hi")], STEP_SCHEMA, Sampling(max_tokens=16), Cancel(), ignore)
        return {"computes": bool("".join(writing))}
    finally:
        engine.close()


if __name__ == "__main__":
    main()
