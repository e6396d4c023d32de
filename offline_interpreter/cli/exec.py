"""``offline-interpreter exec``: run files as the cells of one confined kernel, without a model."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from offline_interpreter.cli.options import HELP_NAMES, confinement_options, limit_options, workspace_option
from offline_interpreter.errors import UsageError

if TYPE_CHECKING:
    from offline_interpreter.cells import Cells, Ran
    from offline_interpreter.chat.terminal import Person
    from offline_interpreter.config import Options
    from offline_interpreter.records import Event
    from offline_interpreter.view import View

EXIT_FAILED = 4
EXIT_INTERRUPTED = 130


class _Source(NamedTuple):
    """A cell to be run, and what the person calls it."""

    name: str
    code: str


@click.command("exec", context_settings=HELP_NAMES)
@click.argument("files", metavar="[FILE]... | -", nargs=-1)
@workspace_option
@limit_options
@confinement_options
@click.option("--fail-fast", is_flag=True, help="Run no more files after one that failed.")
@click.option("--json", "json_lines", is_flag=True, help="Events as JSON lines on standard output.")
def exec_files(files: tuple[str, ...], fail_fast: bool, json_lines: bool, **flags: Any) -> int:
    """Run each FILE as a cell of one confined kernel, without a model; `-` is standard input.

    Variables go from one file to the next, and IPython's `!commands` and `%magics` may be used. Exits with 0 when all
    succeeded, with 4 when one failed, and with 130 after Ctrl-C.
    """
    from offline_interpreter.api import open_cells
    from offline_interpreter.chat.terminal import person_here
    from offline_interpreter.config import load_options
    from offline_interpreter.records import Notice
    from offline_interpreter.view import make_cells_view

    options = load_options(flags)
    sources = [_read(name) for name in files or _standard_input()]
    view = make_cells_view(json_lines=json_lines, out=sys.stdout, err=sys.stderr)
    person = person_here() if _is_typed() else None
    with closing(open_cells(options)) as cells:
        confinement = cells.kernel.confinement
        if confinement.tier != "A" or options.allow_network:
            view.show(Notice(confinement.message))
        try:
            return _run_all(cells, sources, options, view, person, fail_fast=fail_fast)
        finally:
            view.close()


def _is_typed() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()


def _standard_input() -> tuple[str, ...]:
    if _is_typed():
        raise UsageError("There is nothing to run.", "Name files, or write - for standard input.")
    return ("-",)


def _read(name: str) -> _Source:
    """Read one file, or standard input. Raises ``UsageError``, so that nothing runs before all of them are read."""
    try:
        data = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        return _Source("standard input" if name == "-" else name, data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise UsageError(f"{name!r} is not UTF-8 text (at byte {error.start}).", "Nothing was run.") from error
    except (OSError, ValueError) as error:  # ValueError: a name with a null character
        reason = getattr(error, "strerror", None) or error
        raise UsageError(f"{name!r} cannot be read: {reason}.", "Nothing was run.") from error


def _run_all(
    cells: Cells, sources: list[_Source], options: Options, view: View, person: Person | None, *, fail_fast: bool
) -> int:
    """Run the sources one after the other; return the exit code."""
    from offline_interpreter.api import cell_time_s
    from offline_interpreter.cancel import Cancel
    from offline_interpreter.chat.terminal import interrupts
    from offline_interpreter.records import Notice

    cancel, code = Cancel(), 0

    def stop() -> None:
        cancel.request()
        cells.kernel.interrupt()

    with interrupts(stop, person):
        for source in sources:
            timeout_s = cell_time_s(options, attended=person is not None)
            ran = _shown(cells.run(source.code, timeout_s, person.ask_input if person else None, cancel), view)
            if ran.result.status == "interrupted" or cancel.requested:
                return EXIT_INTERRUPTED
            if ran.result.status == "ok":
                continue
            code = EXIT_FAILED
            if len(sources) > 1:
                view.show(Notice(f"{source.name} failed."))
            if fail_fast:
                break
    return code


def _shown(running: Generator[Event, None, Ran], view: View) -> Ran:
    """Show what a cell does until it ends; return how it did."""
    with closing(running):
        while True:
            try:
                view.show(next(running))
            except StopIteration as end:
                ran: Ran = end.value
                return ran
