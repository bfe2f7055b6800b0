"""Convolutions: a step moves if any step in its window does.

Mirrors Keras 3.15.1: keras/src/layers/convolutional/base_conv.py, base_conv_transpose.py, base_depthwise_conv.py,
base_separable_conv.py; tf_keras 2.21: src/layers/convolutional, locally_connected; Keras 1: `Convolution1D` with
`filter_length`, `subsample_length`, `border_mode`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from maskprobe.static.mixing.arrays import (
    Moved,
    UnknownMixingError,
    any_over,
    channels_first,
    moved_at,
    setting,
    whole_numbers,
)
from maskprobe.static.mixing.call import BoolArray, MixedCall
from maskprobe.static.mixing.windows import Window, slid, slid_back


def convolution(call: MixedCall, moved: Sequence[Moved]) -> tuple[BoolArray, ...]:
    """`Conv1D` and its kin in any number of axes: all channels of a step move together."""
    one, axes = moved_at(call, moved), space_of(call)
    channels = _channels(call)
    if one.shape[channels] != 1 and setting(call, "groups", default=1) != 1:
        raise UnknownMixingError("its groups are looked at apart")
    one = any_over(one, (channels,))
    for axis, window in zip(axes, _windows(call, len(axes)), strict=True):
        one = slid(one, axis, call.inputs[0].shape[axis], window)
    return (one,)


def depthwise(call: MixedCall, moved: Sequence[Moved]) -> tuple[BoolArray, ...]:
    """Each channel by itself, perhaps several times (`BaseDepthwiseConv.call`)."""
    one, axes, channels = moved_at(call, moved), space_of(call), _channels(call)
    if one.shape[channels] != 1:
        one = np.repeat(one, call.outputs[0][channels] // one.shape[channels], axis=channels)
    for axis, window in zip(axes, _windows(call, len(axes)), strict=True):
        one = slid(one, axis, call.inputs[0].shape[axis], window)
    return (one,)


def transposed(call: MixedCall, moved: Sequence[Moved]) -> tuple[BoolArray, ...]:
    """`Conv1DTranspose` and its kin: each step spreads over a window of the output."""
    one, axes = any_over(moved_at(call, moved), (_channels(call),)), space_of(call)
    for axis, window in zip(axes, _windows(call, len(axes)), strict=True):
        one = slid_back(one, axis, call.inputs[0].shape[axis], window, call.outputs[0][axis])
    return (one,)


def space_of(call: MixedCall) -> range:
    """The axes that a window goes along: all but the rows and the channels."""
    rank = len(call.inputs[0].shape)
    return range(2, rank) if channels_first(call) else range(1, rank - 1)


def _channels(call: MixedCall) -> int:
    return 1 if channels_first(call) else len(call.inputs[0].shape) - 1


def _windows(call: MixedCall, count: int) -> list[Window]:
    sizes = whole_numbers(setting(call, "kernel_size", "filter_length"), count, 1)
    strides = whole_numbers(setting(call, "strides", "subsample_length", default=1), count, 1)
    dilations = whole_numbers(setting(call, "dilation_rate", "atrous_rate", default=1), count, 1)
    padding = str(setting(call, "padding", "border_mode", default="valid"))
    return [Window(*one, padding) for one in zip(sizes, strides, dilations, strict=True)]
