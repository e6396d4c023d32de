"""The options of a session, and where they come from: defaults < user file < project file < environment < flags.

For the model the default is what the models folder names as its default, else the built-in starter.

The user file is ``config.toml`` in the platform's configuration folder, the project file ``offline-interpreter.toml``
in the workspace, environment variables are the names in capitals behind ``OFFLINE_INTERPRETER_``. A project file comes
with a folder that somebody else may have made, so it may not set what decides over safety.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal, get_args

from offline_interpreter.errors import UsageError
from offline_interpreter.obeyed import PROJECT_FILE
from offline_interpreter.records import Approval, SandboxMode, StepProtocol

ENVIRONMENT_PREFIX = "OFFLINE_INTERPRETER_"
STARTER = "starter"
DEFAULT_MODEL_FILE = ".default"  # in the models folder: the id of the model to load when nothing else is named

_NOT_BY_PROJECT = frozenset(
    {
        "approval",
        "model",
        "python",
        "workspace",
        "sandbox",
        "allow_network",
        "allow_read",
        "allow_write",
        "workspace_anyway",
        "wheelhouse",
        "memory",
        "processes",
        "disk",
        "output_limit",
    }
)


_LEAST: dict[str, float] = {"max_steps": 1, "context": 256, "threads": 1, "max_tokens": 16, "timeout_s": 0}
_LEAST |= {"processes": 16}
_LEAST |= {"temperature": 0, "min_p": 0, "top_p": 0.01, "repetition_penalty": 1}
_MOST = {"min_p": 1, "top_p": 1}
_GPU_LAYERS = {"auto": None, "all": -1, "none": 0}

MAX_FILE_BYTES = 1 << 20  # of a configuration file; the rest is not read
LEAST_MEMORY_BYTES = 256 << 20  # with less a shell and its libraries hardly load

_SIZE = re.compile(r"(\d+(?:\.\d+)?) ?(?:([KMGT])i?)?B?", re.IGNORECASE)
_SIZE_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


def current_folder() -> Path:
    """Return the folder that the process is in. Raises ``UsageError`` where it was removed meanwhile."""
    try:
        return Path.cwd()
    except FileNotFoundError:
        raise UsageError("The current folder does not exist any more.", "Change to another one, with cd.") from None


@dataclass(frozen=True, slots=True)
class Options:
    """What a session is opened with.

    ``model``: ``starter``, the id of a model in the store, or the path of a GGUF. ``timeout_s``: how long a cell may
    run, 0 for ever, None for the default (none at a terminal, 600 s otherwise). ``memory``: what a cell may use, as a
    number of bytes or like ``4G``, 0 for most of what is free. ``processes``: how many it may have. ``disk``: what
    files may grow by while it runs, in bytes or like ``4G``, 0 for what the disk can spare. ``output_limit``: how much
    of its output is kept on disk, in bytes or like ``1G``, 0 for none. ``context``: tokens of the model's window, None
    for what fits. ``threads``: None for the physical cores. ``gpu_layers``: how many of the model's layers lie on GPUs:
    ``all``, ``none``, or ``auto`` for what fits. ``protocol``: whether the model writes code as a ``json`` string or as
    a ``fenced`` block, ``auto`` for what the catalogue says. ``temperature`` to ``seed``: see ``records.Sampling``.
    ``sandbox``: how well cells must be confined. ``allow_read``, ``allow_write``: folders that cells may reach too.
    ``workspace_anyway``: take also a workspace that is refused for what it holds. ``wheelhouse``: the folder of wheels
    that ``%pip install`` takes packages from.
    """

    model: str = STARTER
    workspace: Path = field(default_factory=current_folder)
    approval: Approval = "ask"
    max_steps: int = 12
    timeout_s: float | None = None
    memory: int | str = 0
    processes: int = 512
    disk: int | str = 0
    output_limit: int | str = "1G"
    context: int | None = None
    threads: int | None = None
    gpu_layers: int | str = "auto"
    protocol: StepProtocol | Literal["auto"] = "auto"
    temperature: float = 0.0
    min_p: float = 0.05
    top_p: float = 1.0
    repetition_penalty: float = 1.0
    seed: int = 0
    max_tokens: int = 4096
    custom_instructions: str = ""
    python: str = sys.executable
    sandbox: SandboxMode = "auto"
    allow_network: bool = False
    allow_read: tuple[Path, ...] = ()
    allow_write: tuple[Path, ...] = ()
    workspace_anyway: bool = False
    wheelhouse: Path | None = None

    def __post_init__(self) -> None:
        for name, least in _LEAST.items():
            value = getattr(self, name)
            if value is not None and value < least:
                raise UsageError(f"The option {name!r} is {value}.", f"It must be at least {least}.")
        for name, most in _MOST.items():
            if getattr(self, name) > most:
                raise UsageError(f"The option {name!r} is {getattr(self, name)}.", f"It must be at most {most}.")
        gpu_layer_count(self.gpu_layers)
        byte_count("output_limit", self.output_limit)
        byte_count("disk", self.disk)
        if 0 < byte_count("memory", self.memory) < LEAST_MEMORY_BYTES:
            remedy = f"It must be at least {LEAST_MEMORY_BYTES >> 20}M, or 0 for most of what is free."
            raise UsageError(f"The option 'memory' is {self.memory!r}.", remedy)
        if self.approval not in get_args(Approval):
            raise UsageError(f"The option 'approval' is {self.approval!r}.", "It must be ask, auto or never.")
        if self.sandbox not in get_args(SandboxMode):
            modes = ", ".join(get_args(SandboxMode))
            raise UsageError(f"The option 'sandbox' is {self.sandbox!r}.", f"It must be one of {modes}.")
        if self.protocol not in ("auto", *get_args(StepProtocol)):
            raise UsageError(f"The option 'protocol' is {self.protocol!r}.", "It must be auto, json or fenced.")
        for folder in (*self.allow_read, *self.allow_write):
            if not folder.is_dir():
                raise UsageError(f"The allowed folder {str(folder)!r} is not a folder.", "Name one that exists.")
        if self.wheelhouse is not None and not self.wheelhouse.is_dir():
            remedy = "Name one that exists and holds wheels."
            raise UsageError(f"The wheelhouse {str(self.wheelhouse)!r} is not a folder.", remedy)
        if not self.workspace.is_dir():
            raise UsageError(f"The workspace {str(self.workspace)!r} is not a folder.", "Name one that exists.")


def gpu_layer_count(choice: int | str) -> int | None:
    """Return what ``gpu_layers`` means to an engine: a number, None for auto, -1 for all. Raises ``UsageError``."""
    text = str(choice)
    if text in _GPU_LAYERS:
        return _GPU_LAYERS[text]
    if text.isdecimal():
        return int(text)
    raise UsageError(f"The option 'gpu_layers' is {choice!r}.", "It must be auto, all, none or a number of layers.")


def byte_count(name: str, choice: int | str) -> int:
    """Return the bytes that the option ``name`` means by ``choice``: a number, or one with K, M, G or T (of 1024).

    Raises ``UsageError``.
    """
    found = _SIZE.fullmatch(str(choice).strip())
    if found is None:
        raise UsageError(f"The option {name!r} is {choice!r}.", "It must be a size: 512M, 4G, or a number of bytes.")
    return int(float(found[1]) * _SIZE_UNITS[(found[2] or "").upper()])


_TYPES: dict[str, type] = {
    "model": str,
    "workspace": Path,
    "approval": str,
    "max_steps": int,
    "timeout_s": float,
    "memory": str,
    "processes": int,
    "disk": str,
    "output_limit": str,
    "context": int,
    "threads": int,
    "gpu_layers": str,
    "protocol": str,
    "temperature": float,
    "min_p": float,
    "top_p": float,
    "repetition_penalty": float,
    "seed": int,
    "max_tokens": int,
    "custom_instructions": str,
    "python": str,
    "sandbox": str,
    "wheelhouse": Path,
}


def load_options(flags: Mapping[str, Any], *, environment: Mapping[str, str] | None = None) -> Options:
    """Return the options that hold; ``flags`` that are None were not given. Raises ``UsageError`` naming the source."""
    environment = os.environ if environment is None else environment
    given = {name: value for name, value in flags.items() if value is not None}
    settings = _from_file(user_file())
    from_environment = _from_environment(environment)
    workspace = Path((settings | from_environment | given).get("workspace") or current_folder())
    settings |= _from_file(workspace / PROJECT_FILE, refused=_NOT_BY_PROJECT)
    settings |= {"model": settings.get("model") or default_model(models_folder()) or STARTER}
    settings |= from_environment | given | {"workspace": workspace.expanduser().absolute()}
    if settings.get("wheelhouse") is not None:
        settings["wheelhouse"] = settings["wheelhouse"].expanduser().absolute()
    return replace(Options(workspace=settings["workspace"]), **settings)


def user_file() -> Path:
    """Return the path of the user's configuration file."""
    import platformdirs

    return platformdirs.user_config_path("offline-interpreter", appauthor=False) / "config.toml"


