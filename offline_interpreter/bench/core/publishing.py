"""Tasks that make documents: letters in bulk, slides, a workbook with formulas, a small web site."""

from __future__ import annotations

from pathlib import Path
from random import Random

from offline_interpreter.bench.core.demands import question, require, solution
from offline_interpreter.bench.core.drawings import page_of
from offline_interpreter.bench.core.files import names_in, read, read_named
from offline_interpreter.bench.core.invented import PRODUCTS, TOWNS, WORDS, people, write_csv
from offline_interpreter.bench.core.laid import write_document
from offline_interpreter.bench.core.office import document_text, sheets_of, slide_texts
from offline_interpreter.bench.tasks import Attempt, Question, Task

FAMILY = "documents"


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


_SITE = """
    import html
    from pathlib import Path
    import pandas as pd
    site = Path("SITE")
    site.mkdir(exist_ok=True)
    lines = []
    for number, club in enumerate(pd.read_csv("clubs.csv").itertuples(), 1):
        name, town = html.escape(club.club), html.escape(club.town)
        head = f"<!doctype html><meta charset=utf-8><title>{name}</title><h1>{name}</h1>"
        text = f"<p>{town}, {club.members} members</p><p><a href=index.html>back</a></p>"
        (site / f"club{number}.html").write_text(head + text, "utf-8")
        lines.append(f"<tr><td><a href='club{number}.html'>{name}</a></td><td>{town}</td></tr>")
    table = "<table><tr><th>Club</th><th>Town</th></tr>" + "".join(lines) + "</table>"
    (site / "index.html").write_text("<!doctype html><meta charset=utf-8><title>Clubs</title>" + table, "utf-8")
    print(len(lines))
    """


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
        require(-1 not in places, "The start page does not name every club.")
        for club, town, members in rows:
            fits = any(club in text and town in text and str(members) in text for text in linked.values())
            require(fits, f"No page says all about {club}.")

    code = _SITE.replace("SITE", site)
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
    Task("documents-slides", FAMILY, "medium", ("pptx", "pandas"), _slides),
    Task("documents-letters", FAMILY, "hard", ("docx",), _letters),
    Task("documents-workbook", FAMILY, "hard", ("openpyxl", "pandas"), _workbook),
    Task("documents-site", FAMILY, "hard", ("pandas",), _site),
)
