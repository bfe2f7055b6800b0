"""Focal cross-entropies, where steps that are well predicted count less."""

from __future__ import annotations

import numpy as np

from maskprobe.loss.loss_inputs import FloatArray, LossInputs, clipped, log_softmax, sigmoid
from maskprobe.loss.loss_reference import LossReference
from maskprobe.loss.probabilistic import (
    binary_entropy,
    smoothed_binary,
    smoothed_classes,
)

_ALPHA = 0.25
_GAMMA = 2.0


def _binary_focal(inputs: LossInputs) -> FloatArray:
    true, pred, of_logits = smoothed_binary(inputs), inputs.y_pred, inputs.flag("from_logits")
    probabilities = sigmoid(pred) if of_logits else pred
    # Keras 3 takes the sigmoid itself, so that its probabilities carry the logits it was given and no earlier ones.
    logits = pred if of_logits and inputs.generation == 3 else inputs.carried_or_given_logits  # noqa: PLR2004
    entropy = binary_entropy(true, probabilities, logits, inputs.generation)
    right = true * probabilities + (1.0 - true) * (1.0 - probabilities)
    each = (1.0 - right) ** inputs.number("gamma", _GAMMA) * entropy
    if inputs.flag("apply_class_balancing"):
        alpha = inputs.number("alpha", _ALPHA)
        each = each * (true * alpha + (1.0 - true) * (1.0 - alpha))
    return np.asarray(each.mean(axis=inputs.axis))


def _categorical_focal(inputs: LossInputs) -> FloatArray:
    axis, pred = inputs.axis, inputs.y_pred
    true = smoothed_classes(inputs, inputs.y_true.shape[-1])
    logits = pred if inputs.flag("from_logits") else None
    if inputs.generation == 2:  # noqa: PLR2004
        # Keras 3 looks for no logits that the predictions carry.
        logits = inputs.carried_or_given_logits
    if logits is not None:
        pred = np.exp(log_softmax(logits, axis))
    safe = clipped(pred / pred.sum(axis=axis, keepdims=True))
    each = (1.0 - safe) ** inputs.number("gamma", _GAMMA) * _alpha(inputs) * -true * np.log(safe)
    return np.asarray(each.sum(axis=axis))


def _alpha(inputs: LossInputs) -> FloatArray:
    """One number, or one for each class on the last axis."""
    return np.asarray(inputs.settings.get("alpha", _ALPHA), dtype=np.float64)


REFERENCES = (
    LossReference(
        "binary_focal_crossentropy",
        "BinaryFocalCrossentropy",
        "mean((1 - q)^gamma · BCE(y, p)), q = y·p + (1 - y)·(1 - p)",
        _binary_focal,
    ),
    LossReference(
        "categorical_focal_crossentropy",
        "CategoricalFocalCrossentropy",
        "-Σ(alpha·(1 - p)^gamma · y·log(p))",
        _categorical_focal,
    ),
)
