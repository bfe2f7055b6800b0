"""Carry the mask across what works on each step by itself.

## What it does

Puts `KeepMask` around a layer, or `CarryMask` behind an operation, so that the result has the mask of what was read.

## When it applies

MP101, MP102, MP108 and MP109 at a call that gives a step for each step that it reads, and that was seen not to mix
padding into real steps: a Lambda, an operator, a function, a layer of your own that works on each step by itself.

## When it must not

At a call that mixes steps, such as a Conv1D wider than 1: with a mask on its result nobody would see the padding in it,
and the padding would be in it all the same. Nor where the time axis changes: the mask would not fit.
"""

from __future__ import annotations

from maskprobe.fixes.fix import Fault, Fix, placed, read_from
from maskprobe.fixes.graph_edit import CannotFixError, GraphEdit
from maskprobe.mask_trace import CallKind


def apply(fault: Fault, graph: GraphEdit) -> str:
    """Put the layer around the call, or behind it."""
    call = fault.call
    inner, name = placed(fault, graph)
    if call.kind is CallKind.MODEL:
        raise CannotFixError("it is a model: mend the call in it")
    masked = fault.masked_inputs()
    if not masked:
        raise CannotFixError("no mask reaches it")
    if fault.mixes():
        raise CannotFixError(f"{call.class_name} mixes steps: with the mask carried across, padding still leaks")
    if not fault.keeps_steps():
        raise CannotFixError("its result does not have the steps of what it reads: their mask does not fit")
    if call.kind is CallKind.LAYER and len(call.inputs) == 1:
        inner.put_around(name, "KeepMask")
        return f"Put KeepMask around {call.class_name} '{name}': its result has the mask of what it reads."
    if len({tensor.mask for tensor in masked}) > 1:
        raise CannotFixError("it reads tensors of different masks")
    source = read_from(inner, name, masked[0])
    inner.insert_after(name, inner.own("CarryMask", inner.free_name(f"{name}_masked")), [source])
    return f"Put CarryMask behind '{name}': its result has the mask of '{source.layer}'."


FIX = Fix(
    "carry-mask",
    frozenset({"MP101", "MP102", "MP108", "MP109"}),
    "carry the mask across a call that works on each step by itself",
    __doc__ or "",
    apply,
)
