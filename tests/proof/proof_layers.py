"""Custom layers that the proofs are tried on, made for one of the two engines. They compute with TensorFlow itself."""

from __future__ import annotations

import functools
from types import SimpleNamespace
from typing import Any

import tensorflow as tf


def own_layers(keras: Any) -> Any:
    """The classes, by name."""
    return _make(keras)


@functools.cache
def _make(keras: Any) -> SimpleNamespace:
    base = _supporting(keras)
    made = (*_pooling(keras), *_sequences(base), *_odd(base), *_attention(keras, base))
    return SimpleNamespace(**{one.__name__: one for one in made})


def _supporting(keras: Any) -> Any:
    class Supporting(keras.layers.Layer):
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.supports_masking = True

    return Supporting


def _weights(x: Any, mask: Any) -> Any:
    return tf.cast(mask, x.dtype)[:, :, tf.newaxis]


def _pooling(keras: Any) -> tuple[Any, ...]:
    class Pooling(keras.layers.Layer):
        def compute_mask(self, _inputs: Any, mask: Any = None) -> None:
            """The time axis ends here, and the mask with it."""
            del mask

    class MaskedMean(Pooling):
        def call(self, x: Any, mask: Any = None) -> Any:
            weights = tf.ones_like(x[:, :, :1]) if mask is None else _weights(x, mask)
            return tf.reduce_sum(x * weights, axis=1) / (1e-6 + tf.reduce_sum(weights, axis=1))

    class MeanThatIgnoresItsMask(Pooling):
        def call(self, x: Any, mask: Any = None) -> Any:
            del mask
            return tf.reduce_mean(x, axis=1)

    class MeanOfLength(keras.layers.Layer):
        """Takes how many steps of each row are real, counted from its beginning."""

        def call(self, x: Any, lengths: Any) -> Any:
            weights = _weights(x, tf.sequence_mask(lengths, tf.shape(x)[1]))
            return tf.reduce_sum(x * weights, axis=1) / tf.reduce_sum(weights, axis=1)

    return MaskedMean, MeanThatIgnoresItsMask, MeanOfLength


def _sequences(base: Any) -> tuple[Any, ...]:
    class MeanAdded(base):
        """Takes the mask and leaves the padding out of the mean."""

        def call(self, x: Any, mask: Any = None) -> Any:
            weights = tf.ones_like(x[:, :, :1]) if mask is None else _weights(x, mask)
            mean = tf.reduce_sum(x * weights, axis=1, keepdims=True)
            return x + mean / (1e-6 + tf.reduce_sum(weights, axis=1, keepdims=True))

    class MeanAddedThatIgnoresItsMask(base):
        """Takes the mask, and a mean over all steps."""

        def call(self, x: Any, mask: Any = None) -> Any:
            del mask
            return x + tf.reduce_mean(x, axis=1, keepdims=True)

    class MeanAddedBySecretMask(MeanAdded):
        """Takes no mask, and reads the one that its input carries."""

        def call(self, x: Any) -> Any:
            return super().call(x, getattr(x, "_keras_mask", None))

    class Strip(base):
        """Takes the mask off on purpose."""

        def call(self, x: Any, mask: Any = None) -> Any:
            del mask
            return tf.identity(x)

        def compute_mask(self, _inputs: Any, mask: Any = None) -> None:
            del mask

    class StepsWhereAllRowsAreReal(base):
        """One padded row switches the step off for all rows."""

        def call(self, x: Any, mask: Any = None) -> Any:
            return x if mask is None else x * _weights(x, tf.reduce_all(mask, axis=0, keepdims=True))

    return MeanAdded, MeanAddedThatIgnoresItsMask, MeanAddedBySecretMask, Strip, StepsWhereAllRowsAreReal


def _odd(base: Any) -> tuple[Any, ...]:
    class Fails(base):
        """Builds, and fails on real tensors."""

        def call(self, x: Any) -> Any:
            if tf.is_tensor(x) and hasattr(x, "numpy"):
                raise ValueError("it has never worked")
            return x

    class FailsOnLargeNumbers(base):
        """Takes no noise."""

        def call(self, x: Any) -> Any:
            if hasattr(x, "numpy") and float(tf.reduce_max(tf.abs(x))) > 2.5:
                raise ValueError("numbers above 2.5 are not in the table")
            return tf.identity(x)

    class Counter(base):
        """Changes a variable in each call."""

        def build(self, _input_shape: Any) -> None:
            self.calls = self.add_weight(shape=(), initializer="zeros", trainable=False, name="calls")

        def call(self, x: Any) -> Any:
            self.calls.assign(self.calls + 1.0)
            return x * (1.0 + 0.0 * tf.convert_to_tensor(self.calls))

    kept: list[Any] = []

    class Remembers(base):
        """Keeps the mean of what it read for another layer, where no call shows it."""

        def call(self, x: Any) -> Any:
            kept[:] = [tf.reduce_mean(x, axis=1)]
            return tf.identity(x)

    class Recalls(base):
        def call(self, x: Any) -> Any:
            return x if not kept or kept[0].shape[:1] != x.shape[:1] else x + kept[0]

    return Fails, FailsOnLargeNumbers, Counter, Remembers, Recalls


def _attention(keras: Any, base: Any) -> tuple[Any, ...]:
    heads = 2

    class HeadsInBatch(base):
        """Attention whose scores are `(B * H, T, T)`, the heads of one row side by side."""

        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.query, self.key, self.value = (keras.layers.Dense(4, name=name) for name in ("query", "key", "value"))

        def build(self, input_shape: Any) -> None:
            for kernel in (self.query, self.key, self.value):
                kernel.build(input_shape)

        def split(self, x: Any) -> Any:
            rows, steps, width = tf.shape(x)[0], tf.shape(x)[1], x.shape[-1]
            parts = tf.transpose(tf.reshape(x, (rows, steps, heads, width // heads)), (0, 2, 1, 3))
            return tf.reshape(parts, (rows * heads, steps, width // heads))

        def for_heads(self, mask: Any) -> Any:
            """The mask of each row for each of its heads."""
            return tf.repeat(mask, heads, axis=0)

        def call(self, x: Any, mask: Any = None) -> Any:
            query, key, value = (self.split(kernel(x)) for kernel in (self.query, self.key, self.value))
            scores = tf.matmul(query, key, transpose_b=True)
            if mask is not None:
                hidden = 1.0 - tf.cast(self.for_heads(mask), x.dtype)
                scores += hidden[:, tf.newaxis, :] * -1e9
            attended = tf.matmul(tf.nn.softmax(scores), value)
            rows, steps, width = tf.shape(x)[0], tf.shape(x)[1], x.shape[-1]
            parts = tf.transpose(tf.reshape(attended, (rows, heads, steps, width // heads)), (0, 2, 1, 3))
            return tf.reshape(parts, (rows, steps, width))

    class HeadsInBatchTiled(HeadsInBatch):
        """The masks of all rows, over and over: in another order than the scores."""

        def for_heads(self, mask: Any) -> Any:
            return tf.tile(mask, (heads, 1))

    return HeadsInBatch, HeadsInBatchTiled
