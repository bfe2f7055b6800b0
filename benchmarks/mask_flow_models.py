"""Cases of the mask flow with several layers: nested models, shared layers, masks given. For Python 3.7 or later."""

from __future__ import annotations

from collections.abc import Callable

from mask_flow_kit import WORDS, Kit, Model, Tensor

Build = "Callable[[Kit], Tensor]"
Cases = "list[tuple[str, Build]]"
START = {"input_shape": (6, 3)}


def carrying(k: Kit) -> Model:
    inputs = k.fresh()
    return k.model(inputs, k.Dropout(0.1)(k.Dense(3)(inputs)))


def dropping(k: Kit) -> Model:
    inputs = k.fresh()
    return k.model(inputs, k.Dense(3)(k.Conv1D(3, 1)(inputs)))


def masking(k: Kit) -> Model:
    inputs = k.fresh()
    return k.model(inputs, k.Dense(3)(k.Masking()(inputs)))


def reading(k: Kit) -> Model:
    inputs = k.fresh()
    return k.model(inputs, k.LSTM(3)(inputs))


def of_two(k: Kit) -> Model:
    first, second = k.fresh(), k.fresh()
    return k.model([first, second], k.Add()([k.Dense(3)(first), second]))


def to_two(k: Kit) -> Model:
    inputs = k.fresh()
    return k.model(inputs, [k.Dense(3)(inputs), k.Conv1D(3, 1)(inputs)])


def unchanged(k: Kit) -> Model:
    inputs = k.fresh()
    return k.model(inputs, inputs)


def deep(k: Kit) -> Model:
    inputs = k.fresh()
    return k.model(inputs, k.Dense(3)(carrying(k)(inputs)))


def words(k: Kit) -> Model:
    inputs = k.fresh(6, dtype="int32")
    return k.model(inputs, k.Embedding(WORDS, 4, mask_zero=True)(inputs))


def block(k: Kit) -> Model:
    inputs = k.fresh()
    return k.model(inputs, k.LayerNormalization()(k.Add()([inputs, k.MultiHeadAttention(2, 2)(inputs, inputs)])))


NESTED: list[tuple[str, Callable[[Kit], Model]]] = [
    ("model that carries", carrying),
    ("model with Conv1D", dropping),
    ("model with Masking", masking),
    ("model that ends in LSTM", reading),
    ("model of two outputs", to_two),
    ("model of nothing", unchanged),
    ("model in a model", deep),
    ("model of a block", block),
    ("Sequential that carries", lambda k: k.sequential(k.Dense(3, **START), k.Dropout(0.1))),
    ("Sequential without input shape", lambda k: k.sequential(k.Dense(3), k.Dropout(0.1))),
    ("Sequential with Conv1D", lambda k: k.sequential(k.Conv1D(3, 1, **START), k.Dense(3))),
    ("Sequential with Masking", lambda k: k.sequential(k.Masking(**START), k.Dense(3))),
    ("Sequential that ends in LSTM", lambda k: k.sequential(k.Dense(3, **START), k.LSTM(3))),
    ("Sequential of a Sequential", lambda k: k.sequential(k.sequential(k.Dense(3, **START)), k.Dropout(0.1))),
]


def nested_cases() -> Cases:
    found = []
    for name, inner in NESTED:
        found.append((name + ", masked", lambda k, inner=inner: inner(k)(k.masked())))
        found.append((name + ", plain", lambda k, inner=inner: inner(k)(k.input("values"))))
        found.append((name + ", then Dense", lambda k, inner=inner: after(k, inner(k)(k.masked()))))
    found += [
        ("model called twice", lambda k: twice(k, carrying(k))),
        ("Sequential called twice", lambda k: twice(k, k.sequential(k.Dense(3, **START)))),
        ("model of two inputs, both masked", lambda k: of_two(k)([k.masked(), k.masked("values2")])),
        ("model of two inputs, first masked", lambda k: of_two(k)([k.masked(), k.input("values2")])),
        ("model of Embedding, then LSTM", lambda k: k.LSTM(3, return_sequences=True)(words(k)(k.input("ids")))),
        ("model of Embedding, then Dense", lambda k: k.Dense(3)(words(k)(k.input("ids")))),
        ("TimeDistributed(model)", lambda k: k.TimeDistributed(row_model(k))(k.masked())),
        ("TimeDistributed(model) of (B, T, S) mask", lambda k: k.TimeDistributed(slot_model(k))(k.masked("frames"))),
        ("Bidirectional(LSTM) in Sequential", lambda k: k.sequential(k.Bidirectional(k.LSTM(3)))(k.masked())),
    ]
    return found


