"""Dates: how far two days are apart, and what day lies so long before or after another.

Today's date is the one that the conversation's first message names. Weekdays are in ``weekdays``, leap years and
ages in ``calendars``.
"""

from __future__ import annotations

import calendar
import math
import re
from collections.abc import Callable, Sequence
from datetime import date
from random import Random

from offline_interpreter.records import Code
from starter.days import (
    WORKING_DAYS,
    Span,
    any_day,
    any_span,
    day_code,
    named_day,
    shifted,
    weekday_name,
    write_day,
    write_day_and_month,
)
from starter.dialogue import Situation, Task
from starter.phrasing import load_phrases, say

NAME = "dates and units"
PHRASES = load_phrases("dates")
NEAR = re.compile(r"<a>[^<]{,24}<b>")  # so that both can share a year

# Per unit of a distance: the line that counts it, and how the count is said.
DISTANCES = {
    "days": ("days = (end - start).days", "{days} days"),
    "weeks": ("days = (end - start).days", "{days // 7} weeks and {days % 7} days"),
    "months": (
        "months = (end.year - start.year) * 12 + end.month - start.month - (end.day < start.day)",
        "{months} full months",
    ),
    "years": (
        "years = end.year - start.year - ((end.month, end.day) < (start.month, start.day))",
        "{years} full years",
    ),
}


def make(situation: Situation) -> Task:
    """Return a task of this family."""
    kinds: Sequence[Callable[[Situation], Task]] = (_between, _until, _since, _after, _before, _ahead, _ago)
    return situation.rng.choices(kinds, (6, 5, 3, 3, 3, 3, 3))[0](situation)


def follow_up(situation: Situation) -> Task | None:
    """Return a request that goes on with the days of the one before."""
    done, rng = situation.done, situation.rng
    if "distance" in done:
        return _same_distance(situation) if rng.random() < 0.5 or not done["ahead"] else _until_another(situation)
    if "shift" in done:
        return rng.choice((_other_span, _later_still))(situation)
    return _later_still(situation) if "day" in done else None


def told(request: str, message: str, code: str, truth: str) -> Task:
    """Return the task of printing a sentence, its point left out, and saying it."""
    return Task(
        NAME,
        request,
        [Code(message, code)],
        lambda outputs: outputs[0].strip() + ".",
        lambda outputs: outputs[0].strip() == truth,
    )


# -- how far two days are apart ---------------------------------------------------------------------------------------


def _between(situation: Situation) -> Task:
    rng = situation.rng
    first = any_day(rng, situation.today)
    second = any_day(rng, first, future=True)
    unit, pattern = _unit_and_pattern(situation, "between")
    texts = _pair_texts(rng, first, second, pattern)
    if texts is None:
        days = [write_day(rng, first), write_day(rng, second)]
        if rng.random() < 0.15:
            days.reverse()
        texts = days[0].text, days[1].text
        first, second = days[0].value, days[1].value
    request = say(rng, pattern, {"a": texts[0], "b": texts[1], "u": unit})
    return _distance(situation, request, first, second, unit, message=f"I'll count the {unit} between the two dates.")


def _pair_texts(rng: Random, first: date, second: date, pattern: str) -> tuple[str, str] | None:
    """Return two days that say their year only once, where that reads well."""
    if first.year != second.year or rng.random() < 0.5 or not NEAR.search(pattern):
        return None
    form = rng.choice(("{0:%B} {0.day}|{1:%B} {1.day}, {1.year}", "{0.day} {0:%B}|{1.day} {1:%B} {1.year}"))
    if first.month == second.month and rng.random() < 0.5:
        form = "{0.day}|{1.day} {1:%B} {1.year}"
    text = form.format(first, second)
    before, after = (text.lower() if rng.random() < 0.4 else text).split("|")
    return before, after


def _unit_and_pattern(situation: Situation, section: str) -> tuple[str, str]:
    """Return the unit that is asked for, and a pattern: the plain ones ask for days without saying so."""
    rng = situation.rng
    if rng.random() < 0.25:
        return "days", PHRASES[f"{section} plain"].pick(rng, situation.held_out)
    return rng.choices(tuple(DISTANCES), (8, 3, 2, 1.5))[0], PHRASES[section].pick(rng, situation.held_out)


