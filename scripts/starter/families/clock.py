"""Times of the day: how long it is from one to another, and what time it is so long before or after."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from starter.dialogue import Situation, Task
from starter.families.dates import NAME, PHRASES, told
from starter.numerals import written
from starter.phrasing import say

__all__ = ["NAME", "follow_up", "make"]
DAY = 24 * 60
SHOWN = "{end // 60:02}:{end % 60:02}"


@dataclass(frozen=True, slots=True)
class Minutes:
    """A time of the day or a span: as it stands in the request, its code in minutes, and how many these are."""

    text: str
    code: str
    value: int


def make(situation: Situation) -> Task:
    """Return a task of this family."""
    return situation.rng.choices((_difference, _with_break, _later, _earlier), (4, 1, 3, 1.5))[0](situation)


def follow_up(situation: Situation) -> Task | None:
    """Return a request that goes on from the time found before."""
    if "clock" not in situation.done:
        return None
    rng, start = situation.rng, situation.done["clock"]
    section, sign = rng.choice((("follow up clock later", "+"), ("follow up clock earlier", "-")))
    span = _span(rng)
    request = say(rng, PHRASES[section].pick(rng, situation.held_out), {"n": span.text})
    return _moved(situation, request, _plain_time(start), span, sign)


def _plain_time(minutes: int) -> Minutes:
    return _time(f"{minutes // 60:02}:{minutes % 60:02}", minutes, str(minutes // 60))


def _time(text: str, value: int, hours: str) -> Minutes:
    code = f"{hours} * 60 + {value % 60}" if value % 60 else f"{hours} * 60"
    return Minutes(text, code, value)


def _any_time(rng: Random, *, american: bool) -> Minutes:
    """Return a time of the day as somebody writes it; afternoons of the twelve-hour clock get their 12 in the code."""
    minute = rng.choice((0, 0, 15, 30, 45, rng.randrange(60), rng.randrange(60), 5 * rng.randrange(12)))
    hour = rng.choice((rng.randrange(24), rng.randint(6, 22)))
    value = hour * 60 + minute
    if minute == 0 and hour in (0, 12) and rng.random() < 0.5:
        return _time("noon" if hour else "midnight", value, str(hour))
    if not american:
        forms = ("{h}:{m:02}",) * 6 + ("{h:02}:{m:02}",) * 3 + ("{h}h{m:02}", "{h}.{m:02}")
        forms = (*forms, "{h}:00", "{h} o'clock", "{h:02}:00") if minute == 0 else forms
        return _time(rng.choice(forms).format(h=hour, m=minute), value, str(hour))
    half = rng.choice(("am", "am", " am", " AM", "AM", " a.m."))
    half = half.replace("a", "p").replace("A", "P") if hour >= 12 else half
    shown = f"{(hour - 1) % 12 + 1}" + (f":{minute:02}" if minute or rng.random() < 0.3 else "")
    return _time(shown + half, value, f"({hour - 12} + 12)" if hour > 12 else str(hour))


def _span(rng: Random) -> Minutes:
    """Return a span of minutes, of hours, or of both."""
    chance = rng.random()
    hours = rng.randint(1, rng.choice((4, 12)))
    if chance < 0.4:
        count = rng.choice((rng.randint(2, 60), rng.randint(2, 300), 5 * rng.randint(1, 30)))
        unit = rng.choice((" minutes", " minutes", " min", "min", " mins"))
        number = written(rng, count, words=unit == " minutes")
        return Minutes(number.text + unit, number.code, count)
    if chance < 0.7:
        if rng.random() < 0.15:
            return rng.choice((Minutes("half an hour", "30", 30), Minutes("an hour", "1 * 60", 60)))
        text = f"{written(rng, hours, words=True).text} hour{'s' if hours > 1 else ''}"
        return Minutes(rng.choice((text, text, f"{hours}h", f"{hours} h")), f"{hours} * 60", hours * 60)
    minutes = rng.choice((15, 30, 45, rng.randint(1, 59)))
    plural = "s" if hours > 1 else ""
    forms = ("{h} hour{s} and {m} minutes", "{h} hour{s} {m} minutes", "{h}h {m}min", "{h} h {m} min", "{h}h{m}m")
    text = rng.choice((*forms[:2], *forms)).format(h=hours, m=minutes, s=plural)
    return Minutes(text, f"{hours} * 60 + {minutes}", hours * 60 + minutes)


def _two_times(rng: Random) -> tuple[Minutes, Minutes]:
    american = rng.random() < 0.4
    first, second = _any_time(rng, american=american), _any_time(rng, american=american)
    if first.value == second.value:
        return _two_times(rng)
    return (second, first) if first.value > second.value and rng.random() < 0.75 else (first, second)


def _difference(situation: Situation) -> Task:
    rng = situation.rng
    start, end = _two_times(rng)
    pattern = PHRASES["clock difference"].pick(rng, situation.held_out)
    situation.done = {}
    return _worked(say(rng, pattern, {"a": start.text, "b": end.text}), start, end, None)


def _with_break(situation: Situation) -> Task:
    """Return the request for a time worked, of which a break is taken away."""
    rng = situation.rng
    start, end = _two_times(rng)
    pause = Minutes(text := str(rng.choice((15, 20, 30, 30, 45, 60, 90))), text, int(text))
    if (end.value - start.value) % DAY <= pause.value:
        return _with_break(situation)
    pattern = PHRASES["clock break"].pick(rng, situation.held_out)
    situation.done = {}
    return _worked(say(rng, pattern, {"a": start.text, "b": end.text, "k": pause.text}), start, end, pause)


def _worked(request: str, start: Minutes, end: Minutes, pause: Minutes | None) -> Task:
    less = f" - {pause.code}" if pause else ""
    code = (
        f"start = {start.code}\nend = {end.code}\nminutes = (end - start) % (24 * 60){less}\n"
        'print(f"It is {minutes // 60} hours and {minutes % 60} minutes ({minutes} minutes)")'
    )
    count = end.value - start.value + (DAY if end.value < start.value else 0) - (pause.value if pause else 0)
    truth = "It is {} hours and {} minutes ({} minutes)".format(*divmod(count, 60), count)
    return told(request, "I'll compute the time between the two.", code, truth)


def _later(situation: Situation) -> Task:
    return _from_time(situation, "clock later", "+")


def _earlier(situation: Situation) -> Task:
    return _from_time(situation, "clock earlier", "-")


def _from_time(situation: Situation, section: str, sign: str) -> Task:
    rng = situation.rng
    start, span = _any_time(rng, american=rng.random() < 0.4), _span(rng)
    request = say(rng, PHRASES[section].pick(rng, situation.held_out), {"a": start.text, "n": span.text})
    return _moved(situation, request, start, span, sign)


def _moved(situation: Situation, request: str, start: Minutes, span: Minutes, sign: str) -> Task:
    code = (
        f"start = {start.code}\nminutes = {span.code}\nend = (start {sign} minutes) % (24 * 60)\n"
        f'print(f"The time is {SHOWN}")'
    )
    end = start.value + (span.value if sign == "+" else -span.value)
    while not 0 <= end < DAY:
        end += DAY if end < 0 else -DAY
    situation.done = {"clock": end}
    message = f"I'll {'add' if sign == '+' else 'subtract'} the minutes."
    return told(request, message, code, "The time is {:02}:{:02}".format(*divmod(end, 60)))
