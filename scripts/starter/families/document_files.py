"""New files of PDF documents: pages as pictures, some pages alone, several documents joined."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePath

from starter.dialogue import Situation, Task
from starter.document_references import LAST, PHRASES, about, known_document, page_said, some_page, target_of
from starter.phrasing import say
from starter.picture_gathering import chosen_target, made
from starter.picture_references import spoken
from starter.pictures import documents_in


def _pictures(situation: Situation, file: str) -> Task:
    stem = PurePath(file).stem
    count = len(known_document(situation, file).pages)
    code = [
        "for number, page in enumerate(pdf, 1):",
        f'    page.render(scale=2).to_pil().save(f"{stem}_{{number}}.png")',
        "print(len(pdf))",
    ]
    return about(
        situation,
        file,
        "pictures",
        said=f"save the pages of {file} as png",
        code=code,
        answer=lambda printed: f"Saved {printed} pages of {file} as png.",
        truth=str(count),
        created=f"{stem}_{count}.png",
    )


def _page_picture(situation: Situation, file: str) -> Task:
    document = known_document(situation, file)
    n, index, slots = some_page(situation, document)
    default = f"{PurePath(file).stem}_{'last' if index == LAST else n}.png"
    target, pattern = target_of(situation, "page picture", default)
    code = [
        f"image = pdf[{index}].render(scale=2).to_pil()",
        f'image.save("{target}")',
        'print(image.width, "x", image.height)',
    ]
    return about(
        situation,
        file,
        "page picture",
        said=f"save {page_said(index, n)} of {file} as png",
        code=code,
        answer=lambda printed: f"Saved as {target} ({printed} pixels).",
        truth=f"{2 * document.width} x {2 * document.height}",
        slots=slots,
        pattern=pattern,
        created=target,
    )


def _some_pages(situation: Situation, file: str) -> Task:
    rng = situation.rng
    count = len(known_document(situation, file).pages)
    first = rng.randint(1, count)
    last = rng.randint(first, count)
    wanted = str(first) if first == last else f"{first}-{last}"
    texts = (f"pages {first} to {last}", f"pages {first}-{last}", f"pages {first} - {last}", f"page {first} to {last}")
    said = rng.choice((f"page {first}", f"only page {first}")) if first == last else rng.choice(texts)
    target, pattern = target_of(situation, "some pages", f"{PurePath(file).stem}_pages.pdf")
    code = [
        "new = pypdfium2.PdfDocument.new()",
        f'new.import_pages(pdf, "{wanted}")',
        f'new.save("{target}")',
        "print(len(new))",
    ]
    return about(
        situation,
        file,
        "some pages",
        said=f"take page{'' if first == last else 's'} {wanted} out of {file}",
        code=code,
        answer=lambda printed: f"Saved as {target} ({printed} pages).",
        truth=str(last - first + 1),
        slots={"pages": said},
        pattern=pattern,
        created=target,
        exact=False,
    )


def merged(situation: Situation, file: str) -> Task:
    """Return a request to join a document with others, or all that there are."""
    rng = situation.rng
    others = [name for name in documents_in(situation) if name != file]
    files = [file, *rng.sample(others, rng.randint(1, min(2, len(others))))]
    every = sorted(name for name in situation.files if name.endswith(".pdf") and "/" not in name)
    line = f"files = [{', '.join(chr(34) + name + chr(34) for name in files)}]"
    said, paths = spoken(rng, files), []
    if rng.random() < 0.35 and set(every) <= {file, *others}:
        files, paths, line = every, ["from pathlib import Path"], 'files = sorted(Path().glob("*.pdf"))'
        said = rng.choice(
            ("all pdfs", "all pdf files", "all the pdfs", "the pdfs", "all my pdfs", "all PDF files", "the pdf files")
        )
    target, pattern = chosen_target(situation, PHRASES["merge"].pick(rng, situation.held_out), "merged.pdf", 0.3)
    code = [
        *paths,
        "import pypdfium2",
        line,
        "pdf = pypdfium2.PdfDocument.new()",
        "for file in files:",
        "    pdf.import_pages(pypdfium2.PdfDocument(file))",
        f'pdf.save("{target}")',
        "print(len(pdf))",
    ]
    total = sum(len(known_document(situation, name).pages) for name in files)
    situation.done = {}
    return made(
        say(rng, pattern, {"f": said, "o": target}),
        "merge the documents" if not paths else "merge all PDF documents",
        code,
        lambda printed: f"Saved as {target} ({printed} pages).",
        lambda printed: int(printed) == total,
        created=target,
        exact=False,
    )


FILE_KINDS: dict[Callable[[Situation, str], Task], float] = {_pictures: 1.6, _page_picture: 1.6, _some_pages: 1.2}