def state_folder() -> Path:
    """Return the folder for sessions, histories and logs; ``OFFLINE_INTERPRETER_STATE`` overrides the platform's."""
    import platformdirs

    named = os.environ.get(ENVIRONMENT_PREFIX + "STATE")
    return Path(named) if named else platformdirs.user_state_path("offline-interpreter", appauthor=False)


def prefixes_folder() -> Path:
    """Return the folder for evaluated prompts; ``OFFLINE_INTERPRETER_CACHE`` overrides the platform's cache folder."""
    import platformdirs

    named = os.environ.get(ENVIRONMENT_PREFIX + "CACHE")
    cache = Path(named) if named else platformdirs.user_cache_path("offline-interpreter", appauthor=False)
    return cache / "prefixes"


def receipts_file() -> Path:
    """Return the file that says which models were hashed; ``OFFLINE_INTERPRETER_CACHE`` as for evaluated prompts."""
    return prefixes_folder().with_name("receipts.json")


def models_folder() -> Path:
    """Return the folder of the models that are held; ``OFFLINE_INTERPRETER_MODELS`` overrides the platform's."""
    import platformdirs

    named = os.environ.get(ENVIRONMENT_PREFIX + "MODELS")
    return Path(named) if named else platformdirs.user_data_path("offline-interpreter", appauthor=False) / "models"


