"""``Interpreter``: the conversation as one Python object, for scripts, notebooks and interactive shells.

It opens its session at the first request and shows each turn with the terminal's view. Whoever wants events instead
uses ``session``. It never exits the program; a turn that could not go on for want of approval raises
``ApprovalRequired``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from types import TracebackType
from typing import TYPE_CHECKING, Any

from offline_interpreter.chat_messages import ChatMessage, dicts_of, history_of, joined
from offline_interpreter.config import Options, load_options
from offline_interpreter.errors import ApprovalRequired, UsageError
from offline_interpreter.records import Message, Notice, TurnEnd, TurnStart

if TYPE_CHECKING:
    from offline_interpreter.chat.terminal import Person
    from offline_interpreter.engines.base import Engine
    from offline_interpreter.records import Event
    from offline_interpreter.session import Session
    from offline_interpreter.undone import Undone
    from offline_interpreter.view import View

_OPTION_NAMES = frozenset(field.name for field in fields(Options))


class Interpreter:
    """A conversation that remembers.

    Keyword arguments are those of ``Options`` (``model``, ``workspace``, ``approval``, …), and ``auto_run=True`` for
    ``approval="auto"``. Several may live side by side; models of the same file share their weights. Use it as a context
    manager, or call ``close``; children end with the program in any case.
    """

    def __init__(self, *, auto_run: bool | None = None, engine: Engine | None = None, **options: Any) -> None:
        if unknown := options.keys() - _OPTION_NAMES:
            raise UsageError(
                f"{sorted(unknown)[0]!r} is no option.", f"Options are {', '.join(sorted(_OPTION_NAMES))}."
            )
        self._flags = options
        self._given_engine = engine
        self._options: Options | None = None
        self._session: Session | None = None
        self._messages: list[ChatMessage] = []
        self._system_message: str | None = None
        if auto_run is not None:
            self.auto_run = auto_run

    # -- settings -------------------------------------------------------------------------------------------------

    @property
    def options(self) -> Options:
        """The options that hold; read from files and environment at first use."""
        if self._options is None:
            self._options = load_options(self._flags)
        return self._options

    def _set(self, **changes: Any) -> None:
        """Change options; a session that is open is closed, and the next turn goes on with the same conversation."""
        self._options = replace(self.options, **changes)
        self._close_session()

    @property
    def model(self) -> str:
        """``starter``, a catalogue id, or the path of a GGUF. Setting it keeps the conversation, not the variables."""
        return self.options.model

    @model.setter
    def model(self, name: str) -> None:
        self._set(model=name)

    @property
    def auto_run(self) -> bool:
        """Whether code runs without being asked about."""
        return self.options.approval == "auto"

    @auto_run.setter
    def auto_run(self, value: bool) -> None:
        self._set(approval="auto" if value else "ask")

    @property
    def temperature(self) -> float:
        """How freely tokens are chosen; 0 always takes the likeliest."""
        return self.options.temperature

    @temperature.setter
    def temperature(self, value: float) -> None:
        self._set(temperature=value)

    @property
    def system_message(self) -> str:
        """What the model is told before anything else; may be set or added to at any time."""
        if self._system_message is None:
            from offline_interpreter.api import default_system_prompt

            self._system_message = default_system_prompt(self.options)
        return self._system_message

    @system_message.setter
    def system_message(self, text: str) -> None:
        self._system_message = text

    # -- conversation ---------------------------------------------------------------------------------------------

    @property
    def messages(self) -> list[ChatMessage]:
        """The conversation so far: dicts of role, type, format and content. Assigning is the same as ``load``."""
        return self._messages

    @messages.setter
    def messages(self, messages: Iterable[Mapping[str, Any]]) -> None:
        self.load(messages)

    def load(self, messages: Iterable[Mapping[str, Any]]) -> None:
        """Go on from a conversation that ``chat`` returned. Variables of its cells are not restored."""
        loaded = [dict(entry) for entry in messages]
        history_of(loaded)  # refuse what is no conversation before the current one is given up
        self._close_session()
        self._messages = loaded

    def reset(self) -> None:
        """Forget the conversation and the variables; settings and the system message stay."""
        self.load([])

    def undo(self) -> Undone:
        """Undo the last turn: its files, and its place in the conversation; variables stay as they are.

        Files can be put back while the session is open that ran the cells: a change of the model or of other settings
        begins a new one. Raises ``UsageError`` when there is no turn to undo.
        """
        undone = self.session.undo()
        requests = [index for index, entry in enumerate(self._messages) if entry["role"] == "user"]
        if requests:
            del self._messages[requests[-1] :]
        return undone

    def replay(self, *, display: bool = True) -> None:
        """Run the cells again whose variables are gone, because the interpreter died or had to be stopped.

        Each is shown, and asked about unless ``auto_run`` is set. Files are written and changed a second time.
        """
        from offline_interpreter.chat.terminal import run_again

        person = self._ask_person(display)
        run_again(self.session, _Remembering(self._shown(display), self._messages), person)

    @property
    def session(self) -> Session:
        """The session of this conversation, opened at first use."""
        if self._session is None:
            from offline_interpreter.api import open_session

            history = [Message("system", self.system_message), *history_of(self._messages)]
            self._session = open_session(self.options, engine=self._given_engine, messages=history)
        return self._session

    def chat(self, text: str | None = None, *, display: bool = True) -> list[ChatMessage]:
        """Answer ``text`` and return the messages of the whole conversation; without a text, chat at the terminal.

        ``display`` False shows nothing. Code needs ``auto_run`` or a person at a terminal: else ``ApprovalRequired``.
        """
        from offline_interpreter.chat.terminal import chat, offer_replay, run_turn

        view = _Remembering(self._shown(display), self._messages)
        opens = self._session is None
        person = self._ask_person(display)
        self.session.set_system_message(self.system_message)
        for note in getattr(self.session.engine, "notes", ()) if opens else ():
            view.show(Notice(note))
        if text is None:
            chat(self.session, view, person)
            return self._messages
        offered = self.session.lost_cells
        if run_turn(self.session, text, view, person).status == "approval_needed":
            raise ApprovalRequired("Code wants to run, and nobody allowed it.", "Set auto_run = True to allow it.")
        offer_replay(self.session, view, person, offered)
        return self._messages

    def _shown(self, display: bool) -> View | None:
        from offline_interpreter.view import make_view

        return make_view(plain=False, json_lines=False, out=sys.stdout, err=sys.stderr) if display else None

    def _ask_person(self, display: bool) -> Person | None:
        """Have the session ask who sits at the terminal; return them, or None where nobody is to be asked."""
        from offline_interpreter.api import approval_of
        from offline_interpreter.chat.terminal import person_here

        person = person_here() if display else None
        self.session.approve = approval_of(self.options, person.approve if person else None)
        self.session.ask_input = person.ask_input if person else None
        return person

    # -- life -----------------------------------------------------------------------------------------------------

    def _close_session(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.close()
            if self._given_engine is None:
                session.engine.close()

    def close(self) -> None:
        """End the kernel and free the model. The conversation stays, and the next request opens a new session."""
        self._close_session()

    def __enter__(self) -> Interpreter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Remembering:
    """A view that keeps the turns of a conversation as dicts, and passes on to one that shows it.

    What runs again between two turns is shown and not kept: it is no part of what was said.
    """

    def __init__(self, shown: View | None, messages: list[ChatMessage]) -> None:
        self._shown = shown
        self._messages = messages
        self._in_turn = False

    def show(self, event: Event) -> None:
        self._in_turn |= isinstance(event, TurnStart)
        if self._in_turn:
            joined(self._messages, dicts_of(event, self._messages))
        self._in_turn &= not isinstance(event, TurnEnd)
        if self._shown is not None:
            self._shown.show(event)

    def close(self) -> None:
        if self._shown is not None:
            self._shown.close()
