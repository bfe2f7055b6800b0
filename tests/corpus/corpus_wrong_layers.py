"""Custom layers that mistreat masks, one way each, made for one engine. Most have a right twin of the same name."""

from __future__ import annotations

import functools
from types import SimpleNamespace
from typing import Any

import tensorflow as tf
from corpus_kit import Kit, Tensor
from corpus_ops import Operations, operations
from corpus_right_layers import supporting


def wrong_layers(kit: Kit) -> Any:
    """The classes, by name."""
    return _make(kit.keras, operations(kit))


@functools.cache
def _make(keras: Any, ops: Operations) -> SimpleNamespace:
    base = supporting(keras)
    classes = (*_losing(keras), *_lying(keras, ops), *_mixing(base), *_other_length(base), *_ending(keras))
    return SimpleNamespace(**{made.__name__: made for made in classes})


def _losing(keras: Any) -> tuple[Any, ...]:
    class Scale(keras.layers.Layer):
        """Says nothing of masks."""

        def call(self, x: Tensor) -> Tensor:
            return x * 0.5

    class ScaleToNone(Scale):
        """Its `compute_mask` forgets the mask."""

        def compute_mask(self, _inputs: Tensor, mask: Tensor = None) -> None:
            del mask

    return Scale, ScaleToNone


def _lying(keras: Any, ops: Operations) -> tuple[Any, ...]:
    class ScaleAllReal(keras.layers.Layer):
        """Calls every step real."""

        def call(self, x: Tensor) -> Tensor:
            return x * 0.5

        def compute_mask(self, _inputs: Tensor, mask: Tensor = None) -> Tensor:
            return None if mask is None else ops.ones_like(mask)

    class ScaleInverted(ScaleAllReal):
        """Calls padding real, and real steps padding."""

        def compute_mask(self, _inputs: Tensor, mask: Tensor = None) -> Tensor:
            return None if mask is None else ops.not_equal(mask, ops.ones_like(mask))

    class ScaleShifted(ScaleAllReal):
        """Gives each step the mask of the one before."""

        def compute_mask(self, _inputs: Tensor, mask: Tensor = None) -> Tensor:
            return None if mask is None else ops.concat([mask[:, :1], mask[:, :-1]], axis=1)

    return ScaleAllReal, ScaleInverted, ScaleShifted


def _mixing(base: Any) -> tuple[Any, ...]:
    """Layers with perfect metadata that spread padding over real steps."""

    class MeanRemoved(base):
        def call(self, x: Tensor) -> Tensor:
            return x - tf.reduce_mean(x, axis=1, keepdims=True)

    class MeanRemovedUnread(base):
        """Takes the mask and does not use it."""

        def call(self, x: Tensor, mask: Tensor = None) -> Tensor:
            del mask
            return x - tf.reduce_mean(x, axis=1, keepdims=True)

    class MaxRemoved(base):
        def call(self, x: Tensor) -> Tensor:
            return x - tf.reduce_max(x, axis=1, keepdims=True)

    class SumAdded(base):
        def call(self, x: Tensor) -> Tensor:
            return x + tf.reduce_sum(x, axis=1, keepdims=True)

    class RunningMean(base):
        def call(self, x: Tensor) -> Tensor:
            return tf.cumsum(x, axis=1) / tf.cumsum(tf.ones_like(x), axis=1)

    class TimeGate(base):
        def call(self, x: Tensor) -> Tensor:
            return x * tf.nn.softmax(x, axis=1)

    class Convolved(base):
        """A convolution written by hand."""

        def build(self, input_shape: Any) -> None:
            shape = (3, input_shape[-1], input_shape[-1])
            self.kernel = self.add_weight(shape=shape, initializer="glorot_uniform", name="kernel")

        def call(self, x: Tensor) -> Tensor:
            return tf.nn.conv1d(x, self.kernel, stride=1, padding="SAME")

    return MeanRemoved, MeanRemovedUnread, MaxRemoved, SumAdded, RunningMean, TimeGate, Convolved


def _other_length(base: Any) -> tuple[Any, ...]:
    """Layers that pass on the mask of the old length."""

    class EverySecond(base):
        def call(self, x: Tensor) -> Tensor:
            return x[:, ::2]

    class WithoutFirst(base):
        def call(self, x: Tensor) -> Tensor:
            return x[:, 1:]

    class Doubled(base):
        def call(self, x: Tensor) -> Tensor:
            return tf.repeat(x, 2, axis=1)

    return EverySecond, WithoutFirst, Doubled


def _ending(keras: Any) -> tuple[Any, ...]:
    class MeanPooling(keras.layers.Layer):
        """Takes the mask and does not use it."""

        def call(self, x: Tensor, mask: Tensor = None) -> Tensor:
            del mask
            return tf.reduce_mean(x, axis=1)

        def compute_mask(self, _inputs: Tensor, mask: Tensor = None) -> None:
            del mask

    class SumPooling(keras.layers.Layer):
        """Takes no mask."""

        def call(self, x: Tensor) -> Tensor:
            return tf.reduce_sum(x, axis=1)

    class MeanByHand(keras.layers.Layer):
        """Takes the mask given as data and does not use it."""

        def call(self, x: Tensor, padding_mask: Tensor = None) -> Tensor:
            del padding_mask
            return tf.reduce_mean(x, axis=1)

    return MeanPooling, SumPooling, MeanByHand
