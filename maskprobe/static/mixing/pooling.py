"""Pooling: over windows, over the whole sequence, over a given number of parts.

Mirrors Keras 3.15.1: keras/src/layers/pooling/*.py; tf_keras 2.21: src/layers/pooling/*.py; Keras 1: `pool_length`,
`stride`, `border_mode`.
"""

from __future__ import annotations

from collections.abc import Sequence

from maskprobe.static.mixing.arrays import (
    Moved,
    UnknownMixingError,
    any_over,
    moved_at,
    setting,
    whole_number,
    whole_numbers,
)
from maskprobe.static.mixing.call import BoolArray, MixedCall
from maskprobe.static.mixing.convolution import space_of
from maskprobe.static.mixing.windows import Window, slid, spans

_SEQUENCE = 3
"""Rank of what has rows, steps and features."""


def pooling(call: MixedCall, moved: Sequence[Moved]) -> tuple[BoolArray, ...]:
    """A step moves if any step in its window does, each channel by itself."""
    one, axes = moved_at(call, moved), space_of(call)
    sizes = whole_numbers(setting(call, "pool_size", "pool_length"), len(axes), 1)
    strides = setting(call, "strides", "stride", default=None)
    steps = sizes if strides is None else whole_numbers(strides, len(axes), 1)
    padding = str(setting(call, "padding", "border_mode", default="valid"))
    for axis, size, stride in zip(axes, sizes, steps, strict=True):
        one = slid(one, axis, call.inputs[0].shape[axis], Window(size, stride, 1, padding))
    return (one,)


def adaptive(call: MixedCall, moved: Sequence[Moved]) -> tuple[BoolArray, ...]:
    """`output_size` windows, from the rounded down to the rounded up share (`AdaptiveAveragePooling1D`)."""
    one, axes = moved_at(call, moved), space_of(call)
    counts = whole_numbers(setting(call, "output_size"), len(axes), 1)
    for axis, count in zip(axes, counts, strict=True):
        size = call.inputs[0].shape[axis]
        whole_number(count)
        if count > call.outputs[0][axis]:
            raise UnknownMixingError("its sizes do not fit")
        one = spans(one, axis, size, [(at * size // count, -(-(at + 1) * size // count)) for at in range(count)])
    return (one,)


def global_max(call: MixedCall, moved: Sequence[Moved]) -> tuple[BoolArray, ...]:
    """A row moves if any of its steps does."""
    return _taken_out(call, moved_at(call, moved))


def global_average(call: MixedCall, moved: Sequence[Moved]) -> tuple[BoolArray, ...]:
    """The same; in one dimension the steps hidden by the mask do not count (`GlobalAveragePooling1D.call`)."""
    one = moved_at(call, moved)
    if "mask" in call.masks and one.ndim == _SEQUENCE:
        mask = call.masks["mask"]
        if mask is None:
            raise UnknownMixingError("its mask is not known")
        (steps,) = space_of(call)
        one = one & (mask[:, :, None] if steps == 1 else mask[:, None, :])
    return _taken_out(call, one)


def _taken_out(call: MixedCall, one: BoolArray) -> tuple[BoolArray, ...]:
    axes = tuple(space_of(call))
    one = any_over(one, axes)
    return (one if len(call.outputs[0]) == one.ndim else one.squeeze(axis=axes),)
