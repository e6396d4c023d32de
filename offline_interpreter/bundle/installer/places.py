"""The folders of a person on Linux, where the program looks for them: ``config`` and ``store`` name the same ones.

They are told here a second time because the installer runs before there is a program.
"""

from __future__ import annotations

import os
from pathlib import Path

_NAME = "offline-interpreter"


def default_target() -> Path:
    """Return the folder that the program is installed to."""
    return _data() / "program"


def models_folder() -> Path:
    """Return the folder of the models that are held."""
    named = os.environ.get("OFFLINE_INTERPRETER_MODELS")
    return Path(named) if named else _data() / "models"


def user_file() -> Path:
    """Return the person's configuration file."""
    return _base("XDG_CONFIG_HOME", ".config") / _NAME / "config.toml"


def commands_folder() -> Path:
    """Return the folder for a person's own commands, which many systems have on the path."""
    return Path.home() / ".local" / "bin"


def _data() -> Path:
    return _base("XDG_DATA_HOME", ".local/share") / _NAME


def _base(variable: str, below_home: str) -> Path:
    named = os.environ.get(variable, "").strip()
    return Path(named) if named else Path.home() / below_home
