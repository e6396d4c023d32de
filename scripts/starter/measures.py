"""Units of measure: what code multiplies by to reach the base unit, how answers call them, how people write them.

The factors are exact, but for psi, mmHg and the horsepower. A gallon, quart, pint, cup and spoon are those of the
United States unless "imperial" is said; a year has 365 days; a ton without more words is the metric one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit: its factor to the base unit as code writes it, what one and several are called, how people write it.

    ``signs`` may stand right behind a number; ``often`` says how much people use it.
    """

    factor: str
    one: str
    many: str
    words: Sequence[str] = ()
    signs: Sequence[str] = ()
    often: float = 1.0

    def called(self, number: str) -> str:
        """Return how an answer calls so many of this unit."""
        return self.one if number == "1" else self.many


LENGTHS = {
    "mm": Unit("0.001", "millimeter", "millimeters", ("millimetres",), ("mm",), 3),
    "cm": Unit("0.01", "centimeter", "centimeters", ("centimetres", "cms"), ("cm",), 6),
    "dm": Unit("0.1", "decimeter", "decimeters", ("decimetres",), ("dm",), 0.3),
    "m": Unit("1", "meter", "meters", ("metres",), ("m",), 7),
    "km": Unit("1000", "kilometer", "kilometers", ("kilometres", "kms"), ("km",), 7),
    "inch": Unit("0.0254", "inch", "inches", (), ("in", '"', "inch"), 6),
    "foot": Unit("0.3048", "foot", "feet", (), ("ft", "'"), 6),
    "yard": Unit("0.9144", "yard", "yards", (), ("yd", "yds"), 3),
    "mile": Unit("1609.344", "mile", "miles", (), ("mi",), 7),
    "nmi": Unit("1852", "nautical mile", "nautical miles", ("sea miles",), ("nmi", "NM"), 0.7),
}
MASSES = {
    "mg": Unit("0.001", "milligram", "milligrams", ("milligrammes",), ("mg",), 2),
    "g": Unit("1", "gram", "grams", ("grammes",), ("g",), 6),
    "kg": Unit("1000", "kilogram", "kilograms", ("kilos", "kilogrammes", "kgs"), ("kg", "kg"), 7),
    "t": Unit("1000000", "tonne", "tonnes", ("metric tons", "tons"), ("t",), 2),
    "oz": Unit("28.349523125", "ounce", "ounces", (), ("oz",), 5),
    "lb": Unit("453.59237", "pound", "pounds", (), ("lb", "lbs", "lbs"), 7),
    "st": Unit("6350.29318", "stone", "stone", ("stones",), ("st",), 2),
}
VOLUMES = {
    "ml": Unit("0.001", "milliliter", "milliliters", ("millilitres", "mls"), ("ml", "mL"), 5),
    "cl": Unit("0.01", "centiliter", "centiliters", ("centilitres",), ("cl",), 1),
    "dl": Unit("0.1", "deciliter", "deciliters", ("decilitres",), ("dl",), 0.7),
    "l": Unit("1", "liter", "liters", ("litres",), ("l", "L"), 7),
    "m3": Unit("1000", "cubic meter", "cubic meters", ("cubic metres",), ("m³", "m3"), 2),
    "ft3": Unit("28.316846592", "cubic foot", "cubic feet", (), ("ft³", "cu ft"), 0.8),
    "gal": Unit("3.785411784", "US gallon", "US gallons", ("gallons", "gallons"), ("gal",), 6),
    "qt": Unit("0.946352946", "US quart", "US quarts", ("quarts", "quarts"), ("qt",), 1),
    "pt": Unit("0.473176473", "US pint", "US pints", ("pints", "pints"), ("pt",), 2),
    "cup": Unit("0.2365882365", "US cup", "US cups", ("cups", "cups"), (), 4),
    "floz": Unit("0.0295735295625", "US fluid ounce", "US fluid ounces", ("fluid ounces",), ("fl oz",), 2),
    "tbsp": Unit("0.01478676478125", "tablespoon", "tablespoons", (), ("tbsp",), 3),
    "tsp": Unit("0.00492892159375", "teaspoon", "teaspoons", (), ("tsp",), 3),
    "imp_gal": Unit("4.54609", "imperial gallon", "imperial gallons", ("UK gallons", "british gallons"), (), 0.7),
    "imp_pt": Unit("0.56826125", "imperial pint", "imperial pints", ("UK pints", "british pints"), (), 0.7),
}
AREAS = {
    "cm2": Unit("0.0001", "square centimeter", "square centimeters", ("square cm",), ("cm²", "cm2", "sq cm"), 2),
    "m2": Unit("1", "square meter", "square meters", ("square metres",), ("m²", "m2", "sqm", "sq m"), 7),
    "km2": Unit("1000000", "square kilometer", "square kilometers", ("square km",), ("km²", "km2"), 3),
    "ha": Unit("10000", "hectare", "hectares", (), ("ha",), 4),
    "acre": Unit("4046.8564224", "acre", "acres", (), ("ac",), 5),
    "in2": Unit("0.00064516", "square inch", "square inches", (), ("in²", "sq in"), 1),
    "ft2": Unit("0.09290304", "square foot", "square feet", (), ("ft²", "sq ft", "sqft"), 6),
    "yd2": Unit("0.83612736", "square yard", "square yards", (), ("sq yd",), 1),
    "mi2": Unit("2589988.110336", "square mile", "square miles", (), ("mi²", "sq mi"), 2),
}
SPEEDS = {
    "kmh": Unit("1", "km/h", "km/h", ("kilometers per hour", "km per hour", "kph"), ("km/h", "kmh", "km/h"), 7),
    "mps": Unit("3.6", "m/s", "m/s", ("meters per second", "metres per second"), ("m/s", "m/s"), 5),
    "mph": Unit("1.609344", "mph", "mph", ("miles per hour", "miles an hour"), ("mph", "mph"), 7),
    "kn": Unit("1.852", "knot", "knots", (), ("kn", "kt"), 3),
    "fts": Unit("1.09728", "ft/s", "ft/s", ("feet per second",), ("ft/s", "fps"), 1),
}
TIMES = {
    "ms": Unit("0.001", "millisecond", "milliseconds", (), ("ms",), 1),
    "s": Unit("1", "second", "seconds", ("secs",), ("s", "sec"), 6),
    "min": Unit("60", "minute", "minutes", ("mins",), ("min",), 7),
    "h": Unit("3600", "hour", "hours", ("hrs",), ("h", "hr"), 7),
    "day": Unit("86400", "day", "days", (), ("d",), 6),
    "week": Unit("604800", "week", "weeks", (), (), 4),
    "year": Unit("31536000", "year", "years", (), (), 3),
}
SIZES = {
    "bit": Unit("0.125", "bit", "bits", (), (), 1),
    "b": Unit("1", "byte", "bytes", (), ("B",), 4),
    "kb": Unit("1000", "kilobyte", "kilobytes", (), ("KB", "kB", "kb"), 5),
    "mb": Unit("1000**2", "megabyte", "megabytes", ("megs",), ("MB", "mb", "MB"), 7),
    "gb": Unit("1000**3", "gigabyte", "gigabytes", ("gigs",), ("GB", "gb", "GB"), 7),
    "tb": Unit("1000**4", "terabyte", "terabytes", (), ("TB", "tb"), 4),
    "pb": Unit("1000**5", "petabyte", "petabytes", (), ("PB",), 0.7),
    "kib": Unit("1024", "kibibyte", "kibibytes", (), ("KiB", "kib"), 1),
    "mib": Unit("1024**2", "mebibyte", "mebibytes", (), ("MiB", "mib"), 2),
    "gib": Unit("1024**3", "gibibyte", "gibibytes", (), ("GiB", "gib"), 2),
    "tib": Unit("1024**4", "tebibyte", "tebibytes", (), ("TiB",), 0.7),
    "kbit": Unit("125", "kilobit", "kilobits", (), ("kbit",), 0.5),
    "mbit": Unit("125000", "megabit", "megabits", (), ("Mbit", "mbit"), 1.5),
    "gbit": Unit("125000000", "gigabit", "gigabits", (), ("Gbit", "gbit"), 0.7),
}
PRESSURES = {
    "pa": Unit("1", "pascal", "pascals", (), ("Pa",), 2),
    "hpa": Unit("100", "hectopascal", "hectopascals", (), ("hPa",), 2),
    "kpa": Unit("1000", "kilopascal", "kilopascals", (), ("kPa", "kpa"), 2),
    "mbar": Unit("100", "millibar", "millibars", (), ("mbar",), 1),
    "bar": Unit("100000", "bar", "bar", ("bars",), ("bar",), 4),
    "atm": Unit("101325", "atmosphere", "atmospheres", (), ("atm",), 2),
    "psi": Unit("6894.757293168", "psi", "psi", ("pounds per square inch",), ("psi",), 3),
    "mmhg": Unit("133.322387415", "mmHg", "mmHg", (), ("mmHg", "mmhg"), 1),
}
ENERGIES = {
    "j": Unit("1", "joule", "joules", (), ("J",), 3),
    "kj": Unit("1000", "kilojoule", "kilojoules", (), ("kJ", "kj"), 3),
    "mj": Unit("1000000", "megajoule", "megajoules", (), ("MJ",), 1),
    "cal": Unit("4.184", "calorie", "calories", (), ("cal",), 1),
    "kcal": Unit("4184", "kilocalorie", "kilocalories", ("kcals",), ("kcal",), 4),
    "wh": Unit("3600", "watt hour", "watt hours", (), ("Wh",), 1),
    "kwh": Unit("3600000", "kilowatt hour", "kilowatt hours", (), ("kWh", "kwh"), 3),
}
POWERS = {
    "w": Unit("1", "watt", "watts", (), ("W",), 3),
    "kw": Unit("1000", "kilowatt", "kilowatts", (), ("kW", "kw"), 4),
    "mw": Unit("1000000", "megawatt", "megawatts", (), ("MW",), 1),
    "hp": Unit("745.699872", "horsepower", "horsepower", ("horse power",), ("hp",), 4),
}
# Temperatures have no factors.
TEMPERATURES = {
    "c": Unit("", "°C", "°C", ("degrees celsius", "celsius", "degrees centigrade", "degrees C"), ("C", "°C", "c"), 7),
    "f": Unit("", "°F", "°F", ("degrees fahrenheit", "fahrenheit", "degrees F"), ("F", "°F", "f"), 7),
    "k": Unit("", "K", "K", ("kelvin", "kelvins", "degrees kelvin"), ("K",), 3),
}
# Each kind of measure with its units and how often people ask for it.
MEASURES: dict[str, tuple[dict[str, Unit], float]] = {
    "length": (LENGTHS, 9),
    "mass": (MASSES, 6),
    "volume": (VOLUMES, 5),
    "area": (AREAS, 3),
    "speed": (SPEEDS, 3),
    "time": (TIMES, 5),
    "size": (SIZES, 4),
    "pressure": (PRESSURES, 1.2),
    "energy": (ENERGIES, 1.2),
    "power": (POWERS, 0.8),
}
# How many of a smaller unit make one of a greater; answers in two units take these pairs.
PAIRS = (
    ("length", "foot", "inch", 12),
    ("time", "h", "min", 60),
    ("time", "min", "s", 60),
    ("time", "day", "h", 24),
    ("time", "week", "day", 7),
    ("mass", "st", "lb", 14),
    ("mass", "lb", "oz", 16),
)
# The same units once more, each by another one, to check what the factors above give.
DEFINITIONS = """
mm = 1/10 cm, cm = 1/100 m, dm = 10 cm, km = 1000 m, inch = 2.54 cm, foot = 12 inch, yard = 3 foot, mile = 1760 yard
nmi = 1.852 km, mg = 1/1000 g, kg = 1000 g, t = 1000 kg, lb = 0.45359237 kg, oz = 1/16 lb, st = 14 lb
ml = 1/1000 l, cl = 10 ml, dl = 10 cl, m3 = 1000 l, ft3 = 1728 in3, in3 = 16.387064 ml, gal = 231 in3, qt = 1/4 gal
pt = 1/2 qt, cup = 1/2 pt, floz = 1/8 cup, tbsp = 1/2 floz, tsp = 1/3 tbsp, imp_gal = 4.54609 l, imp_pt = 1/8 imp_gal
cm2 = 1/10000 m2, km2 = 100 ha, ha = 10000 m2, in2 = 6.4516 cm2, ft2 = 144 in2, yd2 = 9 ft2, acre = 4840 yd2
mi2 = 640 acre, mps = 3.6 kmh, mph = 1.609344 kmh, kn = 1.852 kmh, fts = 0.3048 mps
ms = 1/1000 s, min = 60 s, h = 60 min, day = 24 h, week = 7 day, year = 365 day
bit = 1/8 b, kb = 1000 b, mb = 1000 kb, gb = 1000 mb, tb = 1000 gb, pb = 1000 tb, kib = 1024 b, mib = 1024 kib
gib = 1024 mib, tib = 1024 gib, kbit = 1000 bit, mbit = 1000 kbit, gbit = 1000 mbit
hpa = 100 pa, kpa = 10 hpa, mbar = 1 hpa, bar = 1000 mbar, atm = 1013.25 mbar, psi = 6.894757293168 kpa
mmhg = 133.322387415 pa, kj = 1000 j, mj = 1000 kj, cal = 4.184 j, kcal = 1000 cal, wh = 3600 j, kwh = 1000 wh
kw = 1000 w, mw = 1000 kw, hp = 0.745699872 kw
"""
DEFINED = dict(line.split(" = ") for line in DEFINITIONS.strip().replace("\n", ", ").split(", "))


def exact_factor(key: str) -> Fraction:
    """Return how many base units a unit is, by way of its definition."""
    if key not in DEFINED:
        return Fraction(1)
    count, other = DEFINED[key].split()
    return Fraction(count) * exact_factor(other)
