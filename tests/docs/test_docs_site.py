"""The pages as a site: it is built without a warning, its links lead somewhere, and it fetches nothing."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from built_site import Page, broken_links, left_as_markdown, outside, page_of, pages_of
from page_blocks import DOCS

import maskprobe
import maskprobe.testing
from maskprobe.rules.registry import RULES

ROOT = DOCS.parent


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    for module in ("mkdocs", "material", "mkdocstrings", "mkdocstrings_handlers.python"):
        pytest.importorskip(module, reason=f"{module} is not installed: pip install 'maskprobe[docs]'")
    folder = (tmp_path_factory.mktemp("docs") / "site").resolve()
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
    )
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    return folder


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Page]:
    return pages_of(site)


@pytest.mark.slow
def test_every_page_of_docs_is_in_the_site(site: Path) -> None:
    written = {str(path.relative_to(DOCS).with_suffix(".html")) for path in DOCS.rglob("*.md")}
    assert written <= {str(path.relative_to(site)) for path in site.rglob("*.html")}


@pytest.mark.slow
def test_every_link_within_the_site_leads_somewhere(pages: dict[Path, Page]) -> None:
    assert sum(len(page.links) for page in pages.values()) > 500
    assert list(broken_links(pages)) == []


@pytest.mark.slow
def test_all_markdown_is_rendered(pages: dict[Path, Page]) -> None:
    assert sum(len(page.sentences) for page in pages.values()) > 500
    assert list(left_as_markdown(pages)) == []


@pytest.mark.slow
def test_nothing_is_fetched_from_another_host(site: Path, pages: dict[Path, Page]) -> None:
    assert list(outside(site, pages)) == []
    assert all("mermaid" not in path.read_text(encoding="utf-8") for path in pages)  # its script would be fetched


@pytest.mark.slow
def test_every_rule_has_its_page_and_every_public_name_its_entry(site: Path, pages: dict[Path, Page]) -> None:
    for rule in RULES:
        assert site / "rules" / f"{rule.code}.html" in pages
    names = {f"maskprobe.{name}" for name in maskprobe.__all__ if name != "__version__"}
    names |= {f"maskprobe.testing.{name}" for name in maskprobe.testing.__all__}
    assert names <= pages[site / "api.html"].anchors | _aliased(names, pages[site / "api.html"])


def _aliased(names: set[str], page: Page) -> set[str]:
    """Names that stand on the page under the module that they are defined in."""
    return {name for name in names if any(anchor.endswith(f".{name.rpartition('.')[2]}") for anchor in page.anchors)}


def test_the_api_page_names_all_that_is_public_and_nothing_else() -> None:
    named = re.findall(r"^::: (\S+)$", (DOCS / "api.md").read_text(encoding="utf-8"), re.MULTILINE)
    public = [f"maskprobe.{name}" for name in maskprobe.__all__ if name != "__version__"]
    public += [f"maskprobe.testing.{name}" for name in maskprobe.testing.__all__]
    assert sorted(named) == sorted(public)


def test_every_page_of_docs_is_in_the_navigation() -> None:
    listed = re.findall(r"\s(\S+\.md)$", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(listed) == sorted(str(path.relative_to(DOCS)) for path in DOCS.rglob("*.md"))


def test_the_check_sees_links_that_lead_nowhere_and_what_is_fetched(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(
        '<h1 id="top"></h1><a href="#top"></a><a href="#gone"></a><a href="b.html"></a><a href="https://x.org/y"></a>'
        '<script src="https://x.org/s.js"></script><link rel="stylesheet" href="own.css">'
        "<style>@import 'https://x.org/f.css'</style>",
        encoding="utf-8",
    )
    (tmp_path / "own.css").write_text("a { background: url(//x.org/i.png) }", encoding="utf-8")
    pages = pages_of(tmp_path)
    assert list(broken_links(pages)) == ["a.html: #gone: no such place", "a.html: b.html: no such file"]
    assert list(outside(tmp_path, pages)) == [
        "a.html: https://x.org/s.js",
        "a.html: https://x.org/f.css",
        "own.css: //x.org/i.png",
    ]


def test_the_check_sees_markdown_that_was_not_rendered() -> None:
    page = page_of("<p>first\n- second</p><p>a - b<code>\n- c</code></p><li>one\n2. two</li><pre>\n# no</pre>")
    assert list(left_as_markdown({Path("a.html"): page})) == ["a.html: '\\n- second'", "a.html: '\\n2. two'"]
