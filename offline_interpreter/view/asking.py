"""Asking the person at the terminal: may this cell run, and what shall ``input()`` return.

Questions go to the terminal itself, also when standard input is a pipe. Nothing that was typed before a question
answers it. What a decision leads to is not known here; Ctrl-C is left to the caller.
"""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Literal, TextIO

from offline_interpreter.records import Code, Decision, Refuse, Run, Stop
from offline_interpreter.view.lines import safe
from offline_interpreter.view.status import held_lines
from offline_interpreter.view.tables import INDENT

QUESTION = "Run it? [y]es [n]o [e]dit [a]ll this turn [q]uit › "
WHY = "Why not? (Enter: no reason) › "
HINT = "Type y, n, e, a or q, and Enter. Nothing runs before."

EDITORS = ("sensible-editor", "nano", "vim", "vi")


class TerminalApproval:
    """Asks whether a cell may run: yes, no and why, edited, all of this turn, or end the turn."""

    def __init__(self) -> None:
        self._all = False

    def new_turn(self) -> None:
        """Forget that all of a turn was allowed."""
        self._all = False

    def __call__(self, step: Code) -> Decision:
        """Return the person's decision; the end of input ends the turn. The code must have been shown."""
        if self._all:
            return Run(step.code)
        with held_lines(), _terminal() as (keys, screen):
            while True:
                decision = self._decide(step, keys, screen)
                if decision is not None:
                    return decision

    def _decide(self, step: Code, keys: TextIO, screen: TextIO) -> Decision | None:
        _drop_typed(keys)
        line = _ask(QUESTION, keys, screen)
        if line is None:
            return Stop()
        word, _, rest = line.strip().partition(" ")
        match word.lower():
            case "y" | "yes":
                return Run(step.code)
            case "a" | "all":
                self._all = True
                return Run(step.code)
            case "n" | "no":
                return Refuse(rest.strip() or (_ask(WHY, keys, screen) or "").strip())
            case "q" | "quit":
                return Stop()
            case "e" | "edit":
                return _edit(step.code, keys, screen)
        _tell(HINT, screen)
        return None


def confirm(question: str) -> bool:
    """Ask a question of yes or no; anything but a yes is a no. Raises ``EOFError`` when there is no terminal."""
    with held_lines(), _terminal() as (keys, screen):
        _drop_typed(keys)
        line = _ask(question + " [y/N] ", keys, screen)
    return line is not None and line.strip().lower() in ("y", "yes")


def ask_line(prompt: str, secret: bool) -> str:
    """Return the line that the person types for a cell; ``secret`` ones are not echoed. Raises ``EOFError``."""
    with held_lines(), _terminal() as (keys, screen), _echo(keys, on=not secret):
        try:
            line = _ask(INDENT + safe(prompt), keys, screen)
        finally:
            if secret:
                _tell("", screen)
    if line is None:
        raise EOFError("The person ended the input.")
    return line


# -- the terminal -------------------------------------------------------------------------------------------------


@contextmanager
def _terminal() -> Iterator[tuple[TextIO, TextIO]]:
    """Give what the person types on and what they see. Raises ``EOFError`` when there is no terminal."""
    with ExitStack() as opened:

        def tty(mode: Literal["r", "w"]) -> TextIO:
            try:
                return opened.enter_context(open("/dev/tty", mode, encoding="utf-8", errors="replace"))  # noqa: PTH123
            except OSError as error:
                raise EOFError("There is no terminal to ask at.") from error

        keys = sys.stdin if sys.stdin is not None and sys.stdin.isatty() else tty("r")
        screen = next((stream for stream in (sys.stderr, sys.stdout) if stream is not None and stream.isatty()), None)
        yield keys, screen or tty("w")


def _ask(question: str, keys: TextIO, screen: TextIO) -> str | None:
    """Return the line that is typed, or None at the end of input."""
    screen.write(question)
    screen.flush()
    try:
        line = keys.readline()
    except KeyboardInterrupt:
        _tell("", screen)
        raise
    if not line:
        _tell("", screen)
        return None
    return line.rstrip("\r\n")


def _tell(text: str, screen: TextIO) -> None:
    screen.write(text + "\n")
    screen.flush()


def _drop_typed(keys: TextIO) -> None:
    """Forget what was typed before the question: keys hit while the model wrote must not allow what it wrote."""
    import termios

    termios.tcflush(keys.fileno(), termios.TCIFLUSH)


@contextmanager
def _echo(keys: TextIO, *, on: bool) -> Iterator[None]:
    import termios

    before = termios.tcgetattr(keys.fileno())
    wanted = [*before]
    wanted[3] = before[3] | termios.ECHO if on else before[3] & ~termios.ECHO
    termios.tcsetattr(keys.fileno(), termios.TCSADRAIN, wanted)
    try:
        yield
    finally:
        termios.tcsetattr(keys.fileno(), termios.TCSADRAIN, before)


# -- the editor ---------------------------------------------------------------------------------------------------


def _edit(code: str, keys: TextIO, screen: TextIO) -> Decision | None:
    """Let the person change the code; None when no code came of it, with the reason on the screen."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "cell.py")
        path.write_text(code.rstrip("\n") + "\n", encoding="utf-8")
        try:
            command = [*_editor(), str(path)]
            with _interrupts_ignored():
                subprocess.run(command, stdin=keys, stdout=screen, check=True)
            edited = path.read_text(encoding="utf-8").rstrip("\n")
        except (OSError, ValueError, subprocess.CalledProcessError) as error:
            _tell(f"The editor failed: {error}. Set EDITOR to the one that you use.", screen)
            return None
    if not edited.strip():
        _tell("The editor left no code, so nothing runs.", screen)
        return None
    return Run(code if edited == code.rstrip("\n") else edited)


def _editor() -> list[str]:
    for name in ("VISUAL", "EDITOR"):
        if words := shlex.split(os.environ.get(name, "")):
            return words
    return [next((name for name in EDITORS if shutil.which(name)), EDITORS[-1])]


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    """Leave Ctrl-C to the editor, which gets it too; ending it would lose what was typed."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, lambda _signal, _frame: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
