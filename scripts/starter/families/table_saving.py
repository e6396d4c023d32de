"""Changes of a table that are saved to a file: how they are asked for, what the file is called, the cell, its truth."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random

from offline_interpreter.records import Code
from starter.dialogue import Outputs, Situation, Task
from starter.names import file_name, made_up_name
from starter.phrasing import expand, load_phrases, say
from starter.queries import loading
from starter.references import file_text, placed
from starter.tables import Table

NAME = "tables"
PHRASES = load_phrases("table_changes")
WRITERS = {
    "csv": 'to_csv("{}", index=False)',
    "xlsx": 'to_excel("{}", index=False)',
    "json": 'to_json("{}", orient="records", date_format="iso", indent=2)',
}
FORMATS = {  # how people call them
    "csv": ("csv", "csv", "a csv", "a csv file", "a csv file", "csv format", "a .csv file", "a csv table"),
    "xlsx": (
        *("excel", "excel", "an excel file", "an excel file", "xlsx", "an xlsx file", "an excel sheet", "xlsx format"),
        *("an excel table", "an excel workbook", "a spreadsheet", "excel format", "an .xlsx file", "an xlsx"),
    ),
    "json": ("json", "json", "a json", "a json file", "a json file", "json format", "a .json file"),
}
OUT_FORMS = ("{}",) * 10 + ("'{}'", '"{}"', "`{}`")
LONG_OUT_FORMS = (
    "the file {}",
    "a file called {}",
    "a new file {}",
    "a file named {}",
    "a file {}",
    "a new file called {}",
)
SAVED_AS = re.compile(
    r"\b(save|store|write|export|put|keep|saved)\b(?!.*\bfile\b).* (as|to|in|into) <o>$"
)  # may be long
OUT_WORDS = (
    *("result", "output", "out", "new", "final", "clean", "cleaned", "sorted", "filtered", "changed", "report"),
    *("updated", "corrected", "copy", "table", "summary", "data_clean", "all", "selection", "export", "list"),
)
DAY = re.compile(r"\d{4}-\d\d-\d\d")
Columns = dict[str, list[object]]


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a table: what it does, its code, its truth, and how its file is called where nobody says.

    ``does`` follows "I'll". ``removes`` names the rows that it removes, where the answer says how many.
    ``implied``: to save the result goes without saying. ``replaces``: the result may replace the input. ``loose``: the
    order of some rows is open.
    """

    does: str
    code: str
    columns: Columns
    suffix: str
    names: Sequence[str] = ()
    removes: str = ""
    implied: bool = True
    replaces: bool = True
    loose: bool = False


def ask(
    situation: Situation, table: Table, change: Change, pattern: str, slots: Mapping[str, str], *, load: str = ""
) -> Task:
    """Return the task of a change, asked for by a pattern; where to save follows it unless it says ``<o>`` itself.

    ``load``: lines that read something else than the table; a pattern of such a request places the file itself.
    """
    rng = situation.rng
    file, called, clause = _saving(situation, table, change, pattern)
    if not load:
        pattern = placed(situation, pattern, situation.done.get("table") is table)
    if clause:
        pattern = pattern.rstrip("?.! ") + clause
    request = say(rng, pattern, {"f": file_text(situation, table, pattern), "o": called, **slots})
    return saved(situation, table, change, request, file, named=file in request, load=load)


def picked(situation: Situation, section: str) -> str:
    """Return a pattern of a section, of the situation's side."""
    return PHRASES[section].pick(situation.rng, situation.held_out)


def part(situation: Situation, section: str) -> str:
    """Return a part of a request, alternatives chosen; of the parts kept for evaluation one in two where they count."""
    rng = situation.rng
    return expand(rng, PHRASES[section].pick(rng, situation.held_out and rng.random() < 0.5)[1:])


def saved(
    situation: Situation, table: Table, change: Change, request: str, file: str, *, named: bool = True, load: str = ""
) -> Task:
    """Return the task that makes a change and saves it as a file. ``load``: lines that read more than the table."""
    before = "before = len(df)\n" if change.removes else ""
    printing = "print(before - len(df), len(df))" if change.removes else "print(len(df))"
    load = load or loading(table.file)
    code = f"{load}{before}{change.code.rstrip()}".rstrip() + f"\n{writing(file)}\n{printing}"
    rows = count(change.columns)
    figures = [table.rows - rows, rows] if change.removes else [rows]
    remember(situation, table, file, change)

    def answer(outputs: Outputs) -> str:
        numbers = outputs[-1].split()
        removed = f"removed {numbers[0]} {change.removes} and " if change.removes else ""
        return f"I {removed}saved {numbers[-1]} rows as {file}."

    return Task(
        NAME,
        request,
        [Code(f"I'll {change.does}.", code)],
        answer,
        lambda outputs: outputs[-1].split() == [str(figure) for figure in figures],
        created=file,
        names=tuple(dict.fromkeys((table.file, *change.names, *([file] if named else [])))),
    )


def writing(file: str, frame: str = "df") -> str:
    """Return the line that saves a frame as a file."""
    return f"{frame}.{WRITERS[ending(file)].format(file)}"


