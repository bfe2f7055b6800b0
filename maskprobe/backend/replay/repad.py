"""The probe's rows again: with more padding, with padding at the other end, and a row of nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from maskprobe.mask_trace import InputRole, ProbeInput
from maskprobe.witness import Change

Array = npt.NDArray[Any]
EXTRA_STEPS = 3
"""Padded steps added after each row where the time axis is free."""
_PAD = -1


@dataclass(frozen=True, slots=True)
class NewRow:
    """One row of the new batch."""

    change: Change | None
    """What was changed of its padding; None for the row that is padding all through."""
    row: int
    """The row of the probe that it was made from."""
    steps: tuple[int, ...]
    """For each new step the step of the old row that it holds, or -1 for padding."""


@dataclass(frozen=True, slots=True)
class Repadded:
    """A batch made from the rows of the probe."""

    arrays: Mapping[str, Array]
    """By input name."""
    rows: tuple[NewRow, ...]


def new_rows(inputs: Sequence[ProbeInput], *, free: bool, empty: bool) -> tuple[NewRow, ...]:
    """The rows to make; none if the inputs do not share one time axis.

    Args:
        inputs: What the probe fed.
        free: Whether the time axis may be longer.
        empty: Whether to add a row of padding only.
    """
    real = shared_real(inputs)
    if real is None:
        return ()
    length = real.shape[1] + (EXTRA_STEPS if free else 0)
    rows = [_longer(row, real[row], length) for row in _few(real)] if free else []
    shifted = [row for row, steps in enumerate(real) if _is_padded_after(steps)]
    # The shortest says most.
    shifted.sort(key=lambda row: int(real[row].sum()))
    rows += [_moved(row, real[row], length) for row in shifted[:1]]
    if empty:
        rows.append(NewRow(None, 0, (_PAD,) * length))
    return tuple(rows)


def _few(real: npt.NDArray[np.bool_]) -> list[int]:
    """Rows to stand for all: so many that, with the others, the batch is not larger than the probe's."""
    most = max(1, len(real) - 2)
    # By where their padding is, so that the order of the rows changes nothing.
    order = sorted(range(len(real)), key=lambda row: (-int(real[row].sum()), real[row].tobytes()))
    return sorted({order[round(place)] for place in np.linspace(0, len(real) - 1, min(most, 4))})


def _longer(row: int, real: npt.NDArray[np.bool_], length: int) -> NewRow:
    old = [int(step) if is_real else _PAD for step, is_real in enumerate(real)]
    return NewRow(Change.MORE, row, (*old, *[_PAD] * (length - len(old))))


def _moved(row: int, real: npt.NDArray[np.bool_], length: int) -> NewRow:
    kept = [int(step) for step in np.flatnonzero(real)]
    return NewRow(Change.BEFORE, row, (*[_PAD] * (length - len(kept)), *kept))


def _is_padded_after(real: npt.NDArray[np.bool_]) -> bool:
    kept = int(real.sum())
    return 0 < kept < len(real) and bool(real[:kept].all())


def shared_real(inputs: Sequence[ProbeInput]) -> npt.NDArray[np.bool_] | None:
    """Which steps are real, bool `(B, T)`, where all inputs with a time axis agree on their number; else None.

    On rows where the inputs disagree a step is real if it is real in any of them.
    """
    timed = [given.real for given in inputs if given.real is not None]
    shapes = {real.shape for real in timed}
    if len(shapes) != 1 or len(next(iter(shapes))) != 2:  # noqa: PLR2004 - batch and time
        return None
    real: npt.NDArray[np.bool_] = np.any(timed, axis=0)
    return real


def repad(arrays: Mapping[str, Array], inputs: Sequence[ProbeInput], rows: Sequence[NewRow]) -> Repadded:
    """Make the batch of `rows`."""
    made = {given.name: _repadded(arrays[given.name], given, rows) for given in inputs}
    return Repadded(made, tuple(rows))


def _repadded(array: Array, given: ProbeInput, rows: Sequence[NewRow]) -> Array:
    source = array[[row.row for row in rows]]
    if given.real is None or array.ndim < 2:  # noqa: PLR2004 - batch and time
        return source
    steps = np.array([row.steps for row in rows])
    own = given.real[[row.row for row in rows]]
    kept = np.where(steps >= 0, np.take_along_axis(own, np.maximum(steps, 0), axis=1), False)
    taken = source[np.arange(len(rows))[:, None], np.maximum(steps, 0)]
    padding = _padding_of(array, given)
    made: Array = np.where(kept.reshape(kept.shape + (1,) * (taken.ndim - 2)), taken, padding).astype(array.dtype)
    return made


def _padding_of(array: Array, given: ProbeInput) -> Array:
    """What a padded step of this input holds."""
    real = given.real
    if given.role is not InputRole.MASK and real is not None and not real.all():
        row, step = np.argwhere(~real)[0][:2]
        padded: Array = array[row, step]
        return padded
    return np.asarray(given.pad_value or 0, dtype=array.dtype)
