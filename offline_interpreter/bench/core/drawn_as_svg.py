"""Tasks with charts as SVG drawings, whose texts can be read, so that labels, legends and axes are checked."""

from __future__ import annotations

import re
import statistics
from pathlib import Path
from random import Random

from offline_interpreter.bench.core.answers import require_number
from offline_interpreter.bench.core.demands import question, require, solution
from offline_interpreter.bench.core.drawings import require_texts, shapes, svg_texts
from offline_interpreter.bench.core.files import read_named, sheet_of
from offline_interpreter.bench.core.invented import TOWNS, write_csv
from offline_interpreter.bench.tasks import Attempt, Question, Task

FAMILY = "charts"
PLOTTING = ("pandas", "matplotlib", "PIL")


def _labeled_lines(rng: Random, folder: Path) -> Question:
    towns = rng.sample(TOWNS[:8], 3)
    rows = [(year, *(rng.randrange(200, 900) for _ in towns)) for year in range(2008, 2024)]
    write_csv(folder / "births.csv", ("year", *towns), rows)
    title = f"Births {rng.choice(('per year', 'by town', 'since 2008'))}"

    def look(attempt: Attempt) -> None:
        data = read_named(attempt.folder, "births.svg")
        require_texts(data, title, "Year", "Births", *towns)
        require(shapes(data) >= 6, "The drawing shows no lines.")

    code = f"""
        import matplotlib.pyplot as plt
        import pandas as pd
        df = pd.read_csv("births.csv", index_col="year")
        ax = df.plot(title="{title}")
        ax.set_xlabel("Year")
        ax.set_ylabel("Births")
        ax.figure.savefig("births.svg")
        plt.close("all")
        """
    return question(
        "Draw the births of the towns in births.csv over the years as lines, with a legend of the towns, the title "
        f'"{title}", "Year" under the x axis and "Births" at the y axis. Save it as births.svg.',
        look,
        solution(code, "The chart is saved as births.svg."),
        solution(code.replace('ax.set_ylabel("Births")', 'ax.set_title("")'), "The chart is saved as births.svg."),
    )


def _countries(rng: Random) -> list[tuple[str, str, int, float, int]]:
    """Return made-up countries: name, continent, GDP per head, life expectancy, people."""
    continents = ("Orient", "Austral", "Boreal", "Pacifica")
    endings = ("land", "ia", "stan", "mark", "onia")
    names = sorted(
        {
            f"{rng.choice(('Al', 'Bor', 'Cas', 'Dor', 'Fen', 'Gal', 'Mar', 'Nor', 'Tal', 'Ver'))}{end}"
            for end in endings * 9
        }
    )
    rows = []
    for name in names:
        gdp = int(rng.lognormvariate(9, 1.1))
        life = round(min(84.0, 40 + 4.2 * len(str(gdp)) + rng.uniform(0, 18)), 1)
        rows.append((name, rng.choice(continents), gdp, life, int(rng.lognormvariate(16, 1.3))))
    return rows


def _is_power_of_ten(text: str) -> bool:
    """Say whether an axis is labeled so: 10^4 as matplotlib or TeX writes it, or 10,000 between other powers."""
    plain = re.sub(r"[\s,]", "", text)
    digits = re.sub(r"[^0-9]", "", plain)
    powers = ("103", "104", "105", "1000", "10000", "100000")
    return plain in ("1k", "10k", "100k") or (digits in powers and ("^" in plain or digits == plain))


