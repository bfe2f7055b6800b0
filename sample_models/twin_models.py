"""Twins: each model once with a masking fault and once without. `keras` is the module of either engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

Keras: TypeAlias = Any
"""The module of either engine: `keras` or `tf_keras`."""

Model: TypeAlias = Any
"""A model of either engine."""

Tensor: TypeAlias = Any
"""A tensor of either engine, symbolic or eager."""

Layer: TypeAlias = Any
"""A layer of either engine."""

STEPS = 6


def embedding_masking(keras: Keras, *, good: bool) -> Model:
    """A Masking layer "to be sure" after an Embedding that masks already."""
    layers = keras.layers
    tokens = layers.Input((STEPS,), name="tokens")
    steps = layers.Embedding(20, 4, mask_zero=True, name="embedding")(tokens)
    if not good:
        steps = layers.Masking(mask_value=0.0, name="masking_again")(steps)
    steps = layers.LSTM(4, return_sequences=True, name="lstm")(steps)
    return _tagger(keras, tokens, steps)


def concat_masking(keras: Keras, *, good: bool) -> Model:
    """A Masking layer after the Concatenate of two Embeddings of the same ids."""
    layers = keras.layers
    tokens = layers.Input((STEPS,), name="tokens")
    wide = layers.Embedding(20, 4, mask_zero=True, name="wide")(tokens)
    narrow = layers.Embedding(20, 2, mask_zero=True, name="narrow")(tokens)
    steps = layers.Concatenate(name="joined")([wide, narrow])
    if not good:
        steps = layers.Masking(mask_value=0.0, name="masking_again")(steps)
    return _tagger(keras, tokens, layers.GRU(4, return_sequences=True, name="gru")(steps))


def _double() -> Callable[[Tensor], Tensor]:
    """A function whose bytecode does not tell in which folder it was made: that goes into the file with it."""
    double = lambda x: x * 2.0  # noqa: E731 - Keras saves the bytecode of lambdas only
    double.__code__ = double.__code__.replace(co_filename="twin_models.py")
    return double


def scale_lambda(keras: Keras, *, good: bool) -> Model:
    """A Lambda between Embedding and LSTM; its twin is a layer that does the same and carries masks."""
    layers = keras.layers
    tokens = layers.Input((STEPS,), name="tokens")
    vectors = layers.Embedding(20, 4, mask_zero=True, name="embedding")(tokens)
    scale = layers.LayerNormalization(name="scale") if good else layers.Lambda(_double(), name="scale")
    return _tagger(keras, tokens, layers.LSTM(4, return_sequences=True, name="lstm")(scale(vectors)))


def relu_lambda(keras: Keras, *, good: bool) -> Model:
    """A Lambda around a function of Keras's own, which a file can name; its twin is Keras's layer of it."""
    layers = keras.layers
    tokens = layers.Input((STEPS,), name="tokens")
    vectors = layers.Embedding(20, 4, mask_zero=True, name="embedding")(tokens)
    relu = layers.ReLU(name="relu") if good else layers.Lambda(keras.activations.relu, name="relu")
    return _tagger(keras, tokens, layers.LSTM(4, return_sequences=True, name="lstm")(relu(vectors)))


def operator(keras: Keras, *, good: bool) -> Model:
    """`h * 2` on a masked tensor; the twin adds it to itself by a layer."""
    layers = keras.layers
    tokens = layers.Input((STEPS,), name="tokens")
    vectors = layers.Embedding(20, 4, mask_zero=True, name="embedding")(tokens)
    doubled = layers.Add(name="add")([vectors, vectors]) if good else vectors * 2.0
    return _tagger(keras, tokens, layers.LSTM(4, return_sequences=True, name="lstm")(doubled))


def transformer_add(keras: Keras, *, good: bool) -> Model:
    """A Transformer block with a residual Add. The twin normalizes first, so attention reads a tensor of its own."""
    layers = keras.layers
    tokens = layers.Input((STEPS,), name="tokens")
    vectors = layers.Embedding(20, 4, mask_zero=True, name="embedding")(tokens)
    read = layers.LayerNormalization(name="norm_before")(vectors) if good else vectors
    attended = layers.MultiHeadAttention(2, 2, name="attention")(read, read)
    block = layers.Add(name="residual")([vectors, attended])
    return _tagger(keras, tokens, layers.LayerNormalization(name="norm")(block))


def add_unmasked(keras: Keras, *, good: bool) -> Model:
    """Add of a masked tensor and one that lacks a mask; the twin masks both."""
    return _two_embeddings(keras, keras.layers.Add(name="merge"), good=good)


def concat_unmasked(keras: Keras, *, good: bool) -> Model:
    """Concatenate of a masked tensor and one that lacks a mask; the twin masks both."""
    return _two_embeddings(keras, keras.layers.Concatenate(name="merge"), good=good)


def nested_encoder(keras: Keras, *, good: bool) -> Model:
    """A model in a model: its inside loses the mask (fault) or carries it (good)."""
    layers = keras.layers
    inside = layers.Input((STEPS, 4), name="inside")
    steps = layers.Dense(4, name="mix")(inside) if good else layers.Conv1D(4, 3, padding="same", name="mix")(inside)
    steps = layers.LSTM(4, return_sequences=True, name="lstm")(steps)
    encoder = keras.Model(inside, steps, name="encoder")
    tokens = layers.Input((STEPS,), name="tokens")
    vectors = layers.Embedding(20, 4, mask_zero=True, name="embedding")(tokens)
    return _tagger(keras, tokens, encoder(vectors))


def position_mask_zero(keras: Keras, *, good: bool) -> Model:
    """Positions through an Embedding with `mask_zero`: counted from 0 (fault), or from 1 with 0 at padding (good)."""
    layers = keras.layers
    tokens = layers.Input((STEPS,), dtype="int32", name="tokens")
    words = layers.Embedding(20, 4, mask_zero=True, name="words")(tokens)
    counted = _positions(tokens, from_one=good)
    places = layers.Embedding(STEPS + 1, 4, mask_zero=True, name="places")(counted)
    steps = layers.Add(name="add")([words, places])
    return _tagger(keras, tokens, layers.LSTM(4, return_sequences=True, name="lstm")(steps))


def dense_masking(keras: Keras, *, good: bool) -> Model:
    """Masking behind a Dense, whose bias has made padding something else than zero; the twin masks first."""
    layers = keras.layers
    values = layers.Input((STEPS, 3), name="values")
    dense = layers.Dense(4, bias_initializer="ones", name="dense_in")
    masking = layers.Masking(mask_value=0.0, name="masking")
    steps = dense(masking(values)) if good else masking(dense(values))
    return _tagger(keras, values, layers.LSTM(4, return_sequences=True, name="lstm")(steps))


def _tagger(keras: Keras, inputs: Tensor, steps: Tensor) -> Model:
    """End with two numbers a step and a loss over the steps."""
    model = keras.Model(inputs, keras.layers.Dense(2, name="tags")(steps))
    model.compile(loss="mse", optimizer="adam")
    return model


def _two_embeddings(keras: Keras, merge: Layer, *, good: bool) -> Model:
    layers = keras.layers
    tokens = layers.Input((STEPS,), name="tokens")
    words = layers.Embedding(20, 4, mask_zero=True, name="words")(tokens)
    extras = layers.Embedding(20, 4, mask_zero=good, name="extras")(tokens)
    return _tagger(keras, tokens, layers.GRU(4, return_sequences=True, name="gru")(merge([words, extras])))


def _positions(tokens: Tensor, *, from_one: bool) -> Tensor:
    """Position numbers of int `(B, T)` ids: 0, 1, 2 ..., or 1, 2, ... at real steps and 0 at padding."""
    if type(tokens).__module__.startswith("keras"):
        import keras

        real = keras.ops.cast(keras.ops.not_equal(tokens, 0), "int32")
        ones = keras.ops.ones_like(tokens)
        return keras.ops.cumsum(real, axis=1) * real if from_one else keras.ops.cumsum(ones, axis=1) - 1
    import tensorflow as tf

    real = tf.cast(tf.math.not_equal(tokens, 0), "int32")
    ones = tf.ones_like(tokens)
    return tf.cumsum(real, axis=1) * real if from_one else tf.cumsum(ones, axis=1) - 1
