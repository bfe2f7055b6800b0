"""Other predictions at padded steps, valid ones, to see whether a loss or a metric counts them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from maskprobe.backend.tensors import as_float, attached_mask, with_mask
from maskprobe.padding_map import PaddingMap

_Array: TypeAlias = npt.NDArray[Any]
_Other: TypeAlias = Callable[[_Array, tuple[int, ...]], _Array]


def others_at_padding(returned: Sequence[Any], paddings: Sequence[PaddingMap | None]) -> list[list[Any]]:
    """The model's outputs with other predictions at padded steps, three times: all of them are valid ones."""
    return [
        [_other_at_padding(tensor, padding, other) for tensor, padding in zip(returned, paddings, strict=True)]
        for other in (_of_real_steps, _low, _high)
    ]


def _other_at_padding(tensor: Any, padding: PaddingMap | None, other: _Other) -> Any:
    values = as_float(tensor)
    if padding is None or padding.ndim < 2:  # noqa: PLR2004 - batch and time
        return tensor
    steps = np.broadcast_to(padding, values.shape).reshape(*values.shape[:2], -1).all(axis=-1)
    if steps.any() and not steps.all():
        values = values.copy()
        values[steps] = other(values[~steps], values[steps].shape)
    return with_mask(tf.cast(tf.constant(values), tensor.dtype), attached_mask(tensor))


def _of_real_steps(real: _Array, shape: tuple[int, ...]) -> _Array:
    """Those of real steps; from the last on, so that it is not the neighbour that a masked layer repeats."""
    return np.resize(real[::-1], shape)


def _low(real: _Array, shape: tuple[int, ...]) -> _Array:
    """The lowest there is; near 0 if all are probabilities, so that metrics with a threshold move."""
    lowest = real.min()
    return np.full(shape, lowest / 100 if lowest > 0 and real.max() < 1 else lowest, real.dtype)


def _high(real: _Array, shape: tuple[int, ...]) -> _Array:
    """The highest there is; near 1 if all are probabilities."""
    highest = real.max()
    return np.full(shape, 1 - (1 - highest) / 100 if real.min() > 0 and highest < 1 else highest, real.dtype)