def remember(situation: Situation, table: Table, file: str, change: Change) -> None:
    """Note what the file holds now, for requests that go on with it."""
    new = _described(table, file, change.columns)
    loose = change.loose or (situation.done.get("table") is table and bool(situation.done.get("loose")))
    if file == table.file and fresh(situation, table):
        others = [other for other in situation.tables if other is not table]
        situation.tables = [*others, new] if new else others or situation.tables
    situation.done = {"table": new, "saved": file, "loose": loose} if new else {}


def fresh(situation: Situation, table: Table) -> bool:
    """Return whether the table is one that was laid: in others the order of rows may be open, after sorting."""
    return any(table is other for other in situation.tables)


def stem(file: str) -> str:
    """Return a file's name without its ending."""
    return file.rpartition(".")[0]


def ending(file: str) -> str:
    """Return the ending of a table's file: csv, xlsx or json."""
    return file.rpartition(".")[2].lower()


def count(columns: Columns) -> int:
    """Return how many rows there are."""
    return len(next(iter(columns.values())))


def rows_where(columns: Columns, keeps: Callable[[dict[str, object]], bool]) -> Columns:
    """Return the rows for which a test holds."""
    rows = [dict(zip(columns, record, strict=True)) for record in zip(*columns.values(), strict=True)]
    kept = [row for row in rows if keeps(row)]
    return {name: [row[name] for row in kept] for name in columns}


def out_name(situation: Situation, usual: str, source: str = "") -> tuple[str, str]:
    """Return a name for a new file, mostly with the usual ending, and what somebody calls it who saves it."""
    rng = situation.rng
    while True:
        made = ending_of(rng, usual)
        file = rng.choice(
            (
                file_name(rng, situation.held_out, made),
                f"{rng.choice(OUT_WORDS)}.{made}",
                f"{made_up_name(rng)}_{rng.choice(OUT_WORDS)}.{made}",
                f"{stem(source) or made_up_name(rng)}{rng.choice('_-')}{rng.choice(OUT_WORDS)}.{made}",
                f"{made_up_name(rng)}{rng.choice(('', '', '2', '_2024', '-v2'))}.{made}",
            )
        )
        if file not in situation.files and file.lower() != source.lower():
            break
    bare = made == usual and rng.random() < 0.07 and stem(file) not in ("new", "copy", "table", "report", "list", "all")
    return file, stem(file) if bare else rng.choice(OUT_FORMS).format(file)


def ending_of(rng: Random, usual: str) -> str:
    """Return the usual ending, or now and then another."""
    return usual if rng.random() < 0.88 else rng.choice(tuple(WRITERS))


def _saving(situation: Situation, table: Table, change: Change, pattern: str) -> tuple[str, str, str]:
    """Return the file to save to, how the request calls it, and the clause that says so, if any."""
    rng = situation.rng
    default = stem(table.file) + change.suffix
    kinds = {"named": 5.0, "format": 0.8, "unnamed": 1.5, "overwrite": float(change.replaces), "": 4 * change.implied}
    kind = rng.choices(tuple(kinds), tuple(kinds.values()))[0]
    if "<o>" in pattern or kind == "named":
        file, called = out_name(situation, table.ending, table.file)
        clause = "" if "<o>" in pattern else _clause(situation, "save as")
        if SAVED_AS.search(clause or pattern) and rng.random() < 0.15:
            called = rng.choice(LONG_OUT_FORMS).format(called)
        return file, called, clause
    if kind == "format":
        wanted = rng.choices(("xlsx", "json", "csv"), (5, 2, 2))[0]
        clause = _clause(situation, "save format").replace("<t>", rng.choice(FORMATS[wanted]))
        return f"{default}.{wanted}", "", clause
    if kind == "overwrite":
        return table.file, "", _clause(situation, "overwrite")
    clause = _clause(situation, "save") if kind == "unnamed" else ""
    return f"{default}.{table.ending}", "", clause


def _clause(situation: Situation, section: str) -> str:
    clause = part(situation, section)
    if clause[0] == "," and situation.rng.random() < 0.3:
        clause = clause[1:].strip()
    return clause if clause[0] in ",.;" else f" {clause}"


def _described(table: Table, file: str, columns: Columns) -> Table | None:
    """Return the changed table, or None where no question could be asked about it."""
    rows = count(columns)
    known = {*table.numeric, *table.groups, *table.times, *table.labels}
    filled = [name for name in columns if any(value is not None for value in columns[name])]
    new = [name for name in filled if name not in known]
    numbers = [name for name in new if all(isinstance(value, int | float | None) for value in columns[name])]
    dates = [name for name in new if all(DAY.fullmatch(str(value)) for value in columns[name])]
    numeric = [*(name for name in table.numeric if name in filled), *numbers]
    groups = [name for name in filled if name in table.groups or (name in new and name not in (*numbers, *dates))]
    if rows < 2 or not numeric or not groups:
        return None
    return replace(
        table,
        file=file,
        columns=columns,
        numeric=numeric,
        groups=groups,
        times=[name for name in columns if name in (*table.times, *dates)],
        labels=[name for name in table.labels if name in columns],
    )
