from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from bench_samples import PIXEL, SAMPLES, add_record, record_of, unloadable, write_run, write_transcript
from browser import CHROMIUM, Page, browser

from offline_interpreter.bench.records import TRANSCRIPTS
from offline_interpreter.bench.report import write_report

HOSTILE = (
    '</script><script>document.title="taken"</script><img src=x onerror=alert(1)> \x1b]0;x\x07\x00\u202e & "quoted"'
)

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="needs Chromium (apt-get install chromium)")


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with browser(tmp_path_factory.mktemp("profile")) as found:
        yield found


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_run(tmp_path_factory.mktemp("run"), tasks=40, repeats=2)
    add_record(folder, unloadable("broken-13b", "The model 'broken-13b.gguf' cannot be loaded: it is cut short."))
    write_report([folder], folder)
    return folder / "report.html"


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_run(tmp_path_factory.mktemp("hostile"), tasks=0)
    made = record_of(SAMPLES[0], 1, 0, Random(0))
    path = f"{TRANSCRIPTS}/one/transcript.jsonl"
    texts = {"request": HOSTILE, "printed": HOSTILE, "answer": HOSTILE}
    write_transcript(folder / path, made, **texts)
    names = {"model": HOSTILE, "task": HOSTILE, "family": HOSTILE, "reason": HOSTILE, "quantization": HOSTILE}
    add_record(folder, replace(made, **names, status="failed", transcript=path))
    add_record(folder, unloadable(HOSTILE, HOSTILE))
    write_report([folder], folder)
    return folder / "report.html"


def test_the_page_asks_for_nothing_but_itself_and_complains_of_nothing(page: Page, report: Path) -> None:
    page.open(report, 1280)
    page.value("document.querySelector('.matrix td button').click()")
    assert page.requests == [report.as_uri()]
    assert page.complaints == []


def test_no_address_stands_in_the_page(report: Path) -> None:
    found = set(re.findall(r"\w+://[^\s\"'<]+", report.read_text("utf-8")))
    assert found == {"http://www.w3.org/2000/svg"}  # the name of a vocabulary, which nothing asks for


def test_the_answer_stands_first(page: Page, report: Path) -> None:
    page.open(report, 1280)
    assert re.fullmatch(r"Run qwen2\.5-coder-[37]b\.", page.value("document.querySelector('.advice').innerText"))
    assert page.value("document.querySelectorAll('.choices dt').length") == 3
    assert "it is cut short" in page.value("document.querySelector('.unloadable').innerText")


@pytest.mark.parametrize("column", ["Solved", "Answer, p50", "Model"])
def test_a_heading_sorts_by_its_column_and_then_the_other_way(page: Page, report: Path, column: str) -> None:
    page.open(report, 1280)
    page.value(
        "var heads = [...document.querySelectorAll('.figures thead tr:last-child th')];"
        f"var index = heads.findIndex((head) => head.innerText.trim() === {column!r});"
        "var cells = () => [...document.querySelectorAll('.figures tbody tr')].map((row) => row.cells[index]);"
        "var values = () => cells().map((cell) => cell.dataset.value); 0"
    )
    page.value("heads[index].querySelector('button').click()")
    first, order = page.value("values()"), page.value("heads[index].getAttribute('aria-sort')")
    page.value("heads[index].querySelector('button').click()")
    key = str.casefold if column == "Model" else float
    assert len(first) == len(SAMPLES)
    assert first == sorted(first, key=key, reverse=order == "descending")
    assert page.value("values()") == sorted(first, key=key, reverse=order != "descending")


