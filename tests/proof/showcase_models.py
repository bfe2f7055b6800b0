"""The models that docs/verdicts.md explains, small ones: each is built of one engine, `keras` or `tf_keras`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

VOCABULARY, WIDTH, HEADS = 20, 8, 2


def _compiled(model: Any, loss: str = "sparse_categorical_crossentropy") -> Any:
    model.compile(optimizer="sgd", loss=loss)
    return model


def transformer_encoder(keras: Any) -> Any:
    """Words and places added, one attention block with residual connections, a mean over time, a label."""
    layers = keras.layers
    tokens = keras.Input((10,), dtype="int32", name="tokens")
    positions = keras.Input((10,), dtype="int32", name="positions")
    words = layers.Embedding(VOCABULARY, WIDTH, mask_zero=True, name="words")(tokens)
    places = layers.Embedding(16, WIDTH, name="places")(positions)
    x = layers.Add(name="with_places")([words, places])
    attended = layers.MultiHeadAttention(HEADS, WIDTH // HEADS, name="attention")(x, x)
    x = layers.LayerNormalization(name="norm")(layers.Add(name="residual")([x, attended]))
    x = layers.Dense(WIDTH, activation="relu", name="wide")(x)
    x = layers.GlobalAveragePooling1D(name="mean")(x)
    return _compiled(keras.Model([tokens, positions], layers.Dense(2, activation="softmax", name="label")(x)))


def bilstm_tagger(keras: Any) -> Any:
    """A tag for each word, with both directions of context."""
    layers = keras.layers
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    x = layers.Embedding(VOCABULARY, WIDTH, mask_zero=True, name="words")(tokens)
    x = layers.Bidirectional(layers.LSTM(4, return_sequences=True), name="both_ways")(x)
    x = layers.Dropout(0.1, name="drop")(x)
    return _compiled(keras.Model(tokens, layers.Dense(5, activation="softmax", name="tags")(x)))


def seq2seq_with_attention(keras: Any) -> Any:
    """An encoder whose last state starts the decoder, and attention of the decoder to the encoder."""
    layers = keras.layers
    source = keras.Input((None,), dtype="int32", name="source")
    target = keras.Input((None,), dtype="int32", name="target")
    read = layers.Embedding(VOCABULARY, WIDTH, mask_zero=True, name="source_words")(source)
    said = layers.Embedding(VOCABULARY, WIDTH, mask_zero=True, name="target_words")(target)
    settings = {"return_sequences": True, "reset_after": False}
    encoded, state = layers.GRU(WIDTH, return_state=True, name="encoder", **settings)(read)
    decoded = layers.GRU(WIDTH, name="decoder", **settings)(said, initial_state=state)
    context = layers.Attention(name="attention")([decoded, encoded])
    x = layers.Concatenate(name="joined")([decoded, context])
    return _compiled(keras.Model([source, target], layers.Dense(VOCABULARY, activation="softmax", name="next_word")(x)))


def tcn(keras: Any) -> Any:
    """Dilated causal convolutions with residual connections, and a mean over time."""
    layers = keras.layers
    values = keras.Input((None, 3), name="values")
    x = layers.Masking(name="masking")(values)
    x = layers.Dense(WIDTH, name="start")(x)
    for rate in (1, 2):
        wide = layers.Conv1D(WIDTH, 2, padding="causal", dilation_rate=rate, activation="tanh", name=f"conv_{rate}")(x)
        x = layers.Add(name=f"add_{rate}")([x, wide])
    x = layers.GlobalAveragePooling1D(name="mean")(x)
    return _compiled(keras.Model(values, layers.Dense(1, name="answer")(x)), "mse")


def wavenet(keras: Any) -> Any:
    """Gated causal convolutions with skip connections: the next value for each step."""
    layers = keras.layers
    values = keras.Input((None, 2), name="values")
    x = layers.Dense(WIDTH, name="start")(layers.Masking(name="masking")(values))
    skips = []
    for rate in (1, 2):
        settings = {"padding": "causal", "dilation_rate": rate}
        content = layers.Conv1D(WIDTH, 2, activation="tanh", name=f"content_{rate}", **settings)(x)
        gate = layers.Conv1D(WIDTH, 2, activation="sigmoid", name=f"gate_{rate}", **settings)(x)
        gated = layers.Multiply(name=f"gated_{rate}")([content, gate])
        skips.append(layers.Dense(WIDTH, name=f"skip_{rate}")(gated))
        x = layers.Add(name=f"residual_{rate}")([x, gated])
    x = layers.Activation("relu", name="relu")(layers.Add(name="skips")(skips))
    return _compiled(keras.Model(values, layers.Dense(1, name="next_value")(x)), "mse")


def convlstm(keras: Any) -> Any:
    """Rows of a picture over time: a mask of places, `(B, T, W)`, that a ConvLSTM takes."""
    layers = keras.layers
    frames = keras.Input((6, 8, 2), name="frames")
    x = layers.Masking(name="masking")(frames)
    x = layers.ConvLSTM1D(3, 3, padding="same", name="over_time")(x)
    return _compiled(keras.Model(frames, layers.Dense(1, name="answer")(layers.Flatten(name="flat")(x))), "mse")


def bert_classifier(keras: Any) -> Any:
    """keras-hub's BERT, two layers deep, with its classifier on the first token. Keras 3 only; needs keras-hub."""
    import keras_hub

    assert keras.__name__ == "keras"
    backbone = keras_hub.models.BertBackbone(
        vocabulary_size=30,
        num_layers=2,
        num_heads=2,
        hidden_dim=WIDTH,
        intermediate_dim=2 * WIDTH,
        max_sequence_length=12,
    )
    return keras_hub.models.BertTextClassifier(backbone=backbone, num_classes=3)


BUILDERS: Mapping[str, Callable[[Any], Any]] = {
    builder.__name__: builder
    for builder in (transformer_encoder, bilstm_tagger, seq2seq_with_attention, tcn, wavenet, convlstm, bert_classifier)
}
