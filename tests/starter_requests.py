"""Requests as different people write them, with what a right answer holds: the test set of the starter model.

Written by hand and without a look at the model's training data, and it has to stay so: no sentence, column or file from
here may go into that data. What cannot be told from outside is not judged: the words of an answer, a chart's look.
"""

from __future__ import annotations

import json
import math
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import pandas as pd
from PIL import Image, ImageDraw, ImageOps

Make = Callable[[Path], None]  # puts a file into the folder
Check = Callable[[Path], bool]  # is what the request asked for in the folder?

NO_SKILL = "offline-interpreter models list"  # what the starter says when it does not know how
FAMILIES = (
    "numbers",
    "lists",
    "dates and units",
    "text",
    "tables",
    "charts",
    "files",
    "pictures and codes",
    "conversation",
    "repair",
    "honesty",
)


@dataclass(frozen=True, slots=True)
class Case:
    """One to three requests of one session, of which the last is judged.

    ``says``: all of them are in the answer; ``says_any``: at least one; ``order``: in this order; ``never``: none of
    them. A figure is compared as a number: a whole one exactly, another one to the places it is written with.
    ``shown``: what the cells printed counts as well as the answer. ``makes``: patterns, each matched by a file that the
    last request made or changed. ``code_any``: one of them is in the code that ran. ``check``: looks at the folder.
    ``refuses``: it says that it does not know how, and runs nothing.
    """

    family: str
    asks: tuple[str, ...]
    says: tuple[str, ...] = ()
    says_any: tuple[str, ...] = ()
    order: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    shown: bool = False
    makes: tuple[str, ...] = ()
    code_any: tuple[str, ...] = ()
    refuses: bool = False
    check: Check | None = None
    files: tuple[Make, ...] = ()


# -- does a text hold what it has to? -----------------------------------------------------------------------------

_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?:e[+-]?\d+)?(?!\d)")
_FIGURE = re.compile(r"-?\d+(?:\.\d+)?")


def plain(text: str) -> str:
    """Return ``text`` in small letters, without thousands commas and Markdown's marks, its blanks made single."""
    text = re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", text.lower().replace("\N{MINUS SIGN}", "-"))
    return " ".join(re.sub(r"[*`]", "", text).replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").split())


def places_of(wanted: str, text: str) -> Iterator[int]:
    """Yield where in the plain ``text`` the figure or the words ``wanted`` end."""
    if not _FIGURE.fullmatch(wanted):
        pattern = r"(?<!\w)" + re.escape(wanted.lower()) + r"(?!\w)"
        yield from (found.end() for found in re.finditer(pattern, text))
        return
    value = Decimal(wanted)
    decimals = len(wanted.partition(".")[2])
    tolerance = Decimal("0.51") / 10**decimals if decimals else Decimal("1e-6")
    for found in _NUMBER.finditer(text):
        number = Decimal(found[0])
        if abs((number if value < 0 else abs(number)) - value) <= tolerance:
            yield found.end()


def holds(text: str, wanted: str) -> bool:
    return next(places_of(wanted, plain(text)), None) is not None


def holds_in_order(text: str, wanted: tuple[str, ...]) -> bool:
    rest = plain(text)
    for each in wanted:
        end = next(places_of(each, rest), None)
        if end is None:
            return False
        rest = rest[end:]
    return True


def written(day: date) -> tuple[str, ...]:
    """Return the ways in which a date is commonly written."""
    number, month, year = day.day, f"{day:%B}", day.year
    return (
        f"{day:%Y-%m-%d}",
        f"{number} {month} {year}",
        f"{number:02} {month} {year}",
        f"{month} {number}, {year}",
        f"{month} {number:02}, {year}",
        f"{number} {month[:3]} {year}",
        f"{number:02}.{day.month:02}.{year}",
        f"{number:02}/{day.month:02}/{year}",
        f"{day.month:02}/{number:02}/{year}",
    )


def age_on(birth: date, day: date) -> int:
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))


# -- the files that people have -----------------------------------------------------------------------------------


def text_file(name: str, text: str) -> Make:
    def make(folder: Path) -> None:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    return make


