"""Tasks with tables that are not one CSV file: nested JSON, a database, two sheets, a folder full of files."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path
from random import Random

from offline_interpreter.bench.core.answers import require_figures, require_name, require_number
from offline_interpreter.bench.core.demands import question, require, solution
from offline_interpreter.bench.core.files import read_named, sheet_of
from offline_interpreter.bench.core.invented import LAST_NAMES, PRODUCTS, TOWNS, csv_text, people
from offline_interpreter.bench.core.laid import write_book
from offline_interpreter.bench.core.office import first_sheet
from offline_interpreter.bench.tasks import Attempt, Question, Task

FAMILY = "tables"
PANDAS = ("pandas",)


def _nested(rng: Random, folder: Path) -> Question:
    orders, lines = [], []
    for number in range(2001, 2041):
        names = rng.sample(PRODUCTS, rng.randrange(1, 5))
        bought = [(name, rng.randrange(1, 9), rng.randrange(150, 9900)) for name in names]
        items = [{"sku": name, "qty": count, "price": cents / 100} for name, count, cents in bought]
        customer = {"name": people(rng, 1)[0], "town": rng.choice(TOWNS)}
        orders.append({"id": number, "customer": customer, "items": items})
        lines += [(number, name, count * cents / 100) for name, count, cents in bought]
    (folder / "orders.json").write_text(json.dumps({"orders": orders}, ensure_ascii=False, indent=1), "utf-8")
    total = sum(line[2] for line in lines)

    def look(attempt: Attempt) -> None:
        require_number(attempt.answer, total, "the total", 2)
        table = sheet_of(read_named(attempt.folder, "lines.csv"))
        got = sorted(zip(table.figures("id"), table.column("sku"), table.figures("amount"), strict=True))
        wrong = len(got) != len(lines) or any(
            a[:2] != b[:2] or abs(a[2] - b[2]) > 0.006 for a, b in zip(got, sorted(lines), strict=True)
        )
        require(not wrong, "lines.csv does not hold each line of each order with its amount.")
        require(table.column("town")[0] in TOWNS, "lines.csv does not hold the towns.")

    code = """
        import json
        import pandas as pd
        rows = [
            {"id": o["id"], "town": o["customer"]["town"], "sku": i["sku"], "amount": round(i["qty"] * i["price"], 2)}
            for o in json.load(open("orders.json", encoding="utf-8"))["orders"]
            for i in o["items"]
        ]
        df = pd.DataFrame(rows)
        df.to_csv("lines.csv", index=False)
        print(f"{df.amount.sum():.2f}")
        """
    return question(
        "I exported our orders as orders.json but need them as a table: lines.csv with one row per ordered item and "
        "the columns id, town, sku, amount (quantity times price). What is the total amount of all lines?",
        look,
        solution(code, f"lines.csv is saved; the total is {total:.2f}."),
        solution(code.replace('i["qty"] * i["price"]', 'i["price"]'), f"lines.csv is saved; the total is {total:.2f}."),
    )


def _database(rng: Random, folder: Path) -> Question:
    authors, loans = (
        people(rng, 4),
        [(rng.randrange(1, 5), rng.randrange(1, 60), rng.choice((None, "back"))) for _ in "x" * 180],
    )
    late = {
        name: sum(loan[0] == n and loan[1] > 28 and loan[2] is None for loan in loans)
        for n, name in enumerate(authors, 1)
    }
    favorite = 1 + rng.randrange(4)
    extra = max(late.values()) - late[authors[favorite - 1]] + rng.randrange(2, 6)
    loans += [(favorite, rng.randrange(29, 60), None) for _ in range(extra)]
    late[authors[favorite - 1]] += extra
    with closing(sqlite3.connect(folder / "library.db")) as database, database:
        database.execute("create table author (id integer primary key, name text)")
        database.execute("create table loan (id integer primary key, author_id integer, days integer, returned text)")
        database.executemany("insert into author values (?, ?)", list(enumerate(authors, 1)))
        database.executemany("insert into loan (author_id, days, returned) values (?, ?, ?)", loans)
    most = max(late, key=lambda name: late[name])

    def look(attempt: Attempt) -> None:
        require_name(attempt.answer, most, authors)
        require_number(attempt.answer, late[most], "the number of loans")

    code = """
        import sqlite3
        db = sqlite3.connect("library.db")
        print(db.execute('''select name, count(*) n from loan join author on author.id = author_id
                            where days > 28 and returned is null group by name order by n desc''').fetchall())
        """
    return question(
        "library.db is the SQLite database of our library. For which author are the most books overdue, that is, "
        "out for more than 28 days and not returned? Only the name and how many, please.",
        look,
        solution(code, f"{most}, with {late[most]} overdue loans."),
        f"{most}, with {late[most] + 3} overdue loans.",
    )


def _two_sheets(rng: Random, folder: Path) -> Question:
    names = rng.sample(LAST_NAMES, 9)
    budget = {name: rng.randrange(20, 200) * 100 for name in names}
    spent, expenses = dict.fromkeys(names, 0), []
    for _ in range(130):
        name, amount = rng.choice(names[:-1]), rng.randrange(10, 1200)
        expenses.append([date(2024, rng.randrange(1, 13), 5), rng.choice((name, name.lower())), amount])
        spent[name] += amount
    sheets: dict[str, list[list[object]]] = {
        "Budget": [["Department", "Budget"], *([name, budget[name]] for name in names)],
        "Actual": [["Date", "Department", "Amount"], *expenses],
    }
    write_book(folder / "costs.xlsx", sheets)
    left = {name: budget[name] - spent[name] for name in names}
    over = [name for name in names if left[name] < 0]

    def look(attempt: Attempt) -> None:
        table = first_sheet(read_named(attempt.folder, "report.xlsx"))
        got = dict(zip(table.column("department"), table.figures("left"), strict=True))
        wrong = [name for name in names if got.get(name) != left[name]]
        require(not wrong, f"report.xlsx does not say what is left for {wrong[:1]}.")
        require_number(attempt.answer, len(over), "how many departments are over budget")

    code = """
        import pandas as pd
        sheets = pd.read_excel("costs.xlsx", sheet_name=None)
        spent = sheets["Actual"].groupby(sheets["Actual"]["Department"].str.title())["Amount"].sum()
        df = sheets["Budget"]
        df["Spent"] = df["Department"].map(spent).fillna(0).astype(int)
        df["Left"] = df["Budget"] - df["Spent"]
        df.to_excel("report.xlsx", index=False)
        print((df["Left"] < 0).sum())
        """
    return question(
        "costs.xlsx has a sheet Budget and a sheet Actual with every single expense (somebody did not care about "
        "capital letters). Make a report.xlsx with the columns Department, Budget, Spent and Left (as plain "
        "values), one row per department, in the order of the budget. How many departments are over their budget?",
        look,
        solution(code, f"report.xlsx is saved; {len(over)} departments are over budget."),
        solution(code.replace(".str.title()", ""), f"report.xlsx is saved; {len(over)} departments are over budget."),
    )


def _monthly_files(rng: Random, folder: Path) -> Question:
    headers = (("category", "amount"), ("Category", "Amount (EUR)"), ("amount", "category"), ("CATEGORY", "AMOUNT"))
    categories = ("rent", "food", "travel", "books")
    truth = dict.fromkeys(categories, 0)
    (folder / "expenses").mkdir()
    for month in range(1, 13):
        header = rng.choice(headers)
        rows = []
        for _ in range(rng.randrange(8, 20)):
            category, cents = rng.choice(categories), rng.randrange(200, 60_000)
            truth[category] += cents
            cell = (rng.choice((category, category.title())), f"{cents / 100:.2f}")
            rows.append(cell if header[0].lower() == "category" else cell[::-1])
        note = "# exported by hand\n# do not edit\n" if rng.random() < 0.4 else ""
        name = f"{month:02}{rng.choice(('', '_2023'))}.csv"
        (folder / "expenses" / name).write_text(note + csv_text(header, rows), "utf-8")
    (folder / "expenses" / "total_old.csv").write_text("category,amount\nrent,99999.00\n", "utf-8")
    euros = {category: cents / 100 for category, cents in truth.items()}

    def look(attempt: Attempt) -> None:
        require_figures(attempt.answer, euros, 2)

    code = """
        import glob
        import pandas as pd
        parts = []
        for path in glob.glob("expenses/[01]*.csv"):
            df = pd.read_csv(path, comment="#")
            df.columns = [column.lower().split()[0] for column in df.columns]
            parts.append(df)
        df = pd.concat(parts)
        for category, amount in df.groupby(df["category"].str.lower())["amount"].sum().items():
            print(f"{category}: {amount:.2f}")
        """
    return question(
        "The folder expenses has a CSV file for each month of last year, but they don't all look the same. How much "
        "did I spend in the whole year on rent, food, travel and books? Only the twelve monthly files count.",
        look,
        solution(code, "\n".join(f"{category}: {value:.2f}" for category, value in euros.items())),
        "\n".join(f"{category}: {value + 99999 * (category == 'rent'):.2f}" for category, value in euros.items()),
    )


TASKS = (
    Task("tables-nested", FAMILY, "medium", PANDAS, _nested),
    Task("tables-database", FAMILY, "medium", (), _database),
    Task("tables-two-sheets", FAMILY, "hard", ("pandas", "openpyxl"), _two_sheets),
    Task("tables-monthly-files", FAMILY, "hard", PANDAS, _monthly_files),
)
