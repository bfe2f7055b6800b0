"""The loss of each step with its mask and weights, all of one shape, and the sums that conventions are made of."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from maskprobe.loss.loss_inputs import BoolArray, FloatArray

Kind = TypeVar("Kind", np.bool_, np.float64)


@dataclass(frozen=True, slots=True)
class Steps:
    """What is reduced to one number: l, m and w of the formulas, each `(B, T...)`."""

    values: FloatArray
    real: BoolArray
    """True = real step."""
    weights: FloatArray

    @property
    def count(self) -> int:
        """N: all steps of the batch."""
        return self.values.size

    @property
    def rows(self) -> int:
        """B: the rows of the batch; 1 where the values are a single number."""
        return self.values.shape[0] if self.values.ndim else 1

    @property
    def real_count(self) -> float:
        """Σm: the real steps of the batch."""
        return float(self.real.sum())

    @property
    def real_sum(self) -> float:
        """Σ(w·m·l). A real step's NaN is in it, a padded step's is not."""
        return float(self._weighted.sum(where=self.real))

    @property
    def real_weight(self) -> float:
        """Σ(w·m)."""
        return float(self.weights.sum(where=self.real))

    @property
    def sum(self) -> float:
        """Σ(w·l), padded steps too."""
        return float(self._weighted.sum())

    def each_row(self, *, weighted: bool) -> tuple[FloatArray, FloatArray]:
        """Σₜ(w·m·l), or Σₜ(m·l), and Σₜm of each row, `(B,)`."""
        axes = tuple(range(1, self.values.ndim))
        values = self._weighted if weighted else self.values
        return np.asarray(values.sum(axis=axes, where=self.real)), np.asarray(self.real.sum(axis=axes), np.float64)

    @property
    def _weighted(self) -> FloatArray:
        return self.weights * self.values


def steps(values: npt.ArrayLike, mask: npt.ArrayLike | None, weights: npt.ArrayLike | None) -> Steps:
    """Bring a mask and weights, such as `(B,)` and `(B, T)`, to the shape of the values `(B, T...)`.

    Axes that they lack are put last. No mask stands for all steps real, no weights for weights of 1.

    Raises:
        ValueError: a mask or weights do not fit the values.
    """
    array = np.asarray(values, dtype=np.float64)
    real = np.asarray(True if mask is None else mask, dtype=np.bool_)
    weight = np.asarray(1.0 if weights is None else weights, dtype=np.float64)
    return Steps(array, _spread(real, array.shape, "mask"), _spread(weight, array.shape, "weights"))


def _spread(array: npt.NDArray[Kind], shape: tuple[int, ...], what: str) -> npt.NDArray[Kind]:
    if array.ndim <= len(shape):
        longer = array.reshape(array.shape + (1,) * (len(shape) - array.ndim))
        with contextlib.suppress(ValueError):
            return np.broadcast_to(longer, shape)
    raise ValueError(f"{what} of shape {array.shape} do not fit losses of shape {shape}")
