"""The same functions on tensors for both engines, and the names that their calls have in a trace."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf
from corpus_kit import Kit, Tensor

PATHS: Mapping[str, tuple[str, str, str]] = {
    "add": ("add", "tf.__operators__.add", "AddV2"),
    "concat": ("concatenate", "tf.concat", "ConcatV2"),
    "maximum": ("maximum", "tf.math.maximum", "Maximum"),
    "mean": ("mean", "tf.math.reduce_mean", "Mean"),
    "multiply": ("multiply", "tf.math.multiply", "Mul"),
    "slice": ("get_item", "tf.__operators__.getitem", "StridedSlice"),
    "softmax": ("softmax", "tf.nn.softmax", "Softmax"),
    "tanh": ("tanh", "tf.math.tanh", "Tanh"),
}
"""How the first call of each is named: in a graph of Keras 3, in one of tf_keras, in a subclassed model."""


@dataclass(frozen=True, slots=True)
class Operations:
    """Functions on symbolic and eager tensors of one engine."""

    any_true: Any
    both: Any
    cast: Any
    concat: Any
    cumsum: Any
    expand: Any
    matmul: Any
    maximum: Any
    mean: Any
    not_equal: Any
    ones_like: Any
    repeat: Any
    softmax: Any
    split: Any
    tanh: Any
    tile: Any
    turned: Any
    """The last two axes change places."""


@functools.cache
def _operations(engine: str) -> Operations:
    if engine == "keras":
        return _keras3()
    return Operations(
        any_true=tf.reduce_any,
        both=tf.logical_and,
        cast=tf.cast,
        concat=tf.concat,
        cumsum=tf.cumsum,
        expand=tf.expand_dims,
        matmul=tf.matmul,
        maximum=tf.maximum,
        mean=tf.reduce_mean,
        not_equal=tf.not_equal,
        ones_like=tf.ones_like,
        repeat=tf.repeat,
        softmax=tf.nn.softmax,
        split=tf.split,
        tanh=tf.tanh,
        tile=tf.tile,
        turned=lambda x: tf.transpose(x, (0, 2, 1)),
    )


def _keras3() -> Operations:
    ops = keras.ops
    return Operations(
        any_true=ops.any,
        both=ops.logical_and,
        cast=ops.cast,
        concat=ops.concatenate,
        cumsum=ops.cumsum,
        expand=ops.expand_dims,
        matmul=ops.matmul,
        maximum=ops.maximum,
        mean=ops.mean,
        not_equal=ops.not_equal,
        ones_like=ops.ones_like,
        repeat=ops.repeat,
        softmax=ops.softmax,
        split=ops.split,
        tanh=ops.tanh,
        tile=ops.tile,
        turned=lambda x: ops.transpose(x, (0, 2, 1)),
    )


def operations(kit: Kit) -> Operations:
    """The functions of the engine of `kit`."""
    return _operations(kit.engine)


def weights_of(kit: Kit, mask: Tensor) -> Tensor:
    """A bool mask `(B, T)` as float `(B, T, 1)`: 1 at real steps, 0 at padding."""
    ops = operations(kit)
    return ops.expand(ops.cast(mask, "float32"), -1)
