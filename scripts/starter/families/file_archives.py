"""ZIP archives: packed of files of a kind, of files that are named, of a folder; listed and extracted."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence

from starter.dialogue import Situation, Task
from starter.families.file_batches import several_files, stem
from starter.file_references import (
    Selection,
    folder_said,
    folders,
    known_content,
    matching,
    new_folder,
    new_name,
    on_top,
    repeated,
    request_for,
    task,
)

IMPORT = "from pathlib import Path\n"


def zipped(situation: Situation, chosen: Selection | None = None, section: str = "zip") -> Task | None:
    """Pack all files of a kind into a ZIP."""
    chosen = chosen or several_files(situation, all_share=0.08)
    if not chosen or chosen.folder or chosen.everywhere or not chosen.names:
        return None
    word = "picture" if chosen.ending == "picture" else chosen.ending
    name, tail = _archive_name(situation, f"{word or 'all'}_files")
    request = request_for(situation, section, tail=tail, k=chosen.said, place=chosen.place, z=name)
    return _zipping(situation, request, name, chosen.names, files=IMPORT + chosen.line, what=f"the {chosen.many}")


def zipped_named(situation: Situation, one: str = "", section: str = "zip named") -> Task | None:
    """Pack files that are named into a ZIP."""
    rng = situation.rng
    names = on_top(situation)
    if not names or (one and one not in names):
        return None
    chosen = [one] if one else rng.sample(names, min(rng.choice((1, 2, 2, 3)), len(names)))
    name, tail = _archive_name(situation, stem(chosen[0]) if len(chosen) == 1 else "files")
    joined = f"{', '.join(chosen[:-1])} and {chosen[-1]}" if len(chosen) > 1 else chosen[0]
    joined = rng.choice((joined, joined, ", ".join(chosen)))
    request = request_for(situation, section, tail=tail, l=joined, z=name)
    literal = ", ".join(f'"{each}"' for each in chosen)
    return _zipping(situation, request, name, chosen, files=f"files = [{literal}]\n", what=" and ".join(chosen))


def _archive_name(situation: Situation, default: str) -> tuple[str, str]:
    """Return the archive's name, and the section that says it at the request's end unless it is the default."""
    name = f"{default}.zip"
    if situation.rng.random() < 0.45 or name in situation.files:
        return new_name(situation, "zip"), "named zip"
    return name, ""


def _zipping(situation: Situation, request: str, name: str, inside: Sequence[str], *, files: str, what: str) -> Task:
    situation.done = {"archive": name, "members": {other: known_content(situation, other) for other in inside}}
    code = f'import zipfile\n{files}with zipfile.ZipFile("{name}", "w", zipfile.ZIP_DEFLATED) as archive:\n'
    code += f'    for path in files:\n        archive.write(path)\nprint(len(files), "files saved as {name}")'
    return task(
        request,
        f"I'll put {what} into {name}.",
        code,
        lambda printed: f"{printed.split()[0]} {'file is' if printed.split()[0] == '1' else 'files are'} in {name}.",
        lambda printed: printed.split()[0] == str(len(inside)),
        created=name,
        names=(name,),
    )


def archive_listed(situation: Situation, name: str = "", section: str = "archive list") -> Task | None:
    """List what is in a ZIP."""
    name, members = _archive(situation, name)
    if not name:
        return None
    request = request_for(situation, section, f=name)
    situation.done = {"archive": name, "members": members}
    code = f'import zipfile\nwith zipfile.ZipFile("{name}") as archive:\n    print("\\n".join(archive.namelist()))'
    return task(
        request,
        f"I'll list what is in {name}.",
        code,
        lambda printed: repeated(f"The files in {name}", printed) if printed else f"{name} is empty.",
        lambda printed: sorted(printed.splitlines()) == sorted(members),
        names=(name,),
    )


def extracted(situation: Situation, name: str = "", section: str = "extract") -> Task | None:
    """Extract a ZIP: into a folder that is named, or one called like it."""
    name, members = _archive(situation, name)
    if not name or any("/" in member for member in members):
        return None
    folder, tail = stem(name), ""
    if situation.rng.random() < 0.45 or folder in folders(situation):
        folder, tail = new_folder(situation), "to folder"
    request = request_for(situation, section, tail=tail, f=name, d=folder_said(situation.rng, folder))
    situation.contents |= {f"{folder}/{member}": content for member, content in members.items() if content is not None}
    situation.done = {}
    code = f'import zipfile\nwith zipfile.ZipFile("{name}") as archive:\n    archive.extractall("{folder}")\n'
    code += '    print("\\n".join(archive.namelist()))'
    return task(
        request,
        f"I'll extract {name} to {folder}.",
        code,
        lambda printed: repeated(f"The files extracted to {folder}", printed),
        lambda printed: sorted(printed.splitlines()) == sorted(members),
        created=f"{folder}/{sorted(members)[0]}",
        names=(name, folder),
    )


def _archive(situation: Situation, name: str) -> tuple[str, dict[str, bytes | None]]:
    """Return an archive and its members: the one of this conversation that is meant, or any that was laid."""
    if name and situation.done.get("archive") == name:
        return name, situation.done["members"]
    names = [other for other in matching(on_top(situation), "zip") if situation.contents.get(other)]
    if not names:
        return "", {}
    name = situation.rng.choice(names)
    with zipfile.ZipFile(io.BytesIO(situation.contents[name])) as file:
        return name, {member: file.read(member) for member in file.namelist()}
