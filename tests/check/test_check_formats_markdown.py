"""Results for a page: Markdown, read back by a parser of Markdown."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from html.parser import HTMLParser

import format_results as sample
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from markdown_it import MarkdownIt

from maskprobe.check.formats import Format, RunContext, render
from maskprobe.check.formats.markdown import MOST_BYTES
from maskprobe.check.result import FileResult
from maskprobe.report.finding_words import shown, shown_lines
from maskprobe.report.markdown_words import block, code, paragraph, plain

READER = MarkdownIt("commonmark", {"html": True}).enable("table")


class Page(HTMLParser):
    """The tags of a page in order, and the text of its code blocks, cells and headings."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.counts: dict[str, int] = {}
        self.texts: dict[str, list[str]] = {}
        self.feed(READER.render(text))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in {
            "h2", "h4", "p", "strong", "table", "thead", "tbody", "tr", "th", "td", "details", "summary", "code",
            "pre",
        }, tag  # fmt: skip
        assert all(name in {"style", "class"} for name, _ in attrs)
        self.counts[tag] = self.counts.get(tag, 0) + 1
        self.texts.setdefault(tag, []).append("")
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        for tag in set(self.open):
            self.texts[tag][-1] += data


def test_the_summary_has_a_table_and_the_findings() -> None:
    text = render(Format.MARKDOWN, sample.SAMPLE, sample.context(statistics=True))
    page = Page(text)
    assert page.open == []
    assert page.texts["strong"][0].startswith("1 error, 2 warnings, 1 note in 2 of 5 models; 4 models not checked")
    rows = re.findall(r"^\| <code>(.*?)</code> \| (.*) \|$", text, re.MULTILINE)
    assert rows == [
        (
            "models/a.keras",
            "1 | 1 | 1 | 1 | 12 of 14 calls looked at (85 %)",
        ),
        ("models/c.keras", "0 | 0 | 0 | 1 | 4 of 5 calls looked at (80 %)"),
        ("models/d.keras", "0 | 0 | 0 | 0 | not checked&#58; timeout&#58; no end after 60 s"),
        ("models/e.keras", "0 | 1 | 0 | 0 | not checked&#58; untrusted&#58; it holds code; say --trust"),
        ("models/b.h5", "0 | 0 | 0 | 0 | 6 of 6 calls looked at (100 %)"),
    ]
    assert page.texts["h4"][0] == "error MP101 mask-dropped at encoder/lstm"
    assert page.texts["pre"][0] == "x = a(x)\n  y = b(x)\n"
    assert "| 2 | MP104 | mask-overwritten |" in text


def test_untrusted_text_is_shown_as_it_is() -> None:
    for nasty in sample.NASTY:
        for written in (plain(nasty), code(nasty)):
            page = READER.render(f"| a |\n| - |\n| x{written} |")
            cell = re.findall("<td>x(.*)</td>", page)
            assert [html.unescape(re.sub("^<code>|</code>$", "", one)) for one in cell] == [shown(nasty)]
        (fenced,) = READER.parse(block(nasty))
        assert fenced.type == "fence"
        assert fenced.content.rstrip("\n") == shown_lines(nasty).rstrip("\n")


def test_a_message_at_the_start_of_a_line_is_a_paragraph() -> None:
    for text in ("- x", "+ x", "1. x", "2) x", "---", "# x", "> x", "~~~", "    x", "| x |", "<div>", "* * *", "==="):
        assert READER.render(f"a\n\n{paragraph(text)}\n\nb").count("<p>") == 3
        assert html.unescape(READER.renderInline(paragraph(text))) == shown(text)


def test_no_address_or_name_in_it_becomes_a_link() -> None:
    assert "www." not in plain("WWW.x www.evil.example").lower()
    assert "://" not in plain("http://x")
    assert "@" not in plain("@everyone a@b.c")


def test_a_summary_never_gets_too_large_for_github() -> None:
    many = tuple(
        replace(sample.FAULTY, path=f"models/{number}.keras", findings=(sample.finding(message="層" * 900),) * 4)
        for number in range(120)
    )
    text = render(Format.MARKDOWN, many, sample.context())
    assert 0.9 * MOST_BYTES < len(text.encode("utf-8")) <= MOST_BYTES
    left, rows = re.search(r"^(\d+) more parts are left out", text, re.MULTILINE), text.count("<details>")
    assert left is not None
    assert int(left[1]) + rows == 120
    Page(text)


@hypothesis_settings(max_examples=50)
@given(sample.result_lists, sample.contexts)
def test_any_results_are_a_page_and_none_is_lost(found: tuple[FileResult, ...], context: RunContext) -> None:
    page = Page(render(Format.MARKDOWN, found, context))
    assert page.open == []
    findings = [finding for result in found for finding in result.findings]
    assert page.counts.get("h4", 0) == len(findings)
    assert page.counts.get("pre", 0) == sum(bool(finding.fix.strip()) for finding in findings)
    said = [result for result in found if result.findings or not result.is_checked]
    assert page.counts.get("details", 0) == len(said) + (len(said) < len(found))
