"""The type of a reference: one Keras loss, worked out again in NumPy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from maskprobe.loss.loss_inputs import GENERATIONS, BoolArray, FloatArray, LossInputs, same_rank

KERAS_LOSSES = "keras/src/losses/losses.py (3.15.1), tf_keras/src/losses.py (2.21.0)"


def _no_mask(_inputs: LossInputs) -> BoolArray | None:
    return None


@dataclass(frozen=True, slots=True)
class LossReference:
    """One loss of Keras, step by step, before any mask, weight or reduction."""

    name: str
    """The name of the function: `mean_squared_error`."""
    class_name: str
    formula: str
    values: Callable[[LossInputs], FloatArray]
    aliases: tuple[str, ...] = ()
    """Other names that a generation of Keras knows it by."""
    source: str = KERAS_LOSSES
    kept: Callable[[LossInputs], BoolArray | None] = _no_mask

    def unreduced(
        self,
        y_true: npt.ArrayLike,
        y_pred: npt.ArrayLike,
        settings: Mapping[str, object],
        generation: int,
        *,
        logits: npt.ArrayLike | None = None,
    ) -> FloatArray:
        """The loss of each step, in double precision: `(B, T)` for predictions `(B, T, features)`.

        Args:
            y_true: targets; of the rank of `y_pred`, or one less where Keras takes that.
            y_pred: predictions, `(B, ..., features)`.
            settings: arguments of the Keras loss, such as `from_logits`; others, such as `reduction`, are not read.
            generation: 2 for tf_keras, 3 for Keras 3.
            logits: what the sigmoid or softmax that gave `y_pred` was taken of, of the same shape: the `_keras_logits`
                of the tensor that the loss is called with. Cross-entropies go by it on TensorFlow, and so do not clip.

        Raises:
            ValueError: the shapes or settings are such that Keras has no loss for them, or there is no such generation.
        """
        inputs = _inputs(y_true, y_pred, settings, generation)
        if logits is not None:
            inputs = _carrying(inputs, np.asarray(y_pred), np.asarray(logits, dtype=np.float64))
        with np.errstate(all="ignore"):
            return np.asarray(self.values(inputs), dtype=np.float64)

    def own_mask(
        self, y_true: npt.ArrayLike, y_pred: npt.ArrayLike, settings: Mapping[str, object], generation: int
    ) -> BoolArray | None:
        """The mask that the loss makes itself, in the shape of `unreduced`; True = counted. None: it makes none.

        Only `ignore_class` asks for one. Both generations put "and" between it and the mask of the predictions, so
        that steps of the ignored class are not counted in the divisor either. Raises as `unreduced` does.
        """
        with np.errstate(all="ignore"):
            return self.kept(_inputs(y_true, y_pred, settings, generation))


def _carrying(inputs: LossInputs, y_pred: npt.NDArray[np.generic], logits: FloatArray) -> LossInputs:
    if logits.shape != y_pred.shape:
        raise ValueError(f"logits of shape {logits.shape} do not fit predictions of shape {y_pred.shape}")
    # A tensor that was squeezed or expanded to the rank of the targets is another one, and carries nothing.
    return replace(inputs, logits=logits) if inputs.y_pred.shape == logits.shape else inputs


def _inputs(
    y_true: npt.ArrayLike, y_pred: npt.ArrayLike, settings: Mapping[str, object], generation: int
) -> LossInputs:
    if generation not in GENERATIONS:
        raise ValueError(f"there is no Keras generation {generation!r}; there are 2 (tf_keras) and 3 (Keras 3)")
    true, pred = same_rank(np.asarray(y_true, dtype=np.float64), np.asarray(y_pred, dtype=np.float64), generation)
    return LossInputs(true, pred, settings, generation)
