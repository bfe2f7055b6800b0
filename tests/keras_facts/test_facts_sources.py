"""What Embedding and Masking do to values and masks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from keras_limits import skip_if_h5_forgets_operations
from seen_masks import Saving, Tracing, codes, mask_after, steps

from maskprobe.backend.engine import Engine

TABLE = np.array([[9.0, 8.0], [1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], dtype="float32")
"""One vector an index; that of index 0 is not zero."""
SUFFIXES = [".keras", ".h5"]
SLOW_SUFFIXES = [pytest.param(suffix, marks=pytest.mark.slow) for suffix in SUFFIXES]


def embedding_model(engine: Engine, *after: Any, indices: int = 4, name: str = "tagger") -> Any:
    """tokens -> emb (mask_zero) -> the layers of `after`."""
    tokens = engine.keras.Input((None,), dtype="int32", name="tokens")
    tensor = engine.keras.layers.Embedding(indices, 2, mask_zero=True, name="emb")(tokens)
    for layer in after:
        tensor = layer(tensor)
    return engine.keras.Model(tokens, tensor, name=name)


def test_embedding_leaves_the_vector_of_index_0_as_it_is_and_only_adds_a_mask(engine: Engine, trace: Tracing) -> None:
    model = embedding_model(engine)
    model.get_layer("emb").set_weights([TABLE])
    tokens = np.array([[1, 0, 3, 0]], dtype="int32")

    np.testing.assert_array_equal(model(tokens, training=False).numpy()[0], [[1, 2], [9, 8], [5, 6], [9, 8]])
    report = trace(model, tokens)
    assert mask_after(report, "emb") == ("TFTF",)
    assert report.events["emb"].words == "mask made"


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_mask_of_an_embedding_is_index_not_0(engine: Engine, trace: Tracing, save: Saving, suffix: str) -> None:
    model = embedding_model(engine, indices=4000)
    tokens = np.array([[83, 91, 1, 645, 1253, 927], [73, 8, 3215, 55, 927, 0], [711, 632, 71, 0, 0, 0]])

    report = trace(save(model, suffix), tokens)

    assert mask_after(report, "emb") == ("TTTTTT", "TTTTTF", "TTTFFF")


def test_without_mask_zero_an_embedding_makes_no_mask_and_the_report_says_so(engine: Engine, trace: Tracing) -> None:
    tokens = engine.keras.Input((None,), dtype="int32", name="tokens")
    model = engine.keras.Model(tokens, engine.keras.layers.Embedding(4, 2, name="emb")(tokens))

    report = trace(model, np.array([[1, 0]]), replay=False)

    assert mask_after(report, "emb") is None
    assert codes(report) == [("MP901", "")]
    assert report.exit_code() == 3
    assert codes(trace(model, np.array([[1, 0]]))) == []  # it works step by step: the values need no mask


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tokens=arrays("int32", (3, 4), elements=st.integers(0, 3)))
def test_for_any_tokens_the_recorded_mask_is_tokens_not_0(engine: Engine, trace: Tracing, tokens: Any) -> None:
    report = trace(embedding_model(engine), tokens)
    np.testing.assert_array_equal(report.trace.by_path["emb"].outputs[0].mask.values, tokens != 0)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_lstm_repeats_the_output_of_the_last_real_step_at_masked_steps(
    engine: Engine, layers: Any, trace: Tracing, save: Saving, suffix: str
) -> None:
    model = embedding_model(engine, layers.LSTM(3, return_sequences=True, name="lstm"))
    tokens = np.array([[1, 0, 2, 0]])

    out = model(tokens, training=False).numpy()[0]

    np.testing.assert_array_equal(out[0], out[1])
    np.testing.assert_array_equal(out[2], out[3])
    assert not np.allclose(out[1], out[2])
    report = trace(save(model, suffix), tokens)
    assert mask_after(report, "lstm") == ("TFTF",)
    assert codes(report) == [("MP302", "lstm")]  # cuDNN wants all padding after the sequence


def test_lstm_gives_zeros_at_masked_steps_before_the_first_real_one(engine: Engine, layers: Any) -> None:
    model = embedding_model(engine, layers.LSTM(3, return_sequences=True))

    out = model(np.array([[0, 0, 1, 0]]), training=False).numpy()[0]

    np.testing.assert_array_equal(out[:2], np.zeros((2, 3)))
    assert np.abs(out[2]).max() > 0
    np.testing.assert_array_equal(out[2], out[3])


def masking_model(engine: Engine, mask_value: float, features: int) -> Any:
    values = engine.keras.Input((None, features), name="values")
    return engine.keras.Model(values, engine.keras.layers.Masking(mask_value, name="masking")(values), name="masked")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_masking_masks_a_step_only_if_all_its_features_equal_mask_value(
    engine: Engine, trace: Tracing, save: Saving, suffix: str
) -> None:
    model = masking_model(engine, 0.0, 3)
    values = np.array([[[1, 2, 3], [1, 0, 0], [0, 0, 0]]], dtype="float32")

    assert mask_after(trace(save(model, suffix), values), "masking") == ("TTF",)


def test_masking_gives_its_input_times_the_mask(engine: Engine, trace: Tracing) -> None:
    model = masking_model(engine, -1.0, 2)
    values = np.array([[[5, -1], [-1, -1], [0, 0]]], dtype="float32")

    assert mask_after(trace(model, values), "masking") == ("TFT",)
    np.testing.assert_array_equal(model(values, training=False).numpy()[0], [[5, -1], [0, 0], [0, 0]])


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_masking_after_an_embedding_takes_padded_vectors_for_data(
    engine: Engine, trace: Tracing, save: Saving, suffix: str, minor: int | None
) -> None:
    layers = engine.keras.layers
    skip_if_h5_forgets_operations(suffix, minor)
    again, lstm = layers.Masking(name="again"), layers.LSTM(2, return_sequences=True, name="lstm")
    model = embedding_model(engine, again, lstm)
    model.get_layer("emb").set_weights([TABLE])

    model.compile(loss="mse")

    report = trace(save(model, suffix), np.array([[1, 2, 0, 0]]))

    assert mask_after(report, "emb") == ("TTFF",)
    assert mask_after(report, "again") == ("TTTT",)
    [finding] = report.findings
    assert (finding.code, finding.path, finding.severity.value) == ("MP104", "again", "error")
    assert "The loss counts the padded steps of 'lstm'." in finding.message
    assert "2 of 2 padded steps" in finding.message
    assert "lstm" in finding.affects


def test_masking_after_an_embedding_whose_padded_vectors_are_zero_changes_nothing(
    engine: Engine, layers: Any, trace: Tracing
) -> None:
    model = embedding_model(engine, layers.Masking(name="again"))
    model.get_layer("emb").set_weights([TABLE * (np.arange(4) > 0)[:, None]])

    report = trace(model, np.array([[1, 2, 0, 0]]))

    assert mask_after(report, "again") == ("TTFF",)
    assert codes(report) == []


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_mask_given_by_hand_takes_the_place_of_the_propagated_one(
    engine: Engine, layers: Any, trace: Tracing, save: Saving, suffix: str
) -> None:
    tokens = engine.keras.Input((None,), dtype="int32", name="tokens")
    by_hand = engine.keras.Input((None,), dtype="bool", name="by_hand")
    embedded = layers.Embedding(4, 2, mask_zero=True, name="emb")(tokens)
    out = layers.LSTM(3, return_sequences=True, name="lstm")(embedded, mask=by_hand)
    model = engine.keras.Model([tokens, by_hand], out, name="by_hand")
    fed = {"tokens": np.array([[1, 2, 3, 0]]), "by_hand": steps("TFTT")}

    values = model([fed["tokens"], fed["by_hand"]], training=False).numpy()[0]
    np.testing.assert_array_equal(values[0], values[1])  # step 2 is masked by hand only
    assert not np.allclose(values[2], values[3])  # step 4 is masked by the Embedding only

    report = trace(save(model, suffix), fed, mask_inputs=["by_hand"])
    call = report.trace.by_path["lstm"]
    [argument] = call.mask_arguments
    assert (argument.name, argument.explicit) == ("mask", True)
    np.testing.assert_array_equal(argument.mask.values, steps("TFTT"))
    np.testing.assert_array_equal(call.inputs[0].mask.values, steps("TTTF"))
