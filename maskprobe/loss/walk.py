"""The masked mean squared error of one small batch, step by step: values to show it with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from maskprobe.loss.convention import Convention
from maskprobe.loss.conventions import MEAN_OVER_ALL_STEPS, MEAN_OVER_REAL_STEPS, UNMASKED_MEAN
from maskprobe.loss.steps import Steps, steps

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class LossWalk:
    """What goes into the loss of one batch: each array is `(B, T)`."""

    tokens: npt.NDArray[np.int64]
    mask: npt.NDArray[np.bool_]
    """As the model's output carries it. True = real step."""
    predictions: FloatArray
    targets: FloatArray
    compiled: float
    """The loss as Keras computes it."""

    @property
    def errors(self) -> FloatArray:
        """The squared error of each step, `(B, T)`."""
        found: FloatArray = np.square(self.predictions - self.targets)
        return found

    @property
    def steps(self) -> Steps:
        """The errors with their mask, and the sums over them."""
        return steps(self.errors, self.mask, None)

    @property
    def by_hand(self) -> float:
        """The mean over real steps."""
        return self._by(MEAN_OVER_REAL_STEPS)

    @property
    def counting_padding(self) -> float:
        """What a loss without a mask gives: the mean over all steps."""
        return self._by(UNMASKED_MEAN)

    @property
    def dividing_by_all(self) -> float:
        """What a loss gives that masks the errors and then takes their mean: a division by all steps."""
        return self._by(MEAN_OVER_ALL_STEPS)

    def _by(self, convention: Convention) -> float:
        return convention.reduce(self.errors, self.mask)
