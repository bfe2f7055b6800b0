"""What maskprobe relies on in both engines beyond their documented face.

If one of these fails on a new Keras, the recorder sees the wrong things there: look at backend/ first.
"""

from __future__ import annotations

import importlib
import inspect
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from seen_masks import Tracing, shown
from test_facts_sources import embedding_model

from maskprobe.backend.engine import Engine, replaced
from maskprobe.backend.tensors import MaskReader, attached_mask

TOKENS = tf.constant([[1, 2, 0, 0]])


class Watcher:
    """A CallObserver that notes what it is told."""

    def __init__(self) -> None:
        self.entered, self.got, self.left = [], [], []

    def enter(self, layer: Any, args: Any, kwargs: Any) -> Any:  # noqa: ARG002 - the face of an observer
        self.entered.append(layer.name)
        return layer.name

    def received(self, layer: Any, masks: Any) -> None:
        self.got.append((layer.name, {name: shown(MaskReader().read(mask)) for name, mask in masks.items()}))

    def leave(self, token: Any, outputs: Any) -> Any:
        self.left.append(token)
        return outputs

    def fail(self, token: Any, error: Any) -> None:
        raise AssertionError((token, error))


def test_masks_are_kept_in_the_attribute_keras_mask_of_eager_tensors(layers: Any) -> None:
    out = layers.Embedding(4, 2, mask_zero=True)(TOKENS)
    np.testing.assert_array_equal(np.array(out._keras_mask), [[True, True, False, False]])
    assert attached_mask(layers.Conv1D(2, 1)(out)) is None


def test_symbolic_tensors_have_the_attribute_too(engine: Engine, layers: Any) -> None:
    tokens = engine.keras.Input((3,), dtype="int32")
    assert attached_mask(tokens) is None
    assert attached_mask(layers.Embedding(4, 2, mask_zero=True)(tokens)) is not None


def test_a_layer_receives_the_mask_of_its_input_where_the_engine_looks(engine: Engine, layers: Any) -> None:
    embedded = layers.Embedding(4, 2, mask_zero=True, name="emb")(TOKENS)
    lstm, dense = layers.LSTM(2, return_sequences=True, name="lstm"), layers.Dense(2, name="dense")
    lstm(embedded), dense(embedded)  # build them
    watcher = Watcher()
    with engine.observe(watcher):
        dense(lstm(embedded))
    masks = {name: given for name, given in watcher.got if given}
    assert masks["lstm"] == {"mask": ("TTFF",)}
    assert "dense" not in masks  # its `call` takes none
    assert watcher.entered[0] == "lstm"
    assert watcher.entered[-1] == "dense"
    assert sorted(watcher.left) == sorted(watcher.entered)


def test_a_mask_given_by_hand_is_what_the_layer_receives(engine: Engine, layers: Any) -> None:
    embedded = layers.Embedding(4, 2, mask_zero=True)(TOKENS)
    lstm = layers.LSTM(2, name="lstm")
    watcher = Watcher()
    with engine.observe(watcher):
        lstm(embedded, mask=tf.constant([[True, False, True, True]]))
    named = [given for name, given in watcher.got if name == "lstm"]
    assert all(given["mask"] == ("TFTT",) for given in named if given)
    if engine.info.name == "keras":
        assert len(named) == 1


def test_a_functional_model_calls_its_nodes_in_the_order_of_functional_graph(engine: Engine, layers: Any) -> None:
    tokens = engine.keras.Input((None,), dtype="int32", name="tokens")
    a = layers.Embedding(4, 2, mask_zero=True, name="a")(tokens)
    shared = layers.Dense(2, name="shared")
    left, right = shared(a), layers.Dropout(0.1, name="right")(a)
    out = layers.Add(name="out")([left, shared(layers.ReLU(name="late")(right))])
    model = engine.keras.Model(tokens, out, name="order")
    graph = engine.functional_graph(model)
    watcher = Watcher()
    with engine.observe(watcher):
        model(TOKENS)
    expected = [node.operation.name for node in graph.nodes]
    assert watcher.entered == ["order", *expected]
    assert [node.index for node in graph.nodes if node.operation is shared] == [0, 1]


def test_a_sequential_model_has_a_functional_graph_once_built(engine: Engine, layers: Any) -> None:
    model = engine.keras.Sequential([layers.Dense(2, name="a"), layers.Dense(3, name="b")])
    assert engine.functional_graph(model) is None
    model.build((None, 4, 2))
    graph = engine.functional_graph(model)
    assert [node.operation.name for node in graph.nodes] == ["a", "b"]


def test_a_subclass_with_a_call_of_its_own_has_no_functional_graph(engine: Engine, layers: Any) -> None:
    class Own(engine.keras.Model):
        def __init__(self, tokens: Any, out: Any) -> None:
            super().__init__(tokens, out)

        def call(self, inputs: Any) -> Any:
            return super().call(inputs)

    tokens = engine.keras.Input((3,))
    assert engine.functional_graph(Own(tokens, layers.Dense(2)(tokens))) is None


