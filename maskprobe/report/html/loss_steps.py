"""What each step of an output adds to the compiled loss, and which steps should not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from maskprobe.loss.convention import Convention
from maskprobe.loss_check import LossCheck, OutputLoss
from maskprobe.mask_trace import Mask, Trace
from maskprobe.report.flow import Cell, Place, Row, Strip
from maskprobe.report.flow.strips import MOST_STEPS
from maskprobe.report.loss_words import amount, conventions_of, loss_verdict, names_of
from maskprobe.report.strip import probe_row
from maskprobe.report.summary import plural

_AXES = 2
_MOST_CELLS = 4096


@dataclass(frozen=True, slots=True)
class LossSteps:
    """One output's loss, as it is drawn."""

    name: str
    loss: str
    verdict: str
    """`leaves padding out`, `counts padding` ..."""
    value: str
    sentence: str
    """How much a step adds."""
    strip: Strip | None
    """`r`: it counts; `p`: it adds nothing; `x`: it is padding and counts. None where this cannot be told by step."""


def loss_steps(trace: Trace, check: LossCheck, rows: tuple[Row, ...]) -> Iterator[LossSteps]:
    """Say for each output with a loss what its steps add."""
    names = names_of(check.outputs)
    for output in check.outputs:
        shares = _shares(trace, output)
        padding = _padding(trace, output, shares)
        yield LossSteps(
            name=names[output.output],
            loss=output.loss,
            verdict=loss_verdict(output),
            value=amount(output.comparison.value),
            sentence=output.comparison.problem or _sentence(output, shares, padding),
            strip=None if shares is None else _strip(shares, padding, rows),
        )


def _shares(trace: Trace, output: OutputLoss) -> npt.NDArray[np.float64] | None:
    """What a loss of 1 at each step adds to the loss, `(B, T)`; None where no one convention is known."""
    fitting = conventions_of(output.comparison)
    mask = trace.outputs[output.output].mask if output.output < len(trace.outputs) else None
    shape = _shape(trace, output)
    if not fitting or shape is None or shape[0] * shape[1] > _MOST_CELLS:
        return None
    values = mask.values if isinstance(mask, Mask) and mask.shape == shape else None
    return _by_step(fitting[0], shape, values)


def _by_step(
    convention: Convention, shape: tuple[int, int], mask: npt.NDArray[np.bool_] | None
) -> npt.NDArray[np.float64]:
    shares = np.zeros(shape, dtype=np.float64)
    for place in np.ndindex(shape):
        one = np.zeros(shape, dtype=np.float64)
        one[place] = 1.0
        shares[place] = convention.reduce(one, mask)
    return shares


def _shape(trace: Trace, output: OutputLoss) -> tuple[int, int] | None:
    """Rows and steps of the output; None where it has no time axis."""
    rows = len(trace.probe.rows)
    if not rows or output.steps % rows or output.steps <= rows or output.output >= len(trace.outputs):
        return None
    return rows, output.steps // rows


def _padding(trace: Trace, output: OutputLoss, shares: npt.NDArray[np.float64] | None) -> npt.NDArray[np.bool_] | None:
    """Where padding really is in the output, `(B, T)`."""
    if shares is None:
        return None
    number = trace.outputs[output.output].number
    for call in trace.calls:
        seen = call.replay.outputs if call.replay is not None else ()
        for tensor, witness in zip(call.outputs, seen, strict=False):
            if tensor.number == number and witness.padding is not None:
                return _of_shape(witness.padding, shares.shape)
    return None


def _of_shape(padding: npt.NDArray[np.bool_], shape: tuple[int, ...]) -> npt.NDArray[np.bool_] | None:
    """Where whole steps are padding, `(B, T)`; None if it does not fit."""
    if padding.ndim < _AXES or not padding.size:
        return None
    found = padding.reshape(*padding.shape[:_AXES], -1).all(axis=-1)
    fits = all(have in {1, want} for have, want in zip(found.shape, shape, strict=True))
    return np.broadcast_to(found, shape) if fits else None


def _sentence(output: OutputLoss, shares: npt.NDArray[np.float64] | None, padding: npt.NDArray[np.bool_] | None) -> str:
    title = conventions_of(output.comparison)
    if shares is None:
        return title[0].title if title else "no convention fits"
    counted = shares != 0
    amounts = sorted(set(np.round(shares[counted], 12)))
    each = "nothing counts" if not amounts else f"each of {plural(int(counted.sum()), 'step')} adds {_share(amounts)}"
    if padding is None:
        return f"{each} of its loss"
    wrongly = int((counted & padding).sum())
    told = f"{wrongly} of them are padding and should add nothing" if wrongly else "padded steps add nothing"
    return f"{each} of its loss; {told}"


def _share(amounts: list[float]) -> str:
    least, most = (f"{100 * one:.3g} %" for one in (amounts[0], amounts[-1]))
    return least if least == most else f"{least} to {most}"


def _strip(shares: npt.NDArray[np.float64], padding: npt.NDArray[np.bool_] | None, rows: tuple[Row, ...]) -> Strip:
    counted = shares != 0
    cells = np.where(counted, Cell.REAL.value, Cell.PADDING.value)
    if padding is not None:
        cells[counted & padding] = Cell.CONTAMINATED.value
    found = [probe_row(cells, row.number, len(cells)) for row in rows]
    texts = tuple("".join(row[:MOST_STEPS]) for row in found if row is not None)
    return Strip(Place.MASK_IN, "loss", texts, steps=shares.shape[1])
