"""How requests refer to files and columns: by name, quoted, described, or not at all where it is plain."""

from __future__ import annotations

import re
from pathlib import PurePath

from starter.dialogue import Situation
from starter.tables import ENDINGS, Table

FILE_FORMS = ("{}",) * 14 + (
    "the file {}",
    "the table {}",
    "'{}'",
    '"{}"',
    "`{}`",
    "my file {}",
    "my table {}",
    "file {}",
)
KIND_FORMS = {  # by the ending: how a file is described beside its name, and where it is the only one of its kind
    "csv": (
        ("the csv file {}", "the csv {}", "my csv {}"),
        ("the csv", "the csv file", "my csv", "this csv", "my csv file"),
    ),
    "xlsx": (
        ("the excel file {}", "the spreadsheet {}", "the workbook {}", "the excel sheet {}", "the excel table {}"),
        (
            *("the spreadsheet", "the excel file", "my spreadsheet", "the workbook", "the excel sheet", "the excel"),
            *("this spreadsheet", "my excel file", "the excel table", "this excel file", "the xlsx", "the xlsx file"),
        ),
    ),
    "json": (
        ("the json file {}", "the json {}", "my json {}"),
        ("the json", "the json file", "my json", "this json", "my json file"),
    ),
}
ONLY_TABLE_FORMS = (
    *("the table", "the file", "the data", "this table", "my data", "it", "the dataset", "my table", "my file"),
    *("this file", "this data", "the data set", "the data file", "this dataset", "my dataset"),
)
KNOWN_FORMS = ("it", "the same file", "that file", "the same table", "that table", "this file", "the file", "the table")
STEM_FORMS = ("the {} file", "the {} table", "the {} data", "{}", "my {} data", "my {} file", "my {} table")
COLUMN_FORMS = ("{}",) * 12 + ("'{}'", '"{}"', "`{}`", "the {} column", "column {}", "the column {}")
BEFORE = (
    "in <f>, ",
    "in <f> ",
    "from <f>, ",
    "for <f>, ",
    "look at <f>: ",
    "given <f>, ",
    "using <f>, ",
    "i have a file named <f>. ",
    "<f>: ",
    "i have a file called <f>. ",
    "open <f> and tell me: ",
    "take <f>. ",
    "load <f>. ",
    "read <f>: ",
    "there is a file <f>. ",
    "with <f>: ",
    "here is <f>. ",
    "i have <f>. ",
    "from the file <f>, ",
    "in the file <f> ",
    "in my file <f>, ",
    "look into <f>. ",
    "based on <f>, ",
    "about <f>: ",
    "check <f>. ",
    "read <f>. ",
    "look at <f>. ",
    "open <f>. ",
    "i've got a table <f>. ",
    "use <f>. ",
    "<f> - ",
    "<f> ",
    "<f>, ",
    "on <f>: ",
    "my data is in <f>. ",
    "i uploaded <f>. ",
    "i just got <f>. ",
    "work with <f>: ",
    "let's look at <f>. ",
    "please open <f>. ",
    "can you open <f>? ",
    "file: <f>. ",
    "(<f>) ",
    "regarding <f>: ",
    "consider <f>. ",
    "the file is <f>. ",
    "my file is called <f>. ",
    "out of <f>, ",
    "inside <f>, ",
    "going by <f>, ",
    "attached is <f>. ",
)
PLAIN_BEFORE = 5  # of these read well inside of a polite frame
AFTER = (" in <f>",) * 7 + (
    " of <f>",
    " from <f>",
    " from <f>",
    " in the file <f>",
    " using <f>",
    " (<f>)",
    ", file <f>",
    " for <f>",
    " based on <f>",
    " according to <f>",
    " with <f>",
    " - <f>",
    ". the file is <f>",
    ". use <f>",
    ", see <f>",
    " inside <f>",
    " from my file <f>",
    ", <f>",
    "  <f>",  # two blanks: the bare name
    "  <f>",
    " out of <f>",
    " within <f>",
    " on <f>",
    " (from <f>)",
    " (see <f>)",
    " (file: <f>)",
    ", taken from <f>",
    ", the data is in <f>",
    ". file: <f>",
    ", in <f>",
    " going by <f>",
    ". please use <f>",
    ". it's in <f>",
    ": <f>",
)
NAME_WANTED = re.compile(r"(file|table|called|named|a|file is|see|[-,(]|  ) ?<f>|^.?<f>")  # no description here
BARE_COLUMN = re.compile(  # neither "the column" here
    r"(?<!\b(?:of|in|by|up|is))(?<!\b(?:for|per|and|sum))(?<!\bdoes) <[cdglt]>|[^ ]<[cdglt]>"
)


def file_text(situation: Situation, table: Table, pattern: str = "") -> str:
    """Return how a request of this pattern names the table's file."""
    rng = situation.rng
    if NAME_WANTED.search(pattern):
        return table.file
    with_name, alone = KIND_FORMS[table.ending]
    if situation.done.get("table") is table and rng.random() < 0.25:
        return rng.choice(KNOWN_FORMS)
    if len(_tables(situation)) == 1 and rng.random() < 0.12:
        return rng.choice(ONLY_TABLE_FORMS)
    if sum(name.lower().endswith(table.ending) for name in situation.files) == 1 and rng.random() < 0.12:
        return rng.choice(alone)
    stem = PurePath(table.file).stem
    if sum(stem.lower() in name.lower() for name in situation.files) == 1 and rng.random() < 0.1:
        form = rng.choice((*STEM_FORMS, *with_name))
        return form.format(stem)
    return rng.choice(with_name if rng.random() < 0.1 else FILE_FORMS).format(table.file)


def column_text(situation: Situation, column: str, pattern: str = "") -> str:
    """Return how a request of this pattern names a column; "column" is not said twice."""
    if " " in column and situation.rng.random() < 0.2:
        return column
    text = situation.rng.choice(COLUMN_FORMS).format(column)
    plain = "column" in text and ("column" in pattern or BARE_COLUMN.search(pattern))
    return column if plain else text


def placed(situation: Situation, pattern: str, known: bool = False) -> str:
    """Return the pattern with the file's place: after it, before it, or nowhere when there is only one table."""
    rng = situation.rng
    if "<f>" in pattern:
        return pattern
    if (len(_tables(situation)) == 1 and rng.random() < 0.12) or (known and rng.random() < 0.6):
        return pattern
    if rng.random() < 0.22:
        if rng.random() < 0.5:
            return "." + rng.choice(BEFORE) + pattern[1:]
        return pattern[0] + rng.choice(BEFORE[:PLAIN_BEFORE]) + pattern[1:]
    return pattern + rng.choice(AFTER)


def _tables(situation: Situation) -> list[str]:
    return [name for name in situation.files if name.lower().endswith(tuple(ENDINGS))]
