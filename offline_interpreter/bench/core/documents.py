"""Tasks with documents: letters in bulk, tables in Word, pages of a PDF, slides, workbooks and a small web site."""

from __future__ import annotations

import re
from pathlib import Path
from random import Random

from offline_interpreter.bench.core.answers import require_number
from offline_interpreter.bench.core.demands import question, require, solution
from offline_interpreter.bench.core.drawings import page_of
from offline_interpreter.bench.core.files import names_in, read, read_named
from offline_interpreter.bench.core.invented import PRODUCTS, TOWNS, WORDS, people, write_csv
from offline_interpreter.bench.core.laid import write_document
from offline_interpreter.bench.core.office import document_text, pages_of, sheets_of, slide_texts
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


def _letters(rng: Random, folder: Path) -> Question:
    names = people(rng, 14)
    rows = [
        (name, rng.choice(TOWNS), rng.choice(("", "0", "12.50", f"{rng.randrange(100, 90_000) / 100:.2f}")))
        for name in names
    ]
    write_csv(folder / "members.csv", ("name", "town", "owes"), rows)
    write_document(
        folder / "letter.docx",
        ["Dear {name},", "in {town} we all hope that you will pay the {owes} EUR soon.", "The club"],
    )
    owing = [row for row in rows if row[2] not in ("", "0")]

    def look(attempt: Attempt) -> None:
        found = {name.rpartition("/")[2]: name for name in names_in(attempt.folder, ".docx")}
        letters = {name for name in found if name != "letter.docx"}
        wanted = {f"{name.replace(' ', '_')}.docx" for name, *_ in owing}
        require(
            letters == wanted, f"There are not just the {len(wanted)} letters that were asked for ({len(letters)})."
        )
        for name, town, owes in owing:
            text = document_text(read(attempt.folder, found[f"{name.replace(' ', '_')}.docx"]))
            said = (f"Dear {name},", f"in {town} we", f"the {owes} EUR", "The club")
            require(
                all(part in text for part in said) and "{" not in text,
                f"The letter to {name} is not filled in rightly.",
            )

    code = """
        import csv, docx
        from pathlib import Path
        Path("letters").mkdir(exist_ok=True)
        for row in csv.DictReader(open("members.csv", encoding="utf-8")):
            if float(row["owes"] or 0) == 0:
                continue
            letter = docx.Document("letter.docx")
            for paragraph in letter.paragraphs:
                paragraph.text = paragraph.text.format(**row)
            letter.save(f"letters/{row['name'].replace(' ', '_')}.docx")
        print(len(list(Path("letters").iterdir())))
        """
    return question(
        "letter.docx is our reminder with {name}, {town} and {owes} in it. Write one for every member in "
        "members.csv who owes us something, into a folder letters, the file called like Jane_Doe.docx. Nobody who "
        "owes nothing may get one.",
        look,
        solution(code, f"I wrote {len(owing)} letters into the folder letters."),
        solution(code.replace('if float(row["owes"] or 0) == 0:', "if False:"), "I wrote the letters."),
    )


def _slides(rng: Random, folder: Path) -> Question:
    rows = [(name, rng.randrange(10, 99), " ".join(rng.sample(WORDS, 3))) for name in rng.sample(TOWNS, 6)]
    write_csv(folder / "branches.csv", ("branch", "staff", "motto"), rows)
    title = f"Our branches {rng.randrange(2022, 2027)}"
    ranked = sorted(rows, key=lambda row: (-row[1], row[0]))

    def look(attempt: Attempt) -> None:
        slides = slide_texts(read_named(attempt.folder, "branches.pptx"))
        require(len(slides) == len(rows) + 1, f"There are {len(slides)} slides instead of {len(rows) + 1}.")
        require(title in slides[0], "The first slide does not show the title.")
        for text, (name, staff, motto) in zip(slides[1:], ranked, strict=True):
            require(
                name in text and str(staff) in text and motto in text,
                f"The slide of {name} is not at its place, or lacks something.",
            )

    code = f"""
        import pandas as pd
        from pptx import Presentation
        deck = Presentation()
        deck.slides.add_slide(deck.slide_layouts[0]).shapes.title.text = "{title}"
        for row in pd.read_csv("branches.csv").sort_values(["staff", "branch"], ascending=[False, True]).itertuples():
            slide = deck.slides.add_slide(deck.slide_layouts[1])
            slide.shapes.title.text = row.branch
            slide.placeholders[1].text = f"{{row.staff}} people\\n{{row.motto}}"
        deck.save("branches.pptx")
        print(len(deck.slides))
        """
    return question(
        f'Make a presentation branches.pptx: first a title slide "{title}", then a slide per branch in branches.csv '
        "with the name as title and staff and motto as bullet points, the branch with the most staff first.",
        look,
        solution(code, f"branches.pptx has {len(rows) + 1} slides."),
        solution(
            code.replace("ascending=[False, True]", "ascending=True"), f"branches.pptx has {len(rows) + 1} slides."
        ),
    )