def _distance(situation: Situation, request: str, first: date, second: date, unit: str, *, message: str) -> Task:
    lines = [
        "from datetime import date",
        f"start, end = sorted([{day_code(first)}, {day_code(second)}])",
        *_counting(unit),
    ]
    situation.done = {"distance": (first, second), "unit": unit, "ahead": situation.today in (first, second)}
    return told(request, message, "\n".join(lines), _distance_text(first, second, unit))


def _counting(unit: str) -> tuple[str, str]:
    line, counted = DISTANCES[unit]
    return line, f'print(f"There are {counted} between {{start}} and {{end}}")'


def _distance_text(first: date, second: date, unit: str) -> str:
    start, end = min(first, second), max(first, second)
    days = end.toordinal() - start.toordinal()
    months = math.floor(_position(end) - _position(start))
    count = {
        "days": f"{days} days",
        "weeks": "{} weeks and {} days".format(*divmod(days, 7)),
        "months": f"{months} full months",
        "years": f"{months // 12} full years",
    }[unit]
    return f"There are {count} between {start.isoformat()} and {end.isoformat()}"


def _position(day: date) -> float:
    return day.year * 12 + day.month + day.day / 32


def _until(situation: Situation) -> Task:
    rng = situation.rng
    unit, pattern = _unit_and_pattern(situation, "until")
    message = f"I'll count the {unit} from today to that day."
    if rng.random() < 0.5:
        name, month, day = named_day(rng, ends=True)
        if rng.random() < 0.4:
            value = any_day(rng, date(2023, 1, 1), future=True)
            name, month, day = write_day_and_month(rng, value).text, value.month, min(value.day, 28)
            name = name if value.day == day else f"{calendar.month_name[month]} {day}"
        request = say(rng, pattern, {"d": name, "u": unit})
        return _yearless(situation, request, month, day, unit=unit, message=message, ahead=True)
    target = write_day(rng, any_day(rng, situation.today, future=True))
    request = say(rng, pattern, {"d": target.text, "u": unit})
    return _distance(situation, request, situation.today, target.value, unit, message=message)


def _since(situation: Situation) -> Task:
    rng = situation.rng
    unit, pattern = _unit_and_pattern(situation, "since")
    message = f"I'll count the {unit} from that day to today."
    lifelong = any(word in pattern for word in ("born", "live", "married", "together"))
    if not lifelong and rng.random() < 0.25:
        name, month, day = named_day(rng)
        if rng.random() < 0.6:
            month, day = rng.randint(1, 12), rng.randint(1, 28)
            name = write_day_and_month(rng, date(2023, month, day)).text
        request = say(rng, pattern, {"d": name, "u": unit})
        return _yearless(situation, request, month, day, unit=unit, message=message, ahead=False)
    target = write_day(rng, any_day(rng, situation.today, past=True))
    request = say(rng, pattern, {"d": target.text, "u": unit})
    return _distance(situation, request, target.value, situation.today, unit, message=message)


def _yearless(
    situation: Situation, request: str, month: int, day: int, *, unit: str, message: str, ahead: bool
) -> Task:
    """Return the task of counting from today to the next such day, or from the last one to today."""
    today = situation.today
    known, sought, sign, step = ("start", "end", "<", "+") if ahead else ("end", "start", ">", "-")
    lines = [
        "from datetime import date",
        f"{known} = {day_code(today)}",
        f"{sought} = date({known}.year, {month}, {day})",
        f"if {sought} {sign} {known}:",
        f"    {sought} = date({known}.year {step} 1, {month}, {day})",
        *_counting(unit),
    ]
    days = [date(today.year + offset, month, day) for offset in (-1, 0, 1)]
    target = min(day for day in days if day >= today) if ahead else max(day for day in days if day <= today)
    situation.done = {"distance": (today, target), "unit": unit, "ahead": ahead}
    return told(request, message, "\n".join(lines), _distance_text(today, target, unit))


def _same_distance(situation: Situation) -> Task:
    """Return the request for the same distance in another unit."""
    rng, done = situation.rng, situation.done
    unit = rng.choice([unit for unit in DISTANCES if unit != done["unit"]])
    request = say(rng, PHRASES["follow up unit"].pick(rng, situation.held_out), {"u": unit})
    start, end = sorted(done["distance"])
    return _distance(situation, request, start, end, unit, message=f"I'll count the {unit} between the two dates.")


