"""PDF documents: their pages, size and text; and what else can be asked about them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePath

from starter.answers import LONGEST_LIST
from starter.dialogue import Situation, Task
from starter.document_references import about, known_document, page_said, some_page, target_of
from starter.families.codes import make as make_code
from starter.families.document_files import FILE_KINDS, merged
from starter.picture_gathering import NAME
from starter.pictures import WORDS, documents_in, lay_documents

__all__ = ["NAME", "follow_up", "make", "prepare"]
READ = '.get_textpage().get_text_bounded().replace("\\r", "")'
ALL_TEXT = f'text = "\\n".join(page{READ} for page in pdf)'


def prepare(situation: Situation) -> None:
    """Lay PDF documents into the folder."""
    lay_documents(situation, situation.rng.choice((1, 1, 1, 2, 2, 3)))


def make(situation: Situation) -> Task:
    """Return a task of this family."""
    documents = documents_in(situation)
    situation.done = {}
    if not documents:
        return make_code(situation)
    kinds = KINDS | {merged: 3.5} if len(documents) > 1 else KINDS
    return situation.rng.choices(tuple(kinds), tuple(kinds.values()))[0](situation, situation.rng.choice(documents))


def follow_up(situation: Situation) -> Task | None:
    """Return a request that goes on with the document of the one before."""
    file = situation.done.get("document", "")
    if not file:
        return None
    return situation.rng.choice(tuple(KINDS))(situation, file)


def _repeated(lead: str, printed: str) -> str:
    lines = printed.splitlines()
    return f"{lead} is shown above." if len(lines) > LONGEST_LIST else f"{lead}:\n{printed}"


# -- pages and text ---------------------------------------------------------------------------------------------------


def _page_count(situation: Situation, file: str) -> Task:
    truth = str(len(known_document(situation, file).pages))
    return about(
        situation,
        file,
        "page count",
        said=f"count the pages of {file}",
        code=["print(len(pdf))"],
        answer=lambda printed: f"{file} has {printed} pages.",
        truth=truth,
    )


def _page_size(situation: Situation, file: str) -> Task:
    document = known_document(situation, file)
    code = ["width, height = pdf[0].get_size()", 'print(round(width), "x", round(height))']
    return about(
        situation,
        file,
        "page size",
        said=f"get the page size of {file}",
        code=code,
        answer=lambda printed: f"The pages of {file} are {printed} points.",
        truth=f"{document.width} x {document.height}",
    )


def _text(situation: Situation, file: str) -> Task:
    truth = "\n".join(line for page in known_document(situation, file).pages for line in page)
    return about(
        situation,
        file,
        "text",
        said=f"read the text of {file}",
        code=[ALL_TEXT, "print(text)"],
        answer=lambda printed: _repeated(f"The text of {file}", printed),
        truth=truth,
    )


def _page_text(situation: Situation, file: str) -> Task:
    document = known_document(situation, file)
    n, index, slots = some_page(situation, document)
    return about(
        situation,
        file,
        "page text",
        said=f"read the text of {page_said(index, n)} of {file}",
        code=[f"text = pdf[{index}]{READ}", "print(text)"],
        answer=lambda printed: _repeated(f"The text of {page_said(index, n)} of {file}", printed),
        truth="\n".join(document.pages[n - 1]),
        slots=slots,
    )


def _text_file(situation: Situation, file: str) -> Task:
    target, pattern = target_of(situation, "text file", f"{PurePath(file).stem}.txt")
    text = "\n".join(line for page in known_document(situation, file).pages for line in page)
    code = [ALL_TEXT, f'open("{target}", "w", encoding="utf-8").write(text)', "print(len(text))"]
    return about(
        situation,
        file,
        "text file",
        said=f"save the text of {file}",
        code=code,
        answer=lambda printed: f"Saved as {target} ({printed} characters).",
        truth=str(sum(map(len, text.splitlines())) + text.count("\n")),
        pattern=pattern,
        created=target,
    )


def _word_count(situation: Situation, file: str) -> Task:
    truth = sum(line.count(" ") + 1 for page in known_document(situation, file).pages for line in page)
    return about(
        situation,
        file,
        "word count",
        said=f"count the words of {file}",
        code=[ALL_TEXT, "print(len(text.split()))"],
        answer=lambda printed: f"{file} has {printed} words.",
        truth=str(truth),
    )


def _mentions(situation: Situation, file: str) -> Task:
    rng = situation.rng
    pages = [" ".join(lines) for lines in known_document(situation, file).pages]
    words = [word.strip(".") for page in pages for word in page.split()]
    word = rng.choice(words) if rng.random() < 0.75 else rng.choice(WORDS["text word"].train)
    found = [str(number) for number, page in enumerate(pages, 1) if page.lower().count(word.lower())]
    code = [
        "pages = []",
        "for number, page in enumerate(pdf, 1):",
        f'    if "{word}".lower() in page.get_textpage().get_text_bounded().lower():',
        "        pages.append(str(number))",
        'print(", ".join(pages) or "none")',
    ]
    plain = ("the word {}", "{}") if len(word) > 4 else ()
    return about(
        situation,
        file,
        "mentions",
        said=f'search for "{word}" in {file}',
        code=code,
        answer=lambda printed: f'Pages of {file} with "{word}": {printed}.',
        truth=", ".join(found) or "none",
        slots={"word": rng.choice(('"{}"', "'{}'", 'the word "{}"', *plain)).format(word)},
    )


KINDS: dict[Callable[[Situation, str], Task], float] = {
    _page_count: 2.2,
    _page_size: 1,
    _text: 1.6,
    _page_text: 1.8,
    _text_file: 1,
    _word_count: 0.8,
    _mentions: 1,
    **FILE_KINDS,
}
