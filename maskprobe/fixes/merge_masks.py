"""Merge masks by AND.

## What it does

Puts `MergeMasks` around a merge layer: a step of the result is real where it is real in all inputs that have a mask.

## When it applies

MP102, MP103 and MP108 at `Add`, `Subtract`, `Multiply`, `Average`, `Maximum`, `Minimum`, and at `Concatenate` on an
axis other than time, with inputs that have as many steps.

## When it must not

Where the inputs are joined one behind the other in time, and at `Dot`, whose result has other axes.
"""

from __future__ import annotations

from maskprobe.fixes.fix import Fault, Fix, placed
from maskprobe.fixes.graph_edit import CannotFixError, GraphEdit, OtherCallError
from maskprobe.mask_trace import Mask

_MERGES = frozenset({"Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate"})
_TIME = 1


def apply(fault: Fault, graph: GraphEdit) -> str:
    """Put the layer around the merge."""
    call = fault.call
    inner, name = placed(fault, graph)
    entry = inner.entry(name)
    if entry["class_name"] not in _MERGES or ".ops." in str(entry.get("module")):
        raise OtherCallError("it is no merge layer")
    rank = len(call.outputs[0].shape)
    axis = entry["config"].get("axis", -1)
    if entry["class_name"] == "Concatenate" and axis % rank == _TIME:
        raise CannotFixError("it joins sequences in time")
    masks = [tensor.mask for tensor in fault.masked_inputs()]
    if not masks:
        raise CannotFixError("no mask reaches it")
    if any(isinstance(mask, Mask) and mask.shape != tuple(call.outputs[0].shape[:2]) for mask in masks):
        raise CannotFixError("the masks do not have the steps of its result")
    inner.put_around(name, "MergeMasks")
    return f"Put MergeMasks around {entry['class_name']} '{name}': a step is real where all masks say so."


FIX = Fix("merge-masks", frozenset({"MP102", "MP103", "MP108"}), "merge masks by AND", __doc__ or "", apply)
