"""Custom layers that the rule tests build models of, made for one of the two engines."""

from __future__ import annotations

import functools
from typing import Any

import tensorflow as tf


def double(x: Any) -> Any:
    return x * 2.0


def same_mask(_inputs: Any, mask: Any) -> Any:
    return mask


def masked_mean(x: Any, mask: Any) -> Any:
    weights = tf.cast(mask, x.dtype)[:, :, tf.newaxis]
    return tf.reduce_sum(x * weights, axis=1) / tf.reduce_sum(weights, axis=1)


FUNCTIONS = (double, same_mask, masked_mean)


@functools.cache
def make(keras: Any) -> dict[str, Any]:
    """The classes and functions by name, as a loader wants them."""
    classes = (*_with_support(keras), *_without_support(keras), *_of_another_length(keras), *_pooling(keras))
    return {made.__name__: made for made in (*classes, *_blocks(keras), *_with_sources(keras), *FUNCTIONS)}


def _supporting(keras: Any) -> Any:
    class Supporting(keras.layers.Layer):
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.supports_masking = True

    return Supporting


def _with_support(keras: Any) -> tuple[Any, ...]:
    supporting = _supporting(keras)

    class Scale(supporting):
        def call(self, x: Any) -> Any:
            return x * 0.5

    class Transitions(supporting):
        """Scores of tag after tag, as in a CRF: reads the mask and passes it on."""

        def build(self, input_shape: Any) -> None:
            width = input_shape[-1]
            self.scores = self.add_weight(shape=(width, width), initializer="glorot_uniform", name="scores")

        def call(self, x: Any, mask: Any = None) -> Any:
            moved = tf.matmul(x, self.scores)
            return moved if mask is None else moved * tf.cast(mask, moved.dtype)[:, :, tf.newaxis]

    class MaskedConv1D(keras.layers.Conv1D):
        """Gives its output, which has as many steps as its input, the mask of the input."""

        def compute_mask(self, _inputs: Any, mask: Any = None) -> Any:
            return mask

    class AddToMasked(keras.layers.Add):
        """Has the mask of its first input."""

        def compute_mask(self, _inputs: Any, mask: Any = None) -> Any:
            return mask[0]

    return Scale, Transitions, MaskedConv1D, AddToMasked


def _without_support(keras: Any) -> tuple[Any, ...]:
    class ForgetfulScale(keras.layers.Layer):
        def call(self, x: Any) -> Any:
            return x * 0.5

    class ComputesMask(ForgetfulScale):
        def compute_mask(self, _inputs: Any, mask: Any = None) -> Any:
            return mask

    class EndsMask(ForgetfulScale):
        def compute_mask(self, _inputs: Any, mask: Any = None) -> None:
            del mask

    class AllReal(ForgetfulScale):
        def compute_mask(self, _inputs: Any, mask: Any = None) -> Any:
            ops = getattr(keras, "ops", tf)  # Keras 3 traces masks with its own operations
            return None if mask is None else ops.ones_like(mask)

    class InRange(ForgetfulScale):
        """Refuses large numbers, and so noise."""

        def call(self, x: Any) -> Any:
            tf.debugging.assert_less(tf.abs(x), tf.ones((), x.dtype), message="out of range")
            return tf.identity(x)

        def compute_mask(self, _inputs: Any, mask: Any = None) -> Any:
            return mask

    return ForgetfulScale, ComputesMask, EndsMask, AllReal, InRange


def _of_another_length(keras: Any) -> tuple[Any, ...]:
    class Halved(_supporting(keras)):
        """Passes on the mask of the old length."""

        def call(self, x: Any) -> Any:
            return x[:, ::2]

    class EverySecond(keras.layers.Layer):
        def call(self, x: Any) -> Any:
            return x[:, ::2]

        def compute_mask(self, _inputs: Any, mask: Any = None) -> Any:
            return None if mask is None else mask[:, ::2]

    class WithoutFirst(keras.layers.Layer):
        def call(self, x: Any) -> Any:
            return x[:, 1:]

        def compute_mask(self, _inputs: Any, mask: Any = None) -> Any:
            return None if mask is None else mask[:, 1:]

    return Halved, EverySecond, WithoutFirst


def _pooling(keras: Any) -> tuple[Any, ...]:
    class SumPooling(keras.layers.Layer):
        def call(self, x: Any) -> Any:
            return tf.reduce_sum(x, axis=1)

    class MaskedPooling(keras.layers.Layer):
        def call(self, x: Any, mask: Any = None) -> Any:
            return masked_mean(x, mask)

    return SumPooling, MaskedPooling


def _blocks(keras: Any) -> tuple[Any, ...]:
    class EncoderBlock(_supporting(keras)):
        """A Transformer block that takes its padding mask as an argument."""

        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.attention = keras.layers.MultiHeadAttention(2, 2, name="attention")
            self.normal = keras.layers.LayerNormalization(name="normal")

        def call(self, x: Any, padding_mask: Any = None) -> Any:
            pairs = None if padding_mask is None else padding_mask[:, tf.newaxis, :]
            return self.normal(x + self.attention(x, x, attention_mask=pairs))

    class ConvolvingBlock(keras.layers.Layer):
        """Loses the mask inside and has a layer after that which would read it."""

        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.convolution = keras.layers.Conv1D(3, 1, name="convolution")
            self.recurrent = keras.layers.SimpleRNN(3, name="recurrent")

        def call(self, x: Any) -> Any:
            return self.recurrent(self.convolution(x))

    class Compiled(_supporting(keras)):
        """What happens in its call is compiled, masks and all."""

        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.inner = keras.layers.Dense(3, name="inner")

        @tf.function
        def call(self, x: Any, mask: Any = None) -> Any:
            del mask
            return self.inner(x)

    return EncoderBlock, ConvolvingBlock, Compiled


def _with_sources(keras: Any) -> tuple[Any, ...]:
    class MasksItself(keras.layers.Layer):
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.masking = keras.layers.Masking(name="masking")
            self.recurrent = keras.layers.SimpleRNN(3, name="recurrent")

        def call(self, x: Any) -> Any:
            return self.recurrent(self.masking(x))

    class EmbedsItself(keras.layers.Layer):
        """Makes the mask inside, and loses it there."""

        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.embedding = keras.layers.Embedding(12, 4, mask_zero=True, name="embedding")
            self.convolution = keras.layers.Conv1D(3, 1, name="convolution")
            self.recurrent = keras.layers.SimpleRNN(3, name="recurrent")

        def call(self, ids: Any) -> Any:
            return self.recurrent(self.convolution(self.embedding(ids)))

    return MasksItself, EmbedsItself
