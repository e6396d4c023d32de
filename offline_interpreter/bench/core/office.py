"""What office files hold: sheets, documents, slides and pages, opened from bytes after their size was looked at.

Needs openpyxl, python-docx, python-pptx and pypdfium2, each only where its kind is read.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from offline_interpreter.bench.core.demands import Lacking, require
from offline_interpreter.bench.core.files import Sheet, archive_of

if TYPE_CHECKING:
    from PIL.Image import Image

MOST_ROWS, MOST_COLUMNS = 20_000, 100  # of a sheet that are read
MOST_PAGES = 200
MOST_SIDE_POINTS = 3_000


def sheets_of(data: bytes, *, formulas: bool = False) -> dict[str, Sheet]:
    """Return the tables in an XLSX file by the names of their sheets; a cell is its value, or with ``formulas`` those.

    Raises ``Lacking``.
    """
    import openpyxl

    archive_of(data).close()
    book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=not formulas)
    try:
        return {sheet.title: _sheet(sheet) for sheet in book.worksheets}
    finally:
        book.close()


def first_sheet(data: bytes) -> Sheet:
    """Return the first table in an XLSX file. Raises ``Lacking``."""
    return next(iter(sheets_of(data).values()))


def _sheet(sheet: Any) -> Sheet:
    rows: list[tuple[str, ...]] = []
    for row in sheet.iter_rows(values_only=True, max_row=MOST_ROWS, max_col=MOST_COLUMNS):
        cells = tuple("" if cell is None else str(cell).strip() for cell in row)
        if any(cells):
            rows.append(cells)
    if not rows:
        return Sheet((), ())
    width = len(rows[0])
    return Sheet(rows[0], tuple((*row, *[""] * width)[:width] for row in rows[1:]))


def document_text(data: bytes) -> str:
    """Return the text of a DOCX file, its paragraphs and then the cells of its tables. Raises ``Lacking``."""
    import docx

    archive_of(data).close()
    document = docx.Document(io.BytesIO(data))
    parts = [paragraph.text for paragraph in document.paragraphs]
    parts += [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join(parts)


def slide_texts(data: bytes) -> list[str]:
    """Return the text of each slide of a PPTX file, its tables included. Raises ``Lacking``."""
    import pptx

    archive_of(data).close()
    deck = pptx.Presentation(io.BytesIO(data))
    return ["\n".join(_shape_texts(slide.shapes)) for slide in deck.slides]


def _shape_texts(shapes: Any) -> list[str]:
    texts = []
    for shape in shapes:
        if shape.has_text_frame:
            texts.append(shape.text_frame.text)
        if getattr(shape, "has_table", False) and shape.has_table:
            texts += [cell.text for row in shape.table.rows for cell in row.cells]
    return texts


def pages_of(data: bytes, scale: float = 1.0) -> list[Image]:
    """Return the pages of a PDF as pictures, ``scale`` pixels to the point. Raises ``Lacking``."""
    with _Opened(data) as document:
        pages = []
        for page in document:
            require(max(page.get_size()) <= MOST_SIDE_POINTS, "A page is far too large.")
            pages.append(page.render(scale=scale).to_pil().convert("RGB"))
        return pages


def page_texts(data: bytes) -> list[str]:
    """Return the text of each page of a PDF. Raises ``Lacking``."""
    with _Opened(data) as document:
        return [page.get_textpage().get_text_range() for page in document]


class _Opened:
    """A PDF while it is looked at."""

    def __init__(self, data: bytes) -> None:
        import pypdfium2

        try:
            self._document = pypdfium2.PdfDocument(data)
        except pypdfium2.PdfiumError as error:
            raise Lacking("A file that was made is not a valid PDF.") from error

    def __enter__(self) -> Any:
        require(len(self._document) <= MOST_PAGES, f"A PDF has more than {MOST_PAGES} pages.")
        return self._document

    def __exit__(self, *_: object) -> None:
        self._document.close()
