"""The order in which Keras runs the calls of a graph.

It matters: attention of Keras 3 takes the masks off what it reads, so that who reads a tensor before and who after it
decides who sees the mask.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from maskprobe.archive.graph import GraphCall, LayerGraph, TensorRef

Key: TypeAlias = tuple[str, int]
"""Layer and number of the call."""


def in_run_order(graph: LayerGraph) -> Sequence[GraphCall]:
    """The calls that lead to the outputs, deepest first, as Keras sorts them.

    The depth of a call is the length of the longest way to an output; a layer that is called several times has that of
    its deepest call so far. Calls of one depth stay in the order in which the sorting met them.

    Source: Keras 3.15.1, keras/src/ops/function.py, `map_graph` and `_run_through_graph`; tf_keras 2.21,
    src/engine/functional.py, `_map_graph_network`.
    """
    calls = {(call.layer, call.index): call for call in graph.calls}
    parents = {key: [(tensor.layer, tensor.call) for tensor in call.reads()] for key, call in calls.items()}
    depths: dict[Key, int] = {}
    layers: dict[str, int] = {}
    for key in reversed(list(_from_outputs(graph.outputs, parents))):
        depth = max(depths.setdefault(key, 0), layers.get(key[0], 0))
        layers[key[0]] = depths[key] = depth
        for parent in parents[key]:
            if parent in calls:
                depths[parent] = max(depth + 1, depths.get(parent, 0))
    return [calls[key] for key in sorted(depths, key=lambda key: -depths[key])]


def _from_outputs(outputs: Sequence[TensorRef], parents: dict[Key, list[Key]]) -> Iterator[Key]:
    """Each call after the calls that it reads from, as a search from the outputs meets them."""
    done: set[Key] = set()
    for output in outputs:
        stack = [((output.layer, output.call), False)]
        while stack:
            key, is_ready = stack.pop()
            if key in done or key not in parents:
                continue
            if is_ready:
                done.add(key)
                yield key
                continue
            stack.append((key, True))
            stack.extend((parent, False) for parent in reversed(parents[key]))
