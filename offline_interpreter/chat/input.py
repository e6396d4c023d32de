"""Where the person types a request: a line editor at a terminal, plain lines from anything else.

At a terminal: history with suggestions, completion of file names, pasting of several lines, Alt-Enter for a new line,
F2 or Ctrl-X Ctrl-E for the person's editor, and lines between triple quotes. What a request means is not known here.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prompt_toolkit import PromptSession
    from prompt_toolkit.completion import Completer
    from prompt_toolkit.history import History
    from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent

PROMPT = "> "
QUOTES = '"""'


class ChatInput:
    """Reads one request after the other.

    ``history_file`` None: requests are remembered for this session only. File names are completed in ``folder``.
    """

    def __init__(self, history_file: Path | None, folder: Path | None = None) -> None:
        self._history_file = history_file
        self._folder = folder
        self._session: PromptSession[str] | None = None

    def read(self) -> str:
        """Return the next request, without its triple quotes. Raises ``EOFError`` when the person leaves."""
        if not (sys.stdin.isatty() and sys.stdout.isatty()):
            return _read_plain(iter(sys.stdin.readline, ""))
        if self._session is None:
            self._session = _make_session(self._history_file, self._folder)
        return without_quotes(self._session.prompt())


def is_open(text: str) -> bool:
    """Say whether ``text`` begins with triple quotes that are not closed yet."""
    text = text.strip()
    return text.startswith(QUOTES) and not (len(text) >= 2 * len(QUOTES) and text.endswith(QUOTES))


def without_quotes(text: str) -> str:
    """Return what stands between triple quotes, or ``text`` itself."""
    text = text.strip()
    if not text.startswith(QUOTES):
        return text
    return text.removeprefix(QUOTES).removesuffix(QUOTES).strip()


def _read_plain(lines: Iterable[str]) -> str:
    text = ""
    for line in lines:
        text += line
        if not is_open(text):
            return without_quotes(text)
    if text:
        return without_quotes(text)
    raise EOFError


# -- the line editor ----------------------------------------------------------------------------------------------


def _make_session(history_file: Path | None, folder: Path | None) -> PromptSession[str]:
    from prompt_toolkit import PromptSession
    from prompt_toolkit.auto_suggest import AutoSuggestFromHistory

    return PromptSession(
        PROMPT,
        multiline=True,
        prompt_continuation="  ",
        history=_history(history_file),
        auto_suggest=AutoSuggestFromHistory(),
        completer=_file_names(folder),
        complete_while_typing=False,
        enable_open_in_editor=True,
        tempfile_suffix=".md",
        key_bindings=_keys(),
    )


def _history(path: Path | None) -> History:
    """Return the history that ``path`` holds, readable by the person alone; in memory if it cannot be kept."""
    from prompt_toolkit.history import FileHistory, InMemoryHistory

    if path is None:
        return InMemoryHistory()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        with path.open("ab"):
            return FileHistory(str(path))
    except OSError:
        return InMemoryHistory()


def _file_names(folder: Path | None) -> Completer:
    """Return what completes the word before the cursor as a file of ``folder``."""
    from prompt_toolkit.completion import CompleteEvent, Completer, Completion, PathCompleter
    from prompt_toolkit.document import Document

    class WordAsPath(Completer):
        """Completes the last word, wherever it stands in the text."""

        _paths = PathCompleter(expanduser=True, get_paths=lambda: [str(folder or Path.cwd())])

        def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
            word = document.get_word_before_cursor(WORD=True).lstrip("\"'`(")
            return self._paths.get_completions(Document(word), complete_event)

    return WordAsPath()


def _keys() -> KeyBindings:
    from prompt_toolkit.key_binding import KeyBindings

    keys = KeyBindings()

    @keys.add("enter")
    def _(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        if buffer.complete_state and buffer.complete_state.current_completion:
            buffer.complete_state = None  # a file name was chosen; the request goes on
        elif is_open(buffer.text):
            buffer.insert_text("\n")
        elif buffer.text.strip():
            buffer.validate_and_handle()

    @keys.add("escape", "enter")
    def _(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text("\n")

    @keys.add("c-c")
    @keys.add("<sigint>")
    def _(event: KeyPressEvent) -> None:
        event.current_buffer.reset()

    @keys.add("f2")
    def _(event: KeyPressEvent) -> None:
        event.current_buffer.open_in_editor()

    return keys
