"""The installer: ``sh install.sh [--target DIR] [--check]``.

It checks everything before it touches anything: what the bundle is for, every checksum, the target, the space. An
installation that is interrupted goes on when it is started again: whatever is whole is left, the rest is made anew.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from . import places, settle
from .layout import Manifest, Refused, Show, read_manifest
from .machine import Machine, existing, lacking_space, mismatches, this_machine
from .program import COMMAND, Program
from .progress import ProgressLine
from .sums import find_extra, find_faults, identity

EXIT_OK, EXIT_REFUSED, EXIT_INTERRUPTED = 0, 1, 130

_AGAIN = "Start the same command again; it goes on where it can."


def main() -> int:
    """Check or install the bundle that this is carried in; return the exit code."""
    parser = argparse.ArgumentParser(prog="install.sh", description="Install Offline Interpreter from this folder.")
    parser.add_argument(
        "--target", metavar="DIR", type=Path, help=f"where the program goes [default: {places.default_target()}]"
    )
    parser.add_argument("--check", action="store_true", help="only check that this folder is whole")
    asked = parser.parse_args()
    bundle, progress = Path(__file__).resolve().parent.parent, ProgressLine(sys.stderr)
    try:
        if asked.check:
            _refuse(find_faults(bundle, progress.show) + find_extra(bundle))
            lines = [f"The bundle is whole. Checksum of SHA256SUMS: {identity(bundle)}"]
        else:
            lines = install(bundle, asked.target, progress.show)
    except Refused as refusal:
        lines = [f"offline-interpreter: {line}" for line in refusal.lines]
        return _end(progress, lines, EXIT_REFUSED)
    except KeyboardInterrupt:
        return _end(progress, [f"Stopped. {_AGAIN}"], EXIT_INTERRUPTED)
    return _end(progress, lines, EXIT_OK)


def _end(progress: ProgressLine, lines: list[str], code: int) -> int:
    for line in lines:
        progress.say(line)
    return code


def install(bundle: Path, target: Path | None, show: Show, here: Machine | None = None) -> list[str]:
    """Install a bundle for whoever runs this, and return lines that say what was done and how to start.

    ``target`` is the folder for the program; without one it is the usual one, and a link to the command is made.
    ``here`` is the machine to install for: this one. Raises ``Refused`` with a line for each thing that is wrong.
    """
    started = time.monotonic()
    manifest = read_manifest(bundle)
    _refuse(mismatches(manifest, here or this_machine()))
    program = Program(bundle, manifest, Path(os.path.abspath(target or places.default_target())))  # noqa: PTH100
    models = settle.Models(bundle, manifest, places.models_folder())
    _check_places(program, models)
    _refuse(find_faults(bundle, show))
    try:
        notes = _install(bundle, manifest, program, models, show, linked=target is None)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        raise Refused(f"The installation stopped: {where}{error.strerror or error}. {_AGAIN}") from error
    seconds = time.monotonic() - started
    return [f"Offline Interpreter {manifest.version} is installed in {program.target} ({seconds:.0f} s).", *notes]


def _refuse(lines: list[str]) -> None:
    if lines:
        raise Refused(*lines)


def _check_places(program: Program, models: settle.Models) -> None:
    program.refuse_foreign()
    store = places.models_folder()
    needs = {program.target: program.needed_bytes(), store: models.needed_bytes()}
    closed = [folder for folder, size in needs.items() if size and not os.access(existing(folder), os.W_OK | os.X_OK)]
    _refuse([f"{str(folder)!r} cannot be written to. Name another: --target DIR" for folder in closed])
    _refuse(lacking_space(needs))


def _install(
    bundle: Path, manifest: Manifest, program: Program, models: settle.Models, show: Show, *, linked: bool
) -> list[str]:
    """Do all the work; return lines about what was left, and how to start."""
    program.claim()
    with _alone(program.target):
        program.place_wheels(show)
        if not program.works():
            show(f"Installing {len(manifest.program)} packages: about a minute", 0, 0)
            program.make_environment()
        notes = models.place(show)
        command = program.make_current()
        user_file = places.user_file()
        notes += settle.place_catalogue(bundle, manifest, user_file)
        notes += settle.register_wheelhouse(program.wheels, user_file)
        notes += settle.link_command(command, program.target) if linked else []
    notes += [f"An earlier one is left in {path}; remove it when nothing runs from it." for path in program.earlier()]
    if manifest.models:
        notes.append(f"Models: {', '.join(manifest.models)}. Choose one with --model {manifest.models[0]}.")
    return [*notes, f'Start it: {_spoken(command)} "What is 37 * 481?"']


@contextmanager
def _alone(target: Path) -> Iterator[None]:
    """Hold off a second installation into the same folder; one that dies lets go."""
    with (target / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Refused(f"Another installation into {str(target)!r} runs. Wait for it.") from error
        except OSError:
            pass  # a file system without locks
        yield


def _spoken(command: Path) -> str:
    """Return what to type to start this very program: its name alone where that will do."""
    found, link = shutil.which(COMMAND), places.commands_folder() / COMMAND
    if found and Path(found).resolve() == command.resolve():
        return COMMAND
    return str(link if link.resolve() == command.resolve() else command)
