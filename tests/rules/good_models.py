"""Models whose masks are right on both engines: a finding on any of them is a false alarm.

Each builder takes the Keras module, `keras` or `tf_keras`, and gives a small compiled model. Custom classes of a model
are made for the engine by `custom_layers.make`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import custom_layers
from engines import at_least
from small_models import VOCABULARY, WIDTH, compiled, embedded, tokens

Builder = Callable[[Any], Any]


def classifier_lstm(keras: Any) -> Any:
    ids = tokens(keras)
    h = keras.layers.LSTM(3)(embedded(keras, ids))
    return compiled(keras.Model(ids, keras.layers.Dense(2, activation="softmax")(h)), "categorical_crossentropy")


def classifier_average_pooling(keras: Any) -> Any:
    ids = tokens(keras)
    h = keras.layers.Dense(3, activation="relu")(embedded(keras, ids))
    return compiled(keras.Model(ids, keras.layers.GlobalAveragePooling1D(name="pooling")(h)))


def classifier_fixed_length(keras: Any) -> Any:
    return compiled(
        keras.Sequential(
            [
                keras.Input((7,), dtype="int32", name="tokens"),
                keras.layers.Embedding(VOCABULARY, WIDTH, mask_zero=True),
                keras.layers.SimpleRNN(3),
                keras.layers.Dense(1),
            ]
        )
    )


def tagger(keras: Any) -> Any:
    ids = tokens(keras)
    h = keras.layers.SimpleRNN(3, return_sequences=True)(embedded(keras, ids))
    return compiled(keras.Model(ids, keras.layers.TimeDistributed(keras.layers.Dense(2))(h)))


def tagger_bidirectional(keras: Any) -> Any:
    ids = tokens(keras)
    h = keras.layers.Bidirectional(keras.layers.SimpleRNN(3, return_sequences=True))(embedded(keras, ids))
    return compiled(keras.Model(ids, keras.layers.Dense(2, activation="softmax")(h)))


def tagger_crf_like(keras: Any) -> Any:
    ids = tokens(keras)
    h = keras.layers.SimpleRNN(3, return_sequences=True)(embedded(keras, ids))
    return compiled(keras.Model(ids, custom_layers.make(keras)["Transitions"](name="crf")(h)))


def regressor_masking(keras: Any) -> Any:
    values = keras.Input((None, 3), name="values")
    h = keras.layers.Masking(mask_value=-1.0)(values)
    return compiled(keras.Model(values, keras.layers.SimpleRNN(3)(h)))


def regressor_masking_then_dense(keras: Any) -> Any:
    values = keras.Input((None, 3), name="values")
    h = keras.layers.Dense(4)(keras.layers.Masking()(values))
    return compiled(keras.Model(values, keras.layers.SimpleRNN(3)(h)))


def masking_twice_alike(keras: Any) -> Any:
    values = keras.Input((None, 3), name="values")
    h = keras.layers.Masking(name="second")(keras.layers.Masking(name="first")(values))
    return compiled(keras.Model(values, keras.layers.SimpleRNN(3)(h)))


def stacked_with_normalization(keras: Any) -> Any:
    ids = tokens(keras)
    h = keras.layers.SimpleRNN(4, return_sequences=True)(embedded(keras, ids))
    h = keras.layers.LayerNormalization()(h)
    h = keras.layers.Dropout(0.2)(h)
    h = keras.layers.BatchNormalization()(h)
    return compiled(keras.Model(ids, keras.layers.SimpleRNN(3, return_sequences=True)(h)))


def noise_and_activations(keras: Any) -> Any:
    ids = tokens(keras)
    h = keras.layers.GaussianNoise(0.1)(embedded(keras, ids))
    h = keras.layers.GaussianDropout(0.1)(h)
    h = keras.layers.SpatialDropout1D(0.1)(h)
    h = keras.layers.Activation("tanh")(h)
    h = keras.layers.LeakyReLU()(h)
    h = keras.layers.PReLU(shared_axes=[1])(h)
    return compiled(keras.Model(ids, keras.layers.SimpleRNN(3)(h)))


def encoder_decoder_with_state(keras: Any) -> Any:
    return encoder_decoder(keras, by_hand=at_least(keras, 3, 0))


def encoder_decoder(keras: Any, *, by_hand: bool) -> Any:
    """Keras 3 hands no mask to a layer that is called with its initial state: there it has to be given by hand."""
    source, target = tokens(keras, "source", 6), tokens(keras, "target", 8)
    _, *state = keras.layers.LSTM(3, return_state=True, name="encoder")(embedded(keras, source, "source_embedding"))
    embedding = keras.layers.Embedding(VOCABULARY, WIDTH, mask_zero=True, name="target_embedding")
    decoder = keras.layers.LSTM(3, return_sequences=True, name="decoder")
    given = {"mask": embedding.compute_mask(target)} if by_hand else {}
    h = decoder(embedding(target), initial_state=state, **given)
    return compiled(keras.Model([source, target], keras.layers.Dense(5)(h)))


def _encoder_decoder_with(keras: Any, attention: Any) -> Any:
    source, target = tokens(keras, "source", 6), tokens(keras, "target", 8)
    encoded = keras.layers.SimpleRNN(4, return_sequences=True)(embedded(keras, source, "source_embedding"))
    decoded = keras.layers.SimpleRNN(4, return_sequences=True)(embedded(keras, target, "target_embedding"))
    context = attention([decoded, encoded])
    merged = keras.layers.Concatenate()([decoded, context])
    return compiled(keras.Model([source, target], keras.layers.Dense(5)(merged)))


def encoder_decoder_with_attention(keras: Any) -> Any:
    return _encoder_decoder_with(keras, keras.layers.Attention())


def encoder_decoder_with_additive_attention(keras: Any) -> Any:
    return _encoder_decoder_with(keras, keras.layers.AdditiveAttention())


def cross_attention_without_residual(keras: Any) -> Any:
    source, target = tokens(keras, "source", 6), tokens(keras, "target", 8)
    attention = keras.layers.MultiHeadAttention(2, 2, name="cross")
    encoded, decoded = embedded(keras, source, "source_embedding"), embedded(keras, target, "target_embedding")
    return compiled(keras.Model([source, target], keras.layers.Dense(2)(attention(decoded, encoded))))


def self_attention_without_residual(keras: Any) -> Any:
    ids = tokens(keras)
    h = embedded(keras, ids)
    h = keras.layers.MultiHeadAttention(2, 2, name="attention")(h, h)
    return compiled(keras.Model(ids, keras.layers.GlobalAveragePooling1D(name="pooling")(h)))


def transformer_block(keras: Any) -> Any:
    """In Keras 3.8 and later the attention gets a tensor of its own, as MP113 says."""
    ids = tokens(keras)
    h = embedded(keras, ids)
    branch = keras.layers.Rescaling(1.0, name="branch")(h) if at_least(keras, 3, 8) else h
    attended = keras.layers.MultiHeadAttention(2, 2, name="attention")(branch, branch)
    h = keras.layers.LayerNormalization()(keras.layers.Add()([h, attended]))
    wide = keras.layers.Dense(WIDTH)(keras.layers.Dense(8, activation="relu")(h))
    h = keras.layers.LayerNormalization()(keras.layers.Add()([h, wide]))
    return compiled(keras.Model(ids, keras.layers.Dense(2)(h)))


def transformer_block_pre_norm(keras: Any) -> Any:
    """The normalisation in front is a tensor of its own: nothing to repair, in any version."""
    ids = tokens(keras)
    h = embedded(keras, ids)
    normal = keras.layers.LayerNormalization()(h)
    h = keras.layers.Add()([h, keras.layers.MultiHeadAttention(2, 2, name="attention")(normal, normal)])
    wide = keras.layers.Dense(WIDTH)(keras.layers.LayerNormalization()(h))
    return compiled(keras.Model(ids, keras.layers.Add()([h, wide])))


def residual_add(keras: Any) -> Any:
    ids = tokens(keras)
    h = embedded(keras, ids)
    deep = keras.layers.SimpleRNN(WIDTH, return_sequences=True)(h)
    return compiled(keras.Model(ids, keras.layers.Dense(2)(keras.layers.Add()([h, deep]))))


def gate_and_concatenate(keras: Any) -> Any:
    ids = tokens(keras)
    h = embedded(keras, ids)
    gated = keras.layers.Multiply()([h, keras.layers.Dense(WIDTH, activation="sigmoid")(h)])
    both = keras.layers.Concatenate()([gated, keras.layers.Dropout(0.1)(h)])
    average = keras.layers.Average()([both, keras.layers.Maximum()([both, both])])
    return compiled(keras.Model(ids, keras.layers.SimpleRNN(3)(average)))


def two_sequences_to_vectors(keras: Any) -> Any:
    left, right = tokens(keras, "left", 6), tokens(keras, "right", 8)
    shared, encoder = keras.layers.Embedding(VOCABULARY, 4, mask_zero=True), keras.layers.SimpleRNN(3)
    both = [encoder(shared(left)), encoder(shared(right))]
    score = keras.layers.Dot(axes=1)(both)
    return compiled(keras.Model([left, right], keras.layers.Concatenate()([*both, score])))


def tokens_and_a_vector(keras: Any) -> Any:
    ids, extra = tokens(keras), keras.Input((3,), name="extra")
    h = keras.layers.SimpleRNN(3)(embedded(keras, ids))
    return compiled(keras.Model([ids, extra], keras.layers.Dense(1)(keras.layers.Concatenate()([h, extra]))))


def joined_in_time(keras: Any) -> Any:
    first, second = tokens(keras, "first", 6), tokens(keras, "second", 6)
    shared = keras.layers.Embedding(VOCABULARY, WIDTH, mask_zero=True)
    joined = keras.layers.Concatenate(axis=1)([shared(first), shared(second)])
    return compiled(keras.Model([first, second], keras.layers.SimpleRNN(3)(joined)))


def two_outputs(keras: Any) -> Any:
    ids = tokens(keras)
    h = keras.layers.SimpleRNN(3, return_sequences=True)(embedded(keras, ids))
    tags = keras.layers.Dense(2, name="tags")(h)
    label = keras.layers.Dense(2, name="label")(keras.layers.GlobalAveragePooling1D(name="pooling")(h))
    return compiled(keras.Model(ids, [tags, label]), ["mse", "mse"])


def dict_inputs(keras: Any) -> Any:
    ids, values = tokens(keras, "ids", 6), keras.Input((8, 3), name="values")
    one = keras.layers.SimpleRNN(3)(embedded(keras, ids))
    other = keras.layers.SimpleRNN(3)(keras.layers.Masking()(values))
    return compiled(keras.Model({"ids": ids, "values": values}, keras.layers.Concatenate()([one, other])))


def stateful(keras: Any) -> Any:
    ids = keras.Input(batch_shape=(4, 6), dtype="int32", name="tokens")
    recurrent = keras.layers.SimpleRNN(3, stateful=True, return_sequences=True)
    return compiled(keras.Model(ids, recurrent(embedded(keras, ids))))


def state_read(keras: Any) -> Any:
    ids = tokens(keras)
    embedding = keras.layers.Embedding(VOCABULARY, WIDTH, mask_zero=True, name="embedding")
    sequence, state = keras.layers.SimpleRNN(3, return_sequences=True, return_state=True)(embedding(ids))
    given = {"mask": embedding.compute_mask(ids)} if at_least(keras, 3, 0) else {}
    again = keras.layers.SimpleRNN(3, return_sequences=True)(sequence, initial_state=state, **given)
    return compiled(keras.Model(ids, [again, state]), ["mse", "mse"])


def cells(keras: Any) -> Any:
    ids = tokens(keras)
    stack = [keras.layers.LSTMCell(3), keras.layers.GRUCell(3)]
    h = keras.layers.RNN(stack, return_sequences=True)(embedded(keras, ids))
    return compiled(keras.Model(ids, keras.layers.RNN(keras.layers.SimpleRNNCell(2))(h)))


def backwards_to_a_vector(keras: Any) -> Any:
    ids = tokens(keras)
    return compiled(keras.Model(ids, keras.layers.SimpleRNN(3, go_backwards=True)(embedded(keras, ids))))


def bidirectional_to_a_vector(keras: Any) -> Any:
    ids = tokens(keras)
    h = keras.layers.Bidirectional(keras.layers.SimpleRNN(3), merge_mode="sum")(embedded(keras, ids))
    return compiled(keras.Model(ids, keras.layers.Dense(1)(h)))


def mixed_precision(keras: Any) -> Any:
    """Half floats from the Embedding on: a conversion between dtypes in front of a layer lost masks before 3.14."""
    ids = tokens(keras)
    h = keras.layers.Embedding(VOCABULARY, WIDTH, mask_zero=True, dtype="mixed_float16")(ids)
    h = keras.layers.SimpleRNN(3, return_sequences=True, dtype="mixed_float16")(h)
    return compiled(keras.Model(ids, keras.layers.Dense(2, dtype="mixed_float16")(h)))


def nested_sequential(keras: Any) -> Any:
    ids = tokens(keras)
    inner = keras.Sequential([keras.layers.Dense(3), keras.layers.Dropout(0.1)], name="inner")
    return compiled(keras.Model(ids, keras.layers.SimpleRNN(3)(inner(embedded(keras, ids)))))


def nested_functional(keras: Any) -> Any:
    inner_ids = tokens(keras, "inner_tokens")
    inner_h = keras.layers.SimpleRNN(3, return_sequences=True)(embedded(keras, inner_ids))
    inner = keras.Model(inner_ids, inner_h, name="encoder")
    ids = tokens(keras)
    return compiled(keras.Model(ids, keras.layers.SimpleRNN(3)(inner(ids))))


def nested_to_a_vector(keras: Any) -> Any:
    left, right = tokens(keras, "left"), tokens(keras, "right")
    inner = keras.Sequential(
        [keras.layers.Embedding(VOCABULARY, WIDTH, mask_zero=True), keras.layers.SimpleRNN(3)], name="encoder"
    )
    return compiled(keras.Model([left, right], keras.layers.Subtract()([inner(left), inner(right)])))


def hierarchical(keras: Any, *, masked: bool = True) -> Any:
    words = tokens(keras, "words", 5)
    sentence = keras.Model(words, keras.layers.SimpleRNN(3)(embedded(keras, words)), name="sentence")
    document = keras.Input((4, 5), dtype="int32", name="document")
    h = keras.layers.TimeDistributed(sentence, name="sentences")(document)
    if masked:
        h = keras.layers.Masking(name="empty_sentences")(h)  # an empty one gives the initial state: zeros
    h = keras.layers.SimpleRNN(3, name="over_sentences")(h)
    return compiled(keras.Model(document, keras.layers.Dense(1, name="dense")(h)))


def convolutional_recurrent(keras: Any) -> Any:
    frames, real = keras.Input((6, 4, 2), name="frames"), keras.Input((6,), dtype="bool", name="padding_mask")
    h = keras.layers.ConvLSTM1D(2, 3, padding="same", return_sequences=False)(frames, mask=real)
    return compiled(keras.Model([frames, real], keras.layers.Flatten()(h)))


def mask_input(keras: Any) -> Any:
    values, real = keras.Input((None, 3), name="values"), keras.Input((None,), dtype="bool", name="padding_mask")
    h = keras.layers.SimpleRNN(3, return_sequences=True)(values, mask=real)
    return compiled(keras.Model([values, real], keras.layers.SimpleRNN(2)(h, mask=real)))


def attention_mask_input(keras: Any) -> Any:
    """Without a loss, which would count padded steps: the mask of pairs is none to it."""
    values = keras.Input((None, 3), name="values")
    pairs = keras.Input((None, None), dtype="bool", name="attention_mask")
    h = keras.layers.MultiHeadAttention(2, 2, name="attention")(values, values, attention_mask=pairs)
    return keras.Model([values, pairs], keras.layers.Dense(2)(h))


def mask_by_hand(keras: Any) -> Any:
    ids = tokens(keras)
    embedding = keras.layers.Embedding(VOCABULARY, WIDTH, mask_zero=True, name="embedding")
    h = keras.layers.Dense(3)(embedding(ids))
    return compiled(keras.Model(ids, keras.layers.SimpleRNN(3)(h, mask=embedding.compute_mask(ids))))


def custom_carrier(keras: Any) -> Any:
    made = custom_layers.make(keras)
    ids = tokens(keras)
    h = made["Scale"](name="scale")(embedded(keras, ids))
    return compiled(keras.Model(ids, keras.layers.SimpleRNN(3)(h)))


def custom_halver(keras: Any) -> Any:
    made = custom_layers.make(keras)
    ids = tokens(keras, steps=8)
    h = made["EverySecond"](name="every_second")(embedded(keras, ids))
    return compiled(keras.Model(ids, keras.layers.SimpleRNN(3, return_sequences=True)(h)))


def transformer_with_padding_mask(keras: Any) -> Any:
    """As in keras-hub: the mask is an input, and blocks take it as an argument. A loss would need sample weights."""
    made = custom_layers.make(keras)
    ids, real = tokens(keras), keras.Input((None,), dtype="bool", name="padding_mask")
    h = keras.layers.Embedding(VOCABULARY, WIDTH, name="embedding")(ids)
    h = made["EncoderBlock"](name="block_0")(h, padding_mask=real)
    h = made["EncoderBlock"](name="block_1")(h, padding_mask=real)
    return keras.Model([ids, real], keras.layers.Dense(2)(h))


BOTH: tuple[Builder, ...] = (
    classifier_lstm,
    classifier_average_pooling,
    classifier_fixed_length,
    tagger,
    tagger_bidirectional,
    tagger_crf_like,
    regressor_masking,
    regressor_masking_then_dense,
    masking_twice_alike,
    stacked_with_normalization,
    noise_and_activations,
    encoder_decoder_with_state,
    encoder_decoder_with_attention,
    encoder_decoder_with_additive_attention,
    cross_attention_without_residual,
    self_attention_without_residual,
    transformer_block,
    transformer_block_pre_norm,
    residual_add,
    gate_and_concatenate,
    two_sequences_to_vectors,
    tokens_and_a_vector,
    joined_in_time,
    two_outputs,
    dict_inputs,
    stateful,
    state_read,
    cells,
    backwards_to_a_vector,
    bidirectional_to_a_vector,
    mixed_precision,
    nested_sequential,
    nested_functional,
    nested_to_a_vector,
    hierarchical,
    convolutional_recurrent,
    mask_input,
    attention_mask_input,
    mask_by_hand,
    custom_carrier,
    custom_halver,
    transformer_with_padding_mask,
)
"""Models that are right on Keras 3 and on tf_keras."""

AVERAGING: frozenset[Builder] = frozenset({classifier_average_pooling, self_attention_without_residual, two_outputs})
"""Those of which the layer `pooling` divides by the number of real steps: a row without any gives NaN, a note."""


def masked_plus_unmasked(keras: Any) -> Any:
    """Right in tf_keras, where Add keeps the one mask; Keras 3 loses it."""
    ids, values = tokens(keras, "ids", 6), keras.Input((6, WIDTH), name="values")
    h = keras.layers.Add(name="add")([embedded(keras, ids), values])
    return compiled(keras.Model([ids, values], keras.layers.Dense(2, name="dense")(h)))
