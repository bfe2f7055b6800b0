"""What of a model decides where its masks go, as a hash: the same for other weights and other sizes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec

from maskprobe.archive.graph import GraphCall, GraphLayer, LayerGraph, TensorRef

_SETTINGS = (
    "axes", "axis", "data_format", "go_backwards", "mask_value", "mask_zero", "merge_mode", "padding",
    "return_sequences", "return_state", "stateful", "unroll", "use_causal_mask", "zero_output_for_mask",
)  # fmt: skip
"""Names in a layer's config that have to do with masks, and hold no size."""


def structure_of(graph: LayerGraph) -> str:
    """SHA-256 of the layers (class, name, what they do to masks) and of how they are connected.

    Weights, sizes and the name of the model itself are left out.
    """
    return hashlib.sha256(msgspec.json.encode(_graph(graph), order="deterministic")).hexdigest()


def _graph(graph: LayerGraph) -> list[Any]:
    return [
        graph.kind.value,
        graph.class_name,
        [_layer(layer) for layer in graph.layers.values()],
        [_call(call) for call in graph.calls],
        [[given.name, len(given.shape), given.dtype, _reference(given.tensor)] for given in graph.inputs],
        [_reference(tensor) for tensor in graph.outputs],
    ]


def _layer(layer: GraphLayer) -> list[Any]:
    settings = {name: _plain(layer.config[name]) for name in _SETTINGS if name in layer.config}
    return [
        layer.name,
        layer.class_name,
        layer.registered_name,
        settings,
        None if layer.model is None else _graph(layer.model),
        None if layer.wrapped is None else _layer(layer.wrapped),
    ]


def _call(call: GraphCall) -> list[Any]:
    keywords = {str(name): _plain(value) for name, value in call.keywords.items()}
    return [call.layer, call.index, [_reference(tensor) for tensor in call.inputs], keywords, list(call.spread)]


def _reference(tensor: TensorRef) -> list[Any]:
    return [tensor.layer, tensor.call, tensor.output]


def _plain(value: object) -> Any:  # noqa: ANN401 - what stands in a config is of any type
    """A value that JSON can hold. Numbers with a point are written out: `nan` is no JSON."""
    if isinstance(value, TensorRef):
        return _reference(value)
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value if value is None or isinstance(value, bool | int | str) else repr(value)
