"""The graph of a Sequential model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from maskprobe.archive.functional import LayerReader, Parts, graph_input, input_shape
from maskprobe.archive.graph import GraphCall, GraphInput, GraphLayer, TensorRef
from maskprobe.archive.plain import as_list, as_mapping, fail, shape_of


def sequential_parts(inner: object, read_layer: LayerReader) -> Parts:
    """Read the graph of a Sequential model's config: a dict, or the bare list of layers of Keras before 2.2.3.

    A model without an InputLayer gets the input `<first layer>_input`, the name that Keras 2 gives it; a model
    whose config states no input shape gets no inputs, and its first call reads nothing.

    Raises:
        UnreadableModelError: The config is damaged.
    """
    config: Mapping[str, Any] = {} if isinstance(inner, (list, tuple)) else as_mapping(inner, "the model's config")
    stated = inner if isinstance(inner, (list, tuple)) else as_list(config.get("layers"), "layers")
    entries = [as_mapping(entry, f"layer {place}") for place, entry in enumerate(stated)]
    layers = _layers(entries, read_layer)
    if layers and next(iter(layers.values())).class_name == "Merge":
        return _from_merge(layers, read_layer)
    inputs, chain = _head(layers, config)
    return layers, *_chained(chain, inputs)


def _layers(entries: list[Mapping[str, Any]], read_layer: LayerReader) -> dict[str, GraphLayer]:
    found: dict[str, GraphLayer] = {}
    for place, entry in enumerate(entries):
        layer = read_layer(entry, f"{str(entry.get('class_name')).lower()}_{place + 1}")
        if layer.name in found:
            fail(f"layer {layer.name!r}", "two layers have this name")
        found[layer.name] = layer
    return found


def _head(
    layers: Mapping[str, GraphLayer], config: Mapping[str, Any]
) -> tuple[tuple[GraphInput, ...], list[GraphLayer]]:
    """Split the layers into the model's input and those that are called."""
    chain = list(layers.values())
    if not chain:
        return (), chain
    if chain[0].class_name == "InputLayer":
        return (graph_input(chain[0]),), chain[1:]
    found = _first_input(chain[0])
    built = shape_of(config.get("build_input_shape"))
    name = f"{chain[0].name}_input"
    if found is not None:
        return (GraphInput(name, found.shape, found.dtype, TensorRef(name)),), chain
    return ((GraphInput(name, built, None, TensorRef(name)),) if built else ()), chain


def _first_input(layer: GraphLayer) -> GraphInput | None:
    """Find the input that the first layer asks for: its own, that of the model it is or of the layer it wraps."""
    if layer.model is not None:
        return layer.model.inputs[0] if len(layer.model.inputs) == 1 else None
    shape = input_shape(layer.config)
    if shape is None:
        return None
    dtype = layer.config.get("dtype")
    return GraphInput(layer.name, shape, dtype if isinstance(dtype, str) else None, TensorRef(layer.name))


def _chained(
    chain: list[GraphLayer], inputs: tuple[GraphInput, ...]
) -> tuple[tuple[GraphCall, ...], tuple[GraphInput, ...], tuple[TensorRef, ...]]:
    reads: tuple[TensorRef, ...] = tuple(found.tensor for found in inputs)
    calls: list[GraphCall] = []
    for layer in chain:
        calls.append(GraphCall(layer.name, 0, reads))
        reads = (TensorRef(layer.name),)
    return tuple(calls), inputs, reads


def _from_merge(layers: dict[str, GraphLayer], read_layer: LayerReader) -> Parts:
    """Read a Keras 1 Sequential that starts with a `Merge` of models: each branch is a layer of its own."""
    merge, *rest = layers.values()
    stated = as_list(merge.config.get("layers"), f"layer {merge.name!r}")
    branches = _layers([as_mapping(entry, f"layer {merge.name!r}") for entry in stated], read_layer)
    calls: list[GraphCall] = []
    inputs: list[GraphInput] = []
    for branch in branches.values():
        own = branch.model.inputs if branch.model is not None else ()
        inputs += own
        calls.append(GraphCall(branch.name, 0, tuple(found.tensor for found in own)))
    calls.append(GraphCall(merge.name, 0, tuple(TensorRef(name) for name in branches)))
    following, _, outputs = _chained(rest, ())
    calls += following
    if rest:
        first = calls[len(branches) + 1]
        calls[len(branches) + 1] = GraphCall(first.layer, 0, (TensorRef(merge.name),))
    return {**branches, **layers}, tuple(calls), tuple(inputs), outputs if rest else (TensorRef(merge.name),)
