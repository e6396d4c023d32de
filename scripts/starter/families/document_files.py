"""New files of PDF documents: pages as pictures, some pages alone, several documents joined."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePath

from starter.dialogue import Situation, Task
from starter.document_references import LAST, about, known_document, page_said, some_page, target_of


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


FILE_KINDS: dict[Callable[[Situation, str], Task], float] = {_pictures: 1.6, _page_picture: 1.6}
