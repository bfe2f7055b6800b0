"""Reshape each step by itself.

## What it does

Puts `TimeDistributed(Reshape(...))` in the place of a `Reshape` that leaves the time axis as it is. The values are the
same, and TimeDistributed carries the mask.

## When it applies

MP101 and MP108 in Keras 3 at a `Reshape` whose output has the steps of its input, one for one, and whose features have
sizes that are known. tf_keras does not call a Reshape inside TimeDistributed with a mask: there the mask is carried
across it.

## When it must not

Where the time axis is split, folded or moved: then a step of the output is not a step of the input.
"""

from __future__ import annotations

from math import prod

from maskprobe.fixes.fix import Fault, Fix, placed
from maskprobe.fixes.graph_edit import CannotFixError, GraphEdit, OtherCallError

_KERAS_2 = 2


def apply(fault: Fault, graph: GraphEdit) -> str:
    """Put the TimeDistributed layer there."""
    inner, name = placed(fault, graph)
    entry = inner.entry(name)
    if entry["class_name"] != "Reshape" or inner.generation == _KERAS_2:
        raise OtherCallError("it is no Reshape of Keras 3")
    read, made = fault.call.inputs[0].shape, fault.call.outputs[0].shape
    if not fault.keeps_steps() or len(read) < 3 or len(made) < 3 or _size(read) != _size(made):  # noqa: PLR2004
        raise CannotFixError("it does not leave the time axis as it is")
    config = entry["config"]
    own = {key: config[key] for key in ("trainable", "dtype") if key in config}
    reshape = inner.builtin("Reshape", f"{name}_step", {**own, "target_shape": list(made[2:])})
    del reshape["name"]
    inner.replace(name, inner.builtin("TimeDistributed", name, {**own, "layer": reshape}))
    return f"Put TimeDistributed(Reshape({tuple(made[2:])})) in the place of Reshape '{name}': it carries the mask."


def _size(shape: tuple[int | None, ...]) -> int:
    return prod(size or 0 for size in shape[2:])


FIX = Fix(
    "reshape-steps",
    frozenset({"MP101", "MP108"}),
    "reshape each step by itself with TimeDistributed",
    __doc__ or "",
    apply,
)
