"""Under which path each call is recorded."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from keras_limits import skip_if_shared_models_cannot_be_loaded
from own_layers import block_layer, encoder_model
from seen_masks import Saving, Tracing, mask_after

from maskprobe.backend.engine import Engine
from maskprobe.report.report import Report

TOKENS = np.array([[1, 2, 3, 0], [1, 0, 0, 0]])
MASK = ("TTTF", "TFFF")


def tagger(engine: Engine, *after: Any, name: str = "tagger", length: int | None = None) -> Any:
    """tokens -> emb (mask_zero) -> the layers of `after`."""
    tokens = engine.keras.Input((length,), dtype="int32", name="tokens")
    tensor = engine.keras.layers.Embedding(4, 2, mask_zero=True, name="emb")(tokens)
    for layer in after:
        tensor = layer(tensor)
    return engine.keras.Model(tokens, tensor, name=name)


def paths(report: Report, *, opaque: bool = True) -> Any:
    """Recorded paths without the operations that only make masks."""
    return [
        call.path
        for call in report.trace.calls
        if (opaque or not call.opaque) and not (call.opaque and call.kind.value == "operation")
    ]


def test_calls_are_in_the_order_of_the_graph_with_the_input_first(engine: Engine, layers: Any, trace: Tracing) -> None:
    report = trace(tagger(engine, layers.Dense(2, name="a"), layers.Dropout(0.1, name="b")), TOKENS)
    assert paths(report) == ["tokens", "emb", "a", "b"]
    assert [call.kind.value for call in report.trace.calls[:2]] == ["input", "layer"]


def test_each_call_of_a_shared_layer_has_an_index(engine: Engine, layers: Any, trace: Tracing) -> None:
    shared = layers.Dense(2, name="shared")
    report = trace(tagger(engine, shared, layers.ReLU(name="between"), shared, shared), TOKENS)
    assert paths(report) == ["tokens", "emb", "shared", "between", "shared:1", "shared:2"]
    assert {call.name for call in report.trace.calls if "shared" in call.path} == {"shared"}
    assert mask_after(report, "shared:2") == MASK


def test_calls_in_a_nested_functional_model_are_under_its_path(engine: Engine, layers: Any, trace: Tracing) -> None:
    values = engine.keras.Input((None, 2))
    inner = engine.keras.Model(values, layers.Dense(2, name="d")(values), name="inner")
    again = engine.keras.Input((None, 2))
    outer = engine.keras.Model(again, layers.ReLU(name="relu")(inner(again)), name="outer")

    report = trace(tagger(engine, outer, inner), TOKENS)

    assert paths(report) == ["tokens", "emb", "outer", "outer/inner", "outer/inner/d", "outer/relu", "inner", "inner/d"]
    assert report.trace.by_path["outer/inner/d"].parent == "outer/inner"
    assert report.trace.by_path["outer"].parent is None
    assert report.trace.by_path["outer"].kind.value == "model"
    assert report.trace.by_path["outer/inner/d"].depth == 2


def test_a_nested_model_called_twice_has_its_inner_calls_under_each_call(
    engine: Engine, layers: Any, trace: Tracing
) -> None:
    inner = engine.keras.Sequential([layers.Dense(2, name="d")], name="inner")
    report = trace(tagger(engine, inner, inner), TOKENS)
    assert paths(report) == ["tokens", "emb", "inner", "inner/d", "inner:1", "inner:1/d"]


def test_a_sequential_model_at_the_top_has_no_path_of_its_own(engine: Engine, layers: Any, trace: Tracing) -> None:
    model = engine.keras.Sequential(
        [engine.keras.Input((4,), dtype="int32"), layers.Embedding(4, 2, mask_zero=True, name="emb"), layers.LSTM(2)]
    )
    report = trace(model, TOKENS)
    assert paths(report)[1] == "emb"
    assert mask_after(report, "emb") == MASK


def test_calls_and_operators_in_a_subclassed_model_are_recorded(engine: Engine, trace: Tracing) -> None:
    model = encoder_model(engine)
    model(TOKENS)
    report = trace(model, TOKENS)
    assert paths(report)[1:] == ["emb", "lstm", "Mul", "head"]
    assert mask_after(report, "lstm") == MASK
    doubled = report.trace.by_path["Mul"]
    assert doubled.kind.value == "operation"
    assert doubled.inputs[0].producer == "lstm"
    assert mask_after(report, "Mul") is None
    assert report.trace.by_path["head"].inputs[0].producer == "Mul"
    assert [(finding.code, finding.path) for finding in report.findings] == [("MP102", "Mul")]


def test_layers_in_a_custom_layer_are_recorded_and_not_opaque(engine: Engine, trace: Tracing) -> None:
    report = trace(tagger(engine, block_layer(engine)(name="block")), TOKENS)
    assert paths(report) == ["tokens", "emb", "block", "block/dense", "block/dense:1", "block/drop"]
    assert not any(call.opaque for call in report.trace.calls if call.path.startswith("block"))
    assert mask_after(report, "block/drop") == MASK


def test_layers_in_keras_own_attention_are_recorded_as_opaque(engine: Engine, layers: Any, trace: Tracing) -> None:
    tokens = engine.keras.Input((None,), dtype="int32", name="tokens")
    x = layers.Embedding(4, 4, mask_zero=True, name="emb")(tokens)
    report = trace(engine.keras.Model(tokens, layers.MultiHeadAttention(1, 2, name="mha")(x, x)), TOKENS)
    inner = [call for call in report.trace.calls if call.path.startswith("mha/")]
    assert {"mha/query", "mha/attention_output"} <= {call.path for call in inner}
    assert all(call.opaque for call in inner)
    assert not report.trace.by_path["mha"].opaque


def test_both_directions_of_bidirectional_are_recorded(engine: Engine, layers: Any, trace: Tracing) -> None:
    both = layers.Bidirectional(layers.GRU(1, return_sequences=True, name="gru"), name="both")
    report = trace(tagger(engine, both), TOKENS)
    assert paths(report) == ["tokens", "emb", "both", "both/forward_gru", "both/backward_gru"]
    for path in ("both", "both/forward_gru", "both/backward_gru"):
        assert mask_after(report, path) == MASK
        [argument] = report.trace.by_path[path].mask_arguments
        assert argument.name == "mask"


def test_the_cells_of_a_recurrent_layer_are_not_recorded(engine: Engine, layers: Any, trace: Tracing) -> None:
    cells = layers.RNN([layers.LSTMCell(2), layers.GRUCell(2)], return_sequences=True, name="rnn")
    report = trace(tagger(engine, cells, layers.SimpleRNN(1, name="simple")), TOKENS)
    assert paths(report) == ["tokens", "emb", "rnn", "simple"]


def test_time_distributed_records_its_inner_layer_at_most_once(engine: Engine, layers: Any, trace: Tracing) -> None:
    wrapped = layers.TimeDistributed(layers.Dense(3, name="d"), name="each")
    report = trace(tagger(engine, wrapped), TOKENS)
    # Keras 3 calls the `call` of the inner layer straight, once a step: no layer call to see.
    inner = [path for path in paths(report) if path.startswith("each/")]
    assert inner == ([] if engine.info.name == "keras" else ["each/d"])
    assert mask_after(report, "each") == MASK


def test_time_distributed_around_a_custom_layer_records_its_first_step_only(
    engine: Engine, trace: Tracing, layers: Any
) -> None:
    wrapped = layers.TimeDistributed(block_layer(engine)(name="block"), name="each")
    report = trace(tagger(engine, wrapped), TOKENS)
    assert [path for path in paths(report) if path.endswith("/block")] in (["each/block"], [])
    assert len(paths(report)) == len(set(paths(report)))


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_a_live_model_and_the_same_model_from_a_file_give_the_same_calls_and_masks(
    engine: Engine, trace: Tracing, save: Saving, suffix: str, minor: int | None
) -> None:
    skip_if_shared_models_cannot_be_loaded(minor)
    layers = engine.keras.layers
    inner = engine.keras.Sequential([layers.Dense(2, name="d"), layers.Dropout(0.1, name="drop")], name="inner")
    both = layers.Bidirectional(layers.LSTM(1, return_sequences=True, name="lstm"), name="both")
    model = tagger(engine, inner, both, inner, layers.Conv1D(2, 1, name="conv"), layers.GRU(2, name="gru"))

    live, filed = trace(model, TOKENS), trace(save(model, suffix), TOKENS)

    assert paths(live) == paths(filed)
    assert len(live.trace.calls) == len(filed.trace.calls)
    for ours, theirs in zip(live.trace.calls, filed.trace.calls, strict=True):
        assert (ours.path, ours.class_name, ours.kind, ours.opaque) == (
            theirs.path,
            theirs.class_name,
            theirs.kind,
            theirs.opaque,
        )
        assert [tensor.mask for tensor in ours.inputs] == [tensor.mask for tensor in theirs.inputs]
        assert [tensor.mask for tensor in ours.outputs] == [tensor.mask for tensor in theirs.outputs]
        assert [tensor.number for tensor in ours.outputs] == [tensor.number for tensor in theirs.outputs]
        assert [(given.name, given.mask) for given in ours.mask_arguments] == [
            (given.name, given.mask) for given in theirs.mask_arguments
        ]
    assert live.findings == filed.findings
