"""Charts of one CSV table, saved to a file: bars by group, lines over time, points, the distribution of a column."""

from __future__ import annotations

import re

from offline_interpreter.records import Code
from starter.dialogue import Situation, Task
from starter.families.tables import AGGREGATES, loading, request_text
from starter.phrasing import expand, load_phrases, say
from starter.references import column_text
from starter.tables import Table, made_up_name

NAME = "charts"
PHRASES = load_phrases("charts")
CALLED = {
    "bar": ("bar chart", "bar chart", "bar graph", "bar plot", "barchart", "column chart", "chart", "graph", "plot"),
    "line": ("line chart", "line chart", "line graph", "line plot", "chart", "graph", "plot"),
    "scatter": ("scatter plot", "scatter chart", "scatterplot", "scatter graph"),
    "hist": ("histogram", "histogram", "histogram plot"),
}
SHOWN = {"bar": "bar chart", "line": "line chart", "scatter": "scatter plot", "hist": "histogram"}


def make(situation: Situation) -> Task:
    """Return a task of this family."""
    rng = situation.rng
    table = rng.choice(situation.tables)
    kinds = {"bar": 6.0, "count": 1.0, "hist": 1.0}
    if table.times:
        kinds["line"] = 8.0
    if len(table.numeric) > 1:
        kinds["scatter"] = 1.5
    kind = rng.choices(tuple(kinds), tuple(kinds.values()))[0]
    makers = {"bar": _bar, "count": _count, "line": _line, "scatter": _scatter, "hist": _histogram}
    return makers[kind](situation, table)


def follow_up(situation: Situation) -> Task | None:
    """Return a request to draw the same as another kind of chart."""
    if "drawn" not in situation.done:
        return None
    kind = "line" if situation.done["kind"] == "bar" else "bar"
    pattern = PHRASES[f"follow up {kind}"].pick(situation.rng, situation.held_out)
    table, what, code, name = situation.done["drawn"]
    file = name if name.endswith(".png") else f"{name}.png"
    return _task(situation, table, kind, say(situation.rng, pattern, {}), what, code, file.replace(".png", f"_{kind}.png"))


def _task(situation: Situation, table: Table, kind: str, request: str, what: str, code: str, file: str) -> Task:
    if kind in ("bar", "line"):
        situation.done = {"kind": kind, "drawn": (table, what, code, re.sub(r"_(bar|line)\.png$", ".png", file))}
    else:
        situation.done = {"table": table}
    drawing = code.replace("KIND", kind)
    lines = f'import matplotlib.pyplot as plt\n{loading(table.file)}{drawing}\nplt.tight_layout()\nplt.savefig("{file}")'
    return Task(
        NAME, request, [Code(f"I'll draw {what} as a {SHOWN[kind]}.", lines)],
        lambda _: f"I drew {what} as a {SHOWN[kind]} and saved it as {file}.", created=file, names=(table.file,),
    )  # fmt: skip


def _request(situation: Situation, table: Table, kind: str, section: str, file: str, **slots: str) -> tuple[str, str]:
    """Return the request, and the file to save to: now and then the person names it."""
    rng = situation.rng
    pattern = PHRASES[section].pick(rng, situation.held_out)
    if rng.random() < 0.25:
        file = rng.choice((f"{made_up_name(rng)}.png", "chart.png", "plot.png", "figure1.png", "result.png", f"{kind}_{made_up_name(rng)}.png"))
        return _with_save(situation, table, pattern, file, kind, slots), file
    return request_text(situation, table, pattern, chart=rng.choice(CALLED[kind]), **slots), file


def _with_save(situation: Situation, table: Table, pattern: str, file: str, kind: str, slots: dict[str, str]) -> str:
    rng = situation.rng
    save = expand(rng, PHRASES["save"].pick(rng, held_out=False)[1:].strip()).replace("<png>", file)
    text = request_text(situation, table, "." + pattern[1:], chart=rng.choice(CALLED[kind]), **slots).rstrip(".?! ")
    return text + ("" if save.startswith(",") else " ") + save


def file_part(column: str) -> str:
    """Return a column's name as it stands in a file's name."""
    return column.replace(" ", "_")


def _bar(situation: Situation, table: Table) -> Task:
    rng = situation.rng
    column, group = rng.choice(table.numeric), rng.choice(table.groups)
    kind = rng.choices(("", "mean", "sum", "maximum", "minimum"), (6, 3, 2, 0.5, 0.5))[0]
    called = f"{rng.choice(AGGREGATES[kind][0])} " if kind else ""
    kind = kind or "sum"
    texts = {"c": called + column_text(situation, column), "g": column_text(situation, group)}
    request, file = _request(situation, table, "bar", "bar", f"{file_part(column)}_by_{file_part(group)}.png", **texts)
    what = f"the {kind} of {column} by {group}"
    code = f'df.groupby("{group}")["{column}"].{AGGREGATES[kind][1]}().plot.KIND(title="{column} by {group}")'
    return _task(situation, table, "bar", request, what, code, file)


def _count(situation: Situation, table: Table) -> Task:
    group = situation.rng.choice(table.groups)
    texts = {"g": column_text(situation, group)}
    request, file = _request(situation, table, "bar", "count", f"rows_by_{file_part(group)}.png", **texts)
    code = f'df.groupby("{group}").size().plot.KIND(title="rows by {group}")'
    return _task(situation, table, "bar", request, f"the number of rows by {group}", code, file)


def _line(situation: Situation, table: Table) -> Task:
    rng = situation.rng
    column, time = rng.choice(table.numeric), rng.choice(table.times)
    texts = {"c": column_text(situation, column), "t": column_text(situation, time)}
    request, file = _request(situation, table, "line", "line", f"{file_part(column)}_over_{file_part(time)}.png", **texts)
    code = f'df.plot.KIND(x="{time}", y="{column}", title="{column} over {time}")'
    return _task(situation, table, "line", request, f"{column} over {time}", code, file)


def _scatter(situation: Situation, table: Table) -> Task:
    rng = situation.rng
    column, other = rng.sample(list(table.numeric), 2)
    texts = {"c": column_text(situation, column), "d": column_text(situation, other)}
    request, file = _request(situation, table, "scatter", "scatter", f"{file_part(column)}_against_{file_part(other)}.png", **texts)
    code = f'df.plot.KIND(x="{other}", y="{column}", title="{column} against {other}")'
    return _task(situation, table, "scatter", request, f"{column} against {other}", code, file)


def _histogram(situation: Situation, table: Table) -> Task:
    rng = situation.rng
    column = rng.choice(table.numeric)
    request, file = _request(situation, table, "hist", "hist", f"{file_part(column)}_histogram.png", c=column_text(situation, column))
    code = f'df["{column}"].plot.KIND(title="distribution of {column}")'
    return _task(situation, table, "hist", request, f"the distribution of {column}", code, file)
