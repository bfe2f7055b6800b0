"""Cases of the mask flow with several layers: Sequential models and chains. For Python 3.7 or later."""

from __future__ import annotations

from collections.abc import Callable

from mask_flow_kit import WORDS, Kit, Model, Tensor
from mask_flow_models import START, masking

Build = "Callable[[Kit], Tensor]"
Cases = "list[tuple[str, Build]]"


def sequential_cases() -> Cases:
    """Sequential models on top; `fed` names their input."""
    made = [
        ("Masking LSTM", lambda k: k.sequential(k.Masking(**START), k.LSTM(3))),
        (
            "Masking Dense LSTM Dense",
            lambda k: k.sequential(k.Masking(**START), k.Dense(4), k.LSTM(3, return_sequences=True), k.Dense(2)),
        ),
        ("Masking Conv1D LSTM", lambda k: k.sequential(k.Masking(**START), k.Conv1D(4, 1), k.LSTM(3))),
        (
            "Masking Bidirectional",
            lambda k: k.sequential(k.Masking(**START), k.Bidirectional(k.GRU(3, return_sequences=True)), k.Dense(2)),
        ),
        (
            "Masking TimeDistributed",
            lambda k: k.sequential(k.Masking(**START), k.TimeDistributed(k.Dense(3)), k.GlobalAveragePooling1D()),
        ),
        ("InputLayer Masking GRU", lambda k: k.sequential(k.InputLayer(input_shape=(6, 3)), k.Masking(), k.GRU(3))),
        ("Input Masking GRU", lambda k: k.sequential(k.fresh(), k.Masking(), k.GRU(3))),
        ("of a Sequential", lambda k: k.sequential(k.sequential(k.Masking(**START), k.Dense(4)), k.LSTM(3))),
        ("of a model", lambda k: k.sequential(masking(k), k.LSTM(3))),
        ("without input shape", lambda k: k.sequential(k.Masking(), k.Dense(4), k.LSTM(3))),
    ]
    found = [("Sequential " + name, lambda k, make=make: fed(k, "values", make)) for name, make in made]
    tokens = [
        ("Embedding LSTM", lambda k: k.sequential(k.Embedding(WORDS, 4, mask_zero=True), k.LSTM(3), k.Dense(1))),
        (
            "Embedding(input_length) LSTM",
            lambda k: k.sequential(k.Embedding(WORDS, 4, mask_zero=True, input_length=6), k.LSTM(3)),
        ),
        (
            "Embedding Dropout LSTM LSTM",
            lambda k: k.sequential(
                k.Embedding(WORDS, 4, mask_zero=True, input_shape=(6,)),
                k.Dropout(0.1),
                k.LSTM(3, return_sequences=True),
                k.LSTM(3),
            ),
        ),
        (
            "Embedding GlobalAveragePooling1D",
            lambda k: k.sequential(k.Embedding(WORDS, 4, mask_zero=True, input_shape=(6,)), k.GlobalAveragePooling1D()),
        ),
        (
            "Embedding Flatten Dense",
            lambda k: k.sequential(k.Embedding(WORDS, 4, mask_zero=True, input_shape=(6,)), k.Flatten(), k.Dense(1)),
        ),
    ]
    return found + [("Sequential " + name, lambda k, make=make: fed(k, "ids", make)) for name, make in tokens]


def fed(k: Kit, name: str, make: Callable[[Kit], Model]) -> Model:
    k.fed.append(name)
    return make(k)


def states(k: Kit) -> list:
    """What reads the sequence and the states of a layer."""
    sequence, hidden, cell = k.LSTM(3, return_sequences=True, return_state=True)(k.masked())
    return [k.Dense(2)(sequence), k.Dense(2)(hidden), k.Add()([hidden, cell])]


def encoder_decoder(k: Kit) -> Tensor:
    _, hidden, cell = k.LSTM(3, return_state=True)(k.embedded())
    decoded = k.LSTM(3, return_sequences=True)(k.embedded("ids2"), initial_state=[hidden, cell])
    return k.Dense(2)(decoded)


def repeated(k: Kit) -> Tensor:
    hidden = k.RepeatVector(6)(k.LSTM(3)(k.masked()))
    return k.Dense(2)(k.LSTM(3, return_sequences=True)(hidden))


def pooled_attention(k: Kit) -> Tensor:
    hidden = k.GRU(3, return_sequences=True)(k.embedded())
    weights = k.Softmax(axis=1)(k.Dense(1)(hidden))
    return k.Dense(1)(k.Dot(axes=1)([weights, hidden]))


