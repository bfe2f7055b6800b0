"""Layers that divide by what they find along some axes.

Mirrors Keras 3.15.1: keras/src/layers/normalization/*.py, activations/softmax.py; tf_keras 2.21:
src/layers/normalization/*.py, activation/softmax.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from maskprobe.static.mixing.arrays import (
    Moved,
    UnknownMixingError,
    any_over,
    axes_of,
    axis_of,
    full,
    moved_at,
    setting,
    still,
    whole_number,
)
from maskprobe.static.mixing.call import BoolArray, MixedCall


def along_axis(call: MixedCall, moved: Sequence[Moved]) -> tuple[BoolArray, ...]:
    """Moments over `axis`: LayerNormalization, RMSNormalization, UnitNormalization."""
    one = moved_at(call, moved)
    return (any_over(one, axes_of(setting(call, "axis", default=-1), one.ndim)),)


def by_group(call: MixedCall, moved: Sequence[Moved]) -> tuple[BoolArray, ...]:
    """Moments over all axes but the rows, for each group of channels (`GroupNormalization.call`)."""
    one = moved_at(call, moved)
    channels = axis_of(setting(call, "axis", default=-1), one.ndim)
    one = any_over(one, [axis for axis in range(1, one.ndim) if axis != channels])
    size = one.shape[channels]
    if size == 1:
        return (one,)
    groups = setting(call, "groups", default=32)
    groups = size if groups == -1 else whole_number(groups, 1)
    if size % groups:
        raise UnknownMixingError("its groups do not fit")
    split = one.reshape(*one.shape[:channels], groups, size // groups, *one.shape[channels + 1 :])
    wide = np.repeat(any_over(split, (channels + 1,)), size // groups, axis=channels + 1)
    return (wide.reshape(one.shape),)


def softmax(call: MixedCall, moved: Sequence[Moved]) -> tuple[BoolArray, ...]:
    """Shares along `axis`; what the mask hides has none (`Softmax.call`)."""
    one, shape = moved_at(call, moved), call.inputs[0].shape
    axes = axes_of(setting(call, "axis", default=-1), len(shape))
    if "mask" not in call.masks:
        return (still(one.ndim) if prod(shape[axis] for axis in axes) == 1 else any_over(one, axes),)
    mask = call.masks["mask"]
    if mask is None:
        raise UnknownMixingError("its mask is not known")
    seen = full(mask.reshape((1,) * (one.ndim - mask.ndim) + mask.shape), shape)
    several = np.count_nonzero(seen, axis=axes, keepdims=True) > 1
    return (any_over(one & seen, axes) & several & seen,)
