"""How large files are: one, each of a kind, the largest, all together; and the same question of another kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from starter.dialogue import Situation, Task
from starter.families.file_listing import COMMON_ENDINGS, IMPORT, counted, listed, selection
from starter.file_references import Selection, kind_text, known_content, on_top, repeated, request_for, select, task
from starter.numerals import SMALL_WORDS
from starter.pictures import ENDINGS

PICTURES = tuple(f".{ending}" for ending in ENDINGS)
UNITS = {"kB": ("1000", ("kB", "kb", "KB", "kilobytes")), "MB": ("1_000_000", ("MB", "mb", "megabytes"))}


def size(situation: Situation, name: str = "", section: str = "size") -> Task | None:
    """Tell a file's size, now and then in another unit than bytes."""
    rng = situation.rng
    names = [file for file in situation.files if not file.lower().endswith(PICTURES)]  # their size is width and height
    name = name or (rng.choice(names) if names else "")
    if not name:
        return None
    unit, divided, scale = "bytes", "", 1
    texts: Sequence[str] = ("",)
    if section == "size" and rng.random() < 0.2:
        unit = rng.choice(tuple(UNITS))
        (divisor, texts), scale = UNITS[unit], 1000 if unit == "kB" else 10**6
        divided = f" / {divisor}"
    request = request_for(situation, section + (" in unit" if divided else ""), f=name, u=rng.choice(texts))
    situation.done = {"file": name}
    content = known_content(situation, name)
    expression = f'Path("{name}").stat().st_size'
    code = f"{IMPORT}print(round({expression}{divided}, 2))" if divided else f"{IMPORT}print({expression})"
    return task(
        request,
        f"I'll look up the size of {name}.",
        code,
        lambda printed: f"{name} has {printed} {unit}.",
        lambda printed: content is None or abs(float(printed) - len(content) / scale) < 0.006,
        names=(name,),
    )


def sizes(situation: Situation, chosen: Selection | None = None, section: str = "sizes") -> Task | None:
    """Tell the size of each file of a kind."""
    chosen = chosen or _not_empty(situation)
    if not chosen:
        return None
    request = request_for(situation, section, k=chosen.said, place=chosen.place)
    situation.done = {"selection": chosen, "kind": "sizes"}
    code = f'{IMPORT}{chosen.line}for path in files:\n    print(f"{{{chosen.shown}}}: {{path.stat().st_size}} bytes")'

    def agrees(printed: str) -> bool:
        pairs = [line.removesuffix(" bytes").rsplit(": ", 1) for line in printed.splitlines()]
        right = all(_fits(situation, chosen, name, int(number)) for name, number in pairs)
        return right and sorted(name for name, _ in pairs) == sorted(chosen.names)

    message = f"I'll show the sizes of the {chosen.many}."
    return task(request, message, code, lambda printed: repeated(f"The sizes of the {chosen.many}", printed), agrees)


def extreme(situation: Situation, chosen: Selection | None = None, section: str = "") -> Task | None:
    """Tell the largest or the smallest file of a kind."""
    chosen = chosen or _not_empty(situation)
    if not chosen:
        return None
    word, function = situation.rng.choice((("largest", "max"), ("largest", "max"), ("smallest", "min")))
    said = _single(chosen)
    request = request_for(situation, section + word, k=chosen.said, o=said, place=chosen.place)
    situation.done = {"selection": chosen, "kind": word}
    code = (
        f"{IMPORT}{chosen.line}{word} = {function}(files, key=lambda path: path.stat().st_size)\n"
        f'print(f"{{{chosen.shown.replace("path", word, 1)}}}: {{{word}.stat().st_size}} bytes")'
    )

    def agrees(printed: str) -> bool:
        name, number = printed.removesuffix(" bytes").rsplit(": ", 1)
        known = [len(content) for other in chosen.names if (content := _content(situation, chosen, other)) is not None]
        bound = all(int(number) >= each if word == "largest" else int(number) <= each for each in known)
        return bound and name in chosen.names and _fits(situation, chosen, name, int(number))

    message = f"I'll find the {word} of the {chosen.many}."
    return task(request, message, code, lambda printed: f"The {word} {chosen.one} is {printed}.", agrees)


