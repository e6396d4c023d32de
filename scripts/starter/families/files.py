"""Files and folders: what is there and how large, what texts say, and what can be done with them."""

from __future__ import annotations

from collections.abc import Callable

from starter import file_references
from starter.dialogue import Situation, Task
from starter.families import file_archives, file_batches, file_changes, file_listing, file_sizes, file_texts
from starter.file_supply import prepare

__all__ = ["NAME", "follow_up", "make", "prepare"]

NAME = file_references.NAME
KINDS: dict[Callable[[Situation], Task | None], float] = {
    file_listing.listed: 6,
    file_listing.listed_all: 4,
    file_listing.found: 3,
    file_listing.counted: 4,
    file_sizes.size: 3,
    file_sizes.sizes: 2.5,
    file_sizes.extreme: 3,
    file_sizes.by_size: 2.5,
    file_sizes.total_size: 2,
    file_texts.show: 5,
    file_texts.some_lines: 3,
    file_texts.line_count: 2.5,
    file_changes.created: 5,
    file_changes.created_lines: 3,
    file_changes.made_folder: 2,
    file_changes.numbered: 4,
    file_changes.renamed: 4,
    file_changes.copied: 4,
    file_batches.renamed_all: 8,
    file_batches.new_ending: 2.5,
    file_batches.moved_all: 5,
    file_archives.zipped: 4,
    file_archives.zipped_named: 3,
    file_archives.archive_listed: 3,
    file_archives.extracted: 3,
}


def make(situation: Situation) -> Task:
    """Return a task of this family."""
    kinds, shares = tuple(KINDS), tuple(KINDS.values())
    while True:
        task = situation.rng.choices(kinds, shares)[0](situation)
        if task:
            return task


def follow_up(situation: Situation) -> Task | None:
    """Return a request that goes on with the files, the file or the archive of the one before."""
    rng, done = situation.rng, situation.done
    if "archive" in done:
        chosen = rng.choice((file_archives.archive_listed, file_archives.extracted))
        section = "archive list it" if chosen is file_archives.archive_listed else "extract it"
        return chosen(situation, done["archive"], section)
    if "selection" in done:
        return _with_them(situation)
    return _with_it(situation) if "file" in done else None


def _with_them(situation: Situation) -> Task | None:
    chosen = situation.done["selection"]
    if situation.rng.random() < 0.35:
        return file_sizes.other_kind(situation)
    if not chosen.names:
        return None
    kinds = {
        "list": (file_listing.listed, "list them"),
        "count": (file_listing.counted, "count them"),
        "sizes": (file_sizes.sizes, "sizes of them"),
        "total": (file_sizes.total_size, "total size of them"),
        "extreme": (file_sizes.extreme, "them "),
        "zip": (file_archives.zipped, "zip them"),
        "move": (file_batches.moved_all, "them "),
        "rename": (file_batches.renamed_all, "them "),
    }
    kind = situation.rng.choice([kind for kind in kinds if kind != situation.done["kind"]])
    make_task, section = kinds[kind]
    return make_task(situation, chosen, section)


def _with_it(situation: Situation) -> Task | None:
    name = situation.done["file"]
    kinds: list[tuple[Callable[..., Task | None], str]] = [
        (file_sizes.size, "size it"),
        (file_changes.renamed, "rename it"),
        (file_changes.copied, "copy it"),
        (file_archives.zipped_named, "zip it"),
    ]
    if "text" in situation.done:
        kinds += [
            (file_texts.show, "show it"),
            (file_texts.line_count, "line count it"),
            (file_texts.some_lines, "it "),
        ]
    make_task, section = situation.rng.choice(kinds)
    return make_task(situation, name, section)
