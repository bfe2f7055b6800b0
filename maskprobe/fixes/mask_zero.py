"""Let an Embedding mask index 0.

## What it does

Sets `mask_zero=True` at the Embedding that looks up padded tokens.

## When it applies

MP111 and MP112, where the padding that leaks comes from token inputs that are padded with index 0, through an Embedding
that makes no mask. It takes index 0 for padding: no real step may use it.

## When it must not

At attention that is written by hand: it reads no mask. Where the tokens go through code before they are looked up,
where the Embedding also looks up tokens that are not padded with 0, or where the model takes a mask as an input.
"""

from __future__ import annotations

from maskprobe.fixes.fix import Fault, Fix, inputs_behind, is_padded_with_zero
from maskprobe.fixes.graph_edit import CannotFixError, Entry, GraphEdit, OtherCallError, name_of
from maskprobe.mask_trace import InputRole


def apply(fault: Fault, graph: GraphEdit) -> str:
    """Set `mask_zero` at each such Embedding."""
    if any(given.role is InputRole.MASK for given in fault.trace.probe.inputs):
        raise OtherCallError("the model takes a mask as an input of its own")
    if fault.finding.code == "MP112" and not fault.call.class_name.endswith("Attention"):
        raise CannotFixError("the attention is written by hand: add the mask to its scores")
    behind = inputs_behind(fault)
    changed = []
    for entry in graph.entries:
        if entry["class_name"] == "Embedding" and not entry["config"].get("mask_zero"):
            fed = _fed_by(graph, entry)
            if fed & behind and is_padded_with_zero(fault, fed):
                entry["config"]["mask_zero"] = True
                changed.append(name_of(entry))
    if not changed:
        raise CannotFixError("what leaks comes through no Embedding of an input that is padded with index 0")
    named = " and ".join(f"'{name}'" for name in changed)
    return f"Set mask_zero=True at Embedding {named}: index 0 stands for padding, and for nothing else."


def _fed_by(graph: GraphEdit, entry: Entry) -> frozenset[str]:
    """Names of the layers that an Embedding reads; of a Sequential model that it begins, its input."""
    name = name_of(entry)
    if graph.is_sequential:
        return frozenset(found.layer for found in graph.reads(name)) or frozenset({f"{name}_input"})
    return frozenset(found.layer for call, _ in enumerate(graph.nodes(name)) for found in graph.reads(name, call))


FIX = Fix("mask-zero", frozenset({"MP111", "MP112"}), "let an Embedding mask index 0", __doc__ or "", apply)
