"""Compare compiled values with the references of NumPy, over all sets of targets."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from maskprobe.backend.loss.compiled import CompiledLoss
from maskprobe.backend.loss.predictions import Prediction
from maskprobe.backend.tensors import as_float, dtype_of
from maskprobe.loss.convention import Convention
from maskprobe.loss.recognise import LossProbe, Recognition, candidate_values, recognise, same_formula
from maskprobe.loss.reference import REFERENCES, LossReference, find_reference
from maskprobe.loss_check import Candidate, Comparison

Array = npt.NDArray[Any]
BoolArray = npt.NDArray[np.bool_]

_ERROR = {"float16": 2e-2, "bfloat16": 5e-2}
_FLOAT32_ERROR = 1e-5
_OWN = "its own values"


@dataclass(frozen=True, slots=True)
class StepValues:
    """The loss of each step by one account."""

    source: str
    """The reference's name, or that the values are the loss's own."""
    values: Array
    """`(B, T...)`, float64."""
    mask: BoolArray | None
    """Which of them count, with the mask that the loss makes itself."""


def tolerance(prediction: Prediction) -> float:
    """How far a compiled value may be from the reference by rounding alone."""
    return _ERROR.get(dtype_of(prediction.tensor), _FLOAT32_ERROR)


def has_moved(before: float, after: float, limit: float) -> bool:
    """Whether two values differ by more than rounding; two that are NaN do not."""
    return not np.isclose(before, after, rtol=limit, atol=1e-7, equal_nan=True)


def accounts(loss: CompiledLoss, prediction: Prediction, target: Array, generation: int) -> Iterator[StepValues]:
    """The accounts of what each step loses: of Keras's own losses one; of others their own, then all that would fit."""
    reference = find_reference(loss.class_name) if loss.is_builtin else None
    if reference is not None:
        yield from _by_reference(reference, loss.settings, prediction, target, generation)
        return
    own = own_values(loss, prediction, target)
    if own is not None and own.ndim:
        yield StepValues(_OWN, own, mask_for(prediction, own, None))
    for reference in REFERENCES:
        yield from _by_reference(reference, {}, prediction, target, generation)


def own_values(loss: CompiledLoss, prediction: Prediction, target: Array) -> Array | None:
    """What the loss itself returns before Keras reduces it: of rank 0 if it is a scalar; None if it raises."""
    try:
        return np.asarray(as_float(loss.function.call(tf.constant(target), prediction.tensor)), np.float64)
    except Exception:  # noqa: BLE001 - a custom loss may raise anything
        return None


def _by_reference(
    reference: LossReference, settings: Mapping[str, object], prediction: Prediction, target: Array, generation: int
) -> Iterator[StepValues]:
    try:
        values = reference.unreduced(target, prediction.values, settings, generation, logits=prediction.logits)
        own_mask = reference.own_mask(target, prediction.values, settings, generation)
    except (ValueError, IndexError):
        return
    yield StepValues(reference.name, values, mask_for(prediction, values, own_mask))


def mask_for(prediction: Prediction, values: Array, own_mask: BoolArray | None) -> BoolArray | None:
    """The mask that Keras goes by: that of the output; without one the true padding, which then stands for it."""
    mask = prediction.mask
    if mask is None and prediction.padding is not None:
        mask = ~prediction.padding
    if mask is not None and mask.shape != values.shape[: mask.ndim]:
        mask = None
    if own_mask is None or mask is None:
        return own_mask if mask is None else mask
    both: BoolArray = mask.reshape(mask.shape + (1,) * (own_mask.ndim - mask.ndim)) & own_mask
    return both


def compare(
    found: Sequence[float],
    steps: Sequence[Sequence[StepValues]],
    prediction: Prediction,
    weights: Array | None = None,
    *,
    is_scalar: bool = False,
) -> tuple[Comparison, str | None]:
    """Name the convention that the values `found`, one for each set of targets, follow.

    Args:
        found: The compiled values.
        steps: For each of them the accounts of its steps, in the same order of accounts.
        prediction: The output.
        weights: The sample weights.
        is_scalar: The loss returns one number by itself.

    Returns:
        The comparison, and the account that it holds for.
    """
    best: tuple[Comparison, str | None] | None = None
    for account in zip(*steps, strict=True):
        probes = [
            LossProbe(value, candidate_values(one.values, one.mask, weights))
            for value, one in zip(found, account, strict=True)
        ]
        recognition = recognise(probes, relative_error=tolerance(prediction))
        comparison = _comparison(found[0], probes[0], recognition, account[0], weights, is_scalar=is_scalar)
        if comparison.convention is not None:
            return comparison, account[0].source
        if best is None:
            best = comparison, account[0].source
    return best or (Comparison(found[0], (), problem="it gives no values by step to compare with"), None)


def _comparison(  # noqa: PLR0913 - one comparison and what it was made of
    value: float,
    probe: LossProbe,
    recognition: Recognition,
    account: StepValues,
    weights: Array | None,
    *,
    is_scalar: bool,
) -> Comparison:
    named = recognition.convention or _plainest(recognition.candidates, account, weights, is_scalar=is_scalar)
    candidates = tuple(Candidate(key, one) for key, one in probe.candidates.items() if math.isfinite(one))
    return Comparison(
        value,
        candidates,
        named.key if named is not None else None,
        () if named is not None else tuple(one.key for one in recognition.candidates),
        recognition.error if math.isfinite(recognition.error) else None,
    )


def _plainest(
    fitting: Sequence[Convention], account: StepValues, weights: Array | None, *, is_scalar: bool
) -> Convention | None:
    """Of conventions that are one formula for this mask and these weights the plainest; None if they are several."""
    if not fitting:
        return None
    for group in same_formula(account.values.shape, account.mask, weights):
        if set(fitting) <= set(group):
            scalar = [one for one in group if one.key.startswith("scalar_")]
            return scalar[0] if is_scalar and scalar else group[0]
    return None