def test_layers_can_be_flattened_in_both_engines(engine: Engine, layers: Any) -> None:
    model = embedding_model(engine, layers.Bidirectional(layers.LSTM(2, name="inner"), name="both"))
    names = [layer.name for layer in model._flatten_layers(include_self=True)]
    assert names[0] == model.name
    assert {"emb", "both", "forward_inner"} <= set(names)


def test_attention_takes_masks_off_its_inputs_from_keras_3_8_on(layers: Any, minor: int | None) -> None:
    embedded = layers.Embedding(4, 4, mask_zero=True)(TOKENS)
    layers.MultiHeadAttention(1, 4)(embedded, embedded)
    assert (attached_mask(embedded) is None) == (minor is not None and minor >= 8)


def test_dropout_at_inference_returns_its_input_itself_in_keras_3(engine: Engine, layers: Any) -> None:
    value = tf.ones((1, 2, 3))
    out = layers.Dropout(0.5)(value, training=False)
    assert (out is value) == (engine.info.name == "keras")


def test_op_callbacks_of_tensorflow_tell_of_eager_ops() -> None:
    callbacks = importlib.import_module("tensorflow.python.framework.op_callbacks")
    seen = []

    def note(op_type: Any, inputs: Any, attrs: Any, outputs: Any, op_name: Any = None, graph: Any = None) -> None:  # noqa: ARG001, PLR0913, PLR0917 - its face
        seen.append((op_type, [tensor.shape.rank for tensor in inputs], outputs))

    value = tf.ones((2, 3))
    callbacks.add_op_callback(note)
    try:
        doubled = value * 2.0
    finally:
        callbacks.remove_op_callback(note)
    assert ("Mul", [2, 0]) in [(name, ranks) for name, ranks, _ in seen]
    outputs = next(outputs for name, _, outputs in seen if name == "Mul")
    assert outputs[0] is doubled  # the very tensor, so that its number is known later
    value + value
    assert all(name != "AddV2" for name, *_ in seen)


def test_replaced_puts_the_method_back_even_after_an_error(engine: Engine) -> None:
    before = engine.layer_class.__dict__["__call__"]

    def fail() -> None:
        with replaced(engine.layer_class, "__call__", lambda _: None):
            assert engine.layer_class.__dict__["__call__"] is None
            raise ValueError("boom")

    with pytest.raises(ValueError, match="boom"):
        fail()
    assert engine.layer_class.__dict__["__call__"] is before


def test_every_hook_of_keras_3_is_where_it_is_put() -> None:
    keras = pytest.importorskip("keras")
    assert "__call__" in vars(keras.layers.Layer)
    assert "__call__" in vars(keras.Operation)
    function = importlib.import_module("keras.src.ops.function").Function
    source = inspect.getsource(function._run_through_graph)
    assert "_nodes_by_depth" in source
    functional = importlib.import_module("keras.src.models.functional").Functional
    assert issubclass(functional, function)
    assert "_run_through_graph" in inspect.getsource(functional.call)


def test_every_hook_of_tf_keras_is_where_it_is_put() -> None:
    tf_keras = pytest.importorskip("tf_keras")
    base = tf_keras.layers.Layer
    assert {"__call__", "_get_input_masks"} <= set(vars(base))
    functional = importlib.import_module("tf_keras.src.engine.functional").Functional
    assert "compute_mask" in vars(functional)
    assert "compute_mask" in vars(tf_keras.Sequential)
    assert "_run_internal_graph" in inspect.getsource(functional.call)
    assert list(inspect.signature(base._get_input_masks).parameters)[1:] == ["inputs", "input_list", "args", "kwargs"]


def test_compute_mask_of_a_nested_tf_keras_model_runs_its_graph_again_and_that_is_not_recorded(trace: Tracing) -> None:
    tf_keras = pytest.importorskip("tf_keras")
    layers = tf_keras.layers
    values = tf_keras.Input((None, 2))
    inner = tf_keras.Model(values, layers.Dense(2, name="dense")(values), name="inner")
    tokens = tf_keras.Input((None,), dtype="int32", name="tokens")
    model = tf_keras.Model(tokens, inner(layers.Embedding(4, 2, mask_zero=True, name="emb")(tokens)))
    report = trace(model, TOKENS.numpy())
    assert [call.path for call in report.trace.calls if "dense" in call.path] == ["inner/dense"]


def test_names_of_operations_in_h5_files_are_classes_that_keras_can_make_from_their_config() -> None:
    keras = pytest.importorskip("keras")
    from maskprobe.backend.engine import get_engine

    made = get_engine("keras").operation_classes()
    assert {"NotEqual", "Any", "ExpandDims", "GetItem", "Multiply", "Add"} <= set(made)
    assert all(hasattr(value, "from_config") for value in made.values())
    operation = made["Multiply"].from_config({})
    assert isinstance(operation, keras.Operation)
    assert not isinstance(operation, keras.layers.Layer)
    layer = keras.layers.Multiply(name="both")
    again = made["Multiply"].from_config(layer.get_config())
    assert isinstance(again, keras.layers.Multiply)
