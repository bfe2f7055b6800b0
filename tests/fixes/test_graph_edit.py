"""Changes of a config, as JSON values, without any Keras."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from maskprobe.archive.graph import TensorRef
from maskprobe.fixes.graph_edit import CannotFixError, GraphEdit
from maskprobe.fixes.lines import graph_lines
from maskprobe.fixes.mask_wires import given_by_hand, without_wires
from maskprobe.fixes.references import changed, references
from maskprobe.fixes.registry import FIXES
from maskprobe.rules.registry import RULES


def tensor(name: str) -> Any:
    return {"class_name": "__keras_tensor__", "config": {"shape": [], "keras_history": [name, 0, 0]}}


def layer(name: str, class_name: str, *reads: str, **keywords: Any) -> Any:
    node = {"args": [tensor(read) for read in reads], "kwargs": keywords}
    return {"name": name, "class_name": class_name, "module": "keras.layers", "config": {"name": name},
            "inbound_nodes": [node] if reads else []}  # fmt: skip


def operation(name: str, class_name: str, *args: Any) -> Any:
    node = {"args": list(args), "kwargs": {}}
    return {"name": name, "class_name": class_name, "module": "keras.src.ops.numpy", "config": {"name": name},
            "inbound_nodes": [node]}  # fmt: skip


def keras3() -> GraphEdit:
    layers = [layer("x", "InputLayer"), layer("a", "Masking", "x"), layer("b", "Lambda", "a"), layer("c", "LSTM", "b")]
    return GraphEdit({"layers": layers, "input_layers": ["x", 0, 0], "output_layers": ["c", 0, 0]}, 3)


def keras2() -> GraphEdit:
    layers = [
        {"name": "x", "class_name": "InputLayer", "config": {"name": "x"}, "inbound_nodes": []},
        {"name": "a", "class_name": "Masking", "config": {"name": "a"}, "inbound_nodes": [[["x", 0, 0, {}]]]},
        {"name": "b", "class_name": "TFOpLambda", "config": {"name": "b"}, "inbound_nodes": [["a", 0, 0, {"y": 2.0}]]},
        {
            "name": "c",
            "class_name": "LSTM",
            "config": {"name": "c"},
            "inbound_nodes": [[["b", 0, 0, {"mask": ["a", 0, 0]}]]],
        },
    ]
    return GraphEdit({"layers": layers, "input_layers": [["x", 0, 0]], "output_layers": [["c", 0, 0]]}, 2)


@pytest.mark.parametrize("make", [keras3, keras2])
def test_removing_a_layer_lets_its_readers_read_what_it_read(make: Any) -> None:
    graph = make()
    graph.remove("a")
    assert [entry["name"] for entry in graph.entries] == ["x", "b", "c"]
    assert graph.reads("b") == (TensorRef("x"),)


@pytest.mark.parametrize("make", [keras3, keras2])
def test_an_output_of_the_model_is_not_removed(make: Any) -> None:
    with pytest.raises(CannotFixError, match="'c' is an output of the model"):
        make().remove("c")


@pytest.mark.parametrize("make", [keras3, keras2])
def test_a_layer_behind_an_output_takes_its_name(make: Any) -> None:
    graph = make()
    graph.insert_after("c", graph.own("CarryMask", "new"), [TensorRef("a")])
    assert [entry["name"] for entry in graph.entries] == ["x", "a", "b", "c_before_mask", "c"]
    assert graph.is_output("c")
    assert graph.reads("c") == (TensorRef("c_before_mask"), TensorRef("a"))
    assert graph.renamed == {"c_before_mask": "c"}


def test_keywords_and_masks_by_hand_go_along_in_tf_keras() -> None:
    graph = keras2()
    assert graph.reads("c") == (TensorRef("b"), TensorRef("a"))
    graph.insert_before(["b"], TensorRef("a"), graph.builtin("Rescaling", "branch"))
    assert graph.reads("b") == (TensorRef("branch"),)
    assert graph.entry("b")["inbound_nodes"] == [["branch", 0, 0, {"y": 2.0}]]
    assert graph.reads("c") == (TensorRef("b"), TensorRef("a"))


def test_the_config_that_was_given_is_left_alone() -> None:
    config = keras3().config
    graph = GraphEdit(config, 3)
    graph.remove("a")
    assert [entry["name"] for entry in config["layers"]] == ["x", "a", "b", "c"]


def test_a_layer_in_code_is_not_found() -> None:
    with pytest.raises(CannotFixError, match="whose calls are in code"):
        keras3().inside("b/inner")


def test_a_list_of_values_is_not_taken_for_a_tensor() -> None:
    assert list(references([["x", 0, 0, {}], ["unknown", 0, 0], ["x", True, 0], [1, 2, 3]], {"x"})) == [TensorRef("x")]
    assert changed(["x", 0, 0, {"n": 1}], {"x"}, lambda _: TensorRef("y", 2, 1)) == ["y", 2, 1, {"n": 1}]


def test_lines_of_a_graph_say_what_reads_what() -> None:
    assert graph_lines(keras2()) == ("x = InputLayer()", "a = Masking()(x)", "b = TFOpLambda()(a)", "c = LSTM()(b, a)")


def wired(operation_name: str, source: str) -> dict[str, Any]:
    layers = [
        layer("x", "InputLayer"),
        layer("a", "Masking", "x"),
        operation(operation_name, "NotEqual", tensor(source), 0.0),
        layer("c", "LSTM", "a", mask=tensor(operation_name)),
    ]
    return {"layers": layers, "input_layers": ["x", 0, 0], "output_layers": ["c", 0, 0]}


def test_a_mask_wire_that_keras_lays_itself_is_told_from_one_by_hand() -> None:
    again = wired("not_equal_7", "x")
    assert given_by_hand(wired("not_equal", "x"), again) == frozenset()
    assert given_by_hand(wired("not_equal", "a"), again) == {("c", 0, "mask")}


def test_without_wires_nothing_is_left_of_them_but_what_is_kept() -> None:
    config = wired("not_equal", "x")
    bare = without_wires(config)
    assert [entry["name"] for entry in bare["layers"]] == ["x", "a", "c"]
    assert bare["layers"][2]["inbound_nodes"][0]["kwargs"] == {}
    assert without_wires(config, frozenset({("c", 0, "mask")})) == config


def test_every_fix_is_on_the_page_with_its_rules() -> None:
    page = (Path(__file__).parents[2] / "docs" / "fixing.md").read_text(encoding="utf-8")
    for fix in FIXES:
        assert f"| `{fix.name}` | {', '.join(sorted(fix.codes))} | {fix.summary} |" in page
        for heading in ("## What it does", "## When it applies", "## When it must not"):
            assert heading in fix.page, fix.name
        assert fix.codes <= {rule.code for rule in RULES}
