"""Give attention a tensor of its own.

## What it does

Puts a `Rescaling(1.0)` between a tensor and the attention that takes the mask off it, so that the residual `Add` still
finds the mask. The values are the same.

## When it applies

MP113, where another call takes the mask off a tensor that is read again: multi-head attention in Keras 3.8 to 3.15.

## When it must not

Where the mask differs between an eager and a compiled run: that has other causes.
"""

from __future__ import annotations

from maskprobe.fixes.fix import Fault, Fix
from maskprobe.fixes.graph_edit import CannotFixError, GraphEdit


def apply(fault: Fault, graph: GraphEdit) -> str:
    """Put the layer between the tensor and all that take its mask off."""
    takers = [path for path in fault.finding.related if _takes(fault, path)]
    if not takers:
        raise CannotFixError("nobody was seen to take the mask off")
    inner, taker = graph.inside(takers[0])
    names = {path.rpartition("/")[2].partition(":")[0] for path in takers}
    numbers = set(fault.trace.by_path[takers[0]].took_masks_off)
    makers = {
        (tensor.producer or "").rpartition("/")[2].partition(":")[0]
        for tensor in fault.trace.by_path[takers[0]].inputs
        if tensor.number in numbers
    }
    reads = dict.fromkeys(read for read in inner.reads(taker) if read.layer in makers)
    if not reads:
        raise CannotFixError("what the attention reads is not told apart in the config")
    for read in reads:
        made = inner.builtin("Rescaling", inner.free_name(f"{taker}_branch"), {"scale": 1.0, "offset": 0.0})
        inner.insert_before(names, read, made)
    return f"Put Rescaling(1.0) before '{taker}': it takes the mask off that, and not off what others read."


def _takes(fault: Fault, path: str) -> bool:
    call = fault.trace.by_path.get(path)
    return call is not None and bool(call.took_masks_off)


FIX = Fix(
    "attention-branch",
    frozenset({"MP113"}),
    "give attention a tensor of its own to take the mask off",
    __doc__ or "",
    apply,
)
