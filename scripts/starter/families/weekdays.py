"""Weekdays of dates, today's date and its neighbors, the next Monday and the last one.

Today's date is the one that the conversation's first message names.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta

from starter.days import (
    WEEKDAYS,
    Day,
    any_day,
    day_code,
    named_day,
    weekday_name,
    write_day,
    write_day_and_month,
)
from starter.dialogue import Situation, Task
from starter.families.dates import NAME, PHRASES, told
from starter.phrasing import say

__all__ = ["NAME", "follow_up", "make"]


def make(situation: Situation) -> Task:
    """Return a task of this family."""
    kinds: Sequence[Callable[[Situation], Task]] = (_weekday, _today, _next_weekday, _last_weekday)
    return situation.rng.choices(kinds, (4, 1.4, 1, 0.7))[0](situation)


def follow_up(situation: Situation) -> Task | None:
    """Return a request for the weekday of another day, after one."""
    if "weekday" not in situation.done:
        return None
    pattern = PHRASES["follow up day"].pick(situation.rng, situation.held_out)
    return _weekday_of(situation, pattern, write_day(situation.rng, any_day(situation.rng, situation.today)))


def _weekday(situation: Situation) -> Task:
    rng, today = situation.rng, situation.today
    pattern, chance = PHRASES["weekday"].pick(rng, situation.held_out), rng.random()
    if chance < 0.15:
        day = write_day_and_month(rng, date(today.year, rng.randint(1, 12), rng.randint(1, 28)))
    elif chance < 0.35:
        name, month, number = named_day(rng)
        year = rng.choice((today.year, rng.randint(1950, 2060), rng.randint(2020, 2035)))
        plain = ("{}", "{} this year") if year == today.year else ("{} {}", "{} in {}", "{} of {}")
        day = Day(rng.choice(plain).format(name, year), date(year, month, number))
    else:
        day = write_day(rng, any_day(rng, today))
    return _weekday_of(situation, pattern, day)


def _weekday_of(situation: Situation, pattern: str, day: Day) -> Task:
    code = f'from datetime import date\nday = {day.code}\nprint(f"{{day}} is a {{day:%A}}")'
    situation.done = {"weekday": day.value, "day": day.value}
    request = say(situation.rng, pattern, {"d": day.text})
    return told(
        request, "I'll find the weekday of that day.", code, f"{day.value.isoformat()} is a {weekday_name(day.value)}"
    )


def _today(situation: Situation) -> Task:
    today = situation.today
    code = f'from datetime import date\nday = {day_code(today)}\nprint(f"Today is {{day}} ({{day:%A}})")'
    request = say(situation.rng, PHRASES["today"].pick(situation.rng, situation.held_out), {})
    situation.done = {"day": today}
    return told(request, "I'll show today's date.", code, f"Today is {today.isoformat()} ({weekday_name(today)})")


def _next_weekday(situation: Situation) -> Task:
    return _near_weekday(situation, "next", 1)


def _last_weekday(situation: Situation) -> Task:
    return _near_weekday(situation, "last", -1)


def _near_weekday(situation: Situation, word: str, step: int) -> Task:
    rng, today, sign = situation.rng, situation.today, "+" if step > 0 else "-"
    name = rng.choice(WEEKDAYS)
    code = (
        f"from datetime import date, timedelta\nday = {day_code(today)} {sign} timedelta(days=1)\n"
        f'while f"{{day:%A}}" != "{name}":\n    day {sign}= timedelta(days=1)\nprint(f"The {word} {name} is {{day}}")'
    ).replace("last " + name + " is", "last " + name + " was")
    pattern = PHRASES[f"{word} weekday"].pick(rng, situation.held_out)
    request = say(rng, pattern, {"w": name.lower() if rng.random() < 0.6 else name})
    week = [today + timedelta(days=step * count) for count in range(1, 8)]
    day = next(day for day in week if weekday_name(day) == name)
    situation.done = {"day": day}
    verb = "is" if step > 0 else "was"
    return told(request, f"I'll find the {word} {name}.", code, f"The {word} {name} {verb} {day.isoformat()}")
