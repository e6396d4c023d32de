"""Tasks with one clean table: rows, totals, groups, conditions, statistics, and the shape turned around."""

from __future__ import annotations

import statistics
from collections import defaultdict
from pathlib import Path
from random import Random

from offline_interpreter.bench.core.answers import require_figures, require_number, require_order
from offline_interpreter.bench.core.demands import question, require, solution
from offline_interpreter.bench.core.files import json_of, read_named
from offline_interpreter.bench.core.invented import PRODUCTS, REGIONS, TOWNS, people, write_csv
from offline_interpreter.bench.core.office import first_sheet
from offline_interpreter.bench.tasks import Attempt, Question, Task

FAMILY = "tables"
PANDAS = ("pandas",)


def _sales(rng: Random, folder: Path, count: int = 120) -> list[tuple[str, str, int, float]]:
    """Write sales.csv and return its rows: region, product, units, revenue."""
    regions, products = rng.sample(REGIONS, 4), rng.sample(PRODUCTS, 6)
    rows = []
    for _ in range(count):
        units = rng.randrange(1, 40)
        rows.append((rng.choice(regions), rng.choice(products), units, round(units * rng.uniform(4, 60), 2)))
    write_csv(folder / "sales.csv", ("region", "product", "units", "revenue"), rows)
    return rows


def _shape(rng: Random, folder: Path) -> Question:
    rows = _sales(rng, folder, rng.randrange(150, 400))

    def look(attempt: Attempt) -> None:
        require_number(attempt.answer, len(rows), "the number of rows")

    return question(
        "How many rows of data does sales.csv have?",
        look,
        solution("import pandas as pd\nprint(len(pd.read_csv('sales.csv')))", f"sales.csv has {len(rows)} rows."),
        f"sales.csv has {len(rows) + 1} rows.",
    )


def _total(rng: Random, folder: Path) -> Question:
    rows = _sales(rng, folder)
    region = rng.choice(sorted({row[0] for row in rows}))
    truth = sum(row[2] for row in rows if row[0] == region)

    def look(attempt: Attempt) -> None:
        require_number(attempt.answer, truth, f"the units of {region}")

    code = f"""
        import pandas as pd
        df = pd.read_csv("sales.csv")
        print(df.loc[df["region"] == "{region}", "units"].sum())
        """
    return question(
        f"how many units did we sell in the region {region}? it's in sales.csv",
        look,
        solution(code, f"{truth} units were sold in {region}."),
        f"{sum(row[0] == region for row in rows)} units were sold in {region}.",
    )


def _group_mean(rng: Random, folder: Path) -> Question:
    towns = rng.sample(TOWNS, 5)
    rows = [(rng.choice(towns), f"2024-{rng.randrange(1, 13):02}", round(rng.gauss(12, 8), 1)) for _ in range(160)]
    write_csv(folder / "weather.csv", ("town", "month", "temperature"), rows)
    means = {town: statistics.fmean(row[2] for row in rows if row[0] == town) for town in towns}

    def look(attempt: Attempt) -> None:
        require_figures(attempt.answer, means, 2)

    code = """
        import pandas as pd
        means = pd.read_csv("weather.csv").groupby("town")["temperature"].mean()
        print(means.map("{:.2f}".format).to_string())
        """
    return question(
        "What is the average temperature of each town in weather.csv? Two decimals.",
        look,
        solution(code, "\n".join(f"{town}: {mean:.2f}" for town, mean in means.items())),
        "\n".join(f"{town}: {mean + 0.1:.2f}" for town, mean in means.items()),
    )


def _top_three(rng: Random, folder: Path) -> Question:
    names = rng.sample([name for name in PRODUCTS if name != "table"], 14)  # an answer may well show a table
    prices = rng.sample(range(500, 9000), 14)
    write_csv(
        folder / "catalog.csv", ("item", "price"), [(n, f"{p / 100:.2f}") for n, p in zip(names, prices, strict=True)]
    )
    ranked = [name for _, name in sorted(zip(prices, names, strict=True), reverse=True)]

    def look(attempt: Attempt) -> None:
        require_order(attempt.answer, ranked[:3], names)

    code = """
        import pandas as pd
        print(pd.read_csv("catalog.csv").nlargest(3, "price").to_string(index=False))
        """
    return question(
        "Which are the three most expensive items in catalog.csv? The most expensive one first, only those three.",
        look,
        solution(code, "The three most expensive: " + ", ".join(ranked[:3])),
        "The three most expensive: " + ", ".join(ranked[1:4]),
    )


