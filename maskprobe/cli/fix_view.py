"""A model before and after it was mended, for people."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from maskprobe.mending.values import FixReport, refusal_words
from maskprobe.report.finding_view import finding_view
from maskprobe.report.pen import Pen, pen_for
from maskprobe.report.report import Report
from maskprobe.report.summary import summary_line
from maskprobe.report.terminal import READING_WIDTH, paragraph
from maskprobe.report.trimmed import Trimmed

_MARKS = {True: ("yes", "green"), False: ("no", "bold red"), None: ("-", "dim")}
_COLOURS = {"+": "green", "-": "red", "@": "dim"}
_CONTEXT = 1


def render_fix(report: FixReport, console: Console, *, diff: bool = False) -> None:
    """Print what was found, what was changed, what proves it, and what was written.

    Args:
        report: What came of mending.
        console: Where to print.
        diff: Show the graph before and after as a diff.
    """
    width = min(console.width, READING_WIDTH)
    for block in _blocks(report, pen_for(console.encoding), diff=diff):
        console.print(Trimmed(block), width=width, end="")


def _blocks(report: FixReport, pen: Pen, *, diff: bool) -> Iterator[RenderableType]:
    yield _line(pen, _named(report.before), "bold")
    for finding in [change.finding for change in report.changes] or report.before.faults:
        yield Text()
        yield finding_view(finding, pen)
    if report.changes:
        yield from _titled("Changed", [change.words for change in report.changes], pen)
    if diff and report.graph_after:
        yield Text()
        yield from _diff(report, pen)
    if report.refusals:
        yield from _titled("Not mended", [refusal_words(refusal) for refusal in report.refusals], pen)
    if report.proof:
        yield Text()
        yield Text("Proof", style="bold")
        yield Padding(_proof(report, pen), (0, 0, 0, 2))
    yield Text()
    yield _line(pen, f"before: {summary_line(report.before)}")
    if report.after is not None:
        yield _line(pen, f"after:  {summary_line(report.after)}")
    yield _line(pen, _end(report), "bold")


def _named(report: Report) -> str:
    return report.file.path if report.file is not None else report.trace.model


def _line(pen: Pen, text: str, style: str = "") -> Text:
    return Text(pen.write(text), style=style, overflow="fold")


def _titled(title: str, sentences: Sequence[str], pen: Pen) -> Iterator[RenderableType]:
    yield from (block for _, block in paragraph([Text(title, style="bold")]))
    for sentence in sentences:
        yield Padding(_line(pen, sentence), (0, 0, 0, 2))


def _proof(report: FixReport, pen: Pen) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for line in report.proof:
        mark, style = _MARKS[line.holds]
        table.add_row(Text(mark, style=style), _line(pen, f"{line.claim}: {line.words}"))
    return table


def _diff(report: FixReport, pen: Pen) -> Iterator[Text]:
    lines = difflib.unified_diff(report.graph_before, report.graph_after, "before", "after", lineterm="", n=_CONTEXT)
    for line in lines:
        for shown in pen.write_lines(line):
            yield Text(shown, style=_COLOURS.get(line[:1], ""), overflow="fold")


def _end(report: FixReport) -> str:
    if report.is_clean:
        return "Nothing to mend, and nothing is written."
    if report.written is not None:
        return f"Mended, proved and written to {report.written}."
    if report.is_proved:
        return "Mended and proved; nothing is written."
    if not report.changes and report.problem is None:
        return "Nothing is written: no fix applies."
    return f"Nothing is written: {report.reason}" if report.reason else "Nothing is written."
