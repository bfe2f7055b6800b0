"""A report inside a notebook: a table of the calls and the findings as HTML without scripts.

Jupyter, Colab and VS Code show it where a report is the last value of a cell. Neither scripts nor style sheets can be
counted on there, and the page may be light or dark: all style is inline, and what has no colour takes that of the page.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from rich.style import Style
from rich.text import Text

from maskprobe.finding import Finding, Severity
from maskprobe.report.call_lines import HEADINGS, CallLine, call_lines
from maskprobe.report.details import note_lines
from maskprobe.report.end_to_end import HEADING, end_to_end_words
from maskprobe.report.finding_words import kind_of, rule_words, shown, shown_lines
from maskprobe.report.header import header_lines
from maskprobe.report.pen import pen_for
from maskprobe.report.report import Report
from maskprobe.report.second_witness import has_second_witness
from maskprobe.report.shown_row import choose_row, row_count
from maskprobe.report.strip import StripDrawer
from maskprobe.report.summary import summary_line

if TYPE_CHECKING:
    from jinja2 import Template

_ROOM = 32
"""Most cells of a strip."""
_RED, _AMBER, _GREEN, _BLUE, _PURPLE = "#d1383d", "#b26a00", "#2f8a3b", "#2477c9", "#a347ba"
"""Each has a contrast of 3.4 or more with white and with the dark of VS Code."""
_HUES = {"red": _RED, "yellow": _AMBER, "green": _GREEN, "magenta": _PURPLE, "cyan": _BLUE}
_COLOURS = {Severity.ERROR: _RED, Severity.WARNING: _AMBER, Severity.NOTE: _BLUE}

Part = tuple[str, str]
"""A piece of text, and its style."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of the table."""

    parts: tuple[Part, ...]
    strip: bool = False
    """It holds marks, to be shown at one width each."""
    indent: float = 0.0
    """Of the call in the calls that it is nested in, in em."""


@dataclass(frozen=True, slots=True)
class ShownFinding:
    """One finding, as text."""

    kind: str
    colour: str
    rule: str
    path: str
    message: str
    cause: str
    fix: str
    evidence: tuple[str, ...]


def notebook_html(report: Report) -> str:
    """Write `report` as a piece of HTML: what is wrong, the calls, the findings. Names of the model are text only."""
    trace, pen = report.trace, pen_for("utf-8")
    drawer = StripDrawer(pen, choose_row(trace), row_count(trace), _ROOM)
    witnessed = has_second_witness(trace)
    return _template().render(
        summary=shown(summary_line(report)),
        header=[line.plain for line in header_lines(report, drawer)],
        headings=[heading for heading in HEADINGS if witnessed or heading != "values"],
        rows=[tuple(_cells(line, witnessed=witnessed)) for line in call_lines(report, drawer)],
        findings=[_shown(finding) for finding in report.findings],
        heading=HEADING,
        end_to_end=[(shown(words), _css(style)) for words, style in end_to_end_words(trace)],
        notes=[line.plain for line in note_lines(trace, pen)],
    )


@cache
def _template() -> Template:
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415 - only who shows a page pays for it

    loader = PackageLoader("maskprobe.report", "templates")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined).get_template("notebook.html")


def _cells(line: CallLine, *, witnessed: bool) -> Iterator[Cell]:
    yield Cell(((line.name, _css(line.style)),), indent=1.2 * line.depth)
    yield Cell(((line.class_name, _css("dim")),))
    for strip in (line.mask_in, line.mask_out, *([line.values] if witnessed else [])):
        yield Cell(_parts(strip), strip=True)
    yield Cell(_parts(line.words))


def _parts(text: Text) -> tuple[Part, ...]:
    """The pieces of a text that are of one style each."""
    ends = sorted({0, len(text), *(end for span in text.spans for end in (span.start, span.end))})
    pieces = [(start, end) for start, end in itertools.pairwise(ends) if start < end]
    return tuple((text.plain[start:end], _style_at(text, start)) for start, end in pieces)


def _style_at(text: Text, place: int) -> str:
    styles = [str(text.style), *(str(span.style) for span in text.spans if span.start <= place < span.end)]
    return _css(" ".join(styles))


def _css(style: str) -> str:
    """What a style of the terminal is on a page."""
    parsed = Style.parse(style)
    rules = [f"color: {_HUES[parsed.color.name]}"] if parsed.color and parsed.color.name in _HUES else []
    rules += ["font-weight: bold"] if parsed.bold else []
    rules += ["opacity: .6"] if parsed.dim else []
    return "; ".join(rules)


def _shown(finding: Finding) -> ShownFinding:
    return ShownFinding(
        kind=kind_of(finding),
        colour=_PURPLE if finding.unchecked else _COLOURS[finding.severity],
        rule=rule_words(finding),
        path=shown(finding.path),
        message=shown(finding.message),
        cause=shown(finding.cause),
        fix=shown_lines(finding.fix),
        evidence=tuple(map(shown, finding.evidence)),
    )
