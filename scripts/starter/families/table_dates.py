"""Questions about a table's column of dates: the first and the last, and figures by month, year, quarter or weekday."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from starter.answers import close_list, listed
from starter.dialogue import Situation, Task
from starter.families.tables import asked, request_text
from starter.phrasing import load_phrases
from starter.queries import AGGREGATES, MEASURES, printed_items, question
from starter.references import column_text
from starter.tables import Table

PHRASES = load_phrases("table_dates")
PERIODS: dict[str, tuple[str, Callable[[date], str]]] = {  # what code makes of a column of dates, and the truth
    "month": ('.dt.to_period("M")', lambda day: f"{day.year}-{day.month:02}"),
    "year": (".dt.year", lambda day: str(day.year)),
    "quarter": ('.dt.to_period("Q")', lambda day: f"{day.year}Q{(day.month + 2) // 3}"),
    "weekday": (".dt.day_name()", lambda day: day.strftime("%A")),
}
MOST_PERIODS = 14


def _extreme(situation: Situation, table: Table) -> Task:
    column = situation.rng.choice(table.dates)
    request, meaning = asked(situation, table, PHRASES["extreme"], t=column)
    word, method, extreme = ("earliest", "min", min) if meaning == "first" else ("latest", "max", max)
    days = [str(value) for value in table.columns[column]]
    return question(
        situation,
        table,
        request,
        f'dates = pd.to_datetime(df["{column}"])\nprint(dates.{method}().date())',
        doing=f"find the {word} {column}",
        answer=lambda printed: f"The {word} {column} in {table.file} is {printed}.",
        agrees=lambda printed: printed == extreme(days),
        columns=(column,),
    )


def _span(situation: Situation, table: Table) -> Task:
    column = situation.rng.choice(table.dates)
    request, _ = asked(situation, table, PHRASES["span"], t=column)
    days = sorted(date.fromisoformat(str(value)) for value in table.columns[column])
    return question(
        situation,
        table,
        request,
        f'dates = pd.to_datetime(df["{column}"])\nprint((dates.max() - dates.min()).days)',
        doing=f"count the days from the first to the last {column}",
        answer=lambda printed: f"From the first to the last {column} in {table.file} it is {printed} days.",
        agrees=lambda printed: int(printed) == days[-1].toordinal() - days[0].toordinal(),
        columns=(column,),
    )


def _by_period(situation: Situation, table: Table) -> Task:
    rng = situation.rng
    time, counted = rng.choice(table.dates), rng.random() < 0.25
    days = [date.fromisoformat(str(value)) for value in table.columns[time]]
    periods = [name for name, (_, part) in PERIODS.items() if len(set(map(part, days))) <= MOST_PERIODS]
    period = rng.choices(periods, [{"month": 4, "year": 3}.get(name, 1) for name in periods])[0]
    measure, column = "" if counted else rng.choices(tuple(AGGREGATES), (6, 4, 1, 1, 1))[0], rng.choice(table.numeric)
    section = "rows by period" if counted else "by period"
    section = "sum by period" if measure == "sum" and rng.random() < 0.4 else section
    pattern = PHRASES[section].pick(rng, situation.held_out)
    slots = {"t": column_text(situation, time, pattern), "period": period}
    if not counted:
        slots |= {"c": column_text(situation, column, pattern), "agg": rng.choice(MEASURES[measure][0])}
    request = request_text(situation, table, pattern, **slots)
    what = "number of rows" if counted else f"{measure} of {column}"
    return question(
        situation,
        table,
        request,
        f'df["period"] = pd.to_datetime(df["{time}"]){PERIODS[period][0]}\n' + _figures(measure, column),
        doing=f"compute the {what} by {period} of {time}",
        answer=lambda printed: listed(f"The {what} by {period} of {time}", printed),
        agrees=lambda printed: close_list(printed, _truth(table, time, period, measure, column)),
        columns=(time,) if counted else (time, column),
    )


def _figures(measure: str, column: str) -> str:
    """Return the line that prints the figures by period."""
    if not measure:
        return printed_items('df.groupby("period").size()')
    method = MEASURES[measure][1]
    rounding = "" if method in ("max", "min") else ".round(2)"
    return printed_items(f'df.groupby("period")["{column}"].{method}(){rounding}')


def _truth(table: Table, time: str, period: str, measure: str, column: str) -> dict[str, float]:
    found: dict[str, list[float]] = {}
    for day, value in zip(table.columns[time], table.columns[column], strict=True):
        values = found.setdefault(PERIODS[period][1](date.fromisoformat(str(day))), [])
        values += [] if measure and value is None else [float(str(value or 0))]
    compute = MEASURES[measure][2] if measure else len
    return {
        name: compute(values) if values or measure in ("", "sum") else float("nan") for name, values in found.items()
    }


KINDS: dict[Callable[[Situation, Table], Task], float] = {_extreme: 1, _span: 0.4, _by_period: 3}
