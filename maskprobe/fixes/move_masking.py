"""Put Masking right behind the input.

## What it does

Takes a `Masking` layer from behind layers that change what padding holds, and puts it before them.

## When it applies

MP110, where the padding of an input of numbers holds the mask value and only layers that read one tensor stand between
the input and the `Masking`. Its place in the graph changes, its mask value does not: padding must hold it in the data.

## When it must not

Where several tensors meet on the way, and at an Embedding.
"""

from __future__ import annotations

from maskprobe.archive.graph import TensorRef
from maskprobe.fixes.fix import Fault, Fix, placed
from maskprobe.fixes.graph_edit import CannotFixError, GraphEdit
from maskprobe.mask_trace import InputRole


def apply(fault: Fault, graph: GraphEdit) -> str:
    """Move the layer."""
    if fault.call.class_name != "Masking":
        raise CannotFixError(f"the values that {fault.call.class_name} reads would have to change")
    inner, name = placed(fault, graph)
    if inner is not graph:
        raise CannotFixError("it is inside another model, and the input is not")
    start = _start(graph, name)
    given = next((one for one in fault.trace.probe.inputs if one.name == start), None)
    value = graph.entry(name)["config"].get("mask_value", 0.0)
    if given is None or given.role is not InputRole.VALUES or given.pad_value != value:
        raise CannotFixError(f"the padding of '{start}' does not hold {value}, which Masking looks for")
    _move(graph, name, start)
    return f"Moved Masking '{name}' right behind the input '{start}', where padding still holds {value}."


def _start(graph: GraphEdit, name: str) -> str:
    """The input at which the row of layers before `name` begins."""
    seen = [name]
    while reads := graph.reads(seen[-1]):
        if len(set(reads)) != 1 or len(graph.nodes(seen[-1])) > 1:
            raise CannotFixError("several tensors meet on the way to it")
        seen.append(reads[0].layer)
    return seen[-1]


def _move(graph: GraphEdit, name: str, start: str) -> None:
    if graph.is_sequential:
        entry = graph.entry(name)
        graph.entries.remove(entry)
        graph.entries.insert(1, entry)
        return
    entry = graph.entry(name)
    graph.remove(name)
    read = TensorRef(start)
    graph.redirect(read, TensorRef(name))
    entry["inbound_nodes"] = [graph.node([read])]
    entry.pop("build_config", None)
    graph.entries.insert(next(place for place, one in enumerate(graph.entries) if one.get("name") == start) + 1, entry)


FIX = Fix("move-masking", frozenset({"MP110"}), "put Masking right behind the input", __doc__ or "", apply)
