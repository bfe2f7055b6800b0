"""The order in which Keras runs the calls of a functional model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from maskprobe.archive.graph import GraphCall, LayerGraph, ModelKind, TensorRef

_Key: TypeAlias = tuple[str, int]


def running_order(graph: LayerGraph) -> tuple[GraphCall, ...]:
    """The calls that lead to an output, those farthest from the outputs first.

    The order decides what a call reads where another one takes masks off.

    Source: `map_graph` and `_build_map` in Keras 3.15.1, keras/src/ops/function.py; `_map_graph_network` in tf_keras
    2.21, src/engine/functional.py.
    """
    if graph.kind is not ModelKind.FUNCTIONAL or not graph.outputs:
        return graph.calls
    calls = {(call.layer, call.index): call for call in graph.calls}
    read = {key: tuple(_read(call, calls)) for key, call in calls.items()}
    depths: dict[_Key, int] = {}
    of_layers: dict[str, int] = {}
    for key in reversed(_from_inputs(graph.outputs, calls, read)):
        depth = max(depths.setdefault(key, 0), of_layers.get(key[0], 0))
        depths[key] = of_layers[key[0]] = depth
        for source in dict.fromkeys(read[key]):
            depths[source] = max(depth + 1, depths.get(source, 0))
    return tuple(calls[key] for key in sorted(depths, key=lambda key: -depths[key]))


def _read(call: GraphCall, calls: Mapping[_Key, GraphCall]) -> Iterator[_Key]:
    for tensor in (*call.inputs, *_sorted(call.keywords)):
        if (tensor.layer, tensor.call) in calls:
            yield tensor.layer, tensor.call


def _sorted(value: object) -> Iterator[TensorRef]:
    """The tensors in keyword arguments, by name as Keras flattens them."""
    if isinstance(value, TensorRef):
        yield value
    elif isinstance(value, Mapping):
        for key in sorted(value, key=str):
            yield from _sorted(value[key])
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _sorted(item)


def _from_inputs(
    outputs: tuple[TensorRef, ...], calls: Mapping[_Key, GraphCall], read: Mapping[_Key, tuple[_Key, ...]]
) -> list[_Key]:
    """The calls, each behind what it reads, as a search from the outputs finds them."""
    found: dict[_Key, None] = {}
    for output in outputs:
        start = (output.layer, output.call)
        waiting = [(start, iter(read[start]))] if start in calls and start not in found else []
        entered = {start}
        while waiting:
            key, sources = waiting[-1]
            following = next((source for source in sources if source not in found and source not in entered), None)
            if following is None:
                found[key] = None
                waiting.pop()
            else:
                entered.add(following)
                waiting.append((following, iter(read[following])))
    return list(found)
