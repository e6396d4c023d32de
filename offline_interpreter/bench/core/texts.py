"""Tasks with texts: counting words, finding, replacing, and files whose letters are coded in old ways."""

from __future__ import annotations

import re
import statistics
from collections import Counter
from pathlib import Path
from random import Random

from offline_interpreter.bench.core.answers import require_figures, require_number
from offline_interpreter.bench.core.demands import question, require, solution
from offline_interpreter.bench.core.files import read, read_named, text_of
from offline_interpreter.bench.core.invented import TOWNS, WORDS, people
from offline_interpreter.bench.tasks import Attempt, Question, Task

FAMILY = "text"
FILLERS = ("the", "a", "of", "and", "in", "under", "with", "near", "behind", "every", "no", "to")


def _prose(rng: Random, words: int, pool: tuple[str, ...]) -> str:
    """Return sentences of words and fillers, capitalised and punctuated, over several lines."""
    out, sentence = [], []
    weights = [1 / (rank + 2) for rank in range(len(pool))]
    for _ in range(words):
        sentence.append(rng.choices(pool, weights)[0] if rng.random() < 0.55 else rng.choice(FILLERS))
        if len(sentence) > rng.randrange(5, 15):
            out.append(" ".join(sentence).capitalize() + rng.choice((".", ".", "!", "?")))
            sentence = []
    lines = [" ".join(out[at : at + 4]) for at in range(0, len(out), 4)]
    return "\n".join(lines) + "\n"


def _occurrences(rng: Random, folder: Path) -> Question:
    pool = tuple(rng.sample(WORDS, 25))
    text = _prose(rng, 500, pool).replace(f" {pool[2]} ", f" {pool[2]}s ", 3)
    (folder / "story.txt").write_text(text, "utf-8")
    truth = len(re.findall(rf"\b{pool[1]}\b", text, re.I))

    def look(attempt: Attempt) -> None:
        require_number(attempt.answer, truth, "how often the word occurs")

    return question(
        f'How often does the word "{pool[1]}" occur in story.txt? Upper and lower case don\'t matter.',
        look,
        solution(
            f"import re\nprint(len(re.findall(r'\\b{pool[1]}\\b', open('story.txt').read().lower())))",
            f"It occurs {truth} times.",
        ),
        f"It occurs {truth - 1} times.",
    )


def _replaced(rng: Random, folder: Path) -> Question:
    old, new, other = rng.sample(TOWNS, 3)
    text = "".join(
        f"{rng.choice((old, old, other))} and {rng.choice(WORDS)}, {rng.choice(WORDS)}.\n" for _ in range(40)
    )
    (folder / "guide.txt").write_text(text, "utf-8")
    truth = text.count(old)

    def look(attempt: Attempt) -> None:
        made = text_of(read_named(attempt.folder, "guide_new.txt"))
        require(made.split() == text.replace(old, new).split(), "guide_new.txt is not the text with the name replaced.")
        require(text_of(read(attempt.folder, "guide.txt")) == text, "guide.txt itself was changed.")

    code = f"""
        text = open("guide.txt", encoding="utf-8").read()
        open("guide_new.txt", "w", encoding="utf-8").write(text.replace("{old}", "{new}"))
        print(text.count("{old}"))
        """
    return question(
        f"the town {old} is called {new} now. make a guide_new.txt from guide.txt with the new name everywhere, and "
        "leave the old file alone",
        look,
        solution(code, f"I replaced the name {truth} times and saved guide_new.txt."),
        solution(code.replace('text.replace("', 'text.replace("In '), "I saved guide_new.txt."),
    )


def _top_words(rng: Random, folder: Path) -> Question:
    pool = tuple(rng.sample(WORDS, 30))
    while True:
        text = _prose(rng, 900, pool)
        ranked = Counter(word for word in re.findall(r"[a-z]+", text.lower()) if word not in FILLERS).most_common(6)
        if len({count for _, count in ranked}) == 6:
            break
    (folder / "speech.txt").write_text(text, "utf-8")
    (folder / "stopwords.txt").write_text("\n".join(FILLERS) + "\n", "utf-8")
    top = dict(ranked[:5])

    def look(attempt: Attempt) -> None:
        require_figures(attempt.answer, top)

    code = """
        import re
        from collections import Counter
        stop = set(open("stopwords.txt").read().split())
        words = re.findall(r"[a-z]+", open("speech.txt").read().lower())
        for word, count in Counter(word for word in words if word not in stop).most_common(5):
            print(word, count)
        """
    return question(
        "Which five words are the most frequent in speech.txt, and how often does each one occur? Ignore case and "
        "leave out the words in stopwords.txt.",
        look,
        solution(code, "\n".join(f"- {word}: {count}" for word, count in top.items())),
        "\n".join(f"- {word}: {count + 1}" for word, count in top.items()),
    )


