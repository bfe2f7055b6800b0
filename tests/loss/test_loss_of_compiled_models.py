"""What `evaluate` reports of a compiled model is the reference of its predictions, reduced by its convention."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from keras_limits import skip_if_focal_losses_have_no_name, skip_if_there_is_no_mean_over_weights

from maskprobe.backend.engine import Engine
from maskprobe.loss import conventions as known
from maskprobe.loss.recognise import LossProbe, candidate_values, recognise
from maskprobe.loss.reference import find_reference

ROWS = np.array([[1, 2, 0, 0], [3, 0, 0, 0], [1, -9, 20, 2]], "float32")[..., None]
MASK = ROWS[..., 0] != 0
WEIGHTS = np.array([[0.5, 2, 1, 1], [3, 1, 1, 1], [0, 1, 2, 0.5]], "float32")


def generation(minor: int | None) -> int:
    return 2 if minor is None else 3


def tagger(engine: Engine, loss: Any, units: int = 3, activation: str | None = None) -> Any:
    """A model whose predictions `(3, 4, units)` carry the mask of the inputs; its kernel is not random."""
    layers = engine.keras.layers
    inputs = engine.keras.Input((4, 1))
    outputs = layers.Dense(units, activation=activation, name="out")(layers.Masking()(inputs))
    model = engine.keras.Model(inputs, outputs)
    model.get_layer("out").set_weights([np.linspace(-2, 1.5, units)[None], np.full(units, 0.25)])
    model.compile(optimizer="sgd", loss=loss)
    return model


def evaluated(model: Any, y_true: Any, weights: Any = None) -> float:
    return float(model.evaluate(ROWS, y_true, sample_weight=weights, batch_size=len(ROWS), verbose=0))


def logits_of(model: Any) -> Any:
    kernel, bias = model.get_layer("out").get_weights()
    return ROWS.astype("float64") @ kernel + bias


TARGETS = np.random.default_rng(7).integers(2, size=(3, 4, 3)).astype("float32")
CLASSES = np.random.default_rng(8).integers(3, size=(3, 4))


@pytest.mark.parametrize(
    ("loss", "activation", "y_true"),
    [
        ("mse", None, TARGETS),
        ("binary_crossentropy", "sigmoid", TARGETS),
        ("BinaryFocalCrossentropy", "sigmoid", TARGETS),
        ("categorical_crossentropy", "softmax", np.eye(3, dtype="float32")[CLASSES]),
        ("sparse_categorical_crossentropy", "softmax", CLASSES),
    ],
)
def test_the_loss_of_a_compiled_model_is_recognised(
    engine: Engine, minor: int | None, loss: str, activation: str | None, y_true: Any
) -> None:
    """The steps of 20 and -9 saturate, so that only the logits that the predictions carry give these values."""
    if loss == "BinaryFocalCrossentropy":
        skip_if_focal_losses_have_no_name(minor)
    model = tagger(engine, loss, activation=activation)
    logits = logits_of(model)
    reference = find_reference(loss)
    assert reference is not None
    probes, clipped = [], []
    for weights in (WEIGHTS, WEIGHTS[::-1].copy()):
        value = evaluated(model, y_true, weights)
        predicted = model.predict(ROWS, verbose=0)
        carried = None if activation is None else logits
        values = reference.unreduced(y_true, predicted, {}, generation(minor), logits=carried)
        probes.append(LossProbe(value, candidate_values(values, MASK, weights)))
        values = reference.unreduced(y_true, predicted, {}, generation(minor))
        clipped.append(LossProbe(value, candidate_values(values, MASK, weights)))
    assert recognise(probes).convention is known.MEAN_OVER_REAL_STEPS
    assert (recognise(clipped).convention is None) is (activation is not None)


def mean_of_all(y_true: Any, y_pred: Any) -> Any:
    return tf.reduce_mean(tf.square(y_true - y_pred))


def sum_of_each_row(y_true: Any, y_pred: Any) -> Any:
    """A row's sum at each of its steps, so that a mask of steps fits it."""
    squared = tf.reduce_mean(tf.square(y_true - y_pred), axis=-1)
    return tf.reduce_sum(squared, axis=-1, keepdims=True) * tf.ones_like(squared)


@pytest.mark.parametrize(
    ("reduction", "key"),
    [
        ("sum", "sum_of_real_steps"),
        # What is left unreduced is averaged over all steps by the metric that reports it.
        ("none", "mean_over_all_steps"),
        ("mean_with_sample_weight", "mean_over_weights"),
        ("sum_over_batch_size", "mean_over_real_steps"),
        (mean_of_all, "scalar_mean"),
        (sum_of_each_row, None),
    ],
)
def test_other_reductions_and_losses_of_ones_own_are_told_by_name(
    engine: Engine, minor: int | None, reduction: Any, key: str | None
) -> None:
    if reduction == "mean_with_sample_weight":
        skip_if_there_is_no_mean_over_weights(minor)
    own = callable(reduction)
    model = tagger(engine, reduction if own else engine.keras.losses.MeanSquaredError(reduction=reduction))
    reference = find_reference("mse")
    assert reference is not None
    probes = []
    for weights in (WEIGHTS, WEIGHTS[::-1].copy()):
        values = reference.unreduced(TARGETS, model.predict(ROWS, verbose=0), {}, generation(minor))
        probes.append(LossProbe(evaluated(model, TARGETS, weights), candidate_values(values, MASK, weights)))
    found = recognise(probes)
    assert (found.convention.key if found.convention else None) == key


def test_compile_in_tf_keras_gives_targets_back_their_last_axis(engine: Engine, minor: int | None) -> None:
    """Called by itself the loss of `(B,)` against `(B, 1)` is one number there; compiled it is one a row."""
    layers = engine.keras.layers
    inputs = engine.keras.Input((2,))
    model = engine.keras.Model(inputs, layers.Dense(1, kernel_initializer="ones")(inputs))
    model.compile(loss="mse")
    rows, targets, weights = np.ones((3, 2)), np.array([1.0, 2.0, 4.0]), np.array([1.0, 5.0, 2.0])
    # Predictions are 2: 1·1 + 5·0 + 2·4 = 9 over three rows.
    assert model.evaluate(rows, targets, sample_weight=weights, batch_size=3, verbose=0) == pytest.approx(3)
    reference = find_reference("mse")
    assert reference is not None
    assert reference.unreduced(targets[:, None], np.full((3, 1), 2.0), {}, generation(minor)).tolist() == [1, 0, 4]
