"""MP204: sample weights and the mask do not go together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from engines import clean, is_keras3, trace
from loss_models import (
    above_notes,
    by_step,
    never,
    of_the_whole_batch,
    quiet,
    root_of_real_steps,
    tagger,
    verify_saved,
)

from maskprobe import Severity, verify_loss

IDS = np.array([[1, 2, 0, 0], [3, 4, 5, 0]], "int32")
TARGETS = np.ones((2, 4, 1), "float32")


def weighs_rows(keras: Any) -> Any:
    """A loss that brings weights of rows to the rank of the mask."""

    class WeighsRows(keras.losses.MeanSquaredError):
        def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
            if sample_weight is not None and len(sample_weight.shape) == 1:
                sample_weight = sample_weight[:, None]
            return super().__call__(y_true, y_pred, sample_weight)

    return WeighsRows


def instead_of_the_mask(keras: Any) -> Any:
    """A loss that goes by its weights alone, once it is given some."""

    class InsteadOfTheMask(keras.losses.MeanSquaredError):
        def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
            if sample_weight is None:
                return super().__call__(y_true, y_pred)
            weights = tf.cast(sample_weight, tf.float32)
            if weights.shape.rank == 1:
                weights = weights[:, None]
            return tf.reduce_mean(by_step(y_true, y_pred) * weights)

    return InsteadOfTheMask


def test_keras_3_refuses_weights_of_rows_on_a_masked_output(keras: Any, tmp_path: Path) -> None:
    report = verify_saved(tagger(keras, "mse"), tmp_path)
    if not is_keras3(keras):
        assert report.findings == ()
        return
    findings = [finding for finding in report.findings if finding.code == "MP204"]
    first = findings[0]
    assert {finding.code for finding in report.findings} == {"MP204"}
    assert first.severity is Severity.NOTE
    assert first.path == "tags"
    assert first.message.startswith("The loss of the output 'tags' fails with sample weights of shape (B,): ")
    assert "multiplies the mask of the output and the weights" in first.cause
    assert first.fix == (
        "Give weights of shape (batch, 1), sample_weight=weights[:, None]; compile again first if it has failed once."
    )
    assert report.exit_code() == 0


def test_evaluate_raises_as_the_finding_says_and_the_way_round_it_works(keras: Any) -> None:
    """Weights of 1 change nothing. The function that was traced for one rank does not take the other."""
    if not is_keras3(keras):
        pytest.skip("tf_keras takes weights of rows")
    model, ones = tagger(keras, "mse"), np.ones(2, "float32")
    plain = model.evaluate(IDS, TARGETS, verbose=0)
    with pytest.raises(Exception, match=r"(?i)incompatible shapes"):
        model.evaluate(IDS, TARGETS, sample_weight=ones, verbose=0)
    with pytest.raises(Exception, match=r"unknown rank"):
        model.evaluate(IDS, TARGETS, sample_weight=ones[:, None], verbose=0)
    model.compile(loss="mse")
    assert model.evaluate(IDS, TARGETS, sample_weight=ones[:, None], verbose=0) == pytest.approx(plain)


def test_a_loss_that_brings_them_to_one_rank_is_quiet(keras: Any, tmp_path: Path) -> None:
    loss = weighs_rows(keras)
    assert quiet(verify_saved(tagger(keras, loss()), tmp_path, WeighsRows=loss), "MP204")


def test_a_loss_that_counts_padding_once_it_is_weighted(keras: Any, tmp_path: Path) -> None:
    loss = instead_of_the_mask(keras)
    report = verify_saved(tagger(keras, loss()), tmp_path, InsteadOfTheMask=loss)
    if not is_keras3(keras):
        # tf_keras multiplies the mask into the weights before it calls the loss, which divides by all steps then.
        assert above_notes(report) == [("MP201", "tags")]
        return
    assert above_notes(report) == [("MP204", "tags"), ("MP204", "tags")]
    row, step = report.findings
    assert row.severity is Severity.WARNING
    assert row.message == (
        "With sample weights of shape (B,) the loss of the output 'tags' counts padded steps: it is the mean over all "
        "steps, padded ones too, Σ(w·l)/N. Without weights it is the mean over real steps, Σ(w·m·l)/Σm."
    )
    assert step.message.startswith("With sample weights of shape (B, T) ")
    assert step.fix == "Multiply the mask into the weights: sample_weight=weights * mask"


def test_a_loss_that_counts_padding_without_weights_too_is_told_as_such(keras: Any) -> None:
    """The near miss."""
    report = verify_loss(tagger(keras, of_the_whole_batch))
    assert [finding.code for finding in report.findings] == ["MP202"]


def test_an_output_without_padded_steps_has_nothing_to_clash_with(keras: Any) -> None:
    """The near miss."""
    assert verify_loss(tagger(keras, "mse", change=keras.layers.SimpleRNN(3))).findings == ()


def test_trace_does_not_look_at_weights(keras: Any) -> None:
    assert clean(trace(tagger(keras, "mse")))


def test_of_a_loss_that_cannot_be_told_nothing_is_said_but_that(keras: Any) -> None:
    for loss in (never, root_of_real_steps):
        report = verify_loss(tagger(keras, loss))
        assert [finding.code for finding in report.findings if finding.severity != "note" or finding.unchecked] == [
            "MP901"
        ]
        assert report.exit_code() == 3
