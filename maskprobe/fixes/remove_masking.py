"""Remove a repeated Masking.

## What it does

Takes out a `Masking` layer that replaced a mask which was there already.

## When it applies

MP104, where the second source is a `Masking` layer. It leaves real steps as they are: it sets only those to zero whose
features all equal its mask value.

## When it must not

Where the second source is an Embedding, whose values are needed, or the model returns what the layer returns.
"""

from __future__ import annotations

from maskprobe.fixes.fix import Fault, Fix, placed
from maskprobe.fixes.graph_edit import CannotFixError, GraphEdit


def apply(fault: Fault, graph: GraphEdit) -> str:
    """Take out the layer."""
    if fault.call.class_name != "Masking":
        raise CannotFixError(f"a {fault.call.class_name} makes values, too, and cannot be taken out")
    inner, name = placed(fault, graph)
    inner.remove(name)
    return f"Removed Masking '{name}': the mask that reaches it is the right one."


FIX = Fix(
    "remove-masking",
    frozenset({"MP104"}),
    "take out a Masking that replaces a mask which was there",
    __doc__ or "",
    apply,
)
