"""The graph read from a file is the graph that the live model's own nodes tell, on both engines."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from maskprobe.archive import LayerGraph, TensorRef, parse_graph, read_archive


@pytest.fixture(params=["keras", "tf_keras"], scope="module")
def keras(request: pytest.FixtureRequest) -> Any:
    return importlib.import_module(request.param)


def inner_model(keras: Any) -> Any:
    tokens = keras.Input((5,), name="inner_in")
    x = keras.layers.Embedding(9, 4, mask_zero=True, name="emb")(tokens)
    return keras.Model(tokens, keras.layers.LSTM(3, return_sequences=True, name="inner_lstm")(x), name="inner")


def shared_nested(keras: Any) -> Any:
    a, b, inner = keras.Input((5,), name="a"), keras.Input((5,), name="b"), inner_model(keras)
    return keras.Model([b, a], keras.layers.Concatenate(name="cat")([inner(a), inner(b)]))


def nested_at_output(keras: Any) -> Any:
    """The second call is an output and the first is read: the two number their calls differently in Keras 3."""
    a, b, inner = keras.Input((5,), name="a"), keras.Input((5,), name="b"), inner_model(keras)
    x, y = inner(a), inner(b)
    return keras.Model([a, b], [keras.layers.Dense(2, name="d")(x), y])


def nested_read_twice_with_the_first_an_output(keras: Any) -> Any:
    a, b, inner = keras.Input((5,), name="a"), keras.Input((5,), name="b"), inner_model(keras)
    x, y = inner(a), inner(b)
    return keras.Model([a, b], [keras.layers.Add(name="sum")([x, y]), x])


def nested_called_elsewhere_too(keras: Any) -> Any:
    a, inner = keras.Input((5,), name="a"), inner_model(keras)
    inner(keras.Input((5,), name="other"))
    return keras.Model(a, keras.layers.Dense(2, name="d")(inner(a)))


def nested_sequential(keras: Any) -> Any:
    a = keras.Input((5,), name="a")
    inner = keras.Sequential([keras.layers.Embedding(9, 4, name="e"), keras.layers.Dense(2, name="d")], name="seq")
    return keras.Model(a, keras.layers.LSTM(2, name="l")(inner(a)))


def nested_sequential_with_input(keras: Any) -> Any:
    a, b = keras.Input((5,), name="a"), keras.Input((5,), name="b")
    inner = keras.Sequential([keras.Input((5,)), keras.layers.Embedding(9, 4, name="e")], name="seq")
    return keras.Model([a, b], [inner(b), keras.layers.Add(name="sum")([inner(a), inner(b)])])


def shared_layer(keras: Any) -> Any:
    a, dense = keras.Input((5, 3), name="a"), keras.layers.Dense(3, name="d")
    norm = keras.layers.LayerNormalization(name="n")
    return keras.Model(a, [dense(norm(dense(norm(a)))), dense(a)])


def layer_shared_with_another_model(keras: Any) -> Any:
    a, dense = keras.Input((5, 3), name="a"), keras.layers.Dense(3, name="d")
    dense(keras.Input((5, 3), name="other"))
    x = dense(a)
    dense(keras.Input((5, 3), name="another"))
    return keras.Model(a, keras.layers.Add(name="sum")([x, dense(x)]))


def states(keras: Any) -> Any:
    a = keras.Input((5, 3), name="a")
    x, h, c = keras.layers.LSTM(3, return_state=True, return_sequences=True, name="enc")(a)
    y = keras.layers.LSTM(3, return_sequences=True, name="dec")(a, initial_state=[h, c])
    return keras.Model(a, [keras.layers.MultiHeadAttention(2, 2, name="mha")(x, value=y, key=a), h])


def wired_mask(keras: Any) -> Any:
    a, m = keras.Input((5, 3), name="a"), keras.Input((5,), dtype="bool", name="m")
    return keras.Model({"x": a, "m": m}, {"o": keras.layers.LSTM(3, name="l")(a, mask=m)})


def operators(keras: Any) -> Any:
    a, b = keras.Input((5, 3), name="a"), keras.Input((5, 3), name="b")
    x = (a + b) * 2.0
    x = 1 - x[:, 1:, ::2]
    return keras.Model([a, b], x / b[:, 1:, ::2])


def order_of_the_file_is_not_that_of_the_calls(keras: Any) -> Any:
    a = keras.Input((5, 3), name="a")
    first, second = keras.layers.Dense(3, name="first"), keras.layers.Dense(3, name="second")
    return keras.Model(a, first(second(first(second(a)))))


MODELS: list[Callable[[Any], Any]] = [
    shared_nested,
    nested_at_output,
    nested_read_twice_with_the_first_an_output,
    nested_called_elsewhere_too,
    nested_sequential,
    nested_sequential_with_input,
    shared_layer,
    layer_shared_with_another_model,
    states,
    wired_mask,
    operators,
    order_of_the_file_is_not_that_of_the_calls,
]


def call_numbers(model: Any) -> dict[tuple[int, int], int]:
    """For each layer and node of the model which of the layer's calls in this model it is."""
    mine = {id(node) for nodes in model._nodes_by_depth.values() for node in nodes}
    return {
        (id(layer), place): number
        for layer in layers_of(model)
        for number, place in enumerate(p for p, node in enumerate(layer._inbound_nodes) if id(node) in mine)
    }


