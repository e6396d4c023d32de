"""``offline-interpreter [REQUEST]``: answer one request, or open a chat."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from offline_interpreter import __version__
from offline_interpreter.cli.options import HELP_NAMES, confinement_options, limit_options, workspace_option
from offline_interpreter.errors import UsageError

if TYPE_CHECKING:
    from offline_interpreter.chat.terminal import Person
    from offline_interpreter.config import Options
    from offline_interpreter.session import Session
    from offline_interpreter.view import View

STATUS_EXIT_CODES = {
    "answered": 0,
    "error": 1,
    "exhausted": 4,
    "repeated": 4,
    "refused": 4,
    "approval_needed": 5,
    "interrupted": 130,
}


@click.command(context_settings=HELP_NAMES)
@click.argument("words", metavar="[REQUEST]...", nargs=-1)
@click.option("-y", "--yes", is_flag=True, help="Run code without asking.")
@click.option("-m", "--model", metavar="NAME", help="starter, a model of the store, or the path of a GGUF file.")
@workspace_option
@limit_options
@click.option("--output-limit", metavar="SIZE", help="Output of a cell that is kept on disk [default: 1G].")
@click.option("--max-steps", metavar="N", type=int, help="Steps that the model may take for one request.")
@click.option("--context", metavar="N", type=int, help="Tokens of the model's window [default: what fits].")
@click.option(
    "--gpu-layers", metavar="auto|all|none|N", help="Layers of the model to put on GPUs [default: auto, what fits]."
)
@click.option(
    "-c",
    "--continue",
    "resume",
    is_flag=True,
    help="Go on with the last session in this folder (its variables are gone).",
)
@confinement_options
@click.option("--plain", is_flag=True, help="No colors, no boxes; the answer alone on standard output.")
@click.option("--json", "json_lines", is_flag=True, help="Events as JSON lines on standard output.")
def ask(words: tuple[str, ...], yes: bool, resume: bool, plain: bool, json_lines: bool, **flags: Any) -> int:
    """Answer a REQUEST, or open a chat when there is none."""
    from offline_interpreter.cli.piped import request_with_input
    from offline_interpreter.config import load_options
    from offline_interpreter.view import make_view

    options = load_options({**flags, "approval": "auto" if yes else None})
    request = request_with_input(" ".join(words), sys.stdin, options.workspace)
    if not request and (json_lines or plain or not sys.stdin.isatty()):
        raise UsageError("There is no request.", 'Write it behind the command: offline-interpreter "What is 6 * 7?"')
    view = make_view(plain=plain, json_lines=json_lines, out=sys.stdout, err=sys.stderr)
    try:
        return _converse(options, view, request, resume=resume)
    finally:
        view.close()


def _open(options: Options, view: View, person: Person | None, *, resume: bool) -> Session:
    from offline_interpreter.api import last_session, open_session
    from offline_interpreter.records import Notice, Progress, ProgressMade

    def show(progress: Progress) -> None:
        view.show(ProgressMade(progress.stage, progress.done, progress.total))

    try:
        session = open_session(
            options,
            approve=person.approve if person else None,
            ask_input=person.ask_input if person else None,
            resume=last_session(options.workspace) if resume else None,
            progress=show,
        )
        for note in session.engine.notes:
            view.show(Notice(note))
        return session
    finally:
        view.close()


def _converse(options: Options, view: View, request: str, *, resume: bool) -> int:
    from offline_interpreter.chat.terminal import chat, person_here, run_turn
    from offline_interpreter.records import Notice

    person = person_here()
    session = _open(options, view, person, resume=resume)
    try:
        confinement = session.cells.kernel.confinement
        if request:
            if confinement.tier != "A" or options.allow_network:
                view.show(Notice(confinement.message))
            return STATUS_EXIT_CODES[run_turn(session, request, view, person).status]
        click.echo(_greeting(options, session))
        chat(session, view, person)
        name, head = session.cells.folder.path.name, session.transcript.head[:8]
        click.echo(f"Session {name} saved (head {head}…). Resume: offline-interpreter -c")
        return 0
    finally:
        session.close()
        session.engine.close()


def _greeting(options: Options, session: Session) -> str:
    from offline_interpreter.config import STARTER

    home = Path.home()
    folder = options.workspace
    shown = f"~/{folder.relative_to(home)}" if folder.is_relative_to(home) and folder != home else str(folder)
    starter = options.model == STARTER
    model = f"{STARTER} (built in)" if starter else session.engine.name
    lines = [
        f"Offline Interpreter {__version__} · {model} · {shown}",
        session.cells.kernel.confinement.message,
    ]
    if starter:
        lines.append("The starter knows numbers, dates, text, tables, charts, files and pictures.")
        lines.append("`offline-interpreter models list` shows larger models.")
    return "\n".join([*lines, "Type a request, %help for keys, Ctrl-D to leave.", ""])
