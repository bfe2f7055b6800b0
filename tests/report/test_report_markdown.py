"""A report in Markdown, read back by a parser of Markdown."""

from __future__ import annotations

import html
import json
import re

import pytest
import sample_reports as sample
from hypothesis import HealthCheck, given, settings
from markdown_it import MarkdownIt
from report_strategies import reports
from typer.testing import CliRunner

import maskprobe
from maskprobe.cli import app
from maskprobe.report.report import Report

READER = MarkdownIt("commonmark", {"html": True}).enable("table")
FAULT = "sample_models/conv_fault.keras3.keras"


def cells(text: str) -> list[list[str]]:
    """The text of each cell of the table of calls."""
    page = READER.render(text)
    rows = re.findall(r"<tr>(.*?)</tr>", page, re.DOTALL)
    return [
        [html.unescape(re.sub("<[^>]*>", "", cell)).strip() for cell in re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row)]
        for row in rows
    ]


def test_calls_strips_and_findings_are_there() -> None:
    text = maskprobe.trace(FAULT, static=True).to_markdown()
    rows = cells(text)
    assert rows[0] == ["call", "class", "mask in", "mask out", "values", "what happened"]
    assert rows[3] == ["conv1d", "Conv1D", "····■■■■", "-", "····!■■■", "lost and leaking MP101"]
    assert "#### warning (likely) MP101 mask-dropped at <code>conv1d</code>" in text
    assert "**0 errors, 1 warning, 0 notes; 5 calls traced**" in text


def test_the_command_prints_what_the_library_gives() -> None:
    result = CliRunner().invoke(app, ["trace", FAULT, "--static", "--markdown"])
    assert result.exit_code == 1
    assert result.stdout == maskprobe.trace(FAULT, static=True).to_markdown()


def test_one_form_at_a_time() -> None:
    result = CliRunner().invoke(app, ["trace", FAULT, "--static", "--markdown", "--json"])
    assert result.exit_code == 2
    assert result.stderr == "maskprobe: error: --json and --markdown both write to stdout: say one of them\n"
    assert json.loads(CliRunner().invoke(app, ["trace", FAULT, "--static", "--json"]).stdout)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(reports())
def test_no_name_of_a_model_is_markup(report: Report) -> None:
    page = READER.render(report.to_markdown())
    tags = {tag.lower() for tag in re.findall(r"<\s*/?\s*([a-zA-Z]+[1-6]?)", page)}
    assert tags <= {
        "h3", "h4", "p", "strong", "table", "thead", "tbody", "tr", "th", "td", "details", "summary", "code",
        "pre", "ul", "li",
    }  # fmt: skip
    assert len(re.findall("<h4>", page)) == len(report.findings)
    widths = {len(row) for row in cells(report.to_markdown())}
    assert len(widths) == 1


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "a|b", "../../x", "`x`", "@everyone"])
def test_a_name_is_shown_as_it_is(name: str) -> None:
    text = sample.named(name).to_markdown()
    headings = [html.unescape(re.sub("<[^>]*>", "", one)) for one in re.findall("<h4>(.*?)</h4>", READER.render(text))]
    assert headings == [f"error MP101 mask-dropped at {name}"]
