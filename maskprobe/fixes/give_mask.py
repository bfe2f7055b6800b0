"""Give a sequence the mask that the model takes as an input.

## What it does

Puts `WithMask` behind the first tensor with a time axis, so that attention, recurrent layers, pooling and the loss find
the mask that comes as an input of its own.

## When it applies

MP111 and MP112, where the model takes one mask `(B, T)` as an input and one sequence of as many steps.

## When it must not

Where several masks or several sequences would have to be told apart, and where attention is written by hand: what adds
the mask to its scores is in operations that take no mask.
"""

from __future__ import annotations

from maskprobe.archive.graph import TensorRef
from maskprobe.fixes.fix import Fault, Fix
from maskprobe.fixes.graph_edit import CannotFixError, GraphEdit, OtherCallError, name_of
from maskprobe.mask_trace import CallKind, InputRole, ProbeInput

_RANK = 2


def apply(fault: Fault, graph: GraphEdit) -> str:
    """Put the layer there."""
    if graph.is_sequential:
        raise CannotFixError("a Sequential model takes one input")
    if fault.call.kind is CallKind.OPERATION or fault.call.class_name == "Softmax":
        raise CannotFixError("the attention is written by hand: add the mask to its scores")
    given = fault.trace.probe.inputs
    masks = [one for one in given if one.role is InputRole.MASK and len(one.shape) == _RANK]
    if len(masks) != 1:
        raise OtherCallError("the model takes no one mask as an input")
    others = [one for one in given if one.role in {InputRole.TOKENS, InputRole.VALUES}]
    alike = [one for one in others if one.shape[:2] == masks[0].shape[:2]]
    if len(alike) != 1 or len(others) != 1:
        raise CannotFixError("several sequences could have the mask")
    start = _start(graph, alike[0])
    name = graph.free_name("with_mask")
    mask = TensorRef(masks[0].name)
    _after(graph, start, graph.own("WithMask", name), mask)
    return f"Put WithMask behind '{start.layer}': what follows has '{masks[0].name}' as its mask."


def _start(graph: GraphEdit, given: ProbeInput) -> TensorRef:
    """The tensor that the mask is for: what an Embedding makes of tokens, or the values themselves."""
    if given.role is InputRole.VALUES:
        return TensorRef(given.name)
    found = [
        name_of(entry)
        for entry in graph.entries
        if entry["class_name"] == "Embedding"
        and given.name in {read.layer for call, _ in enumerate(graph.nodes(name_of(entry)))
                           for read in graph.reads(name_of(entry), call)}
    ]  # fmt: skip
    if len(found) != 1 or len(graph.nodes(found[0])) != 1:
        raise CannotFixError("it is not told which tensor the mask is for")
    return TensorRef(found[0])


def _after(graph: GraphEdit, start: TensorRef, made: dict[str, object], mask: TensorRef) -> None:
    new = TensorRef(str(made["name"]))
    place = max(place for place, entry in enumerate(graph.entries) if name_of(entry) in {start.layer, mask.layer})
    graph.redirect(start, new)
    graph.entries.insert(place + 1, made)
    made["inbound_nodes"] = [graph.node([start, mask])]


FIX = Fix(
    "give-mask", frozenset({"MP111", "MP112"}), "give a sequence the mask that comes as an input", __doc__ or "", apply
)
