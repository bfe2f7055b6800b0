"""The lines above the table: what was run on what, and how to read the strips."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text

from maskprobe.mask_trace import Mask, ProbeRecord, Trace, Unreadable
from maskprobe.report.pen import Pen
from maskprobe.report.report import FileInfo, Report
from maskprobe.report.second_witness import has_second_witness, outputs_of
from maskprobe.report.shown_row import call_masks
from maskprobe.report.strip import StripDrawer, mask_row, probe_row
from maskprobe.report.summary import plural
from maskprobe.report.value_strip import value_legend

_FORMATS = {"h5": "HDF5", "keras": "Keras v3 archive", "saved_model": "SavedModel"}
_MOST_LENGTHS = 3


def header_lines(report: Report, drawer: StripDrawer) -> Iterator[Text]:
    """Say which file and Keras, which probe, and which of its rows the strips show."""
    trace, pen = report.trace, drawer.pen
    yield from model_lines(report, pen)
    if trace.probe.rows:
        shown = pen.write(f"strips show {row_words(trace.probe, drawer.row)}:")
        yield Text(f"{shown} {_legend(trace, pen)}", style="dim", overflow="fold")
        if has_second_witness(trace):
            yield Text(value_legend(trace, drawer), style="dim", overflow="fold")
    lengths = _shortened_lengths(trace, drawer)
    if lengths:
        told = [f"{length} steps, {drawer.steps_per_cell(length)} a cell" for length in lengths[:_MOST_LENGTHS]]
        mixed = f"; {pen.mixed} partly real" + (" ..." if len(lengths) > _MOST_LENGTHS else "")
        yield Text(f"long strips: {'; '.join(told)}{mixed}", style="dim", overflow="fold")
    elif _has_inner_steps(trace):
        yield Text(f"nested steps: {pen.mixed} partly real", style="dim")


def model_lines(report: Report, pen: Pen) -> Iterator[Text]:
    """Say which file, which Keras ran it or whose rules were applied, and on what."""
    trace = report.trace
    yield Text.assemble((pen.write(_subject(report)), "bold"), " ", pen.write(_origin(report.file)), overflow="fold")
    yield Text(pen.write(_engine_words(report)))
    yield Text(pen.write(_probe_words(trace.probe)), overflow="fold")


def _engine_words(report: Report) -> str:
    engine = report.trace.engine
    if engine.ran:
        return f"run on {engine}, TensorFlow {engine.tensorflow}"
    return f"read off {'the file' if report.file else 'its config'} by the rules of {engine}; nothing was run"


def _subject(report: Report) -> str:
    return report.file.path if report.file else f"model {report.trace.model} in memory"


def _origin(file: FileInfo | None) -> str:
    if file is None:
        return ""
    written = f"written by Keras {file.keras_version}" if file.keras_version else "writer unknown"
    return f"({_FORMATS.get(file.format, file.format)}, {written})"


def _probe_words(probe: ProbeRecord) -> str:
    steps = sorted({given.real.shape[1] for given in probe.inputs if given.real is not None and given.real.ndim > 1})
    size = plural(len(probe.rows), "row")
    if steps:
        size += f" x {' or '.join(map(str, steps))} steps"
    kinds = ", ".join(dict.fromkeys(probe.rows))
    if probe.source != "made":
        return f"inputs from {probe.source}: {size}"
    seed = f", seed {probe.seed}" if probe.seed is not None else ""
    return f"probe: {size}{seed} ({kinds})"


def row_words(probe: ProbeRecord, row: int) -> str:
    """Name a probe row: `row 2 (padded after)`."""
    name = probe.rows[row]
    number = f"row {row + 1}"
    return number if name == number else f"{number} ({name})"


def _legend(trace: Trace, pen: Pen) -> str:
    unread = trace.is_static and any(isinstance(mask, Unreadable) for call in trace.calls for mask in call_masks(call))
    unknown = f", {pen.unreadable} mask of unknown values" if unread else ""
    return f"{pen.real} real step, {pen.padding} padding, {pen.absent} no mask{unknown}"


def _shortened_lengths(trace: Trace, drawer: StripDrawer) -> list[int]:
    """Lengths of the masks and outputs that are drawn with several steps to a cell."""
    rows = [mask_row(mask, drawer.row, drawer.rows) for mask in _masks(trace)]
    rows += [probe_row(output.classes, drawer.row, drawer.rows) for output in outputs_of(trace)]
    return sorted({len(row) for row in rows if row is not None and drawer.steps_per_cell(len(row)) > 1})


def _has_inner_steps(trace: Trace) -> bool:
    return any(mask.values.ndim > 2 for mask in _masks(trace))  # noqa: PLR2004 - batch and one time axis


def _masks(trace: Trace) -> Iterator[Mask]:
    for call in trace.calls:
        yield from (state for state in call_masks(call) if isinstance(state, Mask))