def _gdp_and_life(rng: Random, folder: Path) -> Question:
    rows = _countries(rng)
    write_csv(
        folder / "countries.csv", ("country", "continent", "gdp_per_capita", "life_expectancy", "population"), rows
    )
    chosen = {row[0]: (row[2], row[3]) for row in rows if row[4] > 5_000_000}

    def look(attempt: Attempt) -> None:
        data = read_named(attempt.folder, "wealth.svg")
        require_texts(data, "GDP per capita", "Life expectancy")
        require(shapes(data) >= len(chosen), "The drawing has fewer marks than there are countries.")
        texts = svg_texts(data)
        require(any(_is_power_of_ten(text) for text in texts), "The x axis does not look logarithmic.")
        table = sheet_of(read_named(attempt.folder, "points.csv"))
        points = zip(table.figures("gdp_per_capita"), table.figures("life_expectancy"), strict=True)
        require(
            dict(zip(table.column("country"), points, strict=True)) == chosen, "points.csv does not hold the points."
        )

    code = """
        import matplotlib.pyplot as plt
        import pandas as pd
        df = pd.read_csv("countries.csv")
        df = df[df["population"] > 5_000_000]
        fig, ax = plt.subplots()
        for continent, part in df.groupby("continent"):
            ax.scatter(part["gdp_per_capita"], part["life_expectancy"], s=part["population"] / 5e5, label=continent)
        ax.set(xscale="log", xlabel="GDP per capita", ylabel="Life expectancy")
        ax.legend()
        fig.savefig("wealth.svg")
        df[["country", "gdp_per_capita", "life_expectancy"]].to_csv("points.csv", index=False)
        plt.close(fig)
        """
    return question(
        "I'd like the famous picture of wealth and health: life expectancy against GDP per capita from "
        'countries.csv, GDP on a logarithmic x axis, the axes labeled "GDP per capita" and "Life expectancy", a '
        "color per continent and bigger dots for bigger countries. Only countries with more than 5 million people. "
        "Save it as wealth.svg, and the points that you plotted as points.csv (country, gdp_per_capita, "
        "life_expectancy).",
        look,
        solution(code, "The scatter plot is wealth.svg, its points are in points.csv."),
        solution(code.replace("> 5_000_000", "> 0"), "The scatter plot is wealth.svg, its points are in points.csv."),
    )


def _trend(rng: Random, folder: Path) -> Question:
    slope, start = rng.uniform(3, 9), rng.uniform(80, 200)
    values = [round(start + slope * n + rng.gauss(0, 9), 1) for n in range(24)]
    rows = [(f"{2022 + n // 12}-{n % 12 + 1:02}", value) for n, value in enumerate(values)]
    write_csv(folder / "members.csv", ("month", "members"), rows)
    fit = statistics.linear_regression(range(24), values)
    ahead = fit.intercept + fit.slope * 26

    def look(attempt: Attempt) -> None:
        require_number(attempt.answer, ahead, "the value of the trend in 2024-03", 1)
        require_number(attempt.answer, fit.slope, "the growth per month", 2)
        require_texts(read_named(attempt.folder, "trend.svg"), "members", "trend", "2024-03")

    code = """
        import matplotlib.pyplot as plt
        import numpy as np
        import pandas as pd
        df = pd.read_csv("members.csv")
        x = np.arange(len(df))
        slope, intercept = np.polyfit(x, df["members"], 1)
        months = list(df["month"]) + ["2024-01", "2024-02", "2024-03"]
        fig, ax = plt.subplots(figsize=(10, 5))
        ax.plot(df["month"], df["members"], "o-", label="members")
        ax.plot(months, intercept + slope * np.arange(len(months)), "--", label="trend")
        ax.tick_params(axis="x", rotation=90)
        ax.legend()
        fig.savefig("trend.svg")
        plt.close(fig)
        print(f"{slope:.2f} {intercept + slope * 26:.1f}")
        """
    return question(
        "Draw the numbers in members.csv with a straight trend line (least squares over the 24 months), and let the "
        'line go on to 2024-03. Label the two "members" and "trend" in a legend, and let the x axis name the '
        "months, 2024-03 too. Save it as trend.svg. By how much do we grow per month after that line (two "
        "decimals), and where does it stand in 2024-03 (one decimal)?",
        look,
        solution(code, f"We grow by {fit.slope:.2f} a month; in 2024-03 the trend is at {ahead:.1f} (trend.svg)."),
        f"We grow by {fit.slope:.2f} a month; in 2024-03 the trend is at {ahead + fit.slope:.1f} (trend.svg).",
    )


TASKS = (
    Task("charts-labeled-lines", FAMILY, "medium", PLOTTING, _labeled_lines),
    Task("charts-gdp-and-life", FAMILY, "hard", PLOTTING, _gdp_and_life),
    Task("charts-trend", FAMILY, "hard", PLOTTING, _trend),
)
