"""The models that are compared: which file a name means, and what tells it from any other.

``references`` and ``wrong`` name no file: they play the solutions that a suite brings for its tasks, to see what this
machine can run and that its checks tell right from wrong.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from offline_interpreter.api import find_model
from offline_interpreter.errors import ModelUnusable, OfflineInterpreterError
from offline_interpreter.models.gguf import Header, join, shards

REFERENCES, WRONG = "references", "wrong"

_CHUNK_BYTES = 1 << 22

Tell = Callable[[str, int, int], None]  # what is read, its bytes that are done, all of them


@dataclass(frozen=True, slots=True)
class Subject:
    """A model under test. ``path`` None: solutions are played.

    ``sha256`` is that of the file, or of all files of a split model one after the other. ``quantization`` as llama.cpp
    calls it (Q4_K_M), "" if the file does not tell.
    """

    name: str
    path: Path | None
    sha256: str
    quantization: str = ""
    file_bytes: int = 0


def find_subjects(names: Sequence[str], tell: Tell) -> list[Subject]:
    """Return the models that ``names`` mean, each once.

    Raises ``ModelMissing`` for a name that means none, and ``ModelUnusable`` for a file that cannot be read.
    """
    paths = {name: None if name in (REFERENCES, WRONG) else find_model(name) for name in names}
    found: dict[str, Subject] = {}
    for name, path in paths.items():
        subject = _read(name, path, tell) if path else Subject(name, None, name)
        found.setdefault(subject.sha256, subject)
    return list(found.values())


def _read(name: str, path: Path, tell: Tell) -> Subject:
    files, header = [path], None
    try:
        parts = shards(path)
        files, header = [part.path for part in parts], join(parts)
    except OfflineInterpreterError:  # what is wrong is said when it is loaded
        pass
    shown = path.stem if Path(name).name == path.name else name
    total = sum(file.stat().st_size for file in files)
    return Subject(shown, path, _digest(files, total, shown, tell), quantization(header) if header else "", total)


def _digest(files: Sequence[Path], total: int, name: str, tell: Tell) -> str:
    digest, done = hashlib.sha256(), 0
    try:
        for file in files:
            with file.open("rb") as stream:
                while chunk := stream.read(_CHUNK_BYTES):
                    digest.update(chunk)
                    done += len(chunk)
                    tell(name, done, total)
    except OSError as error:
        raise ModelUnusable(f"The model file {str(file)!r} cannot be read: {error.strerror}.") from error
    return digest.hexdigest()


def quantization(header: Header) -> str:
    """Return how a model's weights are stored, by llama.cpp's name: what the file says, else what most bytes are."""
    said = _file_types().get(header.scalars.get("general.file_type", -1))
    if said:
        return said
    sizes: Counter[str] = Counter()
    for tensor in header.tensors:
        sizes[tensor.type.name.upper()] += tensor.size_bytes
    return sizes.most_common(1)[0][0] if sizes else ""


def _file_types() -> dict[object, str]:
    import llama_cpp

    marks = ("LLAMA_FTYPE_MOSTLY_", "LLAMA_FTYPE_ALL_")
    return {
        number: name.removeprefix(mark)
        for name, number in vars(llama_cpp).items()
        for mark in marks
        if name.startswith(mark)
    }
