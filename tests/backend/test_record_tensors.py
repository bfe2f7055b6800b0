"""Which tensor is which, and which masks a call was given."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from keras_limits import skip_if_attention_cannot_be_saved
from seen_masks import Saving, Tracing, mask_after, shown, steps
from test_record_paths import MASK, TOKENS, tagger

from maskprobe.backend.engine import Engine
from maskprobe.mask_trace import CallKind


def test_each_input_names_the_call_that_made_it(engine: Engine, layers: Any, trace: Tracing) -> None:
    tokens = engine.keras.Input((None,), dtype="int32", name="tokens")
    emb = layers.Embedding(4, 2, mask_zero=True, name="emb")(tokens)
    left, right = layers.Dense(2, name="left")(emb), layers.Dense(2, name="right")(emb)
    model = engine.keras.Model(tokens, layers.Add(name="add")([right, left]))

    report = trace(model, TOKENS)

    calls = report.trace.by_path
    assert [tensor.producer for tensor in calls["add"].inputs] == ["right", "left"]
    assert [tensor.name for tensor in calls["add"].inputs] == ["inputs.0", "inputs.1"]
    assert calls["left"].inputs[0].number == calls["right"].inputs[0].number == calls["emb"].outputs[0].number
    assert calls["emb"].inputs[0].producer == "tokens"
    assert report.trace.outputs[0].number == calls["add"].outputs[0].number
    readers = report.trace.readers[calls["emb"].outputs[0].number]
    assert {call.path for call in readers} == {"left", "right"}


def test_a_layer_that_returns_its_own_input_still_has_an_output_of_its_own(
    engine: Engine, layers: Any, trace: Tracing
) -> None:
    report = trace(tagger(engine, layers.Dropout(0.5, name="drop"), layers.Dense(2, name="after")), TOKENS)
    calls = report.trace.by_path
    assert calls["drop"].outputs[0].number != calls["emb"].outputs[0].number
    assert calls["drop"].inputs[0].number == calls["emb"].outputs[0].number
    assert calls["after"].inputs[0].producer == "drop"


def test_a_reader_beside_such_a_layer_still_reads_the_tensor_of_the_graph(
    engine: Engine, layers: Any, trace: Tracing
) -> None:
    tokens = engine.keras.Input((None,), dtype="int32", name="tokens")
    emb = layers.Embedding(4, 2, mask_zero=True, name="emb")(tokens)
    dropped = layers.Dropout(0.5, name="drop")(emb)
    model = engine.keras.Model(tokens, layers.Concatenate(name="cat")([emb, dropped]))

    report = trace(model, TOKENS)

    assert [tensor.producer for tensor in report.trace.by_path["cat"].inputs] == ["emb", "drop"]


def test_all_outputs_of_a_call_are_recorded_with_their_masks(engine: Engine, layers: Any, trace: Tracing) -> None:
    tokens = engine.keras.Input((None,), dtype="int32", name="tokens")
    emb = layers.Embedding(4, 2, mask_zero=True, name="emb")(tokens)
    sequence, state, carry = layers.LSTM(3, return_sequences=True, return_state=True, name="lstm")(emb)
    decoded = layers.LSTM(3, return_sequences=True, name="decoder")(emb, initial_state=[state, carry])
    report = trace(engine.keras.Model(tokens, [sequence, decoded]), TOKENS)

    lstm = report.trace.by_path["lstm"]
    assert [tensor.shape for tensor in lstm.outputs] == [(2, 4, 3), (2, 3), (2, 3)]
    assert [shown(tensor.mask) for tensor in lstm.outputs] == [MASK, None, None]
    decoder = report.trace.by_path["decoder"]
    # The states come as keywords, or in front of or behind the sequence: they are there either way.
    assert {tensor.number for tensor in decoder.inputs} >= {tensor.number for tensor in lstm.outputs[1:]}
    assert mask_after(report, "decoder") == MASK
    assert [tensor.producer for tensor in report.trace.outputs] == ["lstm", "decoder"]
    # Keras 3 hands no mask to a recurrent layer that is called with several tensors.
    assert bool(decoder.mask_arguments) == (engine.info.name == "tf_keras")


def test_keyword_tensors_are_recorded_by_their_argument_name(engine: Engine, layers: Any, trace: Tracing) -> None:
    tokens = engine.keras.Input((None,), dtype="int32", name="tokens")
    emb = layers.Embedding(4, 4, mask_zero=True, name="emb")(tokens)
    other = layers.Dense(4, name="other")(emb)
    out = layers.MultiHeadAttention(1, 2, name="mha")(query=emb, value=other, key=emb)
    call = trace(engine.keras.Model(tokens, out), TOKENS).trace.by_path["mha"]
    assert {(tensor.name, tensor.producer) for tensor in call.inputs} == {
        ("query", "emb"),
        ("value", "other"),
        ("key", "emb"),
    }


def test_inputs_given_by_name_reach_the_inputs_of_that_name(engine: Engine, layers: Any, trace: Tracing) -> None:
    keras = engine.keras
    first = keras.Input((None,), dtype="int32", name="zulu")
    second = keras.Input((None,), dtype="int32", name="alpha")
    of_zulu = layers.Embedding(9, 2, mask_zero=True, name="of_zulu")(first)
    of_alpha = layers.Embedding(9, 2, mask_zero=True, name="of_alpha")(second)
    for inputs in ([first, second], {"zulu": first, "alpha": second}):
        model = keras.Model(inputs, [of_zulu, of_alpha])
        report = trace(model, {"alpha": np.array([[1, 0, 0]]), "zulu": np.array([[1, 1, 0]])})
        assert mask_after(report, "of_zulu") == ("TTF",)
        assert mask_after(report, "of_alpha") == ("TFF",)
        assert [call.path for call in report.trace.calls if call.kind is CallKind.INPUT]


def test_a_mask_taken_from_the_input_is_implicit_and_one_given_by_hand_explicit(
    engine: Engine, layers: Any, trace: Tracing
) -> None:
    class Both(engine.keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.emb = layers.Embedding(4, 2, mask_zero=True, name="emb")
            self.own, self.given = layers.LSTM(2, name="own"), layers.LSTM(2, name="given")

        def call(self, tokens: Any) -> Any:
            h = self.emb(tokens)
            return self.own(h) + self.given(h, mask=tokens > 1)

    model = Both()
    model(TOKENS)
    calls = trace(model, TOKENS).trace.by_path
    [own], [given] = calls["own"].mask_arguments, calls["given"].mask_arguments
    assert (own.explicit, shown(own.mask)) == (False, MASK)
    assert (given.explicit, shown(given.mask)) == (True, ("FTTF", "FFFF"))
    assert shown(calls["given"].inputs[0].mask) == MASK


@pytest.mark.parametrize("suffix", [None, ".keras", ".h5"])
def test_an_attention_mask_is_a_mask_argument_and_no_input(
    engine: Engine, trace: Tracing, save: Saving, suffix: str | None, minor: int | None
) -> None:
    skip_if_attention_cannot_be_saved(suffix, minor)
    keras, layers = engine.keras, engine.keras.layers
    values, pairs = keras.Input((3, 4), name="values"), keras.Input((3, 3), dtype="bool", name="pairs")
    out = layers.MultiHeadAttention(1, 2, name="mha")(values, values, attention_mask=pairs)
    model = keras.Model([values, pairs], out, name=f"pairs_{suffix}".replace(".", ""))
    fed = {"values": np.ones((1, 3, 4), "float32"), "pairs": np.tril(np.ones((1, 3, 3), bool))}

    report = trace(save(model, suffix) if suffix else model, fed)

    call = report.trace.by_path["mha"]
    assert [tensor.name for tensor in call.inputs] == ["query", "value"]
    argument = next(given for given in call.mask_arguments if given.name == "attention_mask")
    assert argument.explicit
    np.testing.assert_array_equal(argument.mask.values[0], steps("TFF", "TTF", "TTT"))
    assert argument.number == report.trace.by_path["pairs"].outputs[0].number


def test_masks_are_copied_when_seen_and_cannot_be_changed_afterwards(engine: Engine, trace: Tracing) -> None:
    values = trace(tagger(engine), TOKENS).trace.by_path["emb"].outputs[0].mask.values
    with pytest.raises(ValueError, match="read-only"):
        values[0, 0] = False


def test_mixed_float16_keeps_masks_and_shows_the_dtype(engine: Engine, layers: Any, trace: Tracing) -> None:
    policy = engine.keras.mixed_precision
    before = policy.dtype_policy() if hasattr(policy, "dtype_policy") else policy.global_policy()
    set_policy = getattr(policy, "set_dtype_policy", None) or policy.set_global_policy
    set_policy("mixed_float16")
    try:
        report = trace(tagger(engine, layers.Dense(2, name="d"), layers.LSTM(2, name="lstm")), TOKENS)
    finally:
        set_policy(before)
    assert report.trace.by_path["d"].outputs[0].dtype == "float16"
    assert mask_after(report, "d") == MASK
    assert report.findings == ()


def test_a_mask_that_is_lost_where_the_dtype_is_converted_is_seen_as_lost(
    engine: Engine, layers: Any, trace: Tracing, minor: int | None
) -> None:
    """Keras 3 before 3.14 lost the mask where it converts an input to the dtype of the layer (keras#21946)."""
    report = trace(tagger(engine, layers.Dense(2, dtype="float16", name="half")), TOKENS)
    lost = minor is not None and minor < 14
    assert mask_after(report, "half") == (None if lost else MASK)
    assert bool(report.faults) == lost
