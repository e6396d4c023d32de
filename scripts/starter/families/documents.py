"""PDF documents: their pages, as numbers and as pictures."""

from __future__ import annotations

from collections.abc import Callable

from starter.dialogue import Situation, Task
from starter.document_references import about, known_document
from starter.families.codes import make as make_code
from starter.families.document_files import FILE_KINDS
from starter.picture_gathering import NAME
from starter.pictures import documents_in, lay_documents

__all__ = ["NAME", "follow_up", "make", "prepare"]


def prepare(situation: Situation) -> None:
    """Lay PDF documents into the folder."""
    lay_documents(situation, situation.rng.choice((1, 1, 1, 2, 2, 3)))


def make(situation: Situation) -> Task:
    """Return a task of this family."""
    documents = documents_in(situation)
    situation.done = {}
    if not documents:
        return make_code(situation)
    return situation.rng.choices(tuple(KINDS), tuple(KINDS.values()))[0](situation, situation.rng.choice(documents))


def follow_up(situation: Situation) -> Task | None:
    """Return a request that goes on with the document of the one before."""
    file = situation.done.get("document", "")
    if not file:
        return None
    return situation.rng.choice(tuple(KINDS))(situation, file)


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


KINDS: dict[Callable[[Situation, str], Task], float] = {
    _page_count: 2.2,
    **FILE_KINDS,
}
