"""Eager and symbolic tensors as plain values: masks copied, shapes and dtypes named.

On the TensorFlow backend both engines keep the mask of a tensor in its attribute `_keras_mask`
(Keras 3.15.1: keras/src/backend/common/masking.py; tf_keras 2.21: src/engine/base_layer.py).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from maskprobe.mask_trace import ABSENT, Mask, MaskState, Unreadable

FloatArray = npt.NDArray[Any]


def is_tensor(value: Any) -> bool:
    """Whether `value` is a tensor of any kind: eager, graph, ragged or symbolic."""
    return hasattr(value, "shape") and hasattr(value, "dtype") and not isinstance(value, np.generic | np.ndarray)


def attached_mask(tensor: Any) -> Any:
    """The mask object attached to `tensor`, or None."""
    return getattr(tensor, "_keras_mask", None)


def shape_of(tensor: Any) -> tuple[int | None, ...]:
    """Shape with None for unknown sizes; empty where not even the rank is known."""
    rank = getattr(tensor.shape, "rank", len(tensor.shape) if isinstance(tensor.shape, tuple) else None)
    return () if rank is None else tuple(None if size is None else int(size) for size in tensor.shape)


def dtype_of(tensor: Any) -> str:
    """NumPy's name of the dtype of `tensor`."""
    return str(getattr(tensor.dtype, "name", tensor.dtype))


class MaskReader:
    """Copies masks, each mask object once. It keeps the objects, so that an id is never used again."""

    def __init__(self) -> None:
        self._seen: dict[int, tuple[Any, MaskState]] = {}

    def read(self, mask: Any) -> MaskState:
        """The mask as a value: bool of the mask's own shape, True = real step."""
        if mask is None:
            return ABSENT
        known = self._seen.get(id(mask))
        if known is None:
            known = self._seen[id(mask)] = (mask, _copy(mask))
        return known[1]


def _copy(mask: Any) -> MaskState:
    if isinstance(mask, list | tuple):
        return Unreadable("it is a list of masks")
    if isinstance(mask, np.ndarray):
        return Mask(mask.astype(np.bool_))
    if not hasattr(mask, "numpy"):
        if is_tensor(mask):
            return Unreadable("it is made inside a compiled part of the model")
        return Unreadable(f"it is no tensor but a {type(mask).__name__}")
    try:
        values = np.array(mask.numpy(), dtype=np.bool_)
    except (AttributeError, NotImplementedError, ValueError, TypeError):
        return Unreadable("it is made inside a compiled part of the model")
    values.setflags(write=False)
    return Mask(values)


def as_float(tensor: Any) -> FloatArray:
    """The values of an eager tensor as float32, or float64 if that is what it holds; not to be written to.

    `tensor.numpy()` would copy them.
    """
    values: FloatArray = np.asarray(tensor)
    return values if values.dtype == np.float64 else values.astype(np.float32, copy=False)


def with_mask(tensor: Any, mask: Any) -> Any:
    """`tensor` with `mask` attached, where there is one."""
    if mask is not None and attached_mask(tensor) is not mask:
        tensor._keras_mask = mask
    return tensor
