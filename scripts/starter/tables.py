"""Random tables with names that must be copied: files, columns, groups, and their values.

Names are split by a checksum: one in eight is kept for evaluation and never met in training.
"""

from __future__ import annotations

import csv
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

NUMBER_COLUMNS = ["revenue", "sales", "price", "cost", "profit", "amount", "quantity", "units", "score", "salary", "age", "weight", "height", "length", "width", "temperature", "rainfall", "humidity", "stock", "total", "points", "visits", "clicks", "orders", "returns", "discount", "tax", "fee", "balance", "income", "expenses", "budget", "distance", "duration", "speed", "volume", "power", "energy", "population", "area", "rating", "views", "likes", "downloads", "errors", "hours", "minutes", "days", "wage", "bonus", "margin", "turnover", "pressure", "wind", "snow", "yield", "harvest", "mileage", "fuel", "rent", "deposit", "credit", "debit", "loss", "goals", "wins", "attempts", "calories", "protein", "sugar", "steps", "passengers", "tickets", "votes", "donations", "members", "tons", "pages", "copies", "lines", "words", "marks", "percent", "grade", "rate", "value", "count"]
GROUP_COLUMNS = ["region", "city", "country", "category", "product", "department", "team", "store", "branch", "color", "brand", "type", "status", "gender", "class", "teacher", "student", "customer", "supplier", "vendor", "species", "genre", "author", "artist", "platform", "device", "browser", "channel", "segment", "project", "employee", "manager", "shift", "season", "weekday", "month", "quarter", "state", "district", "school", "subject", "sport", "club", "position", "route", "line", "vehicle", "model", "fruit", "crop", "room", "building", "floor", "plan", "tier", "currency", "language", "method", "source", "zone", "island", "office", "warehouse", "driver", "doctor", "ward", "name"]
TIME_COLUMNS = ["month", "year", "week", "day", "date", "quarter", "hour", "time", "period", "season"]
FILE_STEMS = ["sales", "data", "orders", "customers", "inventory", "products", "employees", "students", "scores", "weather", "expenses", "budget", "results", "report", "survey", "transactions", "invoices", "payments", "stock", "prices", "visits", "traffic", "log", "measurements", "sensors", "energy", "votes", "members", "staff", "salaries", "grades", "exams", "marks", "hours", "shifts", "deliveries", "shipments", "returns", "donations", "bookings", "reservations", "flights", "trips", "rides", "routes", "stations", "cities", "countries", "population", "housing", "rents", "houses", "cars", "fuel", "runs", "workouts", "meals", "recipes", "books", "library", "films", "songs", "games", "matches", "players", "teams", "season", "league", "races", "tickets", "events", "concerts", "clients", "leads", "campaign", "clicks", "downloads", "users", "accounts", "balances", "loans", "claims", "patients", "visits", "labs", "samples", "crops", "harvest", "rainfall", "temperatures", "trees", "birds", "fish", "water", "power", "solar", "waste", "costs", "income", "revenue", "profits", "forecast", "targets", "quotas"]
OTHER_ENDINGS = (
    ["txt", "xlsx", "json", "pdf", "png", "jpg", "md", "py", "docx", "zip", "ipynb", "html", "log", "yaml", "xml", "pptx", "toml", "svg", "gif", "csv.gz", "parquet", "db", "mp3"]
)
GROUP_VALUES: Sequence[Sequence[str]] = (
    ("North", "South", "East", "West"), ("red", "green", "blue", "yellow", "black"), ("Porto", "Lisbon", "Braga", "Faro", "Coimbra"),
    ("Anna", "Ben", "Carla", "David", "Eva", "Felix"), ("apples", "pears", "plums", "cherries"), ("A", "B", "C", "D"),
    ("Germany", "France", "Spain", "Italy", "Poland"), ("small", "medium", "large"), ("Monday", "Tuesday", "Wednesday", "Thursday"),
    ("Sales", "Support", "Finance", "Legal"), ("Berlin", "Hamburg", "München", "Köln"), ("open", "closed", "pending"),
    ("tea", "coffee", "juice", "water"), ("Kenya", "Ghana", "Togo", "Mali"), ("x1", "x2", "x3"), ("Tokyo", "Osaka", "Kyoto"),
    ("Q1", "Q2", "Q3", "Q4"), ("yes", "no"), ("Type 1", "Type 2", "Type 3"), ("São Paulo", "Rio", "Recife"),
)  # fmt: skip
SYLLABLES = ["ba", "be", "bi", "bo", "bra", "ca", "cel", "co", "cor", "da", "del", "di", "do", "dra", "el", "en", "fa", "fer", "fo", "ga", "gel", "go", "gra", "ha", "hel", "in", "jo", "ka", "ken", "la", "lem", "lo", "ma", "mel", "mi", "mo", "na", "nel", "no", "or", "pa", "pel", "pra", "qua", "ra", "ren", "ri", "ro", "sa", "sel", "so", "sta", "ta", "tel", "to", "tra", "un", "va", "vel", "vi", "vo", "wa", "xe", "ya", "zo", "zen"]


