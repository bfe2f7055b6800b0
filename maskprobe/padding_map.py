"""Where the true padding is in a tensor, mask or no mask, and how it goes through a call.

A padding map is a bool array of the rank of its tensor, each axis of the tensor's size or 1: `(B, T, 1)` for a
sequence, `(B, Tq, Tk)` for attention scores, `(B, 1, T)` after a transposition. True = padding.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from maskprobe.witness import OutputWitness, StepClass

BoolArray: TypeAlias = npt.NDArray[np.bool_]
PaddingMap: TypeAlias = BoolArray

_RANK_WITH_FEATURES = 3


@dataclass(frozen=True, slots=True)
class Settled:
    """What the movement of one output says."""

    classes: npt.NDArray[np.uint8]
    """uint8 `StepClass` by position: the output's axes but the features, `(B,)` without a time axis."""
    padding: PaddingMap | None
    """Where the padding is in the output; None if there is none, or no time axis."""
    leaks: BoolArray | None
    """bool, of the output's own shape: real values that padding moved. None if there are none."""


def map_of(real: BoolArray, rank: int) -> PaddingMap | None:
    """The padding map of a tensor with `rank` axes whose leading axes are those of `real`, `(B, T)` or deeper."""
    if real.ndim > rank or real.all():
        return None
    return ~real.reshape(real.shape + (1,) * (rank - real.ndim))


def carried_witness(padding: PaddingMap | None, shape: tuple[int | None, ...]) -> OutputWitness:
    """What is known of an output that was not run again, of shape `shape`: where its padding is."""
    sizes = tuple(size or 1 for size in shape)
    steps = sizes if padding is None else padding.shape
    positions = sizes[:-1] if len(sizes) >= _RANK_WITH_FEATURES else sizes
    if padding is None:
        return OutputWitness(np.full(positions[:2], StepClass.CLEAN, np.uint8), None)
    flat = padding.any(axis=-1) if len(steps) >= _RANK_WITH_FEATURES else padding
    classes = np.where(np.broadcast_to(flat, positions), StepClass.PAD_ONLY, StepClass.CLEAN)
    return OutputWitness(classes.astype(np.uint8), padding)


def settle(
    pad: BoolArray, data: BoolArray, given: Sequence[PaddingMap], mask: PaddingMap | None, *, merges: bool
) -> Settled:
    """Tell where the padding is in an output, and whether it moved real steps.

    An output position stays padding if it lies where padding lay in what was read and padding moves nothing else:
    then nothing real moved. Otherwise, if no position is moved by both, the call picked or rearranged steps, and what
    padding alone moves is padding. Otherwise padding was mixed into real steps.

    Where padding moves nothing it is still there if the output has a mask; without one it was taken out, as by a
    multiplication with the mask.

    Args:
        pad: bool, the output's shape: what noise on padded steps moved.
        data: The same for noise on real steps.
        given: The padding maps of what the call read.
        mask: The padding that the output's own mask claims; None if it has none, or one that does not fit.
        merges: Whether several maps may hold at once: the call merges tensors step by step.
    """
    shape = pad.shape
    if not pad.any():
        kept = None if mask is None else _kept(shape, given, mask, merges=merges)
        return Settled(_classes(pad, data, has_time=kept is not None), kept, None)
    parts = given if mask is not None else [part for one in given for part in _parts(one)]
    for candidate in _candidates(shape, parts, pad, merges=merges):
        if not (pad & ~candidate).any():
            return Settled(_classes(pad, data, has_time=True), candidate, None)
    same = list(_same_axes(shape, given))
    aligned = (np.logical_or.reduce(np.broadcast_arrays(*same)) if merges else same[0]) if same else None
    if aligned is None and mask is not None and not (pad & ~mask).any():
        return Settled(_classes(pad, data, has_time=True), mask, None)
    if aligned is None or _is_rearranged(pad, data, aligned):
        picked = _picked(pad, data)
        if picked is not None:
            return Settled(_classes(pad, data, has_time=True), picked, None)
    return _mixed(pad, data, aligned)


def _kept(shape: tuple[int, ...], given: Sequence[PaddingMap], mask: PaddingMap, *, merges: bool) -> PaddingMap:
    same = list(_same_axes(shape, given))
    if merges and len(same) > 1:
        # It leaves out what is padding in one input: a step is data where any is (Keras 3.15.1: Multiply).
        both: PaddingMap = np.logical_and.reduce(np.broadcast_arrays(*same))
        return both
    return same[0] if same else mask


def _mixed(pad: BoolArray, data: BoolArray, aligned: PaddingMap | None) -> Settled:
    if pad.ndim < _RANK_WITH_FEATURES and aligned is None:
        # One position a row, and each row is real.
        return Settled(_classes(pad, data, has_time=False), None, pad if pad.any() else None)
    if aligned is None:
        step_pad, step_data = _by_step(pad), _by_step(data)
        padding = step_pad & ~step_data
        leaks = pad & ~padding
        found = padding if padding.any() else None
    else:
        leaks, found = pad & ~aligned, aligned
    return Settled(_classes(pad, data, has_time=True), found, leaks if leaks.any() else None)


def _parts(one: PaddingMap) -> list[PaddingMap]:
    """The padding along each single axis, where a map has several; then the whole."""
    axes = _spans(one)
    if len(axes) == 1:
        return [one]
    along = [np.all(one, axis=tuple(other for other in axes if other != axis), keepdims=True) for axis in axes]
    return [*[part for part in along if part.any()], one]


