"""What ``models list`` and ``models show`` say: the catalogue and the store in one table, and one model in detail."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

from offline_interpreter.config import STARTER
from offline_interpreter.errors import ModelMissing, OfflineInterpreterError
from offline_interpreter.models.catalogue import ModelEntry, known_models
from offline_interpreter.models.fit import UNKNOWN, Memory, rough_verdict, verdict
from offline_interpreter.models.gguf import join, shards
from offline_interpreter.models.store import HeldModel, Store
from offline_interpreter.plain_text import size_text

_NOT_HERE = "-"
_COLUMNS = 79


def table() -> Iterator[str]:
    """Yield the lines of ``models list``, for 80 columns."""
    store, memory = Store(), _free_memory()
    held = {model.id: model for model in store.models()}
    catalogue = known_models()
    yield _row("MODEL", "SIZE", "LICENSE", "STATE", "FIT")
    yield _row(STARTER, size_text(_starter().stat().st_size), "mit", "built in", "fits")
    for entry in catalogue:
        here = held.pop(entry.id, None)
        state = store.state(here) if here else _NOT_HERE
        yield _row(entry.id, size_text(entry.size_bytes), entry.license, state, _fit(here, entry, memory))
    for model in held.values():
        yield _row(model.id, size_text(model.size_bytes), model.license, store.state(model), _fit(model, None, memory))
    yield ""
    gpu = f" and {size_text(sum(memory.gpu_bytes))} on GPUs" if memory.gpu_bytes else ""
    yield f"Free now: {size_text(memory.main_bytes)} of memory{gpu}."
    yield f"Used when none is named: {store.default() or STARTER}."
    for entry in catalogue:
        if entry.notes:
            yield from textwrap.wrap(f"{entry.id}: {entry.notes}", _COLUMNS, subsequent_indent="  ")
    yield ""
    yield "offline-interpreter models pull ID     downloads one (this needs a network)"
    yield "offline-interpreter models import FILE takes one that was carried here"


def details(model_id: str) -> Iterator[str]:
    """Yield the lines of ``models show``. Raises ``ModelMissing`` for what is neither here nor in the catalogue."""
    if model_id == STARTER:
        yield from (STARTER, "  state    built in", "  license  mit", f"  file     {_starter()}")
        return
    store = Store()
    model = store.find(model_id)
    entry = next((entry for entry in known_models() if entry.id == model_id), None)
    if model is None and entry is None:
        remedy = "`offline-interpreter models list` shows what there is."
        raise ModelMissing(f"No model {model_id!r} in the store or the catalogue.", remedy)
    yield model_id
    yield f"  state    {store.state(model) if model else 'not here'}"
    yield f"  fit      {_fit(model, entry, _free_memory())}"
    if model:
        yield f"  source   {model.source or 'copied here by hand'}{_at(model.revision)}"
    elif entry:
        yield f"  source   {entry.source.name}{_at(entry.source.revision)}"
    yield f"  license  {model.license if model else entry.license if entry else ''}"
    if entry:
        yield f"  context  {entry.context:,} tokens"
    for file in model.files if model else entry.files if entry else ():
        yield f"  file     {file.name}  {size_text(file.size_bytes)}"
        yield f"  sha256   {file.sha256 or 'nobody told it'}"
    if model:
        yield f"  folder   {model.folder}"
    if entry and entry.notes:
        yield f"  note     {entry.notes}"


def _row(name: str, size: str, license_name: str, state: str, fit: str) -> str:
    return f"{name:<20} {size:>7}  {license_name:<13} {state:<10}  {fit}"


def _at(revision: str) -> str:
    return f" at {revision}" if revision else ""


def _fit(model: HeldModel | None, entry: ModelEntry | None, memory: Memory) -> str:
    """Say whether a model fits: by its header if it is here, else by what the catalogue says."""
    if model and Store().state(model) != "incomplete":
        try:
            return verdict(join(shards(model.path)), memory)
        except OfflineInterpreterError:
            return UNKNOWN
    if entry is None:
        return UNKNOWN
    return rough_verdict(entry.size_bytes, entry.kv_bytes_per_token_f16, memory)


def _free_memory() -> Memory:
    from offline_interpreter.engines.llama.gpus import free_gpu_bytes
    from offline_interpreter.machine import free_memory_bytes

    try:
        return Memory(free_memory_bytes(), free_gpu_bytes())
    except OfflineInterpreterError:  # no llama.cpp, so no GPU that it could use
        return Memory(free_memory_bytes())


def _starter() -> Path:
    return Path(str(resources.files("offline_interpreter").joinpath("data/starter.gguf")))
