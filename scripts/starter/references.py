"""How requests refer to files and columns: by name, quoted, described, or not at all where it is plain."""

from __future__ import annotations

import re
from pathlib import PurePath

from starter.dialogue import Situation
from starter.tables import Table

FILE_FORMS = ("{}",) * 14 + (
    "the file {}",
    "the table {}",
    "'{}'",
    '"{}"',
    "`{}`",
    "my file {}",
    "the csv file {}",
    "the csv {}",
)
ONLY_CSV_FORMS = (
    "the csv",
    "the csv file",
    "the table",
    "the file",
    "my csv",
    "this csv",
    "the data",
    "this table",
    "my data",
    "it",
    "the dataset",
)
STEM_FORMS = ("the {} file", "the {} table", "the {} data", "the {} csv", "{}")
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
)
PLAIN_BEFORE = 5  # of these read well inside of a polite frame
AFTER = (" in <f>",) * 6 + (
    " of <f>",
    " from <f>",
    " from <f>",
    " in the file <f>",
    " using <f>",
    " (<f>)",
    ", file <f>",
    " for <f>",
    " based on <f>",
)
NAME_WANTED = re.compile(r"(file|table|called|named|a|\() <f>|^<f>|\(<f>")  # before these a description reads badly


def file_text(situation: Situation, table: Table, pattern: str = "") -> str:
    """Return how a request of this pattern names the table's file."""
    rng = situation.rng
    if NAME_WANTED.search(pattern):
        return table.file
    tables = [name for name in situation.files if name.lower().endswith(".csv")]
    stem = PurePath(table.file).stem
    if len(tables) == 1 and rng.random() < 0.2:
        return rng.choice(ONLY_CSV_FORMS)
    if sum(stem.lower() in name.lower() for name in situation.files) == 1 and rng.random() < 0.1:
        return rng.choice(STEM_FORMS).format(stem)
    return rng.choice(FILE_FORMS).format(table.file)


def column_text(situation: Situation, column: str, pattern: str = "") -> str:
    """Return how a request of this pattern names a column; "column" is not said twice."""
    if " " in column and situation.rng.random() < 0.2:
        return column
    text = situation.rng.choice(COLUMN_FORMS).format(column)
    return column if "column" in pattern and "column" in text else text


def placed(situation: Situation, pattern: str, known: bool = False) -> str:
    """Return the pattern with the file's place: after it, before it, or nowhere when there is only one table."""
    rng = situation.rng
    if "<f>" in pattern:
        return pattern
    tables = [name for name in situation.files if name.lower().endswith(".csv")]
    if (len(tables) == 1 and rng.random() < 0.12) or (known and rng.random() < 0.7):
        return pattern
    if rng.random() < 0.22:
        if rng.random() < 0.5:
            return "." + rng.choice(BEFORE) + pattern[1:]
        return pattern[0] + rng.choice(BEFORE[:PLAIN_BEFORE]) + pattern[1:]
    return pattern + rng.choice(AFTER)
