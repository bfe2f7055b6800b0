"""The probe row that the strips of the table show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from maskprobe.mask_trace import CallRecord, Mask, MaskState, Trace
from maskprobe.report.second_witness import leaking_rows
from maskprobe.report.strip import mask_row


def call_masks(call: CallRecord) -> Iterator[MaskState]:
    """Every mask seen at `call`: on its inputs, given as arguments, on its outputs."""
    yield from (tensor.mask for tensor in call.inputs)
    yield from (argument.mask for argument in call.mask_arguments)
    yield from (tensor.mask for tensor in call.outputs)


def row_count(trace: Trace) -> int:
    """Batch size of the probe: the number of its rows."""
    return len(trace.probe.rows)


def choose_row(trace: Trace) -> int:
    """Choose the probe row that shows most: the one with the most different masks along the trace.

    Where rows show equally much, one in which more calls leak wins, then one with padding, of these one that is padded
    after, then the first.
    """
    masks = {mask for call in trace.calls for mask in call_masks(call) if isinstance(mask, Mask)}
    leaking = Counter(row for call in trace.calls for row in leaking_rows(call))

    def worth(row: int) -> tuple[int, ...]:
        different, *rest = _worth(trace, masks, row)
        return different, leaking[row], *rest

    return max(range(row_count(trace)), key=worth, default=0)


def telling_row(trace: Trace, call: CallRecord, shown: int) -> int:
    """Choose the row to draw for one call: `shown`, unless only another row tells its masks apart or shows its leak."""
    masks = {mask for mask in call_masks(call) if isinstance(mask, Mask)}
    rows = range(row_count(trace))
    candidates = [row for row in rows if row in leaking_rows(call)] or list(rows)
    if shown in candidates and (len(masks) <= 1 or _worth(trace, masks, shown)[0] > 1):
        return shown
    best = max(candidates, key=lambda row: _worth(trace, masks, row), default=shown)
    return best if shown not in candidates or _worth(trace, masks, best)[0] > 1 else shown


def _worth(trace: Trace, masks: Iterable[Mask], row: int) -> tuple[int, bool, bool, int]:
    """How much a row shows, to compare: different masks, whether it is padded, whether after, how early it is."""
    seen = [steps for mask in masks if (steps := mask_row(mask, row, row_count(trace))) is not None]
    different = len({(steps.shape, steps.tobytes()) for steps in seen})
    padded = any(not steps.all() for steps in seen) or trace.probe.rows[row] != "full"
    return different, padded, trace.probe.rows[row].startswith("padded after"), -row
