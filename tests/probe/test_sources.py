from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from probe_graphs import (
    THREE,
    call,
    chain,
    embedding,
    graph,
    layer,
    lstm,
    masking,
    nested,
    subclassed,
    three_input_graph,
    tokens,
    values,
    wrapper,
)

from maskprobe.archive.graph import GraphCall, TensorRef
from maskprobe.probe.layer_kinds import LayerKind, kind_of
from maskprobe.probe.sources import Feeds, all_embeddings, all_maskings, find_sources


def feeds_of(*layers: Any) -> Feeds:
    return find_sources(chain(values("x"), *layers))["x"]


def test_the_three_input_model() -> None:
    found = find_sources(three_input_graph())
    assert [source.mask_value for source in found["num"].maskings] == [0.0]
    assert found["num"].embeddings == []
    assert (found["version"].input_dim, found["missing"].input_dim) == (180, 4)
    assert all(found[spec.name].makes_mask for spec in THREE)


@pytest.mark.parametrize(
    "between",
    [
        layer("a", "Reshape", target_shape=[-1]),
        layer("a", "Lambda"),
        layer("a", "Dropout"),
        layer("a", "Cast", "keras.src.ops.core"),
        layer("a", "TFOpLambda", None, function="cast"),
        layer("a", "SlicingOpLambda", None, function="__operators__.getitem"),
        layer("a", "GetItem", "keras.src.ops.numpy"),
        layer("a", "TensorFlowOpLayer", None, node_def={"op": "ExpandDims"}),
        layer("a", "Activation", activation="linear"),
        layer("a", "Permute"),
    ],
    ids=lambda each: each.class_name,
)
def test_a_layer_that_hands_numbers_on_is_passed(between: Any) -> None:
    assert feeds_of(between, embedding(size=7)).input_dim == 7


@pytest.mark.parametrize(
    "between",
    [
        layer("a", "NotEqual", "keras.src.ops.numpy"),
        layer("a", "TFOpLambda", None, function="math.not_equal"),
        layer("a", "Dense"),
        layer("a", "LSTM"),
        masking("a"),
    ],
    ids=lambda each: each.class_name,
)
def test_a_layer_that_computes_something_new_ends_the_way(between: Any) -> None:
    assert feeds_of(between, embedding()).embeddings == []


def test_an_input_that_feeds_several_embeddings_has_the_smallest_range() -> None:
    spec = tokens("x")
    made = graph([spec], [embedding("a", 9), embedding("b", 5, mask_zero=False)], [call("a", "x"), call("b", "x")])
    found = find_sources(made)["x"]
    assert found.input_dim == 5
    assert found.makes_mask
    assert [source.path for source in found.embeddings] == ["a", "b"]


def test_an_embedding_without_mask_zero_makes_no_mask() -> None:
    assert not feeds_of(embedding(mask_zero=False)).makes_mask


def test_a_nested_model_is_followed_and_named_in_the_path() -> None:
    inner = chain(tokens("inner_x"), embedding("emb", 12))
    found = feeds_of(nested("encoder", inner))
    assert [(source.path, source.input_dim) for source in found.embeddings] == [("encoder/emb", 12)]


def test_what_a_nested_model_returns_is_followed_further() -> None:
    inner = chain(values("inner_x"), layer("drop", "Dropout"))
    assert [source.path for source in feeds_of(nested("front", inner), masking("after")).maskings] == ["after"]


def test_inputs_of_a_nested_model_are_matched_by_name_when_the_call_gives_a_dict() -> None:
    specs = [tokens("a"), tokens("b")]
    inner = graph(specs, [embedding("for_a", 5), embedding("for_b", 9)], [call("for_a", "a"), call("for_b", "b")])
    outer = graph(specs, [nested("inner", inner)], [call("inner", inputs={"b": TensorRef("b"), "a": TensorRef("a")})])
    found = find_sources(outer)
    assert (found["a"].input_dim, found["b"].input_dim) == (5, 9)


