"""Small models to train, and 20 rows of 6 tokens: of each four they have 3, 2, 5 and 6 real steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

TOKENS = np.array([[1, 2, 3, 0, 0, 0], [1, 2, 0, 0, 0, 0], [3, 2, 1, 4, 5, 0], [1, 1, 1, 1, 1, 1]] * 5)
TARGETS = np.linspace(-1, 1, 60, dtype="float32").reshape(20, 3)
FULL_ROW = slice(3, 4)


def good(keras: Any, name: str = "good", **settings: Any) -> Any:
    """An Embedding that masks, Dropout, an RNN."""
    return _tagger(keras, name, lambda h: h, settings)


def bad(keras: Any, name: str = "bad", **settings: Any) -> Any:
    """The same with a Masking layer that replaces the mask: MP104 at `again`."""
    return _tagger(keras, name, keras.layers.Masking(name="again"), settings)


def _tagger(keras: Any, name: str, change: Callable[[Any], Any], settings: dict[str, Any]) -> Any:
    keras.utils.set_random_seed(3)
    ids = keras.Input((None,), dtype="int32", name="tokens")
    h = change(keras.layers.Embedding(12, 4, mask_zero=True, name="embedding")(ids))
    h = keras.layers.Dropout(settings.pop("dropout", 0.5), name="dropout")(h)
    model = keras.Model(ids, keras.layers.SimpleRNN(3, name="rnn")(h), name=name)
    model.compile("adam", "mse", metrics=["mae"], **settings)
    return model
