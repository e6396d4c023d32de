"""``offline-interpreter models``: which models there are, getting them into the store, and looking after them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from offline_interpreter.cli.options import HELP_NAMES
from offline_interpreter.errors import ModelMissing, OfflineInterpreterError, UsageError

if TYPE_CHECKING:
    from offline_interpreter.models.catalogue import ModelEntry
    from offline_interpreter.models.store import HeldModel, Store
    from offline_interpreter.models.work import OnWork

_ID = click.argument("model_id", metavar="ID")
_NEW_ID = click.option("--id", "model_id", metavar="ID", help="What to call it [default: after its file].")


@click.group(context_settings=HELP_NAMES)
def models() -> None:
    """See which models there are, get one, look after those that are here."""


@models.command("list")
def list_models() -> None:
    """List the catalogue and the store: what each needs, whether it fits, how it is."""
    from offline_interpreter.cli.models_table import table

    click.echo("\n".join(table()))


@models.command("show")
@_ID
def show_model(model_id: str) -> None:
    """Show all that is known of a model."""
    from offline_interpreter.cli.models_table import details

    click.echo("\n".join(details(model_id)))


@models.command("pull")
@click.argument("name", metavar="ID|OWNER/REPO:FILE")
@click.option("--revision", metavar="REV", help="Another commit, branch or tag than the pinned one (or main).")
@_NEW_ID
def pull_model(name: str, revision: str | None, model_id: str | None) -> None:
    """Download a model of the catalogue, or any GGUF file of a repository; go on with one that was cut.

    HF_ENDPOINT names a mirror of the hub, HF_TOKEN is sent along. This is the only command that downloads models.
    """
    from offline_interpreter.models.pull import pull_entry, pull_file

    store = _store()
    with _working() as on_work:
        if "/" in name or ":" in name:
            pulled = pull_file(store, name, revision=revision, model_id=model_id, on_work=on_work)
        else:
            entry = _entry(name, model_id)
            if entry.notes:
                click.echo(f"{entry.id}: license {entry.license}. {entry.notes}", err=True)
            pulled = pull_entry(store, entry, revision=revision, on_work=on_work)
    model = pulled.model
    if not pulled.new_bytes:
        click.echo(f"{model.id} is in the store already, and as it should be.")
        return
    click.echo(f"{model.id} is in the store. Use it: offline-interpreter --model {model.id}")
    _note_unknown(model)


@models.command("import")
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--link", is_flag=True, help="Leave the file where it is, and link to it.")
@_NEW_ID
def import_file(path: Path, link: bool, model_id: str | None) -> None:
    """Take a GGUF file into the store; of a split model name any part. Files of the catalogue are recognized."""
    from offline_interpreter.engines.llama.loader import check_known
    from offline_interpreter.models.importing import import_model

    if path.is_dir():
        raise UsageError(f"{str(path)!r} is a folder.", "Name a GGUF file in it.")
    with _working() as on_work:
        model = import_model(_store(), path, model_id=model_id, link=link, check=check_known, on_work=on_work)
    click.echo(f"{model.id} is in the store. Use it: offline-interpreter --model {model.id}")


@models.command("verify")
@click.argument("model_ids", metavar="[ID]...", nargs=-1)
@click.option("--quick", is_flag=True, help="Only sizes and headers, not every byte.")
def verify_models(model_ids: tuple[str, ...], quick: bool) -> int:
    """Check models, or all: every byte against its SHA-256. A damaged file is set aside."""
    from offline_interpreter.models.verify import verify

    store = _store()
    chosen = [_held(store, model_id) for model_id in model_ids] if model_ids else store.models()
    bad = 0
    for model in chosen:
        try:
            with _working() as on_work:
                verified = verify(store, model, full=not quick, on_work=on_work)
            click.echo(f"{model.id}: {_verdict(model, verified, quick=quick)}")
        except OfflineInterpreterError as error:
            bad += 1
            click.echo(f"{model.id}: {error}")
    if not chosen:
        click.echo("There is no model in the store.")
    return 1 if bad else 0


def _verdict(before: HeldModel, after: HeldModel, *, quick: bool) -> str:
    if quick:
        return "sizes and headers are right"
    if before != after:
        return "nobody told its SHA-256: it is noted, to be compared the next time"
    return "every byte is right"


@models.command("rm")
@click.argument("model_ids", metavar="ID...", nargs=-1, required=True)
def remove_models(model_ids: tuple[str, ...]) -> None:
    """Remove models from the store; files that are only linked stay where they are."""
    from offline_interpreter.plain_text import size_text

    store = _store()
    for model in [_held(store, model_id) for model_id in model_ids]:
        store.remove(model)
        click.echo(f"{model.id} is removed ({size_text(model.size_bytes)}).")


@models.command("default")
@click.argument("model_id", metavar="[ID]", required=False)
def default_model(model_id: str | None) -> None:
    """Show which model is used when none is named, or choose it; `starter` is the one that is built in."""
    from offline_interpreter.config import STARTER
    from offline_interpreter.models.verify import check_sizes

    store = _store()
    if model_id is None:
        click.echo(store.default() or STARTER)
        return
    if model_id != STARTER:
        check_sizes(_held(store, model_id))
    store.set_default(None if model_id == STARTER else model_id)
    click.echo(f"{model_id} is used when no model is named.")


@models.command("path")
@click.argument("model_id", metavar="[ID]", required=False)
def show_path(model_id: str | None) -> None:
    """Print the folder of the store, or the file of a model."""
    from offline_interpreter.api import find_model

    click.echo(_store().folder if model_id is None else find_model(model_id))


def _store() -> Store:
    from offline_interpreter.models.store import Store

    return Store()


def _held(store: Store, model_id: str) -> HeldModel:
    model = store.find(model_id)
    if model is None:
        raise ModelMissing(f"No model {model_id!r} in the store.", "`offline-interpreter models list` shows it.")
    return model


def _entry(name: str, model_id: str | None) -> ModelEntry:
    from offline_interpreter.config import STARTER
    from offline_interpreter.models.catalogue import known_models

    entry = next((entry for entry in known_models() if entry.id == name), None)
    if name == STARTER:
        raise UsageError(f"{name!r} is built in: there is nothing to pull.")
    if entry is None:
        remedy = "`offline-interpreter models list` shows it; OWNER/REPO:FILE.gguf pulls what is not in it."
        raise UsageError(f"No model {name!r} in the catalogue.", remedy)
    if model_id is not None:
        raise UsageError("A model of the catalogue keeps its id.", "Leave out --id.")
    return entry


def _note_unknown(model: HeldModel) -> None:
    """Say so if the llama.cpp of this machine does not know a model: that of another one may."""
    from offline_interpreter.engines.llama.loader import check_known

    try:
        check_known(model.path)
    except OfflineInterpreterError as error:
        click.echo(f"Note: {error}", err=True)


@contextmanager
def _working() -> Iterator[OnWork]:
    """Show work on standard error; say how far it was if it is interrupted."""
    from offline_interpreter.plain_text import size_text
    from offline_interpreter.view.working import WorkLine

    line = WorkLine(sys.stderr)
    try:
        yield line.show
    except KeyboardInterrupt:
        line.close()
        work = line.last
        done = f" at {size_text(work.done_bytes)}" if work else ""
        of = f" of {size_text(work.total_bytes)}" if work and work.total_bytes else ""
        click.echo(f"Stopped{done}{of}. Run the same command again to go on.", err=True)
        raise
    finally:
        line.close()
