"""Mask the padding of numbers.

## What it does

Puts `Masking` right behind an input of numbers `(B, T, F)` whose padding nothing hides.

## When it applies

MP111, where the padding that leaks comes from such an input. It takes a step for padding if all its features are 0.0
(or what `pad_value` says): your data must be padded with that, and no real step may look so.

## When it must not

Where the model takes a mask as an input of its own.
"""

from __future__ import annotations

from maskprobe.archive.graph import TensorRef
from maskprobe.fixes.fix import Fault, Fix, inputs_behind
from maskprobe.fixes.graph_edit import CannotFixError, GraphEdit, OtherCallError, name_of
from maskprobe.mask_trace import InputRole

_RANK = 3


def apply(fault: Fault, graph: GraphEdit) -> str:
    """Put a Masking layer behind each such input."""
    given = fault.trace.probe.inputs
    if any(one.role is InputRole.MASK for one in given):
        raise OtherCallError("the model takes a mask as an input of its own")
    behind = inputs_behind(fault)
    found = [
        one
        for one in given
        if one.name in behind and one.role is InputRole.VALUES and one.real is not None and len(one.shape) == _RANK
    ]
    if not found or not all(graph.has(one.name) for one in found):
        raise CannotFixError("what leaks comes from no input of numbers with a time axis")
    for one in found:
        made = graph.builtin("Masking", graph.free_name(f"{one.name}_masking"), {"mask_value": one.pad_value or 0.0})
        _behind(graph, one.name, made)
    named = " and ".join(f"'{one.name}'" for one in found)
    return f"Put Masking({found[0].pad_value or 0.0}) behind {named}: that value stands for padding, and nothing else."


def _behind(graph: GraphEdit, start: str, made: dict[str, object]) -> None:
    place = next(place for place, entry in enumerate(graph.entries) if name_of(entry) == start)
    read, new = TensorRef(start), TensorRef(str(made["name"]))
    if not graph.is_sequential:
        graph.redirect(read, new)
        made["inbound_nodes"] = [graph.node([read])]
    graph.entries.insert(place + 1, made)


FIX = Fix("add-masking", frozenset({"MP111"}), "mask the padding of an input of numbers", __doc__ or "", apply)
