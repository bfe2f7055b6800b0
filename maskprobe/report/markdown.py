"""A report in Markdown: for a pull request, an issue or a page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.text import Text

from maskprobe.report.call_lines import HEADINGS, CallLine, call_lines
from maskprobe.report.details import note_lines
from maskprobe.report.end_to_end import HEADING, end_to_end_words
from maskprobe.report.header import header_lines
from maskprobe.report.markdown_finding import finding_parts
from maskprobe.report.markdown_words import code, plain
from maskprobe.report.pen import pen_for
from maskprobe.report.report import Report
from maskprobe.report.second_witness import has_second_witness
from maskprobe.report.shown_row import choose_row, row_count
from maskprobe.report.strip import StripDrawer
from maskprobe.report.summary import summary_line

_ROOM = 24
"""Most cells of a strip: with more, the table is wider than the page of a pull request."""


def to_markdown(report: Report, *, show_all: bool = False) -> str:
    """Write what `maskprobe trace` prints as Markdown: the sum, the findings, and the calls in a folded table.

    Args:
        report: What was found.
        show_all: Show every call; fold nothing.

    Returns:
        Markdown with the HTML that GitHub and GitLab take: `code`, `details`, `summary`. Names of the model are shown
        as they are, and are never markup.
    """
    return "\n\n".join(_blocks(report, show_all=show_all)) + "\n"


def _blocks(report: Report, *, show_all: bool) -> Iterator[str]:
    trace, pen = report.trace, pen_for("utf-8")
    drawer = StripDrawer(pen, choose_row(trace), row_count(trace), _ROOM)
    first, *more = header_lines(report, drawer)
    yield f"### maskprobe: {plain(first.plain)}"
    yield f"**{plain(summary_line(report))}**"
    for finding in report.findings:
        yield from finding_parts(finding)
    lines = call_lines(report, drawer, show_all=show_all)
    yield f"<details><summary>The calls</summary>\n\n{_table(lines, witnessed=has_second_witness(trace))}\n\n</details>"
    yield _points(line.plain for line in (*more, *note_lines(trace, pen)))
    if said := [words for words, _ in end_to_end_words(trace, show_all=show_all)]:
        yield f"{HEADING}:"
        yield _points(said)


def _points(lines: Iterable[str]) -> str:
    return "\n".join(f"- {plain(line)}" for line in lines if line.strip())


def _table(lines: list[CallLine], *, witnessed: bool) -> str:
    kept = [heading for heading in HEADINGS if witnessed or heading != "values"]
    head = f"| {' | '.join(kept)} |\n| {' | '.join(':--' for _ in kept)} |"
    return "\n".join((head, *(_row(line, witnessed=witnessed) for line in lines)))


def _row(line: CallLine, *, witnessed: bool) -> str:
    indent = "&nbsp;" * (3 * line.depth)
    words = plain(line.words.plain)
    cells = [
        f"{indent}{code(line.name)}",
        plain(line.class_name),
        _strip(line.mask_in),
        _strip(line.mask_out),
        *([_strip(line.values)] if witnessed else []),
        f"**{words}**" if line.style == "bold" else words,
    ]
    return f"| {' | '.join(cells)} |"


def _strip(strip: Text) -> str:
    """Each line of a cell as code, so that the marks are of one width."""
    return " ".join(code(part) for part in strip.plain.split("\n") if part.strip())
