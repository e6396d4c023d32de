"""What makes a row of a report, and what it is called.

A row is one model, as one machine ran it with one set of settings, in one suite. Nothing is computed here.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from offline_interpreter.bench.records import Environment, Record

SUITE_SETTING = "suite "  # before a suite's name: the digest of its tasks
SPEED_SETTINGS = ("gpu_layers", "threads")  # settings that change no answer


class RowKey(NamedTuple):
    """What makes a row; ``model`` is an id or a file's name, ``settings`` are those of the run."""

    model: str
    sha256: str
    quantization: str
    host: str
    settings: tuple[tuple[str, str], ...]
    suite: str


def row_key(record: Record, environments: Mapping[str, Environment]) -> RowKey:
    """Return which row a record belongs to; ``environments`` by id."""
    environment = environments.get(record.environment)
    host = environment.host if environment else ""
    given = environment.settings if environment else {}
    others = {name for name in given if name.startswith(SUITE_SETTING) and name != SUITE_SETTING + record.suite}
    settings = tuple(sorted((name, value) for name, value in given.items() if name not in {*SPEED_SETTINGS, *others}))
    return RowKey(record.model, record.sha256, record.quantization, host, settings, record.suite)


def labels_of(keys: Sequence[RowKey]) -> dict[RowKey, str]:
    """Return a name for each row: that of the model, and what tells it from others of its group."""
    labels = {}
    for key in keys:
        same = (key.model, key.suite, key.host)
        rivals = [other for other in keys if (other.model, other.suite, other.host) == same]
        parts = [key.model]
        if len({rival.quantization for rival in rivals}) > 1:
            parts.append(key.quantization)
        if len({rival.sha256 for rival in rivals if rival.quantization == key.quantization}) > 1:
            parts.append(key.sha256[:8])
        differing = {name for rival in rivals for name, _ in set(rival.settings) ^ set(key.settings)}
        parts += [f"{name} {value}" for name, value in key.settings if name in differing]
        labels[key] = " · ".join(part for part in parts if part)
    return labels


_NAMES_NOTHING = re.compile(r"[-_.](instruct|it|chat|gguf)(?=$|[-_. ])", re.IGNORECASE)


def short_labels(labels: Mapping[RowKey, str]) -> dict[RowKey, str]:
    """Return the labels without what most file names end with, where they stay different from each other."""
    shorts = {}
    for key, label in labels.items():
        ending = re.compile(rf"[-_.]{re.escape(key.quantization)}(?=$| )", re.IGNORECASE)
        shorts[key] = _NAMES_NOTHING.sub("", ending.sub("", label) if key.quantization else label)
    counts = Counter((short, key.suite, key.host) for key, short in shorts.items())
    return {key: short if counts[short, key.suite, key.host] == 1 else labels[key] for key, short in shorts.items()}
