"""Leap years and ages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from random import Random

from starter.days import day_code, write_day
from starter.dialogue import Situation, Task
from starter.families.dates import NAME, PHRASES, told
from starter.phrasing import say

__all__ = ["NAME", "follow_up", "make"]


def make(situation: Situation) -> Task:
    """Return a task of this family."""
    kinds: Sequence[Callable[[Situation], Task]] = (_leap, _leap_list, _age, _age_by_year)
    return situation.rng.choices(kinds, (4, 1, 4, 1.5))[0](situation)


def follow_up(situation: Situation) -> Task | None:
    """Return the same question about another year or birthday."""
    done, rng = situation.done, situation.rng
    if "leap" in done:
        year = _year(rng)
        return _leap_of(situation, _asked(situation, "follow up year", y=str(year)), year)
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
