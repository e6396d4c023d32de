"""Further questions about a whole table: its types, gaps and duplicates, what stands out, how columns go together."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable

from starter.answers import close, close_list, listed
from starter.dialogue import Situation, Task
from starter.families import table_dates, table_follow_ups, table_orders
from starter.families.tables import asked, request_text
from starter.phrasing import load_phrases
from starter.queries import FAMILY, printed_items, question
from starter.references import column_text
from starter.tables import Table

NAME = FAMILY
PHRASES = load_phrases("table_questions")
MOST_COLUMNS = 2  # of figures, in an overview


def make(situation: Situation) -> Task:
    """Return a task of this family."""
    rng = situation.rng
    table = rng.choice(situation.tables)
    kinds = dict(KINDS) | table_orders.KINDS
    if table.dates:
        kinds |= table_dates.KINDS
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


def _missing_where(situation: Situation, table: Table) -> Task:
    request, _ = asked(situation, table, PHRASES["missing where"])
    return question(
        situation,
        table,
        request,
        'print(", ".join(df.columns[df.isna().any()]) or "none")',
        doing="find the columns with missing values",
        answer=lambda printed: f"The columns with missing values in {table.file}: {printed}.",
        agrees=lambda printed: printed == (", ".join(table.missing) or "none"),
    )


def _incomplete_rows(situation: Situation, table: Table) -> Task:
    request, _ = asked(situation, table, PHRASES["incomplete rows"])
    return question(
        situation,
        table,
        request,
        "print(df.isna().any(axis=1).sum())",
        doing="count the rows with missing values",
        answer=lambda printed: f"The number of rows with missing values in {table.file} is {printed}.",
        agrees=lambda printed: int(printed) == sum(None in record for record in table.records()),
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


def _range(situation: Situation, table: Table) -> Task:
    column = situation.rng.choice(table.numeric)
    request, _ = asked(situation, table, PHRASES["range"], c=column)
    numbers = table.numbers(column)
    return question(
        situation,
        table,
        request,
        f'print(round(df["{column}"].max() - df["{column}"].min(), 2))',
        doing=f"compute the range of {column}",
        answer=lambda printed: f"The range of {column} in {table.file} is {printed}.",
        agrees=lambda printed: close(printed, max(numbers) - min(numbers)),
        columns=(column,),
    )


def _percentile(situation: Situation, table: Table) -> Task:
    rng = situation.rng
    column = rng.choice(table.numeric)
    pattern, _, part = PHRASES["percentile"].pick(rng, situation.held_out).partition(" => ")
    percent = rng.choice((5, 10, 20, 25, 30, 40, 60, 75, 80, 90, 90, 95, 95, 99))
    slots = {"c": column_text(situation, column, pattern), "p": str(percent), "q": str(percent / 100)}
    request = request_text(situation, table, pattern, **slots)
    share, _, hundred = part.replace("<p>", slots["p"]).replace("<q>", slots["q"]).partition(" / ")
    code = f"{share} / {hundred}" if hundred else share
    truth = _quantile(sorted(table.numbers(column)), float(share) / float(hundred or 1))
    return question(
        situation,
        table,
        request,
        f'print(round(df["{column}"].quantile({code}), 2))',
        doing=f"compute the quantile {code} of {column}",
        answer=lambda printed: f"The quantile {code} of {column} in {table.file} is {printed}.",
        agrees=lambda printed: close(printed, truth),
        columns=(column,),
    )


def _quantile(numbers: list[float], share: float) -> float:
    place = share * (len(numbers) - 1)
    below = math.floor(place)
    above = min(below + 1, len(numbers) - 1)
    return numbers[below] + (place - below) * (numbers[above] - numbers[below])


def _share_of_rows(situation: Situation, table: Table) -> Task:
    group = situation.rng.choice(table.groups)
    request, _ = asked(situation, table, PHRASES["share of rows"], g=group)
    counts = Counter(str(value) for value in table.columns[group] if value is not None)
    truth = {name: 100 * count / counts.total() for name, count in counts.items()}
    return question(
        situation,
        table,
        request,
        printed_items(f'(df["{group}"].value_counts(normalize=True) * 100).round(2)'),
        doing=f"compute the percentage of rows by {group}",
        answer=lambda printed: listed(f"The percentage of rows by {group}", printed),
        agrees=lambda printed: close_list(printed, truth),
        columns=(group,),
    )


def _share_of_sum(situation: Situation, table: Table) -> Task:
    group, column = situation.rng.choice(table.groups), situation.rng.choice(table.numeric)
    totals: Counter[str] = Counter()
    for name, value in zip(table.columns[group], table.columns[column], strict=True):
        if name is not None:
            totals[str(name)] += float(str(value or 0))
    if totals.total() <= 0:
        return _share_of_rows(situation, table)
    request, _ = asked(situation, table, PHRASES["share of sum"], g=group, c=column)
    truth = {name: 100 * total / totals.total() for name, total in totals.items()}
    return question(
        situation,
        table,
        request,
        f'totals = df.groupby("{group}")["{column}"].sum()\n' + printed_items("(totals / totals.sum() * 100).round(2)"),
        doing=f"compute the percentage of {column} by {group}",
        answer=lambda printed: listed(f"The percentage of {column} by {group}", printed),
        agrees=lambda printed: close_list(printed, truth),
        columns=(column, group),
    )


KINDS: dict[Callable[[Situation, Table], Task], float] = {
    _types: 1.2,
    _overview: 1.2,
    _overview_of_column: 0.8,
    _missing: 1.2,
    _missing_in_table: 1,
    _missing_in_column: 1,
    _missing_where: 0.8,
    _incomplete_rows: 0.5,
    _duplicates: 1,
    _range: 0.6,
    _percentile: 1,
    _share_of_rows: 1,
    _share_of_sum: 1,
}
