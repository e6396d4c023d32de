"""Tasks in which something is not as it should be: names typed wrong, broken files, a script with mistakes."""

from __future__ import annotations

import json
import statistics
from pathlib import Path
from random import Random

from offline_interpreter.bench.core.answers import require_figures, require_number
from offline_interpreter.bench.core.demands import question, require, solution
from offline_interpreter.bench.core.files import read, read_named, sheet_of, text_of
from offline_interpreter.bench.core.invented import PRODUCTS, TOWNS, WORDS, people, write_csv
from offline_interpreter.bench.core.laid import write_book
from offline_interpreter.bench.tasks import Attempt, Question, Task

FAMILY = "repair"
PANDAS = ("pandas",)


def _column(rng: Random, folder: Path) -> Question:
    asked, written = rng.choice((("revenue", "Revenue (EUR)"), ("price", "unit_price"), ("weight", "Weight_kg")))
    values = [rng.randrange(100, 9000) for _ in range(50)]
    rows = [(number, rng.choice(PRODUCTS), value) for number, value in enumerate(values, 1)]
    write_csv(folder / "list.csv", ("no", "article", written), rows)

    def look(attempt: Attempt) -> None:
        require_number(attempt.answer, sum(values), "the sum")

    return question(
        f"sum up the column {asked} of list.csv please",
        look,
        solution(
            f"import pandas as pd\ndf = pd.read_csv('list.csv')\nprint(list(df))\nprint(df['{written}'].sum())",
            f"The column is called {written}; its sum is {sum(values)}.",
        ),
        f"The sum of {asked} is {sum(range(1, 51))}.",
    )


def _file_name(rng: Random, folder: Path) -> Question:
    month, year = rng.choice(("march", "april", "june")), rng.randrange(2019, 2025)
    ages = [rng.randrange(5, 90) for _ in range(40)]
    rows = [(name, age) for name, age in zip(people(rng, 40), ages, strict=True)]
    write_csv(folder / f"visitors_{month}_{year}.csv", ("name", "age"), rows)
    write_csv(folder / "prices.csv", ("ticket", "price"), [("adult", 9), ("child", 4)])

    def look(attempt: Attempt) -> None:
        require_number(attempt.answer, max(ages), "the highest age")

    code = f"""
        import glob
        import pandas as pd
        print(glob.glob("*"))
        print(pd.read_csv("visitors_{month}_{year}.csv")["age"].max())
        """
    return question(
        f"How old is the oldest person in vistors-{month}.csv?",
        look,
        solution(code, f"There is a visitors_{month}_{year}.csv; the oldest person there is {max(ages)}."),
        f"The oldest person is {sorted({*ages})[-2]}.",
    )


def _text_column(rng: Random, folder: Path) -> Question:
    cents = [rng.randrange(1_000, 900_000) for _ in range(60)]
    shown = [
        rng.choice((f"{c / 100:,.2f} €", f"€{c / 100:,.2f}", f"{c / 100:.2f}", f"EUR {c / 100:,.2f}")) for c in cents
    ]
    rows = [(f"2024-{rng.randrange(1, 13):02}-10", text) for text in shown]
    write_csv(folder / "invoices.csv", ("date", "amount"), rows)
    truth = statistics.fmean(cents) / 100

    def look(attempt: Attempt) -> None:
        require_number(attempt.answer, truth, "the mean amount", 2)
        require_number(attempt.answer, max(cents) / 100, "the largest amount", 2)

    code = r"""
        import pandas as pd
        x = pd.read_csv("invoices.csv")["amount"].str.replace(r"[^\d.]", "", regex=True).astype(float)
        print(f"{x.mean():.2f} {x.max():.2f}")
        """
    return question(
        "Why can't I compute the average of the amounts in invoices.csv? Do it for me, with two decimals, and give "
        "me the largest amount too.",
        look,
        solution(code, f"The amounts are text. Their mean is {truth:.2f} €, the largest is {max(cents) / 100:.2f} €."),
        f"The amounts are text. Their mean is {truth:.2f} €, the largest is {min(cents) / 100:.2f} €.",
    )


