"""Tasks with tables as people really have them: typed by hand, from several programs, with keys that nearly match."""

from __future__ import annotations

import statistics
from collections import defaultdict
from datetime import date, timedelta
from pathlib import Path
from random import Random

from offline_interpreter.bench.core.answers import require_figures, require_name, require_number
from offline_interpreter.bench.core.demands import question, require, solution
from offline_interpreter.bench.core.files import read_named, sheet_of
from offline_interpreter.bench.core.invented import TOWNS, csv_text, people, write_csv
from offline_interpreter.bench.tasks import Attempt, Question, Task

FAMILY = "tables"
PANDAS = ("pandas",)


def _german(rng: Random, folder: Path) -> Question:
    towns = rng.sample(("Köln", "Lübeck", "München", "Gießen", "Würzburg"), 4)
    cents = [(rng.choice(towns), rng.randrange(50_000, 4_000_000)) for _ in range(80)]
    rows = [
        (number, town, f"{c / 100:_.2f}".replace(".", ",").replace("_", "."))
        for number, (town, c) in enumerate(cents, 1)
    ]
    (folder / "umsatz.csv").write_bytes(csv_text(("Nr", "Ort", "Umsatz"), rows, ";").encode("cp1252"))
    truth = {town: sum(c for other, c in cents if other == town) / 100 for town in towns}

    def look(attempt: Attempt) -> None:
        require_figures(attempt.answer, truth, 2)

    code = """
        import pandas as pd
        df = pd.read_csv("umsatz.csv", sep=";", decimal=",", thousands=".", encoding="cp1252")
        for town, value in df.groupby("Ort")["Umsatz"].sum().items():
            print(f"{town}: {value:.2f}")
        """
    return question(
        "umsatz.csv comes from our accounting program, in German format. What is the sum of Umsatz for each Ort? "
        "With cents.",
        look,
        solution(code, "\n".join(f"{town}: {value:.2f}" for town, value in truth.items())),
        "\n".join(f"{town}: {value / 1000:.2f}" for town, value in truth.items()),
    )


_CLEANED = r"""
    import pandas as pd
    df = pd.read_csv("donors.csv", dtype=str, keep_default_na=False)
    df.columns = ["id", "name", "town", "donated"]
    df["donated"] = pd.to_numeric(df["donated"].str.replace(r"[$,\s]", "", regex=True), errors="coerce")
    for column in ("name", "town"):
        df[column] = df[column].str.split().str.join(" ").str.title()
    df["id"] = df["id"].astype(int)
    df = df.dropna().drop_duplicates("id").sort_values("id")
    df.to_csv("clean.csv", index=False)
    print(f"{df.donated.sum():.2f}")
    """


def _cleaning(rng: Random, folder: Path) -> Question:
    kept, lines = [], []
    for number, name in enumerate(people(rng, 70), 1):
        town, cents = rng.choice(TOWNS), rng.choice((None, rng.randrange(100, 900_000), rng.randrange(100, 900_000)))
        kept.append((str(number), name, town, cents))
        pay = (
            rng.choice(("", "n/a", "-"))
            if cents is None
            else rng.choice((f"{cents / 100:,.2f}", f"{cents / 100:.2f}", f"$ {cents / 100:,.2f}"))
        )
        line = (
            number,
            rng.choice((name, name.upper(), f" {name}  ", name.replace(" ", "  "))),
            rng.choice((town, town.lower(), f"{town} ")),
            pay,
        )
        lines += [line] * rng.choices((1, 2, 3), (8, 2, 1))[0]
    rng.shuffle(lines)
    write_csv(folder / "donors.csv", ("id", "Name", "Town ", "Donated"), lines)
    truth = {number: (name, town, cents / 100) for number, name, town, cents in kept if cents is not None}
    total = sum(row[2] for row in truth.values())

    def look(attempt: Attempt) -> None:
        table = sheet_of(read_named(attempt.folder, "clean.csv"))
        ids = table.column("id")
        require(
            sorted(ids, key=float) == ids and len(ids) == len(truth),
            f"clean.csv has not just the {len(truth)} donors in order.",
        )
        for number, name, town, paid in zip(
            ids, table.column("name"), table.column("town"), table.figures("donated"), strict=True
        ):
            right = truth.get(number)
            require(
                right and right[:2] == (name, town) and abs(right[2] - paid) < 0.006,
                f"clean.csv is wrong for id {number}.",
            )
        require_number(attempt.answer, total, "the sum of the donations", 2)

    return question(
        "donors.csv was typed in by many hands. Clean it: columns id, name, town, donated; no needless blanks; "
        "names and towns with capital first letters only, amounts as plain numbers; leave out donors for whom no "
        "amount is given; each id once; sorted by id. Save it as clean.csv and tell me the sum of the donations.",
        look,
        solution(_CLEANED, f"clean.csv is saved; the donations add up to {total:.2f}."),
        solution(
            _CLEANED.replace('.drop_duplicates("id")', ""), f"clean.csv is saved; the donations add up to {total:.2f}."
        ),
    )


