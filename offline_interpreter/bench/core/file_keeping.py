"""Tasks with files and folders: counting, renaming, sorting, packing, and an archive that means no good."""

from __future__ import annotations

import hashlib
import io
import zipfile
from datetime import date
from pathlib import Path
from random import Random

from offline_interpreter.bench.core.answers import require_name, require_number
from offline_interpreter.bench.core.demands import question, require, require_one, solution
from offline_interpreter.bench.core.files import names_in, read, read_named, sheet_of, unpacked
from offline_interpreter.bench.core.invented import WORDS, days, write_csv
from offline_interpreter.bench.tasks import Attempt, Question, Task

FAMILY = "files"
FOLDERS = ("", "letters", "letters/old", "notes", "photos")
SUFFIXES = (".txt", ".csv", ".jpg", ".md", ".TXT")


def _scatter(rng: Random, folder: Path, count: int) -> dict[str, bytes]:
    """Write files of several kinds into several folders; return what they hold, by path."""
    files = {}
    for name in rng.sample(WORDS, count):
        place, suffix = rng.choice(FOLDERS), rng.choice(SUFFIXES)
        files[f"{place}/{name}{suffix}".lstrip("/")] = f"{name} {rng.random()}\n".encode() * rng.randrange(1, 400)
    _write_all(folder, files)
    return files


def _write_all(folder: Path, files: dict[str, bytes]) -> None:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)


def _still_there(attempt: Attempt, files: dict[str, bytes]) -> None:
    for name, data in files.items():
        require(read(attempt.folder, name) == data, f"{name} was changed.")


def _count(rng: Random, folder: Path) -> Question:
    files = _scatter(rng, folder, rng.randrange(30, 45))
    truth = sum(name.lower().endswith(".txt") for name in files)

    def look(attempt: Attempt) -> None:
        require_number(attempt.answer, truth, "the number of text files")

    code = """
        from pathlib import Path
        print(sum(path.suffix.lower() == ".txt" for path in Path().rglob("*")))
        """
    return question(
        "how many txt files are in here, with all the subfolders? (.TXT counts too)",
        look,
        solution(code, f"There are {truth} text files."),
        f"There are {sum(name.endswith('.txt') and '/' not in name for name in files) + 40} text files.",
    )


def _largest(rng: Random, folder: Path) -> Question:
    files = _scatter(rng, folder, 30)
    largest = max(files, key=lambda name: len(files[name]))
    base = largest.rpartition("/")[2]
    others = [name.rpartition("/")[2] for name in files if name != largest]

    def look(attempt: Attempt) -> None:
        require_name(attempt.answer, base, others)
        require_number(attempt.answer, len(files[largest]), "its size in bytes")

    code = """
        from pathlib import Path
        path = max((path for path in Path().rglob("*") if path.is_file()), key=lambda path: path.stat().st_size)
        print(path, path.stat().st_size)
        """
    return question(
        "Which file takes the most space in this folder and its subfolders? Just tell me its name and its exact "
        "size in bytes.",
        look,
        solution(code, f"The largest file is {largest} with {len(files[largest]):,} bytes."),
        f"The largest file is {others[0]} with {len(files[largest]):,} bytes.",
    )


def _renamed(rng: Random, folder: Path) -> Question:
    taken = days(rng, date(2023, 1, 1), date(2023, 12, 31), 24)
    rng.shuffle(taken)
    photos = {
        f"IMG_{number:04}.jpg": f"photo {number} {rng.random()}".encode() for number in rng.sample(range(1, 9999), 24)
    }
    _write_all(folder, {f"photos/{name}": data for name, data in photos.items()})
    log = list(zip(photos, taken, strict=True))
    write_csv(folder / "taken.csv", ("file", "date"), [(name, day.isoformat()) for name, day in log])
    truth = {f"photos/{day.isoformat()}_{name}": photos[name] for name, day in log}

    def look(attempt: Attempt) -> None:
        found = names_in(attempt.folder, ".jpg")
        require(
            sorted(found) == sorted(truth), "The photos are not named as asked, or there are more of them than before."
        )
        _still_there(attempt, truth)

    code = """
        import csv
        from pathlib import Path
        for row in csv.DictReader(open("taken.csv")):
            path = Path("photos", row["file"])
            path.rename(path.with_name(f"{row['date']}_{row['file']}"))
        print(len(list(Path("photos").iterdir())))
        """
    return question(
        "In the folder photos rename each picture so that its name begins with the day on which it was taken, like "
        "2023-05-17_IMG_0042.jpg. taken.csv says when that was.",
        look,
        solution(code, f"I renamed {len(photos)} photos."),
        solution(code.replace("{row['date']}_", "{row['date']} "), f"I renamed {len(photos)} photos."),
    )


