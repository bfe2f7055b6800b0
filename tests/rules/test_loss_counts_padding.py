"""MP202: the compiled loss counts padded steps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from engines import at_least, clean, codes, trace
from loss_models import (
    above_notes,
    by_step,
    found,
    largest_of_each_row,
    never,
    of_the_whole_batch,
    over_real_steps,
    quiet,
    tagger,
    verify_saved,
)
from small_models import VOCABULARY, WIDTH, compiled, tokens

from maskprobe import Severity, verify_loss
from maskprobe.report.report import Report


def evidence_of(report: Report) -> str:
    check = report.trace.loss_check
    assert check is not None
    seen = check.outputs[0].sensitivity
    assert seen.before != pytest.approx(seen.after_padding)
    return f"loss goes from {seen.before:.6g} to {seen.after_padding:.6g} when targets at padded steps change"


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_the_call_that_lost_the_mask_is_named(suffix: str, keras: Any, tmp_path: Path) -> None:
    model = tagger(keras, "mse", change=keras.layers.Conv1D(4, 1, name="conv"))
    report = verify_saved(model, tmp_path, suffix)
    assert above_notes(report) == [("MP202", "tags")]
    finding = found(report, "MP202")
    assert finding.severity is Severity.ERROR
    assert finding.message == (
        "The loss of the output 'tags' counts its 10 padded steps of 30: it is the mean over all steps, padded ones "
        "too, Σ(w·l)/N."
    )
    assert finding.cause == "Conv1D 'conv' ends the mask before the output, so the loss finds none."
    assert finding.related == ("conv",)
    assert finding.affects == ("loss",)
    assert finding.evidence == (evidence_of(report),)


def test_a_layer_that_carries_the_mask_makes_it_quiet(keras: Any, tmp_path: Path) -> None:
    assert quiet(verify_saved(tagger(keras, "mse", change=keras.layers.Dense(4)), tmp_path), "MP202")


def test_a_call_that_spoilt_the_mask_is_named(keras: Any) -> None:
    report = verify_loss(tagger(keras, "mse", change=keras.layers.Masking(name="again")))
    finding = found(report, "MP202")
    assert finding.cause == "The mask that the loss finds calls padding real: Masking 'again' makes it so."
    assert finding.related == ("again",)


def attending(keras: Any, *, add: bool) -> Any:
    """A Dense layer read by attention, which takes the mask off it; the output is the sum of both, or the layer's."""
    ids = tokens(keras)
    h = keras.layers.Embedding(VOCABULARY, WIDTH, mask_zero=True)(ids)
    h = keras.layers.Dense(WIDTH, name="tags")(h)
    attended = keras.layers.MultiHeadAttention(1, 2, name="attention")(h, h)
    if add:
        return compiled(keras.Model(ids, keras.layers.Add(name="add")([h, attended])))
    ends = keras.layers.SimpleRNN(1, name="ends")(attended)
    return compiled(keras.Model(ids, [h, ends]), ["mse", "mse"])


def test_attention_that_takes_the_mask_off_is_named(keras: Any) -> None:
    if not at_least(keras, 3, 8):
        pytest.skip("only Keras 3.8 and later takes masks off")
    finding = found(verify_loss(attending(keras, add=False)), "MP202")
    assert finding.cause.startswith("MultiHeadAttention 'attention' takes the mask off the output while it runs")
    assert finding.related == ("attention",)
    assert found(verify_loss(attending(keras, add=True)), "MP202").related == ("add",)
    assert codes(trace(attending(keras, add=False))) == [("MP113", "tags")]
    assert codes(trace(attending(keras, add=True))) == [("MP113", "add")]


def test_an_output_that_never_had_a_mask_says_so(keras: Any) -> None:
    ids = tokens(keras)
    h = keras.layers.Embedding(VOCABULARY, WIDTH)(ids)
    model = compiled(keras.Model(ids, keras.layers.Dense(3, name="tags")(h)))
    finding = found(verify_loss(model), "MP202")
    assert finding.cause == "The output never had a mask: the model has no mask source."
    assert finding.related == ()
    assert codes(trace(model)) == [("MP111", "")]


def test_a_loss_of_one_number_has_no_steps_left_to_mask(keras: Any, tmp_path: Path) -> None:
    report = verify_saved(tagger(keras, of_the_whole_batch), tmp_path)
    finding = found(report, "MP202")
    assert finding.cause == (
        "'of_the_whole_batch' returns one number for the batch, so there are no steps left for Keras to mask."
    )
    assert finding.fix.startswith("Return one value a step, (batch, time)")
    assert finding.related == ()
    assert finding.evidence == (evidence_of(report),)
    assert quiet(verify_saved(tagger(keras, by_step), tmp_path), "MP202")


