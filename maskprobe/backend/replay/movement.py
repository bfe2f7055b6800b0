"""Whether values moved, measured on the scale of the output itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from maskprobe.backend.replay.noise import finite
from maskprobe.backend.tensors import dtype_of
from maskprobe.witness import Movement

FloatArray = npt.NDArray[Any]
BoolArray = npt.NDArray[np.bool_]

_ROUNDING = 64.0
"""Roundings of one value that may differ from one run to the next where the batch is another one."""
_EPSILON = {"float16": 2.0**-10, "bfloat16": 2.0**-7, "float64": 2.0**-52}
_FLOAT32 = 2.0**-23
_STANDS_FOR_INFINITY = 1e4


def spread(values: FloatArray) -> float:
    """The largest distance of a value from the mean of all; at least a tiny number."""
    finite = values[np.isfinite(values)]
    if not finite.size:
        return 1.0
    return max(float(np.abs(finite - finite.mean()).max()), float(np.abs(finite).max()) * 1e-3, 1e-12)


def rounding(tensor: Any, values: FloatArray) -> FloatArray:
    """How far each value of `tensor` may differ by rounding alone.

    On the scale of the largest value, as values near zero may be differences of large ones; but those that stand for
    minus infinity, such as -1e9 in attention scores, say nothing of the others.
    """
    limit: FloatArray = np.abs(finite(values))
    scale = limit.max(initial=1e-6, where=limit < _STANDS_FOR_INFINITY)
    np.maximum(limit, scale, out=limit)
    limit *= _ROUNDING * _EPSILON.get(dtype_of(tensor), _FLOAT32)
    return limit


def distance(before: FloatArray, after: FloatArray) -> FloatArray:
    """How far each value moved; 0 where both are NaN or the same infinity."""
    with np.errstate(invalid="ignore", over="ignore"):
        moved: FloatArray = after - before
    np.abs(moved, out=moved)
    if not np.isfinite(moved).all():
        moved[(np.isnan(before) & np.isnan(after)) | (before == after)] = 0.0
        # A number that becomes NaN or infinite moved as far as can be.
        moved[~np.isfinite(moved)] = np.finfo(np.float32).max
    return moved


def largest(before: FloatArray, runs: Sequence[FloatArray]) -> FloatArray:
    """The largest distance over several runs."""
    found = distance(before, runs[0])
    for after in runs[1:]:
        np.maximum(found, distance(before, after), out=found)
    return found


def movement(before: FloatArray, moved: FloatArray, where: BoolArray) -> Movement:
    """Sum up how far values moved at the positions `where`, all of one shape `(B, ...)`."""
    far = float(moved[where].max(initial=0.0))
    steps = where.any(axis=-1) if where.ndim > 2 else where.any(axis=tuple(range(1, where.ndim)))  # noqa: PLR2004
    rows = np.flatnonzero(where.any(axis=tuple(range(1, where.ndim))))
    return Movement(far, far / spread(before), tuple(int(row) for row in rows), int(np.count_nonzero(steps)))
