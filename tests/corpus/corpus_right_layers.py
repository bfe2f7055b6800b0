"""Custom layers that treat masks as they should, made for one engine."""

from __future__ import annotations

import functools
from types import SimpleNamespace
from typing import Any

import tensorflow as tf
from corpus_kit import POSITIONS, Kit, Tensor
from corpus_ops import Operations, operations

LOW = -1e9


def floats(mask: Tensor, like: Tensor) -> Tensor:
    """A mask as float `(B, T, 1)`; ones if there is none."""
    return tf.ones_like(like[:, :, :1]) if mask is None else tf.cast(mask, like.dtype)[:, :, tf.newaxis]


def mean_of_real(x: Tensor, mask: Tensor) -> Tensor:
    """The mean over the real steps, `(B, 1, F)`."""
    real = floats(mask, x)
    return tf.reduce_sum(x * real, axis=1, keepdims=True) / tf.reduce_sum(real, axis=1, keepdims=True)


def right_layers(kit: Kit) -> Any:
    """The classes, by name."""
    return _make(kit.keras, operations(kit))


@functools.cache
def _make(keras: Any, ops: Operations) -> SimpleNamespace:
    base = supporting(keras)
    classes = (
        *_same_length(base),
        *_mixing(keras, base),
        *_shorter(keras, ops),
        *_longer(keras, ops),
        *_ending(keras),
        *_merging(keras, ops),
    )
    return SimpleNamespace(**{made.__name__: made for made in classes})


@functools.cache
def supporting(keras: Any) -> Any:
    """A layer class whose mask goes through."""

    class Supporting(keras.layers.Layer):
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.supports_masking = True

    return Supporting


def _same_length(base: Any) -> tuple[Any, ...]:
    class Scale(base):
        def call(self, x: Tensor) -> Tensor:
            return x * 0.5

    class AddPlaces(base):
        """Adds a vector for each place, with no mask source in it."""

        def build(self, input_shape: Any) -> None:
            self.places = self.add_weight(shape=(POSITIONS, input_shape[-1]), initializer="uniform", name="places")

        def call(self, x: Tensor) -> Tensor:
            return x + self.places[tf.newaxis, : tf.shape(x)[1]]

    return Scale, AddPlaces


def _mixing(keras: Any, base: Any) -> tuple[Any, ...]:
    class MaskedConv(keras.layers.Conv1D):
        """A convolution over sequences whose padding is set to zero."""

        def __init__(self, filters: int, **kwargs: Any) -> None:
            super().__init__(filters, kernel_size=3, padding="same", **kwargs)
            self.supports_masking = True

        def call(self, x: Tensor, mask: Tensor = None) -> Tensor:
            return super().call(x * floats(mask, x))

        def get_config(self) -> dict[str, Any]:
            config = super().get_config()
            return {name: config[name] for name in config if name not in {"kernel_size", "padding"}}

        def compute_mask(self, _inputs: Tensor, mask: Tensor = None) -> Tensor:
            return mask

    class MeanRemoved(base):
        def call(self, x: Tensor, mask: Tensor = None) -> Tensor:
            return x - mean_of_real(x, mask)

    class MaxRemoved(base):
        def call(self, x: Tensor, mask: Tensor = None) -> Tensor:
            return x - tf.reduce_max(x + (1.0 - floats(mask, x)) * LOW, axis=1, keepdims=True)

    class SumAdded(base):
        def call(self, x: Tensor, mask: Tensor = None) -> Tensor:
            return x + tf.reduce_sum(x * floats(mask, x), axis=1, keepdims=True)

    class RunningMean(base):
        """The mean of the real steps so far."""

        def call(self, x: Tensor, mask: Tensor = None) -> Tensor:
            real = floats(mask, x)
            return tf.cumsum(x * real, axis=1) / tf.maximum(tf.cumsum(real, axis=1), 1.0)

    class TimeGate(base):
        """Weighs the steps by a softmax over time."""

        def call(self, x: Tensor, mask: Tensor = None) -> Tensor:
            return x * tf.nn.softmax(x + (1.0 - floats(mask, x)) * LOW, axis=1)

    return MaskedConv, MeanRemoved, MaxRemoved, SumAdded, RunningMean, TimeGate


