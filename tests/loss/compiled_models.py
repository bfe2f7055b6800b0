"""Small compiled models and custom losses whose convention is known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf


def tagger(
    engine: Any, loss: Any, *, activation: str | None = None, masked: bool = True, units: int = 3, **settings: Any
) -> Any:
    """Tokens, an Embedding that masks or not, a Dense: a sequence output `(B, T, units)`."""
    keras = engine.keras
    keras.utils.set_random_seed(0)
    ids = keras.Input((None,), dtype="int32", name="tokens")
    h = keras.layers.Embedding(12, 4, mask_zero=masked, name="embedding")(ids)
    model = keras.Model(ids, keras.layers.Dense(units, activation=activation, name="out")(h))
    model.compile(optimizer="sgd", loss=loss, **settings)
    return model


def mask_of(predictions: Any) -> Any:
    return tf.cast(predictions._keras_mask, predictions.dtype)


def by_step(targets: Any, predictions: Any) -> Any:
    return tf.reduce_mean(tf.square(targets - predictions), axis=-1)


def divides_by_all(targets: Any, predictions: Any) -> Any:
    return tf.reduce_mean(by_step(targets, predictions) * mask_of(predictions))


def averages_rows(targets: Any, predictions: Any) -> Any:
    mask = mask_of(predictions)
    sums = tf.reduce_sum(by_step(targets, predictions) * mask, axis=1)
    return tf.reduce_mean(sums / tf.reduce_sum(mask, axis=1))


def ignores_the_mask(targets: Any, predictions: Any) -> Any:
    return tf.reduce_mean(by_step(targets, predictions))


def divides_by_the_mask_twice(targets: Any, predictions: Any) -> Any:
    mask = mask_of(predictions)
    share = tf.reduce_mean(mask)
    return tf.reduce_sum(by_step(targets, predictions) * mask) / tf.reduce_sum(mask) / share


def of_no_convention(targets: Any, predictions: Any) -> Any:
    return tf.sqrt(tf.reduce_sum(by_step(targets, predictions) * mask_of(predictions))) + 0.25


def cubes(targets: Any, predictions: Any) -> Any:
    """A loss that is on no list, and gives a value for each step."""
    return tf.reduce_mean(tf.abs(targets - predictions) ** 3, axis=-1)


SIMULATED: dict[Callable[..., Any], str] = {
    divides_by_all: "scalar_mean_over_all_steps",
    averages_rows: "mean_of_rows",
    ignores_the_mask: "scalar_mean",
    divides_by_the_mask_twice: "mask_twice",
}
"""Losses that return one number, and the convention that each follows."""
