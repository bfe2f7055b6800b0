"""Masks combined: by AND, by OR, side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

import numpy as np

from maskprobe.mask_trace import ABSENT, Absent, BoolArray, Mask, MaskState, Unreadable
from maskprobe.static.tensors import Symbols, Values


class UnfitMasksError(ValueError):
    """Masks of shapes that do not go together: Keras raises there."""


def both(masks: Sequence[MaskState], symbols: Symbols) -> MaskState:
    """Real where all masks say so; masks that are absent are left out."""
    return _combined(masks, np.logical_and, "logicaland", symbols)


def either(masks: Sequence[MaskState], symbols: Symbols) -> MaskState:
    """Real where any mask says so."""
    return _combined(masks, np.logical_or, "logicalor", symbols)


def _combined(masks: Sequence[MaskState], how: Callable[[Any, Any], Any], name: str, symbols: Symbols) -> MaskState:
    present = [mask for mask in masks if not isinstance(mask, Absent)]
    unsure = first_unsure(present)
    if unsure is not None:
        return unsure
    if not present:
        return ABSENT
    known = [mask.values for mask in present if isinstance(mask, Mask)]
    if len(known) == len(present):
        try:
            return Mask(reduce(how, known))
        except ValueError as error:
            raise UnfitMasksError(str(error)) from error
    # In the order and by the operations that Keras wires into a graph, so that both are known to be one mask.
    return symbols.mask_of(reduce(lambda one, two: (name, one, two), map(symbols.of_mask, present)))


def first_unsure(masks: Sequence[MaskState]) -> Unreadable | None:
    """The first mask of which it is not known whether it is there at all."""
    return next((mask for mask in masks if isinstance(mask, Unreadable) and mask.present is not True), None)


def side_by_side(
    masks: Sequence[MaskState], shapes: Sequence[tuple[int | None, ...]], axis: int, *, fill: bool, symbols: Symbols
) -> MaskState:
    """The mask of tensors put side by side along `axis`: each mask, spread over the features, put side by side too.

    A step is then real if any of its features is (`fill` False: Keras 3), or all of them are (`fill` True: Keras 2).
    An input without a mask counts as real all through.

    Source: `Concatenate.compute_mask` in Keras 3.15.1, keras/src/layers/merging/concatenate.py, and in tf_keras 2.21.

    Raises:
        UnfitMasksError: the masks do not go together.
    """
    unsure = first_unsure(masks)
    if unsure is not None:
        return unsure
    if all(isinstance(mask, Absent) for mask in masks):
        return ABSENT
    if _is_last(axis, masks, shapes):
        return _over_features(masks, fill=fill, symbols=symbols)
    if any(isinstance(mask, Unreadable) for mask in masks) or any(not shape or None in shape for shape in shapes):
        return symbols.mask_of(("concatenate", axis, tuple(map(symbols.of_mask, masks))))
    try:
        parts = [_spread(mask, shape, fill=fill) for mask, shape in zip(masks, shapes, strict=True)]
        joined: BoolArray = np.concatenate(parts, axis=axis)
    except ValueError as error:
        raise UnfitMasksError(str(error)) from error
    found: BoolArray = np.all(joined, axis=-1) if fill else np.any(joined, axis=-1)
    return Mask(found)


def _is_last(axis: int, masks: Sequence[MaskState], shapes: Sequence[tuple[int | None, ...]]) -> bool:
    """Whether features are put side by side, of masks that have one value a step."""
    rank = max(len(shape) for shape in shapes)
    short = all(mask.values.ndim < rank or not rank for mask in masks if isinstance(mask, Mask))
    return short and (axis == -1 or axis == rank - 1)


def _over_features(masks: Sequence[MaskState], *, fill: bool, symbols: Symbols) -> MaskState:
    """Put side by side along the features, the masks are combined step by step: an input without one is all real."""
    if fill:
        return both(masks, symbols)
    if all(not isinstance(mask, Absent) for mask in masks):
        return either(masks, symbols)
    known = next((mask for mask in masks if isinstance(mask, Mask)), None)
    return symbols.mask_of(("ones",)) if known is None else Mask(np.ones_like(known.values))


def _spread(mask: MaskState, shape: tuple[int | None, ...], *, fill: bool) -> Values:
    whole = tuple(size or 0 for size in shape)
    if not isinstance(mask, Mask):
        return np.ones(whole, np.bool_)
    if mask.values.ndim == len(shape):
        return mask.values
    thin = mask.values[..., None]
    return thin if fill else np.broadcast_to(thin, np.broadcast_shapes(thin.shape, whole))
