"""What mkdocs is told beside mkdocs.yml: links to files outside of docs/ lead to copies of them in the site."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[1]
FOLDER = "files"
"""Where the copies are in the site."""
_LINK = re.compile(r"(\]\()((?:\.\./)+[^)#\s]+)(#[^)\s]*)?(\))")


def on_files(files: Files, config: Any) -> Files:  # noqa: ANN401 - mkdocs
    """Bring a copy of each file outside of docs/ that a page links to."""
    for page in files.documentation_pages():
        for link in _LINK.finditer(page.content_string):
            path = _outside(page.src_uri, link[2])
            name = _copy_of(path) if path else None
            if path and name and name not in files.src_uris:
                files.append(File.generated(config, name, content=(ROOT / path).read_text(encoding="utf-8")))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:  # noqa: ANN401 - mkdocs
    """Lead such links to the copies."""
    here = posixpath.dirname(page.file.src_uri)

    def led(link: re.Match[str]) -> str:
        path = _outside(page.file.src_uri, link[2])
        return f"{link[1]}{posixpath.relpath(_copy_of(path), here or '.')}{link[4]}" if path else link[0]

    return _LINK.sub(led, markdown)


def _outside(page: str, link: str) -> str | None:
    """The path from the top of a linked file; None if it is inside of docs/."""
    path = posixpath.normpath(posixpath.join("docs", posixpath.dirname(page), link))
    return None if path.startswith(("docs/", "..")) else path


def _copy_of(path: str) -> str:
    """Where the copy is. Markdown is shown as it is: its own links are not of the site."""
    return f"{FOLDER}/{path}.txt" if path.endswith((".md", ".py")) else f"{FOLDER}/{path}"
