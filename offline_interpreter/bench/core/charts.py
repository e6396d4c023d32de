"""Tasks with charts. What a chart means cannot be seen in its pixels, so a check looks at what can be known.

A PNG: that it is a picture of sensible size with ink, and of the colors that were asked for. An SVG: its texts and how
many shapes it has. Often the plotted numbers are asked for as a table, too.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random

from offline_interpreter.bench.core.demands import question, require, require_one, solution
from offline_interpreter.bench.core.drawings import require_texts, svg_texts
from offline_interpreter.bench.core.files import names_in, read, read_named, sheet_of
from offline_interpreter.bench.core.invented import REGIONS, TOWNS, write_csv
from offline_interpreter.bench.core.pictures import RASTER, require_chart, share_near
from offline_interpreter.bench.tasks import Attempt, Question, Task

FAMILY = "charts"
PLOTTING = ("pandas", "matplotlib", "PIL")
MOST_FIGURE_BYTES = 32_000_000


def require_some_chart(attempt: Attempt, look: Callable[[bytes], object] = require_chart) -> None:
    """Demand a chart, in a file of the workspace or shown by a cell. Raises ``Lacking``."""
    saved = [read(attempt.folder, name) for name in names_in(attempt.folder, *RASTER)]
    shown = [path.read_bytes() for path in attempt.figures if path.stat().st_size <= MOST_FIGURE_BYTES]

    def look_at(data: bytes) -> None:
        look(data)

    require_one([*saved, *shown], look_at, "There is no chart.")


def _bars(rng: Random, folder: Path) -> Question:
    rows = [(rng.choice(REGIONS[:5]), f"2024-{rng.randrange(1, 13):02}", rng.randrange(100, 9000)) for _ in range(90)]
    write_csv(folder / "sales.csv", ("region", "month", "revenue"), rows)
    code = """
        import matplotlib.pyplot as plt
        import pandas as pd
        pd.read_csv("sales.csv").groupby("region")["revenue"].sum().plot.bar()
        plt.tight_layout()
        plt.savefig("revenue_by_region.png")
        """
    return question(
        "plot revenue by region from sales.csv",
        require_some_chart,
        solution(code, "I plotted the revenue by region as revenue_by_region.png."),
        solution(
            "import matplotlib.pyplot as plt\nplt.figure().savefig('revenue_by_region.png')\nplt.close('all')",
            "I plotted the revenue by region as revenue_by_region.png.",
        ),
    )


def _colored_pie(rng: Random, folder: Path) -> Question:
    colors = {"red": (255, 0, 0), "green": (0, 128, 0), "blue": (0, 0, 255), "orange": (255, 165, 0)}
    names = rng.sample(tuple(colors), 3)
    counts = [count + rng.randrange(5) for count in rng.sample((20, 40, 60, 80), 3)]
    answers = dict(zip(("yes", "no", "undecided"), counts, strict=True))
    total = sum(answers.values())

    def look_at(data: bytes) -> None:
        image = require_chart(data)
        shares = [share_near(image, colors[name], 60) for name in names]
        require(min(shares) > 0.005, f"The chart shows no {names[shares.index(min(shares))]}.")
        drawn = [share / sum(shares) for share in shares]
        right = all(abs(share - count / total) < 0.04 for share, count in zip(drawn, answers.values(), strict=True))
        require(right, "The colors do not take the shares of the answers.")

    def look(attempt: Attempt) -> None:
        look_at(read_named(attempt.folder, "poll.png"))

    asked = ", ".join(
        f"{count} said {answer} ({name})" for (answer, count), name in zip(answers.items(), names, strict=True)
    )
    code = f"""
        import matplotlib.pyplot as plt
        fig, ax = plt.subplots()
        ax.pie({list(answers.values())}, labels={list(answers)}, colors={names})
        fig.savefig("poll.png")
        plt.close(fig)
        """
    return question(
        f"In our poll {asked}. Make a pie chart of it in these colors and save it as poll.png.",
        look,
        solution(code, "The pie chart is saved as poll.png."),
        solution(code.replace(f"colors={names}", f"colors={names[::-1]}"), "The pie chart is saved as poll.png."),
    )


def _histogram(rng: Random, folder: Path) -> Question:
    ages = [min(89, max(0, int(rng.gauss(41, 17)))) for _ in range(400)]
    write_csv(folder / "patients.csv", ("name", "age"), [(rng.choice(TOWNS), age) for age in ages])
    counts = [sum(low <= age < low + 10 for age in ages) for low in range(0, 90, 10)]

    def look(attempt: Attempt) -> None:
        require_some_chart(attempt)
        table = sheet_of(read_named(attempt.folder, "ages.csv"))
        require(table.figures("count") == counts, "ages.csv does not hold the right counts from 0-9 up to 80-89.")

    code = """
        import matplotlib.pyplot as plt
        import numpy as np
        import pandas as pd
        ages = pd.read_csv("patients.csv")["age"]
        counts, edges = np.histogram(ages, bins=np.arange(0, 91, 10))
        plt.hist(ages, bins=edges, edgecolor="white")
        plt.savefig("ages.png")
        plt.close("all")
        pd.DataFrame({"from": edges[:-1], "count": counts}).to_csv("ages.csv", index=False)
        """
    return question(
        "Show me the ages in patients.csv as a histogram, in steps of ten years: 0 to 9, 10 to 19 and so on up to "
        "80 to 89. As a PNG please. And write the bars as numbers into ages.csv with the columns from and count.",
        look,
        solution(code, "The histogram is ages.png, its counts are in ages.csv."),
        solution(code.replace("np.arange(0, 91, 10)", "8"), "The histogram is ages.png, its counts are in ages.csv."),
    )


def _panels(rng: Random, folder: Path) -> Question:
    regions = rng.sample(REGIONS, 4)
    rows = [(region, month, rng.randrange(100, 999)) for region in regions for month in range(1, 13)]
    rng.shuffle(rows)
    write_csv(folder / "monthly.csv", ("region", "month", "sales"), rows)

    def look(attempt: Attempt) -> None:
        data = read_named(attempt.folder, "panels.svg")
        require_texts(data, *regions, "Sales by region")
        texts = svg_texts(data)
        require(sum(text == "month" for text in texts) >= 2, "The panels do not name their x axis.")
        image = require_chart(read_named(attempt.folder, "panels.png"), (1200, 800))
        require(share_near(image, (0, 128, 128), 50) > 0.002, "panels.png shows no teal lines.")

    code = """
        import matplotlib.pyplot as plt
        import pandas as pd
        df = pd.read_csv("monthly.csv").sort_values("month")
        fig, axes = plt.subplots(2, 2, figsize=(12, 8), sharey=True)
        for ax, (region, part) in zip(axes.flat, df.groupby("region")):
            ax.plot(part["month"], part["sales"], color="teal", linewidth=3)
            ax.set(title=region, xlabel="month")
        fig.suptitle("Sales by region")
        fig.savefig("panels.svg")
        fig.savefig("panels.png", dpi=100)
        plt.close(fig)
        """
    return question(
        "One figure with four panels, one for each region in monthly.csv, showing sales over the months as a teal "
        'line; same y axis for all, the region as title of its panel, "month" under each x axis, and above all '
        '"Sales by region". Save it as panels.svg and as panels.png with at least 1200 x 800 pixels.',
        look,
        solution(code, "The figure is saved as panels.svg and panels.png."),
        solution(
            code.replace("title=region, ", "").replace('fig.savefig("panels.png", dpi=100)', ""),
            "The figure is saved as panels.svg and panels.png.",
        ),
    )


TASKS = (
    Task("charts-bars", FAMILY, "easy", PLOTTING, _bars),
    Task("charts-colored-pie", FAMILY, "easy", PLOTTING, _colored_pie),
    Task("charts-histogram", FAMILY, "medium", PLOTTING, _histogram),
    Task("charts-panels", FAMILY, "hard", PLOTTING, _panels),
)
