"""Small saved models for many kinds of use: both engines, both formats, good ones and ones that lose their mask."""

from __future__ import annotations

import importlib
import random
from pathlib import Path
from typing import Any, TypeAlias

Keras: TypeAlias = Any
"""The module of either engine: `keras` or `tf_keras`."""

Model: TypeAlias = Any
"""A model of either engine."""

ENGINES = ("keras", "tf_keras")
STEPS = 12
VOCABULARY = 60
_WIDTHS = (4, 8, 12, 16)


def save_models(folder: Path, number: int) -> list[Path]:
    """Save so many models, no two alike; every other one of tf_keras, every third one faulty."""
    paths = []
    for place in range(number):
        keras = importlib.import_module(ENGINES[place % 2])
        # Keras 3 cannot load an `.h5` file of its own with a mask in it: the comparison that makes it is unknown there.
        ending = "h5" if place % 4 == 3 else "keras"  # noqa: PLR2004 - every other one of tf_keras
        path = folder / f"{place:03}.{ENGINES[place % 2]}.{ending}"
        small_model(keras, random.Random(place), faulty=place % 3 == 0).save(path)  # noqa: S311 - no secret
        paths.append(path)
    return paths


def small_model(keras: Keras, choose: random.Random, *, faulty: bool) -> Model:
    """A classifier, a tagger or a regression over a padded sequence, of three to seven layers."""
    layers = keras.layers
    width = choose.choice(_WIDTHS)
    if choose.choice((True, False)):
        given = layers.Input((STEPS,), dtype="int32", name="tokens")
        steps = layers.Embedding(VOCABULARY, width, mask_zero=True, name="embedding")(given)
    else:
        given = layers.Input((STEPS, width), name="values")
        steps = layers.Masking(name="masking")(given)
    for number in range(choose.randrange(3)):
        steps = _pointwise(layers, choose, width, number)(steps)
    if faulty:
        steps = _losing(layers, choose, width)(steps)
    recurrent = choose.choice((layers.LSTM, layers.GRU, layers.SimpleRNN))
    tagger = choose.choice((True, False))
    steps = recurrent(width, return_sequences=tagger, name="recurrent")(steps)
    return keras.Model(given, layers.Dense(choose.choice((1, 3, 5)), name="out")(steps))


def _pointwise(layers: Any, choose: random.Random, width: int, number: int) -> Any:  # noqa: ANN401 - Keras is untyped
    kinds = (
        lambda: layers.Dense(width, activation="relu", name=f"dense_{number}"),
        lambda: layers.LayerNormalization(name=f"norm_{number}"),
        lambda: layers.Dropout(0.2, name=f"dropout_{number}"),
        lambda: layers.Activation("tanh", name=f"tanh_{number}"),
    )
    return choose.choice(kinds)()


def _losing(layers: Any, choose: random.Random, width: int) -> Any:  # noqa: ANN401 - Keras is untyped
    """A layer that ends the mask or mixes steps."""
    kinds = (
        lambda: layers.Conv1D(width, 3, padding="same", name="conv"),
        lambda: layers.Reshape((STEPS, width), name="reshape"),
        lambda: layers.MaxPooling1D(2, name="pooling"),
    )
    return choose.choice(kinds)()
