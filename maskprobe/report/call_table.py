"""The table of calls: which mask went in, which came out, what the values say, and what happened."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from maskprobe.finding import CallEvent
from maskprobe.mask_trace import CallRecord
from maskprobe.report.call_masks import masks_in, masks_out
from maskprobe.report.columns import GAP, Columns, fit
from maskprobe.report.folding import Fold, TableEntry, event_of, table_entries
from maskprobe.report.pen import Pen
from maskprobe.report.report import Report
from maskprobe.report.second_witness import has_second_witness, leaks
from maskprobe.report.shown_row import telling_row
from maskprobe.report.strip import StripDrawer
from maskprobe.report.value_strip import values_of
from maskprobe.report.verdict_words import happened, verdict_style
from maskprobe.witness import Verdict

_HEADINGS = ("call", "class", "mask in", "mask out", "values", "what happened")


@dataclass(frozen=True, slots=True)
class _Line:
    """One line of the table before it is fitted to the console."""

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


def call_table(report: Report, drawer: StripDrawer, width: int, *, show_all: bool) -> Table:
    """Lay out the calls of `report` in graph order on at most `width` cells.

    Below 60 cells the class is left out, and the values and what happened stand under the call. Without the second
    witness there is no column of values.
    """
    lines = [_line(report, entry, drawer) for entry in table_entries(report, show_all=show_all)]
    columns = fit(_natural(lines, drawer.room), width)
    table = Table(box=None, padding=(0, GAP, 0, 0), pad_edge=False, header_style="dim")
    widths = (columns.name, columns.class_name, columns.mask_in, columns.mask_out, columns.values, columns.words)
    kept = [index for index, size in enumerate(widths) if size]
    for index in kept:
        table.add_column(_HEADINGS[index], width=widths[index], overflow="fold")
    for line in lines:
        cells = _cells(line, columns, drawer.pen)
        table.add_row(*(cells[index] for index in kept))
    return table


def _line(report: Report, entry: TableEntry, drawer: StripDrawer) -> _Line:
    return _fold_line(report, entry, drawer) if isinstance(entry, Fold) else _call_line(report, entry, drawer)


def _call_line(report: Report, call: CallRecord, drawer: StripDrawer) -> _Line:
    event, pen, witnessed = event_of(report, call), drawer.pen, has_second_witness(report.trace)
    words = _words(event, pen, witnessed=witnessed)
    telling = telling_row(report.trace, call, drawer.row) if event.codes or leaks(call) else drawer.row
    if telling != drawer.row:
        drawer = replace(drawer, row=telling)
        words.append(f" (row {telling + 1})", style="dim")
    return _Line(
        depth=call.depth,
        name=pen.write(call.path.rsplit("/", 1)[-1]),
        class_name=pen.write(call.class_name),
        mask_in=masks_in(call, drawer),
        mask_out=masks_out(call, drawer),
        values=values_of(call, drawer) if witnessed else Text(),
        words=words,
        style="bold" if event.codes else "",
    )


def _fold_line(report: Report, fold: Fold, drawer: StripDrawer) -> _Line:
    witnessed = has_second_witness(report.trace)
    carried = "mask carried" if fold.mask is not None else "no mask"
    unlike = fold.verdict not in {Verdict.NOTHING, Verdict.CARRIED}
    strip = drawer.draw(fold.mask) if fold.mask is not None else Text()
    return _Line(
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


def _cells(line: _Line, columns: Columns, pen: Pen) -> Sequence[RenderableType]:
    """Cut the texts of `line` to the columns; in three columns the values and the words go under the name."""
    indent = line.indent(columns.name)
    name: RenderableType = Text(" " * indent + pen.shorten(line.name, columns.name - indent), style=line.style)
    under = [text for text in (line.values, line.words) if text.plain]
    if not columns.words and under:
        below = min(indent + 2, columns.name // 2)
        name = Group(name, Padding(_joined(under), (0, 0, 0, below)))
    class_name = Text(pen.shorten(line.class_name, columns.class_name), style="dim")
    return name, class_name, line.mask_in, line.mask_out, line.values, line.words


def _joined(texts: Sequence[Text]) -> Text:
    """Put `texts` behind one another, or under one another where one has several lines."""
    several = any("\n" in text.plain for text in texts)
    return Text("\n" if several else " " * GAP).join(texts)


def _natural(lines: Sequence[_Line], room: int) -> Columns:
    # A strip fits its room with its mark; the shape of an odd mask may not, and is folded.
    most = room + len(" arg")
    values = [min(most, _lines_width(line.values)) for line in lines]

    def widest(heading: int, widths: Iterable[int]) -> int:
        return max(len(_HEADINGS[heading]), *widths, 0)

    return Columns(
        name=widest(0, (2 * line.depth + cell_len(line.name) for line in lines)),
        class_name=widest(1, (cell_len(line.class_name) for line in lines)),
        mask_in=widest(2, (min(most, _lines_width(line.mask_in)) for line in lines)),
        mask_out=widest(3, (min(most, _lines_width(line.mask_out)) for line in lines)),
        values=widest(4, values) if any(values) else 0,
        words=widest(5, (line.words.cell_len for line in lines)),
    )


def _lines_width(text: Text) -> int:
    return max(map(cell_len, text.plain.split("\n")))
