"""Layers that put several tensors together.

Mirrors Keras 3.15.1: keras/src/layers/merging/*.py (`Multiply`, `Maximum` and `Minimum` leave out what the masks of
their inputs hide); tf_keras 2.21: src/layers/merging/*.py (no masks). Keras 1: `Merge` with `mode`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from maskprobe.static.mixing.arrays import (
    Moved,
    UnknownMixingError,
    any_over,
    axis_of,
    full,
    moved_at,
    setting,
    union,
)
from maskprobe.static.mixing.call import BoolArray, MixedCall, Shape

_MASKS_SINCE = 3


def added(call: MixedCall, moved: Sequence[Moved]) -> tuple[BoolArray, ...]:
    """`Add`, `Average`, `Subtract`: a value moves if it moves in any of the inputs."""
    return (union(_lined_up(call, moved)),)


def multiplied(call: MixedCall, moved: Sequence[Moved]) -> tuple[BoolArray, ...]:
    """`Multiply`: what a mask hides counts as 1, and as 0 where all masks do (`Multiply._merge_function`)."""
    parts = _lined_up(call, moved)
    masks = _masks(call)
    if any(one.values is None and not one.moves for one in call.inputs):
        raise UnknownMixingError("it multiplies by what may be zero")
    for place, one in enumerate(call.inputs):
        if one.values is not None:
            kept = _raised(one.values != 0, parts[0].ndim)
            parts = [part if at == place else part & kept for at, part in enumerate(parts)]
    return (union([part if mask is None else part & mask for part, mask in zip(parts, masks, strict=True)]),)


def extreme(call: MixedCall, moved: Sequence[Moved]) -> tuple[BoolArray, ...]:
    """`Maximum`, `Minimum`: where one mask hides, the other input is taken (`_apply_merge_op_and_or_mask`)."""
    parts, masks = _lined_up(call, moved), _masks(call)
    found, found_mask = parts[0], masks[0]
    for part, mask in zip(parts[1:], masks[1:], strict=True):
        one = part if mask is None else np.where(mask, part, found)
        if found_mask is not None:
            found = np.where(found_mask, found, one)
        found_mask = None if mask is None or found_mask is None else found_mask | mask
        found = found | one
    return (found,)


def _lined_up(call: MixedCall, moved: Sequence[Moved]) -> list[BoolArray]:
    """Tensors of fewer axes get new ones after the rows (`Merge.call`)."""
    rank = max(len(one.shape) for one in call.inputs)
    parts = [moved_at(call, moved, place) for place in range(len(moved))]
    return [_raised(part, rank) for part in parts]


def _raised(one: BoolArray, rank: int) -> BoolArray:
    return one.reshape(one.shape[0], *(1,) * (rank - one.ndim), *one.shape[1:])


def _masks(call: MixedCall) -> list[BoolArray | None]:
    """The masks on the tensors with an axis for the features: all of them are told in Keras 3."""
    if call.generation < _MASKS_SINCE:
        return [None] * len(call.inputs)
    return [None if one.mask is None else one.mask[..., None] for one in call.inputs]


def concatenated(call: MixedCall, moved: Sequence[Moved]) -> tuple[BoolArray, ...]:
    """`Concatenate` along any axis."""
    axis = axis_of(setting(call, "axis", default=-1), len(call.outputs[0]))
    return (joined([moved_at(call, moved, place) for place in range(len(moved))], _shapes(call), axis),)


def joined(parts: Sequence[BoolArray], shapes: Sequence[Shape], axis: int) -> BoolArray:
    """Parts of tensors of `shapes` one after the other along `axis`."""
    if axis and axis == parts[0].ndim - 1 and all(part.shape[axis] == 1 for part in parts) and parts[0].ndim > 2:  # noqa: PLR2004
        # Each step has features from all of them.
        first = union(parts)
        if all(part is first or np.array_equal(np.broadcast_to(part, first.shape), first) for part in parts):
            return first
    common = [max(part.shape[place] for part in parts) for place in range(parts[0].ndim)]
    wide = [
        full(part, tuple(shape[axis] if place == axis else size for place, size in enumerate(common)))
        for part, shape in zip(parts, shapes, strict=True)
    ]
    return np.concatenate(wide, axis=axis)


def dot(call: MixedCall, moved: Sequence[Moved]) -> tuple[BoolArray, ...]:
    """`Dot`: sums over one axis of each (`Dot._merge_function`)."""
    stated = setting(call, "axes", "dot_axes")
    pair = stated if isinstance(stated, (list, tuple)) else (stated, stated)
    if len(pair) != 2 or len(moved) != 2:  # noqa: PLR2004 - two tensors
        raise UnknownMixingError("its axes are not known")
    found = []
    for place, axis in enumerate(pair):
        one = moved_at(call, moved, place)
        summed = axis_of(axis, one.ndim)
        found.append(any_over(one, (summed,)).squeeze(axis=summed))
    one, other = found
    out = one.reshape(one.shape + (1,) * (other.ndim - 1)) | other.reshape(
        other.shape[0], *(1,) * (one.ndim - 1), *other.shape[1:]
    )
    return (out if len(call.outputs[0]) == out.ndim else out[..., None],)


_MODES = {"sum": added, "ave": added, "mul": multiplied, "max": extreme, "concat": concatenated, "dot": dot}


def merge(call: MixedCall, moved: Sequence[Moved]) -> tuple[BoolArray, ...]:
    """`Merge` of Keras 1: one layer for all."""
    mode = call.config.get("mode")
    if not isinstance(mode, str) or mode not in _MODES:
        raise UnknownMixingError("its mode is not known")
    axis = call.config.get("concat_axis", -1)
    return _MODES[mode](replace(call, config={**call.config, "axis": axis}), moved)


def _shapes(call: MixedCall) -> list[Shape]:
    return [one.shape for one in call.inputs]
