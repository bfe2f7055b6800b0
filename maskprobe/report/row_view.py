"""Every probe row of every call that has a mask."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from maskprobe.mask_trace import CallRecord
from maskprobe.report.call_masks import has_mask, masks_in, masks_out
from maskprobe.report.folding import Fold, table_entries
from maskprobe.report.report import Report
from maskprobe.report.strip import StripDrawer
from maskprobe.report.summary import plural

_MOST_NAME = 20


def row_views(report: Report, drawer: StripDrawer, *, show_all: bool) -> Iterator[RenderableType]:
    """Lay out, for each call with a mask, one strip in and out for each row of the probe.

    Calls that the table folds into one line share one block, since they share one mask.
    """
    for entry in table_entries(report, show_all=show_all):
        call, others = (entry.calls[0], len(entry.calls) - 1) if isinstance(entry, Fold) else (entry, 0)
        if has_mask(call):
            yield _row_view(report, call, others, drawer)


def _row_view(report: Report, call: CallRecord, others: int, drawer: StripDrawer) -> RenderableType:
    pen = drawer.pen
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    for heading in ("row", "mask in", "mask out"):
        table.add_column(heading, overflow="fold")
    for row, name in enumerate(report.trace.probe.rows):
        at_row = replace(drawer, row=row)
        table.add_row(Text(pen.shorten(pen.write(name), _MOST_NAME)), masks_in(call, at_row), masks_out(call, at_row))
    title = Text.assemble((pen.write(call.path), "bold"), " ", (pen.write(call.class_name), "dim"), overflow="fold")
    if others:
        title.append(f" and {plural(others, 'call')} after it, mask carried", style="dim")
    return Group(title, Padding(table, (0, 0, 0, 2)))
