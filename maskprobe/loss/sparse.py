"""Cross-entropy of class numbers, with a class that can be ignored."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from maskprobe.loss.loss_inputs import BoolArray, FloatArray, LossInputs, clipped, log_softmax
from maskprobe.loss.loss_reference import KERAS_LOSSES, LossReference


def _labels(inputs: LossInputs) -> npt.NDArray[np.int64]:
    """Class numbers in the shape of the predictions without their last axis."""
    true, steps = inputs.y_true, inputs.y_pred.shape[:-1]
    if inputs.axis not in {-1, inputs.y_pred.ndim - 1}:
        raise ValueError(f"sparse cross-entropy goes over the last axis, not over axis {inputs.axis}")
    if true.ndim == inputs.y_pred.ndim and true.shape[-1] == 1:
        true = true[..., 0]
    if true.shape != steps:
        raise ValueError(f"targets of shape {true.shape} are no class numbers for predictions of {inputs.y_pred.shape}")
    return true.astype(np.int64)


def _counted(inputs: LossInputs) -> BoolArray | None:
    """True where the target is not the ignored class; None where no class is ignored."""
    if inputs.settings.get("ignore_class") is None:
        return None
    return np.asarray(_labels(inputs) != int(inputs.number("ignore_class", 0)))


def _sparse(inputs: LossInputs) -> FloatArray:
    """0 at steps of the ignored class, NaN where there is no class of such a number.

    Probabilities are clipped and their logarithms taken for logits, so that they are made to sum to 1 after the
    clipping. Keras does so on TensorFlow; its other backends divide first.
    """
    labels, counted = _labels(inputs), _counted(inputs)
    if counted is not None and inputs.generation == 3:  # noqa: PLR2004
        # Keras 3 blanks the predictions of ignored steps first, and what it makes of them carries no logits.
        inputs = replace(inputs, logits=None)
    logits = inputs.carried_or_given_logits
    logarithms = log_softmax(np.log(clipped(inputs.y_pred)) if logits is None else logits, -1)
    known = (labels >= 0) & (labels < logarithms.shape[-1])
    picked = np.take_along_axis(logarithms, np.where(known, labels, 0)[..., None], axis=-1)[..., 0]
    values = np.where(known, -picked, np.nan)
    return values if counted is None else np.where(counted, values, 0.0)


REFERENCES = (
    LossReference(
        "sparse_categorical_crossentropy",
        "SparseCategoricalCrossentropy",
        "-log(p[y] / Σp)",
        _sparse,
        source=f"{KERAS_LOSSES}; keras/src/backend/tensorflow/nn.py, tf_keras/src/backend.py",
        kept=_counted,
    ),
)
