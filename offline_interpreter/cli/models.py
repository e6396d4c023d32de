"""``offline-interpreter models``: which models there are, and which of them are on this machine."""

from __future__ import annotations

import click


@click.group()
def models() -> None:
    """See which models there are."""


@models.command("list")
def list_models() -> None:
    """List the catalogue, and say which models are on this machine."""
    from offline_interpreter.config import models_folder
    from offline_interpreter.models.catalogue import known_models

    catalogue, folder = known_models(), models_folder()
    click.echo(f"{'MODEL':<22}{'SIZE':>9}  {'LICENSE':<14}HERE")
    click.echo(f"{'starter':<22}{'built in':>9}  {'MIT':<14}yes")
    for entry in catalogue:
        here = "yes" if all((folder / entry.id / file.name).is_file() for file in entry.files) else "-"
        click.echo(f"{entry.id:<22}{entry.size_bytes / 1e9:>6.1f} GB  {entry.license:<14}{here}")
    notes = [f"{entry.id}: {entry.notes}" for entry in catalogue if entry.notes]
    click.echo("\n" + "\n".join(notes))
    click.echo(f"\nTo add one, copy its GGUF file into a folder of its name in {folder},")
    click.echo("or name any GGUF file by its path: offline-interpreter --model FILE.gguf")