@pytest.mark.parametrize("width", [400, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_reaches_beyond_the_window_and_no_labels_overlap(
    page: Page, report: Path, width: int, scheme: str
) -> None:
    page.open(report, width, scheme=scheme)
    assert page.value("document.documentElement.scrollWidth") == width
    assert len(boxes(page)) == 2 * len(SAMPLES)
    assert overlaps(boxes(page)) == []


@pytest.mark.parametrize("width", [400, 1280])
def test_names_of_many_models_do_not_overlap_and_all_of_them_are_named(page: Page, tmp_path: Path, width: int) -> None:
    models = [replace(SAMPLES[0], name=f"model-{n}b-instruct", skill=n / 20, token_s=0.004 * n) for n in range(1, 21)]
    write_run(tmp_path, models, tasks=24, transcripts=False)
    write_report([tmp_path], tmp_path)
    page.open(tmp_path / "report.html", width)
    assert overlaps(boxes(page)) == []
    text = page.value(
        "document.querySelector('.scatter').innerText + document.querySelector('.scatter svg').textContent"
    )
    assert [model.name for model in models if model.name.removesuffix("-instruct") not in text] == []


def boxes(page: Page) -> list[list[float]]:
    """Return left, top, right and bottom of each point and each name."""
    found: list[list[float]] = page.value(
        "[...document.querySelectorAll('.scatter .label, .scatter circle')].map((each) => {"
        "const box = each.getBoundingClientRect(); return [box.left, box.top, box.right, box.bottom]; })"
    )
    return found


def overlaps(boxes: list[list[float]]) -> list[tuple[list[float], list[float]]]:
    """Return the pairs that overlap, of which at least one is a name: points lie where they lie."""
    names = [box for box in boxes if box[2] - box[0] > 20]
    return [
        (one, other)
        for one in names
        for other in boxes
        if one is not other and one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_stand_out_from_what_is_behind_them(page: Page, report: Path, scheme: str) -> None:
    page.open(report, 1280, "#attempt-0-0-0-0", scheme=scheme)
    colors = page.value(
        "['.advice', '.facts', '.about', '.count', '.mark.solved', '.mark.failed', '.mark.not_run', '.part pre']"
        ".map((name) => { const found = document.querySelector(name); let behind = found;"
        "while (getComputedStyle(behind).backgroundColor === 'rgba(0, 0, 0, 0)') behind = behind.parentElement;"
        "return [getComputedStyle(found).color, getComputedStyle(behind).backgroundColor]; })"
    )
    assert [pair for pair in colors if contrast(*pair) < 4.5] == []


def contrast(first: str, second: str) -> float:
    """WCAG 2.2: the ratio of two relative luminances."""
    lights = []
    for color in (first, second):
        channels = [int(each) / 255 for each in re.findall(r"\d+", color)[:3]]
        linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels]
        lights.append(0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2])
    return (max(lights) + 0.05) / (min(lights) + 0.05)


def test_an_address_opens_an_attempt_with_its_transcript(page: Page, report: Path) -> None:
    page.open(report, 1280, "#attempt-0-3-1-1")
    text = page.value("document.querySelector('dialog[open]').innerText")
    assert "What is the total of the column amount" in text
    assert "pd.read_csv" in text
    assert page.value("document.querySelectorAll('dialog .others')[1].children.length") == 2


def test_an_attempt_is_opened_and_closed_by_keys(page: Page, report: Path) -> None:
    page.open(report, 1280)
    page.value("document.querySelector('.matrix td button').focus()")
    page.press("Enter")
    assert page.value("new Promise((done) => setTimeout(() => done(location.hash), 0))") == "#attempt-0-0-0-0"
    assert page.value("document.getElementById('attempt').open") is True
    page.press("Escape")
    assert page.value("new Promise((done) => setTimeout(() => done(location.hash), 0))") == ""
    assert page.value("document.getElementById('attempt').open") is False


def test_arrow_keys_lead_to_other_models_and_tasks(page: Page, report: Path) -> None:
    page.open(report, 1280, "#attempt-0-0-0-0")
    page.press("ArrowRight", alt=True)
    page.press("ArrowDown", alt=True)
    assert page.value("new Promise((done) => setTimeout(() => done(location.hash), 0))") == "#attempt-0-1-1-0"
    assert page.value("document.getElementById('attempt').dataset.place") == "0-1-1-0"


def test_tasks_can_be_narrowed_down(page: Page, report: Path) -> None:
    page.open(report, 1280)
    lines = "document.querySelectorAll('.matrix tbody tr:not(.family)').length"
    everything = page.value(lines)
    page.value("document.querySelectorAll('.filters button')[1].click()")
    differing = page.value(lines)
    page.value(
        "var field = document.querySelector('.filters input'); field.value = 'CHARTS-0';"
        "field.dispatchEvent(new Event('input')); 0"
    )
    assert everything == 40
    assert 0 < page.value(lines) < differing < everything


def test_hostile_texts_are_shown_and_do_nothing(page: Page, hostile: Path) -> None:
    page.open(hostile, 1280, "#attempt-0-0-0-0")
    assert page.value("document.title") == "Benchmark report"
    assert page.value("document.querySelectorAll('img').length") == 0
    assert page.value("document.querySelectorAll('script').length") == 2
    text = page.value("document.querySelector('dialog').innerText")
    assert text.count('</script><script>document.title="taken"</script>') >= 5
    assert not re.search(r"[\x00-\x08\x1b\u202e]", page.value("document.documentElement.innerText + " + repr("")))
    assert page.requests == [hostile.as_uri()]
    assert page.complaints == []


def test_a_figure_of_an_attempt_is_seen(page: Page, tmp_path: Path) -> None:
    folder = write_run(tmp_path, tasks=0)
    path = f"{TRANSCRIPTS}/one/transcript.jsonl"
    made = replace(record_of(SAMPLES[0], 1, 0, Random(0)), transcript=path)
    write_transcript(folder / path, made, figure=PIXEL)
    add_record(folder, made)
    write_report([folder], folder)
    page.open(folder / "report.html", 1280, "#attempt-0-0-0-0")
    width = (
        "document.querySelector('dialog img').decode().then(() => document.querySelector('dialog img').naturalWidth)"
    )
    assert page.value(width) == 1
    assert page.complaints == []


def test_several_suites_are_behind_tabs(page: Page, tmp_path: Path) -> None:
    for suite in ("core", "humaneval"):
        write_run(tmp_path, SAMPLES[:2], tasks=24, suite=suite, transcripts=False)
    write_report([tmp_path], tmp_path)
    page.open(tmp_path / "report.html", 1280)
    shown = "[...document.querySelectorAll('.group')].map((group) => group.checkVisibility())"
    assert page.value(shown) == [True, False]
    page.value("document.querySelectorAll('[role=tab]')[1].click()")
    assert page.value(shown) == [False, True]
    assert page.value("document.querySelectorAll('#group-1 .scatter circle').length") == 2
    assert page.complaints == []


def test_thousands_of_attempts_make_a_page_of_bounded_size(page: Page, tmp_path: Path) -> None:
    write_run(tmp_path, SAMPLES[:5], tasks=1300, transcripts=False)
    write_report([tmp_path], tmp_path)
    page.open(tmp_path / "report.html", 1280)
    assert (tmp_path / "report.html").stat().st_size < 3_000_000
    assert page.value("document.querySelectorAll('.matrix tbody tr:not(.family)').length") == 200
    page.value("document.querySelector('.more').click()")
    assert page.value("document.querySelectorAll('.matrix tbody tr:not(.family)').length") == 1200
    assert page.complaints == []
