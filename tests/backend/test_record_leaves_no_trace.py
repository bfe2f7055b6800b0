"""A trace leaves the model, Keras and Python as they were, and costs one forward pass."""

from __future__ import annotations

import collections
import importlib
import warnings
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from own_layers import encoder_model
from seen_masks import Tracing, mask_after
from test_record_paths import TOKENS, tagger

from maskprobe.backend.engine import Engine


def snapshot(model: Any) -> Any:
    return [np.array(value) for value in model.get_weights()]


def hooks(engine: Engine) -> Any:
    """Everything that a trace puts something in the place of."""
    owners = [engine.layer_class]
    names = ["__call__", "_get_input_masks", "compute_mask"]
    if engine.info.name == "keras":
        owners.append(engine.keras.Operation)
    else:
        owners += [importlib.import_module("tf_keras.src.engine.functional").Functional, engine.keras.Sequential]
    found = [vars(owner).get(name) for owner in owners for name in names]
    callbacks = importlib.import_module("tensorflow.python.framework.op_callbacks")
    return [*found, callbacks.should_invoke_op_callbacks()]


def test_weights_and_outputs_are_the_same_afterwards(engine: Engine, layers: Any, trace: Tracing) -> None:
    model = tagger(engine, layers.BatchNormalization(), layers.Dropout(0.5), layers.LSTM(2))
    weights, out = snapshot(model), np.array(model(TOKENS, training=False))
    trace(model, TOKENS)
    for before, after in zip(weights, snapshot(model), strict=True):
        np.testing.assert_array_equal(before, after)
    np.testing.assert_array_equal(np.array(model(TOKENS, training=False)), out)


def test_a_compiled_model_can_be_trained_on_afterwards_as_if_nothing_had_been(
    engine: Engine, layers: Any, trace: Tracing
) -> None:
    model = tagger(engine, layers.Dense(1, name="d"))
    model.compile(loss="mse", optimizer="sgd")
    report = trace(model, TOKENS)
    assert report.trace.loss.losses == ("mse",)
    nodes = len(model.get_layer("d")._inbound_nodes)
    model.fit(TOKENS, np.zeros((2, 4, 1)), epochs=1, verbose=0)
    assert len(model.get_layer("d")._inbound_nodes) == nodes


def test_the_states_of_a_stateful_layer_stay(engine: Engine, layers: Any, trace: Tracing) -> None:
    keras = engine.keras
    tokens = keras.Input(batch_shape=(2, 4), dtype="int32", name="tokens")
    lstm = layers.LSTM(2, stateful=True, name="lstm")
    model = keras.Model(tokens, lstm(layers.Embedding(4, 2, mask_zero=True, name="emb")(tokens)))
    model(TOKENS)
    before = [np.array(state) for state in lstm.states]
    assert np.abs(before[0]).max() > 0
    trace(model, TOKENS)
    for old, new in zip(before, lstm.states, strict=True):
        np.testing.assert_array_equal(old, np.array(new))


def test_the_seeds_of_random_layers_stay(engine: Engine, layers: Any, trace: Tracing) -> None:
    noise = layers.Dropout(0.5, seed=3)
    model = tagger(engine, noise, layers.GaussianNoise(1.0, seed=4))
    before = [np.array(variable) for variable in model.non_trainable_variables]
    trace(model, TOKENS)
    for old, variable in zip(before, model.non_trainable_variables, strict=True):
        np.testing.assert_array_equal(old, np.array(variable))


def test_statistics_of_normalization_stay(engine: Engine, layers: Any, trace: Tracing) -> None:
    norm = layers.BatchNormalization(name="norm")
    model = tagger(engine, norm)
    trace(model, TOKENS)
    np.testing.assert_array_equal(np.array(norm.moving_mean), np.zeros(2))


def test_the_methods_of_keras_are_put_back(engine: Engine, layers: Any, trace: Tracing) -> None:
    before = hooks(engine)
    trace(tagger(engine, layers.LSTM(2)), TOKENS)
    assert hooks(engine) == before


class OnPurposeError(Exception):
    """Raised by a layer on purpose."""