@dataclass(frozen=True, slots=True)
class Table:
    """A CSV file: its name, and its columns with their values."""

    file: str
    columns: dict[str, list[object]]
    numeric: Sequence[str]
    groups: Sequence[str]
    times: Sequence[str]

    @property
    def rows(self) -> int:
        """How many rows of data it has."""
        return len(next(iter(self.columns.values())))

    def write(self, folder: Path) -> None:
        """Write the file into a folder."""
        with (folder / self.file).open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(self.columns)
            writer.writerows(zip(*self.columns.values(), strict=True))


def is_held_out(name: str) -> bool:
    """Return whether a name is kept for evaluation."""
    return zlib.crc32(name.encode()) % 8 == 0


def choose_name(rng: Random, words: Sequence[str], held_out: bool, made_up: float = 0.35) -> str:
    """Return a word of the list, or a made-up one, of the wanted side."""
    while True:
        name = made_up_name(rng) if rng.random() < made_up else rng.choice(words)
        if rng.random() < 0.12:
            name = f"{name}{rng.choice('_-')}{rng.choice(words)}" if rng.random() < 0.6 else name + str(rng.randrange(1, 99))
        if is_held_out(name) == held_out:
            return name


def made_up_name(rng: Random) -> str:
    """Return a word that nobody has seen."""
    return "".join(rng.choice(SYLLABLES) for _ in range(rng.choice((2, 2, 3))))


def column_name(rng: Random, words: Sequence[str], held_out: bool) -> str:
    """Return a column's name in one of the styles that people use."""
    name = choose_name(rng, words, held_out)
    chance = rng.random()
    if chance < 0.1:
        name = f"{name}_{rng.choice(('eur', 'usd', 'kg', 'cm', 'total', 'id', 'pct', 'min', '2023', '2024', 'km'))}"
    elif chance < 0.16:
        name = f"{rng.choice(('unit', 'net', 'gross', 'total', 'avg', 'first', 'home'))}{rng.choice('_ ')}{name}"
    if rng.random() < 0.2:
        name = name.capitalize() if rng.random() < 0.6 else name.title()
    return name


def file_name(rng: Random, held_out: bool, ending: str = "csv") -> str:
    """Return a file's name."""
    stem = choose_name(rng, FILE_STEMS, held_out, made_up=0.25)
    chance = rng.random()
    if chance < 0.15:
        stem += rng.choice(("_2023", "_2024", "2025", "-2022", "_q1", "_q3", "_final", "_old", "_v2", "_jan", "_march", "-new"))
    elif chance < 0.25:
        stem = rng.choice(("my_", "all_", "raw_", "monthly_", "daily-", "store_", "clean_", "2024_", "my ")) + stem
    if rng.random() < 0.12:
        stem = stem.capitalize() if rng.random() < 0.7 else stem.upper()
    return f"{stem}.{ending}"


def make_table(rng: Random, held_out: bool, name: str = "") -> Table:
    """Return a table of a few columns: at least one of numbers and one of groups."""
    numeric = _distinct(rng, lambda: column_name(rng, NUMBER_COLUMNS, held_out), rng.randint(1, 4))
    groups = [g for g in _distinct(rng, lambda: column_name(rng, GROUP_COLUMNS, held_out), rng.randint(1, 3)) if g not in numeric]
    times = [t for t in ([rng.choice(TIME_COLUMNS)] if rng.random() < 0.5 else []) if t not in (*numeric, *groups)]
    rows = rng.choice((rng.randint(3, 12), rng.randint(12, 60), rng.randint(60, 300)))
    columns: dict[str, list[object]] = {}
    for column in rng.sample([*times, *groups, *numeric], len(times) + len(groups) + len(numeric)):
        if column in times:
            columns[column] = _times(rng, rows)
        elif column in groups:
            columns[column] = _group_values(rng, rows)
        else:
            columns[column] = _numbers(rng, rows)
    return Table(name or file_name(rng, held_out), columns, numeric, groups or [], times)


def _distinct(rng: Random, make: object, count: int) -> list[str]:
    names: dict[str, None] = {}
    while len(names) < count:
        names[make()] = None  # type: ignore[operator]
    return list(names)


def _times(rng: Random, rows: int) -> list[object]:
    if rng.random() < 0.5:
        start = rng.randint(1, 2000)
        return [start + index for index in range(rows)]
    return [f"{2020 + index // 336}-{index // 28 % 12 + 1:02}-{index % 28 + 1:02}" for index in range(rows)]


def _group_values(rng: Random, rows: int) -> list[object]:
    values = list(rng.choice(GROUP_VALUES)) if rng.random() < 0.6 else [made_up_name(rng) for _ in range(rng.randint(2, 6))]
    if rng.random() < 0.3:
        values = [value.capitalize() for value in values]
    return [rng.choice(values) for _ in range(rows)]


def _numbers(rng: Random, rows: int) -> list[object]:
    top = rng.choice((10, 100, 1000, 10_000, 100_000))
    decimals = rng.choice((0, 0, 1, 2))
    low = -top if rng.random() < 0.1 else 0
    if not decimals:
        return [rng.randint(low, top) for _ in range(rows)]
    return [round(rng.uniform(low, top), decimals) for _ in range(rows)]
