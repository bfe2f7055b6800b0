"""Operators, slices and functions on tensors, by engine."""

from __future__ import annotations

from typing import Any

from graph_building import Building


def operator(made: Building) -> Any:
    """An operator or a slice."""
    tensor = made.of_rank(2, 3) if made.chance(0.2) else made.sequence()
    if tensor is None:
        return None
    makers = [
        lambda: tensor * 2.0,
        lambda: 1.0 - tensor,
        lambda: -tensor,
        lambda: tensor + made.alike(tensor),
        lambda: tensor * made.alike(tensor),
        lambda: tensor / 2.0,
    ]
    if len(tensor.shape) == 3:
        makers += [
            lambda: tensor[:, 1:],
            lambda: tensor[:, :-1, :],
            lambda: tensor[:, 0],
            lambda: tensor[:, -1, :],
            lambda: tensor[:, :, :1],
            lambda: tensor[:, ::-1],
        ]
    return made.pick(makers)()


def function(made: Building) -> Any:
    """A function of `keras.ops`, or of TensorFlow under tf_keras."""
    tensor = made.of_rank(2, 3) if made.chance(0.2) else made.sequence()
    if tensor is None:
        return None
    return _of_keras3(made, tensor) if made.is_keras3 else _of_tensorflow(made, tensor)


def _of_keras3(made: Building, tensor: Any) -> Any:
    ops = made.keras.ops
    makers = [
        lambda: ops.relu(tensor),
        lambda: ops.tanh(tensor),
        lambda: ops.softmax(tensor),
        lambda: ops.cast(tensor, "float16"),
        lambda: ops.maximum(tensor, 0.0),
        lambda: ops.expand_dims(tensor, -1),
        lambda: ops.concatenate([tensor, made.alike(tensor)], axis=-1),
        lambda: ops.mean(tensor, axis=-1, keepdims=True),
        lambda: ops.where(ops.greater(tensor, 0.0), tensor, made.alike(tensor)),
    ]
    if len(tensor.shape) == 3:
        makers += [
            lambda: ops.transpose(tensor, (0, 2, 1)),
            lambda: ops.mean(tensor, axis=1),
            lambda: ops.sum(tensor, axis=1),
            lambda: ops.max(tensor, axis=1),
            lambda: ops.concatenate([tensor, made.alike(tensor)], axis=1),
            lambda: ops.matmul(tensor, ops.transpose(tensor, (0, 2, 1))),
            lambda: ops.flip(tensor, axis=1),
            lambda: ops.stack([tensor, made.alike(tensor)], axis=1),
        ]
        if None not in tensor.shape[1:]:
            makers += [
                lambda: ops.reshape(tensor, (-1, tensor.shape[2], tensor.shape[1])),
                lambda: ops.reshape(tensor, (-1, tensor.shape[1] * tensor.shape[2])),
            ]
    return made.pick(makers)()


def _of_tensorflow(made: Building, tensor: Any) -> Any:
    import tensorflow as tf

    makers = [
        lambda: tf.nn.relu(tensor),
        lambda: tf.tanh(tensor),
        lambda: tf.nn.softmax(tensor),
        lambda: tf.cast(tensor, "float16"),
        lambda: tf.maximum(tensor, 0.0),
        lambda: tf.expand_dims(tensor, -1),
        lambda: tf.concat([tensor, made.alike(tensor)], axis=-1),
        lambda: tf.reduce_mean(tensor, axis=-1, keepdims=True),
        lambda: tf.where(tensor > 0.0, tensor, made.alike(tensor)),
    ]
    if len(tensor.shape) == 3:
        makers += [
            lambda: tf.transpose(tensor, (0, 2, 1)),
            lambda: tf.reduce_mean(tensor, axis=1),
            lambda: tf.reduce_sum(tensor, axis=1),
            lambda: tf.reduce_max(tensor, 1),
            lambda: tf.concat([tensor, made.alike(tensor)], 1),
            lambda: tf.matmul(tensor, tensor, transpose_b=True),
            lambda: tf.reverse(tensor, axis=[1]),
            lambda: tf.stack([tensor, made.alike(tensor)], axis=1),
            lambda: tf.square(tensor),
        ]
        if None not in tensor.shape[1:]:
            makers += [
                lambda: tf.reshape(tensor, (-1, tensor.shape[2], tensor.shape[1])),
                lambda: tf.reshape(tensor, (-1, tensor.shape[1] * tensor.shape[2])),
            ]
    return made.pick(makers)()