def _contacts(rng: Random, folder: Path) -> Question:
    addresses = [name.lower().replace(" ", ".").replace("í", "i") for name in people(rng, 14)]
    addresses = [f"{name}@{rng.choice(('post', 'mail.co', 'office'))}.example" for name in addresses]
    pieces = []
    for address in [*addresses, *rng.sample(addresses, 5)]:
        form = rng.choice(("write to {}.", "<{}>", "mail: {},", "({})", "{}; thanks"))
        pieces.append(f"{rng.choice(WORDS)} {rng.choice(WORDS)} {form.format(rng.choice((address, address.upper())))}")
    pieces += [f"@{rng.choice(WORDS)} said so", f"{rng.choice(WORDS)}@ 9 o'clock"]
    rng.shuffle(pieces)
    (folder / "letters.txt").write_text("\n".join(pieces) + "\n", "utf-8")

    def look(attempt: Attempt) -> None:
        made = text_of(read_named(attempt.folder, "contacts.txt")).split()
        require(made == sorted(addresses), "contacts.txt does not list each address once, in order, in lower case.")

    code = r"""
        import re
        text = open("letters.txt").read().lower()
        found = sorted(set(re.findall(r"[\w.]+@[\w.]*\w", text)))
        open("contacts.txt", "w").write("\n".join(found) + "\n")
        print(len(found))
        """
    return question(
        "Collect the e-mail addresses out of letters.txt into contacts.txt: one per line, all lower case, no "
        "duplicates, in alphabetical order.",
        look,
        solution(code, f"contacts.txt holds {len(addresses)} addresses."),
        solution(code.replace(".lower()", ""), f"contacts.txt holds {len(addresses)} addresses."),
    )


def _masked(rng: Random, folder: Path) -> Question:
    lines, truths = [], []
    for name in people(rng, 18):
        digits = "".join(rng.choice("0123456789") for _ in range(16))
        gap = rng.choice((" ", "-", ""))
        card = gap.join(digits[at : at + 4] for at in range(0, 16, 4))
        hidden = gap.join(("****", "****", "****", digits[12:]))
        order = rng.randrange(10_000, 99_999)
        text = f"{name} paid order {order} with card {{}} on {rng.randrange(1, 28)} May."
        lines.append(text.format(card))
        truths.append(text.format(hidden))
    (folder / "payments.txt").write_text("\n".join(lines) + "\n", "utf-8")

    def look(attempt: Attempt) -> None:
        made = text_of(read_named(attempt.folder, "payments_masked.txt")).splitlines()
        made = [line.rstrip() for line in made if line.strip()]
        require(len(made) == len(truths), "payments_masked.txt does not have as many lines as payments.txt.")
        wrong = [number for number, pair in enumerate(zip(made, truths, strict=True), 1) if pair[0] != pair[1]]
        require(not wrong, f"Line {wrong[:1]} of payments_masked.txt is not as asked.")

    code = r"""
        import re
        text = open("payments.txt", encoding="utf-8").read()
        text, count = re.subn(r"\d{4}([ -]?)\d{4}[ -]?\d{4}[ -]?(\d{4})", r"****\1****\1****\1\2", text)
        open("payments_masked.txt", "w", encoding="utf-8").write(text)
        print(count)
        """
    return question(
        "Before I pass payments.txt on, hide the card numbers: every digit but the last four becomes a *, blanks "
        "and dashes inside a number stay, everything else too. Save it as payments_masked.txt.",
        look,
        solution(code, f"I masked {len(lines)} card numbers."),
        solution(code.replace(r"****\1****\1****\1\2", r"****\2"), f"I masked {len(lines)} card numbers."),
    )


