"""What texts and marks an SVG drawing or an HTML page holds, read without a browser and without anything fetched.

Knows the way in which matplotlib writes texts as outlines: the text itself stands in a comment before them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from xml.etree import ElementTree

from offline_interpreter.bench.core.demands import lack, require
from offline_interpreter.bench.core.files import text_of

MOST_CHARS = 8_000_000

_COMMENT = re.compile(r"<!--(.*?)-->", re.DOTALL)
_REMOTE = re.compile(
    r"""(?:src|href|action|data|poster)\s*=\s*["']?\s*(?:https?:)?//|url\(\s*["']?(?:https?:)?//|@import""", re.I
)


def svg_texts(data: bytes) -> list[str]:
    """Return the texts of an SVG drawing, in its order. Raises ``Lacking`` if it is none."""
    text = text_of(data)
    require(len(text) <= MOST_CHARS, "The drawing is far too large.")
    require("<!ENTITY" not in text, "The drawing declares entities.")
    try:
        root = ElementTree.fromstring(text)  # noqa: S314 - no entity is declared
    except ElementTree.ParseError:
        lack("The drawing is not valid SVG.")
    require(root.tag.endswith("svg"), "The drawing is not SVG.")
    written = [" ".join("".join(node.itertext()).split()) for node in root.iter() if node.tag.endswith("}text")]
    return [*filter(None, written), *(" ".join(comment.split()) for comment in _COMMENT.findall(text))]


def require_texts(data: bytes, *wanted: str) -> None:
    """Demand that each of these is in one of the drawing's texts, whatever its case. Raises ``Lacking``."""
    texts = [text.casefold() for text in svg_texts(data)]
    for want in wanted:
        require(any(want.casefold() in text for text in texts), f"The drawing does not say {want!r}.")


def shapes(data: bytes) -> int:
    """Return how many shapes an SVG drawing holds. Raises ``Lacking`` if it is none."""
    svg_texts(data)
    return len(re.findall(r"<(?:[\w]+:)?(?:path|use|rect|circle|polygon|polyline|line|ellipse)\b", text_of(data)))


@dataclass
class Page:
    """What an HTML page holds: its visible text, its links, and how many elements there are of a kind."""

    text: str = ""
    links: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    is_remote: bool = False


class _Reader(HTMLParser):
    """Collects a page; script and style are not visible."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.page = Page()
        self._parts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.page.counts[tag] = self.page.counts.get(tag, 0) + 1
        self._hidden += tag in ("script", "style")
        self.page.links += [value for name, value in attrs if tag == "a" and name == "href" and value]

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("script", "style")

    def handle_data(self, data: str) -> None:
        if self._hidden <= 0:
            self._parts.append(data)

    def close(self) -> None:
        super().close()
        self.page.text = " ".join(" ".join(self._parts).split())


def page_of(data: bytes) -> Page:
    """Return what an HTML page holds. Raises ``Lacking`` if it is none."""
    text = text_of(data)
    require(len(text) <= MOST_CHARS, "The page is far too large.")
    require(re.search(r"<(?:html|body|table|ul|h1|!doctype)", text, re.I), "The page is not HTML.")
    reader = _Reader()
    reader.feed(text)
    reader.close()
    reader.page.is_remote = bool(_REMOTE.search(re.sub(r"""<a\b[^>]*>""", "", text, flags=re.I)))
    return reader.page
