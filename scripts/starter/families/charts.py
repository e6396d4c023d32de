"""Charts of one CSV table, saved to a file: bars by group, lines over time, points, the distribution of a column."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from offline_interpreter.records import Code
from starter.dialogue import Situation, Task
from starter.families.tables import AGGREGATES, loading, request_text
from starter.names import made_up_name
from starter.phrasing import expand, load_phrases, say
from starter.references import column_text
from starter.tables import Table

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
    before: Drawing = situation.done["drawn"]
    kind = "line" if before.kind == "bar" else "bar"
    request = say(situation.rng, PHRASES[f"follow up {kind}"].pick(situation.rng, situation.held_out), {})
    stem = re.sub(r"(_bar|_line)?\.png$", "", before.file)
    return _task(situation, replace(before, kind=kind, file=f"{stem}_{kind}.png"), request)


@dataclass(frozen=True, slots=True)
class Drawing:
    """A chart: of what table, of what kind, what it shows, the code that draws it (KIND for the kind), its file."""

    table: Table
    kind: str
    what: str
    code: str
    file: str
    columns: tuple[str, ...]


def _task(situation: Situation, drawing: Drawing, request: str) -> Task:
    table, file = drawing.table, drawing.file
    situation.done = {"drawn": drawing} if drawing.kind in ("bar", "line") else {"table": table}
    lines = [
        "import matplotlib.pyplot as plt",
        loading(table.file) + drawing.code.replace("KIND", drawing.kind),
        "plt.tight_layout()",
        f'plt.savefig("{file}")',
    ]
    drawn = f"{drawing.what} as a {SHOWN[drawing.kind]}"
    return Task(
        NAME,
        request,
        [Code(f"I'll draw {drawn}.", "\n".join(lines))],
        lambda _: f"I drew {drawn} and saved it as {file}.",
        created=file,
        names=(table.file, *drawing.columns),
    )


def _asked(situation: Situation, drawing: Drawing, section: str, *, called: str = "", **columns: str) -> Task:
    """Return the task of a drawing, asked for by a section's patterns; ``called`` is the aggregate's name.

    Now and then the person names the file.
    """
    rng = situation.rng
    pattern = PHRASES[section].pick(rng, situation.held_out)
    texts = {slot: column_text(situation, column, pattern) for slot, column in columns.items()}
    texts["c"] = called + texts.get("c", "")
    texts["chart"] = rng.choice(CALLED[drawing.kind])
    if rng.random() >= 0.25:
        return _task(situation, drawing, request_text(situation, drawing.table, pattern, **texts))
    file = rng.choice(("NAME.png", "KIND_NAME.png", "chart.png", "plot.png", "figure1.png", "result.png"))
    file = file.replace("NAME", made_up_name(rng)).replace("KIND", drawing.kind)
    save = expand(rng, PHRASES["save"].pick(rng, held_out=False)[1:].strip()).replace("<png>", file)
    text = request_text(situation, drawing.table, "." + pattern[1:], **texts).rstrip(".?! ")
    return _task(situation, replace(drawing, file=file), f"{text}{'' if save.startswith(',') else ' '}{save}")


def file_part(column: str) -> str:
    """Return a column's name as it stands in a file's name."""
    return column.replace(" ", "_")


def _bar(situation: Situation, table: Table) -> Task:
    rng = situation.rng
    column, group = rng.choice(table.numeric), rng.choice(table.groups)
    kind = rng.choices(("", "mean", "sum", "maximum", "minimum"), (6, 3, 2, 0.5, 0.5))[0]
    called = f"{rng.choice(AGGREGATES[kind][0])} " if kind else ""
    kind = kind or "sum"
    code = f'df.groupby("{group}")["{column}"].{AGGREGATES[kind][1]}().plot.KIND(title="{column} by {group}")'
    file = f"{file_part(column)}_by_{file_part(group)}.png"
    drawing = Drawing(table, "bar", f"the {kind} of {column} by {group}", code, file, (column, group))
    return _asked(situation, drawing, "bar", called=called, c=column, g=group)


def _count(situation: Situation, table: Table) -> Task:
    group = situation.rng.choice(table.groups)
    code = f'df.groupby("{group}").size().plot.KIND(title="rows by {group}")'
    file = f"rows_by_{file_part(group)}.png"
    drawing = Drawing(table, "bar", f"the number of rows by {group}", code, file, (group,))
    return _asked(situation, drawing, "count", g=group)


def _line(situation: Situation, table: Table) -> Task:
    column, time = situation.rng.choice(table.numeric), situation.rng.choice(table.times)
    code = f'df.plot.KIND(x="{time}", y="{column}", title="{column} over {time}")'
    file = f"{file_part(column)}_over_{file_part(time)}.png"
    drawing = Drawing(table, "line", f"{column} over {time}", code, file, (column, time))
    return _asked(situation, drawing, "line", c=column, t=time)


def _scatter(situation: Situation, table: Table) -> Task:
    column, other = situation.rng.sample(list(table.numeric), 2)
    code = f'df.plot.KIND(x="{other}", y="{column}", title="{column} against {other}")'
    file = f"{file_part(column)}_against_{file_part(other)}.png"
    drawing = Drawing(table, "scatter", f"{column} against {other}", code, file, (column, other))
    return _asked(situation, drawing, "scatter", c=column, d=other)


def _histogram(situation: Situation, table: Table) -> Task:
    column = situation.rng.choice(table.numeric)
    code = f'df["{column}"].plot.KIND(title="distribution of {column}")'
    file = f"{file_part(column)}_histogram.png"
    drawing = Drawing(table, "hist", f"the distribution of {column}", code, file, (column,))
    return _asked(situation, drawing, "hist", c=column)
