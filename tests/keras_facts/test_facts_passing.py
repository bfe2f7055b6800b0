"""Which layers hand a mask on, which use it up, which lose it, and what Keras says then."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from keras_limits import skip_if_attention_cannot_be_saved, skip_if_masks_cannot_be_concatenated
from seen_masks import Saving, Tracing, codes, mask_after, mask_before
from test_facts_sources import SUFFIXES, TABLE, embedding_model

from maskprobe.backend.engine import Engine

TOKENS = np.array([[1, 2, 0, 0]])


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_dense_dropout_and_concatenate_do_not_mask_values_and_hand_the_mask_on(
    engine: Engine, trace: Tracing, save: Saving, suffix: str, minor: int | None
) -> None:
    layers = engine.keras.layers
    skip_if_masks_cannot_be_concatenated(minor)
    tokens = engine.keras.Input((None,), dtype="int32", name="tokens")
    embedded = layers.Embedding(4, 2, mask_zero=True, name="emb")(tokens)
    dense = layers.Dense(2, bias_initializer="ones", name="dense")(embedded)
    dropped = layers.Dropout(0.5, name="dropout")(dense)
    joined = layers.Concatenate(name="concat")([dropped, embedded])
    lstm = layers.LSTM(2, return_sequences=True, name="lstm")(joined)
    model = engine.keras.Model(tokens, [joined, lstm], name="passing")
    kernel = np.array([[1.0, 0.0], [0.0, 1.0]])
    model.get_layer("emb").set_weights([TABLE])
    model.get_layer("dense").set_weights([kernel, np.ones(2)])

    values = model(TOKENS, training=False)[0].numpy()[0]
    # A padded step: the vector of index 0 plus the bias from dense, then the vector itself.
    np.testing.assert_allclose(values[2], [10, 9, 9, 8])

    report = trace(save(model, suffix), TOKENS)
    assert mask_after(report, "dense") == mask_after(report, "dropout") == ("TTFF",)
    if minor is not None and minor < 4:
        assert mask_after(report, "concat") is None
        assert [code for code, _ in codes(report)] == ["MP102"]
    else:
        assert mask_after(report, "concat") == mask_after(report, "lstm") == ("TTFF",)
        assert codes(report) == []


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("kind", ["LSTM", "GRU", "SimpleRNN"])
def test_a_recurrent_layer_without_return_sequences_ends_the_mask_rightly(
    engine: Engine, trace: Tracing, save: Saving, suffix: str, kind: str
) -> None:
    model = embedding_model(engine, getattr(engine.keras.layers, kind)(2, name="end"))
    report = trace(save(model, suffix), TOKENS)
    assert mask_after(report, "end") is None
    assert report.events["end"].words == "mask used up"
    assert codes(report) == []


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_global_average_pooling_leaves_masked_steps_out_and_ends_the_mask_rightly(
    engine: Engine, layers: Any, trace: Tracing, save: Saving, suffix: str
) -> None:
    model = embedding_model(engine, layers.GlobalAveragePooling1D(name="mean"))
    model.get_layer("emb").set_weights([TABLE])

    np.testing.assert_allclose(model(TOKENS, training=False).numpy()[0], [2, 3])  # the mean of the two real steps
    report = trace(save(model, suffix), TOKENS)
    assert report.events["mean"].words == "mask used up"
    assert codes(report) == [("MP301", "mean")]  # a note: the mean of no step is NaN
    assert report.exit_code() == 0


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_layer_that_takes_no_mask_drops_it_and_the_report_says_what_keras_said(
    engine: Engine, trace: Tracing, save: Saving, suffix: str, minor: int | None
) -> None:
    layers = engine.keras.layers
    path = save(embedding_model(engine, layers.Conv1D(2, 1, name="conv")), suffix)
    with warnings.catch_warnings(record=True) as outside:
        warnings.simplefilter("always")
        report = trace(path, TOKENS)

    [finding] = report.findings
    assert (finding.code, finding.path) == ("MP101", "conv")
    assert "standalone Keras raised an error" in finding.cause
    warned = report.trace.by_path["conv"].warnings
    if minor is None:
        assert warned == ()
        assert f"{engine.info} says nothing" in finding.cause
    else:
        assert any("destroy the mask" in line for line in warned)
        assert f"{engine.info} warned of it in this run" in finding.cause
    assert not [line for line in outside if "mask" in str(line.message)]  # caught for the report, not shown twice


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_an_operator_drops_the_mask_in_silence(engine: Engine, trace: Tracing, save: Saving, suffix: str) -> None:
    tokens = engine.keras.Input((None,), dtype="int32", name="tokens")
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        out = engine.keras.layers.Embedding(4, 2, mask_zero=True, name="emb")(tokens) * 2.0
    assert not [line for line in said if "mask" in str(line.message)]

    report = trace(save(engine.keras.Model(tokens, out, name="doubled"), suffix), TOKENS)

    [finding] = report.findings
    assert finding.code == "MP102"
    assert mask_before(report, finding.path) == ("TTFF",)
    assert mask_after(report, finding.path) is None
    assert report.trace.by_path[finding.path].warnings == ()
    assert f"{engine.info} says nothing" in finding.cause


def custom_layers(engine: Engine) -> Any:
    base = engine.keras.layers.Layer

    class Plain(base):
        def call(self, x: Any) -> Any:
            return x * 0.5

    class Supports(base):
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.supports_masking = True

        def call(self, x: Any) -> Any:
            return x * 0.5

    class Computes(base):
        def call(self, x: Any) -> Any:
            return x * 0.5

        def compute_mask(self, inputs: Any, mask: Any = None) -> Any:  # noqa: ARG002 - Keras calls it so
            return mask

    return {kind.__name__: kind for kind in (Plain, Supports, Computes)}


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("kind", ["Plain", "Supports", "Computes"])
def test_a_custom_layer_passes_the_mask_on_only_with_supports_masking_or_compute_mask(
    engine: Engine, trace: Tracing, save: Saving, suffix: str, kind: str
) -> None:
    passes = kind != "Plain"
    made = custom_layers(engine)
    path = save(embedding_model(engine, made[kind](name="own")), suffix)

    report = trace(path, TOKENS, custom_objects=made)

    assert mask_after(report, "own") == (("TTFF",) if passes else None)
    assert codes(report) == ([] if passes else [("MP109", "own")])


def nested_model(engine: Engine, kind: str) -> Any:
    layers = engine.keras.layers
    if kind == "sequential":
        inner = engine.keras.Sequential([layers.Dense(2, name="inner_dense")], name="inner")
    else:
        values = engine.keras.Input((None, 2), name="inner_in")
        inner = engine.keras.Model(values, layers.Dense(2, name="inner_dense")(values), name="inner")
    return embedding_model(engine, inner, layers.LSTM(2, return_sequences=True, name="lstm"))


@pytest.mark.parametrize("case", ["sequential .keras", "sequential .h5", "functional .keras", "functional .h5"])
def test_a_nested_model_carries_the_mask_at_run_time_and_gives_no_finding(
    engine: Engine, trace: Tracing, save: Saving, case: str, minor: int | None
) -> None:
    kind, suffix = case.split()
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        model = nested_model(engine, kind)
    claimed = [line for line in said if "destroy the mask" in str(line.message)]
    assert bool(claimed) == (minor is not None)  # Keras 3 warns, wrongly

    report = trace(save(model, suffix), TOKENS)

    assert mask_after(report, "inner/inner_dense") == mask_after(report, "inner") == ("TTFF",)
    assert mask_after(report, "lstm") == ("TTFF",)
    assert report.trace.by_path["inner"].outputs[0].symbolic_mask is (minor is None)
    assert codes(report) == []
    out = model(TOKENS, training=False).numpy()[0]
    np.testing.assert_array_equal(out[1], out[2])  # the LSTM behind it does see the mask


def transformer_block(engine: Engine) -> Any:
    tokens = engine.keras.Input((None,), dtype="int32", name="tokens")
    x = engine.keras.layers.Embedding(4, 4, mask_zero=True, name="emb")(tokens)
    attention = engine.keras.layers.MultiHeadAttention(1, 4, name="mha")
    out = engine.keras.layers.Add(name="add")([x, attention(x, x)])
    return engine.keras.Model(tokens, out, name="block")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_add_around_attention_loses_the_mask_at_run_time_from_keras_3_8_on(
    engine: Engine, trace: Tracing, save: Saving, suffix: str, minor: int | None
) -> None:
    skip_if_attention_cannot_be_saved(suffix, minor)
    report = trace(save(transformer_block(engine), suffix), TOKENS)

    call = report.trace.by_path["add"]
    if minor is None or 4 <= minor < 8:
        assert mask_after(report, "add") == ("TTFF",)
        assert codes(report) == []
    elif minor < 4:  # merges make no masks there
        assert mask_after(report, "add") is None
        assert codes(report) == [("MP102", "add")]
    else:
        emb = report.trace.by_path["emb"].outputs[0].number
        assert mask_after(report, "emb") == mask_after(report, "mha") == ("TTFF",)
        assert call.inputs[0].number == emb
        assert mask_before(report, "add") is None
        assert mask_after(report, "add") is None
        assert call.outputs[0].symbolic_mask is True
        assert set(report.trace.by_path["mha"].took_masks_off) == {emb}
        [finding] = report.findings
        assert (finding.code, finding.path) == ("MP113", "add")
        assert "Add 'add'" in finding.message
        assert "though the graph shows one" in finding.message
        assert "MultiHeadAttention 'mha' takes the mask off the tensors it reads" in finding.cause
        assert "mha" in finding.related
