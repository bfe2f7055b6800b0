"""Of the twelve cases those about the loss, 10 to 12: what only the loss misses, and losses that cannot mask.

FP is a false alarm of a naive tool, FN a fault that it misses.
"""

from __future__ import annotations

from typing import Any

import pytest
import tensorflow as tf
from proof_kit import (
    after_embedding,
    at_least,
    compiled,
    embedded,
    is_clean,
    is_keras3,
    leaking,
    loss_effect,
    moved_by,
    only,
    tokens,
    trace,
    verdict,
)

from maskprobe.mask_trace import Mask
from maskprobe.witness import Change, Verdict

# 10. A drop that does no harm to outputs and one that only hurts the loss (FP and FN): see test_mask_inputs.py too.


def test_10_a_causal_convolution_leaves_outputs_clean_and_the_loss_unmasked(keras: Any) -> None:
    conv = keras.layers.Conv1D(3, 3, padding="causal", name="conv")
    report = trace(after_embedding(keras, conv, read=False, loss="mse"), padding="after")
    finding = only(report, "MP101", "conv")
    assert "The loss counts the padded steps of 'conv'." in finding.message
    assert "reaches the model output" not in finding.message
    assert not moved_by(report, Change.NOISE)
    assert not moved_by(report, Change.MORE)
    assert loss_effect(report).moved


def test_10_a_last_reshape_hurts_the_loss_alone(keras: Any) -> None:
    def build(x: Any) -> Any:
        h = keras.layers.SimpleRNN(3, return_sequences=True, name="rnn")(x)
        return keras.layers.Reshape((-1, 3), name="reshape")(h)

    report = trace(after_embedding(keras, build, read=False, loss="mse"))
    finding = only(report, "MP101", "reshape")
    assert finding.affects == ("loss",)
    assert leaking(report) == []
    assert not moved_by(report, Change.NOISE)


# 11. A masked loss against the wrong number (FP). 12. A loss that silently cannot mask (FN).


def tagger(keras: Any, loss: Any, **settings: Any) -> Any:
    """Sequence outputs with a perfect mask."""
    ids = tokens(keras)
    h = keras.layers.SimpleRNN(3, return_sequences=True, name="rnn")(embedded(keras, ids))
    return compiled(keras.Model(ids, keras.layers.Dense(2, activation="sigmoid", name="out")(h)), loss, **settings)


def mean_of_all(truth: Any, predicted: Any) -> Any:
    """Already one number: Keras has no step left to mask."""
    return tf.reduce_mean(tf.square(truth - predicted))


def mean_of_each_step(truth: Any, predicted: Any) -> Any:
    return tf.reduce_mean(tf.square(truth - predicted), axis=-1)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_11_whatever_a_masked_loss_divides_by_it_is_no_fault(reduction: str, keras: Any) -> None:
    loss = "mse" if reduction == "mean" else keras.losses.MeanSquaredError(reduction="sum")
    report = trace(tagger(keras, loss))
    effect = loss_effect(report)
    assert not effect.moved
    assert effect.before == effect.after
    assert effect.before > 0
    assert effect.gradient == pytest.approx(0.0, abs=1e-6)
    assert is_clean(report)


def test_11_the_loss_of_predictions_that_carry_no_mask_differs_and_is_no_fault(keras: Any) -> None:
    """What users compute from the arrays of `predict` counts padding; the compiled loss does not."""
    report = trace(tagger(keras, "mse"))
    assert isinstance(report.trace.outputs[0].mask, Mask)
    assert not loss_effect(report).moved
    assert report.findings == ()


def test_12_a_custom_loss_of_one_number_is_seen_to_count_padding_behind_a_perfect_mask(keras: Any) -> None:
    report = trace(tagger(keras, mean_of_all))
    effect = loss_effect(report)
    assert effect.moved
    assert abs(effect.after - effect.before) > 1e-4
    assert not moved_by(report, Change.NOISE)
    assert {verdict(report, path) for path in ("rnn", "out")} == {Verdict.CARRIED}


def test_12_a_custom_loss_of_one_number_a_step_is_masked(keras: Any) -> None:
    assert not loss_effect(trace(tagger(keras, mean_of_each_step))).moved


def test_12_metrics_are_told_apart_by_kind(keras: Any) -> None:
    metrics = ["mae", keras.metrics.Recall(name="recall")]
    report = trace(tagger(keras, "binary_crossentropy", metrics=metrics))
    assert not loss_effect(report).moved
    assert loss_effect(report, "mae").moved is (is_keras3(keras) and not at_least(keras, 3, 12))
    assert loss_effect(report, "recall").moved is is_keras3(keras)


def test_12_a_loss_that_is_no_number_is_not_said_to_stay(keras: Any) -> None:
    def logarithm(truth: Any, predicted: Any) -> Any:
        del truth
        return tf.reduce_mean(tf.math.log(predicted - 2.0), axis=-1)

    report = trace(tagger(keras, logarithm))
    assert report.trace.proof is not None
    assert report.trace.proof.losses == ()
    assert "NaN" in (report.trace.proof.loss_problem or "")
    assert [finding.code for finding in report.not_checked] == ["MP901"]
    assert report.exit_code() == 3
