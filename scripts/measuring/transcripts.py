"""Conversations and the steps that follow them, to be written again token by token by every engine."""

from __future__ import annotations

from dataclasses import dataclass

from offline_interpreter.prompt import system_prompt
from offline_interpreter.records import Answer, Code, Message, Step
from offline_interpreter.steps import write_step

SYSTEM = Message("system", system_prompt(["matplotlib", "numpy", "openpyxl", "pandas", "Pillow", "scikit-learn"]))


@dataclass(frozen=True, slots=True)
class Transcript:
    """A conversation, and the step that follows, of which ``least_tokens`` say something at all."""

    name: str
    messages: tuple[Message, ...]
    step: Step
    least_tokens: int = 64


def _asked(text: str) -> tuple[Message, ...]:
    return (SYSTEM, Message("user", f"Today: 2026-03-02 (Monday)\nFiles: sales.csv, stores.xlsx\n\n{text}"))


def _ran(step: Code, observation: str) -> tuple[Message, ...]:
    return Message("assistant", write_step(step)), Message("observation", observation)


REPORT = """import pandas as pd
import matplotlib.pyplot as plt

sales = pd.read_csv("sales.csv", parse_dates=["date"])
stores = pd.read_excel("stores.xlsx")
merged = sales.merge(stores, on="store_id", how="left")
merged["month"] = merged["date"].dt.to_period("M")
merged["revenue"] = merged["units"] * merged["price"]
missing = merged["revenue"].isna().sum()
print("rows without revenue:", missing)
merged = merged.dropna(subset=["revenue"])

by_region = merged.groupby("region")["revenue"].sum().sort_values(ascending=False)
by_month = merged.groupby("month")["revenue"].sum()
best = merged.groupby("product")["revenue"].sum().nlargest(5)

figure, axes = plt.subplots(1, 3, figsize=(15, 4))
by_region.plot.bar(ax=axes[0], color="steelblue")
axes[0].set_title("Revenue by region")
axes[0].set_ylabel("EUR")
by_month.plot.line(ax=axes[1], marker="o")
axes[1].set_title("Revenue by month")
axes[1].set_xlabel("month")
best.plot.barh(ax=axes[2], color="seagreen")
axes[2].set_title("Best products")
axes[2].invert_yaxis()
for axis in axes:
    axis.grid(alpha=0.3)
    axis.spines["top"].set_visible(False)
    axis.spines["right"].set_visible(False)
figure.tight_layout()
figure.savefig("report.png", dpi=150)

for region, value in by_region.items():
    print(f"{region}: {value:,.2f}")
share = by_region / by_region.sum() * 100
print(share.round(1).to_string())
growth = by_month.pct_change().mean() * 100
print(f"mean growth by month: {growth:.2f} %")
with open("report.txt", "w") as file:
    file.write(by_region.to_string())
"""
REPAIRED = REPORT.replace('on="store_id"', 'left_on="store", right_on="id"').replace('"revenue"].isna', '"price"].isna')

NESTED = """def walk(tree, depth=0):
    for name, branch in sorted(tree.items()):
        if isinstance(branch, dict):
            if branch:
                for key, value in branch.items():
                    if isinstance(value, list):
                        for index, item in enumerate(value):
                            if item is not None:
                                if index % 2 == 0:
                                    print("    " * depth, name, key, index, item)
                                else:
                                    print("    " * depth, "-", item)
                    elif value:
                        walk({key: value}, depth + 1)
"""

ANSWER = Answer(
    "The revenue is highest in the north, with 182,334.50 EUR, followed by the west (140,021.75 EUR) and the south "
    "(98,440.10 EUR). The east is last. Over the months it grew by 2.4 % on average, with a dip in August that the "
    "closed stores explain. I saved the chart as report.png and the table as report.txt."
)
OUTPUT = "\n".join(
    f"{day:04d}  store {day % 7}  {day * 7919 % 10007 / 10:>9.2f}  {'ok' if day % 5 else 'late'}" for day in range(60)
)

TRANSCRIPTS = (
    Transcript(
        "message", (*_asked("Report the sales."), *_ran(Code("I'll report.", REPORT[:400]), "Output:\n1")), ANSWER
    ),
    Transcript("first code", _asked("Make a report of our sales by region and month."), Code("I'll make it.", REPORT)),
    Transcript(
        "repair",
        (
            *_asked("Make a report of our sales by region and month."),
            *_ran(Code("I'll make it.", REPORT), "Error:\nCell 1, line 6\nKeyError: 'store_id'"),
        ),
        Code("The stores name their key otherwise; I'll merge on that.", REPAIRED),
        least_tokens=300,  # what is written again comes after what is new
    ),
    Transcript(
        "long output",
        (
            *_asked("Which days were late?"),
            *_ran(Code("I'll look.", "print(open('log.txt').read())"), f"Output:\n{OUTPUT}"),
        ),
        Code(
            "I'll count the late ones.", 'late = [line for line in open("log.txt") if line.endswith("late\\n")]\n' * 6
        ),
    ),
    Transcript(
        "CJK and emoji",
        _asked("请按地区统计销售额 📊"),
        Answer(
            "各地区销售额如下:北部 182,334.50 元,西部 140,021.75 元,南部 98,440.10 元。图表已保存为 report.png 📈🎉。"
            * 2
        ),
    ),
    Transcript("deep indentation", _asked("Walk through the tree."), Code("I'll walk through it.", NESTED * 2)),
)
FEW = TRANSCRIPTS[:3]  # a message, first code, a repair