def _encodings(rng: Random, folder: Path) -> Question:
    texts = {}
    for name, coding in (("a_first.txt", "utf-8"), ("b_second.txt", "utf-16"), ("c_third.txt", "cp1252")):
        town = rng.sample(("Zürich", "Łódź" if coding != "cp1252" else "Málaga", "Besançon", "Århus", "Köln"), 4)
        lines = [f"{place}: {rng.randrange(100, 999)} € für {rng.choice(WORDS)} – geprüft" for place in town]
        texts[name] = "\n".join(lines) + "\n"
        (folder / name).write_bytes(texts[name].encode(coding))
    whole = "".join(texts[name] for name in sorted(texts))
    total = sum(int(number) for number in re.findall(r"(\d+) €", whole))

    def look(attempt: Attempt) -> None:
        made = text_of(read_named(attempt.folder, "all.txt"))
        require(
            made.split() == whole.split(), "all.txt does not hold the three texts in order with every letter right."
        )
        require_number(attempt.answer, total, "the sum")

    code = """
        import re
        text = ""
        for name, coding in (("a_first.txt", "utf-8"), ("b_second.txt", "utf-16"), ("c_third.txt", "cp1252")):
            text += open(name, encoding=coding).read()
        open("all.txt", "w", encoding="utf-8").write(text)
        print(sum(int(n) for n in re.findall(r"(\\d+) €", text)))
        """
    return question(
        "The three .txt files here come from three old computers. Join them in the order of their names into one "
        "file all.txt in UTF-8. No letter may be broken: umlauts, accents, the € and the dashes have to be right. "
        "And what do all the amounts in € add up to?",
        look,
        solution(code, f"all.txt is written; the amounts add up to {total} €."),
        solution(code.replace('"cp1252"', '"latin-1"'), f"all.txt is written; the amounts add up to {total} €."),
    )


def _log(rng: Random, folder: Path) -> Question:
    pages = ("/", "/login", "/cart", "/search", "/api/items")
    lines: list[str] = []
    failed, spent = Counter[str](), {page: list[int]() for page in pages}
    for _ in range(700):
        page, took = rng.choice(pages), int(rng.lognormvariate(4.2, 0.7))
        status = rng.choices((200, 304, 404, 500, 502, 503), (80, 6, 5, 4, 3, 2))[0]
        query = rng.choice(("", "", f"?q={rng.choice(WORDS)}"))
        stamp = f"{rng.randrange(1, 29):02}/Mar/2024:{rng.randrange(24):02}:{rng.randrange(60):02}"
        lines.append(f'10.0.{rng.randrange(9)}.{rng.randrange(255)} [{stamp}] "GET {page}{query}" {status} {took}ms')
        failed[page] += status >= 500
        spent[page].append(took)
        if status == 500:
            lines += ["  Traceback: worker gave up", f"    after 500 503 tries in /{rng.choice(WORDS)}"]
    (folder / "access.log").write_text("\n".join(lines) + "\n", "utf-8")
    slowest = max(pages, key=lambda page: statistics.median(spent[page]))
    median = statistics.median(spent[slowest])

    def look(attempt: Attempt) -> None:
        require_figures(attempt.answer, {page: failed[page] for page in pages if page != "/"})
        require_number(attempt.answer, failed["/"], "how often / failed")
        require_number(attempt.answer, median, "the highest median", 1)

    code = r"""
        import re, statistics
        from collections import defaultdict
        failed, spent = defaultdict(int), defaultdict(list)
        for line in open("access.log"):
            if m := re.match(r'\S+ \[.*?\] "GET ([^?"]+).*" (\d+) (\d+)ms', line):
                failed[m[1]] += m[2][0] == "5"
                spent[m[1]].append(int(m[3]))
        for page in sorted(failed):
            print(page, failed[page], statistics.median(spent[page]))
        """
    counts = "\n".join(f"{page}: {failed[page]}" for page in pages)
    return question(
        "access.log is from our web shop. How many requests failed with a status of 500 or above, for each page? "
        "Whatever follows a question mark in the address doesn't make it another page. Also tell me the page with "
        "the highest median response time and that median in ms.",
        look,
        solution(code, f"{counts}\n\nThe slowest by median is {slowest}, with {median:g} ms."),
        f"{counts}\n\nThe slowest by median is {slowest}, with {statistics.fmean(spent[slowest]):.1f} ms.",
    )


TASKS = (
    Task("text-occurrences", FAMILY, "easy", (), _occurrences),
    Task("text-replaced", FAMILY, "easy", (), _replaced),
    Task("text-top-words", FAMILY, "medium", (), _top_words),
    Task("text-contacts", FAMILY, "medium", (), _contacts),
    Task("text-masked", FAMILY, "medium", (), _masked),
    Task("text-encodings", FAMILY, "hard", (), _encodings),
    Task("text-log", FAMILY, "hard", (), _log),
)
