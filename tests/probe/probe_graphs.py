"""Layer graphs written out by hand, for the probe tests."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from maskprobe.archive.graph import GraphCall, GraphInput, GraphLayer, LayerGraph, ModelKind, TensorRef
from maskprobe.mask_trace import ProbeInput
from maskprobe.probe.options import InputSpec
from maskprobe.probe.probe import Probe


def layer(name: str, class_name: str, module: str | None = "keras.layers", **config: Any) -> GraphLayer:
    return GraphLayer(name, class_name, module, None, config)


def nested(name: str, model: LayerGraph) -> GraphLayer:
    return GraphLayer(name, "Functional", "keras", None, {}, model=model)


def wrapper(name: str, class_name: str, wrapped: GraphLayer) -> GraphLayer:
    return GraphLayer(name, class_name, "keras.layers", None, {}, wrapped=wrapped)


def call(name: str, *reads: str, **keywords: Any) -> GraphCall:
    return GraphCall(name, 0, tuple(TensorRef(read) for read in reads), keywords)


def graph(inputs: Sequence[InputSpec], layers: Sequence[GraphLayer], calls: Sequence[GraphCall]) -> LayerGraph:
    return LayerGraph(
        "model",
        ModelKind.FUNCTIONAL,
        "Functional",
        {each.name: each for each in layers},
        tuple(calls),
        tuple(GraphInput(spec.name, spec.shape, spec.dtype, TensorRef(spec.name)) for spec in inputs),
        (TensorRef(calls[-1].layer),),
    )


def chain(spec: InputSpec, *layers: GraphLayer) -> LayerGraph:
    """One input through `layers`, one after the other."""
    names = [spec.name, *(each.name for each in layers)]
    calls = [call(name, before) for before, name in itertools.pairwise(names)]
    return graph([spec], layers, calls)


def subclassed(*layers: GraphLayer) -> LayerGraph:
    """A model that states its layers but no calls."""
    by_name = {each.name: each for each in layers}
    return LayerGraph("model", ModelKind.SUBCLASSED, "MyModel", by_name, (), (), ())


def embedding(name: str = "emb", size: int = 50, *, mask_zero: bool = True) -> GraphLayer:
    return layer(name, "Embedding", input_dim=size, output_dim=3, mask_zero=mask_zero)


def masking(name: str = "mask_it", value: float = 0.0) -> GraphLayer:
    return layer(name, "Masking", mask_value=value)


def lstm(name: str = "lstm") -> GraphLayer:
    return layer(name, "LSTM", units=2)


def tokens(name: str = "x", *shape: int | None, dtype: str = "int32") -> InputSpec:
    return InputSpec(name, shape or (None, None), dtype)


def values(name: str = "x", *shape: int | None, dtype: str = "float32") -> InputSpec:
    return InputSpec(name, shape or (None, None, 3), dtype)


THREE = (values("num", None, 5, 3), values("version", None, 5, 1), values("missing", None, 5, 1))


def three_input_graph() -> LayerGraph:
    """Masking, and two Embeddings behind Reshape, joined by Concatenate and read by a GRU."""
    layers = [
        layer("reshape", "Reshape", target_shape=[-1]),
        layer("reshape_1", "Reshape", target_shape=[-1]),
        masking("M_num"),
        embedding("M_version", 180),
        embedding("M_missing", 4),
        layer("concate", "Concatenate", axis=-1),
        layer("gru", "GRU", units=3),
    ]
    calls = [
        call("reshape", "version"),
        call("reshape_1", "missing"),
        call("M_num", "num"),
        call("M_version", "reshape"),
        call("M_missing", "reshape_1"),
        call("concate", "M_num", "M_version", "M_missing"),
        call("gru", "concate"),
    ]
    return graph(THREE, layers, calls)


def given(probe: Probe, name: str = "x") -> ProbeInput:
    """What the record says of one input."""
    return next(each for each in probe.record.inputs if each.name == name)


def shown(real: Any) -> list[str]:
    """The rows of a mask as `1101`."""
    return ["".join("1" if step else "0" for step in row) for row in real]