def _script(rng: Random, folder: Path) -> Question:
    marks = [[rng.randrange(30, 100) for _ in range(rng.randrange(3, 7))] for _ in range(25)]
    names = people(rng, 25)
    (folder / "marks.json").write_text(json.dumps(dict(zip(names, marks, strict=True)), ensure_ascii=False), "utf-8")
    script = (
        "# Prints the mean of each pupil's best three marks, averaged over all pupils.\n"
        "import json\n\n"
        "marks = json.load(open('marks.json', encoding='utf8'))\n"
        "total = 0\n"
        "for name, values in marks:\n"
        "    best = sorted(values)[:3]\n"
        "    total += sum(best) / 3\n"
        "print(round(total / len(best), 2))\n"
    )
    (folder / "average.py").write_text(script, "utf-8")
    truth = statistics.fmean(sum(sorted(values)[-3:]) / 3 for values in marks)

    def look(attempt: Attempt) -> None:
        require_number(attempt.answer, truth, "the mean", 2)
        fixed = text_of(read_named(attempt.folder, "average_fixed.py"))
        require(fixed != script and "marks" in fixed, "average_fixed.py is not the script with its mistakes mended.")
        require(text_of(read(attempt.folder, "average.py")) == script, "average.py itself was changed.")

    code = """
        text = open("average.py").read()
        for wrong, right in (("in marks:", "in marks.items():"), ("[:3]", "[-3:]"), ("len(best)", "len(marks)")):
            text = text.replace(wrong, right)
        open("average_fixed.py", "w").write(text)
        exec(text)
        """
    return question(
        "My script average.py crashes, and I fear it is wrong in other places too. The comment at its top says what "
        "it should do. Mend it as average_fixed.py (leave the old one as it is) and tell me what the right result "
        "is.",
        look,
        solution(code, f"The right result is {truth:.2f}; the mended script is average_fixed.py."),
        f"The right result is {statistics.fmean(sum(sorted(v)[:3]) / 3 for v in marks):.2f}; see average_fixed.py.",
    )


def _report_header(rng: Random, folder: Path) -> Question:
    rows = [(name, rng.randrange(100, 2000), rng.randrange(0, 100)) for name in rng.sample(PRODUCTS, 15)]
    total = sum(row[1] for row in rows)
    sheet = [
        ["Stock report"],
        ["printed for", people(rng, 1)[0]],
        [],
        ["Article", "Pieces", "Damaged"],
        *rows[:8],
        ["Subtotal", sum(row[1] for row in rows[:8]), sum(row[2] for row in rows[:8])],
        *rows[8:],
        ["Total", total, sum(row[2] for row in rows)],
        ["All figures without guarantee"],
    ]
    write_book(folder / "stock.xlsx", {"Report": sheet})
    mean = total / len(rows)

    def look(attempt: Attempt) -> None:
        require_number(attempt.answer, mean, "the average number of pieces", 1)
        require_number(attempt.answer, sum(row[2] for row in rows), "the damaged pieces")

    code = """
        import pandas as pd
        df = pd.read_excel("stock.xlsx", header=3).dropna()
        df = df[~df["Article"].isin(["Subtotal", "Total"])]
        print(f"{df['Pieces'].mean():.1f} {df['Damaged'].sum():.0f}")
        """
    damaged = sum(row[2] for row in rows)
    return question(
        "How many pieces do we have of an article on average (one decimal), and how many pieces are damaged in all? "
        "It is in stock.xlsx.",
        look,
        solution(code, f"There are {mean:.1f} pieces of an article on average, and {damaged} damaged pieces in all."),
        f"There are {total * 2.5 / 17:.1f} pieces of an article on average, and {damaged} damaged pieces in all.",
    )


