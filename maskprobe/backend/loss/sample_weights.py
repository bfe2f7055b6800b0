"""Sample weights of all sorts for one output."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from maskprobe.backend.loss.predictions import Prediction
from maskprobe.loss_check import Weights

Array = npt.NDArray[Any]


def weights_for(prediction: Prediction) -> Mapping[Weights, Array]:
    """Weights by row, and by step where the output has steps.

    One is 0: conventions differ in what they make of it.
    """
    rng = np.random.default_rng(0)
    rows = prediction.values.shape[0]
    given = {Weights.SAMPLE: np.asarray(rng.uniform(0.5, 2.0, (rows,)), np.float32)}
    known = prediction.padding if prediction.padding is not None else prediction.mask
    if known is not None:
        by_step = np.asarray(rng.uniform(0.5, 2.0, known.shape), np.float32)
        by_step[0, 0] = 0.0
        given[Weights.STEP] = by_step
    return given
