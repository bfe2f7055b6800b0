"""Small broken models for both engines, each with the fix that mends it."""

from __future__ import annotations

from typing import Any

import numpy as np


def compiled(model: Any) -> Any:
    """`model` with a loss, and weights without a fresh zero among them."""
    rng = np.random.default_rng(3)
    model.set_weights([rng.normal(scale=0.4, size=weight.shape) for weight in model.get_weights()])
    model.compile(optimizer="sgd", loss="mse", run_eagerly=True)
    return model


def tagger(keras: Any, change: Any, *, units: int = 4, name: str = "tagger") -> Any:
    """Tokens, an Embedding that masks, `change`, a recurrent layer, and a tag for each step."""
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    h = change(keras.layers.Embedding(9, units, mask_zero=True, name="embedding")(tokens))
    h = keras.layers.SimpleRNN(3, return_sequences=True, name="reader")(h)
    return compiled(keras.Model(tokens, keras.layers.Dense(2, name="tags")(h), name=name))


def masking_again(keras: Any) -> Any:
    return tagger(keras, keras.layers.Masking(name="again"))


def of_width_one(keras: Any) -> Any:
    return tagger(keras, keras.layers.Conv1D(5, 1, activation="tanh", name="conv"))


def of_width_three(keras: Any) -> Any:
    return tagger(keras, keras.layers.Conv1D(5, 3, padding="same", name="conv"))


def doubled(keras: Any) -> Any:
    return tagger(keras, lambda h: h * 2.0)


def unmasked_position(keras: Any) -> Any:
    """Add of a masked and an unmasked tensor: a fault in Keras 3 only."""
    return tagger(keras, lambda h: keras.layers.Add(name="sum")([h, keras.layers.Dense(4)(h * 1.0)]))


def without_mask(keras: Any) -> Any:
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    h = keras.layers.Embedding(9, 4, name="embedding")(tokens)
    h = keras.layers.SimpleRNN(3, return_sequences=True, name="reader")(h)
    return compiled(keras.Model(tokens, keras.layers.Dense(2, name="tags")(h), name="tagger"))


def maximum(keras: Any) -> Any:
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    h = keras.layers.Embedding(9, 4, mask_zero=True, name="embedding")(tokens)
    h = keras.layers.GlobalMaxPooling1D(name="pool")(h)
    return compiled(keras.Model(tokens, keras.layers.Dense(2, name="classes")(h), name="classifier"))


def transformer(keras: Any) -> Any:
    """The residual Add of a Transformer block: a fault in Keras 3 only."""
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    h = keras.layers.Embedding(9, 4, mask_zero=True, name="embedding")(tokens)
    attended = keras.layers.MultiHeadAttention(2, 2, name="attention")(h, h)
    h = keras.layers.Add(name="residual")([h, attended])
    return compiled(keras.Model(tokens, keras.layers.Dense(2, name="tags")(h), name="transformer"))


def in_a_row(keras: Any) -> Any:
    """A Sequential model with a Masking that replaces the mask."""
    layers = keras.layers
    start = keras.Input((None,), dtype="int32", name="tokens")
    row = [start, layers.Embedding(9, 4, mask_zero=True, name="embedding"), layers.Masking(name="again")]
    row += [layers.SimpleRNN(3, return_sequences=True, name="reader"), layers.Dense(2, name="tags")]
    return compiled(keras.Sequential(row, name="row"))


def nested(keras: Any) -> Any:
    """The fault is in a model in the model."""
    inside = keras.Input((None, 4), name="inside")
    mixed = keras.layers.Conv1D(4, 3, padding="same", name="mix")(inside)
    encoder = keras.Model(inside, mixed, name="encoder")
    return tagger(keras, encoder)


def flattened(keras: Any) -> Any:
    """Nothing mends this."""
    tokens = keras.Input((6,), dtype="int32", name="tokens")
    h = keras.layers.Embedding(9, 4, mask_zero=True, name="embedding")(tokens)
    h = keras.layers.Flatten(name="flatten")(h)
    return compiled(keras.Model(tokens, keras.layers.Dense(2, name="classes")(h), name="flat"))


def halved(keras: Any) -> Any:
    """Nothing mends this: the layer mixes steps, and the mask would not fit."""
    return tagger(keras, keras.layers.MaxPooling1D(2, padding="same", name="halve"))


MENDED = {
    masking_again: ("remove-masking",),
    of_width_one: ("use-dense",),
    of_width_three: ("zero-padding",),
    without_mask: ("mask-zero",),
    maximum: ("masked-pooling",),
    in_a_row: ("remove-masking",),
    nested: ("zero-padding",),
}
"""On both engines, with the names of the fixes."""
MENDED_IN_KERAS3 = {doubled: ("use-layer",), transformer: ("attention-branch",)}
TRAINED = (masking_again, of_width_three, without_mask, nested, transformer)
"""Those whose outputs are sequences."""