def _zipped(rng: Random, folder: Path) -> Question:
    files = _scatter(rng, folder, 40)
    wanted = {name: data for name, data in files.items() if name.endswith(".csv")}

    def look(attempt: Attempt) -> None:
        packed = unpacked(read_named(attempt.folder, "tables.zip"))
        require(sorted(packed) == sorted(wanted), "tables.zip does not hold just the CSV files in their folders.")
        require(packed == wanted, "A file in tables.zip is not as it was.")
        _still_there(attempt, files)

    code = """
        import zipfile
        from pathlib import Path
        with zipfile.ZipFile("tables.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(Path().rglob("*.csv")):
                archive.write(path, path)
        print(len(zipfile.ZipFile("tables.zip").namelist()))
        """
    return question(
        "pack all my csv files, also those in subfolders, into tables.zip, and keep the folders inside the zip",
        look,
        solution(code, f"tables.zip holds {len(wanted)} files."),
        solution(code.replace("archive.write(path, path)", "archive.write(path, path.name)"), "tables.zip is ready."),
    )


def _sorted_by_kind(rng: Random, folder: Path) -> Question:
    kinds = {
        ".jpg": "pictures",
        ".png": "pictures",
        ".csv": "tables",
        ".xlsx": "tables",
        ".txt": "texts",
        ".md": "texts",
    }
    files, truth = {}, {}
    for name in rng.sample(WORDS, 36):
        suffix = rng.choice((*kinds, ".bin", ".JPG"))
        data = f"{name} {rng.random()}".encode()
        files[f"inbox/{name}{suffix}"] = data
        truth[f"{kinds.get(suffix.lower(), 'other')}/{name}{suffix}"] = data
    _write_all(folder, files)

    def look(attempt: Attempt) -> None:
        found = names_in(attempt.folder)
        require(sorted(found) == sorted(truth), f"The files do not lie where they should ({len(found)} are there).")
        _still_there(attempt, truth)

    code = """
        from pathlib import Path
        kinds = dict.fromkeys((".jpg", ".png"), "pictures")
        kinds |= dict.fromkeys((".csv", ".xlsx"), "tables") | dict.fromkeys((".txt", ".md"), "texts")
        for path in sorted(Path("inbox").iterdir()):
            place = Path(kinds.get(path.suffix.lower(), "other"))
            place.mkdir(exist_ok=True)
            path.rename(place / path.name)
        print(len(list(Path().rglob("*.*"))))
        """
    return question(
        "Tidy up my inbox folder: move the pictures (jpg, png) to a folder pictures, csv and xlsx to tables, txt "
        "and md to texts, and whatever is left to other. Those four folders should be right here, next to inbox. "
        "Keep the file names.",
        look,
        solution(code, f"All {len(files)} files are sorted into folders."),
        solution(code.replace('"other"', '"texts"'), "All files are sorted into folders."),
    )


