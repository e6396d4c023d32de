"""Further questions about a whole table: its types, gaps and duplicates, what stands out, how columns go together."""

from __future__ import annotations

import math
from collections.abc import Callable

from starter.answers import close, close_list, listed
from starter.dialogue import Situation, Task
from starter.families import table_follow_ups, table_orders
from starter.families.tables import asked
from starter.phrasing import load_phrases
from starter.queries import FAMILY, printed_items, question
from starter.tables import Table

NAME = FAMILY
PHRASES = load_phrases("table_questions")
MOST_COLUMNS = 2  # of figures, in an overview


def make(situation: Situation) -> Task:
    """Return a task of this family."""
    rng = situation.rng
    table = rng.choice(situation.tables)
    kinds = dict(KINDS) | table_orders.KINDS
    if len(table.numeric) > 1:
        kinds[_correlation] = 1.2
    return rng.choices(tuple(kinds), tuple(kinds.values()))[0](situation, table)


def follow_up(situation: Situation) -> Task | None:
    """Return a request that goes on with an order of rows, or with a figure."""
    return table_orders.follow_up(situation) or table_follow_ups.follow_up(situation)


# -- what the table is ------------------------------------------------------------------------------------------------


def _types(situation: Situation, table: Table) -> Task:
    request, _ = asked(situation, table, PHRASES["types"])
    return question(
        situation,
        table,
        request,
        printed_items("df.dtypes"),
        doing="list the column types",
        answer=lambda printed: listed(f"The column types of {table.file}", printed, "are"),
        agrees=lambda printed: [line.rpartition(": ")[0] for line in printed.splitlines()] == list(table.columns),
    )


def _overview(situation: Situation, table: Table) -> Task:
    if len(table.numeric) + len(table.times) > MOST_COLUMNS:
        return _overview_of_column(situation, table)
    request, _ = asked(situation, table, PHRASES["overview"])
    return question(
        situation,
        table,
        request,
        "print(df.describe().round(2).to_string())",
        doing="describe the columns of figures",
        answer=lambda _: f"The overview of {table.file} is shown above.",
        agrees=lambda printed: all(name in printed for name in (*table.numeric, "std", "75%")),
    )


def _overview_of_column(situation: Situation, table: Table) -> Task:
    column = situation.rng.choice(table.numeric)
    request, _ = asked(situation, table, PHRASES["overview of column"], c=column)
    numbers = table.numbers(column)
    return question(
        situation,
        table,
        request,
        f'print(df["{column}"].describe().round(2).to_string())',
        doing=f"describe {column}",
        answer=lambda _: f"The overview of {column} in {table.file} is shown above.",
        agrees=lambda printed: close(printed.splitlines()[-1].split()[-1], max(numbers)),
        columns=(column,),
    )


def _correlation(situation: Situation, table: Table) -> Task:
    first, second = situation.rng.sample(list(table.numeric), 2)
    request, _ = asked(situation, table, PHRASES["correlation"], c=first, d=second)
    truth = _correlated(table, first, second)
    return question(
        situation,
        table,
        request,
        f'print(round(df["{first}"].corr(df["{second}"]), 4))',
        doing=f"compute the correlation of {first} and {second}",
        answer=lambda printed: f"The correlation of {first} and {second} in {table.file} is {printed}.",
        agrees=lambda printed: close(printed, truth),
        columns=(first, second),
    )


def _correlated(table: Table, first: str, second: str) -> float:
    pairs = zip(table.columns[first], table.columns[second], strict=True)
    known = [(float(str(a)), float(str(b))) for a, b in pairs if a is not None and b is not None]
    if len(known) < 2:
        return math.nan
    mean_a, mean_b = (math.fsum(values) / len(known) for values in zip(*known, strict=True))
    joint = math.fsum((a - mean_a) * (b - mean_b) for a, b in known)
    spread = math.sqrt(math.fsum((a - mean_a) ** 2 for a, _ in known) * math.fsum((b - mean_b) ** 2 for _, b in known))
    return joint / spread if spread else math.nan


# -- gaps and duplicates ----------------------------------------------------------------------------------------------


def _missing(situation: Situation, table: Table) -> Task:
    request, _ = asked(situation, table, PHRASES["missing by column"])
    truth = {name: float(table.missing.get(name, 0)) for name in table.columns}
    return question(
        situation,
        table,
        request,
        printed_items("df.isna().sum()"),
        doing="count the missing values by column",
        answer=lambda printed: listed(f"The number of missing values by column of {table.file}", printed),
        agrees=lambda printed: close_list(printed, truth),
    )


def _missing_in_table(situation: Situation, table: Table) -> Task:
    request, _ = asked(situation, table, PHRASES["missing in table"])
    return question(
        situation,
        table,
        request,
        "print(df.isna().sum().sum())",
        doing="count the missing values",
        answer=lambda printed: f"{table.file} has {printed} missing values.",
        agrees=lambda printed: int(printed) == sum(table.missing.values()),
    )


def _missing_in_column(situation: Situation, table: Table) -> Task:
    column = situation.rng.choice([*table.missing, *table.columns])
    request, _ = asked(situation, table, PHRASES["missing in column"], c=column)
    return question(
        situation,
        table,
        request,
        f'print(df["{column}"].isna().sum())',
        doing=f"count the missing values of {column}",
        answer=lambda printed: f"{column} has {printed} missing values in {table.file}.",
        agrees=lambda printed: int(printed) == table.columns[column].count(None),
        columns=(column,),
    )


def _duplicates(situation: Situation, table: Table) -> Task:
    request, _ = asked(situation, table, PHRASES["duplicates"])
    return question(
        situation,
        table,
        request,
        "print(df.duplicated().sum())",
        doing="count the duplicate rows",
        answer=lambda printed: f"{table.file} has {printed} duplicate rows.",
        agrees=lambda printed: int(printed) == table.duplicates,
    )


# -- how values are spread --------------------------------------------------------------------------------------------


KINDS: dict[Callable[[Situation, Table], Task], float] = {
    _types: 1.2,
    _overview: 1.2,
    _overview_of_column: 0.8,
    _missing: 1.2,
    _missing_in_table: 1,
    _missing_in_column: 1,
    _duplicates: 1,
}
