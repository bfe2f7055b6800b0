"""Custom layers that mix padding into real steps though they have its mask, and the same mended."""

from __future__ import annotations

import functools
from typing import Any

import tensorflow as tf

VERY_LOW = -1e9


def _weights(x: Any, mask: Any) -> Any:
    """1 for real steps, 0 for padding: `(B, T, 1)`; ones without a mask."""
    real = tf.ones_like(x[:, :, :1]) if mask is None else tf.cast(mask, x.dtype)[:, :, tf.newaxis]
    return tf.cast(real, x.dtype)


@functools.cache
def make(keras: Any) -> dict[str, Any]:
    """The classes by name."""
    classes = (*_leaking(keras), *_mended(keras), *_pooling(keras), *_placing(keras), *_rows(keras))
    return {made.__name__: made for made in classes}


def _supporting(keras: Any) -> Any:
    class Supporting(keras.layers.Layer):
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.supports_masking = True

    return Supporting


def _leaking(keras: Any) -> tuple[Any, ...]:
    supporting = _supporting(keras)

    class SumsOverTime(supporting):
        def call(self, x: Any) -> Any:
            return x + tf.reduce_sum(x, axis=1, keepdims=True)

    class SoftmaxOverTime(supporting):
        def call(self, x: Any) -> Any:
            return tf.nn.softmax(x, axis=1)

    class IgnoresItsMask(supporting):
        def call(self, x: Any, mask: Any = None) -> Any:
            del mask
            return x - tf.reduce_mean(x, axis=1, keepdims=True)

    class SumsShares(SumsOverTime):
        """Refuses what is no share, and so noise."""

        def call(self, x: Any) -> Any:
            tf.debugging.assert_less(tf.abs(x), tf.ones((), x.dtype), message="a share is at most 1")
            return super().call(x)

    return SumsOverTime, SoftmaxOverTime, IgnoresItsMask, SumsShares


def _mended(keras: Any) -> tuple[Any, ...]:
    supporting = _supporting(keras)

    class MaskedSum(supporting):
        def call(self, x: Any, mask: Any = None) -> Any:
            return x + tf.reduce_sum(x * _weights(x, mask), axis=1, keepdims=True)

    class MaskedSoftmax(supporting):
        def call(self, x: Any, mask: Any = None) -> Any:
            return tf.nn.softmax(x + (1.0 - _weights(x, mask)) * VERY_LOW, axis=1)

    class UsesItsMask(supporting):
        def call(self, x: Any, mask: Any = None) -> Any:
            real = _weights(x, mask)
            count = tf.maximum(tf.reduce_sum(real, axis=1, keepdims=True), 1.0)
            return x - tf.reduce_sum(x * real, axis=1, keepdims=True) / count

    class GatesEachStep(supporting):
        def call(self, x: Any) -> Any:
            return x * tf.sigmoid(tf.reduce_sum(x, axis=-1, keepdims=True))

    return MaskedSum, MaskedSoftmax, UsesItsMask, GatesEachStep


def _pooling(keras: Any) -> tuple[Any, ...]:
    class MeanOfAllSteps(keras.layers.Layer):
        def call(self, x: Any, mask: Any = None) -> Any:
            del mask
            return tf.reduce_mean(x, axis=1)

    class MeanOfZeroed(keras.layers.Layer):
        """Sets padded steps to zero, and divides by the number of all steps."""

        def call(self, x: Any, mask: Any = None) -> Any:
            return tf.reduce_mean(x * _weights(x, mask), axis=1)

    class SafeMean(keras.layers.Layer):
        """Divides by one where there is no real step."""

        def call(self, x: Any, mask: Any = None) -> Any:
            real = _weights(x, mask)
            return tf.reduce_sum(x * real, axis=1) / tf.maximum(tf.reduce_sum(real, axis=1), 1.0)

    class TakesLastStep(keras.layers.Layer):
        def call(self, x: Any, mask: Any = None) -> Any:
            del mask
            return x[:, -1]

    return MeanOfAllSteps, MeanOfZeroed, SafeMean, TakesLastStep


def _placing(keras: Any) -> tuple[Any, ...]:
    supporting = _supporting(keras)

    class AddsPositions(supporting):
        def call(self, x: Any) -> Any:
            steps = tf.range(tf.shape(x)[1])
            return x + tf.cast(steps, x.dtype)[tf.newaxis, :, tf.newaxis]

    class AddsOwnPositions(supporting):
        """Counts real steps only."""

        def call(self, x: Any, mask: Any = None) -> Any:
            return x + tf.cumsum(_weights(x, mask), axis=1)

    class TurnsRound(keras.layers.Layer):
        def call(self, x: Any) -> Any:
            return x[:, ::-1]

        def compute_mask(self, _inputs: Any, mask: Any = None) -> Any:
            return None if mask is None else mask[:, ::-1]

    return AddsPositions, AddsOwnPositions, TurnsRound


def _rows(keras: Any) -> tuple[Any, ...]:
    class ScalesByShortest(_supporting(keras)):
        """Multiplies all rows by the fewest real steps that a row of the batch has."""

        def call(self, x: Any, mask: Any = None) -> Any:
            return x * tf.reduce_min(tf.reduce_sum(_weights(x, mask), axis=1))

    class RefusesEmptyRows(_supporting(keras)):
        def call(self, x: Any, mask: Any = None) -> Any:
            count = tf.reduce_sum(_weights(x, mask), axis=1)
            tf.debugging.assert_greater(count, tf.zeros_like(count), message="a row without a real step")
            return x

    return ScalesByShortest, RefusesEmptyRows