def _conditions(rng: Random, folder: Path) -> Question:
    rows = [
        (name, rng.randrange(18, 70), rng.choice(TOWNS[:4]), rng.choice(("yes", "no", "no")), rng.randrange(0, 900))
        for name in people(rng, 140)
    ]
    write_csv(folder / "members.csv", ("name", "age", "town", "newsletter", "spent"), rows)
    chosen = [row for row in rows if row[1] >= 40 and row[3] == "no" and row[4] > 300]
    oldest = max(rows, key=lambda row: row[1])[1]

    def look(attempt: Attempt) -> None:
        require_number(attempt.answer, len(chosen), "how many members that are")
        require_number(attempt.answer, statistics.fmean(row[4] for row in chosen), "what they spent on average", 2)

    code = """
        import pandas as pd
        df = pd.read_csv("members.csv")
        chosen = df[(df.age >= 40) & (df.newsletter == "no") & (df.spent > 300)]
        print(len(chosen), f"{chosen.spent.mean():.2f}")
        """
    mean = statistics.fmean(row[4] for row in chosen)
    return question(
        "We want to write to members (members.csv) who are 40 or older, have spent more than 300 and don't get the "
        "newsletter yet. How many are they, and how much did they spend on average? Two decimals.",
        look,
        solution(code, f"That are {len(chosen)} members; they spent {mean:.2f} on average."),
        f"That are {len(chosen) + oldest} members; they spent {mean:.2f} on average.",
    )


def _statistics(rng: Random, folder: Path) -> Question:
    values: list[float | str] = [round(rng.lognormvariate(4, 0.5), 2) for _ in range(90)]
    numbers = [float(value) for value in values]
    for place in sorted(rng.sample(range(91), 7)):
        values.insert(place, "")
    write_csv(folder / "orders.csv", ("order", "amount"), list(enumerate(values, 1001)))
    truth = {
        "count": len(numbers),
        "mean": statistics.fmean(numbers),
        "median": statistics.median(numbers),
        "std": statistics.stdev(numbers),
        "min": min(numbers),
        "max": max(numbers),
    }

    def look(attempt: Attempt) -> None:
        made = json_of(read_named(attempt.folder, "stats.json"))
        require(isinstance(made, dict) and set(truth) <= set(made), "stats.json does not have the keys asked for.")
        wrong = [key for key, value in truth.items() if abs(float(made[key]) - value) > 0.00501]
        require(not wrong, f"In stats.json {', '.join(wrong)} is wrong.")

    code = """
        import json
        import pandas as pd
        x = pd.read_csv("orders.csv")["amount"].dropna()
        stats = {name: x.agg(name) for name in ("count", "mean", "median", "std", "min", "max")}
        stats = {key: round(float(value), 2) for key, value in stats.items()}
        json.dump(stats, open("stats.json", "w"))
        print(stats)
        """
    return question(
        "Compute count, mean, median, std (sample), min and max of the column amount in orders.csv, rounded to two "
        "decimals; some amounts are missing and don't count. Save them under exactly these names in stats.json.",
        look,
        solution(code, f"stats.json holds the statistics of {len(numbers)} amounts."),
        solution(code.replace(".dropna()", ".fillna(0)"), "stats.json holds the statistics."),
    )


def _pivot(rng: Random, folder: Path) -> Question:
    rows = _sales(rng, folder)
    truth: dict[tuple[str, str], float] = defaultdict(float)
    for region, product, _, revenue in rows:
        truth[product, region] += revenue
    products, regions = sorted({row[1] for row in rows}), sorted({row[0] for row in rows})

    def look(attempt: Attempt) -> None:
        table = first_sheet(read_named(attempt.folder, "pivot.xlsx"))
        names = table.column("product", "")
        for region in regions:
            got = dict(zip(names, table.column(region), strict=True))
            for product in products:
                value = float(got.get(product) or 0)
                right = abs(value - truth[product, region]) < 0.006
                require(right, f"pivot.xlsx is wrong for {product} in {region}.")

    code = """
        import pandas as pd
        df = pd.read_csv("sales.csv")
        pivot = df.pivot_table(index="product", columns="region", values="revenue", aggfunc="sum", fill_value=0)
        pivot.to_excel("pivot.xlsx")
        print("saved")
        """
    return question(
        "Turn sales.csv into an Excel sheet pivot.xlsx: one row per product, one column per region, and in the "
        "cells the sum of the revenue (0 where there was none). The first column is called product, no totals "
        "please.",
        look,
        solution(code, "pivot.xlsx is saved."),
        solution(code.replace('aggfunc="sum"', 'aggfunc="mean"'), "pivot.xlsx is saved."),
    )


TASKS = (
    Task("tables-rows", FAMILY, "easy", PANDAS, _shape),
    Task("tables-total", FAMILY, "easy", PANDAS, _total),
    Task("tables-group-mean", FAMILY, "easy", PANDAS, _group_mean),
    Task("tables-top-three", FAMILY, "easy", PANDAS, _top_three),
    Task("tables-conditions", FAMILY, "easy", PANDAS, _conditions),
    Task("tables-statistics", FAMILY, "medium", PANDAS, _statistics),
    Task("tables-pivot", FAMILY, "medium", ("pandas", "openpyxl"), _pivot),
)
