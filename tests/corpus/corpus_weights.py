"""Weights that hide nothing: fresh biases of zero, and gammas of one, would."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
from corpus_kit import Model

SPREAD = 0.5


def randomize(model: Model, seed: int) -> Model:
    """Fill all weights of `model` with random numbers, drawn for each by its name, and give it back."""
    seen: dict[str, int] = {}
    for weight in model.weights:
        name = str(getattr(weight, "path", weight.name)).removesuffix(":0")
        turn = seen[name] = seen.get(name, -1) + 1  # tf_keras may call two weights alike
        rng = np.random.default_rng([seed, turn, zlib.crc32(name.encode())])
        weight.assign(_drawn(name, tuple(weight.shape), rng))
    return model


def _drawn(name: str, shape: tuple[int, ...], rng: np.random.Generator) -> Any:
    values = rng.normal(scale=SPREAD, size=shape)
    if name.endswith("gamma"):
        values = 1.0 + SPREAD * values
    if name.endswith("variance"):
        values = np.exp(values)
    return values.astype(np.float32)