def _joined(rng: Random, folder: Path) -> Question:
    segments = ("private", "retail", "public")
    customers = [(f"C{number:03}", name, rng.choice(segments)) for number, name in enumerate(people(rng, 30), 1)]
    prices = {f"{rng.choice('ABC')}-{number}": rng.randrange(300, 9000) for number in rng.sample(range(100, 999), 15)}
    truth: dict[str, int] = defaultdict(int)
    unknown, lines = 0, []
    for number in range(1, 161):
        who, what, count = rng.choice(customers), rng.choice(tuple(prices)), rng.randrange(1, 9)
        key = (
            rng.choice((who[0], who[0].lower(), f"{who[0]} ")) if rng.random() < 0.93 else f"C{rng.randrange(400, 999)}"
        )
        lines.append((number, key, what, count))
        if key.strip().upper() == who[0]:
            truth[who[2]] += count * prices[what]
        else:
            unknown += 1
    write_csv(folder / "orders.csv", ("order", "customer", "sku", "quantity"), lines)
    again = [(key, name.upper(), segment) for key, name, segment in rng.sample(customers, 6)]
    write_csv(folder / "customers.csv", ("customer_id", "name", "segment"), [*customers, *again])
    write_csv(folder / "prices.csv", ("sku", "price_cents"), prices.items())
    euros = {segment: cents / 100 for segment, cents in truth.items()}

    def look(attempt: Attempt) -> None:
        require_figures(attempt.answer, euros, 2)
        require_number(attempt.answer, unknown, "how many orders have no known customer")

    code = """
        import pandas as pd
        orders, customers, prices = (pd.read_csv(f"{n}.csv") for n in ("orders", "customers", "prices"))
        orders["customer_id"] = orders["customer"].str.strip().str.upper()
        df = orders.merge(customers.drop_duplicates("customer_id"), how="left").merge(prices, how="left")
        df["revenue"] = df.quantity * df.price_cents / 100
        print(df.groupby("segment").revenue.sum().map("{:.2f}".format), df.segment.isna().sum())
        """
    said = "\n".join(f"{segment}: {value:.2f} €" for segment, value in euros.items())
    doubled = "\n".join(f"{segment}: {value * 1.2:.2f} €" for segment, value in euros.items())
    return question(
        "Please compute our revenue in euros by customer segment from orders.csv, customers.csv and prices.csv. The "
        "ids in the orders are not always typed properly, some customers are listed twice, and some orders belong "
        "to no known customer: leave those out, but tell me how many orders that are.",
        look,
        solution(code, f"{said}\n\nNo known customer: {unknown} orders"),
        f"{doubled}\n\nNo known customer: {unknown} orders",
    )


def _moving_average(rng: Random, folder: Path) -> Question:
    first = date(2024, 1, 1)
    counts = {first + timedelta(n): rng.randrange(80, 900) for n in range(200)}
    rows = [(day.isoformat(), count) for day, count in counts.items() if rng.random() < 0.9]
    rows += rng.sample(rows, 8)
    rng.shuffle(rows)
    write_csv(folder / "visitors.csv", ("day", "visitors"), rows)
    known = {date.fromisoformat(day): count for day, count in rows}
    means = {}
    for day in (min(known) + timedelta(n) for n in range(6, (max(known) - min(known)).days + 1)):
        means[day] = statistics.fmean(known.get(day - timedelta(back), 0) for back in range(7))
    best = max(means, key=lambda day: means[day])

    def look(attempt: Attempt) -> None:
        require_number(attempt.answer, means[best], "the highest average", 2)
        require_name(attempt.answer, best.isoformat())

    code = """
        import pandas as pd
        df = pd.read_csv("visitors.csv", parse_dates=["day"]).drop_duplicates().set_index("day")["visitors"]
        mean = df.sort_index().asfreq("D", fill_value=0).rolling(7).mean()
        print(mean.idxmax().date(), f"{mean.max():.2f}")
        """
    return question(
        "visitors.csv counts the visitors of our museum by day, in no order. Some rows are in there twice; a day "
        "that is missing between the first and the last means we were closed, so nobody came. On which day does the "
        "seven day average (that day and the six before) peak, and what is it? Day as YYYY-MM-DD, two decimals.",
        look,
        solution(code, f"It peaks on {best} with {means[best]:.2f} visitors."),
        f"It peaks on {best} with {means[best] * 1.05:.2f} visitors.",
    )


TASKS = (
    Task("tables-german", FAMILY, "medium", PANDAS, _german),
    Task("tables-cleaning", FAMILY, "hard", PANDAS, _cleaning),
    Task("tables-joined", FAMILY, "hard", PANDAS, _joined),
    Task("tables-moving-average", FAMILY, "hard", PANDAS, _moving_average),
)
