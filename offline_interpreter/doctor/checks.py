"""All checks, in the order in which they are read: from what the program stands on to what it does."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from offline_interpreter.config import Options, current_folder, load_options
from offline_interpreter.doctor import engine, surroundings
from offline_interpreter.doctor.airgap import NAME as NETWORK
from offline_interpreter.doctor.airgap import check_silence
from offline_interpreter.doctor.confinement import check_confinement
from offline_interpreter.doctor.findings import Finding, examine
from offline_interpreter.doctor.models import check_models
from offline_interpreter.errors import UsageError
from offline_interpreter.machine import free_memory_bytes
from offline_interpreter.models.fit import Memory


def findings(*, airgap: bool, on_wait: Callable[[str], None]) -> Iterator[Finding]:
    """Make all checks, and yield what each finds as soon as it has; ``airgap`` adds the proof of silence.

    ``on_wait`` is told what is being done before what takes longer. Settings that cannot be read are a finding; the
    checks then go on with the defaults.
    """
    options, complaints = _options()
    yield from complaints
    yield from examine("Python", surroundings.check_python)
    yield from examine("packages", partial(surroundings.check_packages, options))
    on_wait("Trying llama.cpp")
    asked = engine.ask()
    yield from examine(engine.ENGINE, partial(engine.check_engine, asked))
    yield from examine("memory", surroundings.check_memory)
    yield from examine("models", partial(check_models, options, Memory(free_memory_bytes(), asked.free_gpu_bytes)))
    on_wait("Trying to break out of the sandbox")
    yield from examine("sandbox", partial(check_confinement, options))
    yield from examine("terminal", surroundings.check_terminal)
    yield from examine("disk", partial(surroundings.check_disk, options))
    yield from examine("folders", partial(surroundings.check_folders, options))
    if airgap:
        on_wait("Watching the network calls of a whole turn")
        yield from examine(NETWORK, check_silence)


def _options() -> tuple[Options, tuple[Finding, ...]]:
    """Return the options that hold here, or the defaults and what is wrong with them."""
    try:
        current_folder()
    except UsageError as error:
        complaint = Finding("folders", "problem", error.cause, error.remedy)
        return Options(workspace=Path(tempfile.gettempdir())), (complaint,)
    try:
        return load_options({}), ()
    except UsageError as error:
        return Options(), (Finding("settings", "problem", error.cause, error.remedy),)