def by_size(situation: Situation) -> Task | None:
    """List files in the order of their sizes: all of a kind, or the few largest or smallest."""
    rng = situation.rng
    chosen = _not_empty(situation)
    if not chosen or len(chosen.names) < 2:
        return None
    order = rng.choice(("largest", "largest", "smallest"))
    number = rng.choice((0, 0, 2, 3, 3, 4, 5, 10))
    written = SMALL_WORDS[number] if rng.random() < 0.3 else str(number)
    section = f"some {order}" if number else f"{order} first"
    request = request_for(situation, section, k=chosen.said, n=written, place=chosen.place)
    situation.done = {"selection": chosen, "kind": "sizes"}
    reverse = ", reverse=True" if order == "largest" else ""
    code = (
        f"{IMPORT}{chosen.line}files.sort(key=lambda path: path.stat().st_size{reverse})\n"
        f"for path in files{f'[:{number}]' if number else ''}:\n"
        f'    print(f"{{{chosen.shown}}}: {{path.stat().st_size}} bytes")'
    )

    def agrees(printed: str) -> bool:
        pairs = [line.removesuffix(" bytes").rsplit(": ", 1) for line in printed.splitlines()]
        numbers = [int(text) for _, text in pairs]
        ordered = numbers == sorted(numbers, reverse=order == "largest")
        right = all(_fits(situation, chosen, name, int(text)) for name, text in pairs)
        expected = min(number, len(chosen.names)) if number else len(chosen.names)
        return ordered and right and len(pairs) == len({name for name, _ in pairs} & {*chosen.names}) == expected

    called = f"The {number} {order} {chosen.many}" if number else f"The {chosen.many} by size"
    message = f"I'll show the {number} {order} {chosen.many}." if number else f"I'll sort the {chosen.many} by size."
    return task(request, message, code, lambda printed: repeated(called, printed), agrees)


def total_size(situation: Situation, chosen: Selection | None = None, section: str = "total size") -> Task | None:
    """Tell the size of all files of a kind together."""
    chosen = chosen or _not_empty(situation)
    if not chosen:
        return None
    request = request_for(situation, section, k=chosen.said, place=chosen.place)
    situation.done = {"selection": chosen, "kind": "total"}
    code = f"{IMPORT}{chosen.line}print(sum(path.stat().st_size for path in files))"
    contents = [_content(situation, chosen, name) for name in chosen.names]
    known = sum(map(len, filter(None, contents)))

    def agrees(printed: str) -> bool:
        return int(printed) >= known and (None in contents or int(printed) == known)

    message = f"I'll add up the sizes of the {chosen.many}."
    return task(request, message, code, lambda printed: f"The {chosen.many} have {printed} bytes in total.", agrees)


def _not_empty(situation: Situation) -> Selection | None:
    for _ in range(3):
        chosen = selection(situation, absent=0) if situation.rng.random() < 0.5 else select(situation, "")
        if chosen.names:
            return chosen
    return None


def _single(chosen: Selection) -> str:
    """Return how a request calls one file of a kind, as far as it has a singular of its own."""
    return "file" if not chosen.ending else chosen.one.split(" in ")[0]


def _content(situation: Situation, chosen: Selection, name: str) -> bytes | None:
    return known_content(situation, f"{chosen.folder}/{name}" if chosen.folder else name)


def _fits(situation: Situation, chosen: Selection, name: str, number: int) -> bool:
    content = _content(situation, chosen, name)
    return content is None or len(content) == number


def other_kind(situation: Situation) -> Task | None:
    """Ask the same of files of another ending: after a list, a count or a total."""
    before: Selection = situation.done["selection"]
    makers = {"list": listed, "count": counted, "total": total_size, "sizes": sizes}
    kind = situation.done["kind"]
    others = {*COMMON_ENDINGS} if kind in ("list", "count") else set()
    endings = Counter(name.rsplit(".", 1)[1] for name in on_top(situation) if not name.endswith(".gz") and "." in name)
    choices = sorted((set(endings) | set(situation.rng.sample(sorted(others), min(1, len(others))))) - {before.ending})
    if kind not in makers or not choices or before.folder or before.everywhere:
        return None
    ending = situation.rng.choice(choices)
    chosen = Selection(ending, kind_text(situation, ending), select(situation, ending).names)
    return makers[kind](situation, chosen, "other kind")
