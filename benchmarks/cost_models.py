"""Models of any number of layers, padded batches for them, and interleaved timing."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np

Keras: TypeAlias = Any
"""The module of either engine: `keras` or `tf_keras`."""

Model: TypeAlias = Any
"""A model of either engine."""

Tensor: TypeAlias = Any
"""A tensor of either engine, symbolic or eager."""

STEPS = 16
WIDTH = 16
VOCABULARY = 1000
_MOST_ROUNDS = 40


def layered_model(keras: Keras, layers: int, *, recurrent: bool = True) -> Model:
    """Embedding with a mask, then Dense, LayerNormalization and LSTM (or Dropout) in turn: `layers` in all.

    Without the LSTMs each layer costs next to nothing, which is the hardest case for whatever is done beside it.
    """
    kinds = keras.layers
    tokens = kinds.Input((STEPS,), name="tokens")
    steps = kinds.Embedding(VOCABULARY, WIDTH, mask_zero=True, name="embedding")(tokens)
    for place in range(layers - 1):
        if place % 3 == 0:
            layer = kinds.Dense(WIDTH, activation="relu", name=f"dense_{place}")
        elif place % 3 == 1:
            layer = kinds.LayerNormalization(name=f"norm_{place}")
        elif not recurrent:
            layer = kinds.Dropout(0.1, name=f"dropout_{place}")
        else:
            layer = kinds.LSTM(WIDTH, return_sequences=True, name=f"lstm_{place}")
        steps = layer(steps)
    return keras.Model(tokens, steps)


def padded_batch(shape: tuple[int, ...]) -> Tensor:
    """Token ids of `shape` `(B, T)`, rows of unequal length padded with 0, as an eager tensor."""
    import tensorflow as tf

    rows, steps = shape
    tokens = np.random.default_rng(0).integers(1, VOCABULARY, size=shape)
    for row in range(rows):
        tokens[row, steps - row * steps // (2 * rows) :] = 0
    return tf.constant(tokens, dtype=tf.float32)


def medians(timed: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """Median seconds of each way, run in turn so that a busy machine slows all alike. Each way times itself.

    What takes milliseconds is run more often than `rounds`, for about a second in all.
    """
    seen: dict[str, list[float]] = {name: [] for name in timed}
    for way in timed.values():
        way()  # once to warm up
    quickest = min(way() for way in timed.values())
    for _ in range(max(rounds, min(_MOST_ROUNDS, round(1 / quickest)))):
        for name, way in timed.items():
            seen[name].append(way())
    return {name: statistics.median(values) for name, values in seen.items()}


def timing(action: Callable[[], object]) -> Callable[[], float]:
    """A way that times the whole of `action`."""

    def way() -> float:
        start = time.perf_counter()
        action()
        return time.perf_counter() - start

    return way
