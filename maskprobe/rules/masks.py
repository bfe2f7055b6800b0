"""Small facts about masks and tensors, without any judgement."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from functools import reduce

import numpy as np

from maskprobe.mask_trace import Absent, BoolArray, CallRecord, Mask, MaskState, TensorRecord, Unreadable

_MIN_RANK_WITH_FEATURES = 3

ATTENTION = frozenset({"Attention", "AdditiveAttention", "MultiHeadAttention", "GroupedQueryAttention"})
"""Layers whose output follows the steps, and so the mask, of their query."""

MERGES = frozenset({"Add", "Average", "Concatenate", "Dot", "Maximum", "Minimum", "Multiply", "Subtract", "Merge"})
"""Keras's merge layers."""


def is_present(mask: MaskState) -> bool:
    """Whether there is a mask, readable or not."""
    return not isinstance(mask, Absent)


def is_unread(mask: MaskState) -> bool:
    """Whether there surely is a mask, and its values are not known."""
    return isinstance(mask, Unreadable) and mask.present is True


def is_certain(mask: MaskState) -> bool:
    """Whether there surely is a mask, its values known or not."""
    return isinstance(mask, Mask) or is_unread(mask)


def key_of(mask: MaskState) -> Hashable:
    """What two masks share if they are one and the same: their values, or where those are not known their identity."""
    if isinstance(mask, Unreadable) and mask.identity is not None:
        return mask.identity
    return mask


def is_told_apart(mask: MaskState) -> bool:
    """Whether it can be said of `mask` if another is the same."""
    return not isinstance(mask, Unreadable) or mask.identity is not None


def padded_steps(mask: BoolArray) -> int:
    """How many steps a bool `(B, T)` mask calls padding."""
    return int(mask.size - np.count_nonzero(mask))


def fits(mask: Mask, tensor: TensorRecord) -> bool:
    """Whether `mask` has the leading axes of `tensor`."""
    if len(mask.shape) > len(tensor.shape):
        return False
    pairs = zip(mask.shape, tensor.shape, strict=False)
    return all(size is None or length == size for length, size in pairs)


def misfit(tensor: TensorRecord) -> str | None:
    """How the mask of `tensor` fails to have the shape of its steps, as a clause; None if it has, or there is none."""
    mask = tensor.mask
    if not isinstance(mask, Mask):
        return None
    rank = len(tensor.shape)
    shapes = f"the mask has shape {mask.shape}, its tensor {tensor.shape}"
    if not fits(mask, tensor):
        return shapes
    if len(mask.shape) == 1 and rank > 1:
        return f"{shapes}: one value a row, not one a step"
    if len(mask.shape) == rank and rank >= _MIN_RANK_WITH_FEATURES:
        return f"{shapes}: one value a feature, not one a step"
    return None


def keeps_time(tensor: TensorRecord, steps: int | None) -> bool:
    """Whether `tensor` still has a time axis, as far as its shape tells. `steps` is the length it had before."""
    rank = len(tensor.shape)
    return rank >= _MIN_RANK_WITH_FEATURES or (rank == _MIN_RANK_WITH_FEATURES - 1 and tensor.shape[1] == steps)


def given_masks(call: CallRecord) -> Iterator[Mask | Unreadable]:
    """The padding masks that reached `call`: those on its inputs, then those given as arguments.

    Attention masks, `(B, T, T)` and the like, say which pairs of steps may look at each other: they are left out.
    """
    for tensor in call.inputs:
        if isinstance(tensor.mask, Mask | Unreadable):
            yield tensor.mask
    for argument in call.mask_arguments:
        if argument.name.startswith("attention_mask"):
            continue
        if isinstance(argument.mask, Mask | Unreadable):
            yield argument.mask


def is_given_any_mask(call: CallRecord) -> bool:
    """Whether any mask reached `call`, of steps or of pairs of steps."""
    return any(given_masks(call)) or any(isinstance(one.mask, Mask | Unreadable) for one in call.mask_arguments)


def wired_masks(call: CallRecord) -> Iterator[Mask | Unreadable]:
    """The padding masks that `call` was given as arguments by its caller or by the graph; of attention the query's."""
    for argument in call.mask_arguments:
        other = call.class_name in ATTENTION and argument.name not in {"query_mask", "mask.0"}
        if argument.explicit and not other and isinstance(argument.mask, Mask | Unreadable):
            yield argument.mask


def made_masks(call: CallRecord) -> Iterator[Mask | Unreadable]:
    """The masks on the outputs of `call`."""
    for tensor in call.outputs:
        if isinstance(tensor.mask, Mask | Unreadable):
            yield tensor.mask


def is_all_real(mask: Mask) -> bool:
    """Whether `mask` calls no step padding."""
    return bool(mask.values.all())


def all_of(masks: Sequence[Mask]) -> BoolArray:
    """Steps that are real in all of `masks`, which share one shape."""
    return reduce(np.logical_and, (mask.values for mask in masks))


def any_of(masks: Sequence[Mask]) -> BoolArray:
    """Steps that are real in any of `masks`, which share one shape."""
    return reduce(np.logical_or, (mask.values for mask in masks))


def same_shape(masks: Sequence[Mask]) -> bool:
    """Whether all of `masks` have one shape."""
    return len({mask.shape for mask in masks}) == 1


def is_time_joining(call: CallRecord) -> bool:
    """Whether `call` puts sequences one after the other, so that their masks are joined, not combined."""
    return call.class_name == "Concatenate" and call.facts.settings.get("axis") == 1