def test_a_wrapped_embedding_is_found() -> None:
    found = feeds_of(wrapper("each", "TimeDistributed", embedding("words", 30)))
    assert [(source.path, source.input_dim) for source in found.embeddings] == [("each/words", 30)]


def test_a_mask_argument_is_no_data() -> None:
    specs = [values("x"), tokens("m", dtype="bool")]
    made = graph(specs, [lstm()], [call("lstm", "x", mask=TensorRef("m"))])
    found = find_sources(made)
    assert found["m"].wired_as_mask
    assert found["m"].readers == []
    assert not found["x"].wired_as_mask


def test_masking_behind_a_concatenate_belongs_to_all_its_inputs() -> None:
    specs = [values("a"), values("b")]
    made = graph(specs, [layer("c", "Concatenate"), masking("m", -1.0)], [call("c", "a", "b"), call("m", "c")])
    assert all(find_sources(made)[name].maskings[0].mask_value == -1.0 for name in "ab")


def test_a_layer_that_changes_the_values_is_remembered() -> None:
    assert feeds_of(layer("norm", "Normalization"), masking()).altered_by == ["norm"]


def test_a_second_masking_does_not_read_the_input() -> None:
    assert [source.path for source in feeds_of(masking("a", -1.0), masking("b")).maskings] == ["a"]


def test_a_sequential_that_states_no_input_has_one_without_a_name() -> None:
    made = chain(tokens("x"), embedding(size=8))
    made = type(made)(made.name, made.kind, made.class_name, made.layers, (call("emb"),), (), made.outputs)
    assert find_sources(made)[""].input_dim == 8


def test_a_graph_without_calls_states_nothing() -> None:
    made = subclassed(embedding("a", 6), wrapper("w", "TimeDistributed", masking("m", 3.0)))
    assert find_sources(made) == {}
    assert [source.input_dim for source in all_embeddings(made)] == [6]
    assert [(source.path, source.mask_value) for source in all_maskings(made)] == [("w/m", 3.0)]


@pytest.mark.parametrize("foreign", ["my_layers", "keras_hub.src.layers.modeling"])
def test_a_custom_layer_that_states_a_vocabulary_counts_as_an_embedding(foreign: str) -> None:
    assert feeds_of(layer("tok", "TokenThing", foreign, vocabulary_size=99, mask_zero=True)).input_dim == 99


def test_keras_layers_with_an_input_dim_are_no_embeddings() -> None:
    assert feeds_of(layer("d", "Dense", None, input_dim=4)).embeddings == []


@pytest.mark.parametrize(
    ("stored", "value"),
    [(None, 0.0), ("x", 0.0), ({"class_name": "__numpy__", "config": {"value": -2.0}}, -2.0), (5, 5.0)],
)
def test_mask_values_as_files_hold_them(stored: object, value: float) -> None:
    assert feeds_of(layer("m", "Masking", mask_value=stored)).maskings[0].mask_value == value


def test_a_nan_mask_value_stays_nan() -> None:
    assert math.isnan(feeds_of(layer("m", "Masking", mask_value=float("nan"))).maskings[0].mask_value)


def test_operations_of_both_engines_have_the_same_kind() -> None:
    keras3, tf_keras = layer("a", "ExpandDims"), layer("a", "TFOpLambda", None, function="expand_dims")
    assert kind_of(keras3) is kind_of(tf_keras) is LayerKind.LIFTS


def test_outputs_of_a_nested_model_are_told_apart() -> None:
    spec = tokens("x")
    inner = chain(tokens("inner_x"), layer("drop", "Dropout"), layer("dense", "Dense"))
    inner = replace(inner, outputs=(TensorRef("drop"), TensorRef("dense")))
    calls = [
        call("inner", "x"),
        GraphCall("emb", 0, (TensorRef("inner", 0, 1),)),
        GraphCall("m", 0, (TensorRef("inner"),)),
    ]
    found = find_sources(graph([spec], [nested("inner", inner), embedding(), masking("m")], calls))["x"]
    assert found.embeddings == []
    assert [source.path for source in found.maskings] == ["m"]