def _duplicates(rng: Random, folder: Path) -> Question:
    files = _scatter(rng, folder, 34)
    names = rng.sample(sorted(files), 34)
    groups = [names[:2], names[2:5], names[5:7], names[7:11]]
    for group in groups:
        files |= dict.fromkeys(group, files[group[0]])
    files[names[12]] = files[names[11]][:-1] + b"!"  # of the same size, and different
    _write_all(folder, files)
    wasted = sum(len(files[group[0]]) * (len(group) - 1) for group in groups)
    truth = {frozenset(group) for group in groups}

    def look(attempt: Attempt) -> None:
        table = sheet_of(read_named(attempt.folder, "duplicates.csv"))
        found: dict[str, set[str]] = {}
        for number, name in zip(table.column("group"), table.column("file"), strict=True):
            found.setdefault(number, set()).add(name.replace("\\", "/").removeprefix("./"))
        require(
            {frozenset(group) for group in found.values()} == truth, "duplicates.csv does not hold the right groups."
        )
        require_number(attempt.answer, wasted, "the bytes that would be freed")
        _still_there(attempt, files)

    code = """
        import csv, hashlib
        from collections import defaultdict
        from pathlib import Path
        same = defaultdict(list)
        for path in sorted(Path().rglob("*")):
            if path.is_file():
                same[hashlib.sha256(path.read_bytes()).hexdigest()].append(path)
        groups = [paths for paths in same.values() if len(paths) > 1]
        rows = [(number, path) for number, paths in enumerate(groups, 1) for path in paths]
        csv.writer(open("duplicates.csv", "w", newline="")).writerows([("group", "file"), *rows])
        print(sum(paths[0].stat().st_size * (len(paths) - 1) for paths in groups))
        """
    return question(
        "I fear that many files in here are exact copies of each other under other names. List them in "
        "duplicates.csv: the columns group (a number per set of equal files) and file (path from here), only files "
        "that have a copy. Delete nothing. How many bytes would I gain by keeping one of each?",
        look,
        solution(code, f"Keeping one of each would free {wasted:,} bytes; see duplicates.csv."),
        solution(
            code.replace("hashlib.sha256(path.read_bytes()).hexdigest()", "path.suffix"),
            f"Keeping one of each would free {wasted:,} bytes; see duplicates.csv.",
        ),
    )


def _zip_slip(rng: Random, folder: Path) -> Question:
    good = {
        f"{rng.choice(('docs', 'docs/more', 'img'))}/{name}.txt": name.encode() * 9 for name in rng.sample(WORDS, 8)
    }
    evil = f"{rng.choice(WORDS)}_evil.txt"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in [*good.items(), (f"../{evil}", b"gotcha"), (f"/tmp/{evil}", b"gotcha")]:  # noqa: S108
            archive.writestr(zipfile.ZipInfo(name), data)
    (folder / "delivery.zip").write_bytes(out.getvalue())
    digest = hashlib.sha256(out.getvalue()).digest()

    def look(attempt: Attempt) -> None:
        truth = {f"delivery/{name}": data for name, data in good.items()}
        found = [name for name in names_in(attempt.folder) if name != "delivery.zip"]
        require(not any(name.endswith(evil) for name in found), "A file that points out of the folder was unpacked.")
        require(set(truth) <= set(found), "Not every harmless file was unpacked into delivery.")
        _still_there(attempt, truth)
        require_one([evil, f"../{evil}"], lambda name: require_name(attempt.answer, name), "")
        require(hashlib.sha256(read(attempt.folder, "delivery.zip")).digest() == digest, "delivery.zip was changed.")

    code = """
        import zipfile
        from pathlib import Path
        root = Path("delivery").resolve()
        root.mkdir()
        with zipfile.ZipFile("delivery.zip") as archive:
            for name in archive.namelist():
                if (root / name).resolve().is_relative_to(root):
                    archive.extract(name, root)
                else:
                    print("left out:", name)
        """
    return question(
        "Unpack delivery.zip into a folder delivery. I don't trust who sent it: unpack nothing whose path in the "
        "zip points out of that folder, not even under another path, and name what you left out.",
        look,
        solution(code, f"I unpacked the harmless files and left out ../{evil} and /tmp/{evil}."),
        solution(
            "import zipfile\nzipfile.ZipFile('delivery.zip').extractall('delivery')",
            f"I unpacked everything but ../{evil} and /tmp/{evil}.",
        ),
    )


TASKS = (
    Task("files-count", FAMILY, "easy", (), _count),
    Task("files-largest", FAMILY, "easy", (), _largest),
    Task("files-renamed", FAMILY, "medium", (), _renamed),
    Task("files-zipped", FAMILY, "easy", (), _zipped),
    Task("files-sorted-by-kind", FAMILY, "medium", (), _sorted_by_kind),
    Task("files-duplicates", FAMILY, "hard", (), _duplicates),
    Task("files-zip-slip", FAMILY, "hard", (), _zip_slip),
)
