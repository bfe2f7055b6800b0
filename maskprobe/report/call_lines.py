"""What a reader is told of each call, line by line: for a terminal, a page or a notebook."""

from __future__ import annotations

from dataclasses import dataclass, replace

from rich.text import Text

from maskprobe.finding import CallEvent
from maskprobe.mask_trace import CallRecord
from maskprobe.report.call_masks import masks_in, masks_out
from maskprobe.report.folding import Fold, TableEntry, event_of, table_entries
from maskprobe.report.pen import Pen
from maskprobe.report.report import Report
from maskprobe.report.second_witness import has_second_witness, leaks
from maskprobe.report.shown_row import telling_row
from maskprobe.report.strip import StripDrawer
from maskprobe.report.value_strip import values_of
from maskprobe.report.verdict_words import happened, verdict_style
from maskprobe.witness import Verdict

HEADINGS = ("call", "class", "mask in", "mask out", "values", "what happened")


@dataclass(frozen=True, slots=True)
class CallLine:
    """One line: a call, or several at which nothing happens."""

    depth: int
    name: str
    class_name: str
    mask_in: Text
    mask_out: Text
    values: Text
    words: Text
    style: str = ""

    def indent(self, width: int) -> int:
        """Blank cells before the name; deep nests stop at half the column."""
        return min(2 * self.depth, width // 2)


def call_lines(report: Report, drawer: StripDrawer, *, show_all: bool = False) -> list[CallLine]:
    """The lines in graph order; quiet calls in a row share one, unless all are asked for."""
    return [_entry_line(report, entry, drawer) for entry in table_entries(report, show_all=show_all)]


def _entry_line(report: Report, entry: TableEntry, drawer: StripDrawer) -> CallLine:
    return _fold_line(report, entry, drawer) if isinstance(entry, Fold) else _call_line(report, entry, drawer)


def _call_line(report: Report, call: CallRecord, drawer: StripDrawer) -> CallLine:
    event, pen, witnessed = event_of(report, call), drawer.pen, has_second_witness(report.trace)
    words = _words(event, pen, witnessed=witnessed)
    telling = telling_row(report.trace, call, drawer.row) if event.codes or leaks(call) else drawer.row
    if telling != drawer.row:
        drawer = replace(drawer, row=telling)
        words.append(f" (row {telling + 1})", style="dim")
    return CallLine(
        depth=call.depth,
        name=pen.write(call.path.rsplit("/", 1)[-1]),
        class_name=pen.write(call.class_name),
        mask_in=masks_in(call, drawer),
        mask_out=masks_out(call, drawer),
        values=values_of(call, drawer) if witnessed else Text(),
        words=words,
        style="bold" if event.codes else "",
    )


def _fold_line(report: Report, fold: Fold, drawer: StripDrawer) -> CallLine:
    witnessed = has_second_witness(report.trace)
    carried = "mask carried" if fold.mask is not None else "no mask"
    unlike = fold.verdict not in {Verdict.NOTHING, Verdict.CARRIED}
    strip = drawer.draw(fold.mask) if fold.mask is not None else Text()
    return CallLine(
        depth=fold.depth,
        name=f"{drawer.pen.ellipsis} {len(fold.calls)} calls",
        class_name="",
        mask_in=strip,
        mask_out=strip,
        values=values_of(fold.calls[0], drawer) if witnessed and fold.alike else Text(),
        words=Text(fold.verdict, style=verdict_style(fold.verdict)) if unlike else Text(carried, style="dim"),
        style="dim",
    )


def _words(event: CallEvent, pen: Pen, *, witnessed: bool) -> Text:
    said, style = happened(event, witnessed=witnessed)
    words = Text(pen.write(said), style=style)
    if event.codes:
        codes = pen.write(" ".join(event.codes))
        words.append(f"  {codes}" if words.plain else codes, style="bold")
    return words
