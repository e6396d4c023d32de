"""Tasks that read documents: pages and figures of PDF files, a table in Word."""

from __future__ import annotations

import re
from pathlib import Path
from random import Random

from offline_interpreter.bench.core.answers import require_number
from offline_interpreter.bench.core.demands import question, require, solution
from offline_interpreter.bench.core.files import names_in, read, read_named
from offline_interpreter.bench.core.invented import PRODUCTS, TOWNS, WORDS
from offline_interpreter.bench.core.laid import write_document
from offline_interpreter.bench.core.office import page_texts, pages_of
from offline_interpreter.bench.core.pictures import difference, picture_of
from offline_interpreter.bench.tasks import Attempt, Question, Task

FAMILY = "documents"


def text_pdf(pages: list[list[str]]) -> bytes:
    """Return a PDF of these lines, a page each, in A4; letters beyond ASCII are not drawn."""
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", "", "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"]
    for lines in pages:
        shown = " ".join(f"({line}) Tj T*" for line in lines)
        content = f"BT /F1 14 Tf 22 TL 60 780 Td {shown} ET"
        objects.append(f"<< /Length {len(content)} >>\nstream\n{content}\nendstream")
        resources = "/Resources << /Font << /F1 3 0 R >> >>"
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] {resources} /Contents {len(objects)} 0 R >>"
        )
    kids = " ".join(f"{5 + 2 * number} 0 R" for number in range(len(pages)))
    objects[1] = f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>"
    out, places = "%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    size = len(objects) + 1
    trailer = f"trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{len(out)}\n%%EOF\n"
    return f"{out}xref\n0 {size}\n0000000000 65535 f \n{table}{trailer}".encode("ascii")


def _pages(rng: Random, folder: Path) -> Question:
    count, dpi = rng.randrange(3, 7), rng.choice((72, 100, 144))
    pages = [[f"Page {number}", *(" ".join(rng.sample(WORDS, 5)) for _ in range(12))] for number in range(1, count + 1)]
    data = text_pdf(pages)
    (folder / "manual.pdf").write_bytes(data)

    def look(attempt: Attempt) -> None:
        names = names_in(attempt.folder, ".png")
        require(len(names) == count, f"There are {len(names)} PNG files instead of {count}.")
        truths = pages_of(data, dpi / 72)
        for name, truth in zip(sorted(names, key=_numbers_in), truths, strict=True):
            image = picture_of(read(attempt.folder, name), "PNG")
            close = abs(image.width - truth.width) <= 2 and abs(image.height - truth.height) <= 2
            require(close, f"{name} has {image.size} pixels instead of {truth.size}.")
            require(difference(image.convert("RGB").resize(truth.size), truth) < 3, f"{name} does not show its page.")

    code = f"""
        import pypdfium2 as pdfium
        pdf = pdfium.PdfDocument("manual.pdf")
        for number, page in enumerate(pdf, 1):
            page.render(scale={dpi} / 72).to_pil().save(f"page_{{number}}.png")
        print(len(pdf))
        """
    return question(
        f"turn every page of manual.pdf into a png, {dpi} dpi, page_1.png and so on",
        look,
        solution(code, f"I saved {count} pages as PNG files."),
        solution(code.replace(f"scale={dpi} / 72", f"scale={dpi} / 96"), f"I saved {count} pages as PNG files."),
    )


