"""Layers that lay values out in another way, and mix none.

Mirrors Keras 3.15.1: keras/src/layers/reshaping/*.py; tf_keras 2.21: src/layers/reshaping/*.py.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from maskprobe.static.mixing.arrays import Moved, UnknownMixingError, full, moved_at, setting, whole_number
from maskprobe.static.mixing.call import BoolArray, MixedCall, Shape
from maskprobe.static.mixing.convolution import space_of


def reshaped(one: BoolArray, before: Shape, after: Shape) -> BoolArray:
    """`one`, of a tensor of shape `before`, as the values lie in the shape `after`, in the order of the numbers.

    Raises:
        UnknownMixingError: the tensor is too large to be looked at.
        ValueError: the sizes do not fit.
    """
    if before == after:
        return one
    common = 0
    while common < min(len(before), len(after)) and before[common] == after[common]:
        common += 1
    if all(size == 1 for size in one.shape[common:]):
        return one.reshape(one.shape[:common] + (1,) * (len(after) - common))
    return full(one, before).reshape(after)


def reshape(call: MixedCall, moved: Sequence[Moved]) -> tuple[BoolArray, ...]:
    """`Reshape` to the shape of what it returns."""
    return (reshaped(moved_at(call, moved), call.inputs[0].shape, call.outputs[0]),)


def flatten(call: MixedCall, moved: Sequence[Moved]) -> tuple[BoolArray, ...]:
    """`Flatten`; channels that come first are put last before (`Flatten.call`)."""
    one, shape = moved_at(call, moved), call.inputs[0].shape
    if setting(call, "data_format", default=None) == "channels_first" and len(shape) > 1:
        one, shape = np.moveaxis(one, 1, -1), (shape[0], *shape[2:], shape[1])
    return (reshaped(one, shape, call.outputs[0]),)


def permute(call: MixedCall, moved: Sequence[Moved]) -> tuple[BoolArray, ...]:
    """`Permute`: `dims` counts from 1."""
    dims = setting(call, "dims")
    if not isinstance(dims, (list, tuple)):
        raise UnknownMixingError("its axes are not stated")
    return (moved_at(call, moved).transpose(0, *(whole_number(axis, 1) for axis in dims)),)


def repeat_vector(call: MixedCall, moved: Sequence[Moved]) -> tuple[BoolArray, ...]:
    """`RepeatVector`: all steps are alike."""
    return (moved_at(call, moved)[:, None],)


def cropping(call: MixedCall, moved: Sequence[Moved]) -> tuple[BoolArray, ...]:
    """`Cropping1D` and its kin."""
    one = moved_at(call, moved)
    for axis, (first, last) in zip(space_of(call), _sides(call, "cropping"), strict=True):
        if one.shape[axis] != 1:
            one = np.take(one, range(first, one.shape[axis] - last), axis=axis)
    return (one,)


def zero_padding(call: MixedCall, moved: Sequence[Moved]) -> tuple[BoolArray, ...]:
    """`ZeroPadding1D` and its kin: what is added never moves."""
    one, shape = moved_at(call, moved), call.inputs[0].shape
    for axis, (first, last) in zip(space_of(call), _sides(call, "padding"), strict=True):
        if first or last:
            if max(first, last) > call.outputs[0][axis]:
                raise UnknownMixingError("its sizes do not fit")
            wide = full(one, (*one.shape[:axis], shape[axis], *one.shape[axis + 1 :]))
            one = np.pad(wide, [(first, last) if place == axis else (0, 0) for place in range(one.ndim)])
    return (one,)


def up_sampling(call: MixedCall, moved: Sequence[Moved]) -> tuple[BoolArray, ...]:
    """`UpSampling1D` and its kin: each step comes several times."""
    one, axes = moved_at(call, moved), space_of(call)
    if setting(call, "interpolation", default="nearest") != "nearest":
        raise UnknownMixingError("it interpolates")
    sizes = setting(call, "size", "length")
    for place, axis in enumerate(axes):
        size = whole_number(sizes[place] if isinstance(sizes, (list, tuple)) else sizes, 1)
        if size > call.outputs[0][axis]:
            raise UnknownMixingError("its sizes do not fit")
        if one.shape[axis] != 1:
            one = np.repeat(one, size, axis=axis)
    return (one,)


def _sides(call: MixedCall, name: str) -> list[tuple[int, int]]:
    """How much at both ends of each axis: one number for all, one an axis, or two an axis."""
    count, stated = len(space_of(call)), setting(call, name)
    if not isinstance(stated, (list, tuple)):
        return [(whole_number(stated), whole_number(stated))] * count
    if count == 1:
        pair = stated[0] if len(stated) == 1 else stated
        return [_pair(pair)]
    if len(stated) != count:
        raise UnknownMixingError("its sizes do not fit")
    return [_pair(one) for one in stated]


def _pair(stated: object) -> tuple[int, int]:
    if isinstance(stated, (list, tuple)) and len(stated) == 2:  # noqa: PLR2004 - both ends
        return whole_number(stated[0]), whole_number(stated[1])
    return whole_number(stated), whole_number(stated)
