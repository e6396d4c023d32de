"""``offline-interpreter doctor``: whether it can work on this machine, and proof that it leaves the network alone."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from offline_interpreter import __version__
from offline_interpreter.cli.options import HELP_NAMES

if TYPE_CHECKING:
    from offline_interpreter.doctor.findings import Finding

MOST_COLUMNS = 100


@click.command(context_settings=HELP_NAMES)
@click.option("--json", "as_json", is_flag=True, help="The same as one JSON object on standard output.")
@click.option(
    "--airgap", is_flag=True, help="Watch the network calls of a whole turn with the starter: there must be none."
)
def doctor(as_json: bool, airgap: bool) -> int:
    """Check this machine: Python, llama.cpp, GPUs, models, the sandbox, the terminal, disks and folders.

    Each line says ok, note or problem, and what can be done. Nothing is changed. Exits with 0 when it can work, and
    with 1 when something is broken.
    """
    import json
    from dataclasses import asdict

    from offline_interpreter.doctor.checks import findings

    found: list[Finding] = []
    for finding in findings(airgap=airgap, on_wait=_say):
        _say("")
        if not as_json:
            _print(finding, found)
        found.append(finding)
    works = all(finding.state != "problem" for finding in found)
    if as_json:
        data = {"version": __version__, "works": works, "findings": [asdict(finding) for finding in found]}
        click.echo(json.dumps(data, indent=2, ensure_ascii=False))
    else:
        _print_summary(found)
    return 0 if works else 1


def _say(doing: str) -> None:
    """Show on a terminal what is waited for, in a line that the next one replaces; an empty text takes it away."""
    if sys.stderr is not None and sys.stderr.isatty() and os.environ.get("TERM") != "dumb":
        hint = f"{doing} · Ctrl-C stops" if doing else ""
        click.echo(f"\r\x1b[K{hint}", err=True, nl=False)


def _print(finding: Finding, before: Sequence[Finding]) -> None:
    import shutil

    from offline_interpreter.view.findings import finding_lines

    width = min(shutil.get_terminal_size().columns - 1, MOST_COLUMNS)
    named = not before or before[-1].name != finding.name
    click.echo("\n".join(finding_lines(finding, width, named=named)))
    sys.stdout.flush()


def _print_summary(found: Sequence[Finding]) -> None:
    from offline_interpreter.view.findings import summary

    click.echo(f"\n{summary(found)}")
