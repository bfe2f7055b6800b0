"""What of a model decides where its masks go, as a hash: the same for other weights and other sizes."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from maskprobe.archive.graph import GraphCall, GraphLayer, LayerGraph, TensorRef

_SETTINGS = (
    "axes", "axis", "data_format", "go_backwards", "mask_value", "mask_zero", "merge_mode", "padding",
    "return_sequences", "return_state", "stateful", "unroll", "use_causal_mask", "zero_output_for_mask",
)  # fmt: skip
"""Names in a layer's config that have to do with masks, and hold no size."""
_Labels = Mapping[str, str]
"""What stands for a layer, by its name."""


def structure_of(graph: LayerGraph) -> str:
    """SHA-256 of the layers (class, name, what they do to masks) and of how they are connected.

    Weights, sizes and the name of the model itself are left out, and so are the numbers that Keras counts up in the
    names of layers (`dense_3`): they depend on what was built before.
    """
    return hashlib.sha256(msgspec.json.encode(_graph(graph), order="deterministic")).hexdigest()


def _graph(graph: LayerGraph) -> list[Any]:
    labels = _labels(graph.layers.values())
    return [
        graph.kind.value,
        graph.class_name,
        [_layer(layer, labels[layer.name]) for layer in graph.layers.values()],
        [_call(call, labels) for call in graph.calls],
        [[len(given.shape), given.dtype, _reference(given.tensor, labels)] for given in graph.inputs],
        [_reference(tensor, labels) for tensor in graph.outputs],
    ]


def _labels(layers: Iterable[GraphLayer]) -> _Labels:
    """The names of the layers; for those that Keras named, the class and which one of it in the model it is."""
    counts: Counter[str] = Counter()
    labels = {}
    for layer in layers:
        counts[layer.class_name] += 1
        labels[layer.name] = f"{layer.class_name}#{counts[layer.class_name]}" if _is_counted(layer) else layer.name
    return labels


def _is_counted(layer: GraphLayer) -> bool:
    """Whether Keras made up the name: from the class (as its `to_snake_case` does), or from the function called."""
    # Bidirectional puts `forward_` before the name of the layer in it.
    stem = re.sub(r"_\d+$", "", layer.name).removeprefix("forward_")
    snake = re.sub(r"([a-z])([A-Z])", r"\1_\2", re.sub(r"(.)([A-Z][a-z0-9]+)", r"\1_\2", layer.class_name)).lower()
    return stem in {snake, layer.class_name.lower()} or (
        stem.startswith("tf.") or (stem == "input" and layer.class_name == "InputLayer")
    )


def _layer(layer: GraphLayer, label: str) -> list[Any]:
    settings = {name: _plain(layer.config[name], {}) for name in _SETTINGS if name in layer.config}
    wrapped = layer.wrapped
    return [
        label,
        layer.class_name,
        layer.registered_name,
        settings,
        None if layer.model is None else _graph(layer.model),
        None if wrapped is None else _layer(wrapped, _labels([wrapped])[wrapped.name]),
    ]


def _call(call: GraphCall, labels: _Labels) -> list[Any]:
    keywords = {str(name): _plain(value, labels) for name, value in call.keywords.items()}
    inputs = [_reference(tensor, labels) for tensor in call.inputs]
    return [labels.get(call.layer, call.layer), call.index, inputs, keywords, list(call.spread)]


def _reference(tensor: TensorRef, labels: _Labels) -> list[Any]:
    return [labels.get(tensor.layer, tensor.layer), tensor.call, tensor.output]


def _plain(value: object, labels: _Labels) -> Any:  # noqa: ANN401 - what stands in a config is of any type
    """A value that JSON can hold. Numbers with a point are written out: `nan` is no JSON."""
    if isinstance(value, TensorRef):
        return _reference(value, labels)
    if isinstance(value, Mapping):
        return {str(name): _plain(item, labels) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, labels) for item in value]
    return value if value is None or isinstance(value, bool | int | str) else repr(value)
