"""Where the padding really is in each tensor of a trace, mask or no mask, and whether a mask hides it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from maskprobe.mask_trace import BoolArray, Mask, MaskState, Trace


def true_padding(trace: Trace) -> Mapping[int, BoolArray]:
    """By tensor number where the padding is: bool, of the tensor's rank, each axis of its size or 1. True = padding.

    Tensors without padding are left out; without replays all are.
    """
    return {
        tensor.number: witness.padding
        for call in trace.calls
        if call.replay is not None
        for tensor, witness in zip(call.outputs, call.replay.outputs, strict=False)
        if witness.padding is not None
    }


def hides(mask: MaskState, padding: BoolArray) -> bool:
    """Whether `mask` calls all of `padding` padding. A mask that cannot be read, or does not fit, does not."""
    own = _as_padding(mask, padding)
    return own is not None and not bool((padding & ~own).any())


def shows(mask: MaskState, before: MaskState, padding: BoolArray) -> bool:
    """Whether `mask` calls padding real that `before` hid."""
    own, earlier = _as_padding(mask, padding), _as_padding(before, padding)
    if own is None or earlier is None or own.shape != earlier.shape:
        return earlier is not None
    return bool((padding & earlier & ~own).any())


def hides_only(mask: MaskState, padding: BoolArray) -> bool:
    """Whether `mask` calls padding just what is."""
    own = _as_padding(mask, padding)
    return own is not None and bool((padding == own).all())


def _as_padding(mask: MaskState, padding: BoolArray) -> BoolArray | None:
    if not isinstance(mask, Mask) or mask.values.ndim > padding.ndim:
        return None
    values = mask.values.reshape(mask.shape + (1,) * (padding.ndim - mask.values.ndim))
    try:
        np.broadcast_shapes(values.shape, padding.shape)
    except ValueError:
        return None
    return ~values
