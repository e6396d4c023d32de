"""Office files and pictures for tasks, made so that the same content gives the same bytes on every day.

Needs openpyxl, python-docx and Pillow, each only where its kind is made.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

_TIMES = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*(<)")


def write_book(path: Path, sheets: Mapping[str, Iterable[Sequence[Any]]]) -> None:
    """Write a workbook of these rows by the names of their sheets."""
    import openpyxl

    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    path.write_bytes(timeless(out.getvalue()))


def write_document(path: Path, paragraphs: Iterable[str], table: Sequence[Sequence[str]] = ()) -> None:
    """Write a DOCX file of paragraphs, and a table after them."""
    import docx

    document = docx.Document()
    for paragraph in paragraphs:
        document.add_paragraph(paragraph)
    if table:
        grid = document.add_table(rows=0, cols=len(table[0]))
        for row in table:
            for cell, text in zip(grid.add_row().cells, row, strict=True):
                cell.text = text
    out = io.BytesIO()
    document.save(out)
    path.write_bytes(timeless(out.getvalue()))


def timeless(archive: bytes) -> bytes:
    """Return an office file without the time at which it was made."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as made, zipfile.ZipFile(out, "w") as kept:
        for name in made.namelist():
            data = _TIMES.sub(rb"\g<1>2024-01-01T00:00:00Z\3", made.read(name))
            kept.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()
