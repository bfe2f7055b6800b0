"""The total loss in the ways that Keras has: by hand, by `evaluate`, by `train_on_batch`; and with sample weights."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from maskprobe.backend.loaded import LoadedModel
from maskprobe.backend.loss.predictions import Prediction, Predictions
from maskprobe.backend.loss.sample_weights import weights_for
from maskprobe.backend.messages import reason_of
from maskprobe.backend.run import Feed
from maskprobe.backend.state import preserved_state, raw_variable
from maskprobe.loss_check import OutputLoss, Way, WeightedLoss, Weights

Array = npt.NDArray[Any]


def ways_of(
    loaded: LoadedModel, feed: Feed, predictions: Predictions, targets: Sequence[Array], added: float
) -> tuple[Way, ...]:
    """The total loss of one batch in each way. A model in memory is not trained on."""
    model, packed = loaded.model, predictions.pack(targets)

    def by_hand() -> float:
        tensors = predictions.pack([tf.constant(target) for target in targets])
        return float(np.asarray(loaded.engine.loss(model, tensors, predictions.nest))) + added

    def by_evaluate() -> float:
        return _evaluate(loaded, feed, packed)

    def by_training() -> float:
        return float(model.train_on_batch(feed.structure, packed, return_dict=True)["loss"])

    ways = {"by hand": by_hand, "evaluate": by_evaluate}
    if loaded.is_ours:
        ways["train_on_batch"] = by_training
    with untouched(model):
        return tuple(_way(name, way) for name, way in ways.items())


def _way(name: str, way: Callable[[], float]) -> Way:
    try:
        return Way(name, way())
    except Exception as error:  # noqa: BLE001 - what Keras raises here is part of the answer
        return Way(name, None, reason_of(error))


def with_evaluate(
    loaded: LoadedModel, feed: Feed, predictions: Predictions, targets: Sequence[Array], outputs: Sequence[OutputLoss]
) -> tuple[OutputLoss, ...]:
    """`outputs` with what `evaluate` raises on sample weights: compiled it may, where eager runs do not."""
    errors = {sort: _error_of(loaded, feed, predictions, targets, sort) for sort in (Weights.SAMPLE, Weights.STEP)}

    def told(weighted: WeightedLoss) -> WeightedLoss:
        return replace(weighted, error=weighted.error or errors[weighted.weights])

    # An output without steps has no mask for weights to clash with: what is raised is another output's.
    has_steps = [any(one.weights is Weights.STEP for one in output.weighted) for output in outputs]
    return tuple(
        replace(output, weighted=tuple(map(told, output.weighted))) if steps else output
        for output, steps in zip(outputs, has_steps, strict=True)
    )


def _error_of(
    loaded: LoadedModel, feed: Feed, predictions: Predictions, targets: Sequence[Array], sort: Weights
) -> str | None:
    weights = [_weights(prediction, sort) for prediction in predictions.each]
    try:
        with untouched(loaded.model):
            _evaluate(loaded, feed, predictions.pack(targets), predictions.pack(weights))
    except Exception as error:  # noqa: BLE001 - what Keras raises here is what is looked for
        return reason_of(error)
    return None


def _weights(prediction: Prediction, sort: Weights) -> Array:
    """Weights of the wanted sort; by row where the output has no time axis."""
    given = weights_for(prediction)
    return given.get(sort, given[Weights.SAMPLE])


def _evaluate(loaded: LoadedModel, feed: Feed, targets: Any, weights: Any = None) -> float:
    rows = next(iter(tf.nest.flatten(feed.structure))).shape[0]
    logs = loaded.model.evaluate(
        feed.structure, targets, sample_weight=weights, batch_size=int(rows), verbose=0, return_dict=True
    )
    return float(logs["loss"])


@contextlib.contextmanager
def untouched(model: Any) -> Iterator[None]:
    """Put weights, states and the compiled functions of the model back."""
    saved = [(raw_variable(weight), np.asarray(raw_variable(weight).numpy())) for weight in model.trainable_variables]
    functions = {name: getattr(model, name, None) for name in ("test_function", "train_function")}
    try:
        with preserved_state(model):
            yield
    finally:
        for variable, value in saved:
            variable.assign(value)
        for name, function in functions.items():
            setattr(model, name, function)
