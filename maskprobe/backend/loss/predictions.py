"""What a model returned on the probe, with what is known of the padding in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from maskprobe.backend.tensors import as_float, attached_mask, is_tensor

Array = npt.NDArray[Any]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Prediction:
    """One output of the model."""

    tensor: Any
    values: Array
    """`(B, T, ..., features)`, float32 or float64."""
    mask: BoolArray | None
    """The mask it carries, bool `(B, T)`, True = real; None if it carries none that can be read and fits."""
    padding: BoolArray | None
    """Where its padding really is, bool `(B, T)`, True = padded; None if it has no time axis or no padding."""

    @property
    def logits(self) -> Array | None:
        """What the softmax or sigmoid was taken of, where the tensor carries it: Keras computes the loss from it."""
        carried = getattr(self.tensor, "_keras_logits", None)
        return as_float(carried) if is_tensor(carried) else None

    @property
    def steps(self) -> int:
        """How many steps the batch has, padded ones included; rows where there is no time axis."""
        known = self.padding if self.padding is not None else self.mask
        return self.values.shape[0] if known is None else known.size


@dataclass(frozen=True, slots=True)
class Predictions:
    """All outputs."""

    nest: Any
    """In the structure in which the model returns them."""
    each: tuple[Prediction, ...]

    def pack(self, flat: Sequence[Any]) -> Any:
        """`flat`, one for each output, in the structure of the model's outputs; those that are None left out of it."""
        return tf.nest.pack_sequence_as(self.nest, list(flat))


def predictions_of(nest: Any, numbers: Sequence[int], padding: Mapping[int, BoolArray]) -> Predictions:
    """The outputs in `nest`, with their tensors' numbers. `padding` is by number: `(B, T, 1...)`, True = padded."""
    tensors = tf.nest.flatten(nest)
    found = [_prediction(tensor, padding.get(number)) for tensor, number in zip(tensors, numbers, strict=True)]
    return Predictions(nest, tuple(found))


def _prediction(tensor: Any, padding: BoolArray | None) -> Prediction:
    values = as_float(tensor)
    return Prediction(tensor, values, _readable_mask(tensor, values), _steps(padding, values))


def _readable_mask(tensor: Any, values: Array) -> BoolArray | None:
    mask = attached_mask(tensor)
    if not is_tensor(mask) or not hasattr(mask, "numpy"):
        return None
    found: BoolArray = np.asarray(mask, np.bool_)
    return found if found.shape == values.shape[: found.ndim] else None


def _steps(padding: BoolArray | None, values: Array) -> BoolArray | None:
    """The padding as `(B, T)`; None if it is on other axes."""
    if padding is None or padding.ndim < 2 or values.ndim < 2:  # noqa: PLR2004 - batch and time
        return None
    if any(size > 1 for size in padding.shape[2:]) or padding.shape[:2] != values.shape[:2]:
        return None
    found: BoolArray = padding.reshape(padding.shape[:2])
    return found