def _workbook(rng: Random, folder: Path) -> Question:
    rows = [
        (rng.choice(TOWNS[:4]), rng.choice(PRODUCTS), rng.randrange(1, 30), rng.randrange(100, 9000) / 100)
        for _ in range(40)
    ]
    write_csv(folder / "orders.csv", ("town", "article", "pieces", "price"), rows)
    towns = sorted({row[0] for row in rows})

    def look(attempt: Attempt) -> None:
        sheets = sheets_of(read_named(attempt.folder, "orders.xlsx"), formulas=True)
        require(sorted(sheets) == towns, f"The sheets are {sorted(sheets)[:9]}, not one per town.")
        for town in towns:
            sheet, own = sheets[town], [row for row in rows if row[0] == town]
            amounts = [cell.replace(" ", "").upper() for cell in sheet.column("amount")]
            require(
                len(amounts) == len(own) + 1, f"The sheet {town} does not have a row per order and one for the sum."
            )
            require(
                all(cell.startswith("=") for cell in amounts), f"The sheet {town} has amounts that are no formulas."
            )
            pieces = sorted(float(cell) for cell in sheet.column("pieces")[:-1])
            require(pieces == sorted(row[2] for row in own), f"The sheet {town} does not hold its orders.")
            require("SUM(" in amounts[-1], f"The last row of {town} has no sum.")

    code = """
        import openpyxl
        import pandas as pd
        book = openpyxl.Workbook()
        book.remove(book.active)
        for town, part in pd.read_csv("orders.csv").groupby("town"):
            sheet = book.create_sheet(town)
            sheet.append(["article", "pieces", "price", "amount"])
            for n, row in enumerate(part.itertuples(), 2):
                sheet.append([row.article, row.pieces, row.price, f"=B{n}*C{n}"])
            sheet.append(["total", None, None, f"=SUM(D2:D{len(part) + 1})"])
        book.save("orders.xlsx")
        print(book.sheetnames)
        """
    return question(
        "From orders.csv make orders.xlsx with a sheet for each town: article, pieces, price and amount, where "
        "amount is a formula (pieces times price), and in a last row the sum of the amounts, also as a formula, so "
        "that we can change numbers later.",
        look,
        solution(code, "orders.xlsx has a sheet for each town."),
        solution(code.replace('f"=B{n}*C{n}"', "row.pieces * row.price"), "orders.xlsx has a sheet for each town."),
    )


def _site(rng: Random, folder: Path) -> Question:
    rows = [
        (f"{name} & co" if rng.random() < 0.3 else name, rng.choice(TOWNS), rng.randrange(5, 400))
        for name in rng.sample(WORDS, 12)
    ]
    write_csv(folder / "clubs.csv", ("club", "town", "members"), rows)
    site = rng.choice(("site", "web"))

    def look(attempt: Attempt) -> None:
        pages = {name: page_of(read(attempt.folder, name)) for name in names_in(attempt.folder, ".html", ".htm")}
        require(f"{site}/index.html" in pages, f"There is no {site}/index.html.")
        require(not any(page.is_remote for page in pages.values()), "A page loads something from the internet.")
        index = pages[f"{site}/index.html"]
        require(
            index.counts.get("tr", 0) in (len(rows), len(rows) + 1), f"The table has {index.counts.get('tr', 0)} rows."
        )
        own = [f"{site}/{link}".replace("/./", "/") for link in index.links]
        linked = {name: pages[name].text for name in own if name in pages and name != f"{site}/index.html"}
        require(len(linked) == len(rows), f"The start page links to {len(linked)} pages instead of {len(rows)}.")
        places = [index.text.find(row[0]) for row in sorted(rows, key=lambda row: -row[2])]
        require(-1 not in places, "The start page does not name every club (an & has to be escaped).")
        for club, town, members in rows:
            fits = any(club in text and town in text and str(members) in text for text in linked.values())
            require(fits, f"No page says all about {club}.")

    code = f"""
        import html
        from pathlib import Path
        import pandas as pd
        site = Path("{site}")
        site.mkdir(exist_ok=True)
        lines = []
        for number, club in enumerate(pd.read_csv("clubs.csv").itertuples(), 1):
            name, town = html.escape(club.club), html.escape(club.town)
            head = f"<!doctype html><meta charset=utf-8><title>{{name}}</title><h1>{{name}}</h1>"
            text = f"<p>{{town}}, {{club.members}} members</p><p><a href=index.html>back</a></p>"
            (site / f"club{{number}}.html").write_text(head + text, "utf-8")
            lines.append(f"<tr><td><a href='club{{number}}.html'>{{name}}</a></td><td>{{town}}</td></tr>")
        table = "<table><tr><th>Club</th><th>Town</th></tr>" + "".join(lines) + "</table>"
        (site / "index.html").write_text("<!doctype html><meta charset=utf-8><title>Clubs</title>" + table, "utf-8")
        print(len(lines))
        """
    return question(
        f"Make a little web site out of clubs.csv in a folder {site}: index.html with a table of the clubs (a row "
        "each, one table), each linking to a page of its own that says name, town and number of members. It has to "
        "work without internet, from the hard disk, so nothing may be loaded from elsewhere.",
        look,
        solution(code, f"The site is in the folder {site}; open {site}/index.html."),
        solution(
            code.replace("<meta charset=utf-8>", "<link rel=stylesheet href='https://cdn.example/style.css'>"),
            f"The site is in the folder {site}; open {site}/index.html.",
        ),
    )


TASKS = (
    Task("documents-pages", FAMILY, "easy", ("pypdfium2", "PIL"), _pages),
    Task("documents-word-table", FAMILY, "medium", ("docx",), _word_table),
    Task("documents-slides", FAMILY, "medium", ("pptx", "pandas"), _slides),
    Task("documents-invoices", FAMILY, "hard", ("pypdfium2",), _invoices),
    Task("documents-letters", FAMILY, "hard", ("docx",), _letters),
    Task("documents-workbook", FAMILY, "hard", ("openpyxl", "pandas"), _workbook),
    Task("documents-site", FAMILY, "hard", ("pandas",), _site),
)
