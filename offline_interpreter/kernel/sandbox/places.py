"""On the host: the folders that matter to the confinement: those of a Python, those to protect, those to refuse.

Nothing is run or imported to find them; links are followed, so that a folder is known by its real name.
"""

from __future__ import annotations

import os
import pwd
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from offline_interpreter.errors import WorkspaceRefused
from offline_interpreter.obeyed import ENVIRONMENT_MARKS, OBEYED

KERNEL_FOLDER = Path(__file__).resolve().parents[1]
PACKAGE_FOLDER = KERNEL_FOLDER.parent

MAX_DEPTH = 4  # how deep a workspace is searched for what must be protected
MAX_FOLDERS = 2000

_PARTS_OF_A_PREFIX = ("bin", "lib", "lib64", "share")
_UNSEARCHED = frozenset({"node_modules", "__pycache__"})


def homes() -> list[Path]:
    """Return the home of the person by their account and by ``HOME``, as far as they exist; never ``/``."""
    named = [os.environ.get("HOME", "")]
    with suppress(KeyError):
        named.append(pwd.getpwuid(os.getuid()).pw_dir)
    found = [Path(name).resolve() for name in named if name.startswith("/")]
    return list(dict.fromkeys(path for path in found if path.is_dir() and path != Path("/")))


def python_folders(python: str) -> list[Path]:
    """Return the folders that the Python at the absolute path ``python`` is made of, by every name it may use.

    They are looked up once: what is added to a Python while this program runs is not among them.
    """
    return list(_folders_of(python, tuple(homes())))


@lru_cache
def _folders_of(python: str, homes: tuple[Path, ...]) -> tuple[Path, ...]:
    prefix = Path(python).parent.parent
    prefixes = [prefix, Path(os.path.realpath(python)).parent.parent]
    if (home := _environment_home(prefix)) is not None:
        prefixes += [home.parent, home.resolve().parent]
    folders = [folder for path in dict.fromkeys(prefixes) for folder in _without_home(path, homes)]
    return tuple(dict.fromkeys([*folders, *_added_folders(folders, homes)]))


def _environment_home(prefix: Path) -> Path | None:
    with suppress(OSError, UnicodeDecodeError):
        for line in (prefix / "pyvenv.cfg").read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition("=")
            if name.strip() == "home" and value.strip().startswith("/"):
                return Path(value.strip())
    return None


def _without_home(prefix: Path, homes: Iterable[Path]) -> list[Path]:
    """Return the prefix, or only its parts where it holds a whole home."""
    if _holds_home(prefix, homes):
        return [prefix / part for part in _PARTS_OF_A_PREFIX if (prefix / part).is_dir()]
    return [prefix]


def _added_folders(prefixes: Iterable[Path], homes: Iterable[Path]) -> Iterator[Path]:
    """Yield the folders that ``.pth`` files add, as editable installations do."""
    for prefix in prefixes:
        for file in prefix.glob("lib*/python3*/site-packages/*.pth"):
            with suppress(OSError, UnicodeDecodeError):
                for line in file.read_text(encoding="utf-8").splitlines():
                    folder = Path(line.strip())
                    if line.startswith("/") and folder.is_dir() and not _holds_home(folder, homes):
                        yield folder


def _holds_home(folder: Path, homes: Iterable[Path]) -> bool:
    real = folder.resolve()
    return any(home.is_relative_to(real) for home in homes)


def protected_places(workspace: Path, python: str) -> list[Path]:
    """Return what below ``workspace`` the host may run or believe later: cells may only read it.

    Searched are ``MAX_DEPTH`` levels and ``MAX_FOLDERS`` folders.
    """
    running = [PACKAGE_FOLDER, *python_folders(python), *python_folders(sys.executable)]
    inside = {path.resolve() for path in running}
    found = {path for path in inside if path.is_relative_to(workspace) and path != workspace}
    found |= {path for path in _marked(workspace) if path.is_relative_to(workspace) and path != workspace}
    return sorted(path for path in found if path.exists())


def _marked(workspace: Path) -> Iterator[Path]:
    waiting, left = deque([(workspace, 0)]), MAX_FOLDERS
    while waiting and left:
        folder, depth = waiting.popleft()
        left -= 1
        with suppress(OSError), os.scandir(folder) as entries:
            for entry in entries:
                if entry.name in OBEYED:
                    yield Path(entry.path).resolve()
                elif entry.name in ENVIRONMENT_MARKS and folder != workspace:
                    yield folder.resolve()
                elif depth < MAX_DEPTH and entry.name not in _UNSEARCHED and entry.is_dir(follow_symlinks=False):
                    waiting.append((Path(entry.path), depth + 1))


def refuse_workspace(workspace: Path, *, kept: Iterable[Path], anyway: bool = False) -> None:
    """Raise ``WorkspaceRefused`` for a folder that holds what cells must not reach.

    ``kept`` are the folders of the product: models, sessions. ``anyway`` lets all pass but ``/``.
    """
    folder = workspace.resolve()
    reason = _reason_to_refuse(folder, [path.resolve() for path in kept])
    if folder == Path("/") or (reason and not anyway):
        remedy = "Work in a folder of its own."
        if folder != Path("/"):
            remedy = "Work in a folder of its own, or say --workspace-anyway."
        raise WorkspaceRefused(f"The workspace {str(workspace)!r} {reason}.", remedy)


def _reason_to_refuse(folder: Path, kept: list[Path]) -> str:
    if folder == Path("/"):
        return "is the whole machine"
    if any(home.is_relative_to(folder) for home in homes()):
        return "is or holds your home"
    if (folder / ".ssh").exists():
        return "holds '.ssh'"
    running = [PACKAGE_FOLDER, Path(sys.prefix).resolve(), Path(sys.base_prefix).resolve()]
    if any(folder.is_relative_to(path) for path in running if path not in (Path("/"), Path("/usr"))):
        return "is part of the running Python or of this program"
    for path in kept:
        if path.is_relative_to(folder) or folder.is_relative_to(path):
            return f"and {str(path)!r}, which belongs to this program, lie in one another"
    return ""
