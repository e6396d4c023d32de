"""Which models are here, in which state, and whether each fits into the memory that is free now.

A model is judged by its header and its files' sizes; that its bytes are right is checked by ``models verify``, and when
it is loaded for the first time.
"""

from __future__ import annotations

from collections.abc import Iterator

from offline_interpreter.api import find_model
from offline_interpreter.config import STARTER, Options
from offline_interpreter.doctor.findings import Finding
from offline_interpreter.errors import OfflineInterpreterError
from offline_interpreter.models.fit import FITS, FITS_NOT, Memory, verdict
from offline_interpreter.models.gguf import join, shards
from offline_interpreter.models.store import HeldModel, Store
from offline_interpreter.plain_text import size_text

NAME = "models"

_STATES = {"ready": "checked", "unchecked": "not checked yet", "incomplete": "not complete"}


def check_models(options: Options, memory: Memory) -> Iterator[Finding]:
    """Yield the model that is used when none is named, the starter, and every model of the store."""
    yield _used(options)
    yield _starter()
    store = Store()
    for model in store.models():
        yield _held(store, model, memory)


def _used(options: Options) -> Finding:
    data = {"default": options.model}
    try:
        find_model(options.model)
    except OfflineInterpreterError as error:
        return Finding(NAME, "problem", f"When none is named: {error.cause}", error.remedy, data=data)
    return Finding(NAME, "ok", f"{options.model} is used when none is named.", data=data)


def _starter() -> Finding:
    path = find_model(STARTER)
    join(shards(path))  # raises for a file that is damaged
    size = path.stat().st_size
    text = f"{STARTER}: built in, {size_text(size)}, fits."
    return Finding(NAME, "ok", text, data={"id": STARTER, "state": "built in", "size_bytes": size, "fit": FITS})


def _held(store: Store, model: HeldModel, memory: Memory) -> Finding:
    state = store.state(model)
    data = {"id": model.id, "state": state, "size_bytes": model.size_bytes, "fit": "unknown"}
    shown = f"{model.id}: {_STATES[state]}, {size_text(model.size_bytes)}"
    if state == "incomplete":
        remedy = "Complete it on a machine with a network, import its file again, or remove it:"
        commands = (f"offline-interpreter models pull {model.id}", f"offline-interpreter models rm {model.id}")
        return Finding(NAME, "note", f"{shown}.", remedy, commands, data)
    try:
        fit = verdict(join(shards(model.path)), memory)
    except OfflineInterpreterError as error:
        return Finding(NAME, "problem", f"{shown}. {error.cause}", error.remedy, data=data)
    data |= {"fit": fit}
    if fit == FITS_NOT:
        text, remedy = f"{shown}, does not fit into what is free now.", "End other programs, or take a smaller model."
        return Finding(NAME, "note", text, remedy, data=data)
    if state == "unchecked":
        command = f"offline-interpreter models verify {model.id}"
        return Finding(NAME, "ok", f"{shown}, {fit}.", "It is checked when it is first used, or now:", (command,), data)
    return Finding(NAME, "ok", f"{shown}, {fit}.", data=data)
