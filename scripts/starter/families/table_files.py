"""Files made of one table: parts by a column's values, other formats, figures by group; and pivot tables."""

from __future__ import annotations

from collections.abc import Callable

from offline_interpreter.records import Code
from starter.answers import listed
from starter.dialogue import Situation, Task
from starter.families.table_saving import (
    FORMATS,
    NAME,
    WRITERS,
    Change,
    ask,
    out_name,
    picked,
    saved,
    stem,
)
from starter.phrasing import say
from starter.queries import AGGREGATES, loading
from starter.references import column_text, file_text, placed
from starter.tables import Table

# -- parts, formats ---------------------------------------------------------------------------------------------------


def split(situation: Situation, table: Table) -> Task:
    """Return the request for one file for each value of a column."""
    rng = situation.rng
    group = rng.choice(table.groups)
    pattern = picked(situation, "split")
    request = _said(situation, table, pattern, {"g": column_text(situation, group, pattern)})
    name = f"{stem(table.file)}_{{value}}.{table.ending}"
    lines = [
        f'for value, part in df.groupby("{group}"):',
        f"    part.{WRITERS[table.ending].replace(chr(34) + '{}', 'f' + chr(34) + '{}').format(name)}",
        f'    print(f"{name}: {{len(part)}}")',
    ]
    sizes: dict[str, int] = {}
    for value in table.columns[group]:
        if value is not None:
            sizes[str(value)] = sizes.get(str(value), 0) + 1
    expected = [f"{stem(table.file)}_{value}.{table.ending}: {size}" for value, size in sorted(sizes.items())]
    situation.done = {"table": table}
    return Task(
        NAME,
        request,
        [Code(f"I'll split {table.file} by {group}.", loading(table.file) + "\n".join(lines))],
        lambda outputs: listed(f"The files of {table.file} by {group}, with their rows", outputs[0], "are"),
        lambda outputs: outputs[0].splitlines() == expected,
        created=expected[0].rpartition(": ")[0],
        names=(table.file, group),
    )


def converted(situation: Situation, table: Table) -> Task | None:
    """Return the request to save a table in another format."""
    rng = situation.rng
    wanted = rng.choices(("csv", "xlsx", "json"), (4, 5, 3))[0]
    if wanted == table.ending or (wanted == "xlsx" and table.rows > 100 and rng.random() < 0.7):  # it takes long
        return None
    going_on = "saved" in situation.done and situation.done["table"] is table
    section = "follow convert" if going_on else "convert"
    pattern = picked(situation, section)
    file, called = f"{stem(table.file)}.{wanted}", ""
    if "<o>" in pattern:
        file, called = out_name(situation, wanted, table.file)
        if file.rpartition(".")[2] != wanted or "." not in called:
            file, called = (same := f"{stem(table.file)}.{wanted}"), same
    if file in situation.files:
        return None
    forms = (
        [form for form in FORMATS[wanted] if form.startswith(("a ", "an "))] if "<ta>" in pattern else FORMATS[wanted]
    )
    form = rng.choice(forms)
    names = {"csv": "csv", "xlsx": rng.choice(("excel", "excel", "xlsx")), "json": "json"}
    slots = {"t": form, "ta": form, "tb": names[wanted], "s": names[table.ending], "o": called}
    request = say(rng, pattern, slots) if going_on else _said(situation, table, pattern, slots)
    change = Change(f"save {table.file} as {file}", "", table.columns, "")
    return saved(situation, table, change, request, file, named=file in request)


def _said(situation: Situation, table: Table, pattern: str, slots: dict[str, str]) -> str:
    pattern = placed(situation, pattern, situation.done.get("table") is table)
    return say(situation.rng, pattern, {"f": file_text(situation, table, pattern), **slots})


# -- figures ----------------------------------------------------------------------------------------------------------


def summary(situation: Situation, table: Table) -> Task:
    """Return the request to save a figure by group, or the number of rows by group."""
    rng = situation.rng
    column, group = rng.choice(table.numeric), rng.choice(table.groups)
    kind = rng.choices((*AGGREGATES, "rows"), (6, 5, 2, 2, 1, 2))[0]
    groups = _groups(table, column, group)
    if kind == "rows":
        pattern, called, name = picked(situation, "summary rows"), "", "rows"
        code, does = f'df.groupby("{group}").size().reset_index(name="rows")', f"number of rows by {group}"
        figures: list[object] = [len(values) for values in groups.values()]
    else:
        pattern, called, name = picked(situation, "summary"), rng.choice(AGGREGATES[kind][0]), column
        method, compute = AGGREGATES[kind][1:]
        rounding = "" if method in ("max", "min") else ".round(2)"
        code, does = (
            f'df.groupby("{group}")["{column}"].{method}(){rounding}.reset_index()',
            f"{kind} of {column} by {group}",
        )
        figures = [_figure(compute, values) for values in groups.values()]
    change = Change(
        f"save the {does} in {table.file}",
        f"df = {code}",
        {group: list(groups), name: figures},
        "_summary",
        (group,) if kind == "rows" else (column, group),
        implied=False,
        replaces=False,
    )
    slots = {"c": column_text(situation, column, pattern), "g": column_text(situation, group, pattern), "agg": called}
    return ask(situation, table, change, pattern, slots)


def _figure(compute: Callable[[list[float]], float], values: list[object]) -> float | None:
    known = [float(str(value)) for value in values if value is not None]
    return round(compute(known), 2) if known or compute is sum else None


def _groups(table: Table, column: str, group: str) -> dict[str, list[object]]:
    found: dict[str, list[object]] = {}
    for name, value in zip(table.columns[group], table.columns[column], strict=True):
        if name is not None:
            found.setdefault(str(name), []).append(value)
    return dict(sorted(found.items()))
