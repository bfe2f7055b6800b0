"""The reference models: small ones of the kinds that people mask. `keras` is the module of either engine."""

from __future__ import annotations

from typing import Any, TypeAlias

Keras: TypeAlias = Any
"""The module of either engine: `keras` or `tf_keras`."""

Model: TypeAlias = Any
"""A model of either engine."""


def lstm_pad(keras: Keras) -> Model:
    """Token ids, looked up and read by an LSTM that returns every step."""
    layers = keras.layers
    tokens = layers.Input((4,), name="tokens")
    vectors = layers.Embedding(5, 5, mask_zero=True, name="embedding")(tokens)
    return keras.Model(tokens, layers.LSTM(3, return_sequences=True, name="lstm")(vectors))


def masked_mse(keras: Keras) -> Model:
    """One Dense for each step, and a loss over the steps."""
    layers = keras.layers
    tokens = layers.Input((4,), name="tokens")
    vectors = layers.Embedding(5, 5, mask_zero=True, name="embedding")(tokens)
    model = keras.Model(tokens, layers.Dense(3, name="dense")(vectors))
    model.compile(loss="mse", optimizer="adam")
    return model


def sequential_masking_lstm(keras: Keras) -> Model:
    """A Sequential model that starts with Masking."""
    layers = keras.layers
    stack = [
        layers.Input((6, 4), name="values"),
        layers.Masking(mask_value=0.0, name="masking"),
        layers.LSTM(12, return_sequences=True, name="lstm"),
        layers.Dropout(0.5, name="dropout"),
        layers.Dense(1, activation="sigmoid", name="dense"),
    ]
    model = keras.Sequential(stack)
    model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
    return model


def multi_input_gru(keras: Keras, *, masking_again: bool = False) -> Model:
    """Numbers and two columns of ids, each with a mask of its own, joined and read by three GRUs."""
    layers = keras.layers
    num = layers.Input((5, 3), name="num")
    version = layers.Input((5, 1), name="version")
    missing = layers.Input((5, 1), name="missing")
    versions = layers.Reshape((-1,), name="flat_version")(version)
    gaps = layers.Reshape((-1,), name="flat_missing")(missing)
    joined = layers.Concatenate(axis=-1, name="concate")(
        [
            layers.Masking(mask_value=0.0, name="M_num")(num),
            layers.Embedding(180, 2, mask_zero=True, name="M_version")(versions),
            layers.Embedding(4, 1, mask_zero=True, name="M_missing")(gaps),
        ]
    )
    if masking_again:
        joined = layers.Masking(mask_value=0.0, name="M_again")(joined)
    steps = layers.GRU(3, return_sequences=True, name="gru_1")(joined)
    steps = layers.GRU(3, return_sequences=True, name="gru_2")(steps)
    last = layers.GRU(3, name="gru_3")(steps)
    features = layers.Dense(2, name="dense_ft")(last)
    model = keras.Model([num, version, missing], layers.Activation("softmax", name="outputs")(features))
    model.compile(loss="categorical_crossentropy", optimizer="adam")
    return model


def multi_input_gru_repeated_masking(keras: Keras) -> Model:
    """The same with a second Masking after the Concatenate."""
    return multi_input_gru(keras, masking_again=True)


def flatten(keras: Keras, *, good: bool) -> Model:
    """A classifier: the steps are flattened (fault), or averaged with their mask (good)."""
    layers = keras.layers
    tokens = layers.Input((6,), name="tokens")
    vectors = layers.Embedding(20, 4, mask_zero=True, name="embedding")(tokens)
    end = layers.GlobalAveragePooling1D(name="average") if good else layers.Flatten(name="flatten")
    model = keras.Model(tokens, layers.Dense(1, activation="sigmoid", name="dense")(end(vectors)))
    model.compile(loss="binary_crossentropy", optimizer="adam")
    return model


def conv(keras: Keras, *, good: bool) -> Model:
    """A tagger: steps go through a Conv1D of width 3 (fault) or each through a Dense of its own (good)."""
    layers = keras.layers
    tokens = layers.Input((8,), name="tokens")
    steps = layers.Embedding(20, 6, mask_zero=True, name="embedding")(tokens)
    if good:
        steps = layers.TimeDistributed(layers.Dense(6, name="dense_step"), name="each_step")(steps)
    else:
        steps = layers.Conv1D(6, 3, padding="same", name="conv1d")(steps)
    steps = layers.LSTM(4, return_sequences=True, name="lstm")(steps)
    model = keras.Model(tokens, layers.Dense(2, name="dense")(steps))
    model.compile(loss="mse", optimizer="adam")
    return model