def _broken_lines(rng: Random, folder: Path) -> Question:
    truth = dict.fromkeys(rng.sample(TOWNS, 4), 0)
    lines, broken = [], 0
    for number in range(240):
        town, kind, count = rng.choice(tuple(truth)), rng.choice(("sale", "sale", "return")), rng.randrange(1, 20)
        record = json.dumps({"no": number, "town": town, "kind": kind, "count": count}, ensure_ascii=False)
        if rng.random() < 0.08:
            broken += 1
            record = rng.choice((record[: rng.randrange(5, 30)], record.replace(":", " ", 1), "\x00\x00\x00"))
        else:
            truth[town] += count if kind == "sale" else -count
        lines.append(record)
        lines += [""] * (rng.random() < 0.1)
    (folder / "events.jsonl").write_text("\n".join(lines) + "\n", "utf-8")

    def look(attempt: Attempt) -> None:
        require_figures(attempt.answer, truth | {"broken lines": broken})

    code = """
        import json
        from collections import Counter
        net, broken = Counter(), 0
        for line in open("events.jsonl", encoding="utf-8"):
            if not line.strip():
                continue
            try:
                event = json.loads(line)
            except ValueError:
                broken += 1
                continue
            net[event["town"]] += event["count"] * (1 if event["kind"] == "sale" else -1)
        print(dict(net), broken)
        """
    said = "\n".join(f"{town}: {count}" for town, count in truth.items())
    return question(
        "events.jsonl should have one JSON object per line, but our till crashed now and then and some lines are "
        "broken. Per town: how many pieces were sold, returns taken off? And how many lines had to be left out "
        "because they are broken? Empty lines are not broken. Write it as a line per town, like Dunmere: 12, and a "
        "last one, broken lines: 3.",
        look,
        solution(code, f"{said}\n\nbroken lines: {broken}"),
        f"{said}\n\nbroken lines: {broken + sum(not line for line in lines)}",
    )


def _shifted(rng: Random, folder: Path) -> Question:
    truth, lines = {}, ["Export of the warehouse;;", "user: admin", "", "code,description,shelf,pieces"]
    for number in range(60):
        description = " ".join(rng.sample(WORDS, 2)) + (f", {rng.choice(WORDS)}" if rng.random() < 0.3 else "")
        shelf, pieces = rng.choice("ABCDE"), rng.randrange(1, 90)
        truth[f"W{number:03}"] = (description, shelf, pieces)
        lines.append(f"W{number:03},{description},{shelf},{pieces}")
    (folder / "warehouse.csv").write_text("\n".join(lines) + "\n", "utf-8")
    pieces_on = {f"shelf {s}": sum(p for _, shelf, p in truth.values() if shelf == s) for s in "ABCDE"}

    def look(attempt: Attempt) -> None:
        table = sheet_of(read_named(attempt.folder, "warehouse_fixed.csv"))
        cells = zip(table.column("description"), table.column("shelf"), table.figures("pieces"), strict=True)
        got = dict(zip(table.column("code"), cells, strict=True))
        wrong = [code for code in truth if got.get(code) != truth[code]]
        require(not wrong, f"warehouse_fixed.csv is wrong for {wrong[:1]}.")
        require_figures(attempt.answer, pieces_on)

    code = """
        import pandas as pd
        rows = []
        for line in open("warehouse.csv", encoding="utf-8").read().splitlines()[4:]:
            code, rest = line.split(",", 1)
            rows.append([code, *rest.rsplit(",", 2)])
        df = pd.DataFrame(rows, columns=["code", "description", "shelf", "pieces"])
        df.to_csv("warehouse_fixed.csv", index=False)
        for shelf, count in df["pieces"].astype(int).groupby(df["shelf"]).sum().items():
            print(f"shelf {shelf}: {count}")
        """
    said = "\n".join(f"{shelf}: {count}" for shelf, count in pieces_on.items())
    return question(
        "I can't open warehouse.csv in Excel properly: there is stuff above the header, and some descriptions have "
        "a comma in them but no quotes. Make a proper warehouse_fixed.csv of it with the same four columns. How "
        "many pieces are on each shelf? Write it as: shelf A: 12, one per line.",
        look,
        solution(code, said),
        solution(code.replace('*rest.rsplit(",", 2)', '*rest.split(",")[:2], rest.split(",")[-1]'), said),
    )


TASKS = (
    Task("repair-column", FAMILY, "easy", PANDAS, _column),
    Task("repair-file-name", FAMILY, "easy", PANDAS, _file_name),
    Task("repair-text-column", FAMILY, "medium", PANDAS, _text_column),
    Task("repair-script", FAMILY, "medium", (), _script),
    Task("repair-report-header", FAMILY, "medium", ("pandas", "openpyxl"), _report_header),
    Task("repair-broken-lines", FAMILY, "hard", (), _broken_lines),
    Task("repair-shifted", FAMILY, "hard", PANDAS, _shifted),
)
