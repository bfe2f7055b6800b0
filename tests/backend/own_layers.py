"""User code that the recorder must see through: subclassed models and custom layers, for either engine."""

from __future__ import annotations

from typing import Any


def encoder_model(engine: Any) -> Any:
    """A subclassed model: emb -> lstm, whose output is doubled by an operator, -> head."""
    layers = engine.keras.layers

    class Encoder(engine.keras.Model):
        def __init__(self) -> None:
            super().__init__(name="encoder")
            self.emb = layers.Embedding(4, 2, mask_zero=True, name="emb")
            self.lstm = layers.LSTM(2, return_sequences=True, name="lstm")
            self.head = layers.Dense(1, name="head")

        def call(self, tokens: Any) -> Any:
            h = self.lstm(self.emb(tokens))
            return self.head(h * 2.0)

    return Encoder()


def block_layer(engine: Any) -> Any:
    """A custom layer with two layers inside, the first of them called twice."""
    layers = engine.keras.layers

    class Block(layers.Layer):
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.supports_masking = True
            self.dense = layers.Dense(2, name="dense")
            self.drop = layers.Dropout(0.5, name="drop")

        def call(self, x: Any) -> Any:
            return self.drop(self.dense(self.dense(x)))

        def build(self, shape: Any) -> None:
            self.dense.build(shape)
            self.built = True

        def compute_output_shape(self, shape: Any) -> Any:
            return shape

    return Block
