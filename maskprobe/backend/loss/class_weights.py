"""The loss with class weights, which `fit` and `train_on_batch` turn into sample weights by the targets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from maskprobe.backend.loaded import LoadedModel
from maskprobe.backend.loss.comparing import accounts, compare
from maskprobe.backend.loss.predictions import Prediction, Predictions
from maskprobe.backend.loss.targets import TargetKind
from maskprobe.backend.loss.ways import untouched
from maskprobe.backend.messages import reason_of
from maskprobe.backend.run import Feed
from maskprobe.loss_check import OutputLoss, Way, WeightedLoss, Weights

Array = npt.NDArray[Any]

_SAME = 1e-5


def with_class_weights(  # noqa: PLR0913, PLR0917 - one training step and what it is compared with
    loaded: LoadedModel,
    feed: Feed,
    predictions: Predictions,
    kinds: Sequence[TargetKind],
    targets: Sequence[Array],
    outputs: tuple[OutputLoss, ...],
    ways: Sequence[Way],
) -> tuple[OutputLoss, ...]:
    """`outputs` with class weights tried on the only one, if its targets are classes and the model may be trained."""
    if len(outputs) != 1 or len(kinds) != 1 or not loaded.is_ours or predictions.each[0].padding is None:
        return outputs
    classes = _classes(kinds[0], predictions.each[0], targets[0])
    if classes is None:
        return outputs
    weighted = _weighted(loaded, feed, predictions, targets[0], classes, _trains_as_it_runs(ways))
    return (replace(outputs[0], weighted=(*outputs[0].weighted, weighted)),)


def _classes(kind: TargetKind, prediction: Prediction, target: Array) -> Array | None:
    """The class of each step `(B, T)`; None where targets are no classes."""
    if kind is TargetKind.CLASSES:
        return target
    if kind is TargetKind.ONE_HOT:
        return np.asarray(target.argmax(axis=-1))
    if kind is TargetKind.ZERO_OR_ONE and prediction.values.shape[-1] == 1:
        return target[..., 0].astype(np.int64)
    return None


def _trains_as_it_runs(ways: Sequence[Way]) -> float | None:
    """The total loss, if that of a training step is the same; None with Dropout, moments of the batch and the like."""
    by_name = {way.name: way.value for way in ways}
    by_hand, trained = by_name.get("by hand"), by_name.get("train_on_batch")
    if by_hand is None or trained is None or not np.isclose(by_hand, trained, rtol=_SAME):
        return None
    return by_hand


def _weighted(  # noqa: PLR0913, PLR0917 - as above
    loaded: LoadedModel, feed: Feed, predictions: Predictions, target: Array, classes: Array, total: float | None
) -> WeightedLoss:
    by_class = {number: 1.0 + number for number in range(int(classes.max()) + 1)}
    try:
        with untouched(loaded.model):
            found = loaded.model.train_on_batch(
                feed.structure, predictions.pack([target]), class_weight=by_class, return_dict=True
            )
    except Exception as error:  # noqa: BLE001 - what Keras raises here is what is looked for
        return WeightedLoss(Weights.CLASS, None, reason_of(error))
    if total is None:
        return WeightedLoss(Weights.CLASS, None)
    (loss,) = loaded.engine.losses(loaded.model, predictions.nest)
    prediction = predictions.each[0]
    steps = list(accounts(loss, prediction, target, loaded.engine.info.generation))
    by_step = np.asarray(1.0 + classes, np.float32)
    return WeightedLoss(Weights.CLASS, compare([float(found["loss"])], [steps], prediction, by_step)[0])
