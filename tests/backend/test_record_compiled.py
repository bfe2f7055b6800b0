"""`compiled=True`: the masks of the same model as `predict` runs it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from seen_masks import Tracing, codes, shown
from test_record_paths import TOKENS, tagger

from maskprobe.backend.engine import Engine
from maskprobe.mask_trace import ABSENT


def test_without_the_option_nothing_is_said_of_compiled_masks(engine: Engine, trace: Tracing) -> None:
    assert trace(tagger(engine), TOKENS).trace.compiled is None


@pytest.mark.slow
def test_an_ordinary_model_has_the_same_masks_compiled(engine: Engine, layers: Any, trace: Tracing) -> None:
    both = layers.Bidirectional(layers.LSTM(1, return_sequences=True), name="both")
    model = tagger(engine, layers.Dropout(0.5), both, layers.Conv1D(1, 1, name="conv"), layers.GRU(2))
    report = trace(model, TOKENS, compiled=True)
    assert report.trace.compiled == ()
    assert codes(report) == [("MP101", "conv")]


SENTENCES = np.array([[[1, 2, 0], [3, 0, 0]]])


def own_source(engine: Engine) -> Any:
    """tf_keras's TimeDistributed gives only its own classes all steps at once where the batch size is known."""

    class TokenVectors(engine.keras.layers.Layer):
        def build(self, shape: Any) -> None:  # noqa: ARG002 - Keras calls it so
            self.table = self.add_weight(name="table", shape=(4, 2), initializer="ones")

        def call(self, tokens: Any) -> Any:
            return tf.gather(tf.convert_to_tensor(self.table), tf.cast(tokens, "int32"))

        def compute_mask(self, tokens: Any, mask: Any = None) -> Any:  # noqa: ARG002 - Keras calls it so
            return tokens != 0

    return TokenVectors


def test_around_a_custom_source_tf_keras_time_distributed_has_a_mask_only_where_the_batch_is_unknown(
    trace: Tracing,
) -> None:
    tf_keras = pytest.importorskip("tf_keras")
    from maskprobe.backend.engine import get_engine

    tokens = tf_keras.Input((2, 3), dtype="int32", name="tokens")
    each = tf_keras.layers.TimeDistributed(own_source(get_engine("tf_keras"))(name="source"), name="each")
    model = tf_keras.Model(tokens, each(tokens))

    report = trace(model, SENTENCES, compiled=True)

    assert getattr(model(tf.constant(SENTENCES)), "_keras_mask", None) is None  # so does Keras itself
    assert report.trace.by_path["each"].outputs[0].mask is ABSENT
    [difference] = report.trace.compiled
    assert (difference.path, difference.output, difference.eager) == ("each", 0, ABSENT)
    np.testing.assert_array_equal(difference.compiled.values, SENTENCES != 0)
    finding = next(finding for finding in report.findings if finding.code == "MP113")
    assert finding.path == "each"
    assert "no mask; compiled, as in fit and predict, a mask with 3 padded steps" in finding.message


def test_calls_inside_time_distributed_see_one_step_or_all_and_are_not_compared(trace: Tracing) -> None:
    """Eagerly the inner layers run a step at a time, compiled on all steps at once: that is no difference."""
    tf_keras = pytest.importorskip("tf_keras")
    layers = tf_keras.layers

    class Sentence(layers.Layer):
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.emb = layers.Embedding(4, 2, mask_zero=True, name="emb")
            self.lstm = layers.LSTM(2, name="lstm")

        def call(self, tokens: Any) -> Any:
            return self.lstm(self.emb(tokens))

    tokens = tf_keras.Input((2, 3), dtype="int32", name="tokens")
    model = tf_keras.Model(tokens, layers.TimeDistributed(Sentence(name="sentence"), name="each")(tokens))
    report = trace(model, SENTENCES, compiled=True)
    assert report.trace.compiled == ()
    assert "MP113" not in [code for code, _ in codes(report)]


def test_running_compiled_leaves_the_state_of_the_model(engine: Engine, layers: Any, trace: Tracing) -> None:
    model = tagger(engine, layers.Dropout(0.5, seed=1), layers.LSTM(2))
    weights = [np.array(value) for value in model.get_weights()]
    variables = [np.array(value) for value in model.non_trainable_variables]
    trace(model, TOKENS, compiled=True)
    for before, after in zip(weights, model.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)
    for before, after in zip(variables, model.non_trainable_variables, strict=True):
        np.testing.assert_array_equal(before, np.array(after))


def test_the_eager_trace_is_the_same_with_and_without_the_option(engine: Engine, layers: Any, trace: Tracing) -> None:
    model = tagger(engine, layers.LSTM(2, return_sequences=True, name="lstm"))
    plain, compiled = trace(model, TOKENS), trace(model, TOKENS, compiled=True)
    assert [shown(call.outputs[0].mask) for call in plain.trace.calls] == [
        shown(call.outputs[0].mask) for call in compiled.trace.calls
    ]


def test_a_model_that_cannot_be_compiled_keeps_its_trace_and_says_so(
    engine: Engine, layers: Any, trace: Tracing
) -> None:
    built = False

    class EagerOnly(layers.Layer):
        def call(self, inputs: Any) -> Any:
            if built and tf.inside_function():
                raise ValueError("this layer runs eagerly only")
            return inputs

    layer = EagerOnly()
    layer.supports_masking = True
    model = engine.keras.Sequential([engine.keras.Input((4, 3)), layers.Masking(), layer])
    built = True
    report = trace(model, np.ones((2, 4, 3)), compiled=True)
    assert report.trace.compiled is None
    assert codes(report) == [("MP901", "")]
    assert "this layer runs eagerly only" in report.findings[0].message
    assert report.exit_code() == 3