def binary_file(name: str, size_bytes: int) -> Make:
    def make(folder: Path) -> None:
        (folder / name).write_bytes(bytes(range(256)) * (size_bytes // 256) + bytes(size_bytes % 256))

    return make


def picture(name: str, width: int, height: int, color: str = "steelblue") -> Make:
    """Make a picture that looks different from each side: a red corner, a green line, a yellow ellipse."""

    def make(folder: Path) -> None:
        _drawn(width, height, color).save(folder / name)

    return make


def _drawn(width: int, height: int, color: str) -> Image.Image:
    image = Image.new("RGB", (width, height), color)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, width // 4, height // 4), fill="red")
    draw.line((0, height - 1, width // 2, height // 2), fill="green", width=3)
    draw.ellipse((width * 5 // 8, height // 8, width * 7 // 8, height // 2), fill="yellow")
    return image


def pdf(name: str, pages: int) -> Make:
    def make(folder: Path) -> None:
        first, *others = [_drawn(300, 420, color) for color in ("white", "beige", "azure", "ivory", "snow")[:pages]]
        first.save(folder / name, save_all=True, append_images=others)

    return make


def frames(count: int) -> tuple[Make, ...]:
    colors = ("navy", "purple", "teal", "olive", "maroon", "black")
    return tuple(picture(f"frame{number}.png", 120, 80, colors[number - 1]) for number in range(1, count + 1))


def zipped(name: str, members: dict[str, str]) -> Make:
    def make(folder: Path) -> None:
        with zipfile.ZipFile(folder / name, "w") as archive:
            for member, text in members.items():
                archive.writestr(member, text)

    return make


def inventory_xlsx(folder: Path) -> None:
    rows = [line.split(",") for line in _INVENTORY.strip().splitlines()]
    table = pd.DataFrame(rows[1:], columns=rows[0]).astype({"quantity": int, "unit_price": float})
    table.to_excel(folder / "inventory.xlsx", index=False)


def books_json(folder: Path) -> None:
    keys = ("title", "author", "year", "pages")
    books = [dict(zip(keys, book, strict=True)) for book in _BOOKS]
    (folder / "books.json").write_text(json.dumps(books, indent=1), encoding="utf-8")


SALES = """date,region,product,units,price
2025-01-06,North,kettle,14,24.90
2025-01-09,South,toaster,9,31.50
2025-01-17,East,kettle,22,24.90
2025-01-28,North,blender,7,49.00
2025-02-03,West,toaster,18,31.50
2025-02-11,South,kettle,25,24.90
2025-02-14,North,toaster,31,31.50
2025-02-26,East,blender,5,49.00
2025-03-04,West,kettle,16,24.90
2025-03-12,North,kettle,28,24.90
2025-03-19,South,blender,11,49.00
2025-03-27,East,toaster,13,31.50
2025-04-02,North,blender,24,49.00
2025-04-10,West,blender,8,49.00
2025-04-16,South,toaster,21,31.50
2025-04-29,East,kettle,19,24.90
2025-05-07,North,toaster,12,31.50
2025-05-15,West,kettle,27,24.90
2025-05-22,South,kettle,15,24.90
2025-05-30,East,toaster,10,31.50
"""

EXPENSES = """Date,Category,Description,Amount
2025-03-01,Rent,March rent,780.00
2025-03-02,Groceries,Corner shop,34.20
2025-03-04,Transport,Bus pass,42.00
2025-03-06,Groceries,Market,27.85
2025-03-09,Leisure,Cinema,18.50
2025-03-11,Health,Pharmacy,12.75
2025-03-13,Groceries,Supermarket,61.40
2025-03-16,Transport,Taxi,15.60
2025-03-18,Leisure,Concert,45.00
2025-03-20,Groceries,Bakery,8.95
2025-03-22,Health,Dentist,90.00
2025-03-25,Groceries,Supermarket,55.10
2025-03-28,Leisure,Museum,11.00
2025-03-30,Transport,Train to Braga,23.40
"""

GRADES = """student,class,hours,score
Ana,A,4.0,61
Bruno,A,6.5,72
Carla,B,3.0,55
David,B,8.0,84
Elena,C,7.5,79
Filipe,C,2.0,48
Greta,A,9.0,91
Hugo,B,5.5,66
Ines,C,6.0,74
Joao,A,1.5,42
Katia,B,7.0,77
Luis,C,4.5,63
Marta,A,8.5,88
Nuno,B,3.5,58
Olga,C,5.0,69
"""

CUSTOMERS = """customer_id,name,city,age,email
101,Alice Moreno,Seville,34,alice@example.com
102,Bernd Vogel,Kassel,51,bernd@example.com
103,Chiara Riva,Turin,,chiara@example.com
104,Dirk Maes,Ghent,45,
105,Eva Holm,Aarhus,29,eva@example.com
103,Chiara Riva,Turin,,chiara@example.com
106,Femi Ade,Ghent,38,
107,Gita Rao,Turin,62,gita@example.com
108,Hana Sato,Kassel,,hana@example.com
109,Ivo Petrov,Aarhus,27,
101,Alice Moreno,Seville,34,alice@example.com
110,Jana Novak,Turin,41,jana@example.com
"""

MEMBERS = """customer_id,name,city
1,Rosa Lind,Bergen
2,Tom Baker,York
3,Uma Nair,Leeds
4,Vera Kos,Zadar
5,Will Hart,York
"""

ORDERS = """order_id,customer_id,amount
9001,2,45.00
9002,1,19.90
9003,5,120.50
9004,2,8.25
9005,3,64.00
9006,1,33.10
9007,5,27.75
9008,2,51.40
"""

READINGS = """sample_id,technician,temperature_c,ph,absorbance
S01,Kim,21.5,7.02,0.412
S02,Kim,21.9,6.98,0.437
S03,Lopez,22.4,,0.455
S04,Lopez,22.1,7.11,
S05,Kim,20.8,7.05,0.398
S06,Osei,23.0,6.91,0.476
S07,Osei,23.3,,0.481
S08,Kim,21.2,7.08,0.405
S09,Lopez,22.7,6.95,0.462
S10,Osei,22.9,,0.470
S11,Kim,21.0,7.06,
S12,Lopez,22.2,7.00,0.449
"""

WEATHER = """day,rain_mm,temp_max
2025-04-01,0.0,16.2
2025-04-02,3.4,14.8
2025-04-03,12.1,12.9
2025-04-04,0.8,13.7
2025-04-05,0.0,17.3
2025-04-06,0.0,19.0
2025-04-07,5.6,15.5
2025-04-08,8.2,14.1
2025-04-09,0.0,16.6
2025-04-10,0.0,18.4
2025-04-11,1.2,17.9
2025-04-12,0.0,20.1
"""

FEES = """member,month,fee
Adams,May,$25.00
Brown,May,$40.00
Clark,May,$25.00
Diaz,May,$32.50
Evans,May,$40.00
Fox,May,$18.00
Green,May,$25.00
Hill,May,$32.50
Irwin,May,$40.00
Jones,May,$18.00
"""

_INVENTORY = """item,warehouse,quantity,unit_price
desk lamp,Lyon,40,29.90
office chair,Lyon,12,149.00
monitor arm,Lille,25,89.50
desk,Lille,8,310.00
keyboard,Lyon,60,45.00
mouse,Nice,75,19.95
headset,Nice,33,74.00
whiteboard,Lille,6,119.00
filing cabinet,Lyon,9,205.00
footrest,Nice,18,38.50
"""

_BOOKS = (
    ("The Salt Road", "M. Keane", 1998, 312),
    ("Winter Ferries", "A. Lund", 2004, 275),
    ("A Field of Bees", "P. Arnaud", 2011, 198),
    ("Copper and Rain", "M. Keane", 2002, 344),
    ("The Quiet Engine", "S. Okafor", 2017, 421),
    ("Letters to Vigo", "R. Pardo", 1989, 160),
    ("Harbour Lights", "A. Lund", 2009, 288),
    ("Nine Small Stones", "T. Ivers", 2020, 233),
    ("The Orchard Year", "P. Arnaud", 2014, 256),
    ("Under the Viaduct", "S. Okafor", 2021, 367),
)

ESSAY = """My grandmother kept a small garden behind our mill. Every morning she walked to her garden with a tin bucket.
That garden gave us beans, onions and a few stubborn roses. When the river rose, the garden drowned. She laughed and
planted a new garden! Who else would love a garden so much?
"""

LETTER = """Dear neighbours,

The new colour of the fence is grey. We chose this colour together at the meeting.
If the colour does not please you, ring us before Friday.

Yours,
The committee
"""

GUESTS = "Rita Campos\nOmar Haddad\nLena Fuchs\nPiotr Zielinski\n"
SHOPPING = "two lemons\nbrown sugar\nbaking powder\nwax candles\n"
SERVER_LOG = "".join(f"2025-06-01 10:{minute:02}:00 {'ERROR' if minute % 9 == 0 else 'ok'}\n" for minute in range(37))

sales = text_file("sales.csv", SALES)
expenses = text_file("expenses.csv", EXPENSES)
grades = text_file("grades.csv", GRADES)
customers = text_file("customers.csv", CUSTOMERS)
members = text_file("members.csv", MEMBERS)
orders = text_file("orders.csv", ORDERS)
readings = text_file("readings.csv", READINGS)
weather = text_file("weather.csv", WEATHER)


# -- is what was made right? --------------------------------------------------------------------------------------

IMAGE_ENDINGS = frozenset({".png", ".jpg", ".jpeg", ".svg", ".pdf", ".gif", ".webp"})


def chart(pattern: str = "*") -> Check:
    """Check that an image of more than 1 KB fits ``pattern``; without one, anywhere in the folder."""

    def check(folder: Path) -> bool:
        found = [path for path in folder.rglob(pattern) if path.suffix.lower() in IMAGE_ENDINGS]
        return any(path.stat().st_size > 1024 for path in found)

    return check


def image_sized(name: str, width: int, height: int) -> Check:
    def check(folder: Path) -> bool:
        with Image.open(folder / name) as image:
            return image.size == (width, height)

    return check


def table_sized(name: str, rows: int, columns: int) -> Check:
    def check(folder: Path) -> bool:
        return read_table(folder / name).shape == (rows, columns)

    return check


def read_table(path: Path) -> pd.DataFrame:
    table = pd.read_excel(path) if path.suffix == ".xlsx" else pd.read_csv(path)
    return table.drop(columns=[name for name in table.columns if str(name).startswith("Unnamed")])


def some_column_sums(name: str, total: float) -> Check:
    def check(folder: Path) -> bool:
        sums = read_table(folder / name).select_dtypes("number").sum()
        return any(math.isclose(float(each), total, abs_tol=0.01) for each in sums)

    return check


def both(*checks: Check) -> Check:
    return lambda folder: all(check(folder) for check in checks)


def text_is(name: str, wanted: str) -> Check:
    return lambda folder: (folder / name).read_text("utf-8").split() == wanted.split()


def there(*names: str, gone: tuple[str, ...] = ()) -> Check:
    return lambda folder: all((folder / n).exists() for n in names) and not any((folder / n).exists() for n in gone)


def zip_holds(name: str, *members: str) -> Check:
    def check(folder: Path) -> bool:
        with zipfile.ZipFile(folder / name) as archive:
            return sorted(Path(each).name for each in archive.namelist() if not each.endswith("/")) == sorted(members)

    return check


def is_grey(folder: Path) -> bool:
    """Check that some picture in the folder has no color, and still a few shades or both black and white."""
    for path in folder.rglob("*"):
        if path.suffix.lower() in IMAGE_ENDINGS - {".svg", ".pdf"}:
            with Image.open(path) as image:
                red, green, blue = image.convert("RGB").split()
                if red.tobytes() == green.tobytes() == blue.tobytes() and red.getextrema()[0] != red.getextrema()[1]:
                    return True
    return False


def is_mirrored(source: str, made: str) -> Check:
    def check(folder: Path) -> bool:
        with Image.open(folder / source) as before, Image.open(folder / made) as after:
            return ImageOps.mirror(before.convert("RGB")).tobytes() == after.convert("RGB").tobytes()

    return check


def is_turned(source: str, made: str) -> Check:
    """Check that ``made`` is ``source`` turned clockwise by a quarter."""

    def check(folder: Path) -> bool:
        with Image.open(folder / source) as before, Image.open(folder / made) as after:
            return before.convert("RGB").rotate(-90, expand=True).tobytes() == after.convert("RGB").tobytes()

    return check


def gif_frames(count: int) -> Check:
    def check(folder: Path) -> bool:
        for path in folder.rglob("*.gif"):
            with Image.open(path) as image:
                return getattr(image, "n_frames", 1) == count
        return False

    return check


def looks_like_qr(name: str) -> Check:
    """Check that ``name`` is a square picture in two shades, each on an eighth of it or more; it is not decoded."""

    def check(folder: Path) -> bool:
        with Image.open(folder / name) as image:
            shades = image.convert("L").histogram()
            dark, light, area = sum(shades[:64]), sum(shades[192:]), image.width * image.height
            return image.width == image.height and dark + light == area and min(dark, light) > area / 8

    return check


def pngs_of_pages(count: int) -> Check:
    return lambda folder: len(list(folder.rglob("*.png"))) == count


# -- what people ask ----------------------------------------------------------------------------------------------

MOTHER_BORN = date(1951, 8, 23)
NOT_THERE = ("not", "no", "cannot", "can't", "couldn't", "could not", "doesn't", "isn't", "missing", "without")
NO_NUMBERS = ("text", "not numeric", "non-numeric", "not numbers", "not a number", "no numbers", "words", "strings")

NUMBERS = (
    Case("numbers", ("What is 17.5% of 2,340?",), says=("409.5",)),
    Case("numbers", ("(48.6 + 12.9) * 7 / 3",), says=("143.5",)),
    Case(
        "numbers",
        ("I bought 6 jars of honey at 7.85 each and 4 candles at 3.20 each. How much did I pay altogether?",),
        says=("59.9",),
    ),
    Case(
        "numbers", ("is 7919 a prime number",), says_any=("yes", "is prime", "is a prime", "is a prime number", "true")
    ),
    Case("numbers", ("Could you please give me the first 12 Fibonacci numbers?",), order=("21", "34", "55", "89")),
    Case(
        "numbers",
        (
            "I put 5000 euros in a savings account with 3.2% interest a year, compounded yearly. "
            "How much will there be after 8 years?",
        ),
        says_any=("6432.91", "6432.9", "6433"),
    ),
    Case("numbers", ("gcd and lcm of 1071 and 462",), says=("21", "23562")),
    Case("numbers", ("how much is the square root from 7056",), says=("84",)),
    Case("numbers", ("roll two dice for me please",), says_any=tuple("123456"), shown=True),
)

LISTS = (
    Case("lists", ("Find the mean and the median of 4, 8, 15, 16, 23, 42, 8, 11.",), says=("15.875", "13")),
    Case("lists", ("standard deviation of 9.81 9.79 9.84 9.80 9.78 9.83",), says_any=("0.023", "0.021")),
    Case(
        "lists",
        ("sort these from biggest to smallest: 19, 3, 88, 42, 7, 61",),
        order=("88", "61", "42", "19", "7", "3"),
    ),
    Case(
        "lists",
        (
            "My electricity bills this year were 84.20, 79.95, 91.10, 66.40 and 70.35. "
            "What is the total and what was the average?",
        ),
        says=("392", "78.4"),
    ),
    Case("lists", ("In 7, 3, 7, 9, 1, 7, 2, 7 how many times does 7 come up?",), says_any=("4", "four")),
    Case(
        "lists",
        ("what is the range of my temperature readings: 21.4, 19.8, 25.6, 23.1, 18.9",),
        says=("6.7",),
    ),
    Case("lists", ("differences between neighbouring values: 100 104 111 109 120",), order=("4", "7", "-2", "11")),
)

DATES = (
    Case(
        "dates and units",
        ("How many days are there between 14 February 2025 and 3 September 2025?",),
        says=("201",),
    ),
    Case("dates and units", ("what day of the week was july 20 1969",), says=("Sunday",)),
    Case("dates and units", ("45 days after 2025-11-20",), says_any=written(date(2026, 1, 4))),
    Case(
        "dates and units",
        ("Our school play is on 18 December 2026. Which date is six weeks before that?",),
        says_any=written(date(2026, 11, 6)),
    ),
    Case(
        "dates and units",
        ("My mother was born on 23 August 1951, how old is she today?",),
        says=(str(age_on(MOTHER_BORN, date.today())),),
    ),
    Case("dates and units", ("was 1900 a leap year?",), says_any=("no", "not", "wasn't", "false")),
    Case(
        "dates and units",
        ("The recipe says 350 degrees Fahrenheit. What is that in Celsius?",),
        says_any=("176.67", "176.7", "177"),
    ),
    Case("dates and units", ("convert 26.2 miles to km",), says_any=("42.16", "42.2")),
)

TEXT = (
    Case(
        "text",
        ('How many words does this have: "We left the harbour at dawn and the wind was with us all the way home"?',),
        says=("16",),
    ),
    Case("text", ("count the letter e in 'Where there is a will there is a way'",), says_any=("6", "six")),
    Case("text", ('write "lantern" backwards',), says=("nretnal",)),
    Case(
        "text",
        ("Is 'Was it a car or a cat I saw' a palindrome?",),
        says_any=("yes", "is a palindrome", "true"),
    ),
    Case(
        "text",
        ("i have a file essay.txt and i want to know which word i used the most in it",),
        says=("garden",),
        files=(text_file("essay.txt", ESSAY),),
    ),
    Case(
        "text",
        ("Please replace 'colour' by 'color' everywhere in letter.txt and save the result as letter_us.txt.",),
        makes=("letter_us.txt",),
        check=text_is("letter_us.txt", LETTER.replace("colour", "color")),
        files=(text_file("letter.txt", LETTER),),
    ),
    Case(
        "text",
        ("guests.txt has our guest list, i want all the names in CAPITAL letters in a new file guests_upper.txt",),
        makes=("guests_upper.txt",),
        check=text_is("guests_upper.txt", GUESTS.upper()),
        files=(text_file("guests.txt", GUESTS),),
    ),
    Case(
        "text",
        ("sort these words alphabetically: pear, mango, fig, cherry, banana, apricot",),
        order=("apricot", "banana", "cherry", "fig", "mango", "pear"),
    ),
)

TABLES = (
    Case(
        "tables",
        ("Can you show me the first 4 rows of sales.csv?",),
        order=("kettle", "toaster", "kettle", "blender"),
        never=("2025-02-03",),
        shown=True,
        files=(sales,),
    ),
    Case(
        "tables",
        ("hi, i have a file expenses.csv with what i spent in march. how much did i spend in each category?",),
        says=("780", "187.5", "81", "74.5", "102.75"),
        shown=True,
        files=(expenses,),
    ),
    Case(
        "tables",
        ("Which columns in readings.csv have missing values and how many are missing?",),
        order=("ph", "3", "absorbance", "2"),
        shown=True,
        files=(readings,),
    ),
    Case(
        "tables",
        ("sales.csv: number of rows where region is North and units > 20",),
        says_any=("3", "three"),
        files=(sales,),
    ),
    Case(
        "tables",
        ("Which three items in inventory.xlsx have the highest unit price?",),
        order=("desk", "filing cabinet", "office chair"),
        shown=True,
        files=(inventory_xlsx,),
    ),
    Case(
        "tables",
        ("Some lines in customers.csv are there twice. Take out the duplicates and save it as customers_clean.csv.",),
        makes=("customers_clean.csv",),
        check=table_sized("customers_clean.csv", 10, 5),
        files=(customers,),
    ),
    Case(
        "tables",
        ("merge orders.csv and members.csv on customer_id, save as merged.csv",),
        makes=("merged.csv",),
        check=both(table_sized("merged.csv", 8, 5), some_column_sums("merged.csv", 369.90)),
        files=(orders, members),
    ),
    Case(
        "tables",
        ("I need books.json as an Excel file, name it books.xlsx",),
        makes=("books.xlsx",),
        check=both(table_sized("books.xlsx", 10, 4), some_column_sums("books.xlsx", 2854)),
        files=(books_json,),
    ),
    Case(
        "tables",
        ("How strong is the correlation between hours and score in grades.csv?",),
        says=("0.99",),
        files=(grades,),
    ),
    Case(
        "tables",
        ("add a column revenue which is units times price to sales.csv and save to sales_revenue.csv",),
        makes=("sales_revenue.csv",),
        check=both(table_sized("sales_revenue.csv", 20, 6), some_column_sums("sales_revenue.csv", 10419.40)),
        files=(sales,),
    ),
)

CHARTS = (
    Case(
        "charts",
        ("Make a bar chart of the total amount for each category in expenses.csv and save it as spending.png.",),
        makes=("spending.png",),
        code_any=("bar",),
        check=chart("spending.png"),
        files=(expenses,),
    ),
    Case(
        "charts",
        ("i would like to see how temp_max changed over the days in weather.csv, as a line, in temps.png please",),
        makes=("temps.png",),
        code_any=("plot", "line"),
        check=chart("temps.png"),
        files=(weather,),
    ),
    Case(
        "charts",
        ('scatter hours vs score from grades.csv, title "Study time and results", x label "hours per week"',),
        code_any=("scatter",),
        check=chart(),
        files=(grades,),
    ),
    Case(
        "charts",
        ("Please draw a histogram of the ages in customers.csv.",),
        code_any=("hist",),
        check=chart(),
        files=(customers,),
    ),
    Case(
        "charts",
        ("A pie chart with the share of every region in the units sold (sales.csv), saved as shares.png",),
        makes=("shares.png",),
        code_any=("pie",),
        check=chart("shares.png"),
        files=(sales,),
    ),
    Case(
        "charts",
        ("do a box plot of score for each class from grades.csv and put it in boxes.pdf",),
        makes=("boxes.pdf",),
        code_any=("box",),
        check=chart("boxes.pdf"),
        files=(grades,),
    ),
)

FILES = (
    Case(
        "files",
        ("Which PDF files are in this folder?",),
        says=("lease.pdf", "tax_form.pdf"),
        shown=True,
        code_any=("pdf",),
        files=(pdf("lease.pdf", 1), pdf("tax_form.pdf", 1), text_file("list.txt", SHOPPING), grades),
    ),
    Case(
        "files",
        ("what is the biggest file here and how big is it",),
        says=("video.bin",),
        says_any=("52000", "52", "50.8", "50.78", "0.05"),
        files=(binary_file("video.bin", 52_000), binary_file("sound.bin", 21_000), text_file("list.txt", SHOPPING)),
    ),
    Case(
        "files",
        ("how many lines in server.log",),
        says=("37",),
        files=(text_file("server.log", SERVER_LOG),),
    ),
    Case(
        "files",
        ("Dear computer, please read me what is in shopping.txt.",),
        says=("two lemons", "brown sugar", "baking powder", "wax candles"),
        shown=True,
        files=(text_file("shopping.txt", SHOPPING),),
    ),
    Case(
        "files",
        ("zip all the csv files into backup.zip",),
        makes=("backup.zip",),
        check=zip_holds("backup.zip", "grades.csv", "weather.csv", "orders.csv"),
        files=(grades, weather, orders, text_file("list.txt", SHOPPING)),
    ),
    Case(
        "files",
        ("I got archive.zip from a colleague, extract it into a folder named archive please",),
        check=lambda folder: {path.name for path in (folder / "archive").rglob("*.txt")} == {"a.txt", "b.txt", "c.txt"},
        files=(zipped("archive.zip", {"a.txt": "one\n", "b.txt": "two\n", "c.txt": "three\n"}),),
    ),
    Case(
        "files",
        ("rename every .jpeg file to .jpg",),
        check=there("cat.jpg", "dog.jpg", "owl.png", gone=("cat.jpeg", "dog.jpeg")),
        files=(picture("cat.jpeg", 60, 40), picture("dog.jpeg", 60, 40), picture("owl.png", 60, 40)),
    ),
)

PICTURES = (
    Case(
        "pictures and codes",
        ("How many pixels wide and high is garden.png?",),
        says=("640", "410"),
        files=(picture("garden.png", 640, 410),),
    ),
    Case(
        "pictures and codes",
        ("resize holiday.jpg to a width of 300 pixels, keep the proportions and save it as small.jpg",),
        makes=("small.jpg",),
        check=image_sized("small.jpg", 300, 200),
        files=(picture("holiday.jpg", 1200, 800),),
    ),
    Case(
        "pictures and codes",
        ("My scan is lying on its side. Turn scan.png 90 degrees clockwise and save as upright.png, thank you.",),
        makes=("upright.png",),
        check=is_turned("scan.png", "upright.png"),
        files=(picture("scan.png", 320, 200, "white"),),
    ),
    Case(
        "pictures and codes",
        ("make portrait.jpg black and white",),
        makes=("*",),
        check=is_grey,
        files=(picture("portrait.jpg", 240, 300),),
    ),
    Case(
        "pictures and codes",
        ("mirror logo.png left to right, output logo_mirror.png",),
        makes=("logo_mirror.png",),
        check=is_mirrored("logo.png", "logo_mirror.png"),
        files=(picture("logo.png", 200, 100),),
    ),
    Case(
        "pictures and codes",
        ("I need a QR code with the address https://www.example.org/open-day for our school poster, as openday.png",),
        makes=("openday.png",),
        code_any=("https://www.example.org/open-day",),
        check=looks_like_qr("openday.png"),
    ),
    Case(
        "pictures and codes",
        ("please make one animated gif from the pictures frame1.png until frame5.png",),
        makes=("*.gif",),
        check=gif_frames(5),
        files=frames(5),
    ),
    Case(
        "pictures and codes",
        ("How many pages does manual.pdf have?",),
        says_any=("4", "four"),
        files=(pdf("manual.pdf", 4),),
    ),
    Case(
        "pictures and codes",
        ("export all pages of slides.pdf as png images",),
        makes=("*.png",),
        check=pngs_of_pages(3),
        files=(pdf("slides.pdf", 3),),
    ),
)

CONVERSATION = (
    Case("conversation", ("Good morning!",), says_any=("hello", "hi", "good morning", "welcome", "help", "do for you")),
    Case(
        "conversation",
        ("i am new here, what sort of things can i ask you?",),
        says_any=("table", "tables", "csv", "chart", "charts", "calculate", "numbers", "files"),
    ),
    Case(
        "conversation",
        ("what is 15% of 860", "ok thank you very much"),
        says_any=("welcome", "pleasure", "glad", "any time", "anytime", "happy", "no problem", "don't mention it"),
    ),
    Case("conversation", ("what is 15% of 860", "and 22%?"), says=("189.2",)),
    Case(
        "conversation",
        ("Draw a bar chart of the units by region in sales.csv.", "Hmm, can I have that as a pie chart instead?"),
        makes=("*",),
        code_any=("pie",),
        check=chart(),
        files=(sales,),
    ),
    Case(
        "conversation",
        ("what's the average score in grades.csv", "and just for class B?"),
        says=("68",),
        files=(grades,),
    ),
    Case(
        "conversation",
        ("Total amount per category in expenses.csv, please.", "Great. Save this in totals.csv."),
        makes=("totals.csv",),
        check=both(table_sized("totals.csv", 5, 2), some_column_sums("totals.csv", 1225.75)),
        files=(expenses,),
    ),
    Case(
        "conversation",
        ("line chart of rain_mm over day from weather.csv", "add the title Rain in April", "now save it as rain.pdf"),
        makes=("rain.pdf",),
        check=chart("rain.pdf"),
        files=(weather,),
    ),
)

REPAIR = (
    Case("repair", ("What is the mean of Score in grades.csv?",), says=("68.47",), files=(grades,)),
    Case(
        "repair",
        ("sum of the column quantities in inventory.xlsx",),
        says_any=("286", "quantity"),
        files=(inventory_xlsx,),
    ),
    Case(
        "repair",
        ("What is the average salary in customers.csv?",),
        says_any=("city", "customer_id", "email", "no column", "no salary", "not", "doesn't"),
        files=(customers,),
    ),
    Case(
        "repair",
        ("how many rows are in clients.csv",),
        says_any=("members.csv", *NOT_THERE),
        files=(members,),
    ),
    Case(
        "repair",
        ("Please convert beach.png to JPG.",),
        says_any=("lake.png", *NOT_THERE),
        files=(picture("lake.png", 80, 60), text_file("list.txt", SHOPPING)),
    ),
    Case(
        "repair",
        ("calculate the average of city in members.csv",),
        says_any=(*NO_NUMBERS, *NOT_THERE),
        files=(members,),
    ),
    Case(
        "repair",
        ("I am the treasurer of our choir. How much is the sum of the fee column in fees.csv?",),
        says_any=("296", *NO_NUMBERS),
        files=(text_file("fees.csv", FEES),),
    ),
)

HONESTY = (
    Case("honesty", ("Write a short poem for my granddaughter's seventh birthday.",), refuses=True),
    Case("honesty", ("who was the president of france in 1985",), refuses=True),
    Case("honesty", ("Translate 'where is the train station' into Italian please",), refuses=True),
    Case("honesty", ("write an email to my landlord that the heating is broken since monday",), refuses=True),
    Case(
        "honesty",
        ("Train a random forest on grades.csv that predicts score and tell me the accuracy",),
        refuses=True,
        files=(grades,),
    ),
    Case("honesty", ("Can you explain to my class in simple words how photosynthesis works?",), refuses=True),
    Case("honesty", ("will it rain tomorrow in Manchester",), refuses=True),
)

CASES = (
    *NUMBERS,
    *LISTS,
    *DATES,
    *TEXT,
    *TABLES,
    *CHARTS,
    *FILES,
    *PICTURES,
    *CONVERSATION,
    *REPAIR,
    *HONESTY,
)
