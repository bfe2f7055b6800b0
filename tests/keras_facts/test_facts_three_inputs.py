"""The model with three inputs: a Masking and two Embeddings, concatenated, before three GRUs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from keras_limits import (
    CANNOT_CONCATENATE_MASKS,
    skip_if_h5_forgets_operations,
    skip_if_masks_cannot_be_concatenated,
)
from seen_masks import Saving, Tracing, codes, mask_after
from test_facts_sources import SLOW_SUFFIXES

from maskprobe.backend.engine import Engine

NUM = np.array([[[0, 0, 0], [1, 2, 3], [0, 0, 0], [1, 2, 3], [0, 0, 0]]], dtype="float32")
FLAG = np.array([[[0], [1], [0], [1], [0]]], dtype="float32")
AGREEING = {"num": NUM, "version": FLAG, "missing": FLAG}
DISAGREEING = {
    "num": np.array([[[1, 1, 1], [1, 1, 1], [0, 0, 0], [0, 0, 0], [0, 0, 0]]], dtype="float32"),
    "version": np.array([[[1], [0], [1], [0], [0]]], dtype="float32"),
    "missing": np.array([[[1], [0], [0], [0], [0]]], dtype="float32"),
}
"""Steps 2 and 3 are real in one input, and padding in the others."""


def softmax(x: Any) -> Any:
    import tensorflow as tf

    return tf.nn.softmax(x)


def three_inputs(engine: Engine, *, masked: Any = ("num", "version", "missing")) -> Any:
    layers, keras = engine.keras.layers, engine.keras
    num = keras.Input((5, 3), name="num")
    version, missing = keras.Input((5, 1), name="version"), keras.Input((5, 1), name="missing")
    of_version = layers.Embedding(9, 2, mask_zero="version" in masked, name="M_version")
    of_missing = layers.Embedding(4, 1, mask_zero="missing" in masked, name="M_missing")
    values = layers.Masking(0.0, name="M_num")(num) if "num" in masked else num
    tokens = [of_version(layers.Reshape((-1,))(version)), of_missing(layers.Reshape((-1,))(missing))]
    h = layers.Concatenate(name="concat")([values, *tokens])
    h = layers.GRU(3, return_sequences=True, name="gru_1")(h)
    h = layers.GRU(3, return_sequences=True, name="gru_2")(h)
    h = layers.Dense(2, name="dense")(layers.GRU(3, name="gru_3")(h))
    out = layers.Lambda(softmax, name="outputs")(h)
    return keras.Model([num, version, missing], out, name="three_inputs")


def merged(minor: int | None, *, by_and: Any, by_or: Any) -> Any:
    """What the installed Keras makes of it: AND, OR, or nothing (Keras 3.0 to 3.3)."""
    if minor is None:
        return by_and
    return None if minor < 4 else by_or


@pytest.mark.parametrize("suffix", [None, *SLOW_SUFFIXES])
def test_masks_are_merged_by_and_in_keras_2_by_or_since_3_4_and_lost_in_between(
    engine: Engine, trace: Tracing, save: Saving, suffix: str | None, minor: int | None
) -> None:
    skip_if_h5_forgets_operations(suffix, minor)
    skip_if_masks_cannot_be_concatenated(minor)
    model = three_inputs(engine)

    if suffix is None:
        report = trace(model, DISAGREEING)
    else:
        report = trace(save(model, suffix), DISAGREEING, replace={"outputs": softmax})

    assert mask_after(report, "M_num") == ("TTFFF",)
    assert mask_after(report, "M_version") == ("TFTFF",)
    assert mask_after(report, "M_missing") == ("TFFFF",)
    found = merged(minor, by_and=("TFFFF",), by_or=("TTTFF",))
    assert mask_after(report, "concat") == mask_after(report, "gru_1") == found
    [finding] = report.findings
    assert finding.path == "concat"
    if found is None:
        assert finding.code == "MP102"
        return
    assert finding.code == "MP103"
    assert f"Merged by {'AND' if minor is None else 'OR'}" in finding.message
    if minor is not None:
        # num calls 3 steps padding, version 3, missing 4; steps 2 and 3 count as real after the merge.
        assert finding.severity.value == "error"
        assert {"gru_1", "gru_2", "gru_3"} <= set(finding.affects)


def test_where_the_masks_agree_the_merge_is_only_a_note(engine: Engine, trace: Tracing, minor: int | None) -> None:
    skip_if_masks_cannot_be_concatenated(minor)
    report = trace(three_inputs(engine), AGREEING)

    assert mask_after(report, "concat") == merged(minor, by_and=("FTFTF",), by_or=("FTFTF",))
    finding, *_ = report.findings
    assert finding.path == "concat"
    if minor is None or minor >= 4:
        assert codes(report)[1:] == [("MP302", "gru_1")]  # padding before and inside, on a GPU
        assert (finding.code, finding.severity.value) == ("MP103", "note")
        assert "3 padded steps" in finding.message
        assert f"merges them by {'AND' if minor is None else 'OR'}" in finding.message


def test_the_made_probe_has_a_row_on_which_the_masks_disagree(
    engine: Engine, trace: Tracing, minor: int | None
) -> None:
    skip_if_masks_cannot_be_concatenated(minor)
    report = trace(three_inputs(engine))

    assert "inputs disagree" in report.trace.probe.rows
    row = report.trace.probe.rows.index("inputs disagree")
    masks = {mask_after(report, name)[row] for name in ("M_num", "M_version", "M_missing")}
    assert len(masks) > 1
    expected = "MP102" if minor is not None and minor < 4 else "MP103"
    assert codes(report) == [(expected, "concat")]


def test_with_one_unmasked_input_keras_3_calls_every_step_real(
    engine: Engine, trace: Tracing, minor: int | None
) -> None:
    skip_if_masks_cannot_be_concatenated(minor)
    report = trace(three_inputs(engine, masked=("num", "version")), AGREEING)

    assert mask_after(report, "concat") == merged(minor, by_and=("FTFTF",), by_or=("TTTTT",))
    if minor is None:
        assert codes(report) == [("MP302", "gru_1")]
    elif minor < 4:
        assert codes(report) == [("MP102", "concat")]
    else:
        [finding] = report.findings
        assert (finding.code, finding.path, finding.severity.value) == ("MP103", "concat", "error")
        assert "3 of 3 padded steps" in finding.message


def test_gru_gives_zeros_at_step_1_and_repeats_step_2_at_3_and_4_at_5(engine: Engine, minor: int | None) -> None:
    skip_if_masks_cannot_be_concatenated(minor)
    model = three_inputs(engine)
    first = engine.keras.Model(model.inputs, model.get_layer("gru_1").output)

    out = first([NUM, FLAG, FLAG], training=False).numpy()[0]

    if minor is not None and minor < 4:  # no mask reaches it
        assert np.abs(out[0]).max() > 0
        return
    np.testing.assert_array_equal(out[0], np.zeros(3))
    np.testing.assert_array_equal(out[1], out[2])
    np.testing.assert_array_equal(out[3], out[4])
    assert not np.allclose(out[2], out[3])


@pytest.mark.parametrize("suffix", SLOW_SUFFIXES)
def test_inputs_brought_in_a_file_show_the_steps_that_they_mask(
    engine: Engine, trace: Tracing, save: Saving, suffix: str, minor: int | None
) -> None:
    skip_if_h5_forgets_operations(suffix, minor)
    skip_if_masks_cannot_be_concatenated(minor)
    path = save(three_inputs(engine), suffix)
    np.savez(path.with_name("data.npz"), **AGREEING)

    report = trace(path, path.with_name("data.npz"), replace={"outputs": softmax})

    assert report.trace.probe.source == "data.npz"
    assert mask_after(report, "gru_1") == merged(minor, by_and=("FTFTF",), by_or=("FTFTF",))


def test_where_keras_fails_to_merge_the_masks_the_trace_says_so_and_is_not_clean(
    engine: Engine, trace: Tracing, minor: int | None
) -> None:
    if minor not in CANNOT_CONCATENATE_MASKS:
        pytest.skip("this Keras merges them")
    report = trace(three_inputs(engine), AGREEING)
    assert report.trace.failure is not None
    assert [code for code, _ in codes(report)] == ["MP901"]
    assert report.exit_code() == 3
