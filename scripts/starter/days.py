"""Days, months and spans of time as people write them, beside what code writes for them.

A day in figures and slashes can be read in one way only: one of its figures is above twelve, or both are the same. With
dots the day comes first.
"""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from starter.numerals import written

MONTHS = tuple(calendar.month_name)[1:]
SHORT_MONTHS = (*tuple(calendar.month_abbr)[1:9], "Sep", "Oct", "Nov", "Dec")
WEEKDAYS = tuple(calendar.day_name)

# {d} and {dd} the day, {o} its ordinal, {m} and {mm} the month's number, {M} and {b} its name, {y} the year.
FULL_FORMS = (
    *("{y}-{mm}-{dd}",) * 6,
    *("{d} {M} {y}",) * 4,
    *("{M} {d}, {y}",) * 4,
    *("{M} {o}, {y}",) * 2,
    *("{M} {d} {y}", "{M} {o} {y}", "{o} {M} {y}", "the {o} of {M} {y}", "{o} of {M} {y}", "{o} of {M}, {y}"),
    *("{b} {d} {y}", "{b} {d}, {y}", "{d} {b} {y}", "{b} {o}, {y}", "{b} {o} {y}", "{d}-{b}-{y}", "{o} {b} {y}"),
    *("{dd}.{mm}.{y}", "{d}.{m}.{y}", "{dd} {M} {y}", "{y}/{mm}/{dd}", "{d}. {M} {y}", "{y} {M} {d}"),
)
SLASH_FORMS = ("{m}/{d}/{y}", "{mm}/{dd}/{y}", "{d}/{m}/{y}", "{dd}/{mm}/{y}", "{dd}-{mm}-{y}")
YEARLESS_FORMS = (
    *("{d} {M}", "{M} {d}", "{M} {o}") * 3,
    *("the {o} of {M}", "{o} of {M}", "{o} {M}", "{b} {d}", "{d} {b}", "{b} {o}", "{o} {b}"),
)
# Days with a name: month and day, and what people call them.
NAMED_DAYS: dict[tuple[int, int], Sequence[str]] = {
    (12, 25): ("Christmas", "christmas", "Christmas Day", "xmas", "Xmas", "christmas day"),
    (12, 24): ("Christmas Eve", "christmas eve"),
    (12, 26): ("Boxing Day", "boxing day"),
    (12, 31): ("New Year's Eve", "new year's eve", "new years eve"),
    (1, 1): ("New Year", "New Year's Day", "new year", "new year's day", "new years day"),
    (10, 31): ("Halloween", "halloween"),
    (2, 14): ("Valentine's Day", "valentine's day", "valentines day"),
    (3, 17): ("St. Patrick's Day", "saint patrick's day"),
    (7, 4): ("Independence Day", "the Fourth of July", "the 4th of July"),
    (4, 1): ("April Fools' Day", "april fools day"),
    (3, 14): ("Pi Day", "pi day"),
}
WORKING_DAYS = "working days"
YEAR_ENDS = ("the end of the year", "the end of this year", "the year's end", "the last day of the year", "year end")


@dataclass(frozen=True, slots=True)
class Day:
    """A day: as it stands in the request, and what it is. Without ``full`` its year is not said."""

    text: str
    value: date
    full: bool = True

    @property
    def code(self) -> str:
        """How code writes the day."""
        return day_code(self.value)


@dataclass(frozen=True, slots=True)
class Span:
    """A span of time: as it stands in the request, how it is repeated, and its parts by their units."""

    text: str
    parts: dict[str, int]

    @property
    def repeated(self) -> str:
        """The span as answers write it."""
        return " and ".join(f"{n} {unit.removesuffix('s') if n == 1 else unit}" for unit, n in self.parts.items())

    @property
    def code(self) -> str:
        """The span as named arguments."""
        return ", ".join(f"{unit}={n}" for unit, n in self.parts.items())


def day_code(day: date) -> str:
    """Return how code writes a day."""
    return f"date({day.year}, {day.month}, {day.day})"


