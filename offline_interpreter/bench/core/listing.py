"""Tasks with lists: what stands in a request or in a short file, and is sorted, compared or counted."""

from __future__ import annotations

import statistics
from pathlib import Path
from random import Random

from offline_interpreter.bench.core.answers import require_figures, require_number, require_order
from offline_interpreter.bench.core.demands import question, require, solution
from offline_interpreter.bench.core.files import read_named, text_of
from offline_interpreter.bench.core.invented import FIRST_NAMES, people
from offline_interpreter.bench.tasks import Attempt, Question, Task

FAMILY = "lists"


def _median(rng: Random, folder: Path) -> Question:
    values = rng.sample(range(100, 1000, 2), 10)
    upper = sorted(values)[5]
    values[values.index(upper)] = upper + 1  # so that the median is none of them
    truth = statistics.median(values)

    def look(attempt: Attempt) -> None:
        require_number(attempt.answer, truth, "the median")

    shown = ", ".join(map(str, values))
    return question(
        f"Whats the median of these numbers: {shown}",
        look,
        solution(f"import statistics\nprint(statistics.median([{shown}]))", f"The median is {truth}."),
        f"The median is {sorted(values)[5]}, of {shown}.",
    )


def _sorted_names(rng: Random, folder: Path) -> Question:
    names = rng.sample(FIRST_NAMES, 9)
    written = [name.lower() if rng.random() < 0.3 else name for name in names]
    ordered = sorted(names, key=str.casefold)

    def look(attempt: Attempt) -> None:
        require_order(attempt.answer, ordered)

    return question(
        f"Please put these names in alphabetical order, no matter how they are capitalised: {', '.join(written)}",
        look,
        solution(f"print(*sorted({written}, key=str.casefold), sep=', ')", ", ".join(ordered)),
        ", ".join(sorted(names, key=str.casefold, reverse=True)),
    )


def _outliers(rng: Random, folder: Path) -> Question:
    values = [round(rng.gauss(21.5, 0.8), 1) for _ in range(60)]
    for place in rng.sample(range(60), 3):
        values[place] = round(rng.choice((15.0, 28.0)) + rng.uniform(-1, 1), 1)
    (folder / "readings.txt").write_text("\n".join(map(str, values)) + "\n", "utf-8")
    mean, spread = statistics.fmean(values), statistics.pstdev(values)
    kept = [value for value in values if abs(value - mean) <= 2 * spread]
    truth = statistics.fmean(kept)

    def look(attempt: Attempt) -> None:
        require_number(attempt.answer, len(values) - len(kept), "how many readings are left out")
        require_number(attempt.answer, truth, "the mean of the rest", 3)

    code = """
        import numpy as np
        x = np.loadtxt("readings.txt")
        kept = x[abs(x - x.mean()) <= 2 * x.std()]
        print(len(x) - len(kept), f"{kept.mean():.3f}")
        """
    return question(
        "readings.txt holds one temperature per line. Leave out all that are more than two standard deviations away "
        "from the mean (once, with the population standard deviation of all readings). How many are left out, and "
        "what is the mean of the others, to three decimals?",
        look,
        solution(code, f"{len(values) - len(kept)} readings are left out; the mean of the others is {truth:.3f}."),
        f"{len(values) - len(kept)} readings are left out; the mean of the others is {mean:.3f}.",
    )


def _addresses(rng: Random, folder: Path) -> Question:
    everybody = [name.lower().replace(" ", ".").replace("í", "i") + "@example.org" for name in people(rng, 40)]
    spring, autumn = sorted(rng.sample(everybody, 26)), sorted(rng.sample(everybody, 24))
    for name, group in (("spring.txt", spring), ("autumn.txt", autumn)):
        lines = [rng.choice((one, one.upper(), one.title(), f"  {one} ")) for one in rng.sample(group, len(group))]
        lines += [lines[0], "", lines[3].strip()]
        (folder / name).write_text("\n".join(lines) + "\n", "utf-8")
    both, lost = sorted({*spring} & {*autumn}), sorted({*spring} - {*autumn})

    def look(attempt: Attempt) -> None:
        require_number(attempt.answer, len(both), "how many came both times")
        made = text_of(read_named(attempt.folder, "lost.txt")).split()
        require(
            [line.lower() for line in made] == lost, "lost.txt does not hold the right addresses in order, once each."
        )

    code = """
        def people(name):
            return {line.strip().lower() for line in open(name) if line.strip()}
        spring, autumn = people("spring.txt"), people("autumn.txt")
        with open("lost.txt", "w") as f:
            f.write("\\n".join(sorted(spring - autumn)) + "\\n")
        print(len(spring & autumn))
        """
    return question(
        "I have the email addresses of our visitors in spring.txt and autumn.txt, typed in by hand, so upper and lower "
        "case and blanks are a mess. How many people came both times? And write those who came in spring but not in "
        "autumn to lost.txt, lower case, sorted, each once.",
        look,
        solution(code, f"{len(both)} people came both times; lost.txt lists the others of spring."),
        solution(code.replace(".lower()", ""), f"{len(both)} people came both times; lost.txt lists the others."),
    )


def _clock(minutes: int) -> str:
    return f"{minutes // 60 % 24:02}:{minutes % 60:02}"


def _shifts(rng: Random, folder: Path) -> Question:
    lines, worked = [], {}
    names = rng.sample(FIRST_NAMES, 4)
    for name in names:
        busy: set[int] = set()
        for _ in range(7):
            start = rng.randrange(0, 6 * 1440, 5)
            length = rng.randrange(60, 560, 5)
            busy |= set(range(start, start + length))
            lines.append(f"{name}: day {start // 1440 + 1} {_clock(start)}-{_clock(start + length)}")
        worked[name] = len(busy)
    rng.shuffle(lines)
    (folder / "shifts.txt").write_text("\n".join(lines) + "\n", "utf-8")

    def look(attempt: Attempt) -> None:
        require_figures(attempt.answer, worked)

    code = """
        import re
        from collections import defaultdict
        busy = defaultdict(set)
        for line in open("shifts.txt", encoding="utf-8"):
            name, day, h, m, h2, m2 = re.match(r"(.+): day (\\d+) (\\d+):(\\d+)-(\\d+):(\\d+)", line).groups()
            start, end = int(h) * 60 + int(m), int(h2) * 60 + int(m2)
            end += 1440 if end <= start else 0
            busy[name] |= {int(day) * 1440 + t for t in range(start, end)}
        for name, minutes in busy.items():
            print(f"{name}: {len(minutes)}")
        """
    with_overlaps = {name: minutes + 60 for name, minutes in worked.items()}
    return question(
        "shifts.txt lists who was on duty when. A shift whose end is not later than its start goes past midnight "
        "into the next day. Some shifts of one person overlap, and that time counts only once. For each person: how "
        "many minutes were they on duty in all? One line each, name and minutes.",
        look,
        solution(code, "\n".join(f"{name}: {minutes}" for name, minutes in worked.items())),
        "\n".join(f"{name}: {minutes}" for name, minutes in with_overlaps.items()),
    )


TASKS = (
    Task("lists-median", FAMILY, "easy", (), _median),
    Task("lists-names", FAMILY, "easy", (), _sorted_names),
    Task("lists-outliers", FAMILY, "medium", ("numpy",), _outliers),
    Task("lists-addresses", FAMILY, "medium", (), _addresses),
    Task("lists-shifts", FAMILY, "hard", (), _shifts),
)
