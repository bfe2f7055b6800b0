"""The table of calls: which mask went in, which came out, what the values say, and what happened."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from maskprobe.report.call_lines import HEADINGS, CallLine, call_lines
from maskprobe.report.columns import GAP, Columns, fit
from maskprobe.report.pen import Pen
from maskprobe.report.report import Report
from maskprobe.report.strip import StripDrawer


def call_table(report: Report, drawer: StripDrawer, width: int, *, show_all: bool) -> Table:
    """Lay out the calls of `report` in graph order on at most `width` cells.

    Below 60 cells the class is left out, and the values and what happened stand under the call. Without the second
    witness there is no column of values.
    """
    lines = call_lines(report, drawer, show_all=show_all)
    columns = fit(_natural(lines, drawer.room), width)
    table = Table(box=None, padding=(0, GAP, 0, 0), pad_edge=False, header_style="dim")
    widths = (columns.name, columns.class_name, columns.mask_in, columns.mask_out, columns.values, columns.words)
    kept = [index for index, size in enumerate(widths) if size]
    for index in kept:
        table.add_column(HEADINGS[index], width=widths[index], overflow="fold")
    for line in lines:
        cells = _cells(line, columns, drawer.pen)
        table.add_row(*(cells[index] for index in kept))
    return table


def _cells(line: CallLine, columns: Columns, pen: Pen) -> Sequence[RenderableType]:
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


def _natural(lines: Sequence[CallLine], room: int) -> Columns:
    # A strip fits its room with its mark; the shape of an odd mask may not, and is folded.
    most = room + len(" arg")
    values = [min(most, _lines_width(line.values)) for line in lines]

    def widest(heading: int, widths: Iterable[int]) -> int:
        return max(len(HEADINGS[heading]), *widths, 0)

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
