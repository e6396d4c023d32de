"""The options that several commands share: those of the cells, whoever wrote them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

HELP_NAMES = {"help_option_names": ["-h", "--help"]}

_FOLDER = click.Path(path_type=Path, resolve_path=True)

_LIMITS = (
    click.option("--timeout", "timeout_s", metavar="S", type=float, help="Seconds a cell may run; 0 for no limit."),
    click.option("--memory", metavar="SIZE", help="What a cell may use: 512M, 4G [default: most of what is free]."),
    click.option("--processes", metavar="N", type=int, help="Processes and threads a cell may have [default: 512]."),
    click.option("--disk", metavar="SIZE", help="What its files may grow by [default: free space less 2G]."),
)
_CONFINEMENT = (
    click.option("--python", metavar="PATH", help="Python that runs the cells; it needs IPython [default: this one]."),
    click.option(
        "--sandbox",
        type=click.Choice(["auto", "strict", "network-only", "off"]),
        help="How well code must be confined [default: auto].",
    ),
    click.option("--allow-network", is_flag=True, help="Let code reach the network."),
    click.option("--allow-read", metavar="DIR", multiple=True, type=_FOLDER, help="A folder that code may also read."),
    click.option(
        "--allow-write", metavar="DIR", multiple=True, type=_FOLDER, help="A folder that code may also change."
    ),
    click.option("--wheelhouse", metavar="DIR", type=_FOLDER, help="A folder of wheels for %pip install."),
    click.option("--workspace-anyway", is_flag=True, help="Work also in a folder that holds your home or keys."),
)


def workspace_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the folder that cells work in."""
    folder = click.Path(path_type=Path)
    option = click.option(
        "-w", "--workspace", metavar="DIR", type=folder, help="Folder to work in [default: this one]."
    )
    return option(function)


def limit_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add what a cell may use."""
    return _with(_LIMITS, function)


def confinement_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add which Python runs the cells, and what they may reach."""
    return _with(_CONFINEMENT, function)


def _with(options: tuple[Callable[..., Any], ...], function: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(options):
        function = option(function)
    return function