def failing_model(engine: Engine) -> Any:
    layers = engine.keras.layers

    class Failing(layers.Layer):
        armed = False

        def call(self, x: Any) -> Any:
            if self.armed:
                raise OnPurposeError("on purpose")
            return x

    layer = Failing(name="failing")
    model = tagger(engine, layers.Dense(2, name="before"), layer, layers.Dense(2, name="after"))
    layer.armed = True
    return model


def test_after_a_run_that_raises_everything_is_put_back_too(engine: Engine, trace: Tracing) -> None:
    model = failing_model(engine)
    before, filters, show = hooks(engine), list(warnings.filters), warnings.showwarning
    report = trace(model, TOKENS)
    assert report.trace.failure == "failing"
    assert hooks(engine) == before
    assert warnings.filters == filters
    assert warnings.showwarning is show


def test_after_a_subclassed_model_raises_op_callbacks_are_gone(engine: Engine, layers: Any, trace: Tracing) -> None:
    class Raises(engine.keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.dense = layers.Dense(2, name="dense")
            self.armed = False

        def call(self, x: Any) -> Any:
            h = self.dense(x)
            if self.armed:
                raise OnPurposeError("on purpose")
            return h * 2.0

    model = Raises()
    model(np.ones((1, 3, 2), "float32"))
    model.armed = True
    before = hooks(engine)
    with pytest.raises(Exception, match="on purpose"):
        trace(model, np.ones((1, 3, 2), "float32"))
    assert hooks(engine) == before


def test_warning_filters_are_put_back_and_warnings_of_the_run_are_not_shown(
    engine: Engine, layers: Any, trace: Tracing
) -> None:
    model = tagger(engine, layers.Conv1D(2, 1, name="conv"))
    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("always")
        filters = list(warnings.filters)
        trace(model, TOKENS)
        assert warnings.filters == filters
    assert not [line for line in shown if "mask" in str(line.message)]


def count_calls(model: Any, layers_of_model: Any) -> Any:
    """Count how often the `call` of each layer runs."""
    counts = collections.Counter()
    for layer in layers_of_model:

        def counting(*args: Any, _name: Any = layer.name, _call: Any = layer.call, **kwargs: Any) -> Any:
            counts[_name] += 1
            return _call(*args, **kwargs)

        layer.call = counting
    assert model.built
    return counts


def test_a_trace_costs_one_forward_pass(engine: Engine, layers: Any, trace: Tracing) -> None:
    shared = layers.Dense(2, name="shared")
    inner = engine.keras.Sequential([layers.Dense(2, name="inner_dense")], name="inner")
    model = tagger(engine, shared, layers.LayerNormalization(name="norm"), shared, inner, layers.Conv1D(2, 1, name="c"))
    counted = [*(model.get_layer(name) for name in ("emb", "norm", "c")), shared]
    counts = count_calls(model, counted)

    tf.config.run_functions_eagerly(False)
    trace(model, TOKENS, replay=False)

    assert counts == {"emb": 1, "norm": 1, "c": 1, "shared": 2}


def test_replays_call_each_layer_of_a_clean_model_three_times(engine: Engine, layers: Any, trace: Tracing) -> None:
    """Once in the run, once on all noise, once in a run of the whole model with other padding."""
    model = tagger(engine, layers.Dense(2, name="dense"), layers.LayerNormalization(name="norm"))
    counts = count_calls(model, [model.get_layer(name) for name in ("emb", "dense", "norm")])
    assert trace(model, TOKENS).findings == ()
    assert counts == {"emb": 2, "dense": 3, "norm": 3}  # an Embedding reads ids, which get no noise


def test_a_trace_of_a_subclassed_model_costs_one_forward_pass(engine: Engine, trace: Tracing) -> None:
    model = encoder_model(engine)
    model(TOKENS)
    counts = count_calls(model, [model.emb, model.lstm, model.head])
    trace(model, TOKENS, replay=False)
    assert counts == {"emb": 1, "lstm": 1, "head": 1}


def test_two_traces_of_one_model_are_equal(engine: Engine, layers: Any, trace: Tracing) -> None:
    model = tagger(engine, layers.LSTM(2, return_sequences=True, name="lstm"), layers.Flatten(name="flat"))
    first, second = trace(model), trace(model)
    assert first.findings == second.findings
    assert [call.path for call in first.trace.calls] == [call.path for call in second.trace.calls]
    assert mask_after(first, "lstm") == mask_after(second, "lstm")
