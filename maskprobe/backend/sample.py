"""A small model with known weights, and a batch for it: what masking does to a loss can be followed by hand."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from maskprobe.backend.engine import get_engine
from maskprobe.backend.live import adopt_model
from maskprobe.backend.loaded import LoadedModel
from maskprobe.backend.tensors import attached_mask
from maskprobe.loss.walk import LossWalk

_KERAS_2 = 2
_TOKENS = [[3, 1, 4, 2, 0], [2, 4, 0, 0, 0]]
_TARGETS = [[1, 1, 0, 1, 0], [1, 0, 0, 0, 0]]
# Halves and quarters, which single precision holds as they are. What is predicted for padding is far off its targets.
_EMBEDDINGS = [[2, 2], [1, 0], [0, 1], [1, 1], [2, 0]]
_KERNEL = [[0.5], [0.25]]


@dataclass(frozen=True, slots=True)
class Sample:
    """A compiled model with a batch of padded rows."""

    loaded: LoadedModel
    tokens: npt.NDArray[np.int32]
    """`(B, T)`, padded with 0."""
    targets: npt.NDArray[np.float32]
    """`(B, T, 1)`."""


def make_sample(keras: int | None = None) -> Sample:
    """Embedding with `mask_zero` and Dense, with the loss mse, in Keras 3, or in tf_keras if `keras` is 2.

    Raises:
        LoadError: that Keras cannot be imported.
    """
    engine = get_engine("tf_keras" if keras == _KERAS_2 else "keras")
    layers = engine.keras.layers
    tokens = engine.keras.Input((len(_TOKENS[0]),), dtype="int32", name="tokens")
    embedding = layers.Embedding(len(_EMBEDDINGS), 2, mask_zero=True, name="embedding", dtype="float32")
    dense = layers.Dense(1, name="dense", dtype="float32")
    model = engine.keras.Model(tokens, dense(embedding(tokens)), name="sample")
    embedding.set_weights([np.array(_EMBEDDINGS, np.float32)])
    dense.set_weights([np.array(_KERNEL, np.float32), np.zeros(1, np.float32)])
    model.compile(loss="mse")
    loaded = replace(adopt_model(model), is_ours=True)
    return Sample(loaded, np.array(_TOKENS, np.int32), np.array(_TARGETS, np.float32)[..., None])


def walk_of(sample: Sample, compiled: float) -> LossWalk:
    """What goes into the loss of `sample`, whose value by Keras is `compiled`."""
    output: Any = sample.loaded.model(tf.constant(sample.tokens))
    return LossWalk(
        tokens=sample.tokens.astype(np.int64),
        mask=np.asarray(attached_mask(output), np.bool_),
        predictions=np.asarray(output, np.float64)[..., 0],
        targets=sample.targets.astype(np.float64)[..., 0],
        compiled=compiled,
    )