def row_model(k: Kit) -> Model:
    inputs = k.fresh(3)
    return k.model(inputs, k.Dense(2)(inputs))


def slot_model(k: Kit) -> Model:
    inputs = k.fresh(5, 3)
    return k.model(inputs, k.LSTM(2)(inputs))


def after(k: Kit, outputs: Tensor) -> Tensor:
    return [k.Dense(2)(each) for each in outputs] if isinstance(outputs, (list, tuple)) else k.Dense(2)(outputs)


def twice(k: Kit, layer: Callable[[Tensor], Tensor]) -> list:
    return [layer(k.masked()), layer(k.masked("values2"))]


def twice_plain(k: Kit, layer: Callable[[Tensor], Tensor]) -> list:
    return [layer(k.input("values")), layer(k.input("values2"))]


def then_plain(k: Kit, layer: Callable[[Tensor], Tensor]) -> list:
    return [layer(k.masked()), layer(k.input("values2"))]


def on_itself(k: Kit, layer: Callable[[Tensor], Tensor]) -> Tensor:
    return layer(layer(k.masked()))


def shared_cases() -> Cases:
    return [
        ("Dense called twice", lambda k: twice(k, k.Dense(3))),
        ("LSTM called twice", lambda k: twice(k, k.LSTM(3, return_sequences=True))),
        (
            "Masking called twice",
            lambda k: twice_plain(k, k.Masking()),
        ),
        ("Embedding called twice", shared_embedding),
        ("TimeDistributed called twice", lambda k: twice(k, k.TimeDistributed(k.Dense(3)))),
        ("Dense on its own outputs", lambda k: on_itself(k, k.Dense(3))),
        (
            "Dense masked, then plain",
            lambda k: then_plain(k, k.Dense(3)),
        ),
        ("Add called twice", shared_add),
        ("MultiHeadAttention called twice", shared_heads),
    ]


def shared_embedding(k: Kit) -> Tensor:
    layer = k.Embedding(WORDS, 4, mask_zero=True)
    return k.Add()([layer(k.input("ids")), layer(k.input("ids2"))])


def shared_add(k: Kit) -> list:
    layer, one, two = k.Add(), k.masked(), k.masked("values2")
    return [layer([one, one]), layer([one, two])]


def shared_heads(k: Kit) -> list:
    layer, one, two = k.MultiHeadAttention(2, 2), k.masked(), k.masked("values2")
    return [layer(one, one), layer(two, one)]


def given_cases() -> Cases:
    """Masks that the model hands over by name."""
    found = [
        (kind + " mask= of an input", lambda k, kind=kind: given(k, getattr(k, kind)(3, return_sequences=True)))
        for kind in ("LSTM", "GRU", "SimpleRNN")
    ]
    found += [
        ("Bidirectional mask= of an input", lambda k: given(k, k.Bidirectional(k.LSTM(3, return_sequences=True)))),
        ("TimeDistributed mask= of an input", lambda k: given(k, k.TimeDistributed(k.Dense(3)))),
        ("GlobalAveragePooling1D mask= of an input", lambda k: given(k, k.GlobalAveragePooling1D())),
        ("BatchNormalization mask= of an input", lambda k: given(k, k.BatchNormalization())),
        ("Softmax mask= of an input", lambda k: given(k, k.Softmax(axis=1))),
        ("Dense mask= of an input", lambda k: given(k, k.Dense(3))),
        ("model mask= of an input", lambda k: given(k, carrying(k))),
        (
            "LSTM mask= of an input, masked",
            lambda k: k.LSTM(3, return_sequences=True)(k.masked(), mask=k.input("given", dtype="bool")),
        ),
        ("LSTM mask=compute_mask of Masking", computed_mask),
        ("LSTM mask=compute_mask of Embedding", computed_mask_of_ids),
        ("MultiHeadAttention attention_mask of compute_mask", heads_of_computed_mask),
        ("GlobalAveragePooling1D mask=compute_mask", pooled_of_computed_mask),
    ]
    return found


