from __future__ import annotations

import ctypes
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from offline_interpreter.engines.llama.binding import library
from offline_interpreter.engines.llama.selftest import (
    BATCH_OF_ONE,
    CONTEXT_DEFAULTS,
    MODEL_DEFAULTS,
    PINNED_BINDING,
    check_binding,
    check_fields,
)
from offline_interpreter.errors import EngineError

PYPROJECT = Path(__file__).parent.parent / "pyproject.toml"
FIELDS = [*CONTEXT_DEFAULTS, *MODEL_DEFAULTS]
# What lies behind the last value that is not zero cannot be told, nor what goes where nothing moves: into padding.
UNSEEN_NEW = {"kv_unified", "samplers", "n_samplers", "ctx_other", "no_host", "no_alloc", "load_mtp"}
UNSEEN_GONE = {*UNSEEN_NEW, "defrag_thold", "type_k", "type_v"}


def filled(name: str) -> tuple[ctypes.Structure, dict[str, int]]:
    """Return the library's own structure that has a field of that name, and what is known of it."""
    if name in CONTEXT_DEFAULTS:
        return library().llama_context_default_params(), CONTEXT_DEFAULTS
    return library().llama_model_default_params(), MODEL_DEFAULTS


def seen_as(structure: ctypes.Structure, fields: Sequence[Any]) -> ctypes.Structure:
    """Return what a binding with other fields takes the bytes of a structure for."""
    kind = type("Drifted", (ctypes.Structure,), {"_fields_": fields})
    return kind.from_buffer_copy(bytes(structure) + bytes(64))


def test_the_library_and_its_binding_fit_together() -> None:
    check_binding(library())


def test_every_field_is_known() -> None:
    lib = library()
    kinds = (lib.llama_context_params, lib.llama_model_params, lib.llama_batch)
    for kind, known in zip(kinds, (CONTEXT_DEFAULTS, MODEL_DEFAULTS, BATCH_OF_ONE), strict=True):
        assert [name for name, _type in kind._fields_] == list(known)


@pytest.mark.parametrize("name", [name for name in FIELDS if name not in UNSEEN_NEW | {"main_gpu"}])
def test_a_field_that_the_library_does_not_have_shows(name: str) -> None:
    structure, known = filled(name)
    place = [field for field, _type in structure._fields_].index(name)
    fields = [*structure._fields_[:place], ("new", structure._fields_[place][1]), *structure._fields_[place:]]
    with pytest.raises(EngineError, match="do not fit together"):
        check_fields(seen_as(structure, fields), known)


@pytest.mark.parametrize("name", [name for name in FIELDS if name not in UNSEEN_GONE])
def test_a_field_that_the_binding_does_not_have_shows(name: str) -> None:
    structure, known = filled(name)
    fields = [field for field in structure._fields_ if field[0] != name]
    others = {field: value for field, value in known.items() if field != name}
    with pytest.raises(EngineError, match="do not fit together"):
        check_fields(seen_as(structure, fields), others)


@pytest.mark.parametrize(("first", "second"), [("n_ctx", "n_batch"), ("n_ubatch", "n_seq_max"), ("type_v", "n_ctx")])
def test_fields_in_another_order_show(first: str, second: str) -> None:
    structure, known = filled(first)
    other = {first: second, second: first}
    types = dict(structure._fields_)
    fields = [(other.get(name, name), types[other.get(name, name)]) for name, _type in structure._fields_]
    with pytest.raises(EngineError, match="do not fit together"):
        check_fields(seen_as(structure, fields), known)


def test_a_field_of_another_name_shows() -> None:
    structure, known = filled("n_ctx")
    fields = [("n_context" if name == "n_ctx" else name, kind) for name, kind in structure._fields_]
    with pytest.raises(EngineError, match=r"\(Drifted\.n_ctx is missing, not 512\)") as caught:
        check_fields(seen_as(structure, fields), known)
    assert f"Reinstall {PINNED_BINDING}." in str(caught.value)


def test_an_array_of_a_batch_in_the_place_of_another_shows() -> None:
    lib = library()
    batch = lib.llama_batch_init(1, 8, 1)  # it holds embeddings instead of tokens
    try:
        with pytest.raises(EngineError, match=r"llama_batch\.token is 0, not 1"):
            check_fields(batch, BATCH_OF_ONE)
    finally:
        lib.llama_batch_free(batch)


def test_the_version_that_is_known_is_the_one_that_is_pinned() -> None:
    assert f'"{PINNED_BINDING}"' in PYPROJECT.read_text("utf-8")