def default_model(folder: Path) -> str | None:
    """Return the id of the model that a models folder names as its default, or None."""
    try:
        return (folder / DEFAULT_MODEL_FILE).read_text(encoding="utf-8").strip() or None
    except (OSError, UnicodeDecodeError):
        return None


def _read(path: Path, *, of_project: bool) -> str:
    """Return the text of a configuration file; ``of_project``: cells may have made it, as a link or a pipe."""
    with open(path, "rb", opener=_open_safely if of_project else None) as file:
        if of_project and not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "it is not a regular file")
        return file.read(MAX_FILE_BYTES).decode("utf-8")


def _open_safely(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))


def _from_file(path: Path, refused: frozenset[str] = frozenset()) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib

    try:
        values = tomllib.loads(_read(path, of_project=bool(refused)))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"The configuration file {str(path)!r} cannot be read: {error}.") from error
    for name in values:
        if name in refused:
            remedy = f"Set it in {str(user_file())!r} or by a flag."
            raise UsageError(f"{str(path)!r} sets {name!r}, which a project may not.", remedy)
    return {name: _convert(name, value, str(path)) for name, value in values.items()}


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    found = {}
    for option in fields(Options):
        variable = ENVIRONMENT_PREFIX + option.name.upper()
        if environment.get(variable):
            found[option.name] = _convert(option.name, environment[variable], variable)
    return found


def _convert(name: str, value: Any, source: str) -> Any:
    wanted = _TYPES.get(name)
    if wanted is None:
        raise UsageError(f"{source!r} sets {name!r}, which is no option.", f"Options are {', '.join(_TYPES)}.")
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise UsageError(f"{source!r} sets {name!r} to {value!r}.", f"It must be of type {wanted.__name__}.")
    try:
        return wanted(value)
    except (TypeError, ValueError) as error:
        raise UsageError(f"{source!r} sets {name!r} to {value!r}.", f"It must be of type {wanted.__name__}.") from error
