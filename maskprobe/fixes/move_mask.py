"""Do to the mask what is done to the steps.

## What it does

Puts `MoveMask` around a layer that leaves out, repeats or adds steps, and `SliceSteps` in the place of a slice along
the time axis: the mask is cut, repeated or turned round as the steps are. Steps that are added count as real.

## When it applies

MP101, MP102 and MP108 at `Cropping1D`, `UpSampling1D` and `ZeroPadding1D`, and at a slice `x[:, start:stop:step]`.

## When it must not

At a slice that takes one step out, such as `x[:, -1]`: the last step is padding in a padded row, and which one is the
last real one only a layer can tell that uses the mask. A slice counted from the end, `x[:, :-1]`, leaves out padding in
a padded row and a real step in others: it is tried, and the proof refuses it where it matters.
"""

from __future__ import annotations

from typing import Any

from maskprobe.fixes.fix import Fault, Fix, placed
from maskprobe.fixes.graph_edit import CannotFixError, GraphEdit, OtherCallError

_LAYERS = frozenset({"Cropping1D", "UpSampling1D", "ZeroPadding1D"})
_SLICES = frozenset({"GetItem", "SlicingOpLambda"})


def apply(fault: Fault, graph: GraphEdit) -> str:
    """Put the layer there."""
    inner, name = placed(fault, graph)
    entry = inner.entry(name)
    if entry["class_name"] in _LAYERS:
        inner.put_around(name, "MoveMask")
        return f"Put MoveMask around {entry['class_name']} '{name}': the mask goes the way of the steps."
    if entry["class_name"] not in _SLICES:
        raise OtherCallError("it is no slice")
    if len(inner.nodes(name)) != 1:
        raise CannotFixError("it is called several times")
    settings = _steps(inner.nodes(name)[0])
    read = inner.reads(name)[0]
    inner.replace(name, inner.own("SliceSteps", name, settings))
    inner.entry(name)["inbound_nodes"] = [inner.node([read])]
    return f"Put SliceSteps in the place of '{name}': the mask is cut as the steps are."


def _steps(node: Any) -> dict[str, int | None]:
    """What is taken of the time axis."""
    if isinstance(node, dict):
        spec = node["args"][1]
    else:
        spec = next((item["slice_spec"] for item in reversed(node) if isinstance(item, dict)), None)
    parts = [_plain(part) for part in spec] if isinstance(spec, list) else []
    if len(parts) < 2 or any(part is None for part in parts):  # noqa: PLR2004 - batch and time
        raise CannotFixError("it takes single steps out, and does not tell which of them are real")
    whole = {"start": None, "stop": None, "step": None}
    if parts[0] != whole or any(part != whole for part in parts[2:]):
        raise CannotFixError("it cuts rows or features as well")
    found: dict[str, int | None] = parts[1] or {}
    return found


def _plain(part: Any) -> dict[str, int | None] | None:
    """`start:stop:step` as plain numbers; None for an index."""
    stated = part.get("config", part) if isinstance(part, dict) else None
    if not isinstance(stated, dict) or set(stated) != {"start", "stop", "step"}:
        return None
    return stated if all(value is None or isinstance(value, int) for value in stated.values()) else None


FIX = Fix(
    "move-mask",
    frozenset({"MP101", "MP102", "MP108"}),
    "do to the mask what is done to the steps",
    __doc__ or "",
    apply,
)
