"""The graph of a functional model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from maskprobe.archive.graph import GraphCall, GraphInput, GraphLayer, ModelKind, TensorRef
from maskprobe.archive.nodes import RawCall, entries, read_node, reference
from maskprobe.archive.order import CallNumbers, in_order
from maskprobe.archive.plain import as_list, as_mapping, fail, shape_of

LayerReader: TypeAlias = Callable[[Mapping[str, Any], str], GraphLayer]
Parts: TypeAlias = tuple[dict[str, GraphLayer], tuple[GraphCall, ...], tuple[GraphInput, ...], tuple[TensorRef, ...]]
"""Layers, calls, inputs and outputs of a graph."""


def functional_parts(config: Mapping[str, Any], read_layer: LayerReader) -> Parts:
    """Read the graph of a functional model's config, of Keras 1 to 3.

    Inputs given as a dict come in the order of their sorted keys, as Keras flattens them.

    Raises:
        UnreadableModelError: The config is damaged: a layer that is not there, a call that was never made ...
    """
    stated = [as_mapping(entry, "layers") for entry in as_list(config["layers"], "layers")]
    layers = _layers(stated, read_layer)
    raw = _raw_calls(stated, layers)
    outputs = tensor_list(config["output_layers"], "output_layers")
    reads = [tensor for calls in raw.values() for call in calls for tensor in _reads(call)]
    _check_known([*reads, *outputs], layers)
    counts = {name: len(raw[name]) for name, layer in layers.items() if raw[name] or layer.class_name != "InputLayer"}
    numbers = CallNumbers(counts, reads, outputs, _keras3_models(stated, layers))
    calls = [_call(name, index, call, numbers) for name in counts for index, call in enumerate(raw[name])]
    inputs = tuple(
        graph_input(_known(tensor, layers)) for tensor in tensor_list(config["input_layers"], "input_layers")
    )
    return layers, in_order(calls), inputs, tuple(numbers.output(tensor) for tensor in outputs)


def _layers(stated: Iterable[Mapping[str, Any]], read_layer: LayerReader) -> dict[str, GraphLayer]:
    found: dict[str, GraphLayer] = {}
    for place, entry in enumerate(stated):
        layer = read_layer(entry, f"layer_{place}")
        if layer.name in found:
            fail(f"layer {layer.name!r}", "two layers have this name")
        found[layer.name] = layer
    return found


def _raw_calls(stated: Iterable[Mapping[str, Any]], layers: Mapping[str, GraphLayer]) -> dict[str, list[RawCall]]:
    found: dict[str, list[RawCall]] = {}
    for name, entry in zip(layers, stated, strict=True):
        where = f"layer {name!r}"
        nodes = as_list(entry.get("inbound_nodes") or [], where)
        found[name] = [read_node(node, layers, where) for node in nodes]
    return found


def _keras3_models(stated: Iterable[Mapping[str, Any]], layers: Mapping[str, GraphLayer]) -> set[str]:
    """Name the layers that are functional models called in Keras 3's way."""
    return {
        name
        for (name, layer), entry in zip(layers.items(), stated, strict=True)
        if layer.model is not None
        and layer.model.kind is ModelKind.FUNCTIONAL
        and any(isinstance(node, Mapping) and "args" in node for node in entry.get("inbound_nodes") or ())
    }


def _reads(call: RawCall) -> Iterable[TensorRef]:
    return GraphCall("", 0, call.inputs, call.keywords).reads()


def _check_known(tensors: Iterable[TensorRef], layers: Mapping[str, GraphLayer]) -> None:
    for tensor in tensors:
        _known(tensor, layers)


def _known(tensor: TensorRef, layers: Mapping[str, GraphLayer]) -> GraphLayer:
    layer = layers.get(tensor.layer)
    if layer is None:
        fail(f"layer {tensor.layer!r}", "it is read from but is not among the layers")
    return layer


def _call(name: str, index: int, raw: RawCall, numbers: CallNumbers) -> GraphCall:
    inputs = tuple(numbers.read(tensor) for tensor in raw.inputs)
    keywords = {key: _renumbered(value, numbers) for key, value in raw.keywords.items()}
    return GraphCall(name, index, inputs, keywords, raw.spread, raw.shapes)


def _renumbered(value: object, numbers: CallNumbers) -> object:
    if isinstance(value, TensorRef):
        return numbers.read(value)
    if isinstance(value, Mapping):
        return {key: _renumbered(item, numbers) for key, item in value.items()}
    if isinstance(value, list):
        return [_renumbered(item, numbers) for item in value]
    return value


def tensor_list(value: object, where: str) -> list[TensorRef]:
    """Read `input_layers` or `output_layers`: one tensor, a list of them or a dict of them.

    Raises:
        UnreadableModelError: It is none of these.
    """
    return [reference(entry, where) for entry in entries(value, where)]


def graph_input(layer: GraphLayer) -> GraphInput:
    """Make the model input that an InputLayer stands for.

    Raises:
        UnreadableModelError: The layer states no shape.
    """
    shape = input_shape(layer.config)
    if shape is None:
        fail(f"input {layer.name!r}", "it has no readable shape")
    dtype = layer.config.get("dtype")
    return GraphInput(layer.name, shape, dtype if isinstance(dtype, str) else None, TensorRef(layer.name))


def input_shape(config: Mapping[str, Any]) -> tuple[int | None, ...] | None:
    """Find the input shape that a layer config states, batch axis first; None if it states none.

    `batch_shape` is Keras 3's word, `batch_input_shape` that of Keras 1 and 2; `input_shape`, `input_dim` and
    `input_length` are what Keras 1 layers were given by hand.
    """
    for key in ("batch_shape", "batch_input_shape"):
        shape = shape_of(config.get(key))
        if shape is not None:
            return shape
    shape = shape_of(config.get("input_shape"))
    return None if shape is None else (None, *shape)
