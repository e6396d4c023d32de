"""``offline-interpreter bundle``: carry the program and models to a machine without a network."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from offline_interpreter.cli.options import HELP_NAMES

if TYPE_CHECKING:
    from offline_interpreter.bundle.installer.layout import Show

EXIT_FAULTS, EXIT_INTERRUPTED = 1, 130

_Result = TypeVar("_Result")
_FOLDER = click.Path(path_type=Path)


@click.group(context_settings=HELP_NAMES)
def bundle() -> None:
    """Carry the program and models to a machine without a network."""


@bundle.command("create", context_settings=HELP_NAMES)
@click.argument("folder", metavar="DIR", type=_FOLDER)
@click.option("--models", metavar="ID,…", default="", help="Models of the store to carry; the starter always comes.")
@click.option("--packages", metavar="NAME,…", default="", help="More packages, for %pip install in cells there.")
@click.option("--python", metavar="VERSION", help="Python of the other machine: 3.10 or newer [default: this one's].")
@click.option("--platform", metavar="TAG", help="linux_x86_64, or manylinux_2_28_x86_64 for glibc 2.28.")
@click.option("--cpu", type=click.Choice(["baseline", "v3", "v4", "native"]), help="Processor level [default: v3].")
@click.option("--backend", type=click.Choice(["cpu", "cuda"]), default="cpu", help="What the engine uses.")
@click.option("--split", metavar="SIZE", help="Carry larger files in parts of this size: 3900M for FAT32.")
def create_bundle(
    folder: Path,
    *,
    models: str,
    packages: str,
    python: str | None,
    platform: str | None,
    cpu: str | None,
    backend: str,
    split: str | None,
) -> int:
    """Make a bundle in DIR, on a machine with a network.

    It holds the program, every package that it needs, an engine that is built for the other machine's processor,
    models of your store, and install.sh. It uses the network through pip, as only `models pull` does beside it. The
    processor levels are those of x86-64: v3 has AVX2, FMA and F16C (2013 and later), v4 AVX-512, baseline neither, and
    native is this machine's own. Started again it goes on where it stopped.
    """
    from offline_interpreter.bundle.create import Order, create
    from offline_interpreter.bundle.target import parse_target
    from offline_interpreter.config import byte_count
    from offline_interpreter.plain_text import size_text

    target = parse_target(python, platform, cpu, backend)
    split_bytes = byte_count("split", split) if split else None
    order = Order(_names(models), _names(packages), split_bytes)
    made = _shown(lambda show: create(folder.absolute(), target, order, show))
    manifest = made.manifest
    click.echo(f"{folder} is whole: {size_text(made.size_bytes)}.")
    click.echo(
        f"For {manifest.python} {manifest.platform}, glibc {manifest.glibc} or newer, {manifest.cpu}, {backend}."
    )
    click.echo(f"Checksum of SHA256SUMS: {made.checksum}")
    click.echo(f"Carry all of it over, then there: sh {folder.name}/install.sh")
    return 0


def _names(listed: str) -> tuple[str, ...]:
    return tuple(name for name in (part.strip() for part in listed.split(",")) if name)


@bundle.command("verify", context_settings=HELP_NAMES)
@click.argument("folder", metavar="DIR", type=_FOLDER)
def verify_bundle(folder: Path) -> int:
    """Read every file of the bundle in DIR; name what is damaged, missing or too many."""
    from offline_interpreter.bundle.installer.sums import find_extra, find_faults, identity

    faults = _shown(lambda show: find_faults(folder, show) + find_extra(folder))
    for fault in faults:
        click.echo(fault)
    if faults:
        return EXIT_FAULTS
    click.echo(f"{folder} is whole. Checksum of SHA256SUMS: {identity(folder)}")
    return 0


@bundle.command("install", context_settings=HELP_NAMES)
@click.argument("folder", metavar="DIR", type=_FOLDER)
@click.option("--target", metavar="DIR", type=_FOLDER, help="Where the program goes [default: your data folder].")
def install_bundle(folder: Path, target: Path | None) -> int:
    """Install the bundle in DIR for you, without a network, as its own install.sh does.

    Everything is checked before anything is changed; an installation that was interrupted goes on when it is started
    again.
    """
    from offline_interpreter.bundle.installer.main import install

    for line in _shown(lambda show: install(folder.absolute(), target, show)):
        click.echo(line)
    return 0


def _shown(work: Callable[[Show], _Result]) -> _Result:
    """Do the work with its progress on standard error; what a bundle refuses becomes an error of ours."""
    from offline_interpreter.bundle.installer.layout import Refused
    from offline_interpreter.bundle.installer.progress import ProgressLine
    from offline_interpreter.errors import BundleError

    progress = ProgressLine(sys.stderr)
    try:
        return work(progress.show)
    except Refused as refusal:
        progress.clear()
        *lines, last = refusal.lines
        for line in lines:
            click.echo(f"offline-interpreter: {line}", err=True)
        raise BundleError(last) from refusal
    except KeyboardInterrupt:
        progress.say("Stopped. The same command goes on where it can.")
        raise click.exceptions.Exit(EXIT_INTERRUPTED) from None
    finally:
        progress.clear()
