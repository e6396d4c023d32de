"""What is piped into the command: a short text becomes part of the request, anything else a file of the workspace."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO, TextIO

from offline_interpreter.errors import UsageError

MAX_TEXT_BYTES = 8 * 1024
PIECE_BYTES = 1 << 20

_MAGIC = {b"\x89PNG": "png", b"\xff\xd8\xff": "jpg", b"GIF8": "gif", b"%PDF": "pdf", b"PK\x03\x04": "zip"}


def request_with_input(request: str, stdin: TextIO | None, workspace: Path) -> str:
    """Return the request with what was piped in: before it, or saved as ``stdin.<ext>`` and named.

    An interactive or closed standard input adds nothing.
    """
    if stdin is None or stdin.closed or stdin.isatty():
        return request
    source = stdin.buffer
    first = source.read(MAX_TEXT_BYTES + 1)
    text = _as_text(first)
    if text is not None and len(first) <= MAX_TEXT_BYTES:
        return "\n\n".join(part for part in (text.strip(), request) if part)
    path = _free_path(workspace, _extension(first, text))
    size = _save(path, first, source)
    if not request:
        raise UsageError(f"The input was saved as {path.name!r}, but there is no request.", "Say what to do with it.")
    return f"The input is in the file {path.name} ({size} bytes).\n\n{request}"


def _as_text(data: bytes) -> str | None:
    for cut in range(4):  # the last character may lie across the end of what was read
        try:
            text = data[: len(data) - cut].decode("utf-8")
        except UnicodeDecodeError:
            continue
        return None if "\0" in text else text
    return None


def _extension(data: bytes, text: str | None) -> str:
    for magic, extension in _MAGIC.items():
        if data.startswith(magic):
            return extension
    if text is None:
        return "bin"
    if text.lstrip()[:1] in ("{", "["):
        return "json"
    lines = text.splitlines()[:5]
    return "csv" if len(lines) > 1 and all("," in line for line in lines[:-1]) else "txt"


def _free_path(workspace: Path, extension: str) -> Path:
    path, number = workspace / f"stdin.{extension}", 2
    while path.exists():
        path, number = workspace / f"stdin-{number}.{extension}", number + 1
    return path


def _save(path: Path, first: bytes, source: BinaryIO) -> int:
    size = 0
    try:
        with path.open("xb") as file:
            piece = first
            while piece:
                size += file.write(piece)
                piece = source.read(PIECE_BYTES)
    except OSError as error:
        raise UsageError(f"The input cannot be saved as {str(path)!r}: {error.strerror}.") from error
    return size
