"""Pool over real steps.

## What it does

Puts a layer that uses the mask in the place of one that ends the time axis without: `MaskedMaxPooling1D` for
`GlobalMaxPooling1D`, `GlobalAveragePooling1D` for the mean over the time axis taken by an operation.

## When it applies

MP101, MP102 and MP108 at `GlobalMaxPooling1D`, and at `mean` or `max` over the time axis of `(B, T, F)`.

## When it must not

At `Flatten`: the weights behind it belong to the places of steps, so there is nothing that would compute the same for
rows without padding; such a model has to be built and trained anew. At a Lambda, whose code is not looked into.
"""

from __future__ import annotations

from maskprobe.archive.graph import TensorRef
from maskprobe.fixes.fix import Fault, Fix, placed
from maskprobe.fixes.graph_edit import CannotFixError, Entry, GraphEdit, OtherCallError
from maskprobe.mask_trace import CallKind

_MEAN = frozenset({"Mean", "math.reduce_mean", "reduce_mean"})
_MAX = frozenset({"Max", "Amax", "math.reduce_max", "reduce_max"})
_RANK = 3
_TIMES = (1, [1], -2, [-2])


def apply(fault: Fault, graph: GraphEdit) -> str:
    """Put the pooling layer there."""
    inner, name = placed(fault, graph)
    entry = inner.entry(name)
    if entry["class_name"] in {"GlobalMaxPooling1D", "GlobalMaxPool1D"}:
        return _for_layer(inner, name, entry)
    if entry["class_name"] == "Flatten":
        raise CannotFixError(
            "the weights behind Flatten belong to the places of steps: pool with GlobalAveragePooling1D() or read with "
            "an LSTM, and train anew"
        )
    return _for_operation(fault, inner, name, entry)


def _for_layer(inner: GraphEdit, name: str, entry: Entry) -> str:
    config = entry["config"]
    if config.get("data_format") == "channels_first":
        raise CannotFixError("its time axis is the last one")
    own = {key: config[key] for key in ("trainable", "dtype", "keepdims") if key in config}
    inner.replace(name, inner.own("MaskedMaxPooling1D", name, own))
    return f"Put MaskedMaxPooling1D in the place of GlobalMaxPooling1D '{name}': it leaves padding out."


def _for_operation(fault: Fault, inner: GraphEdit, name: str, entry: Entry) -> str:
    config = entry.get("config", {})
    function = config.get("function", entry["class_name"])
    if (
        fault.call.kind is not CallKind.OPERATION
        or function not in _MEAN | _MAX
        or len(fault.call.inputs) != 1
        or len(fault.call.inputs[0].shape) != _RANK
    ):
        raise OtherCallError("it is no pooling over time")
    said = _arguments(inner, name, config)
    if said.get("axis") not in _TIMES or said.get("keepdims"):
        raise OtherCallError("it is no pooling over time")
    read = inner.reads(name)[0]
    made = inner.builtin("GlobalAveragePooling1D", name) if function in _MEAN else inner.own("MaskedMaxPooling1D", name)
    inner.replace(name, made)
    inner.entry(name)["inbound_nodes"] = [inner.node([TensorRef(read.layer, read.call, read.output)])]
    return f"Put {made['class_name']} in the place of '{name}' ({function}): it leaves padding out."


def _arguments(inner: GraphEdit, name: str, config: Entry) -> Entry:
    """What the operation is told, in its config or at its call."""
    found = {key: value for key, value in config.items() if key in {"axis", "keepdims"}}
    node = inner.nodes(name)[0]
    if isinstance(node, dict):
        return {**found, **(node.get("kwargs") or {})}
    stated = next((item for item in reversed(node) if isinstance(item, dict)), {})
    return {**found, **stated}


FIX = Fix(
    "masked-pooling",
    frozenset({"MP101", "MP102", "MP108"}),
    "pool with a layer that leaves padding out",
    __doc__ or "",
    apply,
)