def _numbers_in(name: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", name)]


def _excerpt(rng: Random, folder: Path) -> Question:
    pages = [[f"Chapter {number}", *(" ".join(rng.sample(WORDS, 5)) for _ in range(9))] for number in range(1, 9)]
    (folder / "book.pdf").write_bytes(text_pdf(pages))
    first, last = sorted(rng.sample(range(3, 9), 2))
    chosen = [last - 1, *range(first - 1)]

    def look(attempt: Attempt) -> None:
        texts = page_texts(read_named(attempt.folder, "excerpt.pdf"))
        require(len(texts) == len(chosen), f"excerpt.pdf has {len(texts)} pages instead of {len(chosen)}.")
        for number, (text, page) in enumerate(zip(texts, chosen, strict=True), 1):
            require(
                text.split() == " ".join(pages[page]).split(), f"Page {number} of excerpt.pdf is not the right one."
            )

    code = f"""
        import pypdfium2 as pdfium
        book, excerpt = pdfium.PdfDocument("book.pdf"), pdfium.PdfDocument.new()
        excerpt.import_pages(book, {chosen})
        excerpt.save("excerpt.pdf")
        print(len(excerpt))
        """
    return question(
        f"From book.pdf I need page {last} and after it the pages 1 to {first - 1}, as excerpt.pdf. The text must "
        "stay text.",
        look,
        solution(code, f"excerpt.pdf has {len(chosen)} pages."),
        solution(code.replace(f"book, {chosen}", f"book, {sorted(chosen)}"), f"excerpt.pdf has {len(chosen)} pages."),
    )


def _invoices(rng: Random, folder: Path) -> Question:
    total, late = 0, 0
    (folder / "invoices").mkdir()
    for number in rng.sample(range(1000, 9999), 9):
        items = [
            (rng.choice(PRODUCTS), rng.randrange(1, 9), rng.randrange(500, 99_000)) for _ in range(rng.randrange(2, 6))
        ]
        due, is_paid = sum(count * cents for _, count, cents in items), rng.random() < 0.5
        lines = [f"{count} x {name} at {cents / 100:,.2f}" for name, count, cents in items]
        second = [f"Total due: {due / 100:,.2f} EUR", f"Status: {'PAID' if is_paid else 'OPEN'}"]
        pages = (
            [[f"Invoice {number}", *lines], second] if rng.random() < 0.5 else [[f"Invoice {number}", *lines, *second]]
        )
        (folder / "invoices" / f"{number}.pdf").write_bytes(text_pdf(pages))
        total, late = total + due, late + (0 if is_paid else due)

    def look(attempt: Attempt) -> None:
        require_number(attempt.answer, total / 100, "the sum of all invoices", 2)
        require_number(attempt.answer, late / 100, "the sum of the open ones", 2)

    code = r"""
        import glob, re
        import pypdfium2 as pdfium
        total = late = 0
        for name in sorted(glob.glob("invoices/*.pdf")):
            text = "\n".join(page.get_textpage().get_text_range() for page in pdfium.PdfDocument(name))
            due = float(re.search(r"Total due: ([\d,.]+)", text)[1].replace(",", ""))
            total += due
            late += due if "OPEN" in text else 0
        print(f"{total:.2f} {late:.2f}")
        """
    return question(
        "Add up the totals of the invoices in the folder invoices (PDF files), and tell me how much of that is "
        "still open.",
        look,
        solution(code, f"The invoices add up to {total / 100:.2f} EUR, {late / 100:.2f} EUR of it are open."),
        f"The invoices add up to {total / 100:.2f} EUR, {(total - late) / 100 + 1:.2f} EUR of it are open.",
    )


def _word_table(rng: Random, folder: Path) -> Question:
    rows = [
        (name, f"{rng.randrange(1, 40)}", f"{rng.randrange(100, 90_000) / 100:,.2f}")
        for name in rng.sample(PRODUCTS, 9)
    ]
    notes = [f"Order of {rng.choice(TOWNS)}", " ".join(rng.sample(WORDS, 12)), "We need 500 of everything by 2031."]
    write_document(folder / "order.docx", notes, [("Article", "Pieces", "Price"), *rows])
    truth = sum(int(pieces) * round(float(price.replace(",", "")) * 100) for _, pieces, price in rows) / 100

    def look(attempt: Attempt) -> None:
        require_number(attempt.answer, truth, "what the order costs", 2)

    code = """
        import docx
        table = docx.Document("order.docx").tables[0]
        total = 0
        for row in table.rows[1:]:
            article, pieces, price = (cell.text for cell in row.cells)
            total += int(pieces) * float(price.replace(",", ""))
        print(f"{total:.2f}")
        """
    return question(
        "What does the whole order in the table of order.docx cost? (pieces times price)",
        look,
        solution(code, f"The order costs {truth:.2f}."),
        f"The order costs {sum(float(price.replace(',', '')) for *_, price in rows):.2f}.",
    )


TASKS = (
    Task("documents-pages", FAMILY, "easy", ("pypdfium2", "PIL"), _pages),
    Task("documents-word-table", FAMILY, "medium", ("docx",), _word_table),
    Task("documents-excerpt", FAMILY, "medium", ("pypdfium2",), _excerpt),
    Task("documents-invoices", FAMILY, "hard", ("pypdfium2",), _invoices),
)
