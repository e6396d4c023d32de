"""PDF documents as requests speak of them, and tasks of one cell about one document."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from starter.dialogue import Situation, Task
from starter.numerals import SMALL_WORDS
from starter.phrasing import load_phrases, say
from starter.picture_gathering import chosen_target, made
from starter.pictures import Document, document_of

PHRASES = load_phrases("documents")
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")
FORMS = ("{}",) * 12 + ("'{}'", '"{}"', "`{}`", "the file {}", "the document {}", "my file {}")
ONLY_FORMS = ("the pdf", "the document", "the pdf file", "my pdf", "this pdf", "this document")
KNOWN_FORMS = ("it", "it", "it", "the document", "the pdf", "that document", "this file")
LAST = "len(pdf) - 1"  # the index of the last page, in code


def known_document(situation: Situation, file: str) -> Document:
    """Return what is known of a document of the folder."""
    document = document_of(situation.contents[file])
    assert document
    return document


def document_text(situation: Situation, file: str) -> str:
    """Return how the request calls the document."""
    rng = situation.rng
    if situation.done.get("document") == file:
        return rng.choice(KNOWN_FORMS)
    if sum(name.endswith(".pdf") for name in situation.files) == 1 and rng.random() < 0.2:
        return rng.choice(ONLY_FORMS)
    return rng.choice(FORMS).format(file)


def about(
    situation: Situation,
    file: str,
    section: str,
    *,
    said: str,
    code: Sequence[str],
    answer: Callable[[str], str],
    truth: str,
    slots: Mapping[str, str] | None = None,
    pattern: str = "",
    created: str = "",
    exact: bool = True,
) -> Task:
    """Return the task of a cell about one document, asked for by a pattern of the section where none is given."""
    rng = situation.rng
    pattern = pattern or PHRASES[section].pick(rng, situation.held_out)
    if situation.done and pattern.startswith(".<f>"):
        pattern = pattern.replace("<f>", file)
    request = say(rng, pattern, {"f": document_text(situation, file), "o": created, **(slots or {})})
    situation.done = {"document": file}
    lines = ["import pypdfium2", f'pdf = pypdfium2.PdfDocument("{file}")', *code]
    return made(
        request,
        said,
        lines,
        answer,
        lambda printed: printed == truth,
        created=created,
        exact=exact,
        names=(file,),
    )


def target_of(situation: Situation, section: str, default: str) -> tuple[str, str]:
    """Return the file to make, and the section's pattern that asks for it."""
    return chosen_target(situation, PHRASES[section].pick(situation.rng, situation.held_out), default, 0.22)


def some_page(situation: Situation, document: Document) -> tuple[int, str, dict[str, str]]:
    """Return the number of a page, its index in code, and what fills the slots for it."""
    rng = situation.rng
    count = len(document.pages)
    n = rng.randint(1, count)
    chance = rng.random()
    if chance < 0.12:
        return count, LAST, {"page": "the last page"}
    if chance < 0.45:
        return n, f"{n} - 1", {"page": f"the {ORDINALS[n - 1]} page"}
    number = SMALL_WORDS[n] if rng.random() < 0.15 else str(n)
    form = rng.choice(("page {}", "page {}", "page {}", "page number {}", "page no. {}"))
    return n, f"{n} - 1", {"page": form.format(number)}


def page_said(index: str, n: int) -> str:
    """Return how messages and answers call a page."""
    return "the last page" if index == LAST else f"page {n}"