def any_day(rng: Random, today: date, *, past: bool = False, future: bool = False) -> date:
    """Return a day that people ask about: mostly of these years, now and then of another century."""
    reach = rng.choice((60, 400, 400, 2000, 2000, 15000))
    if not (past or future) and rng.random() < 0.06:
        return date(rng.randrange(1700, 2200), 1, 1) + timedelta(days=rng.randrange(365))
    distance = rng.randint(2, reach)
    return today + timedelta(days=-distance if past or (not future and rng.random() < 0.5) else distance)


def write_day(rng: Random, value: date) -> Day:
    """Return a day in one of the ways in which people write it with its year."""
    plain = value.day > 12 or value.day == value.month
    form = rng.choice(SLASH_FORMS) if plain and rng.random() < 0.2 else rng.choice(FULL_FORMS)
    return Day(_filled(rng, form, value), value)


def write_day_and_month(rng: Random, value: date) -> Day:
    """Return a day as people write it when the year is plain."""
    return Day(_filled(rng, rng.choice(YEARLESS_FORMS), value), value, full=False)


def named_day(rng: Random, *, ends: bool = False) -> tuple[str, int, int]:
    """Return a day with a name: the name, its month and day. With ``ends`` it may be the end of the year."""
    if ends and rng.random() < 0.2:
        return rng.choice(YEAR_ENDS), 12, 31
    month, day = rng.choice((*NAMED_DAYS, (12, 25), (12, 25), (1, 1)))
    return rng.choice(NAMED_DAYS[month, day]), month, day


def any_span(rng: Random) -> Span:
    """Return a span of days, weeks, months, years or working days, now and then of two units."""
    if rng.random() < 0.07:
        count = rng.randint(2, rng.choice((10, 30, 100)))
        return Span(f"{count} {rng.choice(('business days', 'working days', 'workdays'))}", {WORKING_DAYS: count})
    unit = rng.choices(("days", "weeks", "months", "years"), (6, 3, 2, 1))[0]
    most = {"days": rng.choice((15, 100, 500, 1000)), "weeks": rng.choice((8, 60)), "months": 30, "years": 12}[unit]
    count = rng.choice((rng.randint(1, most), rng.randint(1, most), min(most, rng.choice((1, 10, 30, 60, 90, 100)))))
    if count == 1 and rng.random() < 0.5:
        return Span(f"{rng.choice(('a', 'a', 'one'))} {unit.removesuffix('s')}", {unit: 1})
    parts = {unit: count}
    smaller = {"weeks": "days", "years": "months"}.get(unit)
    if smaller and rng.random() < 0.15:
        parts[smaller] = rng.randint(2, 9)
    words = len(parts) == 1 and count > 1
    texts = [f"{written(rng, n, words=words).text} {u.removesuffix('s') if n == 1 else u}" for u, n in parts.items()]
    return Span(rng.choice((" and ", " and ", " ", ", ")).join(texts), parts)


def shifted(day: date, parts: dict[str, int], sign: int) -> date:
    """Return the day that lies a span later (or earlier); where a month is too short, its last day."""
    for _ in range(parts.get(WORKING_DAYS, 0)):
        day += timedelta(days=sign)
        while day.toordinal() % 7 in (0, 6):  # day 1 of the calendar was a Monday
            day += timedelta(days=sign)
    months = sign * (parts.get("months", 0) + 12 * parts.get("years", 0))
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    number = min(day.day, calendar.monthrange(year, month + 1)[1])
    days = sign * (parts.get("days", 0) + 7 * parts.get("weeks", 0))
    return date.fromordinal(date(year, month + 1, number).toordinal() + days)


def weekday_name(day: date) -> str:
    """Return the English name of the day's weekday."""
    return WEEKDAYS[calendar.weekday(day.year, day.month, day.day)]


def ordinal(number: int) -> str:
    """Return 1st, 2nd, 3rd and so on."""
    ending = "th" if 10 < number % 100 < 14 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _filled(rng: Random, form: str, value: date) -> str:
    short = SHORT_MONTHS[value.month - 1]
    short = "Sept" if short == "Sep" and rng.random() < 0.3 else short
    text = form.format(
        d=value.day,
        dd=f"{value.day:02}",
        o=ordinal(value.day),
        m=value.month,
        mm=f"{value.month:02}",
        M=MONTHS[value.month - 1],
        b=short,
        y=value.year,
    )
    return text.lower() if rng.random() < 0.4 else text
