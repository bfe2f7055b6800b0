"""Pieces of the small models that the rule tests are made of.

The probe of one free-length token input has the rows 111111, 111110, 110000, 000111 and 110011: 10 padded steps in
4 of 5 rows. With two mask sources there is a sixth row, 101110 for the first and 110110 for the second.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

VOCABULARY, WIDTH = 12, 4


def tokens(keras: Any, name: str = "tokens", steps: int | None = None) -> Any:
    return keras.Input((steps,), dtype="int32", name=name)


def embedding(keras: Any, name: str = "embedding") -> Any:
    return keras.layers.Embedding(VOCABULARY, WIDTH, mask_zero=True, name=name)


def embedded(keras: Any, ids: Any, name: str = "embedding") -> Any:
    return embedding(keras, name)(ids)


def rnn(keras: Any, **settings: Any) -> Any:
    """The layer that reads the mask. A SimpleRNN: tf_keras takes seconds to build an LSTM."""
    return keras.layers.SimpleRNN(3, name="rnn", **settings)


def compiled(model: Any, loss: Any = "mse") -> Any:
    model.compile(optimizer="sgd", loss=loss)
    return model


def after_embedding(
    keras: Any, change: Callable[[Any], Any], *, read: bool = True, steps: int | None = None, loss: bool = False
) -> Any:
    """Tokens, an Embedding that masks, then `change` of its output, and an RNN if it is to be read as a sequence."""
    ids = tokens(keras, steps=steps)
    h = change(embedded(keras, ids))
    model = keras.Model(ids, rnn(keras)(h) if read else h)
    return compiled(model) if loss else model


def two_inputs(keras: Any, merge: Callable[[list[Any]], Any], *, masked: bool = True) -> Any:
    """An Embedding `left` and values `right`, masked or not, merged and read by an RNN."""
    ids, values = tokens(keras, "ids", 6), keras.Input((6, WIDTH), name="values")
    right = keras.layers.Masking(name="right")(values) if masked else values
    return keras.Model([ids, values], rnn(keras)(merge([embedded(keras, ids, "left"), right])))