def multi_branch(k: Kit) -> Tensor:
    hidden = k.embedded()
    parts = [k.LSTM(3)(hidden), k.GlobalAveragePooling1D()(hidden), k.GlobalMaxPooling1D()(hidden)]
    return k.Dense(1)(k.Concatenate()(parts))


def convolved_residual(k: Kit) -> Tensor:
    hidden = k.masked()
    return k.LSTM(2)(k.LayerNormalization()(k.Add()([hidden, k.Conv1D(3, 3, padding="same")(hidden)])))


def positions(k: Kit) -> Tensor:
    hidden = k.embedded() + k.Dense(4)(k.input("values"))
    return k.LSTM(2)(k.LayerNormalization()(hidden))


def hierarchy(k: Kit) -> Tensor:
    sentences = k.TimeDistributed(k.LSTM(3))(k.embedded("slots"))
    return k.Dense(1)(k.LSTM(3)(sentences))


def forward_and_backward(k: Kit) -> Tensor:
    inputs = k.masked()
    forward = k.LSTM(3, return_sequences=True)(inputs)
    return k.Concatenate()([forward, k.LSTM(3, return_sequences=True, go_backwards=True)(inputs)])


CHAINS: list[tuple[str, Build]] = [
    ("states of LSTM", states),
    ("encoder and decoder", encoder_decoder),
    ("LSTM, RepeatVector, LSTM", repeated),
    ("attention weights by Dot", pooled_attention),
    ("three branches", multi_branch),
    ("residual Conv1D", convolved_residual),
    ("ids plus positions", positions),
    ("words and sentences", hierarchy),
    (
        "Dense BatchNormalization ReLU Dropout LSTM",
        lambda k: k.LSTM(3)(k.Dropout(0.2)(k.ReLU()(k.BatchNormalization()(k.Dense(4)(k.masked()))))),
    ),
    (
        "LSTM LSTM Dense",
        lambda k: k.Dense(1)(k.LSTM(3, return_sequences=True)(k.LSTM(3, return_sequences=True)(k.masked()))),
    ),
    (
        "Bidirectional Dense Bidirectional",
        lambda k: k.Bidirectional(k.GRU(2))(k.Dense(3)(k.Bidirectional(k.GRU(2, return_sequences=True))(k.embedded()))),
    ),
    ("TimeDistributed then LSTM", lambda k: k.LSTM(3)(k.TimeDistributed(k.Dense(4))(k.masked()))),
    (
        "TimeDistributed(Flatten) then LSTM",
        lambda k: k.LSTM(3, return_sequences=True)(k.TimeDistributed(k.Flatten())(k.masked("frames"))),
    ),
    ("Masking after Conv1D", lambda k: k.LSTM(3)(k.Masking()(k.Conv1D(3, 1, use_bias=False)(k.masked())))),
    (
        "Conv1D then Masking then Dense",
        lambda k: k.Dense(2)(k.Masking()(k.Conv1D(3, 1, use_bias=False)(k.input("values")))),
    ),
    ("Reshape then Reshape then LSTM", lambda k: k.LSTM(3)(k.Reshape((6, 3))(k.Reshape((18,))(k.masked())))),
    (
        "LSTM go_backwards then Dense",
        lambda k: k.Dense(2)(k.LSTM(3, go_backwards=True, return_sequences=True)(k.masked())),
    ),
    ("GlobalAveragePooling1D then Dense", lambda k: k.Dense(1)(k.GlobalAveragePooling1D()(k.Dense(4)(k.embedded())))),
    (
        "Add of Bidirectional list",
        lambda k: k.Add()(k.Bidirectional(k.LSTM(3, return_sequences=True), merge_mode=None)(k.masked())),
    ),
    ("Concatenate of forward and backward LSTM", forward_and_backward),
    (
        "Multiply by Dense softmax",
        lambda k: k.on_masked(lambda x: k.LSTM(2)(k.Multiply()([x, k.Dense(3, activation="softmax")(x)]))),
    ),
    ("Concatenate of Embeddings then GRU", lambda k: k.GRU(3)(k.Concatenate()([k.embedded(), k.embedded("ids2")]))),
    (
        "Concatenate of Embedding and values then GRU",
        lambda k: k.GRU(3)(k.Concatenate()([k.embedded(), k.input("values")])),
    ),
    (
        "free length LSTM",
        lambda k: k.Dense(2)(
            k.LSTM(3, return_sequences=True)(k.Masking()(k.input("values", batch_shape=(None, None, 3))))
        ),
    ),
]


def cases() -> Cases:
    """Names and functions that give the outputs of a model, or the model."""
    return sequential_cases() + CHAINS
