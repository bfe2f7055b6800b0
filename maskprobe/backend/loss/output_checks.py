"""Check the compiled loss of one output."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from maskprobe.backend.engine import Engine
from maskprobe.backend.loss.comparing import accounts, compare, has_moved, own_values, tolerance
from maskprobe.backend.loss.compiled import CompiledLoss
from maskprobe.backend.loss.edges import CheckedLoss, edges_of
from maskprobe.backend.loss.predictions import Prediction
from maskprobe.backend.loss.sample_weights import weights_for
from maskprobe.backend.loss.target_sets import TargetSet
from maskprobe.backend.messages import reason_of
from maskprobe.loss_check import Comparison, LossEdges, OutputLoss, Sensitivity, WeightedLoss, Weights

Array = npt.NDArray[Any]


def check_output(engine: Engine, target: CheckedLoss, sets: Sequence[TargetSet], *, weigh: bool) -> OutputLoss:
    """Check the compiled loss of one output on all sets of targets, and with sample weights if `weigh`."""
    loss, prediction = target.loss, target.prediction
    check = _Check(engine, loss, prediction, sets)
    padded = 0 if prediction.padding is None else int(prediction.padding.sum())
    try:
        comparison, account = check.compared(None)
        sensitivity = check.sensitivity()
    except Exception as error:  # noqa: BLE001 - a custom loss may raise anything
        comparison, account = Comparison(math.nan, (), problem=reason_of(error)), None
        sensitivity = Sensitivity(None, None, math.nan, math.nan, math.nan)
    return OutputLoss(
        output=loss.output,
        name=loss.name,
        loss=loss.class_name,
        reduction=loss.reduction,
        weight=loss.weight,
        masked=prediction.mask is not None,
        steps=prediction.steps,
        padded=padded,
        comparison=comparison,
        sensitivity=sensitivity,
        weighted=tuple(check.weighted()) if weigh and not comparison.problem else (),
        edges=None
        if comparison.problem
        else edges_of(engine, target, sets[0].base[loss.output], is_scalar=check.is_scalar),
        account=account,
    )


class _Check:
    """One loss on one output."""

    def __init__(self, engine: Engine, loss: CompiledLoss, prediction: Prediction, sets: Sequence[TargetSet]) -> None:
        self._engine, self._loss, self._prediction = engine, loss, prediction
        self._sets = [(one.base[loss.output], one.at_padding[loss.output], one.at_real[loss.output]) for one in sets]
        self._generation = engine.info.generation
        own = own_values(loss, prediction, self._sets[0][0])
        self.is_scalar = own is not None and own.ndim == 0

    def compared(self, weights: Array | None) -> tuple[Comparison, str | None]:
        """Which convention the loss follows with `weights`."""
        found = [self._value(base, weights) for base, *_ in self._sets]
        steps = [list(accounts(self._loss, self._prediction, base, self._generation)) for base, *_ in self._sets]
        return compare(found, steps, self._prediction, weights, is_scalar=self.is_scalar)

    def sensitivity(self) -> Sensitivity:
        """Whether other targets move it."""
        seen = [[self._value(target, None) for target in one] for one in self._sets]
        limit = tolerance(self._prediction)
        at_padding = None if self._prediction.padding is None else any(has_moved(one[0], one[1], limit) for one in seen)
        at_real = any(has_moved(one[0], one[2], limit) for one in seen)
        return Sensitivity(at_padding, at_real, *seen[0])

    def edges(self, target: CheckedLoss) -> LossEdges:
        """What it gives on odd batches."""
        return edges_of(self._engine, target, self._sets[0][0], is_scalar=self.is_scalar)

    def weighted(self) -> list[WeightedLoss]:
        """What it makes of sample weights."""
        given = weights_for(self._prediction)
        return [self._with_weights(sort, weights) for sort, weights in given.items()]

    def _with_weights(self, sort: Weights, weights: Array) -> WeightedLoss:
        try:
            return WeightedLoss(sort, self.compared(weights)[0])
        except Exception as error:  # noqa: BLE001 - what Keras raises here is what is looked for
            return WeightedLoss(sort, None, reason_of(error))

    def _value(self, target: Array, weights: Array | None) -> float:
        given = None if weights is None else tf.constant(weights)
        found = self._engine.output_loss(self._loss, tf.constant(target), self._prediction.tensor, given)
        values = np.asarray(found)
        if values.ndim:
            raise ValueError(f"it is not reduced to one number: it gives an array of shape {values.shape}")
        return float(values)
