"""Runs that do not reach their end, and masks that cannot be read."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from seen_masks import Saving, Tracing, codes, mask_after
from test_record_paths import MASK, TOKENS, tagger
from typer.testing import CliRunner

from maskprobe.backend.engine import Engine
from maskprobe.cli.app import app
from maskprobe.errors import RunError, UsageError
from maskprobe.mask_trace import Unreadable


def softmax_over_time(engine: Engine) -> Any:
    """Builds and saves, and fails when it runs: a (B, T) mask does not fit (B, T, 1) scores."""
    layers = engine.keras.layers
    return tagger(
        engine,
        layers.Dense(1, name="scores"),
        layers.Softmax(axis=1, name="weights"),
        layers.Dense(2, name="after"),
        name="softmax_over_time",
        length=4,
    )


@pytest.mark.parametrize("suffix", [None, ".keras", ".h5"])
def test_a_call_that_fails_ends_the_trace_there_and_cannot_be_called_clean(
    engine: Engine, trace: Tracing, save: Saving, suffix: str | None
) -> None:
    model = softmax_over_time(engine)
    report = trace(save(model, suffix) if suffix else model, TOKENS)

    assert report.trace.failure == "weights"
    assert report.trace.by_path["weights"].error
    assert report.events["weights"].words == "failed"
    assert mask_after(report, "scores") == MASK
    assert "after" not in report.trace.by_path
    assert codes(report) == [("MP901", "weights")]
    assert report.findings[0].unchecked
    assert report.exit_code() == 3


def test_the_command_line_ends_with_3_after_a_failing_call(engine: Engine, save: Saving) -> None:
    result = CliRunner().invoke(app, ["trace", str(save(softmax_over_time(engine))), "-q"])
    assert result.exit_code == 3
    assert "MP901" in result.output
    assert "Traceback" not in result.output


def test_a_fault_before_the_failing_call_is_still_found(engine: Engine, layers: Any, trace: Tracing) -> None:
    class Failing(layers.Layer):
        armed = False

        def call(self, x: Any) -> Any:
            if self.armed:
                raise ValueError("cannot go on")
            return x

    last = Failing(name="last")
    model = tagger(engine, layers.Conv1D(2, 1, name="conv"), last)
    last.armed = True
    report = trace(model, TOKENS)
    assert codes(report) == [("MP101", "conv"), ("MP901", "last")]
    assert "cannot go on" in report.trace.by_path["last"].error
    assert report.exit_code() == 1  # a fault wins over what was not checked


def test_a_failure_in_a_nested_model_names_the_inner_call(engine: Engine, layers: Any, trace: Tracing) -> None:
    class Failing(layers.Layer):
        armed = False

        def call(self, x: Any) -> Any:
            if self.armed:
                raise ValueError("cannot go on")
            return x

    last = Failing(name="last")
    values = engine.keras.Input((None, 2))
    inner = engine.keras.Model(values, last(layers.Dense(2, name="d")(values)), name="inner")
    model = tagger(engine, inner)
    last.armed = True
    report = trace(model, TOKENS)
    assert report.trace.failure == "inner/last"
    assert report.trace.by_path["inner"].error
    assert mask_after(report, "inner/d") == MASK


def test_inputs_that_do_not_fit_the_model_are_an_error_of_one_line(engine: Engine, layers: Any, trace: Tracing) -> None:
    model = tagger(engine, layers.Dense(2), length=4)
    with pytest.raises((RunError, UsageError)) as caught:
        trace(model, np.zeros((2, 7), "int32"))
    assert "\n" not in str(caught.value)


def test_masks_made_in_a_tf_function_cannot_be_read_and_the_report_says_so(
    engine: Engine, layers: Any, trace: Tracing
) -> None:
    class Compiled(engine.keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.emb = layers.Embedding(4, 2, mask_zero=True, name="emb")
            self.lstm = layers.LSTM(2, return_sequences=True, name="lstm")

        @tf.function
        def call(self, tokens: Any) -> Any:
            return self.lstm(self.emb(tokens))

    model = Compiled()
    model(tf.constant(TOKENS, "int32"))

    report = trace(model, TOKENS.astype("int32"))

    seen = report.trace.by_path.get("emb")
    if seen is not None:  # traced anew: the calls are seen, the values are not
        assert isinstance(seen.outputs[0].mask, Unreadable)
    assert {code for code, _ in codes(report)} == {"MP901"}
    assert report.exit_code() == 3


def test_a_layer_whose_call_is_a_tf_function_hides_what_is_inside_but_not_its_own_mask(
    engine: Engine, layers: Any, trace: Tracing
) -> None:
    class Part(layers.Layer):
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.supports_masking = True
            self.dense = layers.Dense(2, name="dense")

        @tf.function
        def call(self, x: Any) -> Any:
            return self.dense(x)

        def compute_output_shape(self, shape: Any) -> Any:
            return shape

    report = trace(tagger(engine, Part(name="part"), layers.LSTM(2, name="lstm")), TOKENS)
    assert mask_after(report, "part") == MASK
    assert not report.faults
