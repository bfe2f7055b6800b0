"""The report of `verify-loss` for people, on a terminal or in a pipe."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.padding import Padding
from rich.text import Text

from maskprobe.report.header import model_lines
from maskprobe.report.loss_lines import checked_words, is_complete, loss_sections, target_words
from maskprobe.report.loss_table import loss_table, metric_table
from maskprobe.report.loss_walk_view import walk_lines
from maskprobe.report.loss_words import names_of
from maskprobe.report.pen import Pen, pen_for
from maskprobe.report.report import Report
from maskprobe.report.summary import summary_line
from maskprobe.report.terminal import READING_WIDTH, finding_blocks, paragraph, sentences
from maskprobe.report.trimmed import trimmed


@dataclass(frozen=True, slots=True)
class LossView:
    """What was seen of the losses and metrics of a model as a rich renderable."""

    report: Report

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the lines of the report, none wider than the console, none with blanks at its end."""
        reading = options.update(width=min(options.max_width, READING_WIDTH))
        for wide, block in self._blocks(pen_for(console.encoding), options.max_width):
            yield from trimmed(console, block, options if wide else reading)

    def _blocks(self, pen: Pen, width: int) -> Iterator[tuple[bool, RenderableType]]:
        """The parts from top to bottom, and whether each may take the whole width."""
        report, trace, check = self.report, self.report.trace, self.report.trace.loss_check
        if report.walk is not None:
            yield from sentences(walk_lines(report.walk, trace.engine, pen))
        else:
            yield from sentences(model_lines(report, pen))
            words = [*(target_words(check) if check is not None else ()), *(f"note: {note}" for note in trace.notes)]
            yield from sentences(Text(pen.write(line), overflow="fold") for line in words)
        yield from self._check(pen, width)
        yield from finding_blocks(report, pen)
        summary = summary_line(report, checked_words(check), complete=check is not None and is_complete(check))
        yield from paragraph([Text(pen.write(summary), style="bold", overflow="fold")])

    def _check(self, pen: Pen, width: int) -> Iterator[tuple[bool, RenderableType]]:
        trace, check = self.report.trace, self.report.trace.loss_check
        if check is None:
            where = "" if trace.failure is None else f": the run stopped at {trace.failure}"
            yield from paragraph([Text(pen.write(f"loss: not checked{where}"), style="bold magenta", overflow="fold")])
            return
        tables = [loss_table(check.outputs), metric_table(check.metrics, names_of(check.outputs))]
        for table in tables:
            if table.rows:
                yield True, Text()
                for line in table.lines(pen, width):
                    yield True, line
        for heading, lines in loss_sections(check):
            yield from paragraph([Text(pen.write(heading), style="bold", overflow="fold")])
            yield from sentences(Padding(Text(pen.write(line), overflow="fold"), (0, 0, 0, 2)) for line in lines)


def render_loss(report: Report, console: Console) -> None:
    """Print on `console` what was seen of the losses and metrics, and the findings.

    Args:
        report: as `maskprobe.verify_loss` gives it.
        console: where to print, as `make_console` gives it.
    """
    console.print(LossView(report))
