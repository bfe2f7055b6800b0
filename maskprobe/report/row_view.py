"""Every probe row of every call that has a mask or was run again."""

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
from maskprobe.report.movement_words import movement_words
from maskprobe.report.pen import Pen
from maskprobe.report.report import Report
from maskprobe.report.second_witness import has_second_witness
from maskprobe.report.strip import StripDrawer
from maskprobe.report.summary import plural
from maskprobe.report.value_strip import values_of

_MOST_NAME = 20


def row_views(report: Report, drawer: StripDrawer, *, show_all: bool) -> Iterator[RenderableType]:
    """Lay out, for each call with a mask, one strip in and out for each row of the probe, and what the values say.

    Calls that the table folds into one line share one block, since they share one mask.
    """
    witnessed = has_second_witness(report.trace)
    for entry in table_entries(report, show_all=show_all):
        call, others = (entry.calls[0], len(entry.calls) - 1) if isinstance(entry, Fold) else (entry, 0)
        if has_mask(call) or (witnessed and call.replay is not None):
            yield _row_view(report, call, others, drawer)


def _row_view(report: Report, call: CallRecord, others: int, drawer: StripDrawer) -> RenderableType:
    pen = drawer.pen
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    witnessed = has_second_witness(report.trace)
    for heading in ("row", "mask in", "mask out", "values")[: 4 if witnessed else 3]:
        table.add_column(heading, overflow="fold")
    for row, name in enumerate(report.trace.probe.rows):
        at_row = replace(drawer, row=row)
        strips = [masks_in(call, at_row), masks_out(call, at_row)]
        if witnessed:
            strips.append(values_of(call, at_row))
        table.add_row(Text(pen.shorten(pen.write(name), _MOST_NAME)), *strips)
    title = Text.assemble((pen.write(call.path), "bold"), " ", (pen.write(call.class_name), "dim"), overflow="fold")
    if others:
        carried = ", mask carried" if has_mask(call) else ""
        title.append(f" and {plural(others, 'call')} after it{carried}", style="dim")
    lines = _leak_lines(call, pen, deduced=report.trace.is_deduced)
    return Group(title, Padding(Group(table, *lines), (0, 0, 0, 2)))


def _leak_lines(call: CallRecord, pen: Pen, *, deduced: bool) -> Iterator[Text]:
    """How far padding moved each output, and what could not be looked at."""
    if call.replay is None:
        return
    if call.replay.problem is not None:
        refused = "not known" if deduced else "could not be run again"
        yield Text(pen.write(f"{refused}: {call.replay.problem}"), style="yellow", overflow="fold")
    source = f" of {' and '.join(call.replay.leaks_from)}" if call.replay.leaks_from else ""
    for place, output in enumerate(call.replay.outputs):
        if output.leak is not None:
            moved = "is likely to move" if deduced else "moved"
            said = f"padding{source} {moved} output {place} {movement_words(output.leak)}"
            yield Text(pen.write(said), style="bold red", overflow="fold")
