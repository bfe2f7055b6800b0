"""Hinge losses, for targets of -1 and 1 or one target of many."""

from __future__ import annotations

import numpy as np

from maskprobe.loss.loss_inputs import FloatArray, LossInputs
from maskprobe.loss.loss_reference import LossReference


def _margins(inputs: LossInputs) -> FloatArray:
    true = inputs.y_true
    # Keras looks at all targets at once: one that is neither 0 nor 1, be it at a padded step, leaves all as they are.
    if np.isin(true, (0.0, 1.0)).all():
        true = 2.0 * true - 1.0
    return np.maximum(1.0 - true * inputs.y_pred, 0.0)


def _hinge(inputs: LossInputs) -> FloatArray:
    return np.asarray(_margins(inputs).mean(axis=-1))


def _squared_hinge(inputs: LossInputs) -> FloatArray:
    return np.asarray(np.square(_margins(inputs)).mean(axis=-1))


def _categorical_hinge(inputs: LossInputs) -> FloatArray:
    right = (inputs.y_true * inputs.y_pred).sum(axis=-1)
    wrong = ((1.0 - inputs.y_true) * inputs.y_pred).max(axis=-1)
    return np.asarray(np.maximum(wrong - right + 1.0, 0.0))


REFERENCES = (
    LossReference("hinge", "Hinge", "mean(max(1 - y·p, 0))", _hinge),
    LossReference("squared_hinge", "SquaredHinge", "mean(max(1 - y·p, 0)²)", _squared_hinge),
    LossReference("categorical_hinge", "CategoricalHinge", "max(max((1 - y)·p) - Σ(y·p) + 1, 0)", _categorical_hinge),
)
