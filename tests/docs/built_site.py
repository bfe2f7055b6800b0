"""What stands in a built site: its links, its anchors, and what a browser would load for it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

_LOADED = {"script": "src", "img": "src", "iframe": "src", "source": "src", "video": "src", "object": "data"}
_LOADED_RELATIONS = {"stylesheet", "icon", "preload", "preconnect", "modulepreload", "dns-prefetch", "manifest"}
_SENTENCES, _CODE = {"p", "li", "td"}, {"pre", "code", "script", "style"}
_MARKDOWN = re.compile(r"\n *(?:- |\d+\. |\||#+ |```)|\]\(")
_CSS_URL = re.compile(r"""(?:url\(|@import\s+)\s*["']?((?:https?:)?//[^"')\s]+)""")


@dataclass(frozen=True, slots=True)
class Page:
    """One HTML file."""

    anchors: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    loaded: list[str] = field(default_factory=list)
    """Addresses that a browser fetches by itself."""
    sentences: list[str] = field(default_factory=list)
    """The text of each paragraph and list item, code left out."""


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.page = Page()
        self._code = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.page.anchors.update(found[name] for name in ("id", "name") if name in found)
        if tag == "a" and "href" in found:
            self.page.links.append(found["href"])
        if tag in _LOADED and found.get(_LOADED[tag]):
            self.page.loaded.append(found[_LOADED[tag]])
        if tag == "link" and _LOADED_RELATIONS & set(found.get("rel", "").split()):
            self.page.loaded.append(found.get("href", ""))
        self.page.loaded.extend(_CSS_URL.findall(found.get("style", "")))
        self._code += tag in _CODE
        if tag in _SENTENCES:
            self.page.sentences.append("")

    def handle_endtag(self, tag: str) -> None:
        self._code -= tag in _CODE

    def handle_data(self, data: str) -> None:
        if self.page.sentences and not self._code:
            self.page.sentences[-1] += data


def page_of(text: str) -> Page:
    """Read one HTML text."""
    reader = _Reader()
    reader.feed(text)
    reader.page.loaded.extend(_CSS_URL.findall(text))
    return reader.page


def pages_of(site: Path) -> dict[Path, Page]:
    """All pages of a site; that of errors is left out, as its links are from the top of a host."""
    files = [path for path in sorted(site.rglob("*.html")) if path.name != "404.html"]
    return {path: page_of(path.read_text(encoding="utf-8")) for path in files}


def broken_links(pages: dict[Path, Page]) -> Iterator[str]:
    """Links within the site that lead to no file, or to no place in it."""
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not target.is_file():
                yield f"{path.name}: {link}: no such file"
            elif parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].anchors:
                yield f"{path.name}: {link}: no such place"


def left_as_markdown(pages: dict[Path, Page]) -> Iterator[str]:
    """Lists, tables, headings, fences and links that were taken for plain text."""
    for path, page in pages.items():
        for text in page.sentences:
            if found := _MARKDOWN.search(text.rstrip()):
                yield f"{path.name}: {text[found.start() :][:60]!r}"


def outside(site: Path, pages: dict[Path, Page]) -> Iterator[str]:
    """What would be fetched from another host: by pages, and by style sheets."""
    for path, page in pages.items():
        for address in page.loaded:
            if urlsplit(address).netloc:
                yield f"{path.name}: {address}"
    for sheet in sorted(site.rglob("*.css")):
        for address in _CSS_URL.findall(sheet.read_text(encoding="utf-8")):
            yield f"{sheet.name}: {address}"
