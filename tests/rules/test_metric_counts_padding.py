"""MP203: a metric counts padded steps that the loss leaves out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf
from engines import at_least, codes, is_keras3, trace
from loss_models import above_notes, found, of_the_whole_batch, quiet, tagger, verify_saved

from maskprobe import Severity, verify_loss


def deaf(keras: Any, name: str = "deaf") -> Any:
    """A metric that uses no sample weights, by which tf_keras hands it the mask, and reads no mask."""

    class MeanDifference(keras.metrics.Metric):
        def __init__(self, name: str = name, **kwargs: Any) -> None:
            super().__init__(name=name, **kwargs)
            self.total = self.add_weight(name="total", initializer="zeros")

        def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:  # noqa: ARG002
            self.total.assign(tf.reduce_mean(tf.cast(y_true, y_pred.dtype) - y_pred))

        def result(self) -> Any:
            return self.total

    return MeanDifference


def binary(keras: Any, metrics: list[Any], **more: Any) -> Any:
    return tagger(keras, "binary_crossentropy", activation="sigmoid", metrics=metrics, **more)


def masks_mean_metrics(keras: Any) -> bool:
    return not is_keras3(keras) or at_least(keras, 3, 12)


def test_recall_of_keras_3_counts_padding_and_that_of_tf_keras_does_not(keras: Any, tmp_path: Path) -> None:
    report = verify_saved(binary(keras, [keras.metrics.Recall(name="recall")]), tmp_path)
    if not is_keras3(keras):
        assert quiet(report, "MP203")
        return
    assert above_notes(report) == [("MP203", "tags")]
    finding = found(report, "MP203")
    assert finding.severity is Severity.WARNING
    assert finding.message == (
        "The metric 'recall' of the output 'tags' counts its padded steps (10 of 30); the loss does not."
    )
    check = report.trace.loss_check
    assert check is not None
    seen = check.metrics[0].sensitivity
    assert finding.evidence == (
        f"metric 'recall' goes from {seen.before:.6g} to {seen.after_padding:.6g} when targets at padded steps change",
    )
    if masks_mean_metrics(keras):
        assert finding.cause.endswith("mean metrics read the mask of the output by themselves; Recall does not.")


def test_all_metrics_of_an_output_are_one_finding(keras: Any) -> None:
    if not is_keras3(keras):
        pytest.skip("tf_keras masks them")
    metrics = [keras.metrics.Recall(name="recall"), keras.metrics.AUC(name="auc")]
    finding = found(verify_loss(binary(keras, metrics)), "MP203")
    assert finding.message.startswith("The metrics 'recall' and 'auc' of the output 'tags' count its padded ")
    assert len(finding.evidence) == 2


def test_a_metric_that_uses_no_sample_weights_counts_padding_everywhere(keras: Any) -> None:
    model = binary(keras, [deaf(keras)()])
    finding = found(verify_loss(model), "MP203")
    assert finding.message.startswith("The metric 'deaf' ")
    if not is_keras3(keras):
        said = "hands the mask to metrics as sample_weight, and MeanDifference does not use it."
        assert finding.cause == f"tf_keras {keras.__version__} {said}"
    assert codes(trace(model)) == [("MP203", "tags")]


def test_a_metric_that_is_given_the_mask_by_hand_is_quiet(keras: Any, tmp_path: Path) -> None:
    if not is_keras3(keras):
        pytest.skip("tf_keras hands it in by itself")

    class MaskedRecall(keras.metrics.Recall):
        def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:  # noqa: ARG002
            mask = keras.ops.cast(y_pred._keras_mask, y_pred.dtype)
            return super().update_state(y_true, y_pred, mask[..., None] * keras.ops.ones_like(y_pred))

    report = verify_saved(binary(keras, [MaskedRecall(name="recall")]), tmp_path, MaskedRecall=MaskedRecall)
    assert quiet(report, "MP203")


def test_mean_metrics_read_the_mask(keras: Any) -> None:
    """The near miss. Keras 3.0 to 3.11 did not mask them."""
    report = verify_loss(binary(keras, ["mae", keras.metrics.BinaryAccuracy(name="accuracy")]))
    if masks_mean_metrics(keras):
        assert quiet(report, "MP203")
    else:
        assert "hands no mask to any compiled metric" in found(report, "MP203").cause


def test_where_the_loss_counts_padding_too_the_cause_is_told_of_the_loss_alone(keras: Any) -> None:
    """The near miss."""
    model = tagger(keras, of_the_whole_batch, metrics=[deaf(keras)()])
    report = verify_loss(model)
    assert above_notes(report) == [("MP202", "tags")]
    assert found(report, "MP202").message.endswith(" So does the metric 'deaf'.")


def test_a_metric_of_another_output_is_not_taken_for_this_ones(keras: Any) -> None:
    """The metric is of an output without steps."""
    model = tagger(keras, "mse")
    ends = keras.layers.Dense(1, name="ends")(keras.layers.SimpleRNN(3)(model.get_layer("embedding").output))
    both = keras.Model(model.inputs, [model.output, ends])
    both.compile(loss=["mse", "mse"], metrics=[[], [deaf(keras)()]])
    assert quiet(verify_loss(both), "MP203")


def test_metrics_that_cannot_be_computed_are_not_checked(keras: Any) -> None:
    class Raises(keras.metrics.Mean):
        def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:  # noqa: ARG002
            raise ValueError("metrics of mine alone")

    report = verify_loss(tagger(keras, "mse", metrics=[Raises(name="raises")]))
    finding = found(report, "MP901")
    assert "metrics of mine alone" in finding.message
    assert report.exit_code() == 3
