"""Markdown made into lines for a terminal: calm headings, no boxes, no pictures in place of words.

Rich does the work; raw HTML is shown as it stands instead of being dropped, links show where they lead, tables keep to
the width, and a line that the model ended ends there: models do not wrap their text, so they mean it. It takes safe
text and does not know how text arrives.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from offline_interpreter.view.lines import columns
from offline_interpreter.view.tables import Table, make_table, table_lines

if TYPE_CHECKING:
    from collections.abc import Callable

    from markdown_it import MarkdownIt
    from markdown_it.token import Token
    from rich.console import Console, ConsoleOptions, RenderResult
    from rich.markdown import Markdown, MarkdownContext, MarkdownElement
    from rich.segment import Segment
    from rich.text import Text


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    # Definitions of links would vanish, and change blocks that are printed already: they stay text.
    return MarkdownIt("commonmark", {"html": False}).enable(["strikethrough", "table"]).disable("reference")


def block_starts(text: str) -> list[int]:
    """Return the numbers of the lines at which the blocks of ``text`` begin; all but the last block are final."""
    return [token.map[0] for token in _parser().parse(text) if token.level == 0 and token.map and token.nesting >= 0]


def render_block(text: str, console: Console) -> list[Text]:
    """Return the lines of one block, without blank ones at its ends."""
    tokens = _parser().parse(text)
    if tokens and tokens[0].type == "table_open":
        return _table(tokens, console.width)
    lines = [_line(segments) for segments in console.render_lines(_renderer()(text), pad=False)]
    while lines and not lines[-1].plain:
        lines.pop()
    first = next((index for index, line in enumerate(lines) if line.plain), 0)
    return lines[first:]


def _line(segments: list[Segment]) -> Text:
    from rich.text import Text

    text = Text()
    for segment in segments:
        text.append(segment.text, segment.style)
    text.rstrip()
    return text


def _table(tokens: list[Token], width: int) -> list[Text]:
    from rich.text import Text

    head, *rows = table_lines(_cells(tokens), width)
    rule = "─" * max(columns(line) for line in (head, *rows))
    return [Text(head, "bold"), Text(rule[:width], "dim"), *(Text(row) for row in rows)]


def _cells(tokens: list[Token]) -> Table:
    rows: list[list[str]] = []
    for token in tokens:
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline":
            rows[-1].append("".join(_cell_text(child) for child in token.children or []))
    return make_table(rows[0], rows[1:])


def _cell_text(token: Token) -> str:
    """Return what a table shows of a part of a cell: its text, and where links and images lead."""
    if token.type == "link_open":
        return f"{token.attrs['href']} "
    return f"→ {token.attrs['src']}" if token.type == "image" else token.content


@cache
def _renderer() -> Callable[[str], Markdown]:
    from rich import markdown

    class Calm(markdown.Markdown):
        """Markdown with our elements, parsed by our parser."""

        elements = {**markdown.Markdown.elements, **_text_elements(), **_other_elements()}  # noqa: RUF012

        def __init__(self, text: str) -> None:
            super().__init__("", hyperlinks=False)
            self.parsed = _parser().parse(text)
            for part in (part for token in self.parsed for part in token.children or ()):
                part.type = "hardbreak" if part.type == "softbreak" else part.type

    return Calm


def _text_elements() -> dict[str, type[MarkdownElement]]:
    from rich import markdown

    class Heading(markdown.Heading):
        """A heading that is bold and stands at the left."""

        def on_enter(self, context: MarkdownContext) -> None:
            self.style_name = "bold"
            super().on_enter(context)

        def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
            yield self.text

    class ListItem(markdown.ListItem):
        """An item whose indent does not depend on how many follow it."""

        def render_number(
            self, console: Console, options: ConsoleOptions, number: int, last_number: int
        ) -> RenderResult:
            return super().render_number(console, options, number, max(last_number, 10))

    return {"heading_open": Heading, "list_item_open": ListItem}


def _other_elements() -> dict[str, type[MarkdownElement]]:
    from rich import markdown
    from rich.syntax import Syntax
    from rich.text import Text

    class CodeBlock(markdown.CodeBlock):
        """Code that is indented, without a background."""

        def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
            code, indent = str(self.text).rstrip(), (0, 0, 0, 2)
            yield Syntax(code, self.lexer_name, theme="ansi_dark", word_wrap=True, padding=indent)

    class ImageItem(markdown.ImageItem):
        """An image is named; a terminal does not show it."""

        def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
            yield Text(f"→ {self.destination}  {self.text}".rstrip())

    return {"fence": CodeBlock, "code_block": CodeBlock, "image": ImageItem}
