"""Losses of probabilities whose targets are probabilities too."""

from __future__ import annotations

import numpy as np

from maskprobe.loss.loss_inputs import EPSILON, FloatArray, LossInputs, clipped, log_softmax
from maskprobe.loss.loss_reference import LossReference


def smoothed_binary(inputs: LossInputs) -> FloatArray:
    """Targets of 0 and 1, moved towards ½ by `label_smoothing`."""
    smoothing = inputs.number("label_smoothing", 0.0)
    return inputs.y_true * (1.0 - smoothing) + 0.5 * smoothing


def smoothed_classes(inputs: LossInputs, classes: int) -> FloatArray:
    """One-hot targets, moved by `label_smoothing` towards an equal share for each of so many classes."""
    smoothing = inputs.number("label_smoothing", 0.0)
    return inputs.y_true * (1.0 - smoothing) + smoothing / classes


def binary_entropy(
    true: FloatArray, probabilities: FloatArray, logits: FloatArray | None, generation: int
) -> FloatArray:
    """Binary cross-entropy of each logit, without overflow; of each probability where there are no logits.

    tf_keras adds epsilon inside the logarithms of probabilities once more.
    """
    if logits is not None:
        return np.asarray(np.maximum(logits, 0.0) - logits * true + np.log1p(np.exp(-np.abs(logits))))
    added = EPSILON if generation == 2 else 0.0  # noqa: PLR2004
    safe = clipped(probabilities)
    return -(true * np.log(safe + added) + (1.0 - true) * np.log(1.0 - safe + added))


def _binary(inputs: LossInputs) -> FloatArray:
    true = smoothed_binary(inputs)
    each = binary_entropy(true, inputs.y_pred, inputs.carried_or_given_logits, inputs.generation)
    return np.asarray(each.mean(axis=inputs.axis))


def _categorical(inputs: LossInputs) -> FloatArray:
    axis, pred = inputs.axis, inputs.y_pred
    # Keras 3 counts the classes on the last axis, tf_keras on the one that is summed.
    true = smoothed_classes(inputs, inputs.y_true.shape[-1 if inputs.generation == 3 else axis])  # noqa: PLR2004
    logits = inputs.carried_or_given_logits
    if logits is not None:
        logarithms = log_softmax(logits, axis)
    else:
        logarithms = np.log(clipped(pred / pred.sum(axis=axis, keepdims=True)))
    return np.asarray(-(true * logarithms).sum(axis=axis))


def _kl_divergence(inputs: LossInputs) -> FloatArray:
    true, pred = np.clip(inputs.y_true, EPSILON, 1.0), np.clip(inputs.y_pred, EPSILON, 1.0)
    return np.asarray((true * np.log(true / pred)).sum(axis=-1))


def _poisson(inputs: LossInputs) -> FloatArray:
    return np.asarray((inputs.y_pred - inputs.y_true * np.log(inputs.y_pred + EPSILON)).mean(axis=-1))


REFERENCES = (
    LossReference(
        "binary_crossentropy",
        "BinaryCrossentropy",
        "mean(-y·log(p) - (1 - y)·log(1 - p))",
        _binary,
        ("bce", "BCE"),
    ),
    LossReference("categorical_crossentropy", "CategoricalCrossentropy", "-Σ(y·log(p / Σp))", _categorical),
    LossReference(
        "kl_divergence",
        "KLDivergence",
        "Σ(y·log(y / p))",
        _kl_divergence,
        ("kld", "KLD", "kullback_leibler_divergence"),
    ),
    LossReference("poisson", "Poisson", "mean(p - y·log(p + ε))", _poisson),
)
