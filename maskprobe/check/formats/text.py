"""Results for people: grouped by file, each finding as `trace` shows it."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.text import Text

from maskprobe.check.formats.concise import statistics_lines
from maskprobe.check.formats.context import RunContext
from maskprobe.check.formats.tally import summary_line, tally
from maskprobe.check.formats.words import how_words, trouble_words
from maskprobe.check.result import FileResult
from maskprobe.report.console import PIPE_WIDTH, make_console
from maskprobe.report.finding_view import finding_view
from maskprobe.report.finding_words import NOT_CHECKED
from maskprobe.report.pen import Pen, pen_for
from maskprobe.report.terminal import READING_WIDTH
from maskprobe.report.trimmed import Trimmed


def render(results: Sequence[FileResult], context: RunContext) -> str:
    """Write `results` as plain text, for a file."""
    stream = io.StringIO()
    render_text(results, context, make_console(stream, PIPE_WIDTH, {"NO_COLOR": "1"}))
    return stream.getvalue()


def render_text(results: Sequence[FileResult], context: RunContext, console: Console) -> None:
    """Print `results` on `console`. Models that nothing is to be said of are counted, not named."""
    pen = pen_for(console.encoding)
    width = min(console.width, READING_WIDTH)
    for result in results:
        if result.findings or not result.is_checked:
            for block in _of_one(result, pen):
                console.print(Trimmed(block), width=width)
            console.print()
    if context.statistics and any(result.findings for result in results):
        for line in statistics_lines(results):
            console.print(Text(pen.write_lines(line)[0], overflow="fold"))
        console.print()
    summary = Text(pen.write(summary_line(tally(results))), style="bold", overflow="fold")
    console.print(Trimmed(summary), width=width)


def _of_one(result: FileResult, pen: Pen) -> Iterator[RenderableType]:
    yield Text(pen.write(result.path), style="bold underline", overflow="fold")
    yield Text(pen.write(how_words(result)), style="dim", overflow="fold")
    if result.trouble is not None:
        told = f"{NOT_CHECKED}: {trouble_words(result)}"
        yield Text(pen.write(told), style="bold magenta", overflow="fold")
    ordered = sorted(result.findings, key=lambda finding: finding.unchecked)
    for finding in ordered:
        yield Text()
        yield Padding(finding_view(finding, pen), (0, 0, 0, 2))
