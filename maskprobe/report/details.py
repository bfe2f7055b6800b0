"""What the table leaves out: the probe's inputs, and what Keras itself warned of."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text

from maskprobe.mask_trace import LossRecord, ProbeInput, Trace
from maskprobe.report.folding import shown_calls
from maskprobe.report.pen import Pen
from maskprobe.report.report import Report
from maskprobe.report.summary import plural


def note_lines(trace: Trace, pen: Pen) -> Iterator[Text]:
    """What the reader must know of how the trace was made, whatever options are set."""
    for note in trace.notes:
        yield Text(pen.write(f"note: {note}"), overflow="fold")
    if trace.loss is not None:
        yield Text(pen.write(_loss_words(trace.loss)), overflow="fold")
    if trace.compiled is not None:
        different = len(trace.compiled)
        words = f"masks differ at {plural(different, 'output')}" if different else "the same masks"
        yield Text(f"under predict: {words}", style="bold yellow" if different else "")
    if trace.failure is not None:
        failed = trace.by_path.get(trace.failure)
        why = f": {failed.error}" if failed and failed.error else ""
        stopped = (
            f"nothing after {trace.failure} was looked at" if trace.is_static else f"the run stopped at {trace.failure}"
        )
        yield Text(pen.write(f"{stopped}{why}"), style="bold red", overflow="fold")


def detail_lines(report: Report, pen: Pen, *, show_all: bool) -> Iterator[Text]:
    """The inputs of the probe, one a line, and the warnings that Keras gave while it ran."""
    for given in report.trace.probe.inputs:
        yield Text(pen.write(_input_words(given)), overflow="fold")
    for call in shown_calls(report, show_all=show_all):
        for warning in call.warnings:
            yield Text(pen.write(f"Keras warned at {call.path}: {warning}"), style="yellow", overflow="fold")


def _input_words(given: ProbeInput) -> str:
    pad = "not padded" if given.pad_value is None else f"padded with {given.pad_value:g}"
    return f"input {given.name}: {given.role.value}, {given.dtype} {given.shape}, {pad}"


def _loss_words(loss: LossRecord) -> str:
    if loss.problem is not None:
        return f"loss: could not be rebuilt ({loss.problem})"
    metrics = f"; metrics: {', '.join(loss.metrics)}" if loss.metrics else ""
    return f"loss: {', '.join(name or 'none' for name in loss.losses) or 'none'}{metrics}"