def layers_of(model: Any) -> list[Any]:
    """The model's layers, in Keras 3 with its operations."""
    return getattr(model, "operations", None) or model.layers


def live_calls(model: Any) -> dict[tuple[str, int], list[str]]:
    """Every call of the model with the tensors it reads, told by the model's own nodes."""
    numbers, found = call_numbers(model), {}
    for layer in layers_of(model):
        for place, node in enumerate(layer._inbound_nodes):
            if (id(layer), place) in numbers and not node.is_input:
                tensors = [live_tensor(x, numbers) for x in inputs_of(node)]
                found[layer.name, numbers[id(layer), place]] = sorted(map(repr, tensors))
    return found


def inputs_of(node: Any) -> list[Any]:
    return getattr(node, "keras_inputs", None) or node.input_tensors


def live_tensor(tensor: Any, numbers: dict[tuple[int, int], int]) -> TensorRef:
    layer, place, output = tensor._keras_history[:3]
    return TensorRef(layer.name, numbers[id(layer), place], output)


def read_calls(graph: LayerGraph) -> dict[tuple[str, int], list[str]]:
    return {(call.layer, call.index): sorted(map(repr, call.reads())) for call in graph.calls}


def formats(keras: Any, build: Callable[[Any], Any]) -> Iterator[str]:
    yield from ("live", ".keras", ".h5")
    if keras.__name__ == "tf_keras" and build in (shared_nested, wired_mask, operators):
        yield "folder"


def graph_in(model: Any, form: str, folder: Path) -> LayerGraph:
    if form == "live":
        return parse_graph({"class_name": type(model).__name__, "config": model.get_config()})
    path = folder / f"model{form}" if form != "folder" else folder / "model"
    model.save(path, **({"save_format": "tf"} if form == "folder" else {}))
    return read_archive(path).graph


@pytest.mark.parametrize("build", MODELS, ids=lambda build: build.__name__)
def test_graph_is_that_of_the_live_model(build: Callable[[Any], Any], keras: Any, tmp_path: Path) -> None:
    model = build(keras)
    numbers = call_numbers(model)
    for form in formats(keras, build):
        graph = graph_in(model, form, tmp_path)
        assert read_calls(graph) == live_calls(model), form
        assert [given.name for given in graph.inputs] == [x._keras_history[0].name for x in model.inputs]
        assert [given.shape for given in graph.inputs] == [tuple(x.shape) for x in model.inputs]
        assert list(graph.outputs) == [live_tensor(x, numbers) for x in model.outputs], form
        assert_in_order(graph)


def assert_in_order(graph: LayerGraph) -> None:
    given = {found.tensor.layer for found in graph.inputs}
    seen: set[tuple[str, int]] = set()
    for call in graph.calls:
        assert all(x.layer in given or (x.layer, x.call) in seen for x in call.reads())
        seen.add((call.layer, call.index))
