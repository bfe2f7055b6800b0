"""The type of a convention: one way of making one number of the loss of each step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from maskprobe.loss.steps import Steps, steps


@dataclass(frozen=True, slots=True)
class Convention:
    """One way of reducing losses `(B, T...)` to a number."""

    key: str
    title: str
    formula: str
    counts_padding: bool
    """Whether what is lost at padded steps is in the sum."""
    divides_by_padding: bool
    """Whether more padding changes what the sum is divided by."""
    of: Callable[[Steps], float]

    def reduce(
        self, values: npt.ArrayLike, mask: npt.ArrayLike | None = None, weights: npt.ArrayLike | None = None
    ) -> float:
        """The number that the losses `(B, T...)` become; NaN where the formula has 0 by 0.

        Args:
            values: the loss of each step, as `LossReference.unreduced` gives it.
            mask: bool `(B, T)`, True = real step; None: all are real.
            weights: `(B,)` or `(B, T)`; None: all are 1.

        Raises:
            ValueError: the mask or the weights do not fit the values.
        """
        with np.errstate(all="ignore"):
            return float(self.of(steps(values, mask, weights)))