def given(k: Kit, layer: Callable[..., Tensor]) -> Tensor:
    return k.Dense(2)(layer(k.input("values"), mask=k.input("given", dtype="bool")))


def computed_mask(k: Kit) -> Tensor:
    inputs, layer = k.input("values"), k.Masking()
    layer(inputs)
    return k.Dense(2)(k.LSTM(3, return_sequences=True)(k.Conv1D(3, 1)(inputs), mask=layer.compute_mask(inputs)))


def computed_mask_of_ids(k: Kit) -> Tensor:
    ids, layer = k.input("ids"), k.Embedding(WORDS, 4, mask_zero=True)
    return k.Dense(2)(k.LSTM(3, return_sequences=True)(k.Conv1D(3, 1)(layer(ids)), mask=layer.compute_mask(ids)))


def heads_of_computed_mask(k: Kit) -> Tensor:
    ids, layer = k.input("ids"), k.Embedding(WORDS, 4, mask_zero=True)
    hidden = k.Conv1D(4, 1)(layer(ids))
    return k.Dense(2)(k.MultiHeadAttention(2, 2)(hidden, hidden, attention_mask=layer.compute_mask(ids)[:, None, :]))


def pooled_of_computed_mask(k: Kit) -> Tensor:
    ids, layer = k.input("ids"), k.Embedding(WORDS, 4, mask_zero=True)
    return k.GlobalAveragePooling1D()(k.Conv1D(4, 1)(layer(ids)), mask=layer.compute_mask(ids))


def typed_cases() -> Cases:
    return [
        ("Dense float16 of masked", lambda k: k.Dense(3, dtype="float16")(k.masked())),
        ("Dense float64 of masked", lambda k: k.Dense(3, dtype="float64")(k.masked())),
        ("Dense mixed_float16 of masked", lambda k: k.Dense(3, dtype="mixed_float16")(k.masked())),
        ("Dense of Masking float16", lambda k: k.Dense(3)(k.Masking(dtype="float16")(k.input("values")))),
        (
            "LSTM of Masking float16",
            lambda k: k.LSTM(3, return_sequences=True)(k.Masking(dtype="float16")(k.input("values"))),
        ),
        (
            "LSTM of Embedding float16",
            lambda k: k.LSTM(3)(k.Embedding(WORDS, 4, mask_zero=True, dtype="float16")(k.input("ids"))),
        ),
        ("Add of float16 and float32", added_types),
        (
            "MultiHeadAttention float16 of masked",
            lambda k: k.on_masked(lambda x: k.MultiHeadAttention(2, 2, dtype="float16")(x, x)),
        ),
        (
            "Dropout(autocast=False) of float64",
            lambda k: k.Dropout(0.1, autocast=False)(k.Masking(dtype="float64")(k.input("values"))),
        ),
        ("LSTM mixed_float16 of masked", lambda k: k.LSTM(3, return_sequences=True, dtype="mixed_float16")(k.masked())),
        ("model of masked float16", lambda k: carrying(k)(k.Masking(dtype="float16")(k.input("values")))),
    ]


def added_types(k: Kit) -> Tensor:
    return k.Add()([k.Masking(dtype="float16")(k.input("values")), k.masked("values2")])


def cases() -> Cases:
    """Names and functions that give the outputs of a model."""
    return nested_cases() + shared_cases() + given_cases() + typed_cases()
