"""Use a layer for an operation that Keras has a layer for.

## What it does

Puts `Rescaling` in the place of a product with a number, and `Activation` in the place of an activation function called
on a tensor. The values are the same, and both carry the mask.

## When it applies

MP102 at such an operation on one tensor. `Rescaling` carries masks in Keras 3 only.

## When it must not

At operations on several tensors, and those that Keras has no layer for: carry-mask is tried on them.
"""

from __future__ import annotations

from typing import Any

from maskprobe.fixes.fix import Fault, Fix, placed
from maskprobe.fixes.graph_edit import Entry, GraphEdit, OtherCallError
from maskprobe.mask_trace import CallKind

_ACTIVATIONS = {
    "Tanh": "tanh", "math.tanh": "tanh", "Sigmoid": "sigmoid", "math.sigmoid": "sigmoid", "Relu": "relu",
    "nn.relu": "relu", "Elu": "elu", "nn.elu": "elu", "Softplus": "softplus", "math.softplus": "softplus",
    "Exp": "exponential", "math.exp": "exponential",
}  # fmt: skip
_KERAS3 = 3


def apply(fault: Fault, graph: GraphEdit) -> str:
    """Put the layer there."""
    inner, name = placed(fault, graph)
    entry = inner.entry(name)
    function = entry.get("config", {}).get("function", entry["class_name"])
    reads = set(inner.reads(name))
    if fault.call.kind is not CallKind.OPERATION or len(reads) != 1 or len(inner.nodes(name)) != 1:
        raise OtherCallError("Keras has no layer for it")
    node = inner.nodes(name)[0]
    if not fault.keeps_steps():
        raise OtherCallError("its result does not have the steps of what it reads")
    if function in _ACTIVATIONS and _plain(entry):
        made = inner.builtin("Activation", name, {"activation": _ACTIVATIONS[function]})
    elif function == "Multiply" and inner.generation == _KERAS3 and _factor(node) is not None:
        made = inner.builtin("Rescaling", name, {"scale": _factor(node), "offset": 0.0})
    else:
        raise OtherCallError("Keras has no layer for it")
    inner.replace(name, made)
    inner.entry(name)["inbound_nodes"] = [inner.node([reads.pop()])]
    return f"Put {made['class_name']} in the place of '{name}' ({function}): it carries the mask."


def _plain(entry: Entry) -> bool:
    """Whether the operation has no settings of its own, such as the slope of an ELU."""
    return not set(entry.get("config", {})) - {"name", "function", "trainable", "dtype"}


def _factor(node: Any) -> float | None:
    """The number that a tensor is multiplied with."""
    args = node.get("args", []) if isinstance(node, dict) else []
    numbers = [value for value in args if isinstance(value, int | float) and not isinstance(value, bool)]
    return float(numbers[0]) if len(args) == 2 and len(numbers) == 1 else None  # noqa: PLR2004 - factor and tensor


FIX = Fix(
    "use-layer",
    frozenset({"MP102", "MP108"}),
    "put the layer of Keras in the place of an operation",
    __doc__ or "",
    apply,
)
