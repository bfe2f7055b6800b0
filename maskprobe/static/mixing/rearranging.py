"""Operations on tensors that lay values out in another way, and mix none.

Done by NumPy on the positions themselves. Mirrors Keras 3.15.1: keras/src/ops/numpy.py, core.py; TensorFlow's
functions under their own names and arguments.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from types import EllipsisType
from typing import TypeAlias

import numpy as np

from maskprobe.static.mixing.arrays import (
    Account,
    Moved,
    UnknownMixingError,
    axes_of,
    axis_of,
    full,
    moved_at,
    setting,
)
from maskprobe.static.mixing.call import BoolArray, MixedCall
from maskprobe.static.mixing.merging import joined
from maskprobe.static.mixing.operations import all_moved
from maskprobe.static.mixing.reshaping import reshaped

_Index: TypeAlias = int | slice | EllipsisType | None


def wide_of(call: MixedCall, moved: Sequence[Moved]) -> BoolArray:
    """Which positions of the first input move, every axis at its size. A view: `narrow` takes it back."""
    return full(moved_at(call, moved), call.inputs[0].shape)


def narrow(one: BoolArray) -> BoolArray:
    """The axes along which a view repeats itself with size 1 again."""
    index = tuple(
        slice(0, 1) if stride == 0 and size > 1 else slice(None)
        for stride, size in zip(one.strides, one.shape, strict=True)
    )
    return one[index]


def reshape(call: MixedCall, moved: Sequence[Moved]) -> tuple[BoolArray, ...]:
    """Any new shape: it is that of what is returned."""
    return (reshaped(moved_at(call, moved), call.inputs[0].shape, call.outputs[0]),)


def transpose(call: MixedCall, moved: Sequence[Moved]) -> tuple[BoolArray, ...]:
    """The axes in another order; the reverse one if none is stated."""
    one = moved_at(call, moved)
    order = setting(call, "axes", "perm", "1", default=None)
    return (one.transpose(None if order is None else axes_of(order, one.ndim)),)


def swap_axes(call: MixedCall, moved: Sequence[Moved]) -> tuple[BoolArray, ...]:
    """Two axes change places."""
    one = moved_at(call, moved)
    first, second = (axis_of(setting(call, *names), one.ndim) for names in (("axis1", "1"), ("axis2", "2")))
    return (np.swapaxes(one, first, second),)


def move_axis(call: MixedCall, moved: Sequence[Moved]) -> tuple[BoolArray, ...]:
    """Axes go to other places."""
    one = moved_at(call, moved)
    source, target = (axes_of(setting(call, *names), one.ndim) for names in (("source", "1"), ("destination", "2")))
    return (np.moveaxis(one, source, target),)


def flip(call: MixedCall, moved: Sequence[Moved]) -> tuple[BoolArray, ...]:
    """The order along some axes is reversed."""
    one = moved_at(call, moved)
    return (np.flip(one, axes_of(setting(call, "axis", "1", default=None), one.ndim)),)


def roll(call: MixedCall, moved: Sequence[Moved]) -> tuple[BoolArray, ...]:
    """Values are moved on along an axis, and round its end."""
    axis = setting(call, "axis", "2")
    if axis is None:
        raise UnknownMixingError("it rolls over all axes")
    return (np.roll(wide_of(call, moved), setting(call, "shift", "1"), axis),)


def tile(call: MixedCall, moved: Sequence[Moved]) -> tuple[BoolArray, ...]:
    """The whole comes several times."""
    repeats = setting(call, "repeats", "multiples", "1")
    counts = [int(count) for count in (repeats if isinstance(repeats, (list, tuple)) else [repeats])]
    _refuse_large(call)
    return (np.tile(wide_of(call, moved), counts),)


def repeat(call: MixedCall, moved: Sequence[Moved]) -> tuple[BoolArray, ...]:
    """Each value comes several times in a row."""
    _refuse_large(call)
    axis = setting(call, "axis", "2", default=None)
    one = wide_of(call, moved)
    count = setting(call, "repeats", "1")
    if (
        axis is None
        or not isinstance(count, int)
        or count * one.shape[axis_of(axis, one.ndim)] != call.outputs[0][axis]
    ):
        raise UnknownMixingError("how often each value comes is not known")
    return (np.repeat(one, count, axis=axis),)


def pad(call: MixedCall, moved: Sequence[Moved]) -> tuple[BoolArray, ...]:
    """New values at the ends, that stay, or that are those inside once more."""
    widths, mode = setting(call, "pad_width", "paddings", "1"), str(setting(call, "mode", default="constant")).lower()
    if mode not in {"constant", "reflect", "symmetric"}:
        raise UnknownMixingError("its mode is not known")
    _refuse_large(call)
    one = wide_of(call, moved)
    if isinstance(widths, (list, tuple)):
        ends = [int(end) for pair in widths for end in (pair if isinstance(pair, (list, tuple)) else [pair])]
        if max(ends, default=0) > max(call.outputs[0], default=0):
            raise UnknownMixingError("its sizes do not fit")
    elif int(widths) > max(call.outputs[0], default=0):
        raise UnknownMixingError("its sizes do not fit")
    return (np.pad(one, widths, mode=mode),)  # type: ignore[call-overload, unused-ignore]


def take(call: MixedCall, moved: Sequence[Moved]) -> tuple[BoolArray, ...]:
    """Values at known places along an axis."""
    if setting(call, "batch_dims", default=0):
        raise UnknownMixingError("each row takes other values")
    if len(call.inputs) > 1:
        places = call.inputs[1].values
        if places is None:
            raise UnknownMixingError("which values it takes is not known")
    else:
        places = np.asarray(setting(call, "indices", "1"))
    axis = setting(call, "axis", "2", default=None if call.generation > 2 else 0)  # noqa: PLR2004 - Keras 3
    if axis is None or not np.issubdtype(places.dtype, np.integer):
        raise UnknownMixingError("which values it takes is not known")
    _refuse_large(call)
    return (np.take(wide_of(call, moved), places, axis=axis),)


def expand_dims(call: MixedCall, moved: Sequence[Moved]) -> tuple[BoolArray, ...]:
    """New axes of size 1."""
    one = moved_at(call, moved)
    return (np.expand_dims(one, axes_of(setting(call, "axis", "1"), len(call.outputs[0]))),)


def squeeze(call: MixedCall, moved: Sequence[Moved]) -> tuple[BoolArray, ...]:
    """Axes of size 1 go."""
    return (reshaped(moved_at(call, moved), call.inputs[0].shape, call.outputs[0]),)


def broadcast(call: MixedCall, moved: Sequence[Moved]) -> tuple[BoolArray, ...]:
    """Alike along new axes."""
    one = moved_at(call, moved)
    return (one.reshape((1,) * (len(call.outputs[0]) - one.ndim) + one.shape),)


def concatenate(call: MixedCall, moved: Sequence[Moved]) -> tuple[BoolArray, ...]:
    """One after the other along an axis."""
    axis = axis_of(setting(call, "axis", "1"), len(call.outputs[0]))
    return (joined(all_moved(call, moved), [one.shape for one in call.inputs], axis),)


def stack(call: MixedCall, moved: Sequence[Moved]) -> tuple[BoolArray, ...]:
    """One after the other along a new axis."""
    axis = axis_of(setting(call, "axis", "1", default=0), len(call.outputs[0]))
    return (narrow(np.stack(np.broadcast_arrays(*all_moved(call, moved)), axis=axis)),)


def split(call: MixedCall, moved: Sequence[Moved]) -> tuple[BoolArray, ...]:
    """Parts along an axis, as large as what is returned."""
    one = moved_at(call, moved)
    axis = axis_of(setting(call, "axis", "2", default=0), one.ndim)
    if one.shape[axis] == 1:
        return (one,) * len(call.outputs)
    ends = np.cumsum([shape[axis] for shape in call.outputs])
    if ends[-1] != one.shape[axis]:
        raise UnknownMixingError("its parts do not fit")
    return tuple(np.split(one, ends[:-1], axis=axis))


def unstack(call: MixedCall, moved: Sequence[Moved]) -> tuple[BoolArray, ...]:
    """The parts of size 1 along an axis, without it."""
    one = moved_at(call, moved)
    axis = axis_of(setting(call, "axis", "2", default=0), one.ndim)
    return tuple(np.take(one, at if one.shape[axis] > 1 else 0, axis=axis) for at in range(len(call.outputs)))


def get_item(call: MixedCall, moved: Sequence[Moved]) -> tuple[BoolArray, ...]:
    """`x[...]` with plain numbers and slices."""
    spec = setting(call, "slice_spec", "key", "1")
    index = tuple(_index(one) for one in (spec if isinstance(spec, (list, tuple)) else [spec]))
    return (narrow(wide_of(call, moved)[index]),)


def _index(stated: object) -> _Index:
    if isinstance(stated, Mapping):
        if stated.get("class_name") == "__ellipsis__":
            return ...
        if stated.get("class_name") == "__slice__":
            stated = stated.get("config")
    if isinstance(stated, Mapping) and {"start", "stop", "step"} >= set(stated):
        ends = [stated.get(name) for name in ("start", "stop", "step")]
        if all(end is None or (isinstance(end, int) and not isinstance(end, bool)) for end in ends):
            return slice(*ends)
    if stated is None or (isinstance(stated, int) and not isinstance(stated, bool)):
        return stated
    if stated is ... or isinstance(stated, slice):
        return stated
    raise UnknownMixingError("which part it takes is not known")


def sliced(call: MixedCall, moved: Sequence[Moved]) -> tuple[BoolArray, ...]:
    """`slice`: from given starts, as much as is returned."""
    starts = setting(call, "start_indices", "begin", "1")
    if not isinstance(starts, (list, tuple)) or not all(isinstance(one, int) for one in starts):
        raise UnknownMixingError("which part it takes is not known")
    index = tuple(slice(start, start + size) for start, size in zip(starts, call.outputs[0], strict=True))
    return (narrow(wide_of(call, moved)[index]),)


def _refuse_large(call: MixedCall) -> None:
    if any(prod(shape) > 1 << 26 for shape in call.outputs):
        raise UnknownMixingError("it is too large")


def _names(account: Account, listed: str) -> dict[str, Account]:
    return dict.fromkeys(listed.split(), account)


REARRANGING: dict[str, Account] = {
    **_names(reshape, "reshape ravel flatten view"),
    **_names(transpose, "transpose"),
    **_names(swap_axes, "swapaxes"),
    **_names(move_axis, "moveaxis"),
    **_names(flip, "flip reverse reversev2"),
    **_names(roll, "roll"),
    **_names(tile, "tile"),
    **_names(repeat, "repeat"),
    **_names(pad, "pad padv2"),
    **_names(take, "take gather gatherv2"),
    **_names(expand_dims, "expanddims"),
    **_names(squeeze, "squeeze"),
    **_names(broadcast, "broadcastto"),
    **_names(concatenate, "concatenate concat concatv2"),
    **_names(stack, "stack pack"),
    **_names(split, "split splitv"),
    **_names(unstack, "unstack unpack"),
    **_names(get_item, "getitem slicingoplambda"),
    **_names(sliced, "slice"),
}
"""By bare name: operations that lay values out in another way."""
