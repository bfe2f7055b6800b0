"""Pair up the values of two runs on the same rows with other padding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from maskprobe.backend.replay.movement import spread
from maskprobe.backend.replay.repad import NewRow
from maskprobe.padding_map import PaddingMap

Array = npt.NDArray[Any]

SAME = 1e-4
"""Differences below this share of an output's spread are rounding: another batch size takes other kernels."""
_SAME_HALF = 5e-2


def tolerance(tensor: Any, values: Array) -> float:
    """How far values may differ where the batch is another one."""
    half = "16" in str(tensor.dtype)
    return (_SAME_HALF if half else SAME) * spread(values)


def aligned(
    before: Array, after: Array, rows: Sequence[NewRow], padding: PaddingMap | None
) -> tuple[Array, Array, npt.NDArray[np.bool_]] | None:
    """Values of the old and the new run that must be equal, and which of them are real; None if they do not pair up.

    Args:
        before: A tensor of the probe's run, `(B, T, ...)` or `(B, ...)`.
        after: The same tensor of the run on `rows`, `(R, T', ...)` or `(R, ...)`.
        rows: Where each new row and step comes from.
        padding: The padding map of the tensor.
    """
    source = [row.row for row in rows]
    if not before.ndim or not after.ndim or len(after) != len(rows) or max(source) >= len(before):
        return None
    old = before[source]
    steps = np.array([row.steps for row in rows])
    has_steps = padding is not None and padding.ndim > 1 and padding.shape[1] > 1
    if old.shape == after.shape and not has_steps:
        whole = np.ones(old.shape, np.bool_)
        return old, after, whole if padding is None else whole & ~padding[source]
    if old.ndim < 2 or after.shape[1] != steps.shape[1] or old.shape[2:] != after.shape[2:]:  # noqa: PLR2004
        return None
    kept = np.maximum(steps, 0)
    if kept.max(initial=0) >= old.shape[1]:
        return None
    picked = old[np.arange(len(rows))[:, None], kept]
    real = np.broadcast_to((steps >= 0).reshape(steps.shape + (1,) * (old.ndim - 2)), picked.shape)
    if padding is not None:
        everywhere = np.broadcast_to(padding, before.shape)[source]
        real = real & ~everywhere[np.arange(len(rows))[:, None], kept]
    return picked, after, real
