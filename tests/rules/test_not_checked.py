"""MP901: this could not be looked at, and why."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import custom_layers
import pytest
from engines import clean, codes, is_keras3, only, reaches, trace, trace_saved
from small_models import after_embedding, rnn, tokens

from maskprobe import FailOn, Finding, Severity
from maskprobe.report.report import Report


def the_only(report: Report, path: str) -> Finding:
    assert codes(report) == [("MP901", path)], report.findings
    finding = report.findings[0]
    assert finding.unchecked
    assert finding.severity is Severity.NOTE
    assert report.exit_code() == report.exit_code(FailOn.NEVER) == 3
    return finding


def test_a_model_without_any_mask_has_nothing_to_follow(keras: Any, tmp_path: Path) -> None:
    ids = tokens(keras)
    model = keras.Model(ids, rnn(keras)(keras.layers.Embedding(12, 4)(ids)))
    finding = the_only(trace_saved(model, tmp_path, replay=False), "")
    assert finding.message.startswith("No mask source is in this model")
    assert "Embedding(..., mask_zero=True)" in finding.fix
    assert reaches(only(trace(model), "MP111", "rnn"), "rnn")


def test_a_model_of_which_nothing_could_be_padded_is_not_called_clean(keras: Any) -> None:
    vectors = keras.Input((4,), name="vectors")
    finding = the_only(trace(keras.Model(vectors, keras.layers.Dense(2)(vectors))), "")
    assert "none of its inputs was padded, so there was nothing to follow" in finding.message
    assert "--inputs" in finding.fix


def test_a_mask_source_as_the_fix_says_is_clean(keras: Any, tmp_path: Path) -> None:
    assert clean(trace_saved(after_embedding(keras, lambda h: h), tmp_path))


def test_a_layer_that_fails_on_the_probe_ends_the_look(keras: Any, tmp_path: Path) -> None:
    """Softmax over time builds with a mask and fails at every run."""
    softmax = keras.layers.Softmax(axis=1, name="x")
    model = after_embedding(keras, lambda h: softmax(keras.layers.Dense(1)(h)), read=False, steps=6)
    finding = the_only(trace_saved(model, tmp_path), "x")
    assert finding.message.startswith("Softmax 'x' failed on the probe, so nothing after it was looked at: ")


def test_a_custom_pooling_that_takes_the_mask_cannot_be_told(keras: Any, tmp_path: Path) -> None:
    pooling = custom_layers.make(keras)["MaskedPooling"](name="x")
    model = after_embedding(keras, pooling, read=False)
    finding = the_only(trace_saved(model, tmp_path, keras=keras, replay=False), "x")
    assert "took the mask and ended the time axis" in finding.message


def test_a_call_that_cannot_be_run_on_noise_is_told_once(keras: Any, tmp_path: Path) -> None:
    """Nor can the model be, end to end; and a second such layer is told with the first if its reason is the same."""
    picky = custom_layers.make(keras)["InRange"]
    model = after_embedding(keras, picky(name="x"), read=False)
    finding = the_only(trace_saved(model, tmp_path, keras=keras), "x")
    assert finding.message.startswith("x could not be run again on noise: out of range")
    assert clean(trace_saved(model, tmp_path, keras=keras, replay=False))


def test_a_loss_that_cannot_be_computed_is_told(keras: Any) -> None:
    def picky(_truth: Any, predicted: Any) -> Any:
        raise ValueError(f"no loss of {predicted.shape}")

    model = after_embedding(keras, keras.layers.Dense(2), read=False)
    model.compile(loss=picky)
    finding = the_only(trace(model), "")
    assert finding.message.startswith("Whether the loss counts padding was not seen: no loss of (5, 6, 2)")


def test_a_mask_input_that_nobody_takes_is_told(keras: Any, tmp_path: Path) -> None:
    values, real = keras.Input((6, 3), name="values"), keras.Input((6,), dtype="bool", name="padding_mask")
    repeated = keras.layers.RepeatVector(2, name="repeated")(real)
    model = keras.Model([values, real], [rnn(keras)(values), repeated])
    finding = the_only(trace_saved(model, tmp_path, replay=False), "padding_mask")
    assert "no call was seen to take it as a mask" in finding.message
    report = trace(model)
    assert codes(report) == [("MP111", "rnn"), ("MP106", "")]  # the second: the mask is an output itself
    assert [finding.severity for finding in report.findings] == [Severity.ERROR, Severity.NOTE]
    assert report.findings[0].cause.startswith("The model takes the mask padding_mask")


def test_a_mask_input_that_is_taken_is_clean(keras: Any, tmp_path: Path) -> None:
    values, real = keras.Input((6, 3), name="values"), keras.Input((6,), dtype="bool", name="padding_mask")
    assert clean(trace_saved(keras.Model([values, real], rnn(keras)(values, mask=real)), tmp_path))


def test_keras_3_does_not_load_the_mask_function_of_a_lambda_back(keras: Any, tmp_path: Path) -> None:
    carrying = keras.layers.Lambda(custom_layers.double, mask=custom_layers.same_mask, name="x")
    model = after_embedding(keras, carrying)
    assert clean(trace(model))
    report = trace_saved(model, tmp_path, keras=keras)
    if not is_keras3(keras):
        assert clean(report)
        return
    finding = the_only(report, "x")
    assert finding.cause.startswith("Keras 3 saves the mask function of a Lambda and does not load it back")


def test_a_layer_of_its_own_as_the_fix_says_is_clean(keras: Any, tmp_path: Path) -> None:
    mended = custom_layers.make(keras)["ComputesMask"](name="x")
    assert clean(trace_saved(after_embedding(keras, mended), tmp_path, keras=keras))


def test_masks_made_in_compiled_code_cannot_be_read(keras: Any) -> None:
    from maskprobe.diagnose import judge
    from maskprobe.mask_trace import Unreadable

    class Outer(keras.layers.Layer):
        """Its inner layers only ever see tensors of a compiled function."""

        def __init__(self) -> None:
            super().__init__(name="outer")
            self.embedding = keras.layers.Embedding(12, 4, mask_zero=True, name="embedding")
            self.reader = keras.layers.SimpleRNN(2, name="reader")
            import tensorflow as tf

            self.steps = tf.function(lambda ids: self.reader(self.embedding(ids)))

        def call(self, ids: Any) -> Any:
            return self.steps(ids)

    ids = tokens(keras, steps=6)
    report = trace(keras.Model(ids, Outer()(ids)))
    assert judge(report.trace).findings == report.findings
    assert report.exit_code() == 3
    assert report.faults == ()
    assert {finding.code for finding in report.findings} == {"MP901"}
    made = report.trace.by_path.get("outer/embedding")
    if made is not None:
        assert isinstance(made.outputs[0].mask, Unreadable)


@pytest.mark.parametrize("fail_on", list(FailOn))
def test_a_fault_beside_it_decides_the_exit_code(fail_on: FailOn, keras: Any) -> None:
    """Masks alone: the custom pooling cannot be told, and the convolution on the other branch is a warning."""
    pooling = custom_layers.make(keras)["MaskedPooling"](name="pooling")

    def change(h: Any) -> Any:
        return keras.layers.Concatenate()([pooling(h), rnn(keras)(keras.layers.Conv1D(3, 1, name="wide")(h))])

    report = trace(after_embedding(keras, change, read=False), replay=False)
    assert sorted(codes(report)) == [("MP101", "wide"), ("MP901", "pooling")]
    assert report.exit_code(fail_on) == (1 if fail_on in {FailOn.NOTE, FailOn.WARNING} else 3)
