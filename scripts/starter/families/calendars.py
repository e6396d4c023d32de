"""The calendar itself: leap years, the lengths of months, ages, days and weeks of the year, quarters, working days."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from random import Random

from starter.days import (
    MONTHS,
    any_day,
    day_code,
    month_name,
    weekday_name,
    write_day,
    write_day_and_month,
    write_month,
)
from starter.dialogue import Situation, Task
from starter.families.dates import NAME, PHRASES, told
from starter.phrasing import say

__all__ = ["NAME", "follow_up", "make"]
# Per fact of a day: the expression that gives it, and how it is said.
DAY_FACTS = {
    "day of the year": ("day.timetuple().tm_yday", "{day} is day {number} of the year {day.year}"),
    "week number": ("day.isocalendar().week", "{day} is in ISO week {number}"),
    "quarter": ("(day.month - 1) // 3 + 1", "{day} is in quarter {number} of the year"),
}


def make(situation: Situation) -> Task:
    """Return a task of this family."""
    kinds: Sequence[Callable[[Situation], Task]] = (
        _leap,
        _next_leap,
        _leap_list,
        _year_length,
        _month_length,
        _last_day,
        _age,
        _age_by_year,
        _day_fact,
        _working_days,
    )
    return situation.rng.choices(kinds, (3, 0.8, 1, 0.8, 3, 1, 4, 1, 3, 1))[0](situation)


def follow_up(situation: Situation) -> Task | None:
    """Return the same question about another year, month or birthday."""
    done, rng = situation.done, situation.rng
    if "leap" in done:
        year = _year(rng)
        return _leap_of(situation, _asked(situation, "follow up year", y=str(year)), year)
    if "month" in done:
        first = date(situation.today.year, rng.randint(1, 12), 1)
        request = _asked(situation, "follow up month", m=month_name(rng, first.month))
        return done["month"](situation, request, first.replace(year=done["year"]))
    if "age" in done:
        born = write_day(rng, _birthday(rng, situation.today))
        return _age_of(situation, _asked(situation, "follow up age", d=born.text), born.value, situation.today)
    return None


def _asked(situation: Situation, section: str, **slots: str) -> str:
    return say(situation.rng, PHRASES[section].pick(situation.rng, situation.held_out), slots)


# -- years and months -------------------------------------------------------------------------------------------------


def _year(rng: Random) -> int:
    return rng.choice((rng.randint(1990, 2050), rng.randint(1600, 2400), 4 * rng.randint(450, 550), 1900, 2000, 2100))


def _is_leap(year: int) -> bool:
    return (date(year, 3, 1) - date(year, 2, 1)).days == 29


def _leap(situation: Situation) -> Task:
    year = _year(situation.rng)
    return _leap_of(situation, _asked(situation, "leap", y=str(year)), year)


def _leap_of(situation: Situation, request: str, year: int) -> Task:
    code = (
        f'import calendar\nif calendar.isleap({year}):\n    print("Yes, {year} is a leap year")\n'
        f'else:\n    print("No, {year} is not a leap year")'
    )
    situation.done = {"leap": year}
    truth = f"Yes, {year} is a leap year" if _is_leap(year) else f"No, {year} is not a leap year"
    return told(request, f"I'll check whether {year} is a leap year.", code, truth)


def _next_leap(situation: Situation) -> Task:
    """Return the request for the leap year that follows a year, or this one."""
    rng = situation.rng
    section, year = rng.choice((("next leap", situation.today.year), ("next leap after", _year(rng))))
    request = _asked(situation, section, y=str(year))
    code = (
        f"import calendar\nyear = {year} + 1\nwhile not calendar.isleap(year):\n    year += 1\n"
        f'print(f"The next leap year after {year} is {{year}}")'
    )
    situation.done = {}
    found = next(other for other in range(year + 1, year + 9) if _is_leap(other))
    truth = f"The next leap year after {year} is {found}"
    return told(request, f"I'll find the next leap year after {year}.", code, truth)


def _leap_list(situation: Situation) -> Task:
    rng = situation.rng
    first = _year(rng)
    last = first + rng.randint(8, 40)
    code = (
        f"import calendar\nyears = [year for year in range({first}, {last} + 1) if calendar.isleap(year)]\n"
        f'print(f"There are {{len(years)}} leap years from {first} to {last}:", *years)'
    )
    situation.done = {}
    years = [str(year) for year in range(first, last + 1) if _is_leap(year)]
    truth = f"There are {len(years)} leap years from {first} to {last}: {' '.join(years)}"
    request = _asked(situation, "leap list", a=str(first), b=str(last))
    return told(request, f"I'll list the leap years from {first} to {last}.", code, truth)


def _year_length(situation: Situation) -> Task:
    year = _year(situation.rng)
    code = f'import calendar\ndays = 366 if calendar.isleap({year}) else 365\nprint(f"{year} has {{days}} days")'
    situation.done = {}
    truth = f"{year} has {(date(year + 1, 1, 1) - date(year, 1, 1)).days} days"
    return told(_asked(situation, "year length", y=str(year)), f"I'll count the days of {year}.", code, truth)


def _month_length(situation: Situation) -> Task:
    text, first = _month(situation)
    return _month_length_of(situation, _asked(situation, "month length", m=text), first)


def _month_length_of(situation: Situation, request: str, first: date) -> Task:
    code = (
        f"import calendar\ndays = calendar.monthrange({first.year}, {first.month})[1]\n"
        f'print(f"{MONTHS[first.month - 1]} {first.year} has {{days}} days")'
    )
    situation.done = {"month": _month_length_of, "year": first.year}
    truth = f"{first:%B %Y} has {_end(first).day} days"
    return told(request, f"I'll count the days of {MONTHS[first.month - 1]} {first.year}.", code, truth)


def _last_day(situation: Situation) -> Task:
    text, first = _month(situation)
    return _last_day_of(situation, _asked(situation, "last day", m=text), first)


def _last_day_of(situation: Situation, request: str, first: date) -> Task:
    year, month, name = first.year, first.month, MONTHS[first.month - 1]
    code = (
        f"import calendar\nfrom datetime import date\n"
        f"day = date({year}, {month}, calendar.monthrange({year}, {month})[1])\n"
        f'print(f"The last day of {name} {year} is {{day}} ({{day:%A}})")'
    )
    end = _end(first)
    situation.done = {"month": _last_day_of, "year": year, "day": end}
    truth = f"The last day of {name} {year} is {end.isoformat()} ({weekday_name(end)})"
    return told(request, f"I'll find the last day of {name} {year}.", code, truth)


def _end(first: date) -> date:
    after = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return after - timedelta(days=1)


def _month(situation: Situation) -> tuple[str, date]:
    """Return a month as somebody writes it, and its first day: without a year it is one of this year."""
    rng, today = situation.rng, situation.today
    chance = rng.random()
    if chance < 0.12:
        return rng.choice(("this month", "the current month")), today.replace(day=1)
    month = rng.choice((2, rng.randint(1, 12), rng.randint(1, 12)))
    if chance < 0.5:
        return month_name(rng, month) + rng.choice(("", "", " this year")), date(today.year, month, 1)
    first = date(_year(rng), month, 1)
    return write_month(rng, first), first


# -- ages -------------------------------------------------------------------------------------------------------------


def _birthday(rng: Random, today: date) -> date:
    return today - timedelta(days=rng.randint(400, rng.choice((10000, 25000, 36000))))


def _age(situation: Situation) -> Task:
    rng, today = situation.rng, situation.today
    born = write_day(rng, _birthday(rng, today))
    if rng.random() < 0.2:
        then = write_day(rng, born.value + timedelta(days=rng.randint(400, 36000)))
        request = _asked(situation, "age then", d=born.text, t=then.text)
        return _age_of(situation, request, born.value, then.value)
    return _age_of(situation, _asked(situation, "age", d=born.text), born.value, today)


def _age_of(situation: Situation, request: str, born: date, then: date) -> Task:
    code = (
        f"from datetime import date\nborn = {day_code(born)}\nday = {day_code(then)}\n"
        "age = day.year - born.year - ((day.month, day.day) < (born.month, born.day))\n"
        'print(f"Someone born on {born} is {age} years old on {day}")'
    )
    situation.done = {"age": born} if then == situation.today else {}
    years = max(count for count in range(then.year - born.year + 1) if _anniversary(born, count) <= then)
    truth = f"Someone born on {born.isoformat()} is {years} years old on {then.isoformat()}"
    return told(request, "I'll compute the age.", code, truth)


def _anniversary(born: date, years: int) -> date:
    if (born.month, born.day) == (2, 29) and not _is_leap(born.year + years):
        return date(born.year + years, 3, 1)
    return born.replace(year=born.year + years)


def _age_by_year(situation: Situation) -> Task:
    """Return the request for the age that somebody reaches in a year, of whom only the year of birth is known."""
    rng, now = situation.rng, situation.today.year
    born = rng.randint(now - 95, now - 3)
    section, then = rng.choice((("age by year", now), ("age by year then", born + rng.randint(3, 100))))
    request = _asked(situation, section, y=str(born), t=str(then))
    code = f'age = {then} - {born}\nprint(f"Someone born in {born} turns {{age}} in {then}")'
    situation.done = {}
    truth = f"Someone born in {born} turns {len(range(born, then))} in {then}"
    return told(request, f"I'll compute the age in {then}.", code, truth)


# -- facts of a day ---------------------------------------------------------------------------------------------------


def _day_fact(situation: Situation) -> Task:
    rng, today = situation.rng, situation.today
    kind = rng.choices(tuple(DAY_FACTS), (2, 3, 1))[0]
    expression, said = DAY_FACTS[kind]
    chance = rng.random()
    if chance < 0.3:
        value, request = today, _asked(situation, f"{kind} today")
    else:
        day = write_day(rng, any_day(rng, today))
        if chance < 0.45:
            day = write_day_and_month(rng, date(today.year, rng.randint(1, 12), rng.randint(1, 28)))
        value, request = day.value, _asked(situation, kind, d=day.text)
    code = f'from datetime import date\nday = {day_code(value)}\nnumber = {expression}\nprint(f"{said}")'
    number = {
        "day of the year": value.toordinal() - date(value.year, 1, 1).toordinal() + 1,
        "week number": int(f"{value:%V}"),
        "quarter": 4 if value.month > 9 else 3 if value.month > 6 else 2 if value.month > 3 else 1,
    }[kind]
    situation.done = {}
    truth = said.replace("{day.year}", str(value.year)).format(day=value.isoformat(), number=number)
    return told(request, f"I'll find the {kind}.", code, truth)


def _working_days(situation: Situation) -> Task:
    rng = situation.rng
    first = write_day(rng, any_day(rng, situation.today))
    last = write_day(rng, first.value + timedelta(days=rng.randint(4, 400)))
    code = (
        "from datetime import date\nimport pandas as pd\n"
        f"start, end = sorted([{first.code}, {last.code}])\ndays = len(pd.bdate_range(start, end))\n"
        'print(f"There are {days} working days (Monday to Friday) from {start} to {end}")'
    )
    numbers = range(first.value.toordinal(), last.value.toordinal() + 1)
    count = sum(number % 7 in (1, 2, 3, 4, 5) for number in numbers)
    situation.done = {}
    truth = f"There are {count} working days (Monday to Friday) from {first.value} to {last.value}"
    request = _asked(situation, "working days", a=first.text, b=last.text)
    return told(request, "I'll count the working days between the two dates.", code, truth)
