"""Losses of numbers: squares, distances and angles."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from maskprobe.loss.loss_inputs import EPSILON, FloatArray, LossInputs
from maskprobe.loss.loss_reference import LossReference

Elementwise = Callable[[FloatArray, FloatArray], FloatArray]


def mean_of(elementwise: Elementwise) -> Callable[[LossInputs], FloatArray]:
    """The loss that is the mean over the last axis of what `elementwise(y_true, y_pred)` gives."""

    def values(inputs: LossInputs) -> FloatArray:
        each: FloatArray = elementwise(inputs.y_true, inputs.y_pred).mean(axis=-1)
        return each

    return values


def _squared(y_true: FloatArray, y_pred: FloatArray) -> FloatArray:
    return np.square(y_true - y_pred)


def _absolute(y_true: FloatArray, y_pred: FloatArray) -> FloatArray:
    return np.abs(y_true - y_pred)


def _percentage(y_true: FloatArray, y_pred: FloatArray) -> FloatArray:
    return np.asarray(100.0 * np.abs(y_true - y_pred) / np.maximum(np.abs(y_true), EPSILON))


def _squared_logarithmic(y_true: FloatArray, y_pred: FloatArray) -> FloatArray:
    # Keras clips at epsilon and not at 0, so the logarithm of a negative value is that of 1 + epsilon.
    difference = np.log(np.maximum(y_true, EPSILON) + 1.0) - np.log(np.maximum(y_pred, EPSILON) + 1.0)
    return np.asarray(np.square(difference))


def _log_cosh(y_true: FloatArray, y_pred: FloatArray) -> FloatArray:
    error = np.abs(y_pred - y_true)
    return np.asarray(error + np.log1p(np.exp(-2.0 * error)) - np.log(2.0))


def _huber(inputs: LossInputs) -> FloatArray:
    delta = inputs.number("delta", 1.0)
    error = np.abs(inputs.y_pred - inputs.y_true)
    each = np.where(error <= delta, 0.5 * error**2, delta * error - 0.5 * delta**2)
    return np.asarray(each.mean(axis=-1))


_SMALLEST_NORM = {2: 1e-6, 3: EPSILON}
"""tf_keras keeps the squared norm above 1e-12, Keras 3 the inverse of the norm below 1 / epsilon."""


def _direction(vectors: FloatArray, axis: int, generation: int) -> FloatArray:
    norm = np.sqrt(np.square(vectors).sum(axis=axis, keepdims=True))
    direction: FloatArray = vectors / np.maximum(norm, _SMALLEST_NORM[generation])
    return direction


def _cosine(inputs: LossInputs) -> FloatArray:
    axis = inputs.axis
    true = _direction(inputs.y_true, axis, inputs.generation)
    cosine: FloatArray = -(true * _direction(inputs.y_pred, axis, inputs.generation)).sum(axis=axis)
    return cosine


REFERENCES = (
    LossReference("mean_squared_error", "MeanSquaredError", "mean((y - p)²)", mean_of(_squared), ("mse", "MSE")),
    LossReference("mean_absolute_error", "MeanAbsoluteError", "mean(|y - p|)", mean_of(_absolute), ("mae", "MAE")),
    LossReference(
        "mean_absolute_percentage_error",
        "MeanAbsolutePercentageError",
        "100 · mean(|y - p| / max(|y|, ε))",
        mean_of(_percentage),
        ("mape", "MAPE"),
    ),
    LossReference(
        "mean_squared_logarithmic_error",
        "MeanSquaredLogarithmicError",
        "mean((log(max(y, ε) + 1) - log(max(p, ε) + 1))²)",
        mean_of(_squared_logarithmic),
        ("msle", "MSLE"),
    ),
    LossReference(
        "huber", "Huber", "mean(½e² where e ≤ delta, else delta·e - ½delta²), e = |y - p|", _huber, ("huber_loss",)
    ),
    LossReference("log_cosh", "LogCosh", "mean(log(cosh(p - y)))", mean_of(_log_cosh), ("logcosh",)),
    LossReference(
        "cosine_similarity", "CosineSimilarity", "-Σ(y/|y| · p/|p|)", _cosine, ("cosine_proximity", "cosine")
    ),
)
