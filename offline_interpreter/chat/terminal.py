"""A session at a terminal: one request, or a chat; what Ctrl-C does; how it ends.

Joins a session, a view and the person who is asked. It neither renders nor reads keys itself.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from offline_interpreter.config import state_folder
from offline_interpreter.records import AskInput, Code, Decision, Event, Notice, Stop, TurnEnd

if TYPE_CHECKING:
    from offline_interpreter.session import Session
    from offline_interpreter.transcript import RecordedCell
    from offline_interpreter.view import TerminalApproval, View

HELP = """\
Type a request in plain words. Lines between two \"\"\" lines are one request; Alt-Enter begins a new line.
Ctrl-C stops the model, or the running cell (its variables stay), or clears the line. Ctrl-D leaves.
%help shows this. A cell is run when you say y; n asks for something else, e edits it, a runs all of this turn."""


_LEAVING = ("exit", "quit", "%exit", "%quit")


class Person:
    """Who sits at the terminal: allows code, answers ``input()``; knows whether they are being asked right now."""

    def __init__(self, approval: TerminalApproval, ask_line: AskInput, confirm: Callable[[str], bool]) -> None:
        self.asked = False
        self.stop: Callable[[], None] = lambda: None
        self._approval = approval
        self._ask_line = ask_line
        self._confirm = confirm

    def approve(self, step: Code) -> Decision:
        """Show the prompt and wait for the decision; Ctrl-C at the prompt ends the turn."""
        with self._being_asked():
            return self._approval(step)
        return Stop()

    def ask_input(self, text: str, secret: bool) -> str:
        """Ask for a line on behalf of a cell; Ctrl-C at the prompt stops the cell."""
        with self._being_asked():
            return self._ask_line(text, secret)
        self.stop()
        return ""

    def confirm(self, question: str) -> bool:
        """Ask a question of yes or no; Ctrl-C is a no."""
        with self._being_asked():
            return self._confirm(question)
        return False

    def new_turn(self) -> None:
        """Forget what was allowed for the last turn."""
        self._approval.new_turn()

    @contextmanager
    def _being_asked(self) -> Iterator[None]:
        self.asked = True
        try:
            yield
        except (KeyboardInterrupt, EOFError):  # EOFError: the terminal has gone
            return
        finally:
            self.asked = False


def person_here() -> Person | None:
    """Return who can be asked: the person at the terminal, if there is one."""
    from offline_interpreter.view import TerminalApproval, ask_line, confirm

    try:
        with Path("/dev/tty").open("rb", buffering=0):
            return Person(TerminalApproval(), ask_line, confirm)
    except OSError:
        return None


def run_turn(session: Session, text: str, view: View, person: Person | None) -> TurnEnd:
    """Run one turn and show it; Ctrl-C stops the reply, else the cell. Return its last event."""
    event = _show_all(session, session.turn(text), view, person)
    assert isinstance(event, TurnEnd)
    return event


def offer_replay(session: Session, view: View, person: Person | None, offered: Collection[RecordedCell] = ()) -> None:
    """Ask the person whether the cells shall run again whose variables are gone; without a person say that they can.

    Nothing is said where all of them are among the ``offered``.
    """
    cells = session.lost_cells
    if set(cells) <= set(offered):
        return
    number, these = (f"{len(cells)} cells", "these cells") if len(cells) > 1 else ("cell", "it")
    if person is None:
        view.show(session.note(f"The variables of the {number} before are gone; replay() runs {these} again."))
        view.close()
    elif person.confirm(f"Run the {number} again that made the variables?"):
        run_again(session, view, person)
    else:
        session.note(f"The person did not want the {number} to run again that made the lost variables.")


def run_again(session: Session, view: View, person: Person | None) -> None:
    """Run the cells again whose variables are gone, and show it; Ctrl-C stops the cell, and what follows."""
    _show_all(session, session.replay(session.lost_cells), view, person)


def _show_all(session: Session, events: Iterator[Event], view: View, person: Person | None) -> Event:
    """Show what happens, with Ctrl-C stopping it; return the last event."""
    if person is not None:
        person.new_turn()
    with interrupts(session.cancel, person):
        try:
            for event in events:
                view.show(event)
        finally:
            view.close()
    return event


@contextmanager
def interrupts(stop: Callable[[], None], person: Person | None) -> Iterator[None]:
    """Let SIGINT ``stop`` what runs instead of raising somewhere in the middle; raise where the person is asked."""
    if person is not None:
        person.stop = stop
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def cancel(_signal: int, _frame: Any) -> None:
        if person is not None and person.asked:
            raise KeyboardInterrupt
        stop()

    before = signal.signal(signal.SIGINT, cancel)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def chat(session: Session, view: View, person: Person | None) -> TurnEnd | None:
    """Take requests until the person leaves; return the last turn's end."""
    from offline_interpreter.chat.input import ChatInput

    lines = ChatInput(state_folder() / "history")
    end = None
    offer_replay(session, view, person)
    while True:
        try:
            text = lines.read().strip()
        except EOFError:
            return end
        if text.lower() in _LEAVING:
            return end
        if text.startswith("%"):
            view.show(Notice(HELP if text == "%help" else f"{text.split()[0]!r} is no command; %help says what is."))
        elif text:
            offered = session.lost_cells
            end = run_turn(session, text, view, person)
            offer_replay(session, view, person, offered)
