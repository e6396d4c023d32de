"""Tasks with dates, times and units: how long, on which day, how much of it in something else."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta, timezone
from fractions import Fraction
from pathlib import Path
from random import Random

from offline_interpreter.bench.core.answers import mentions, require_figures, require_name, require_number
from offline_interpreter.bench.core.demands import question, require, solution
from offline_interpreter.bench.core.files import read_named, sheet_of
from offline_interpreter.bench.core.invented import days, write_csv
from offline_interpreter.bench.tasks import Attempt, Question, Task

FAMILY = "dates and units"
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


def _spelled(day: date) -> str:
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def _between(rng: Random, folder: Path) -> Question:
    first = date(rng.randrange(2009, 2022), rng.randrange(1, 13), rng.randrange(1, 28))
    last = first + timedelta(rng.randrange(400, 1900))
    truth = (last - first).days

    def look(attempt: Attempt) -> None:
        require_number(attempt.answer, truth, "the number of days")

    return question(
        f"how many days are there between {_spelled(first)} and {_spelled(last)}?",
        look,
        solution(
            f"from datetime import date\nprint((date{last.timetuple()[:3]} - date{first.timetuple()[:3]}).days)",
            f"There are {truth} days between them.",
        ),
        f"There are {truth + 1} days between them.",
    )


def _weekday(rng: Random, folder: Path) -> Question:
    day = date(rng.randrange(1931, 1999), rng.randrange(1, 13), rng.randrange(1, 28))
    truth = WEEKDAYS[day.weekday()]

    def look(attempt: Attempt) -> None:
        require_name(attempt.answer, truth, WEEKDAYS)

    return question(
        f"My grandmother was born on {_spelled(day)}. What day of the week was that?",
        look,
        solution(f"from datetime import date\nprint(date{day.timetuple()[:3]}.strftime('%A'))", f"It was a {truth}."),
        f"It was a {WEEKDAYS[day.weekday() - 3]}.",
    )


def _oven(rng: Random, folder: Path) -> Question:
    fahrenheit = rng.randrange(280, 475, 5)
    truth = float(Fraction(fahrenheit - 32) * 5 / 9)

    def look(attempt: Attempt) -> None:
        require_number(attempt.answer, truth, "the degrees Celsius", 1)

    return question(
        f"the recipe says {fahrenheit} °F, what is that in °C? one decimal is enough",
        look,
        solution(f"print(round(({fahrenheit} - 32) * 5 / 9, 1))", f"That is {truth:.1f} °C."),
        f"That is {fahrenheit * 5 / 9 - 32:.1f} °C.",
    )


def _working_days(rng: Random, folder: Path) -> Question:
    year = rng.randrange(2021, 2026)
    first, last = date(year, 2, rng.randrange(1, 20)), date(year, 11, rng.randrange(3, 28))
    holidays = sorted({date(year, rng.randrange(1, 13), rng.randrange(1, 28)) for _ in range(16)})
    (folder / "holidays.txt").write_text("".join(f"{day.isoformat()}\n" for day in holidays), "utf-8")
    span = [first + timedelta(n) for n in range((last - first).days + 1)]
    truth = sum(day.weekday() < 5 and day not in holidays for day in span)

    def look(attempt: Attempt) -> None:
        require_number(attempt.answer, truth, "the number of working days")

    code = f"""
        import numpy as np
        holidays = open("holidays.txt").read().split()
        print(np.busday_count("{first}", np.datetime64("{last}") + 1, holidays=holidays))
        """
    return question(
        "How many working days (Monday to Friday, without the holidays listed in holidays.txt) are there from "
        f"{first} to {last}, both days counted?",
        look,
        solution(code, f"There are {truth} working days."),
        f"There are {sum(day.weekday() < 5 for day in span)} working days.",
    )


def _flights(rng: Random, folder: Path) -> Question:
    rows, durations = [], {}
    for number in rng.sample(range(101, 990), 5):
        leaves = datetime(2024, rng.randrange(1, 13), rng.randrange(1, 28), rng.randrange(24), rng.randrange(0, 60, 5))
        minutes = rng.randrange(70, 840, 5)
        here, there = (timezone(timedelta(hours=rng.randrange(-8, 10), minutes=rng.choice((0, 0, 30)))) for _ in "ab")
        leaves = leaves.replace(tzinfo=here)
        lands = (leaves + timedelta(minutes=minutes)).astimezone(there)
        rows.append((f"OI{number}", leaves.isoformat(timespec="minutes"), lands.isoformat(timespec="minutes")))
        durations[f"OI{number}"] = minutes
    write_csv(folder / "flights.csv", ("flight", "departure_local", "arrival_local"), rows)

    def look(attempt: Attempt) -> None:
        require_figures(attempt.answer, durations)

    code = """
        import csv
        from datetime import datetime
        for row in csv.DictReader(open("flights.csv")):
            spent = datetime.fromisoformat(row["arrival_local"]) - datetime.fromisoformat(row["departure_local"])
            print(row["flight"], int(spent.total_seconds() // 60))
        """
    return question(
        "How long does each flight in flights.csv really take? The times are local, with their offset from UTC. "
        "Give me the minutes, one line per flight number.",
        look,
        solution(code, "\n".join(f"{flight} {minutes}" for flight, minutes in durations.items())),
        "\n".join(f"{flight} {minutes + 60}" for flight, minutes in durations.items()),
    )


def _mixed_dates(rng: Random, folder: Path) -> Question:
    forms = (
        lambda day: day.isoformat(),
        lambda day: f"{day.day:02}.{day.month:02}.{day.year}",
        lambda day: f"{day.day}/{day.month}/{day.year}",
        lambda day: f"{MONTHS[day.month - 1][:3]} {day.day}, {day.year}",
        _spelled,
        lambda day: f"{day:%Y%m%d}",
    )
    bookings = days(rng, date(2023, 1, 1), date(2023, 12, 31), 150)
    rng.shuffle(bookings)
    best = Counter(day.month for day in bookings).most_common(1)[0][0]
    rows, truth = [], Counter[str]()
    for number, day in enumerate(bookings, 1):
        persons = 5 if day.month == best else rng.randrange(1, 5)
        rows.append((number, rng.choice(forms)(day), persons))
        truth[f"2023-{day.month:02}"] += persons
    write_csv(folder / "bookings.csv", ("no", "date", "persons"), rows)
    most = f"2023-{best:02}"

    def look(attempt: Attempt) -> None:
        table = sheet_of(read_named(attempt.folder, "months.csv"))
        got = dict(zip(table.column("month"), table.figures("persons"), strict=True))
        wrong = [month for month in truth if got.get(month) != truth[month]]
        require(not wrong, f"months.csv does not have {truth[wrong[0]] if wrong else ''} persons for {wrong[:1]}.")
        require(len(got) == len(truth), "months.csv holds more than the months.")
        require_number(attempt.answer, truth[most], "the most persons in a month")
        require(mentions(attempt.answer, most, MONTHS[best - 1]), f"The answer does not name the month {most}.")

    code = """
        import pandas as pd
        df = pd.read_csv("bookings.csv", dtype={"date": str})
        def day(text):
            if "/" in text or "." in text:
                return pd.to_datetime(text, dayfirst=True)
            return pd.to_datetime(text)
        months = df.groupby(df["date"].map(day).dt.strftime("%Y-%m"))["persons"].sum()
        months.rename_axis("month").to_csv("months.csv")
        print(months.idxmax(), months.max())
        """
    return question(
        "bookings.csv was kept by several colleagues and each wrote the date differently. Where there are slashes "
        "or dots, the day comes first. Count the persons (not the bookings) per month and save it as months.csv "
        "with the columns month (like 2023-04) and persons. Which month had the most persons, and how many?",
        look,
        solution(code, f"{most} had the most: {truth[most]} persons."),
        solution(
            code.replace("dayfirst=True", "dayfirst=False, format='mixed'"), f"{most} had the most: {truth[most]}."
        ),
    )


GRAMS = {"kg": Fraction(1000), "g": Fraction(1), "lb": Fraction("453.59237"), "oz": Fraction("28.349523125")}


def _weights(rng: Random, folder: Path) -> Question:
    rows, grams = [], Fraction(0)
    for number in range(1, 46):
        unit = rng.choice(tuple(GRAMS))
        amount = Fraction(rng.randrange(3, 400), 10 if unit in ("kg", "lb", "oz") else 1)
        written = f"{float(amount):g}{rng.choice((' ', ''))}{rng.choice((unit, unit, unit.upper()))}"
        rows.append((f"sample {number}", written.replace(".", ",") if unit == "kg" and rng.random() < 0.4 else written))
        grams += amount * GRAMS[unit]
    write_csv(folder / "samples.csv", ("sample", "weight"), rows)
    truth = float(grams / 1000)

    def look(attempt: Attempt) -> None:
        require_number(attempt.answer, truth, "the weight in kg", 3)

    code = """
        import csv, re
        grams = {"kg": 1000, "g": 1, "lb": 453.59237, "oz": 28.349523125}
        total = 0
        for row in csv.DictReader(open("samples.csv")):
            amount, unit = re.match(r"([\\d.,]+)\\s*(\\w+)", row["weight"]).groups()
            total += float(amount.replace(",", ".")) * grams[unit.lower()]
        print(f"{total / 1000:.3f}")
        """
    return question(
        "The weights in samples.csv come in kg, g, lb and oz, some with a decimal comma. How heavy are all samples "
        "together, in kg with three decimals? A pound is 453.59237 g, an ounce a sixteenth of that.",
        look,
        solution(code, f"All samples together weigh {truth:.3f} kg."),
        f"All samples together weigh {truth * 1.1:.3f} kg.",
    )


TASKS = (
    Task("dates-between", FAMILY, "easy", (), _between),
    Task("dates-weekday", FAMILY, "easy", (), _weekday),
    Task("units-oven", FAMILY, "easy", (), _oven),
    Task("dates-working-days", FAMILY, "medium", ("numpy",), _working_days),
    Task("dates-flights", FAMILY, "medium", (), _flights),
    Task("dates-mixed", FAMILY, "hard", ("pandas",), _mixed_dates),
    Task("units-weights", FAMILY, "hard", (), _weights),
)
