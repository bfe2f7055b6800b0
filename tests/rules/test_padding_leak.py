"""MP106: the mask is there and right, the values mix padding in all the same.

The rows of the probe are 111111, 111110, 110000, 000111 and 110011: 14 real steps in the 4 padded rows.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import custom_layers
import leaking_layers
import numpy as np
import pytest
from engines import clean, codes, is_keras3, only, only_notes, reaches, trace, trace_saved
from small_models import after_embedding, embedded, rnn, tokens

from maskprobe import Severity
from maskprobe.witness import Change, StepClass, Verdict

EVERY_STEP = "padding moves 14 real steps of 'x' in every padded row"

Build = Callable[[Any], Any]

MOMENTS: dict[str, tuple[Build, Build]] = {
    "LayerNormalization": (
        lambda keras: keras.layers.LayerNormalization(axis=[1, 2], name="x"),
        lambda keras: keras.layers.LayerNormalization(axis=-1, name="x"),
    ),
    "UnitNormalization": (
        lambda keras: keras.layers.UnitNormalization(axis=1, name="x"),
        lambda keras: keras.layers.UnitNormalization(axis=-1, name="x"),
    ),
}
"""Normalisations over time, and over the features of each step: what the fix says."""


@pytest.mark.parametrize(("over_time", "by_step"), MOMENTS.values(), ids=MOMENTS)
def test_moments_over_time_are_taken_of_padding_too(
    over_time: Build, by_step: Build, keras: Any, tmp_path: Path
) -> None:
    report = trace_saved(after_embedding(keras, over_time(keras), steps=6), tmp_path)
    finding = only(report, "MP106", "x")
    assert "has the right mask, and its real steps move with the padding" in finding.message
    assert finding.evidence[0].startswith(EVERY_STEP)
    assert "takes its moments over all steps, whatever the mask says" in finding.cause
    assert "axis=-1" in finding.fix
    assert finding.related == ("embedding",)
    assert report.events["x"].verdict is Verdict.KEPT_LEAKING
    assert report.exit_code() == 1
    assert clean(trace_saved(after_embedding(keras, by_step(keras), steps=6), tmp_path))


def test_group_normalization_of_keras_3_carries_the_mask_and_mixes_all_steps(keras: Any, tmp_path: Path) -> None:
    """That of tf_keras stops at the mask."""
    layer = keras.layers.GroupNormalization(2, name="x")
    if not is_keras3(keras):
        with pytest.raises(ValueError, match="Dimensions must be equal"):
            after_embedding(keras, layer, steps=6)
        return
    report = trace_saved(after_embedding(keras, layer, steps=6), tmp_path)
    assert only(report, "MP106", "x").evidence[0].startswith(EVERY_STEP)


def test_masks_alone_cannot_tell(keras: Any) -> None:
    layer = keras.layers.UnitNormalization(axis=1, name="x")
    assert clean(trace(after_embedding(keras, layer), replay=False))


LAYERS = {"SumsOverTime": "MaskedSum", "SoftmaxOverTime": "MaskedSoftmax", "IgnoresItsMask": "UsesItsMask"}
"""Custom layers that mix padding in, and the same mended as the fix says."""


@pytest.mark.parametrize(("bad", "good"), LAYERS.items(), ids=LAYERS)
def test_a_custom_layer_that_passes_the_mask_on_without_using_it(bad: str, good: str, keras: Any) -> None:
    made = leaking_layers.make(keras)
    finding = only(trace(after_embedding(keras, made[bad](name="x"))), "MP106", "x")
    assert finding.evidence[0].startswith(EVERY_STEP)
    takes = bad == "IgnoresItsMask"
    assert finding.cause.endswith(
        "takes a mask and does not leave the masked steps out."
        if takes
        else "passes the mask on and mixes steps without using it."
    )
    assert finding.fix.startswith("Use the mask in call(self, x, mask=None)")
    assert clean(trace(after_embedding(keras, made[good](name="x"))))


def test_a_pooling_that_ignores_its_mask(keras: Any) -> None:
    pooling = leaking_layers.make(keras)["MeanOfAllSteps"](name="x")
    finding = only(trace(after_embedding(keras, pooling, read=False)), "MP106", "x")
    assert reaches(finding, "x")
    assert finding.evidence[0].startswith("padding moves 'x' in every padded row, by up to ")


def test_two_leaks_one_after_the_other_are_two_findings(keras: Any) -> None:
    """The second mixes padding in again, whatever the first has done."""
    made = leaking_layers.make(keras)
    report = trace(
        after_embedding(keras, lambda h: made["SoftmaxOverTime"](name="two")(made["SumsOverTime"](name="one")(h)))
    )
    assert codes(report) == [("MP106", "one"), ("MP106", "two")]


def test_a_leak_that_reaches_no_output_is_a_note(keras: Any) -> None:
    """The layer before repeats what was last real, so there is nothing of the padding left to mix in."""
    made = leaking_layers.make(keras)
    recurrent = keras.layers.SimpleRNN(3, return_sequences=True)
    report = trace(after_embedding(keras, lambda h: made["TakesLastStep"](name="x")(recurrent(h)), read=False))
    finding = only(report, "MP106", "x", Severity.NOTE)
    assert "what they hold there comes from real steps" in finding.message
    assert report.exit_code() == 0


def test_batch_normalization_leaves_masked_steps_out_of_its_moments(keras: Any) -> None:
    model = after_embedding(keras, keras.layers.BatchNormalization(name="x"))
    assert clean(trace(model))
    report = trace(model, training=True)
    assert clean(report)
    assert report.trace.proof is not None
    assert report.trace.proof.training


def normalized_document(keras: Any, **settings: Any) -> Any:
    """A mask of rank 3 on data of rank 4, which tf_keras normalises in one fused operation if it is not told not to."""
    document = keras.Input((4, 5), dtype="int32", name="document")
    return keras.Model(document, keras.layers.BatchNormalization(name="x", **settings)(embedded(keras, document)))


def test_but_fused_batch_normalization_of_tf_keras_does_not(keras: Any) -> None:
    model = normalized_document(keras)
    assert clean(trace(model))  # without training=True it uses its stored moments
    report = trace(model, training=True)
    if is_keras3(keras):
        assert clean(report)
        return
    finding = only(report, "MP106", "x")
    # The moments are those of the batch: rows without padding move too.
    assert " real steps of 'x' in rows 1 (full), 2 (padded after), " in finding.evidence[0]
    assert finding.fix.startswith("Use BatchNormalization(fused=False)")
    assert clean(trace(normalized_document(keras, fused=False), training=True))


def test_moments_without_any_mask_see_padding(keras: Any) -> None:
    ids = tokens(keras)
    h = keras.layers.Embedding(12, 4)(ids)
    model = keras.Model(ids, keras.layers.BatchNormalization(name="x")(h))
    assert clean(trace(model))
    assert only(trace(model, training=True), "MP111", "x")


def test_batch_normalization_whose_mask_was_lost_before_is_not_the_one_to_blame(keras: Any) -> None:
    narrow, normal = keras.layers.Conv1D(4, 1, name="narrow"), keras.layers.BatchNormalization(name="x")
    report = trace(after_embedding(keras, lambda h: normal(narrow(h)), read=False), training=True)
    finding = only(report, "MP101", "narrow")
    assert "Padding moves real steps at 'x' and reaches the model output 'x'." in finding.message


def test_zeros_that_are_counted_are_seen_by_their_number(keras: Any, tmp_path: Path) -> None:
    """Padded steps are set to zero, and the sum is divided by all steps: no noise gets through, their number does."""
    made = leaking_layers.make(keras)
    model = after_embedding(keras, made["MeanOfZeroed"](name="x"), read=False)
    report = trace(model)
    finding = only(report, "MP106", "x")
    assert finding.message.startswith("The number of padded steps changes the model output")
    assert "a mean over all steps divides by their number too" in finding.cause
    assert finding.evidence[0].startswith("more padding moves the model output 'x' in rows 1 (full), ")
    proof = report.trace.proof
    assert proof is not None
    moved = {effect.change for effect in proof.effects if effect.moved is not None}
    assert Change.MORE in moved
    assert Change.NOISE not in moved
    pooling = keras.layers.GlobalAveragePooling1D(name="x")
    assert only_notes(trace_saved(after_embedding(keras, pooling, read=False), tmp_path), ("MP301", "x"))


def test_positions_counted_from_the_start_of_the_row_are_a_note(keras: Any) -> None:
    """It is by design, and harms only where sequences are padded before."""
    positions = leaking_layers.make(keras)["AddsPositions"](name="x")
    report = trace(after_embedding(keras, positions))
    assert only_notes(report, ("MP106", "x"))
    (finding,) = report.findings
    assert finding.message.startswith("Padding before instead of after the sequence changes the model output")
    assert finding.cause.endswith("depends on where in the row a step stands, as position embeddings do.")


def test_positions_counted_from_the_first_real_step_as_the_fix_says_are_clean(keras: Any) -> None:
    positions = leaking_layers.make(keras)["AddsOwnPositions"](name="x")
    assert clean(trace(after_embedding(keras, positions), padding="after"))


def test_a_layer_that_works_step_by_step_is_quiet(keras: Any) -> None:
    made = leaking_layers.make(keras)
    assert clean(trace(after_embedding(keras, made["GatesEachStep"](name="x"))))


def test_a_layer_that_moves_steps_about_and_their_mask_with_them_is_quiet(keras: Any) -> None:
    turned = leaking_layers.make(keras)["TurnsRound"](name="x")
    data = np.array([[3, 4, 5, 0], [6, 0, 0, 0]])
    assert clean(trace(after_embedding(keras, turned, read=False), data))


def test_a_layer_that_cannot_be_run_on_noise_is_not_called_clean(keras: Any) -> None:
    report = trace(after_embedding(keras, custom_layers.make(keras)["InRange"](name="x")))
    assert codes(report) == [("MP901", "x")]
    assert "x could not be run again on noise: out of range" in report.findings[0].message
    assert report.events["x"].verdict is Verdict.CANNOT_TELL
    assert report.exit_code() == 3


def test_what_noise_cannot_show_more_padding_may(keras: Any) -> None:
    """It sums over time and refuses noise; but what an Embedding gives for padding is counted too."""
    report = trace(after_embedding(keras, leaking_layers.make(keras)["SumsShares"](name="x")))
    assert codes(report) == [("MP106", "x"), ("MP901", "x")]
    assert report.findings[0].message.startswith("The number of padded steps changes the model output")
    assert report.exit_code() == 1


def test_a_state_kept_from_call_to_call_is_put_back_between_the_runs(keras: Any) -> None:
    ids = keras.Input(batch_shape=(4, 6), dtype="int32", name="tokens")
    recurrent = keras.layers.SimpleRNN(3, stateful=True, return_sequences=True, name="x")
    assert clean(trace(keras.Model(ids, recurrent(embedded(keras, ids)))))


def test_nor_does_noise_reach_other_rows_through_the_state_of_a_wrapped_layer(keras: Any) -> None:
    document = keras.Input(batch_shape=(2, 4, 5), dtype="int32", name="document")
    inner = keras.layers.SimpleRNN(3, stateful=True, return_sequences=True)
    report = trace(keras.Model(document, keras.layers.TimeDistributed(inner, name="each")(embedded(keras, document))))
    replay = report.trace.by_path["each"].replay
    assert report.trace.probe.rows[0] == "full"
    assert replay is not None
    assert not (replay.outputs[0].classes[0] >= StepClass.PAD_ONLY).any()


def test_ids_that_come_as_numbers_are_never_made_noise(keras: Any) -> None:
    """As in many Keras 2 models: ids as floats of shape (steps, 1), brought to (steps,) before they are looked up."""
    ids = keras.Input((6, 1), name="ids")
    flat = keras.layers.Reshape((-1,), name="flat")(ids)
    h = keras.layers.Embedding(12, 4, mask_zero=True, name="embedding")(flat)
    assert clean(trace(keras.Model(ids, rnn(keras)(h))))


def test_a_call_after_a_recurrent_layer_is_named_where_more_padding_is_tried(keras: Any) -> None:
    """A cell is called once more for each added step; the calls after it are known again all the same."""
    ids = tokens(keras)
    recurrent = keras.layers.SimpleRNN(4, return_sequences=True, name="recurrent")
    h = recurrent(keras.layers.Embedding(12, 4, mask_zero=True)(ids))
    model = keras.Model(ids, leaking_layers.make(keras)["MeanOfZeroed"](name="x")(h))
    assert only(trace(model), "MP106", "x").message.endswith("First seen at 'x'.")
