"""In the child: what IPython's magics and ``!commands`` do where there is no network, terminal, window or editor.

Of ``!commands`` only plain ones are looked at: one program with its arguments, without pipes, redirections, variables
or a second command. Those of pip go to ``pip_command``; those that could only hang or fail are refused in one line.
All others, and those of ``%%bash`` and of subprocesses, run as they are, in an environment that keeps them from
waiting for an editor or a pager.
"""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

from .pip_command import REMEDY, CannotInstall, Pip

_NO_EDITOR = "There is no editor here: write the file with `%%writefile NAME`."
_EDITORS = frozenset({"vi", "vim", "nvim", "view", "nano", "pico", "emacs", "ed", "joe", "mcedit"})
_CONDA = frozenset({"conda", "mamba", "micromamba"})
_FROM_NETWORK = frozenset({"install", "create", "update", "upgrade", "search", "env"})
_WINDOWS = """
    qt qt4 qt5 qt6 tk gtk gtk3 gtk4 wx osx macosx widget ipympl notebook nbagg webagg qtagg qt5agg tkagg gtk3agg gtk4agg
    wxagg
"""
_OF_WINDOWS = frozenset(_WINDOWS.split())
_QUOTED = re.compile(r"'[^']*'|\"[^\"$`\\]*\"")
_VERSION = re.compile(r"(?<=[\w\]])\s?[<>~!=]=?\s?[\d.]+(?:,[<>!=]=?[\d.]+)*\*?")
_OF_THE_SHELL = re.compile(r"[|&;<>()$`\\\n*?~{}#]")
_PIP = re.compile(r"(?:uv\s+)?pip(?:3(?:\.\d+)?)?|(?:\S*/)?python(?:3(?:\.\d+)?)?\s+-m\s+(?:uv\s+)?pip")


class Commands:
    """Knows which ``!commands`` are not for the operating system's shell."""

    def __init__(self, pip: Pip) -> None:
        self._pip = pip

    def run(self, command: str) -> int | None:
        """Run ``command`` here and return its exit status; None if the operating system's shell is to run it."""
        command = command.strip()
        if not _is_plain(command):
            return None
        try:
            if found := _PIP.match(command + " "):
                rest = command[found.end() :]
                return self._pip.run(shlex.split(rest)) if rest[:1] in {"", " "} else None
            refuse(shlex.split(command))
        except CannotInstall as error:
            sys.stderr.write(f"{error}\n")
            return 1
        except ValueError:  # a quote that is not closed: the shell will say so
            return None
        return None


def _is_plain(command: str) -> bool:
    """Say whether no character means anything to a shell; ``pandas>=2`` is taken as it is meant."""
    return not _OF_THE_SHELL.search(_VERSION.sub("", _QUOTED.sub("", command)))


def refuse(words: list[str]) -> None:
    """Raise ``CannotInstall`` for a command that needs a network or an editor."""
    program, first = (*words, "", "")[:2]
    if program in _CONDA and first in _FROM_NETWORK:
        raise CannotInstall(f"{program} cannot {first} anything: there is no network. {REMEDY}")
    if program in _EDITORS:
        raise CannotInstall(_NO_EDITOR)


def prepare_environment(pip: Pip, packages_dir: str) -> None:
    """Keep programs that cells start from waiting for a person, and let them find the session's packages.

    git gets a name for its commits, which any other configuration overrides: the person's own is out of sight.
    """
    os.environ.update(
        pip.environment(),
        PAGER="cat",
        MANPAGER="cat",
        GIT_PAGER="cat",
        GIT_TERMINAL_PROMPT="0",
        GIT_CONFIG_SYSTEM=os.path.join(os.path.dirname(__file__), "gitconfig"),  # noqa: PTH118, PTH120 - a text
        EDITOR=f"echo {shlex.quote(_NO_EDITOR)} >&2; false",
        DEBIAN_FRONTEND="noninteractive",
    )
    os.environ["VISUAL"] = os.environ["GIT_EDITOR"] = os.environ["EDITOR"]
    if packages_dir:
        os.environ["PYTHONPATH"] = packages_dir
        os.environ["PATH"] += os.pathsep + os.path.join(packages_dir, "bin")  # noqa: PTH118 - a text


def replace_magics(shell: Any, pip: Pip) -> None:
    """Give ``shell`` magics that work here, or say in one line why they cannot."""
    from IPython.core.error import UsageError

    def run_pip(line: str) -> None:
        """Run pip; it installs wheels from the registered wheelhouse."""
        try:
            words = shlex.split(line)
            status = pip.run(words)
        except (CannotInstall, ValueError) as error:
            raise UsageError(str(error)) from None
        if status and "install" in words:
            raise UsageError("Nothing was installed.")

    def run_uv(line: str) -> None:
        """Run ``pip`` for ``uv pip``."""
        if not line.strip().startswith("pip"):
            raise UsageError("There is no uv here, but `%pip`.")
        run_pip(line.strip().removeprefix("pip"))

    def run_conda(line: str, program: str) -> None:
        try:
            refuse([program, *line.split()])
        except CannotInstall as error:
            raise UsageError(str(error)) from None
        shell.system(f"{program} {line}")

    def edit(_line: str) -> None:
        """Say that there is no editor."""
        raise UsageError(_NO_EDITOR)

    magics: dict[str, Callable[[str], None]] = {"pip": run_pip, "uv": run_uv, "edit": edit, "ed": edit}
    magics |= {name: partial(run_conda, program=name) for name in _CONDA}
    for name, magic in magics.items():
        shell.register_magic_function(magic, "line", name)
    for name, command in (("less", "cat"), ("more", "cat"), ("man", "man")):  # which a terminal's shell has
        shell.alias_manager.soft_define_alias(name, command)
    shell.db["rootmodules_cache"] = {}  # for ``%rehashx``
    shell.ask_exit = sys.exit
    shell.set_next_input = _show_next_input
    _keep_windows_away(shell)


def _show_next_input(text: str, *_: Any, **__: Any) -> None:
    """Show what ``%load`` and ``%recall`` would put before a person to edit."""
    sys.stdout.write(text if text.endswith("\n") else f"{text}\n")


def _keep_windows_away(shell: Any) -> None:
    enable = shell.enable_matplotlib

    def enable_matplotlib(gui: str | None = None) -> Any:
        if str(gui).lower() in _OF_WINDOWS:
            sys.stderr.write(f"No window can be opened here: figures are shown in the output, not by {gui!r}.\n")
            gui = "inline"
        return enable(gui)

    shell.enable_matplotlib = enable_matplotlib
