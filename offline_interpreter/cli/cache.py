"""``offline-interpreter cache``: what was evaluated and kept on disk, so that sessions begin at once."""

from __future__ import annotations

from collections import defaultdict

import click


@click.group()
def cache() -> None:
    """See or clear the evaluated prompts that are kept on disk."""


@cache.command("show")
def show_cache() -> None:
    """Show which models' prompts are kept, and how large they are."""
    from datetime import datetime

    from offline_interpreter.config import prefixes_folder
    from offline_interpreter.engines.llama.prefixes import Prefix, stored

    by_model: dict[str, list[Prefix]] = defaultdict(list)
    for prefix in stored(prefixes_folder()):
        by_model[prefix.model].append(prefix)
    for model, prefixes in sorted(by_model.items()):
        size = sum(prefix.size_bytes for prefix in prefixes)
        used = datetime.fromtimestamp(max(prefix.used_at for prefix in prefixes))
        tokens = ", ".join(f"{len(prefix.tokens):,}" for prefix in sorted(prefixes, key=lambda p: -p.used_at))
        click.echo(f"{model}  {size / 1e6:.1f} MB  last used {used:%Y-%m-%d %H:%M}  tokens: {tokens}")
    click.echo(f"{'' if by_model else 'Nothing is kept. '}Folder: {prefixes_folder()}")


@cache.command("clear")
def clear_cache() -> None:
    """Remove all of them: the next session of each model reads its instructions anew."""
    from offline_interpreter.config import prefixes_folder
    from offline_interpreter.engines.llama.prefixes import clear

    files, size = clear(prefixes_folder())
    click.echo(f"Removed {files} file{'s' * (files != 1)} ({size / 1e6:.1f} MB)." if files else "Nothing was kept.")
