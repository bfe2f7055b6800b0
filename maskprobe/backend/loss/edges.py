"""What a loss gives on batches that nobody thinks of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from maskprobe.backend.engine import Engine
from maskprobe.backend.loss.compiled import CompiledLoss
from maskprobe.backend.loss.predictions import Prediction
from maskprobe.backend.loss.targets import TargetKind
from maskprobe.backend.tensors import attached_mask, with_mask
from maskprobe.loss_check import LossEdges

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class CheckedLoss:
    """A loss and the output that it is of."""

    loss: CompiledLoss
    prediction: Prediction
    kind: TargetKind
    """What it takes for targets."""


def edges_of(engine: Engine, checked: CheckedLoss, target: Array, *, is_scalar: bool) -> LossEdges:
    """Look at a batch without a real step, and at NaN as a target or as a prediction at padded steps."""
    loss, prediction = checked.loss, checked.prediction
    return LossEdges(
        _no_real_step(engine, loss, prediction, target),
        _nan_at_padding(engine, checked, target),
        is_scalar=is_scalar,
    )


def _no_real_step(engine: Engine, loss: CompiledLoss, prediction: Prediction, target: Array) -> float | None:
    if prediction.mask is None:
        return None
    nothing = with_mask(tf.identity(prediction.tensor), tf.zeros(prediction.mask.shape, tf.bool))
    return _value(engine, loss, target, nothing)


def _nan_at_padding(engine: Engine, checked: CheckedLoss, target: Array) -> bool | None:
    prediction = checked.prediction
    if prediction.padding is None or checked.kind is TargetKind.CLASSES or not prediction.padding.any():
        return None
    poisoned = target.astype(np.float32)
    poisoned[prediction.padding] = np.nan
    values = prediction.values.copy()
    values[prediction.padding] = np.nan
    bad = with_mask(tf.cast(tf.constant(values), prediction.tensor.dtype), attached_mask(prediction.tensor))
    found = [
        _value(engine, checked.loss, poisoned, prediction.tensor),
        _value(engine, checked.loss, target, bad),
    ]
    known = [value for value in found if value is not None]
    return any(np.isnan(value) for value in known) if known else None


def _value(engine: Engine, loss: CompiledLoss, target: Array, predicted: Any) -> float | None:
    try:
        return float(np.asarray(engine.output_loss(loss, tf.constant(target), predicted)))
    except Exception:  # noqa: BLE001 - a custom loss may raise anything
        return None
