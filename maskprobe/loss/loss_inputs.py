"""What one loss is worked out from: arrays of one rank, and the settings of the loss."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

EPSILON = 1e-7
"""The value of `keras.config.epsilon()` where nobody set another one."""
GENERATIONS = (2, 3)


@dataclass(frozen=True, slots=True)
class LossInputs:
    """Targets, predictions and settings of one call of a loss."""

    y_true: FloatArray
    y_pred: FloatArray
    settings: Mapping[str, object]
    """Arguments of the Keras loss, such as `from_logits`; what is not there has Keras's default."""
    generation: int
    """2 for tf_keras, 3 for Keras 3."""
    logits: FloatArray | None = None
    """What the sigmoid or softmax that gave `y_pred` was taken of, where the predictions carry it."""

    def number(self, name: str, default: float) -> float:
        """The setting `name` as a number.

        Raises:
            ValueError: it is something else.
        """
        value = self.settings.get(name, default)
        if isinstance(value, (int, float, np.number)):
            return float(value)
        raise ValueError(f"setting {name!r} of a loss must be a number, not {value!r}")

    def flag(self, name: str) -> bool:
        """Whether the setting `name` is on; off by default."""
        return bool(self.settings.get(name, False))

    @property
    def carried_or_given_logits(self) -> FloatArray | None:
        """The logits that a cross-entropy goes by; None where it has only probabilities.

        Logits that the predictions carry come first, whatever `from_logits` says. Mirrors `_get_logits`
        (keras/src/backend/tensorflow/nn.py, 3.15.1; tf_keras/src/backend.py, 2.21.0).
        """
        return self.y_pred if self.logits is None and self.flag("from_logits") else self.logits

    @property
    def axis(self) -> int:
        """The axis that is averaged or summed; the last by default.

        Raises:
            ValueError: the setting is no whole number.
        """
        value = self.settings.get("axis", -1)
        if isinstance(value, (int, np.integer)) and not isinstance(value, bool):
            return int(value)
        raise ValueError(f"setting 'axis' of a loss must be a whole number, not {value!r}")


def same_rank(y_true: FloatArray, y_pred: FloatArray, generation: int) -> tuple[FloatArray, FloatArray]:
    """Targets and predictions as the loss function sees them where their ranks differ by one and the last size is 1.

    `(B, T)` against `(B, T, 1)` loses the last axis, so that the loss goes over the steps. Keras 3 makes `(B, 1)` of
    `(B,)` instead; tf_keras does not, and its loss of `(B,)` against `(B, 1)` is one number. Mirrors
    `squeeze_or_expand_to_same_rank` (keras/src/losses/loss.py, 3.15.1) and `squeeze_or_expand_dimensions`
    (tf_keras/src/utils/losses_utils.py, 2.21.0), the latter for tensors, as it leaves NumPy arrays as they are.

    A compiled tf_keras model never gets there: it puts the axis back to targets `(B,)` before it calls its loss
    (`match_dtype_and_rank`, tf_keras/src/engine/compile_utils.py, 2.21.0), so give them as `(B, 1)`.
    """
    if abs(y_true.ndim - y_pred.ndim) != 1:
        return y_true, y_pred
    longer, shorter = (y_true, y_pred) if y_true.ndim > y_pred.ndim else (y_pred, y_true)
    if longer.shape[-1] != 1:
        return y_true, y_pred
    if generation == 3 and shorter.ndim == 1:  # noqa: PLR2004
        shorter = shorter[:, None]
    else:
        longer = longer[..., 0]
    return (longer, shorter) if y_true.ndim > y_pred.ndim else (shorter, longer)


def clipped(probabilities: FloatArray) -> FloatArray:
    """Probabilities kept off 0 and 1, so that their logarithms are finite."""
    return np.clip(probabilities, EPSILON, 1.0 - EPSILON)


def sigmoid(logits: FloatArray) -> FloatArray:
    """The probability of each logit, without overflow."""
    return np.exp(-np.logaddexp(0.0, -logits))


def log_softmax(logits: FloatArray, axis: int) -> FloatArray:
    """The logarithms of the probabilities along `axis`, without overflow."""
    shifted: FloatArray = logits - logits.max(axis=axis, keepdims=True)
    shifted -= np.log(np.exp(shifted).sum(axis=axis, keepdims=True))
    return shifted
