"""Models of about 400 calls for the page: a chain, Transformer blocks, and such blocks as nested models."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from static_models import write_keras

CALLS = 400
_OF_BLOCK = 7
STEPS, WIDTH = 16, 8


def write_models(folder: Path) -> dict[str, Path]:
    """Write the models, by what they are."""
    return {
        "a chain": write_keras(folder / "chain.keras", CALLS),
        "Transformer blocks, with faults": _saved(folder / "blocks.keras", nested=False),
        "the same blocks, each a model of its own": _saved(folder / "nested.keras", nested=True),
    }


def _saved(path: Path, *, nested: bool) -> Path:
    import keras

    tokens = keras.Input((STEPS,), name="tokens", dtype="int32")
    hidden = keras.layers.Embedding(100, WIDTH, mask_zero=True, name="embedding")(tokens)
    for number in range(CALLS // _OF_BLOCK):
        if nested:
            inner = keras.Input((STEPS, WIDTH))
            hidden = keras.Model(inner, _block(keras, inner, number), name=f"block_{number}")(hidden)
        else:
            hidden = _block(keras, hidden, number)
    keras.Model(tokens, keras.layers.Dense(3, name="tags")(hidden)).save(path)
    return path


def _block(keras: Any, hidden: Any, number: int) -> Any:  # noqa: ANN401 - Keras is untyped
    layers = keras.layers
    branch = layers.LayerNormalization(name=f"first_norm_{number}")(hidden)
    branch = layers.MultiHeadAttention(1, WIDTH, name=f"attention_{number}")(branch, branch)
    hidden = layers.Add(name=f"first_sum_{number}")([hidden, branch])
    branch = layers.LayerNormalization(name=f"second_norm_{number}")(hidden)
    branch = layers.Conv1D(WIDTH, 1, name=f"mix_{number}")(branch)
    branch = layers.Dense(WIDTH, name=f"dense_{number}")(branch)
    return layers.Add(name=f"second_sum_{number}")([hidden, branch])
