"""Check the compiled metrics: whether padded steps move them, and by which convention a mean is taken."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from maskprobe.backend.loaded import LoadedModel
from maskprobe.backend.loss.comparing import StepValues, compare, has_moved, mask_for, tolerance
from maskprobe.backend.loss.compiled import CompiledMetric
from maskprobe.backend.loss.predictions import Prediction, Predictions
from maskprobe.backend.loss.target_sets import TargetSet
from maskprobe.backend.messages import reason_of
from maskprobe.backend.tensors import as_float
from maskprobe.loss_check import Comparison, MetricCheck, Sensitivity

Array = npt.NDArray[Any]


def check_metrics(loaded: LoadedModel, predictions: Predictions, sets: Sequence[TargetSet]) -> tuple[MetricCheck, ...]:
    """Compute all metrics on all sets of targets; those that Keras cannot compute are told as such."""
    engine, model = loaded.engine, loaded.model

    def values(targets: Sequence[Array]) -> dict[str, float]:
        packed = predictions.pack([tf.constant(target) for target in targets])
        return dict(engine.metrics(model, packed, predictions.nest))

    try:
        seen = [[values(targets) for targets in (one.base, one.at_padding, one.at_real)] for one in sets]
    except Exception as error:  # noqa: BLE001 - a custom metric may raise anything
        nothing = Sensitivity(None, None, np.nan, np.nan, np.nan)
        problem = Comparison(np.nan, (), problem=reason_of(error))
        names = loaded.loss.metrics if loaded.loss is not None else ()
        return tuple(
            MetricCheck(name, "", None, weighted=False, sensitivity=nothing, comparison=problem) for name in names
        )
    return tuple(
        _check(one, predictions.each[one.output], sets, [[run[one.name] for run in three] for three in seen])
        for one in engine.compiled_metrics(model)
        if one.name in seen[0][0]
    )


def _check(
    metric: CompiledMetric, prediction: Prediction, sets: Sequence[TargetSet], seen: Sequence[Sequence[float]]
) -> MetricCheck:
    limit = tolerance(prediction)
    has_padding = prediction.padding is not None
    return MetricCheck(
        metric.name,
        type(metric.metric).__name__,
        metric.output,
        metric.weighted,
        Sensitivity(
            any(has_moved(one[0], one[1], limit) for one in seen) if has_padding else None,
            any(has_moved(one[0], one[2], limit) for one in seen),
            *seen[0],
        ),
        _compared(metric, prediction, sets, [one[0] for one in seen]),
    )


def _compared(
    metric: CompiledMetric, prediction: Prediction, sets: Sequence[TargetSet], found: Sequence[float]
) -> Comparison | None:
    """By which convention a mean metric is averaged; None for others."""
    if metric.function is None:
        return None
    try:
        steps = [[_values(metric, prediction, one.base[metric.output])] for one in sets]
    except Exception:  # noqa: BLE001 - a custom metric may raise anything
        return None
    if steps[0][0].values.ndim == 0:
        return None
    return compare(found, steps, prediction)[0]


def _values(metric: CompiledMetric, prediction: Prediction, target: Array) -> StepValues:
    """What the metric's own function gives for each step."""
    given = tf.constant(target)
    if "float" not in str(given.dtype) and not metric.name.startswith("sparse"):
        given = tf.cast(given, prediction.tensor.dtype)
    values = np.asarray(as_float(metric.function(given, prediction.tensor, **metric.settings)), np.float64)
    return StepValues(metric.name, values, mask_for(prediction, values, None))
