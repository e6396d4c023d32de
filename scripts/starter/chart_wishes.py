"""What people wish of a chart beside what it shows: a title, a color, labels, a grid, a size, the best few, a file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import PurePath
from random import Random
from typing import TypeVar

from starter.dialogue import Situation
from starter.drawings import Chart
from starter.names import WORDS, made_up_name
from starter.phrasing import expand, load_phrases

PHRASES = load_phrases("charts")
COLORS = (
    *("red", "red", "green", "green", "blue", "orange", "purple", "black", "gray", "grey", "brown", "pink", "yellow"),
    *(
        "darkgreen",
        "lightblue",
        "darkblue",
        "darkred",
        "lightgreen",
        "turquoise",
        "magenta",
        "cyan",
        "violet",
        "salmon",
    ),
    *("teal", "navy", "gold"),
)
SPACED = {"darkgreen": "dark green", "lightblue": "light blue", "darkblue": "dark blue", "darkred": "dark red"}
SPACED |= {"lightgreen": "light green"}
FORMATS = ("pdf", "pdf", "svg", "jpg", "png", "jpeg")
TITLE_FORMS = (
    *("{a} {y}", "{a} by {g}", "{a} per {g}", "{a} in {y}", "my {a}", "our {a}", "the {a} of {y}", "{a} and {b}"),
    *("{a} of the {g}", "{m}", "{m} {y}", "{a} {m}", "{g} overview", "{a} report", "{a} report {y}", "how {a} changed"),
    *("{a} at {m}", "all {a}", "{b} and {a} of {m}", "{a} from {y} to now", "{m} {a} {y}", "{a} (in {m})", "{a}, {y}"),
)
STEM_FORMS = ("NAME", "NAME", "KIND_NAME", "NAME_KIND", "my_NAME", "NAME-NUMBER", "NAMENUMBER", *("WORD",) * 5)
STEMS = ("chart", "plot", "figure1", "result", "graph", "output", "picture", "figure", "image", "chart1", "fig1")
LABEL_FORMS = ("{a}", "{g}", "{m}", "{a} in {m}", "{a} {y}", "{a} (EUR)", "{a} in kg", "number of {a}", "{g} name")

Drawn = TypeVar("Drawn", bound=Chart)
Slots = dict[str, str]


def add_wishes(situation: Situation, chart: Drawn, pattern: str) -> tuple[Drawn, str, Slots]:
    """Return the chart with what a person wishes of it, the pattern with these wishes, and what fills its new slots."""
    rng = situation.rng
    slots: Slots = {}
    for chance, wish in (
        (0.09, _color),
        (0.12, _title),
        (0.06, _labels),
    ):
        if rng.random() < chance:
            changed = wish(rng, chart)
            if changed:
                chart, section, filled = changed
                pattern, slots = _with(situation, pattern, section), slots | filled
    chance = rng.random()
    if chance < 0.22:
        file = file_wish(rng, chart.kind)
        return replace(chart, file=file), _with(situation, pattern, "save"), slots | {"png": file}
    if chance < 0.28:
        ending = rng.choice(FORMATS)
        file = str(PurePath(chart.file).with_suffix(f".{ending}"))
        return replace(chart, file=file), _with(situation, pattern, "format"), slots | {"ending": spelled(rng, ending)}
    return chart, pattern, slots


def _with(situation: Situation, pattern: str, section: str) -> str:
    added = expand(situation.rng, PHRASES[section].pick(situation.rng, situation.held_out)[1:])
    loose = "title: <" in added or added.endswith((" <title>", " <x>", " <y>"))  # a polite word would belong to it
    kind = "." if loose or pattern[0] == "?" else pattern[0]
    return f"{kind}{pattern[1:]}{'' if added.startswith(',') else ' '}{added}"


def color_words(rng: Random) -> tuple[str, str]:
    """Return a color as people write it, and as code does."""
    color = rng.choice(COLORS)
    return (SPACED[color] if color in SPACED and rng.random() < 0.6 else color), color


def file_wish(rng: Random, kind: str) -> str:
    """Return the name of a picture's file."""
    stem = rng.choice(STEM_FORMS if rng.random() < 0.85 else STEMS)
    name = made_up_name(rng) if rng.random() < 0.5 else rng.choice(WORDS["file"].train)
    word = f"{rng.choice(WORDS['number column'].train)}_{rng.choice(WORDS['file'].train)}"
    stem = stem.replace("NAME", name).replace("KIND", kind).replace("NUMBER", str(rng.randrange(1, 2030)))
    return f"{stem.replace('WORD', word)}.{rng.choice(FORMATS if rng.random() < 0.35 else ('png',))}"


def title_wish(rng: Random) -> str:
    """Return words for a title."""
    title = rng.choice(TITLE_FORMS).format(**_words(rng))
    return title.capitalize() if rng.random() < 0.6 else title.title() if rng.random() < 0.2 else title


def label_wish(rng: Random) -> str:
    """Return words for an axis."""
    label = rng.choice(LABEL_FORMS).format(**_words(rng))
    return label[0].upper() + label[1:] if rng.random() < 0.5 else label


def _words(rng: Random) -> dict[str, str]:
    first, second = rng.sample(list(WORDS["number column"].train), 2)
    group = rng.choice(WORDS["group column"].train)
    return {"a": first, "b": second, "g": group, "m": made_up_name(rng).capitalize(), "y": str(rng.randint(1995, 2032))}


def spelled(rng: Random, ending: str) -> str:
    """Return an ending as people write it."""
    return ending.upper() if rng.random() < 0.4 else ending


def _color(rng: Random, chart: Drawn) -> tuple[Drawn, str, Slots] | None:
    if chart.kind == "pie" or chart.look.color:
        return None
    text, color = color_words(rng)
    return _looking(chart, color=color), "color", {"color": text}


def _title(rng: Random, chart: Drawn) -> tuple[Drawn, str, Slots] | None:
    if chart.look.title:
        return None
    title = title_wish(rng)
    return _looking(chart, title=title), "title", {"title": title}


def _labels(rng: Random, chart: Drawn) -> tuple[Drawn, str, Slots] | None:
    if chart.kind == "pie":
        return None
    x, y = label_wish(rng), label_wish(rng)
    section = rng.choice(("x label", "y label", "both labels"))
    wanted = {"x_label": x if section != "y label" else "", "y_label": y if section != "x label" else ""}
    return _looking(chart, **wanted), section, {"x": x, "y": y}


def _looking(chart: Drawn, **changes: object) -> Drawn:
    make: Callable[..., Drawn] = replace
    return make(chart, look=replace(chart.look, **changes))
