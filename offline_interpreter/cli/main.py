"""The command ``offline-interpreter``: which command is meant, and how errors end.

A first word that is a command wins; anything else is a request, and nothing at all opens a chat. Heavy imports stand
inside the commands, so that ``--help`` is quick.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NoReturn

import click

from offline_interpreter import __version__
from offline_interpreter.cli.ask import ask
from offline_interpreter.cli.bench import bench
from offline_interpreter.cli.bundle import bundle
from offline_interpreter.cli.cache import cache
from offline_interpreter.cli.doctor import doctor
from offline_interpreter.cli.exec import exec_files
from offline_interpreter.cli.models import models
from offline_interpreter.errors import ApprovalRequired, ModelMissing, OfflineInterpreterError, UsageError
from offline_interpreter.silence import keep_silent

EXIT_ERROR = 1
EXIT_USAGE = 2
EXIT_MODEL_MISSING = 3
EXIT_APPROVAL_NEEDED = 5
EXIT_INTERRUPTED = 130

_EXIT_CODES: dict[type[OfflineInterpreterError], int] = {
    UsageError: EXIT_USAGE,
    ModelMissing: EXIT_MODEL_MISSING,
    ApprovalRequired: EXIT_APPROVAL_NEEDED,
}


class _RequestGroup(click.Group):
    """A group whose default command is ``ask``: what does not begin with a command is its arguments."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or args[0] not in (*self.commands, "--help", "-h", "--version"):
            args = ["ask", *args]
        return super().parse_args(ctx, args)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        ask.format_options(ctx, formatter)
        self.format_commands(ctx, formatter)


@click.group(
    cls=_RequestGroup,
    invoke_without_command=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    subcommand_metavar="[OPTIONS] [REQUEST]... | COMMAND",
)
@click.version_option(__version__, prog_name="offline-interpreter")
def group() -> None:
    """Ask in plain words; a model on this machine writes Python, which runs here.

    With a REQUEST it is answered; without one a chat opens. `offline-interpreter ask …` forces a request that begins
    with the name of a command.
    """


group.add_command(ask)
group.add_command(exec_files)
group.add_command(models)
group.add_command(bundle)
group.add_command(cache)
group.add_command(doctor)
group.add_command(bench)


def main() -> NoReturn:
    """Run the command and exit; every error of a user ends in one line, every bug of ours in a log file."""
    keep_silent()
    try:
        code = group.main(standalone_mode=False)
    except click.exceptions.Abort:
        code = EXIT_INTERRUPTED
    except KeyboardInterrupt:
        code = EXIT_INTERRUPTED
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except OfflineInterpreterError as error:
        click.echo(f"offline-interpreter: {error}", err=True)
        code = next((code for kind, code in _EXIT_CODES.items() if isinstance(error, kind)), EXIT_ERROR)
    except BrokenPipeError:  # who read our output has left, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = EXIT_ERROR
    except Exception:  # a bug of ours: the person gets one line, we get the traceback
        click.echo(f"offline-interpreter: something is wrong in the program itself. Details: {_log_bug()}", err=True)
        code = EXIT_ERROR
    sys.exit(code if isinstance(code, int) else 0)


def _log_bug() -> Path | str:
    import traceback
    from datetime import datetime

    from offline_interpreter.config import state_folder

    details = f"{datetime.now():%Y-%m-%d %H:%M:%S} version {__version__} {sys.argv[1:]}\n{traceback.format_exc()}\n"
    path = state_folder() / "errors.log"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(details)
    except OSError:
        return details
    return path