def _shorter(keras: Any, ops: Operations) -> tuple[Any, ...]:
    class WithoutFirst(keras.layers.Layer):
        def call(self, x: Tensor) -> Tensor:
            return x[:, 1:]

        def compute_mask(self, _inputs: Tensor, mask: Tensor = None) -> Tensor:
            return None if mask is None else mask[:, 1:]

    class EverySecond(keras.layers.Layer):
        def call(self, x: Tensor) -> Tensor:
            return x[:, ::2]

        def compute_mask(self, _inputs: Tensor, mask: Tensor = None) -> Tensor:
            return None if mask is None else mask[:, ::2]

    class Backwards(keras.layers.Layer):
        def call(self, x: Tensor) -> Tensor:
            return x[:, ::-1]

        def compute_mask(self, _inputs: Tensor, mask: Tensor = None) -> Tensor:
            return None if mask is None else mask[:, ::-1]

    class PairMean(keras.layers.Layer):
        """The mean of the real ones of each two steps; a pair is padding if both are."""

        def call(self, x: Tensor, mask: Tensor = None) -> Tensor:
            real = floats(mask, x)
            total, count = (tf.nn.avg_pool1d(part, 2, 2, "SAME") for part in (x * real, real))
            return total / tf.maximum(count, 0.25)

        def compute_mask(self, _inputs: Tensor, mask: Tensor = None) -> Tensor:
            if mask is None:
                return None
            # A step more of padding for sequences of odd length; `[:, 1::2]` then has as many steps as `[:, ::2]`.
            none = ops.cast(ops.cast(mask[:, :1], "int32") * 0, "bool")
            longer = ops.concat([mask, none], axis=1)
            firsts, seconds = mask[:, ::2], longer[:, 1::2]
            return ops.any_true(ops.concat([ops.expand(firsts, -1), ops.expand(seconds, -1)], axis=-1), axis=-1)

    return WithoutFirst, EverySecond, Backwards, PairMean


def _longer(keras: Any, ops: Operations) -> tuple[Any, ...]:
    class Doubled(keras.layers.Layer):
        """Gives each step twice."""

        def call(self, x: Tensor) -> Tensor:
            return tf.repeat(x, 2, axis=1)

        def compute_mask(self, _inputs: Tensor, mask: Tensor = None) -> Tensor:
            return None if mask is None else ops.repeat(mask, 2, axis=1)

    class Framed(keras.layers.Layer):
        """Puts a step of zeros before and behind, as padding."""

        def call(self, x: Tensor) -> Tensor:
            return tf.pad(x, [[0, 0], [1, 1], [0, 0]])

        def compute_mask(self, _inputs: Tensor, mask: Tensor = None) -> Tensor:
            if mask is None:
                return None
            none = ops.cast(ops.cast(mask[:, :1], "int32") * 0, "bool")
            return ops.concat([none, mask, none], axis=1)

    return Doubled, Framed


def _ending(keras: Any) -> tuple[Any, ...]:
    class MeanPooling(keras.layers.Layer):
        def call(self, x: Tensor, mask: Tensor = None) -> Tensor:
            return mean_of_real(x, mask)[:, 0]

        def compute_mask(self, _inputs: Tensor, mask: Tensor = None) -> None:
            del mask

    class MaxPooling(MeanPooling):
        def call(self, x: Tensor, mask: Tensor = None) -> Tensor:
            return tf.reduce_max(x + (1.0 - floats(mask, x)) * LOW, axis=1)

    class LastReal(MeanPooling):
        """The last real step."""

        def call(self, x: Tensor, mask: Tensor = None) -> Tensor:
            if mask is None:
                return x[:, -1]
            places = tf.range(tf.shape(x)[1])[tf.newaxis]
            last = tf.reduce_max(tf.where(mask, places, 0), axis=1)
            return tf.gather(x, last, batch_dims=1)

    class MeanByHand(keras.layers.Layer):
        """The mean over the steps that a mask given as data calls real, as in keras-hub."""

        def call(self, x: Tensor, padding_mask: Tensor = None) -> Tensor:
            return mean_of_real(x, padding_mask)[:, 0]

    return MeanPooling, MaxPooling, LastReal, MeanByHand


def _merging(keras: Any, ops: Operations) -> list[Any]:
    """Merges whose steps are real where they are real in both inputs, on both engines: `AddBoth` ..."""

    def both_real(_layer: Any, _inputs: Any, mask: Any = None) -> Tensor:
        return None if mask is None or None in mask else ops.both(*mask)

    names = ("Add", "Average", "Concatenate")
    return [type(f"{name}Both", (getattr(keras.layers, name),), {"compute_mask": both_real}) for name in names]