def _candidates(
    shape: tuple[int, ...], given: Sequence[PaddingMap], pad: BoolArray, *, merges: bool
) -> Iterator[PaddingMap]:
    same = list(_same_axes(shape, given))
    yield from same
    if len(same) > 1 and merges:
        yield np.logical_or.reduce(np.broadcast_arrays(*same))
    moved = [found for one in given for found in _other_axes(shape, one)]
    moved += [found for one in given for found in _strided(shape, one)]
    yield from (found for found in moved if _fills(pad, found))
    everywhere = [*same, *moved]
    for place, first in enumerate(everywhere):
        for second in everywhere[place + 1 :]:
            if _spans(first) != _spans(second):
                yield first | second


def _same_axes(shape: tuple[int, ...], given: Sequence[PaddingMap]) -> Iterator[PaddingMap]:
    """The maps that fit the output on the axes that they have."""
    seen: set[bytes] = set()
    for one in given:
        found = _placed(shape, one, _first_axis(one))
        if found is None or (len(shape) < _RANK_WITH_FEATURES <= one.ndim):
            continue
        if found.tobytes() not in seen:
            seen.add(found.tobytes())
            yield found


def _other_axes(shape: tuple[int, ...], one: PaddingMap) -> Iterator[PaddingMap]:
    """The same steps on other axes of the output: after a transposition, in attention scores, without features."""
    own = _first_axis(one) if len(shape) >= min(_RANK_WITH_FEATURES, one.ndim) else None
    for axis in range(1, len(shape)):
        if axis != own:
            found = _placed(shape, one, axis)
            if found is not None:
                yield found


def _strided(shape: tuple[int, ...], one: PaddingMap) -> Iterator[PaddingMap]:
    """Every n-th step of a single time axis, where the output has so many fewer steps."""
    axis = _first_axis(one)
    steps = [size for size in one.shape[1:] if size > 1]
    if len(steps) != 1 or axis >= len(shape) or len(shape) < _RANK_WITH_FEATURES or shape[axis] >= steps[0]:
        return
    stride = math.ceil(steps[0] / shape[axis])
    flat = one.reshape(one.shape[0], steps[0])[:, ::stride]
    if flat.shape[1] == shape[axis]:
        found = _placed(shape, flat, axis)
        if found is not None:
            yield found


def _placed(shape: tuple[int, ...], one: PaddingMap, axis: int) -> PaddingMap | None:
    """The steps of `one` laid on the output's axes from `axis` on; None if the sizes differ."""
    first = _first_axis(one)
    last = max((place for place, size in enumerate(one.shape) if size > 1 and place), default=first)
    sizes = one.shape[first : last + 1]
    if not shape or one.shape[0] != shape[0] or shape[axis : axis + len(sizes)] != sizes:
        return None
    rest = len(shape) - axis - len(sizes)
    return one.reshape((shape[0],) + (1,) * (axis - 1) + sizes + (1,) * rest)


def _first_axis(one: PaddingMap) -> int:
    return next((place for place, size in enumerate(one.shape) if place and size > 1), 1)


def _spans(one: PaddingMap) -> tuple[int, ...]:
    return tuple(place for place, size in enumerate(one.shape) if place and size > 1)


def _fills(pad: BoolArray, found: PaddingMap) -> bool:
    """Whether padding moved all of `found`: a map on other axes is believed only if it is seen."""
    others = tuple(axis for axis in range(1, pad.ndim) if found.shape[axis] == 1)
    return bool((pad.any(axis=others, keepdims=True) == found).all()) if others else bool((pad == found).all())


def _is_rearranged(pad: BoolArray, data: BoolArray, aligned: PaddingMap) -> bool:
    """Whether steps were moved about, as by a reversal: padding alone moves steps that were real."""
    step_pad, step_data = _by_step(pad), _by_step(data)
    return bool((step_pad & ~step_data & ~aligned).any())


def _picked(pad: BoolArray, data: BoolArray) -> PaddingMap | None:
    """The padding of an output whose steps are each moved by padding alone or by data alone; else None."""
    step_pad, step_data = _by_step(pad), _by_step(data)
    if (step_pad & step_data).any():
        return None
    if pad.ndim < _RANK_WITH_FEATURES and not (step_pad.any(axis=1) & step_data.any(axis=1)).any():
        return None  # whole rows: there is no time axis left, and what was read is the padding itself
    return step_pad


def _by_step(moved: BoolArray) -> BoolArray:
    """`moved` with the features put together, where there are any; the rank stays."""
    return np.any(moved, axis=-1, keepdims=True) if moved.ndim >= _RANK_WITH_FEATURES else moved


def _classes(pad: BoolArray, data: BoolArray, *, has_time: bool) -> npt.NDArray[np.uint8]:
    if has_time and pad.ndim >= _RANK_WITH_FEATURES:
        by_pad, by_data = pad.any(axis=-1), data.any(axis=-1)
    elif has_time:
        by_pad, by_data = pad, data
    else:
        axes = tuple(range(1, pad.ndim))
        by_pad, by_data = pad.any(axis=axes), data.any(axis=axes)
    classes = np.full(by_pad.shape, StepClass.CONSTANT, np.uint8)
    classes[by_data] = StepClass.CLEAN
    classes[by_pad] = StepClass.PAD_ONLY
    classes[by_pad & by_data] = StepClass.CONTAMINATED
    return classes
