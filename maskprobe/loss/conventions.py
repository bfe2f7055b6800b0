"""The table of conventions: sums and means over the steps of a batch.

In the formulas l is the loss of a step, m its mask, w its weight; N counts all steps, B the rows. A quotient of 0 by 0
is NaN, as the formula says, so a batch without a real step has no mean over real steps. Keras 3 gives 0 there and
tf_keras NaN.
"""

from __future__ import annotations

import numpy as np

from maskprobe.loss.convention import Convention
from maskprobe.loss.steps import Steps


def _over(total: float, divisor: float) -> float:
    return float(np.float64(total) / np.float64(divisor))


def _mean_of_rows(given: Steps) -> float:
    sums, counts = given.each_row(weighted=True)
    return float((sums / counts).mean())


def _rows_weighed_again(given: Steps) -> float:
    sums, _ = given.each_row(weighted=False)
    means = sums / (given.count / given.rows)
    shape = (given.rows,) + (1,) * (given.values.ndim - 1)
    return _over(float((given.weights * means.reshape(shape)).sum(where=given.real)), given.real_count)


def _of_scalar(scalar: float, given: Steps) -> float:
    """What Keras makes of a loss that is one number already: it is weighed by the mean weight of the real steps."""
    return scalar * _over(given.real_weight, given.real_count)


def _masked_total(given: Steps) -> float:
    return float(given.values.sum(where=given.real))


MEAN_OVER_REAL_STEPS = Convention(
    "mean_over_real_steps",
    "mean over real steps",
    "Σ(w·m·l)/Σm",
    counts_padding=False,
    divides_by_padding=False,
    of=lambda s: _over(s.real_sum, s.real_count),
)
MEAN_OVER_ALL_STEPS = Convention(
    "mean_over_all_steps",
    "sum of real steps over the number of all steps",
    "Σ(w·m·l)/N",
    counts_padding=False,
    divides_by_padding=True,
    of=lambda s: _over(s.real_sum, s.count),
)
MEAN_OVER_WEIGHTS = Convention(
    "mean_over_weights",
    "mean over the weights of real steps",
    "Σ(w·m·l)/Σ(w·m)",
    counts_padding=False,
    divides_by_padding=False,
    of=lambda s: _over(s.real_sum, s.real_weight),
)
KERAS2_MEAN = Convention(
    "keras2_mean",
    "mean over real steps and over the share of weights that are not 0, as standalone Keras 2 takes it",
    "Σ(w·m·l)/Σm · N/Σ(w≠0)",
    counts_padding=False,
    divides_by_padding=False,
    of=lambda s: _over(_over(s.real_sum, s.real_count) * s.count, float(np.count_nonzero(s.weights))),
)
MEAN_OF_ROWS = Convention(
    "mean_of_rows",
    "mean over the real steps of each row, then over rows",
    "Σᵦ(Σₜ(w·m·l)/Σₜm)/B",
    counts_padding=False,
    divides_by_padding=False,
    of=_mean_of_rows,
)
SUM_OF_REAL_STEPS = Convention(
    "sum_of_real_steps",
    "sum of real steps",
    "Σ(w·m·l)",
    counts_padding=False,
    divides_by_padding=False,
    of=lambda s: s.real_sum,
)
SUM_OVER_BATCH = Convention(
    "sum_over_batch",
    "sum of real steps over the number of rows",
    "Σ(w·m·l)/B",
    counts_padding=False,
    divides_by_padding=False,
    of=lambda s: _over(s.real_sum, s.rows),
)
UNMASKED_MEAN = Convention(
    "unmasked_mean",
    "mean over all steps, padded ones too",
    "Σ(w·l)/N",
    counts_padding=True,
    divides_by_padding=True,
    of=lambda s: _over(s.sum, s.count),
)
UNMASKED_MEAN_OVER_WEIGHTS = Convention(
    "unmasked_mean_over_weights",
    "mean over the weights of all steps, padded ones too",
    "Σ(w·l)/Σw",
    counts_padding=True,
    divides_by_padding=True,
    of=lambda s: _over(s.sum, float(s.weights.sum())),
)
UNMASKED_SUM = Convention(
    "unmasked_sum",
    "sum of all steps, padded ones too",
    "Σ(w·l)",
    counts_padding=True,
    divides_by_padding=False,
    of=lambda s: s.sum,
)
UNMASKED_SUM_OVER_BATCH = Convention(
    "unmasked_sum_over_batch",
    "sum of all steps, padded ones too, over the number of rows",
    "Σ(w·l)/B",
    counts_padding=True,
    divides_by_padding=False,
    of=lambda s: _over(s.sum, s.rows),
)
SCALAR_MEAN = Convention(
    "scalar_mean",
    "mean over all steps, padded ones too, taken by the loss before Keras can mask or weigh it",
    "Σl/N · Σ(w·m)/Σm",
    counts_padding=True,
    divides_by_padding=True,
    of=lambda s: _of_scalar(_over(float(s.values.sum()), s.count), s),
)
SCALAR_MASKED_MEAN = Convention(
    "scalar_masked_mean",
    "mean over real steps, taken by the loss before Keras can weigh it",
    "Σ(m·l)/Σm · Σ(w·m)/Σm",
    counts_padding=False,
    divides_by_padding=False,
    of=lambda s: _of_scalar(_over(_masked_total(s), s.real_count), s),
)
SCALAR_MEAN_OVER_ALL_STEPS = Convention(
    "scalar_mean_over_all_steps",
    "sum of real steps over the number of all steps, taken by the loss before Keras masks it again",
    "Σ(m·l)/N · Σ(w·m)/Σm",
    counts_padding=False,
    divides_by_padding=True,
    of=lambda s: _of_scalar(_over(_masked_total(s), s.count), s),
)
MASK_TWICE = Convention(
    "mask_twice",
    "mean over real steps, divided by the share of real steps once more",
    "N·Σ(w·m·l)/(Σm)²",
    counts_padding=False,
    divides_by_padding=True,
    of=lambda s: _over(_over(s.real_sum, s.real_count) * s.count, s.real_count),
)
MASK_TWICE_BY_ROW = Convention(
    "mask_twice_by_row",
    "mean of each row's masked steps over all its steps, then mean over real steps",
    "Σ(w·m·r)/Σm, r = Σₜ(m·l)/T",
    counts_padding=False,
    divides_by_padding=True,
    of=_rows_weighed_again,
)

CONVENTIONS: tuple[Convention, ...] = (
    MEAN_OVER_REAL_STEPS,
    MEAN_OVER_ALL_STEPS,
    MEAN_OVER_WEIGHTS,
    KERAS2_MEAN,
    MEAN_OF_ROWS,
    SUM_OF_REAL_STEPS,
    SUM_OVER_BATCH,
    UNMASKED_MEAN,
    UNMASKED_MEAN_OVER_WEIGHTS,
    UNMASKED_SUM,
    UNMASKED_SUM_OVER_BATCH,
    SCALAR_MEAN,
    SCALAR_MASKED_MEAN,
    SCALAR_MEAN_OVER_ALL_STEPS,
    MASK_TWICE,
    MASK_TWICE_BY_ROW,
)


def find_convention(key: str) -> Convention | None:
    """The convention with this key; None where there is none."""
    return next((each for each in CONVENTIONS if each.key == key), None)