def _until_another(situation: Situation) -> Task:
    rng, unit = situation.rng, situation.done["unit"]
    pattern = PHRASES["follow up until"].pick(rng, situation.held_out)
    message = f"I'll count the {unit} from today to that day."
    if rng.random() < 0.5:
        name, month, day = named_day(rng, ends=True)
        return _yearless(situation, say(rng, pattern, {"d": name}), month, day, unit=unit, message=message, ahead=True)
    target = write_day(rng, any_day(rng, situation.today, future=True))
    return _distance(
        situation, say(rng, pattern, {"d": target.text}), situation.today, target.value, unit, message=message
    )


# -- a span before or after a day -------------------------------------------------------------------------------------


def _after(situation: Situation) -> Task:
    return _from_day(situation, "after", 1)


def _before(situation: Situation) -> Task:
    return _from_day(situation, "before", -1)


def _ahead(situation: Situation) -> Task:
    return _from_today(situation, "ahead", 1)


def _ago(situation: Situation) -> Task:
    return _from_today(situation, "ago", -1)


def _from_day(situation: Situation, section: str, sign: int) -> Task:
    rng = situation.rng
    day, span = write_day(rng, any_day(rng, situation.today)), any_span(rng)
    if rng.random() < 0.1:
        day = write_day_and_month(rng, situation.today.replace(day=rng.randint(1, 28), month=rng.randint(1, 12)))
    request = say(rng, PHRASES[section].pick(rng, situation.held_out), {"d": day.text, "n": span.text})
    return _shift(situation, request, day.value, span, sign)


def _from_today(situation: Situation, section: str, sign: int) -> Task:
    rng, span = situation.rng, any_span(situation.rng)
    request = say(rng, PHRASES[section].pick(rng, situation.held_out), {"n": span.text})
    return _shift(situation, request, situation.today, span, sign)


def _shift(situation: Situation, request: str, start: date, span: Span, sign: int) -> Task:
    mark, word = ("+", "after") if sign > 0 else ("-", "before")
    if WORKING_DAYS in span.parts:
        imports = "from datetime import date\nimport pandas as pd"
        line = f"end = (start {mark} pd.offsets.BDay({span.parts[WORKING_DAYS]})).date()"
    elif {"months", "years"} & span.parts.keys():
        imports = "from datetime import date\nimport pandas as pd"
        line = f"end = (start {mark} pd.DateOffset({span.code})).date()"
    else:
        imports = "from datetime import date, timedelta"
        line = f"end = start {mark} timedelta({span.code})"
    shown = f'print(f"{span.repeated} {word} {{start}} is {{end}} ({{end:%A}})")'
    code = f"{imports}\nstart = {day_code(start)}\n{line}\n{shown}"
    end = shifted(start, span.parts, sign)
    situation.done = {"shift": (start, end), "day": end, "sign": sign}
    message = f"I'll find the date {span.repeated} {word} {'today' if start == situation.today else 'that day'}."
    truth = f"{span.repeated} {word} {start.isoformat()} is {end.isoformat()} ({weekday_name(end)})"
    return told(request, message, code, truth)


def _other_span(situation: Situation) -> Task:
    """Return the request for another span from the same day."""
    rng, span, done = situation.rng, any_span(situation.rng), situation.done
    section = "follow up span"
    if done["shift"][0] == situation.today and rng.random() < 0.5:
        section = "follow up ahead" if done["sign"] > 0 else "follow up ago"
    request = say(rng, PHRASES[section].pick(rng, situation.held_out), {"n": span.text})
    return _shift(situation, request, done["shift"][0], span, done["sign"])


def _later_still(situation: Situation) -> Task:
    """Return the request that goes on from the day found before."""
    rng, span = situation.rng, any_span(situation.rng)
    section, sign = rng.choice((("follow up later", 1), ("follow up earlier", -1)))
    request = say(rng, PHRASES[section].pick(rng, situation.held_out), {"n": span.text})
    return _shift(situation, request, situation.done["day"], span, sign)
