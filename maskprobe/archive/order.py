"""Call numbers and the order of calls: what the file's node indices mean in one graph.

A nested model that was built on its own has a node of its own at index 0 that is no call of the outer graph.
Keras 2 counts it everywhere. Keras 3.6.0 and 3.15.1 count it in `output_layers` but not in inbound nodes, and
Keras 3.0.5 in both. What holds in a file shows in its references: every call of a saved graph is read by
another call or is an output.
Source: `get_network_config` in `tf_keras/src/engine/functional.py` (2.21), `Functional.get_config` and
`serialize_node` in `keras/src/models/functional.py` (3.0.5, 3.6.0, 3.15.1).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from graphlib import CycleError, TopologicalSorter
from heapq import heapify, heappop, heappush

from maskprobe.archive.graph import GraphCall, TensorRef
from maskprobe.archive.plain import fail

_ONE_CALL = ({0: 0}, {0: 0})
"""The numbers of a layer that is called once: by far the most are."""


class CallNumbers:
    """Translates node indices of the file into call numbers of the graph."""

    def __init__(
        self,
        counts: Mapping[str, int],
        read: Iterable[TensorRef],
        outputs: Iterable[TensorRef],
        models: Collection[str] = (),
    ) -> None:
        """Work out, layer by layer, what the indices mean.

        Args:
            counts: For each layer how many calls it has; inputs are not in it.
            read: Every tensor that a call reads.
            outputs: The tensors that the model returns.
            models: The layers that are functional models in a graph that Keras 3 wrote.
        """
        self._models = models
        self._counts = counts
        self._read = _by_layer(read)
        self._outputs = _by_layer(outputs)
        self._tables = {name: self._table(name, count) for name, count in counts.items()}

    def _table(self, name: str, count: int) -> tuple[Mapping[int, int], Mapping[int, int]]:
        read, outputs = self._read.get(name, set()), self._outputs.get(name, set())
        if count == 1 and read <= {0} and outputs <= {0}:
            return _ONE_CALL
        shifts = ((0, 1), (1, 1), (0, 0)) if name in self._models else ((0, 0), (1, 1), (0, 1))
        tables = [(_shifted(read, low), _shifted(outputs, high)) for low, high in shifts]
        fitting = [table for table in tables if _fits(table, count)]
        whole = [table for table in fitting if len({*table[0].values(), *table[1].values()}) == count]
        if whole or fitting:
            return (whole or fitting)[0]
        # Keras 3.0.5 numbers the calls of a shared layer across all models that it is part of.
        ranks = {index: rank for rank, index in enumerate(sorted(read | outputs))}
        if len(ranks) > count:
            fail(f"layer {name!r}", f"it is read at {len(ranks)} calls but has only {count}")
        return ranks, ranks

    def read(self, tensor: TensorRef) -> TensorRef:
        """Translate a tensor that a call reads."""
        return self._translate(tensor, 0)

    def output(self, tensor: TensorRef) -> TensorRef:
        """Translate a tensor that the model returns."""
        return self._translate(tensor, 1)

    def _translate(self, tensor: TensorRef, table: int) -> TensorRef:
        if tensor.layer not in self._counts:
            return tensor if tensor.call == 0 else replace(tensor, call=0)
        call = self._tables[tensor.layer][table][tensor.call]
        return tensor if call == tensor.call else replace(tensor, call=call)


def _by_layer(tensors: Iterable[TensorRef]) -> dict[str, set[int]]:
    found: dict[str, set[int]] = {}
    for tensor in tensors:
        found.setdefault(tensor.layer, set()).add(tensor.call)
    return found


def _shifted(indices: set[int], by: int) -> dict[int, int]:
    return {index: index - by for index in indices}


def _fits(table: tuple[Mapping[int, int], Mapping[int, int]], count: int) -> bool:
    return all(0 <= call < count for part in table for call in part.values())


def in_order(calls: Iterable[GraphCall]) -> tuple[GraphCall, ...]:
    """Sort calls so that each comes after the calls it reads from, else in the order given.

    Raises:
        UnreadableModelError: The calls read each other in a circle.
    """
    by_key = {(call.layer, call.index): call for call in calls}
    place = {key: number for number, key in enumerate(by_key)}
    keys = list(by_key)
    sorter: TopologicalSorter[int] = TopologicalSorter()
    for key, call in by_key.items():
        before = {place[source.layer, source.call] for source in call.reads() if (source.layer, source.call) in place}
        sorter.add(place[key], *before)
    try:
        sorter.prepare()
    except CycleError as error:
        fail(f"layer {keys[error.args[1][0]][0]!r}", "its input depends on its own output")
    ready = list(sorter.get_ready())
    heapify(ready)
    found: list[GraphCall] = []
    while ready:
        number = heappop(ready)
        found.append(by_key[keys[number]])
        sorter.done(number)
        for free in sorter.get_ready():
            heappush(ready, free)
    return tuple(found)
