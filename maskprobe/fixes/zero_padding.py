"""Set padding to zero before a convolution.

## What it does

Puts `KeepMask(zero_padding=True)` around a convolution: padded steps are zero when it reads them, as what lies beyond
the sequence is, and its result has the mask of what it reads.

## When it applies

MP101 and MP108 at a `Conv1D`, `SeparableConv1D` or `DepthwiseConv1D` with padding `same` or `causal` and strides of 1.
A row then gives the same at its real steps however much padding stands behind it.

## When it must not

With padding `valid` or strides above 1 the result has other steps than the input. Padding *inside* a sequence is still
a gap: it is not closed.
"""

from __future__ import annotations

from maskprobe.fixes.fix import Fault, Fix, placed
from maskprobe.fixes.graph_edit import CannotFixError, GraphEdit, OtherCallError

_CLASSES = frozenset({"Conv1D", "Convolution1D", "DepthwiseConv1D", "SeparableConv1D", "SeparableConvolution1D"})


def apply(fault: Fault, graph: GraphEdit) -> str:
    """Put the layer around the convolution."""
    inner, name = placed(fault, graph)
    entry = inner.entry(name)
    config = entry["config"]
    if entry["class_name"] not in _CLASSES:
        raise OtherCallError("it is no convolution")
    if config.get("padding") not in {"same", "causal"} or config.get("strides") not in ([1], 1):
        raise CannotFixError(
            f"{entry['class_name']} with padding '{config.get('padding')}' and strides {config.get('strides')} gives "
            "other steps than it reads"
        )
    if config.get("data_format") == "channels_first":
        raise CannotFixError("its time axis is the last one")
    inner.put_around(name, "KeepMask", {"zero_padding": True})
    return f"Put KeepMask(zero_padding=True) around {entry['class_name']} '{name}': it reads zeros for padding."


FIX = Fix(
    "zero-padding",
    frozenset({"MP101", "MP108"}),
    "set padded steps to zero before a convolution, and carry the mask",
    __doc__ or "",
    apply,
)
