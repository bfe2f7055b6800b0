"""A report for people, on a terminal or in a pipe."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.text import Text

from maskprobe.report.call_table import call_table
from maskprobe.report.details import detail_lines, note_lines
from maskprobe.report.end_to_end import end_to_end_lines
from maskprobe.report.finding_view import finding_view
from maskprobe.report.header import header_lines
from maskprobe.report.pen import Pen, pen_for
from maskprobe.report.report import Report
from maskprobe.report.row_view import row_views
from maskprobe.report.second_witness import has_second_witness
from maskprobe.report.shown_row import choose_row, row_count
from maskprobe.report.strip import StripDrawer
from maskprobe.report.summary import summary_line
from maskprobe.report.trimmed import trimmed

READING_WIDTH = 110
"""Sentences are not set wider than this, however wide the terminal."""
_LEAST_ROOM, _MOST_ROOM = 6, 32


@dataclass(frozen=True, slots=True)
class TraceView:
    """A report as a rich renderable."""

    report: Report
    show_all: bool = False
    """Show every call, also those inside Keras's own composite layers; fold nothing."""
    rows: bool = False
    """Show the masks of every probe row, too."""
    details: bool = False
    """Show the probe's inputs and Keras's own warnings, too."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the lines of the report, none wider than the console, none with blanks at its end."""
        reading = options.update(width=min(options.max_width, READING_WIDTH))
        for wide, block in self._blocks(pen_for(console.encoding), options.max_width):
            yield from trimmed(console, block, options if wide else reading)

    def _blocks(self, pen: Pen, width: int) -> Iterator[tuple[bool, RenderableType]]:
        """The parts from top to bottom, and whether each may take the whole width."""
        report, trace = self.report, self.report.trace
        share = width // (7 if has_second_witness(trace) else 5)
        room = max(_LEAST_ROOM, min(share, _MOST_ROOM))
        drawer = StripDrawer(pen, choose_row(trace), row_count(trace), room)
        yield from sentences(header_lines(report, drawer))
        yield True, Text()
        yield True, call_table(report, drawer, width, show_all=self.show_all)
        if self.rows:
            for view in row_views(report, drawer, show_all=self.show_all):
                yield True, Text()
                yield True, view
        yield from paragraph(note_lines(trace, pen))
        if self.details:
            yield from paragraph(detail_lines(report, pen, show_all=self.show_all))
        yield from finding_blocks(report, pen)
        yield from paragraph(end_to_end_lines(trace, pen, show_all=self.show_all))
        yield from paragraph([Text(pen.write(summary_line(report)), style="bold", overflow="fold")])


def render_trace(
    report: Report, console: Console, *, show_all: bool = False, rows: bool = False, details: bool = False
) -> None:
    """Print `report` on `console`: a header, one line a call, the findings, what padding does end to end, a summary.

    Args:
        report: what was found.
        console: where to print, as `make_console` gives it.
        show_all: show every call, also those inside Keras's own composite layers; fold nothing.
        rows: show the masks of every probe row, too.
        details: show the probe's inputs and Keras's own warnings, too.
    """
    console.print(TraceView(report, show_all=show_all, rows=rows, details=details))


def sentences(lines: Iterable[RenderableType]) -> Iterator[tuple[bool, RenderableType]]:
    """The lines, none wider than is good to read."""
    for line in lines:
        yield False, line


def paragraph(lines: Iterable[RenderableType]) -> Iterator[tuple[bool, RenderableType]]:
    """The lines after a blank one; nothing at all if there are none."""
    kept = list(lines)
    if kept:
        yield False, Text()
        yield from sentences(kept)


def finding_blocks(report: Report, pen: Pen) -> Iterator[tuple[bool, RenderableType]]:
    """The findings, then what could not be checked."""
    for finding in report.faults:
        yield False, Text()
        yield False, finding_view(finding, pen)
    if report.not_checked:
        yield from paragraph([Text("Not checked", style="bold magenta")])
        for finding in report.not_checked:
            yield False, finding_view(finding, pen)