def test_a_mask_that_is_missing_and_a_loss_of_one_number_are_both_told(keras: Any) -> None:
    finding = found(
        verify_loss(tagger(keras, of_the_whole_batch, change=keras.layers.Conv1D(4, 1, name="conv"))), "MP202"
    )
    assert finding.cause.startswith(
        "Conv1D 'conv' ends the mask before the output, so the loss finds none. And 'of_the_"
    )
    assert finding.related == ("conv",)


def test_a_loss_that_masks_by_itself_may_be_one_number(keras: Any) -> None:
    """The near miss."""
    assert quiet(verify_loss(tagger(keras, over_real_steps)), "MP202")


def test_a_loss_that_mixes_steps_is_masked_too_late(keras: Any) -> None:
    """Its values are averaged over real steps alone, and padded steps are in them."""
    finding = found(verify_loss(tagger(keras, largest_of_each_row)), "MP202")
    assert finding.message == "The loss of the output 'tags' counts its 10 padded steps of 30."
    assert finding.cause.startswith("The output carries the right mask, and 'largest_of_each_row' does not leave ")


def test_metrics_that_count_padding_too_are_told_with_it(keras: Any) -> None:
    model = tagger(keras, "mse", change=keras.layers.Conv1D(4, 1), metrics=["mae", "mse"])
    report = verify_loss(model)
    assert above_notes(report) == [("MP202", "tags")]
    finding = found(report, "MP202")
    names = [evidence.split("'")[1] for evidence in finding.evidence[1:]]
    assert len(names) == 2
    assert finding.message.endswith(f" So do the metrics '{names[0]}' and '{names[1]}'.")


def test_a_sequence_that_has_ended_has_no_padded_steps(keras: Any) -> None:
    """Whether padding reached it is for `trace`."""
    model = tagger(keras, of_the_whole_batch, change=keras.layers.SimpleRNN(3))
    assert verify_loss(model).findings == ()


def test_a_loss_that_takes_no_made_up_targets_is_not_checked(keras: Any) -> None:
    report = verify_loss(tagger(keras, never))
    assert [finding.code for finding in report.findings] == ["MP901"]
    assert "targets of mine alone" in report.findings[0].message
    assert report.exit_code() == 3


def test_a_loss_that_is_not_reduced_is_not_checked(keras: Any) -> None:
    report = verify_loss(tagger(keras, keras.losses.MeanSquaredError(reduction="none")))
    assert [finding.code for finding in report.findings] == ["MP901"]
    assert "not reduced to one number" in report.findings[0].message


def test_in_a_trace_one_cause_is_told_once(keras: Any) -> None:
    model = tagger(keras, "mse", change=keras.layers.Conv1D(4, 1, name="conv"))
    assert codes(trace(model)) == [("MP101", "conv")]
    assert codes(trace(tagger(keras, "mse", change=keras.layers.Masking(name="again")))) == [("MP104", "again")]


def test_in_a_trace_a_loss_of_one_number_is_told(keras: Any) -> None:
    report = trace(tagger(keras, of_the_whole_batch))
    assert codes(report) == [("MP202", "tags")]
    assert report.exit_code() == 1
    assert clean(trace(tagger(keras, by_step)))


def test_an_output_that_another_finding_does_not_reach_is_told_in_a_trace(keras: Any) -> None:
    """Of two outputs one lost its mask, and the loss of the other is one number."""
    ids = tokens(keras)
    h = keras.layers.Embedding(VOCABULARY, WIDTH, mask_zero=True)(ids)
    lost = keras.layers.Dense(1, name="lost")(keras.layers.Conv1D(4, 1, name="conv")(h))
    model = keras.Model(ids, [lost, keras.layers.Dense(1, name="kept")(h)])
    model.compile(loss=["mse", of_the_whole_batch])
    assert codes(trace(model)) == [("MP101", "conv"), ("MP202", "kept")]
    assert above_notes(verify_loss(model)) == [("MP202", "lost"), ("MP202", "kept")]


def test_it_is_told_on_data_and_targets_of_ones_own(keras: Any) -> None:
    model = tagger(keras, of_the_whole_batch)
    data = np.array([[1, 2, 0, 0], [3, 4, 5, 0]], "int32")
    finding = found(verify_loss(model, data, np.ones((2, 4, 1), "float32")), "MP202")
    assert "counts its 3 padded steps of 8" in finding.message
