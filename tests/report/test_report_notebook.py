"""What a notebook shows of a report."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
import sample_reports as sample
from hypothesis import HealthCheck, given, settings
from report_strategies import reports

import maskprobe
from maskprobe.report.finding_words import rule_words
from maskprobe.report.report import Report

VOID = {"br"}
TAGS = {
    "div", "p", "strong", "em", "br", "table", "thead", "tbody", "tr", "th", "td", "span", "code", "pre",
}  # fmt: skip


class Page(HTMLParser):
    """Reads the HTML as a browser does, and refuses whatever could run, load or lay traps."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.cells: list[list[str]] = []
        self.text = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS, tag
        assert {name for name, _ in attrs} <= {"style", "scope"}
        assert all("url(" not in (value or "") and "expression" not in (value or "") for _, value in attrs)
        if tag == "tr":
            self.cells.append([])
        if tag in {"td", "th"}:
            self.cells[-1].append("")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data
        if {"td", "th"} & set(self.open):
            self.cells[-1][-1] += data


def shown(report: Report) -> Page:
    return Page(report._repr_html_())


def test_calls_strips_and_findings_are_there() -> None:
    report = maskprobe.trace("sample_models/conv_fault.keras3.keras", static=True)
    page = shown(report)
    assert page.cells[0] == ["call", "class", "mask in", "mask out", "values", "what happened"]
    assert page.cells[3] == ["conv1d", "Conv1D", "····■■■■", "-", "····!■■■", "lost and leaking  MP101"]
    assert "0 errors, 1 warning, 0 notes; 5 calls traced" in page.text
    assert "warning (likely) MP101 mask-dropped at conv1d" in " ".join(page.text.split())
    assert report.findings[0].fix in page.text
    assert "is likely to move" in page.text


def test_a_clean_model_is_told_clean() -> None:
    page = shown(maskprobe.trace("sample_models/masked_mse.keras3.keras", static=True))
    assert "No findings: 3 calls traced" in page.text
    assert not any("MP" in cell for row in page.cells for cell in row)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(reports())
def test_no_name_of_a_model_is_markup(report: Report) -> None:
    page = shown(report)
    for finding in report.findings:
        assert rule_words(finding) in page.text


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "../../x", "a&lt;b", '"><img src=x onerror=alert(1)>'])
def test_a_name_is_shown_as_it_is(name: str) -> None:
    page = shown(sample.named(name))
    assert f"at {name}" in " ".join(page.text.split())
    assert any(row[0] == name.rpartition("/")[2] for row in page.cells) or "</" in name
