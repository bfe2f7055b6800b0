"""The config layouts of Keras 1 to 3, by hand, and what each gives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from maskprobe.archive import GraphCall, GraphInput, ModelKind, TensorRef, parse_graph
from maskprobe.archive.generation import tell_generation
from maskprobe.errors import UnreadableModelError


def old(class_name: str, name: str, **config: Any) -> dict[str, Any]:
    return {"class_name": class_name, "config": {"name": name, **config}}


def node(entry: dict[str, Any], *inbound: Any) -> dict[str, Any]:
    return {**entry, "name": entry["config"]["name"], "inbound_nodes": list(inbound)}


def functional(layers: list[Any], inputs: Any, outputs: Any, name: str = "m") -> dict[str, Any]:
    config = {"name": name, "layers": layers, "input_layers": inputs, "output_layers": outputs}
    return {"class_name": "Model", "config": config}


def source(name: str = "a", *shape: int | None) -> dict[str, Any]:
    return node(old("InputLayer", name, batch_input_shape=[None, *shape], dtype="int32"))


def tensor(name: str, call: int = 0, output: int = 0) -> dict[str, Any]:
    config = {"shape": [None, 5], "dtype": "float32", "keras_history": [name, call, output]}
    return {"class_name": "__keras_tensor__", "config": config}


# --- Sequential ---------------------------------------------------------------------------------------------


def test_bare_list_with_an_input_shape_on_the_first_layer() -> None:
    layers = [old("Embedding", "e", batch_input_shape=[None, 5], mask_zero=True), old("LSTM", "l")]
    graph = parse_graph({"class_name": "Sequential", "config": layers})
    assert graph.kind is ModelKind.SEQUENTIAL
    assert graph.inputs == (GraphInput("e_input", (None, 5), None, TensorRef("e_input")),)
    assert graph.calls == (GraphCall("e", 0, (TensorRef("e_input"),)), GraphCall("l", 0, (TensorRef("e"),)))
    assert graph.outputs == (TensorRef("l"),)
    assert graph.name == "sequential"


def test_input_layer_of_a_sequential_is_the_input_and_no_call() -> None:
    layers = [old("InputLayer", "in", batch_shape=[None, 5], dtype="int32"), old("Embedding", "e")]
    graph = parse_graph({"class_name": "Sequential", "config": {"name": "s", "layers": layers}})
    assert graph.inputs == (GraphInput("in", (None, 5), "int32", TensorRef("in")),)
    assert [call.layer for call in graph.calls] == ["e"]


def test_sequential_without_a_shape_has_no_inputs_and_its_first_call_reads_nothing() -> None:
    graph = parse_graph({"class_name": "Sequential", "config": {"layers": [old("LSTM", "l"), old("Dense", "d")]}})
    assert graph.inputs == ()
    assert [call.inputs for call in graph.calls] == [(), (TensorRef("l"),)]


def test_build_input_shape_stands_in_for_an_input_layer() -> None:
    config = {"layers": [old("LSTM", "l")], "build_input_shape": {"class_name": "TensorShape", "items": [None, 5, 3]}}
    assert parse_graph({"class_name": "Sequential", "config": config}).inputs[0].shape == (None, 5, 3)


def test_sequential_that_starts_with_a_model_takes_its_input() -> None:
    inner = {"class_name": "Sequential", "config": {"name": "i", "layers": [old("LSTM", "l", batch_shape=[2, 5, 3])]}}
    graph = parse_graph({"class_name": "Sequential", "config": {"layers": [inner, old("Dense", "d")]}})
    assert graph.inputs == (GraphInput("i_input", (2, 5, 3), None, TensorRef("i_input")),)
    assert graph.calls[0] == GraphCall("i", 0, (TensorRef("i_input"),))


def test_empty_sequential_has_nothing() -> None:
    graph = parse_graph({"class_name": "Sequential", "config": {"name": "s", "layers": []}})
    assert (graph.layers, graph.calls, graph.inputs, graph.outputs) == ({}, (), (), ())


def test_keras_1_merge_of_two_branches() -> None:
    def branch(name: str) -> dict[str, Any]:
        return {"class_name": "Sequential", "config": [old("LSTM", name, batch_input_shape=[None, 5, 3], output_dim=4)]}

    merge = old("Merge", "merge_1", mode="concat", layers=[branch("x"), branch("y")])
    graph = parse_graph({"class_name": "Sequential", "config": [merge, old("Dense", "d", output_dim=1)]})
    assert [given.name for given in graph.inputs] == ["x_input", "y_input"]
    assert [(call.layer, call.inputs) for call in graph.calls] == [
        ("sequential_1", (TensorRef("x_input"),)),
        ("sequential_2", (TensorRef("y_input"),)),
        ("merge_1", (TensorRef("sequential_1"), TensorRef("sequential_2"))),
        ("d", (TensorRef("merge_1"),)),
    ]
    assert graph.outputs == (TensorRef("d"),)
    assert graph.layers["sequential_1"].model is not None


# --- functional ---------------------------------------------------------------------------------------------


def test_keras_2_keyword_tensors_constants_and_values() -> None:
    keywords = {"y": ["a", 0, 0], "name": None, "axis": [1, 2], "words": ["x", "y", "z"], "deep": [{"k": ["a", 0, 0]}]}
    layers = [source("a", 5), node(old("TFOpLambda", "op", function="f"), ["_CONSTANT_VALUE", -1, 1.5, keywords])]
    (call,) = parse_graph(functional(layers, [["a", 0, 0]], [["op", 0, 0]])).calls
    assert call.inputs == ()
    a = TensorRef("a")
    assert call.keywords == {
        "0": 1.5,
        "y": a,
        "name": None,
        "axis": [1, 2],
        "words": ["x", "y", "z"],
        "deep": [{"k": a}],
    }
    assert list(call.reads()) == [a, a]


def test_keras_2_tensors_of_a_dict_come_by_sorted_key() -> None:
    layers = [source("a", 5), source("b", 5), node(old("Mine", "x"), {"q": ["b", 0, 0, {}], "k": ["a", 0, 0, {}]})]
    graph = parse_graph(functional(layers, {"z": ["a", 0, 0], "c": ["b", 0, 0]}, ["x", 0, 0]))
    assert graph.calls[0].inputs == (TensorRef("a"), TensorRef("b"))
    assert [given.name for given in graph.inputs] == ["b", "a"]


def test_tuples_as_saved_models_write_them_are_lists() -> None:
    def saved(*items: Any) -> dict[str, Any]:
        return {"class_name": "__tuple__", "items": list(items)}

    entry = old("InputLayer", "a", batch_input_shape=saved(None, 5))
    layers = [node(entry), node(old("Dense", "d"), [["a", 0, 0, {"at": saved(1, 2)}]])]
    graph = parse_graph(functional(layers, [["a", 0, 0]], [["d", 0, 0]]))
    assert graph.inputs[0].shape == (None, 5)
    assert graph.calls[0].keywords == {"at": [1, 2]}


def test_keras_3_arguments_and_wired_masks() -> None:
    inbound = {
        "args": [[tensor("a"), tensor("b")], {"class_name": "__slice__", "config": {"start": 1}}, None],
        "kwargs": {"mask": tensor("m"), "states": [tensor("a"), None], "training": False},
    }
    layers = [source("a", 5), source("b", 5), source("m", 5), node(old("Mine", "x"), inbound)]
    graph = parse_graph(functional(layers, [["a", 0, 0], ["b", 0, 0], ["m", 0, 0]], ["x", 0, 1]))
    (call,) = graph.calls
    assert call.inputs == (TensorRef("a"), TensorRef("b"))
    assert call.mask_wires() == {"mask": TensorRef("m")}
    assert call.keywords["states"] == [TensorRef("a"), None]
    assert call.keywords["1"] == {"class_name": "__slice__", "config": {"start": 1}}
    assert graph.outputs == (TensorRef("x", 0, 1),)


def test_calls_are_put_in_order_where_the_file_is_not() -> None:
    layers = [
        node(old("Dense", "last"), [["mid", 0, 0, {}]]),
        node(old("Dense", "mid"), [["first", 0, 0, {}]]),
        node(old("Dense", "first"), [["a", 0, 0, {}]]),
        source("a", 5),
    ]
    graph = parse_graph(functional(layers, [["a", 0, 0]], [["last", 0, 0]]))
    assert [call.layer for call in graph.calls] == ["first", "mid", "last"]
    assert list(graph.layers) == ["last", "mid", "first", "a"]


def test_live_config_may_hold_python_objects() -> None:
    entry = old("InputLayer", "a", batch_shape=(None, np.int64(5)), dtype="int32")
    layers = (node(entry), node(old("Dense", "d", units=np.float32(3)), [["a", np.int32(0), 0, {}]]))
    graph = parse_graph(functional(layers, (("a", 0, 0),), (("d", 0, 0),)))  # type: ignore[arg-type]
    assert graph.inputs[0].shape == (None, 5)
    assert graph.calls[0].inputs == (TensorRef("a"),)


def test_nested_model_and_wrapped_model_are_read_deeply() -> None:
    leaf = {"class_name": "Sequential", "config": {"name": "leaf", "layers": [old("Dense", "deep")]}}
    inner = functional(
        [source("b", 5), node(old("TimeDistributed", "td", layer=leaf), [["b", 0, 0, {}]])],
        [["b", 0, 0]],
        [["td", 0, 0]],
        name="inner",
    )
    outer = [source("a", 5), node(inner, [["a", 0, 0, {}]]), node(old("Dense", "d"), [["inner", 1, 0, {}]])]
    graph = parse_graph(functional(outer, [["a", 0, 0]], [["d", 0, 0]]))
    paths = [path for path, _ in graph.layers_deep()]
    assert paths == ["a", "inner", "inner/b", "inner/td", "inner/td/leaf", "inner/td/leaf/deep", "d"]
    assert graph.calls[1].inputs == (TensorRef("inner", 0),)


def test_subclassed_model_has_no_graph_but_the_layers_it_states() -> None:
    assert parse_graph({"class_name": "Net", "config": {}}).kind is ModelKind.SUBCLASSED
    graph = parse_graph({"class_name": "Net", "config": {"name": "n", "layers": [old("Dense", "d")]}})
    assert (graph.kind, list(graph.layers), graph.calls) == (ModelKind.SUBCLASSED, ["d"], ())


# --- damage -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"class_name": None}, "the model's class_name"),
        ({"class_name": "Sequential", "config": 3}, "expected named entries, found a number"),
        ({"class_name": "Sequential", "config": [old("Dense", "d"), old("Dense", "d")]}, "'d': two layers"),
        (functional([source("a", 5)], [["a", 0]], [["a", 0, 0]]), "needs a layer, a node and an output"),
        (functional([source("a", 5)], [["a", 0, 0]], [["a", -1, 0]]), "expected an index"),
        (functional([source("a", 5)], [["a", 0, 0]], "a"), "not named by a list"),
        (functional([source("a", 5), node(old("Dense", "d"), [["z", 0, 0, {}]])], [["a", 0, 0]], []), "'z'"),
        (functional([source("a", 5), node(old("Dense", "d"), [["a", 0, 0, 7]])], [["a", 0, 0]], []), "found a number"),
        (functional([source("a", 5), node(old("Dense", "d"))], [["a", 0, 0]], [["d", 0, 0]]), "has only 0"),
    ],
)
def test_damage_is_told_with_its_place(config: dict[str, Any], says: str) -> None:
    with pytest.raises(UnreadableModelError, match="damaged") as caught:
        parse_graph(config)
    assert says in str(caught.value)


# --- generation ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "generation"), [("1.2.2", 1), ("2.2.4-tf", 2), ("2.21.0", 2), ("3.0.5", 3), ("0.3", 1), ("4.0", 3)]
)
def test_generation_is_that_of_the_version(version: str, generation: int) -> None:
    assert tell_generation({}, version) == generation


@pytest.mark.parametrize(
    ("layer", "generation"),
    [
        (old("LSTM", "l", output_dim=3, inner_init="orthogonal"), 1),
        (old("Merge", "m", layers=[]), 1),
        (old("LSTM", "l", units=3), 2),
        (old("InputLayer", "a", batch_input_shape=[None, 3]), 2),
        (old("InputLayer", "a", batch_shape=[None, 3]), 3),
        (node(old("Dense", "d"), {"args": [], "kwargs": {}}), 3),
    ],
)
def test_generation_without_a_version_is_that_of_the_layout(layer: dict[str, Any], generation: int) -> None:
    assert tell_generation({"class_name": "Sequential", "config": {"layers": [layer]}}, None) == generation
    assert tell_generation({"class_name": "Sequential", "config": [layer]}, None) == generation
