"""Let no Embedding of positions mask.

## What it does

Sets `mask_zero=False` at an Embedding whose index 0 is a real step: the first position, or the first kind of segment.

## When it applies

MP105 at an Embedding.

## When it must not

At any other mask source.
"""

from __future__ import annotations

from maskprobe.fixes.fix import Fault, Fix, placed
from maskprobe.fixes.graph_edit import CannotFixError, GraphEdit


def apply(fault: Fault, graph: GraphEdit) -> str:
    """Switch the mask off."""
    inner, name = placed(fault, graph)
    entry = inner.entry(name)
    if entry["class_name"] != "Embedding":
        raise CannotFixError(f"{entry['class_name']} makes the mask that the model needs")
    entry["config"]["mask_zero"] = False
    return f"Set mask_zero=False at Embedding '{name}': its index 0 is a real step."


FIX = Fix("unmask-positions", frozenset({"MP105"}), "let no Embedding of positions mask", __doc__ or "", apply)
