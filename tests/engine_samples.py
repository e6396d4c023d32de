"""Samples from the engine's source: chat templates of publishers, and vocabularies of theirs without weights.

They are not ours to copy: `./scripts/test` fetches them once, into the cache folder. Without them tests are skipped.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import pytest

from offline_interpreter.engines.llama.binding import library
from offline_interpreter.engines.llama.vocabulary import Vocabulary


def _find_folder() -> Path | None:
    caches = [Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "offline-interpreter"]
    caches.append(Path(__file__).parent.parent / ".venv-setup")
    folders = [cache / "samples" / version("llama-cpp-python") / "models" for cache in caches]
    return next((folder for folder in folders if folder.is_dir()), None)


_FOLDER = _find_folder()
_PREFIX = "ggml-vocab-"

TEMPLATES = {path.stem: path for path in sorted(_FOLDER.glob("templates/*.jinja"))} if _FOLDER else {}
VOCABULARIES = {path.stem[len(_PREFIX) :]: path for path in sorted(_FOLDER.glob(f"{_PREFIX}*.gguf"))} if _FOLDER else {}

needs_samples = pytest.mark.skipif(
    _FOLDER is None, reason="samples of templates and vocabularies are not here: ./scripts/test fetches them"
)


@contextmanager
def loaded_vocabulary(name: str, template: str = "") -> Iterator[Vocabulary]:
    """Load a vocabulary; the loader of the package would refuse a file that holds nothing else."""
    lib = library()
    parameters = lib.llama_model_default_params()
    parameters.vocab_only = True
    model = lib.llama_model_load_from_file(str(VOCABULARIES[name]).encode(), parameters)
    assert model
    yield Vocabulary(lib.llama_model_get_vocab(model), template)
    lib.llama_model_free(model)
